"""The closed sets of words of the domain, shared by every layer.

Sets that live in hot tables are integers (stored as ``smallint``); the others are stored as their text.
Clients only ever see the names. A code, once given, never changes its meaning.
"""

from enum import IntEnum, StrEnum


class MemberKind(IntEnum):
    """What a member is. A segment holds members of one kind."""

    PERSON = 1
    ACCOUNT = 2
    ORGANIZATION = 3
    PRODUCT = 4
    DEAL = 5
    ACTIVITY = 6
    TICKET = 7


class RelationType(IntEnum):
    """How two members are related, by the kinds that a stored relation goes from and to."""

    PERSON_ACCOUNT = 1
    ACCOUNT_ORGANIZATION = 2
    DEAL_ACCOUNT = 3
    DEAL_PRODUCT = 4
    ACTIVITY_PERSON = 5
    ACTIVITY_ACCOUNT = 6
    TICKET_PERSON = 7
    TICKET_ACCOUNT = 8


class Channel(IntEnum):
    """A way to contact a member."""

    EMAIL = 1
    DIRECT_MAIL = 2
    SMS = 3
    PHONE = 4
    PUSH = 5


class ConsentState(IntEnum):
    """What a member said about being contacted over a channel. UNKNOWN until told otherwise."""

    UNKNOWN = 0
    GRANTED = 1
    DENIED = 2


class ConsentPolicy(StrEnum):
    """Which consent states let a channel reach a member: OPT_OUT all but DENIED, OPT_IN only GRANTED."""

    OPT_OUT = "OPT_OUT"
    OPT_IN = "OPT_IN"


class ReachStepReason(StrEnum):
    """What the steps ask on the way from the members of an audience to those whom a channel reaches."""

    MEMBERS = "MEMBERS"
    NO_ADDRESS = "NO_ADDRESS"
    NO_CONSENT = "NO_CONSENT"
    SUPPRESSED = "SUPPRESSED"


class SuppressionReason(StrEnum):
    """Why an address may not be contacted any more."""

    BOUNCE = "BOUNCE"
    COMPLAINT = "COMPLAINT"
    UNSUBSCRIBE = "UNSUBSCRIBE"
    MANUAL = "MANUAL"


class AttributeType(StrEnum):
    """The type of a well-known field or of a custom attribute."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    DATETIME = "DATETIME"
    STRING_LIST = "STRING_LIST"


class Role(StrEnum):
    """What a user may do in a workspace."""

    ADMIN = "ADMIN"
    LEADER = "LEADER"
    TEAM_MEMBER = "TEAM_MEMBER"


class ApiKeyScope(StrEnum):
    """What an API key may do. Each scope includes the ones before it."""

    READ = "READ"
    WRITE = "WRITE"
    ADMIN = "ADMIN"


class SegmentType(StrEnum):
    """Whether criteria (DYNAMIC) or imports and hands (STATIC) fill a segment."""

    STATIC = "STATIC"
    DYNAMIC = "DYNAMIC"


class SegmentStatus(StrEnum):
    """Where a segment is in its life."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ARCHIVED = "ARCHIVED"


class PlaybookStatus(StrEnum):
    """Whether a playbook's links follow its criteria, or stay as they are."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"


class CampaignStatus(StrEnum):
    """Where a campaign is in its life. While it is ACTIVE it holds its segments."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"


class CampaignSegmentRole(StrEnum):
    """What a segment is to a campaign: whom it targets, or whom it leaves out."""

    INCLUDE = "INCLUDE"
    EXCLUDE = "EXCLUDE"


class SegmentPurpose(StrEnum):
    """What a segment is for; it decides which channels its total reach counts."""

    ACQUISITION = "ACQUISITION"
    RETENTION = "RETENTION"


class SegmentOrigin(StrEnum):
    """Who made a segment: the system, a user (or their program), or an administrator for the customer."""

    DEFAULT = "DEFAULT"
    USER = "USER"
    CUSTOM = "CUSTOM"


class SegmentAction(StrEnum):
    """The last thing done to a segment."""

    CREATED = "CREATED"
    EDITED = "EDITED"
    CLONED = "CLONED"
    ARCHIVED = "ARCHIVED"
    UNARCHIVED = "UNARCHIVED"
    PAUSED = "PAUSED"
    RESUMED = "RESUMED"
    ACTIVATED = "ACTIVATED"


class SegmentTransition(StrEnum):
    """What can be done to a segment, in the order in which it is offered; which of them, its status says."""

    EDIT = "EDIT"
    ACTIVATE = "ACTIVATE"
    RECALCULATE = "RECALCULATE"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    ARCHIVE = "ARCHIVE"
    UNARCHIVE = "UNARCHIVE"
    CLONE = "CLONE"
    DELETE = "DELETE"


class SegmentUse(StrEnum):
    """In which way something relies on a segment."""

    CRITERIA = "CRITERIA"
    SOURCE = "SOURCE"
    TARGET = "TARGET"
    EXCLUSION = "EXCLUSION"
    METRICS = "METRICS"
    DELIVERY = "DELIVERY"


class Visibility(StrEnum):
    """Who sees a segment: everyone in the workspace or its creator (and those who manage all)."""

    WORKSPACE = "WORKSPACE"
    PRIVATE = "PRIVATE"


class ReachStatus(StrEnum):
    """Whether a segment's reach is known."""

    NONE = "NONE"
    CALCULATING = "CALCULATING"
    READY = "READY"
    FAILED = "FAILED"


class SourceKind(StrEnum):
    """What puts members into a segment."""

    CRITERIA = "CRITERIA"
    MANUAL = "MANUAL"
    IMPORT = "IMPORT"
    PLAYBOOK = "PLAYBOOK"


class RunStatus(StrEnum):
    """How a computation of a segment stands; VOID when an edit overtook it."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    VOID = "VOID"


class RunTrigger(StrEnum):
    """Why a computation ran: all of it was asked for, members had changed, or a hand added or removed some.

    MERGED stands for all those of an hour, a day or a month, once they are put together in the history.
    """

    FULL = "FULL"
    REFRESH = "REFRESH"
    MANUAL = "MANUAL"
    MERGED = "MERGED"


class HistoryInterval(StrEnum):
    """The length of one step of a series; days, weeks (from Monday) and months are those of the workspace's zone."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class ImportStatus(StrEnum):
    """Where an import is: its file is there (UPLOADED), being read, or done with in one of three ways."""

    UPLOADED = "UPLOADED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class RowOutcome(StrEnum):
    """Why a row of an import was not taken: it stood there before, was passed over, or is not acceptable."""

    DUPLICATE = "DUPLICATE"
    IGNORED = "IGNORED"
    FAILED = "FAILED"


class ExportContent(StrEnum):
    """What a file has in its rows."""

    MEMBERS = "MEMBERS"
    SEGMENTS = "SEGMENTS"


class ExportFormat(StrEnum):
    """How a file is written."""

    CSV = "CSV"
    JSON_LINES = "JSON_LINES"


class ExportStatus(StrEnum):
    """Where an export is."""

    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


class Topic(StrEnum):
    """What happens in a workspace and is told: to those who watch all of it, and to webhooks."""

    SEGMENT_CREATED = "SEGMENT_CREATED"
    SEGMENT_UPDATED = "SEGMENT_UPDATED"
    SEGMENT_ARCHIVED = "SEGMENT_ARCHIVED"
    SEGMENT_DELETED = "SEGMENT_DELETED"
    REACH_READY = "REACH_READY"
    REACH_FAILED = "REACH_FAILED"
    MEMBERS_ENTERED = "MEMBERS_ENTERED"
    MEMBERS_EXITED = "MEMBERS_EXITED"
    IMPORT_FINISHED = "IMPORT_FINISHED"
    EXPORT_FINISHED = "EXPORT_FINISHED"
    DELIVERY_CHANGED = "DELIVERY_CHANGED"
    CAMPAIGN_CHANGED = "CAMPAIGN_CHANGED"
    METRICS_CHANGED = "METRICS_CHANGED"
    PLAYBOOK_CHANGED = "PLAYBOOK_CHANGED"


class WebhookStatus(StrEnum):
    """Whether a webhook is sent to: PAUSED by a person, DISABLED by the system because of what it answered."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    DISABLED = "DISABLED"


class WebhookDeliveryStatus(StrEnum):
    """Where a message to a webhook is: it is tried, was taken, or is a dead letter."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class DestinationType(StrEnum):
    """What an outside system is like."""

    HTTP = "HTTP"
    EMAIL_SERVICE = "EMAIL_SERVICE"
    FILE = "FILE"


class DeliveryStatus(StrEnum):
    """How a segment stands at a destination."""

    NOT_SENT = "NOT_SENT"
    BUILDING = "BUILDING"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    FAILED = "FAILED"


class DesiredState(StrEnum):
    """What is wanted of a delivery: that the list follows the segment, is kept as it is, or is emptied."""

    DELIVER = "DELIVER"
    KEEP = "KEEP"
    EMPTY = "EMPTY"


class FeedbackType(StrEnum):
    """What a destination tells about somebody."""

    BOUNCE = "BOUNCE"
    COMPLAINT = "COMPLAINT"
    UNSUBSCRIBE = "UNSUBSCRIBE"


class AuditAction(StrEnum):
    """What somebody did to an object."""

    CREATED = "CREATED"
    EDITED = "EDITED"
    CLONED = "CLONED"
    DELETED = "DELETED"
    ACTIVATED = "ACTIVATED"
    RECALCULATED = "RECALCULATED"
    PAUSED = "PAUSED"
    RESUMED = "RESUMED"
    ARCHIVED = "ARCHIVED"
    UNARCHIVED = "UNARCHIVED"
    STATUS_CHANGED = "STATUS_CHANGED"
    MEMBERS_ADDED = "MEMBERS_ADDED"
    MEMBERS_REMOVED = "MEMBERS_REMOVED"
    STARTED = "STARTED"
    CANCELLED = "CANCELLED"
    DISCARDED = "DISCARDED"
    REVOKED = "REVOKED"
    SUPPRESSED = "SUPPRESSED"
    UNSUPPRESSED = "UNSUPPRESSED"
    ERASED = "ERASED"
    TESTED = "TESTED"


class AuditSubject(StrEnum):
    """What kind of object something was done to."""

    SEGMENT = "SEGMENT"
    CAMPAIGN = "CAMPAIGN"
    PLAYBOOK = "PLAYBOOK"
    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    API_KEY = "API_KEY"
    USER = "USER"
    WORKSPACE = "WORKSPACE"
    SUPPRESSION = "SUPPRESSION"
    MEMBER = "MEMBER"
    ATTRIBUTE = "ATTRIBUTE"
    DESTINATION = "DESTINATION"
    DELIVERY = "DELIVERY"
    WEBHOOK = "WEBHOOK"

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


class SegmentPurpose(StrEnum):
    """What a segment is for; it decides which channels its total reach counts."""

    ACQUISITION = "ACQUISITION"
    RETENTION = "RETENTION"


class SegmentOrigin(StrEnum):
    """Who made a segment: the system, a user, or an administrator for the customer."""

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
    """Why a computation ran: all of it was asked for, members had changed, or a hand added or removed some."""

    FULL = "FULL"
    REFRESH = "REFRESH"
    MANUAL = "MANUAL"


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

"""The enums of the schema: the closed sets of the domain, described for clients."""

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from seggraph import vocabulary
from seggraph.criteria import AttributeOp, CompareOp, EventAggregate, Group, InOp, SetOp
from seggraph.criteria.text import CompletionKind
from seggraph.errors import ErrorCode, SeggraphError
from seggraph.events import ResyncReason


def _publish(enum: type[Enum], name: str, description: str) -> None:
    strawberry.enum(enum, name=name, description=description)


def _describe_error_codes() -> None:
    """Give each code the words of the failure that has it."""
    words: dict[str, str | None] = {}
    failures = SeggraphError.__subclasses__()
    for failure in failures:
        failures += failure.__subclasses__()
        if "code" in vars(failure):
            words.setdefault(failure.code.name, failure.__doc__)
    words[ErrorCode.INTERNAL.name] = "The fault is ours: it is logged under the id of the request."
    definition: StrawberryEnumDefinition = ErrorCode.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = words[value.name]


_publish(vocabulary.MemberKind, "MemberKind", "What a member is. A segment holds members of one kind.")
_publish(vocabulary.Channel, "Channel", "A way to contact a member.")
_publish(
    vocabulary.ImportStatus,
    "ImportStatus",
    "Where an import is: its file is there, it is being read, or it is over in one of three ways.",
)
_publish(vocabulary.ExportContent, "ExportContent", "What the rows of an exported file are.")
_publish(vocabulary.ExportFormat, "ExportFormat", "How an exported file is written.")
_publish(
    vocabulary.Topic,
    "Topic",
    "What happens in a workspace and is told: by workspaceEvents, and to webhooks.",
)
_publish(vocabulary.WebhookStatus, "WebhookStatus", "Whether messages are sent to a webhook.")
_publish(vocabulary.WebhookDeliveryStatus, "WebhookDeliveryStatus", "Where a message to a webhook is.")
_publish(vocabulary.ExportStatus, "ExportStatus", "Where an export is.")
_publish(
    vocabulary.HistoryInterval,
    "HistoryInterval",
    "The length of one step of a series; weeks begin on Monday.",
)
_publish(
    vocabulary.CampaignStatus,
    "CampaignStatus",
    "Where a campaign is in its life. While it is ACTIVE, so are its segments.",
)
_publish(
    vocabulary.ConsentPolicy,
    "ConsentPolicy",
    "Which consents let a channel reach a member: OPT_OUT all but DENIED, OPT_IN only GRANTED.",
)
_publish(
    vocabulary.RunTrigger,
    "RunTrigger",
    "Why a computation ran: all was computed (FULL), members had changed (REFRESH), a hand or an import (MANUAL);"
    " MERGED stands for all those of an hour, a day or a month.",
)
_publish(vocabulary.RunStatus, "RunStatus", "How a computation stands; VOID when an edit overtook it.")
_publish(
    vocabulary.ReachStepReason,
    "ReachStepReason",
    "Why members fall out on the way to being reached; MEMBERS is where they begin.",
)
_publish(vocabulary.SuppressionReason, "SuppressionReason", "Why an address may not be contacted any more.")
_publish(
    ErrorCode,
    "ErrorCode",
    "What is wrong, for a program to switch on. A code, once published, keeps its meaning.",
)
_describe_error_codes()
_publish(
    ResyncReason,
    "ResyncReason",
    "TRIMMED: the cursor is too old. LOST: the stream was lost. SLOW_CONSUMER: you read too slowly.",
)
_publish(
    vocabulary.ConsentState,
    "ConsentState",
    "What a member said about a channel; UNKNOWN until told otherwise.",
)
_publish(vocabulary.AttributeType, "AttributeType", "The type of a field or of a custom attribute.")
_publish(vocabulary.Role, "Role", "What a user may do in a workspace.")
_publish(
    vocabulary.ApiKeyScope, "ApiKeyScope", "What an API key may do; each scope includes those before it."
)
_publish(
    vocabulary.SegmentType, "SegmentType", "Whether criteria (DYNAMIC) or imports and hands (STATIC) fill it."
)
_publish(vocabulary.SegmentStatus, "SegmentStatus", "Where a segment is in its life.")
_publish(
    vocabulary.PlaybookStatus,
    "PlaybookStatus",
    "Whether a playbook's links follow its criteria (ACTIVE), or stay as they are (PAUSED).",
)
_publish(
    vocabulary.SegmentPurpose,
    "SegmentPurpose",
    "What a segment is for: ACQUISITION reaches by direct mail, others by email or direct mail.",
)
_publish(
    vocabulary.SegmentOrigin,
    "SegmentOrigin",
    "DEFAULT: by the system. USER: by a user or their program. CUSTOM: for the customer, by an ADMIN key.",
)
_publish(vocabulary.SegmentAction, "SegmentAction", "The last thing done to a segment.")
_publish(
    vocabulary.SegmentTransition,
    "SegmentTransition",
    "What can be done to a segment. Which of them is possible depends on its status.",
)
_publish(
    vocabulary.DeliveryStatus,
    "DeliveryStatus",
    "NOT_SENT until the segment is computed, BUILDING during the first load, ACTIVE while the list follows the"
    " segment, INACTIVE when switched off, FAILED when a person has to do something.",
)
_publish(
    vocabulary.SegmentUse,
    "SegmentUse",
    "CRITERIA: asks who is in it. SOURCE: adds members. TARGET, EXCLUSION, METRICS: of a campaign. DELIVERY: gets it.",
)
_publish(
    vocabulary.Visibility, "Visibility", "Seen by everyone in the workspace, or by its creator and managers."
)
_publish(
    vocabulary.ReachStatus,
    "ReachStatus",
    "NONE before the first computation, CALCULATING during one, then READY or FAILED.",
)
_publish(vocabulary.AuditAction, "AuditAction", "What somebody did to an object.")
_publish(vocabulary.AuditSubject, "AuditSubject", "What kind of object something was done to.")
_publish(vocabulary.SourceKind, "SourceKind", "What puts members into a segment.")
_publish(AttributeOp, "AttributeOp", "How a field is compared. Which ones a field has depends on its type.")
_publish(SetOp, "SetOp", "How a set is compared.")
_publish(
    CompareOp,
    "CompareOp",
    "How an aggregate or a count is compared. Instants have all of them, numbers those up to BETWEEN.",
)
_publish(EventAggregate, "EventAggregate", "What is made of a member's events before it is compared.")
_publish(InOp, "InOp", "Whether a member has to be in a segment, or not.")
_publish(CompletionKind, "CompletionKind", "What may stand at a place in criteria that are being typed.")
_publish(Group, "CriteriaFieldGroup", "Under which heading a field is offered.")


@strawberry.enum(description="Which way a list is sorted.")
class OrderDirection(Enum):
    """Ascending or descending."""

    ASC = "ASC"
    DESC = "DESC"


@strawberry.enum(description="What a list of segments can be sorted by.")
class SegmentOrderField(Enum):
    """The sortable columns; the values are the names in services.segment_views."""

    NAME = "name"
    CREATED_AT = "created_at"
    LAST_MODIFIED_AT = "last_modified_at"
    MEMBER_COUNT = "member_count"
    REACH = "reach_total"
    REVENUE = "revenue"
    ORDERS = "orders"
    AVERAGE_ORDER_VALUE = "average_order_value"
    CUSTOMER_LIFETIME_VALUE = "customer_lifetime_value"

"""The enums of the schema: the closed sets of the domain, with the descriptions from where they are defined."""

import inspect
from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from seggraph import vocabulary
from seggraph.criteria import AttributeOp, CompareOp, EventAggregate, Group, InOp, SetOp
from seggraph.criteria.operators import AGGREGATES, OPERATORS, SEGMENT_OPERATORS, TAGS
from seggraph.criteria.text import CompletionKind
from seggraph.errors import ErrorCode, SeggraphError
from seggraph.events import ResyncReason
from seggraph.vocabulary.described import DescribedIntEnum, DescribedStrEnum

E = TypeVar("E", bound=type[Enum])

PUBLISHED: Final[tuple[type[DescribedIntEnum] | type[DescribedStrEnum], ...]] = (
    vocabulary.ApiKeyScope,
    vocabulary.AttributeType,
    vocabulary.AuditAction,
    vocabulary.AuditSubject,
    vocabulary.CampaignStatus,
    vocabulary.Channel,
    vocabulary.ConsentPolicy,
    vocabulary.ConsentState,
    vocabulary.DeliveryStatus,
    vocabulary.BulkEditAction,
    vocabulary.BulkEditStatus,
    vocabulary.AttributeChangeType,
    vocabulary.NotConvertible,
    vocabulary.ExportContent,
    vocabulary.ExportFormat,
    vocabulary.ExportStatus,
    vocabulary.HistoryInterval,
    vocabulary.ImportContent,
    vocabulary.ImportStatus,
    vocabulary.MemberKind,
    vocabulary.Permission,
    vocabulary.PlaybookStatus,
    vocabulary.ReachStatus,
    vocabulary.ReachStepReason,
    vocabulary.ReportNameBasis,
    vocabulary.Role,
    vocabulary.RunStatus,
    vocabulary.RunTrigger,
    vocabulary.SavedViewList,
    vocabulary.SegmentAction,
    vocabulary.SegmentFacet,
    vocabulary.SegmentOrigin,
    vocabulary.SegmentPurpose,
    vocabulary.SegmentStatus,
    vocabulary.SegmentTransition,
    vocabulary.SegmentType,
    vocabulary.SegmentUse,
    vocabulary.SourceKind,
    vocabulary.SuppressionReason,
    vocabulary.Topic,
    vocabulary.UsageItem,
    vocabulary.Visibility,
    vocabulary.WebhookDeliveryStatus,
    vocabulary.WebhookStatus,
    CompletionKind,
    ResyncReason,
)
"""The described enums that clients see under the names of their classes."""


def publish(enum: E, *, name: str | None = None, descriptions: Mapping[str, str | None] | None = None) -> E:
    """Make an enum part of the schema: its docstring describes it, and each value describes itself.

    `descriptions`, by the names of the values, is for an enum whose values do not carry theirs.
    """
    strawberry.enum(enum, name=name or enum.__name__, description=inspect.getdoc(enum))
    definition: StrawberryEnumDefinition = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        own = getattr(enum[value.name], "description", None)
        value.description = own if descriptions is None else descriptions.get(value.name)
    return enum


def _error_descriptions() -> dict[str, str | None]:
    """Each code's description: the docstring of the failure that has it."""
    described: dict[str, str | None] = {}
    failures = SeggraphError.__subclasses__()
    for failure in failures:
        failures += failure.__subclasses__()
        if "code" in vars(failure):
            described.setdefault(failure.code.name, failure.__doc__)
    described[ErrorCode.INTERNAL.name] = "The server failed; its log has the reason under the request's id."
    return described


for _enum in PUBLISHED:
    publish(_enum)
publish(ErrorCode, descriptions=_error_descriptions())
publish(Group, name="CriteriaFieldGroup")
publish(AttributeOp, descriptions={op.name: OPERATORS[op].description for op in AttributeOp})
publish(CompareOp, descriptions={op.name: OPERATORS[op].description for op in CompareOp})
publish(SetOp, descriptions={op.name: operator.description for op, operator in TAGS.items()})
publish(
    EventAggregate, descriptions={one.name: aggregate.description for one, aggregate in AGGREGATES.items()}
)
publish(InOp, descriptions={op.name: description for op, description in SEGMENT_OPERATORS.items()})


@publish
class OrderDirection(DescribedStrEnum):
    """The direction in which a list is sorted."""

    ASC = "ASC", "Ascending: the smallest, the first or the oldest comes first."
    DESC = "DESC", "Descending: the greatest, the last or the newest comes first."


@publish
class SegmentOrderField(DescribedStrEnum):
    """What a list of segments can be sorted by."""

    NAME = "name", "The name of the segment, in alphabetical order."
    CREATED_AT = "created_at", "When the segment was created."
    LAST_MODIFIED_AT = "last_modified_at", "When the segment was last modified."
    MEMBER_COUNT = "member_count", "How many members the segment has."
    REACH = "reach_total", "The total reach of the segment."
    REACH_EMAIL = "reach_email", "How many members email reaches."
    REACH_DIRECT_MAIL = "reach_direct_mail", "How many members direct mail reaches."
    REACH_SMS = "reach_sms", "How many members SMS reaches."
    REACH_PHONE = "reach_phone", "How many members phone calls reach."
    REACH_PUSH = "reach_push", "How many members push notifications reach."
    STATUS = "status", "The status of the segment, in alphabetical order."
    CREATOR = "creator", "The name of the user who created the segment; those of API keys come last."
    REVENUE = "revenue", "The revenue from the orders of the segment's members."
    ORDERS = "orders", "How many orders the segment's members placed."
    AVERAGE_ORDER_VALUE = "average_order_value", "The average order value of the segment's members."
    CUSTOMER_LIFETIME_VALUE = "customer_lifetime_value", "The revenue per buyer among the segment's members."

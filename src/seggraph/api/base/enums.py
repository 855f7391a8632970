"""The enums of the schema: the closed sets of the domain, with the descriptions from where they are defined."""

import inspect
from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from seggraph import vocabulary
from seggraph.criteria import AttributeOp, CompareOp, EventAggregate, Group, InOp, SetOp
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
    vocabulary.DestinationType,
    vocabulary.ExportContent,
    vocabulary.ExportFormat,
    vocabulary.ExportStatus,
    vocabulary.HistoryInterval,
    vocabulary.ImportStatus,
    vocabulary.MemberKind,
    vocabulary.PlaybookStatus,
    vocabulary.ReachStatus,
    vocabulary.ReachStepReason,
    vocabulary.Role,
    vocabulary.RunStatus,
    vocabulary.RunTrigger,
    vocabulary.SegmentAction,
    vocabulary.SegmentOrigin,
    vocabulary.SegmentPurpose,
    vocabulary.SegmentStatus,
    vocabulary.SegmentTransition,
    vocabulary.SegmentType,
    vocabulary.SegmentUse,
    vocabulary.SourceKind,
    vocabulary.SuppressionReason,
    vocabulary.Topic,
    vocabulary.Visibility,
    vocabulary.WebhookDeliveryStatus,
    vocabulary.WebhookStatus,
    CompareOp,
    CompletionKind,
    EventAggregate,
    InOp,
    ResyncReason,
    SetOp,
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


ATTRIBUTE_OPS: Final = {
    "EQ": "The field equals `value`.",
    "NE": "The field differs from `value`, or is not set.",
    "IN": "The field equals one of `values`.",
    "NOT_IN": "The field equals none of `values`, or is not set.",
    "GT": "The field is greater than `value`.",
    "GTE": "The field is greater than or equal to `value`.",
    "LT": "The field is less than `value`.",
    "LTE": "The field is less than or equal to `value`.",
    "BETWEEN": "The field lies between the two `values`, both included.",
    "CONTAINS": "The text contains `value`, ignoring case.",
    "NOT_CONTAINS": "The text does not contain `value`, or is not set.",
    "STARTS_WITH": "The text starts with `value`, ignoring case.",
    "ENDS_WITH": "The text ends with `value`, ignoring case.",
    "IS_SET": "The field has a value.",
    "IS_NOT_SET": "The field has no value.",
    "BEFORE": "The date or time is before `value`.",
    "AFTER": "The date or time is after `value`.",
    "ON": "The date or time is on the day `value`.",
    "WITHIN_LAST": "The date or time is within the last duration `value`, like P30D.",
    "NOT_WITHIN_LAST": "The date or time is not within the last duration `value`, or is not set.",
    "WITHIN_NEXT": "The date or time is within the next duration `value`.",
    "ANNIVERSARY_WITHIN": "The next anniversary of the date is within the duration `value`.",
    "HAS_ANY": "The list contains at least one of `values`.",
    "HAS_ALL": "The list contains all of `values`.",
    "HAS_NONE": "The list contains none of `values`.",
}

for _enum in PUBLISHED:
    publish(_enum)
publish(ErrorCode, descriptions=_error_descriptions())
publish(Group, name="CriteriaFieldGroup")
publish(AttributeOp, descriptions=ATTRIBUTE_OPS)


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
    REVENUE = "revenue", "The revenue from the orders of the segment's members."
    ORDERS = "orders", "How many orders the segment's members placed."
    AVERAGE_ORDER_VALUE = "average_order_value", "The average order value of the segment's members."
    CUSTOMER_LIFETIME_VALUE = "customer_lifetime_value", "The revenue per buyer among the segment's members."

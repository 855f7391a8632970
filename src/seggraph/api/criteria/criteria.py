"""Criteria in the schema: the input tree, and the catalogue of fields that builders offer."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.payloads import Warning
from seggraph.api.base.scalars import JSON, DurationText
from seggraph.criteria import (
    AttributeOp,
    CompareOp,
    EventAggregate,
    InOp,
    SetOp,
    parse,
    to_json,
    with_segment_ids,
)
from seggraph.errors import Invalid
from seggraph.services.criteria import documents, warnings
from seggraph.services.criteria import texts as criteria_texts
from seggraph.services.criteria.documents import Given
from seggraph.services.criteria.texts import CriteriaText
from seggraph.vocabulary import Channel, ConsentState, MemberKind


@strawberry.input(description="A condition on one well-known field or custom attribute.")
class AttributeCriteria:
    """The leaf for fields."""

    field: str = strawberry.field(description="The name of a well-known field or of a custom attribute.")
    op: AttributeOp = strawberry.field(
        description="The operator. The query criteriaFields lists the operators of each field."
    )
    value: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="The value, for operators that take one value."
    )
    values: list[JSON] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The values, for operators that take several. BETWEEN takes two.",
    )


@strawberry.input(description="A condition on the tags of a member.")
class TagCriteria:
    """The leaf for tags."""

    op: SetOp = strawberry.field(description="The operator. A member without tags matches HAS_NONE.")
    values: list[str] = strawberry.field(description="The tags to compare with; case matters.")


@strawberry.input(description="A channel, and whether the member agreed to be contacted by it.")
class ConsentInput:
    """The leaf for consents, and what setConsents and upsertMembers take."""

    channel: Channel = strawberry.field(description="The channel of the consent.")
    state: ConsentState = strawberry.field(description="Whether the member agreed.")


@strawberry.input(
    description="The period in which events count: a duration until now, or from one time to another."
)
class WindowInput:
    """A window of events. Give `last`, or a start or an end or both, each as an instant or as a day."""

    last: DurationText | None = strawberry.field(
        default=strawberry.UNSET, description="The length of a period that ends now, like P30D."
    )
    from_: datetime | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="The start of the period, included."
    )
    to: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="The end of the period, not included."
    )
    from_day: date | None = strawberry.field(
        name="fromDay",
        default=strawberry.UNSET,
        description="The first day of the period instead of `from`, in the workspace's time zone.",
    )
    to_day: date | None = strawberry.field(
        name="toDay",
        default=strawberry.UNSET,
        description="The day before whose beginning the period ends instead of `to`, in the workspace's time zone.",
    )


@strawberry.input(
    description="A condition on the events of one name. With its defaults it matches members with at"
    " least one such event."
)
class EventCriteria:
    """The leaf for events. "Did not" is COUNT EQ 0."""

    name: str = strawberry.field(description="The name of the events; case matters.")
    aggregate: EventAggregate | None = strawberry.field(
        default=EventAggregate.COUNT,
        description="How to aggregate the events before the result is compared; default COUNT.",
    )
    of: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="For SUM, AVG, MIN and MAX: the numeric property to aggregate; default: the events' own"
        " value.",
    )
    op: CompareOp | None = strawberry.field(
        default=CompareOp.GTE,
        description="The operator that compares the aggregate with `value`; default GTE.",
    )
    value: JSON | None = strawberry.field(
        default=JSON(1),
        description="What the aggregate is compared with; default 1. It is a number, or for FIRST_AT and"
        " LAST_AT a date, a time or a duration; for BETWEEN a list of two.",
    )
    within: WindowInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="The period in which events count; default: all events until now.",
    )
    where: list[AttributeCriteria] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Conditions on properties of the events. An event counts if all of them match.",
    )


@strawberry.input(description="Events in a given order, each later than the one before.")
class SequenceCriteria:
    """The leaf for sequences."""

    steps: list[EventCriteria] = strawberry.field(
        description="The events in order, two or more; each has a name, and may have `within` and `where`."
    )
    within: DurationText | None = strawberry.field(
        default=strawberry.UNSET,
        description="The longest time between the first and the last event; default: no limit.",
    )


@strawberry.input(description="A condition on membership in another segment of the same kind.")
class SegmentCriteria:
    """The leaf for segments."""

    op: InOp = strawberry.field(description="Whether the member has to be in the segment or not.")
    id: strawberry.ID = strawberry.field(description="The global id of the segment.")


@strawberry.input(description="A condition on the number of related members.")
class RelatedCriteria:
    """The leaf for relations."""

    relation: str = strawberry.field(
        description="The name of the relation as members of the kind call it, like `deals` of an account."
    )
    where: "CriteriaInput | None" = strawberry.field(
        default=strawberry.UNSET, description="Criteria for the related members to count; default: all count."
    )
    op: CompareOp | None = strawberry.field(
        default=CompareOp.GTE, description="The operator that compares the number with `count`; default GTE."
    )
    count: int | None = strawberry.field(default=1, description="The number to compare with; default 1.")


@strawberry.input(description="A random share of all members. The same seed always selects the same members.")
class SampleCriteria:
    """The leaf for samples: holdouts and tests."""

    percent: float = strawberry.field(
        description="The share in percent, from 0 to 100. A larger share contains the smaller ones."
    )
    seed: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The seed of the random choice. Another seed selects other members.",
    )


@strawberry.input(
    one_of=True,
    description="Criteria: a tree of conditions, combined by all, any and not. Give exactly one key in"
    " each node.",
)
class CriteriaInput:
    """A node. docs/criteria.md describes the language."""

    all: strawberry.Maybe[list["CriteriaInput"]] = strawberry.field(
        description="Matches if all of these match."
    )
    any: strawberry.Maybe[list["CriteriaInput"]] = strawberry.field(
        description="Matches if at least one of these matches."
    )
    not_: strawberry.Maybe["CriteriaInput"] = strawberry.field(
        name="not", description="Matches the members of the kind that this does not match."
    )
    attribute: strawberry.Maybe[AttributeCriteria] = strawberry.field(
        description="A condition on a field or custom attribute."
    )
    tags: strawberry.Maybe[TagCriteria] = strawberry.field(description="A condition on the tags.")
    consent: strawberry.Maybe[ConsentInput] = strawberry.field(
        description="A condition on the consent for a channel."
    )
    event: strawberry.Maybe[EventCriteria] = strawberry.field(
        description="A condition on the events of the member."
    )
    sequence: strawberry.Maybe[SequenceCriteria] = strawberry.field(
        description="A condition on a sequence of events."
    )
    segment: strawberry.Maybe[SegmentCriteria] = strawberry.field(
        description="A condition on membership in another segment."
    )
    related: strawberry.Maybe[RelatedCriteria] = strawberry.field(
        description="A condition on related members."
    )
    sample: strawberry.Maybe[SampleCriteria] = strawberry.field(
        description="A random but stable share of all members."
    )


_INPUTS = (
    CriteriaInput,
    AttributeCriteria,
    TagCriteria,
    ConsentInput,
    EventCriteria,
    WindowInput,
    SequenceCriteria,
    SegmentCriteria,
    RelatedCriteria,
    SampleCriteria,
)

_NULL_IS_ABSENT = (CriteriaInput, EventCriteria, RelatedCriteria)
"""Inputs in which a null says nothing: one key is given, or there is a default."""


def document_of(criteria: CriteriaInput) -> dict[str, Any]:
    """The criteria as the JSON document that services take."""
    document = _plain(criteria)
    return document if isinstance(document, dict) else {}


def criteria_of(criteria: CriteriaInput | None, text: str | None) -> Given | None:
    """The criteria in the form that they were given in. Raises Invalid for both."""
    if criteria and text is not None and text is not strawberry.UNSET:
        raise Invalid(
            "Give the criteria as `criteria` or as `criteriaText`, not as both.", path=("criteriaText",)
        )
    if criteria:
        return document_of(criteria)
    return None if text is None or text is strawberry.UNSET else CriteriaText(text)


async def criteria_warnings_of(info: Info, kind: MemberKind, given: Given | None) -> list[Warning]:
    """The warnings about criteria that a mutation has saved."""
    if given is None:
        return []
    return [Warning.about_criteria(one) for one in await warnings.about(caller_of(info).viewer, kind, given)]


async def may_show(info: Info, kind: MemberKind, document: Mapping[str, Any]) -> bool:
    """Whether the caller may read stored criteria of members of a kind; see `documents.may_show`."""
    caller = caller_of(info)
    if caller.viewer.sees_personal_data:
        return True
    return documents.may_show(caller.viewer, document, await caller.loaders.catalogue.by_kind.load(kind))


def shown(document: Mapping[str, Any], seen: Collection[int] | None = None) -> JSON:
    """Stored criteria as clients see them: segments by their global ids, null for those that are not `seen`."""

    def id_of(number: int) -> strawberry.ID | None:
        return ids.encode("Segment", number) if seen is None or number in seen else None

    return JSON(with_segment_ids(to_json(parse(document)), id_of))


def text_shown(document: Mapping[str, Any], names: Mapping[int, str]) -> str | None:
    """Stored criteria as text, given the names of the segments that the client sees; null if it is about others."""
    return (
        criteria_texts.written(document, names)
        if criteria_texts.segments_of(document) <= names.keys()
        else None
    )


def _plain(value: Any) -> Any:
    """Inputs as objects without the keys that were not given, enums by their names."""
    if isinstance(value, strawberry.Some):
        return _plain(value.value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, Mapping):
        return value
    if isinstance(value, SegmentCriteria):
        number = ids.find("Segment", value.id)
        return {"op": value.op.name, "id": str(value.id) if number is None else number}
    if isinstance(value, _INPUTS):
        return {
            field.graphql_name or field.python_name: _plain(given)
            for field in value.__strawberry_definition__.fields  # type: ignore[union-attr]  # every input has one
            if (given := getattr(value, field.python_name)) is not strawberry.UNSET
            and not (given is None and isinstance(value, _NULL_IS_ABSENT))
        }
    return value

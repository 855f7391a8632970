"""Boundaries: for which members the mere passing of time may have changed the answer of criteria.

A window slides, a day ends, an event that was recorded ahead happens. For the time between two instants this module
says where to look: at events that happened in some ranges, and at dates and instants of members in others. A member
that is not found there has the same answer at every instant between the two. A member that is found may have another.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias
from zoneinfo import ZoneInfo

from seggraph.criteria.nodes import All, AnyOf, Not
from seggraph.criteria.operators import OPERATORS, AttributeOp
from seggraph.criteria.relations import Direction
from seggraph.criteria.time.days import MonthDays, day_of
from seggraph.criteria.time.passage import DAY, TICK, Passage, Reach
from seggraph.criteria.typed import (
    Checked,
    Comparison,
    EventFilter,
    EventTest,
    RelatedTest,
    SequenceTest,
    Span,
)
from seggraph.vocabulary import AttributeType


@dataclass(frozen=True, slots=True)
class EventLook:
    """Members with such an event. `ahead`: only events that were recorded before they happened.

    With `days` only those that happened on one of these months-and-days.
    """

    events: EventFilter
    ahead: bool = False
    days: MonthDays | None = None


@dataclass(frozen=True, slots=True)
class RelatedLook:
    """Members that are related to a member of the other kind that one of the looks finds."""

    direction: Direction
    looks: "tuple[Look, ...]"


Look: TypeAlias = Comparison | EventLook | RelatedLook
"""A place to look. A comparison is a field of the member itself with a range, or with months-and-days."""


def looks(tree: Checked, passage: Passage) -> tuple[Look, ...]:
    """The looks that find every member whose answer may change in the passage. None if no answer can change.

    They are in the order of the conditions, for every passage.
    """
    return tuple(dict.fromkeys(_looks(tree, passage)))


def _looks(tree: Checked, passage: Passage) -> Iterator[Look]:
    match tree:
        case All(items) | AnyOf(items):
            for item in items:
                yield from _looks(item, passage)
        case Not(item):
            yield from _looks(item, passage)
        case Comparison():
            yield from _of_field(tree, passage)
        case EventTest(events, test=test):
            yield from _of_events(events, passage)
            yield from _of_instant(events, test, passage)
        case SequenceTest(steps):
            for step in steps:
                yield from _of_events(step, passage)
        case RelatedTest(direction, where) if where is not None:
            if inner := looks(where, passage):
                yield RelatedLook(direction, inner)


def _of_field(test: Comparison, passage: Passage) -> Iterator[Comparison]:
    """The values of the field that a boundary passes over."""
    for passed in _passed_over(test, passage):
        match passed:
            case MonthDays():
                yield replace(test, values=(passed,))
            case Reach(low, high) if test.field.type is AttributeType.DATE:
                first, last = day_of(low, passage.zone), day_of(high, passage.zone)
                if first < last:
                    yield replace(test, op=AttributeOp.BETWEEN, values=(first + DAY, last))
            case Reach(low, high):
                yield replace(test, op=AttributeOp.BETWEEN, values=(low + TICK, high))


def _passed_over(test: Comparison, passage: Passage) -> Iterator[Reach | MonthDays]:
    passed_over = OPERATORS[test.op].passed_over
    return iter(()) if passed_over is None else passed_over(test.values, passage)


def _of_events(events: EventFilter, passage: Passage) -> Iterator[EventLook]:
    """The events that begin or cease to count."""
    lasting = tuple(test for test in events.where if not _is_timed(test))
    span = events.within
    if (within := _cut(span, passage.whole, passage.zone)) is not None:
        yield EventLook(replace(events, within=within, where=lasting), ahead=True)
    if span.last is not None:
        left = passage.before(span.last)
        yield EventLook(
            replace(events, within=Span(start=left.low + TICK, end=left.high + TICK), where=lasting)
        )
    for timed in events.where:
        for test in _of_field(timed, passage):
            yield EventLook(replace(events, within=_static(span, passage), where=(*lasting, test)))


def _of_instant(events: EventFilter, test: Comparison, passage: Passage) -> Iterator[EventLook]:
    """The events that may be a member's first or last one, when that passed over a boundary."""
    lasting = tuple(one for one in events.where if not _is_timed(one))
    static = _static(events.within, passage)
    for passed in _passed_over(test, passage):
        match passed:
            case MonthDays():
                yield EventLook(replace(events, within=static, where=lasting), days=passed)
            case Reach() if (within := _cut(static, passed, passage.zone)) is not None:
                yield EventLook(replace(events, within=within, where=lasting))


def _is_timed(test: Comparison) -> bool:
    return OPERATORS[test.op].passed_over is not None


def _static(span: Span, passage: Passage) -> Span:
    """A span with fixed ends that holds all events that counted at some instant of the passage."""
    if span.last is None:
        return span
    return Span(start=passage.before(span.last).low)


def _cut(span: Span, reach: Reach, zone: ZoneInfo) -> Span | None:
    """The part of a span within the reach, or None. A span relative to now does not restrict the reach."""
    start, end = reach.low + TICK, reach.high + TICK
    if span.last is None:
        lower, _, upper = span.bounds(reach.high, zone)
        start, end = max(start, lower or start), min(end, upper or end)
    return Span(start=start, end=end) if start < end else None

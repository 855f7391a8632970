"""Boundaries: for whom the mere passing of time may have changed the answer of criteria.

A window moves on, a day ends, an event that lay ahead happens. For the time between two instants this says where
to look: at events that happened between others, and at dates and instants of members between others. Whoever is not
found there has the answer that they had, at every instant between the two; who is found may have another.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from seggraph.criteria.nodes import All, AnyOf, Not
from seggraph.criteria.operators import AttributeOp
from seggraph.criteria.relations import Direction
from seggraph.criteria.time.days import MonthDays, day_of, month_days, start_of
from seggraph.criteria.time.durations import Duration
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

_TICK: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)
_ASTRAY: Final = timedelta(days=4)
"""More than months make a window's end stray: at most 3 days where a month is short, and a day where clocks change."""
_DAYS_APART: Final = 40
"""Beyond so many days the ends of the days between are not looked at one by one."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Values later than `low`, up to and including `high`."""

    low: datetime
    high: datetime


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
    """Members who are related to one of those that one of the looks finds among the members of the other kind."""

    direction: Direction
    looks: "tuple[Look, ...]"


Look: TypeAlias = Comparison | EventLook | RelatedLook
"""Where to look: a comparison is one of the member's own fields with a range, or with months-and-days."""


@dataclass(frozen=True, slots=True)
class Passage:
    """The time from `after`, of which the answers are known, until `until`, in a zone."""

    after: datetime
    until: datetime
    zone: ZoneInfo
    _swept: dict[tuple[Duration, int], Reach] = field(default_factory=dict, repr=False, compare=False)

    @property
    def whole(self) -> Reach:
        """The passage itself."""
        return Reach(self.after, self.until)

    def before(self, length: Duration) -> Reach:
        """Which values the instant `length` ago passed over."""
        return self._memorized(length, -1)

    def ahead(self, length: Duration) -> Reach:
        """Which values the instant `length` ahead passed over."""
        return self._memorized(length, 1)

    def _memorized(self, length: Duration, sign: int) -> Reach:
        key = (length, sign)
        if key not in self._swept:
            move = length.before if sign < 0 else length.after
            self._swept[key] = self._sweep(length, lambda instant: move(instant, self.zone))
        return self._swept[key]

    def _sweep(self, length: Duration, moved: Callable[[datetime], datetime]) -> Reach:
        """From the earliest to the latest instant that it was moved to.

        By months it does not only move on: where a month is short several days are moved to its last one, and where
        clocks are set back an hour comes twice. Within a local day it does move on steadily, as long as clocks
        are not set.
        """
        first, last = moved(self.after), moved(self.until)
        if not length.months:
            return Reach(first, last)
        if (self.until - self.after).days > _DAYS_APART:
            return Reach(first - _ASTRAY, last + _ASTRAY)
        low, high = min(first, last), max(first, last)
        for begin, end in pairwise(self._corners()):
            to = moved(begin), moved(end)
            low, high = min(low, *to), max(high, *to)
            steady = to[1] - to[0] == end - begin and self._clock(begin) == self._clock(end)
            if not steady and end - begin > _TICK:
                low, high = min(low, to[0] - _ASTRAY), max(high, to[1] + _ASTRAY)
        return Reach(low, high)

    def _corners(self) -> Iterator[datetime]:
        """The ends of the passage and of every local day in it: the last instant of one, the first of the next."""
        yield self.after
        day = day_of(self.after, self.zone)
        while (start := start_of(day := day + _DAY, self.zone)) <= self.until:
            if start - _TICK > self.after:
                yield start - _TICK
            yield start
        yield self.until

    def _clock(self, instant: datetime) -> timedelta | None:
        return instant.astimezone(self.zone).utcoffset()

    def days(self) -> tuple[date, date]:
        """The earliest and the latest local date in it. Clocks that are set back over midnight show one twice."""
        first, last = (at.astimezone(self.zone).date() for at in (self.after, self.until))
        if self._clock(self.after) != self._clock(self.until) or self.until - self.after > _DAY:
            return min(first, last) - _DAY, max(first, last) + _DAY
        return min(first, last), max(first, last)


def looks(tree: Checked, passage: Passage) -> tuple[Look, ...]:
    """Where to look for members for whom the answer may have changed in the passage; nowhere if for none.

    The order is that of the conditions, whatever the passage.
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
    """The values of the field that something passes over."""
    for reach in _reaches(test, passage):
        if test.field.type is AttributeType.DATE:
            low, high = (day_of(at, passage.zone) for at in (reach.low, reach.high))
            if low < high:
                yield replace(test, op=AttributeOp.BETWEEN, values=(low + _DAY, high))
        else:
            yield replace(test, op=AttributeOp.BETWEEN, values=(reach.low + _TICK, reach.high))
    for days in _anniversaries(test, passage):
        yield replace(test, values=(days,))


def _reaches(test: Comparison, passage: Passage) -> Iterator[Reach]:
    match test:
        case Comparison(
            op=AttributeOp.WITHIN_LAST | AttributeOp.NOT_WITHIN_LAST, values=(Duration() as length,)
        ):
            yield passage.before(length)
            yield passage.whole
        case Comparison(op=AttributeOp.WITHIN_NEXT, values=(Duration() as length,)):
            yield passage.whole
            yield passage.ahead(length)


def _anniversaries(test: Comparison, passage: Passage) -> Iterator[MonthDays]:
    """The months-and-days whose turn was over, and those whose turn came."""
    match test:
        case Comparison(op=AttributeOp.ANNIVERSARY_WITHIN, values=(Duration() as length,)):
            first, last = passage.days()
            for begin, end in (
                (first, last - _DAY),
                (length.after_day(first) + _DAY, length.after_day(last)),
            ):
                if begin <= end:
                    yield month_days(begin, end)


def _of_events(events: EventFilter, passage: Passage) -> Iterator[EventLook]:
    """The events that came to count or ceased to."""
    lasting = tuple(test for test in events.where if not _is_timed(test))
    span = events.within
    if (within := _cut(span, passage.whole, passage.zone)) is not None:
        yield EventLook(replace(events, within=within, where=lasting), ahead=True)
    if span.last is not None:
        left = passage.before(span.last)
        yield EventLook(
            replace(events, within=Span(start=left.low + _TICK, end=left.high + _TICK), where=lasting)
        )
    for timed in events.where:
        for test in _of_field(timed, passage):
            yield EventLook(replace(events, within=_static(span, passage), where=(*lasting, test)))


def _of_instant(events: EventFilter, test: Comparison, passage: Passage) -> Iterator[EventLook]:
    """The events that may be somebody's first or last one, when that passed over a boundary."""
    lasting = tuple(one for one in events.where if not _is_timed(one))
    for reach in _reaches(test, passage):
        if (within := _cut(_static(events.within, passage), reach, passage.zone)) is not None:
            yield EventLook(replace(events, within=within, where=lasting))
    for days in _anniversaries(test, passage):
        yield EventLook(replace(events, within=_static(events.within, passage), where=lasting), days=days)


def _is_timed(test: Comparison) -> bool:
    return any(isinstance(value, Duration) for value in test.values)


def _static(span: Span, passage: Passage) -> Span:
    """A span with fixed ends in which the events are that counted at some time of the passage."""
    if span.last is None:
        return span
    return Span(start=passage.before(span.last).low)


def _cut(span: Span, reach: Reach, zone: ZoneInfo) -> Span | None:
    """The part of a span that lies in the reach; None if there is none. A window that moves is in it as a whole."""
    start, end = reach.low + _TICK, reach.high + _TICK
    if span.last is None:
        lower, _, upper = span.bounds(reach.high, zone)
        start, end = max(start, lower or start), min(end, upper or end)
    return Span(start=start, end=end) if start < end else None

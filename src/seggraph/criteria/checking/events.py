"""Typing conditions on events and on counts: aggregates as fields, windows as spans, sequences, related members."""

from decimal import Decimal
from typing import Final

from seggraph.criteria.catalogue import Field, Group, Storage
from seggraph.criteria.checking.comparisons import compared, converted, in_order, is_reversed
from seggraph.criteria.checking.properties import property_field
from seggraph.criteria.nodes import Attribute, Event, Sequence, Window
from seggraph.criteria.operators import AGGREGATES, OPERATORS, Arity, AttributeOp, EventAggregate
from seggraph.criteria.problems import Mistakes, listed
from seggraph.criteria.time.durations import Duration
from seggraph.criteria.typed import Comparison, EventFilter, EventTest, SequenceTest, Span
from seggraph.criteria.values import Unfit, Value, duration, instant_or_day, some_time
from seggraph.errors import BadOperator, BadValue, Path
from seggraph.vocabulary import AttributeType


def aggregate_field(aggregate: EventAggregate) -> Field:
    """The aggregate as a field to compare."""
    return _counted(aggregate.value, AGGREGATES[aggregate].type)


def _counted(name: str, type_: AttributeType) -> Field:
    return Field(name, type_, Storage.AGGREGATE, name.lower(), name, "", Group.CUSTOM, 1)


MEMBER_COUNT: Final = _counted("COUNT", AttributeType.NUMBER)
"""The number of related members as a field to compare."""


class EventChecker:
    """Types conditions on events, noting mistakes."""

    def __init__(self, mistakes: Mistakes) -> None:
        self._mistakes = mistakes

    def event(self, test: Event, path: Path) -> EventTest | None:
        """Type a condition on events, or answer None after noting what is wrong."""
        aggregate = AGGREGATES[test.aggregate]
        allowed = OPERATORS.of_aggregate(aggregate.type)
        if test.of is not None and not aggregate.of_values:
            others = listed(name for name, one in AGGREGATES.items() if one.of_values)
            message = f"{test.aggregate} counts the events themselves; only {others} have `of`"
            self._mistakes.add(BadValue, message, (*path, "of"))
        events = self.filter(test, path)
        if test.op not in allowed:
            message = f"{test.aggregate} has no {test.op}; use {listed(allowed)}"
            self._mistakes.add(BadOperator, message, (*path, "op"))
            return None
        values = self._values(test, (*path, "value"))
        if values is None:
            return None
        comparison = Comparison(aggregate_field(test.aggregate), AttributeOp(test.op.value), values)
        return EventTest(events, test.aggregate, test.of, comparison)

    def _values(self, test: Event, path: Path) -> tuple[Value, ...] | None:
        wanted = 2 if OPERATORS[test.op].arity is Arity.TWO else 1
        if len(test.values) != wanted:
            message = f"{test.op} takes {'a list of two values' if wanted == 2 else 'one value'}"
            self._mistakes.add(BadValue, message, path)
            return None
        places = [path] if wanted == 1 else [(*path, 0), (*path, 1)]
        field, op = aggregate_field(test.aggregate), AttributeOp(test.op.value)
        values = converted(field, op, test.values, places, self._mistakes)
        if len(values) != wanted:
            return None
        if wanted == 2:
            in_order(values, path, self._mistakes)
        if AGGREGATES[test.aggregate].is_whole:
            self._whole(test.aggregate, values, places)
        return values

    def _whole(self, aggregate: EventAggregate, values: tuple[Value, ...], places: list[Path]) -> None:
        for value, place in zip(values, places, strict=True):
            if isinstance(value, Decimal) and (value < 0 or value != value.to_integral_value()):
                message = f"{aggregate} is a whole number, zero or more, and never {value}"
                self._mistakes.add(BadValue, message, place)

    def filter(self, test: Event, path: Path) -> EventFilter:
        """Type which events count."""
        within = Span() if test.within is None else self._span(test.within, (*path, "within"))
        tests = [self._property(one, (*path, "where", index)) for index, one in enumerate(test.where)]
        return EventFilter(test.name, within, tuple(one for one in tests if one is not None))

    def _property(self, test: Attribute, path: Path) -> Comparison | None:
        if not test.field:
            self._mistakes.add(BadValue, "the name of a property is needed", (*path, "field"))
            return None
        return compared(test, property_field(test), path, self._mistakes)

    def _span(self, window: Window, path: Path) -> Span:
        last = None if window.last is None else self.length(window.last, (*path, "last"))
        try:
            at = (*path, "from")
            start = None if window.start is None else instant_or_day(window.start)
            at = (*path, "to")
            end = None if window.end is None else instant_or_day(window.end)
        except Unfit as unfit:
            self._mistakes.add(BadValue, str(unfit), at)
            return Span()
        if start is not None and end is not None and (start == end or is_reversed(start, end)):
            self._mistakes.add(BadValue, "`from` has to be before `to`, or no event is between them", path)
        return Span(last, start, end)

    def length(self, text: str, path: Path) -> Duration | None:
        """Type a duration longer than nothing, or answer None after noting what is wrong."""
        try:
            return some_time(duration(text))
        except Unfit as unfit:
            self._mistakes.add(BadValue, str(unfit), path)
            return None

    def sequence(self, test: Sequence, path: Path) -> SequenceTest:
        """Type a sequence."""
        steps = [self.filter(step, (*path, "steps", index)) for index, step in enumerate(test.steps)]
        within = None if test.within is None else self.length(test.within, (*path, "within"))
        return SequenceTest(tuple(steps), within)

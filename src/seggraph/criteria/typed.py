"""The leaves of a checked tree: fields looked up, values converted. An engine needs nothing else to evaluate them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from seggraph.criteria.catalogue import Field
from seggraph.criteria.nodes import Consent, InSegment, Sample, Tags, Tree
from seggraph.criteria.operators import AGGREGATES, OPERATORS, AttributeOp, EventAggregate
from seggraph.criteria.operators.cases import Case
from seggraph.criteria.relations import Direction
from seggraph.criteria.time.days import start_of
from seggraph.criteria.time.durations import Duration
from seggraph.criteria.values import Value


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition on one field with its values converted to the field's type.

    Values by operator: none for IS_SET and IS_NOT_SET; a `Duration` for the windows and anniversaries; a `date`
    for ON; low and high for BETWEEN; otherwise one or more of the field's own type.
    """

    field: Field
    op: AttributeOp
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """When events count: within the `last` duration, or from `start` until before `end`; always, if empty."""

    last: Duration | None = None
    start: datetime | date | None = None
    end: datetime | date | None = None

    def bounds(self, as_of: datetime, zone: ZoneInfo) -> tuple[datetime | None, bool, datetime | None]:
        """Its lower end as an instant, whether the lower end itself counts, and its upper end, which does not count.

        Events later than `as_of` never count, whatever the upper end is.
        """
        if self.last is not None:
            return self.last.before(as_of, zone), False, None
        return _instant(self.start, zone), True, _instant(self.end, zone)


def _instant(value: datetime | date | None, zone: ZoneInfo) -> datetime | None:
    """An instant, or the first instant of a day."""
    if value is None or isinstance(value, datetime):
        return value
    return start_of(value, zone)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events count: those of a name, in a span, whose properties satisfy every condition."""

    name: str
    within: Span = Span()
    where: tuple[Comparison, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether all events of the name count, as in the totals."""
        return self.within == Span() and not self.where


@dataclass(frozen=True, slots=True)
class EventTest:
    """A comparison of an aggregate over a member's events: of their property `of`, or of their own value.

    The field of `test` is the aggregate itself: a number, or an instant for FIRST_AT and LAST_AT.
    """

    events: EventFilter
    aggregate: EventAggregate
    of: str | None
    test: Comparison

    @property
    def holds_without_events(self) -> bool:
        """Whether members without any such event satisfy it."""
        return AGGREGATES[self.aggregate].zero_without and number_holds(self.test, Decimal(0))


@dataclass(frozen=True, slots=True)
class SequenceTest:
    """One event of each step, each later than the one before; the last no later than `within` after the first."""

    steps: tuple[EventFilter, ...]
    within: Duration | None

    @property
    def is_of_totals(self) -> bool:
        """Whether first and last events decide it: something happened, and something else at any time after that."""
        return len(self.steps) == 2 and self.within is None and all(step.is_plain for step in self.steps)


@dataclass(frozen=True, slots=True)
class RelatedTest:
    """A comparison of the number of related members that satisfy `where`. The field of `test` is that number."""

    direction: Direction
    where: "Checked | None"
    test: Comparison

    @property
    def holds_without_members(self) -> bool:
        """Whether members without any such related member satisfy it."""
        return number_holds(self.test, Decimal(0))

    def asks_for_any(self, *, negated: bool) -> bool:
        """Whether one such related member is enough: every number from 1 on satisfies it, or with `negated` none."""
        op, holds = self.test.op, number_holds(self.test, Decimal(1))
        if negated:
            return not holds and (op in _FALLING or (op is AttributeOp.EQ and _below_one(self.test)))
        return holds and (op in _RISING or (op is AttributeOp.NE and _below_one(self.test)))


_RISING: Final = frozenset({AttributeOp.GTE, AttributeOp.GT})
"""What holds for a number holds for every larger one."""
_FALLING: Final = frozenset({AttributeOp.LTE, AttributeOp.LT})
"""What does not hold for a number does not hold for a larger one."""


def _below_one(test: Comparison) -> bool:
    [value] = test.values
    return isinstance(value, int | Decimal) and value < 1


CheckedLeaf: TypeAlias = (
    Comparison | Tags | Consent | EventTest | SequenceTest | InSegment | RelatedTest | Sample
)
Checked: TypeAlias = Tree[CheckedLeaf]
"""Criteria that can be evaluated."""


def number_holds(test: Comparison, number: Decimal) -> bool:
    """Whether a number satisfies a comparison of numbers."""
    return OPERATORS[test.op].holds(Case(number, test.values, test.field.type))

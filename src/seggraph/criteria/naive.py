"""The slow, obviously right evaluator: one plain object, one tree, true or false.

It is what every engine is compared with, so it shares no code with the making of SQL.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from seggraph.criteria.checker import Checked, Comparison
from seggraph.criteria.durations import Duration
from seggraph.criteria.nodes import All, AnyOf, Consent, Not, Tags
from seggraph.criteria.operators import AttributeOp, SetOp
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType, Channel, ConsentState

Stored: TypeAlias = str | Decimal | int | float | bool | date | datetime | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NaiveMember:
    """A member as plain values. What is absent from `fields` or `attributes` is unset."""

    fields: Mapping[str, Stored] = field(default_factory=dict)
    attributes: Mapping[str, Stored] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    consents: Mapping[Channel, ConsentState] = field(default_factory=dict)


def matches(tree: Checked, member: NaiveMember, *, as_of: datetime, zone: ZoneInfo) -> bool:
    """Whether the member satisfies the criteria at that instant, in that zone."""
    match tree:
        case All(items):
            return all(matches(item, member, as_of=as_of, zone=zone) for item in items)
        case AnyOf(items):
            return any(matches(item, member, as_of=as_of, zone=zone) for item in items)
        case Not(item):
            return not matches(item, member, as_of=as_of, zone=zone)
        case Tags(op, values):
            return _has(op, member.tags, set(values))
        case Consent(channel, state):
            return member.consents.get(channel, ConsentState.UNKNOWN) is state
        case Comparison():
            return _compare(tree, member, as_of, zone)


def fold(text: str) -> str:
    """Lower case, character by character; one sigma for all three."""
    return "".join("σ" if c in "Σσς" else c.lower()[0] for c in text)


def _has(op: str, stored: frozenset[str], given: set[str]) -> bool:
    if op == SetOp.HAS_ALL:
        return given <= stored
    return (not given & stored) if op == SetOp.HAS_NONE else bool(given & stored)


def _compare(test: Comparison, member: NaiveMember, as_of: datetime, zone: ZoneInfo) -> bool:
    stored = (member.attributes if test.field.is_custom else member.fields).get(test.field.name)
    if test.op in (AttributeOp.IS_SET, AttributeOp.IS_NOT_SET):
        return (stored is not None) == (test.op is AttributeOp.IS_SET)
    if stored is None:
        return False
    match stored:
        case tuple():
            return _has(test.op.value, frozenset(stored), {str(value) for value in test.values})
        case bool():
            return (stored == test.values[0]) == (test.op is AttributeOp.EQ)
        case str():
            return _compare_text(test.op, stored, [str(value) for value in test.values])
        case date():
            return _compare_time(test, stored, as_of, zone)
    numbers = [value for value in test.values if isinstance(value, Decimal)]
    if isinstance(stored, float):
        return _compare_order(test.op, stored, [float(value) for value in numbers])
    return _compare_order(test.op, Decimal(stored), numbers)


def _compare_text(op: AttributeOp, stored: str, given: list[str]) -> bool:
    match op:
        case AttributeOp.CONTAINS:
            return fold(given[0]) in fold(stored)
        case AttributeOp.NOT_CONTAINS:
            return fold(given[0]) not in fold(stored)
        case AttributeOp.STARTS_WITH:
            return fold(stored).startswith(fold(given[0]))
        case AttributeOp.ENDS_WITH:
            return fold(stored).endswith(fold(given[0]))
        case AttributeOp.EQ | AttributeOp.IN:
            return stored in given
    return stored not in given


def _compare_order(op: AttributeOp, stored: float | Decimal, given: "list[float] | list[Decimal]") -> bool:
    match op:
        case AttributeOp.EQ | AttributeOp.IN:
            return stored in given
        case AttributeOp.NE | AttributeOp.NOT_IN:
            return stored not in given
        case AttributeOp.GT:
            return stored > given[0]
        case AttributeOp.GTE:
            return stored >= given[0]
        case AttributeOp.LT:
            return stored < given[0]
        case AttributeOp.LTE:
            return stored <= given[0]
    return given[0] <= stored <= given[1]


def _compare_time(test: Comparison, stored: date, as_of: datetime, zone: ZoneInfo) -> bool:
    """A date or instant. All is done on instants: a day is the pair of its first and the next day's first."""
    length = test.values[0]
    begins = stored if isinstance(stored, datetime) else _midnight(stored, zone)
    if not isinstance(length, Duration):
        return _compare_spans(test, begins, [_span(value, test.field.type, zone) for value in test.values])
    match test.op:
        case AttributeOp.WITHIN_LAST:
            return length.before(as_of, zone) < begins <= as_of
        case AttributeOp.NOT_WITHIN_LAST:
            return not length.before(as_of, zone) < begins <= as_of
        case AttributeOp.WITHIN_NEXT:
            return as_of < begins <= length.after(as_of, zone)
    local = stored.astimezone(zone).date() if isinstance(stored, datetime) else stored
    return _has_anniversary(local, as_of.astimezone(zone).date(), length)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        first = day.year == date.min.year
        return datetime.min.replace(tzinfo=UTC) if first else datetime.max.replace(tzinfo=UTC)


def _span(value: Value, type_: AttributeType, zone: ZoneInfo) -> tuple[datetime, datetime | None]:
    """The first instant of the value, and of what comes after it when it is a whole day."""
    match value:
        case datetime():
            return value, None
        case date() if type_ is AttributeType.DATETIME:
            return _midnight(value, zone), _midnight(value + timedelta(days=1), zone)
        case date():
            return _midnight(value, zone), None
    raise TypeError(value)


def _compare_spans(test: Comparison, stored: datetime, given: list[tuple[datetime, datetime | None]]) -> bool:
    def is_in(span: tuple[datetime, datetime | None]) -> bool:
        return stored == span[0] if span[1] is None else span[0] <= stored < span[1]

    def is_after(span: tuple[datetime, datetime | None]) -> bool:
        return stored > span[0] if span[1] is None else stored >= span[1]

    def is_before(span: tuple[datetime, datetime | None]) -> bool:
        return stored < span[0]

    match test.op:
        case AttributeOp.EQ | AttributeOp.ON | AttributeOp.IN:
            return any(map(is_in, given))
        case AttributeOp.NE | AttributeOp.NOT_IN:
            return not any(map(is_in, given))
        case AttributeOp.GT | AttributeOp.AFTER:
            return is_after(given[0])
        case AttributeOp.GTE:
            return not is_before(given[0])
        case AttributeOp.LT | AttributeOp.BEFORE:
            return is_before(given[0])
        case AttributeOp.LTE:
            return not is_after(given[0])
    return not is_before(given[0]) and not is_after(given[1])


def _has_anniversary(day: date, today: date, length: Duration) -> bool:
    """Whether some day from today to today + length keeps the anniversary; 29 February also on a last 28."""
    current, last = today, length.after_day(today)
    while current <= last:
        if (current.month, current.day) == (day.month, day.day):
            return True
        next_day = current + timedelta(days=1)
        if (day.month, day.day) == (2, 29) and (current.month, current.day, next_day.day) == (2, 28, 1):
            return True
        current = next_day
    return False

"""The slow, obviously right evaluator: one plain object, one tree, true or false.

It is what every engine is compared with, so it shares no code with the making of SQL.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import md5
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from seggraph.criteria.nodes import All, AnyOf, Consent, InSegment, Not, Sample, Tags
from seggraph.criteria.operators import AttributeOp, EventAggregate, InOp, SetOp
from seggraph.criteria.time.durations import Duration
from seggraph.criteria.typed import Checked, Comparison, EventFilter, EventTest, RelatedTest, SequenceTest
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType, Channel, ConsentState

Stored: TypeAlias = str | Decimal | int | float | bool | date | datetime | tuple[str, ...]


UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class NaiveEvent:
    """An event as plain values; the properties are decoded JSON."""

    name: str
    occurred_at: datetime
    value: Decimal | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NaiveMember:
    """A member as plain values. What is absent from `fields` or `attributes` is unset.

    `ordinal` is what segments know it by; `related` has those at the other end of each relation.
    """

    fields: Mapping[str, Stored] = field(default_factory=dict)
    attributes: Mapping[str, Stored] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    consents: Mapping[Channel, ConsentState] = field(default_factory=dict)
    ordinal: int = 0
    events: Sequence[NaiveEvent] = ()
    related: "Mapping[str, Sequence[NaiveMember]]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NaiveWorld:
    """What criteria are evaluated in: the instant, the zone, and who is in which segment, by ordinal."""

    as_of: datetime
    zone: ZoneInfo
    segments: Mapping[int, Container[int]] = field(default_factory=dict)


def matches(
    tree: Checked,
    member: NaiveMember,
    *,
    as_of: datetime,
    zone: ZoneInfo,
    segments: Mapping[int, Container[int]] | None = None,
) -> bool:
    """Whether the member satisfies the criteria at that instant, in that zone."""
    return holds(tree, member, NaiveWorld(as_of, zone, segments or {}))


def holds(tree: Checked, member: NaiveMember, world: NaiveWorld) -> bool:
    """Whether the member satisfies the criteria."""
    match tree:
        case All(items):
            return all(holds(item, member, world) for item in items)
        case AnyOf(items):
            return any(holds(item, member, world) for item in items)
        case Not(item):
            return not holds(item, member, world)
        case Tags(op, values):
            return _has(op, member.tags, set(values))
        case Consent(channel, state):
            return member.consents.get(channel, ConsentState.UNKNOWN) is state
        case Comparison(about):
            stored = (member.attributes if about.is_custom else member.fields).get(about.name)
            return _compare(tree, stored, world)
        case EventTest():
            return _event(tree, member, world)
        case SequenceTest(steps, within):
            return _follows(steps, within, member, world, None, None)
        case InSegment(op, segment_id):
            return (member.ordinal in world.segments[segment_id]) == (op is InOp.IN)
        case RelatedTest(direction, where, test):
            others = [
                other
                for other in member.related.get(direction.name, ())
                if where is None or holds(where, other, world)
            ]
            return _compare(test, Decimal(len(others)), world)
        case Sample(percent, seed):
            name = f"{seed or ''}:{member.fields['externalId']}"
            bucket = int(md5(name.encode(), usedforsecurity=False).hexdigest()[:8], 16)
            return Fraction(bucket, 2**32) < Fraction(percent) / 100


def _counts(event: NaiveEvent, events: EventFilter, world: NaiveWorld) -> bool:
    """Whether an event is one of those meant."""
    span, at = events.within, event.occurred_at
    if event.name != events.name or at > world.as_of:
        return False
    if span.last is not None and not span.last.before(world.as_of, world.zone) < at:
        return False
    if span.start is not None and at < _first(span.start, world.zone):
        return False
    if span.end is not None and at >= _first(span.end, world.zone):
        return False
    return all(_has_property(test, event, world) for test in events.where)


def _first(value: date, zone: ZoneInfo) -> datetime:
    return value if isinstance(value, datetime) else _midnight(value, zone)


def _has_property(test: Comparison, event: NaiveEvent, world: NaiveWorld) -> bool:
    stored = event.properties.get(test.field.name)
    if test.op in (AttributeOp.IS_SET, AttributeOp.IS_NOT_SET):
        return (stored is not None) == (test.op is AttributeOp.IS_SET)
    return _compare(test, _as(test.field.type, stored, world.zone), world)


def _as(type_: AttributeType, stored: Any, zone: ZoneInfo) -> Stored | None:
    """A property as the type it is compared as; None when it is of another."""
    match stored:
        case bool():
            return stored if type_ is AttributeType.BOOLEAN else None
        case int() | float() | Decimal():
            return Decimal(str(stored)) if type_ is AttributeType.NUMBER else None
        case list():
            texts = tuple(one for one in stored if isinstance(one, str))
            return texts if type_ is AttributeType.STRING_LIST else None
        case str() if type_ is AttributeType.DATETIME:
            return _time(stored, zone)
        case str():
            return stored if type_ is AttributeType.STRING else None
    return None


_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt](\d\d:\d\d:\d\d(?:\.\d{1,6})?)([Zz]|[+-](?:0\d|1[0-4]):[0-5]\d))?", re.ASCII
)


def _time(text: str, zone: ZoneInfo) -> datetime | None:
    """An instant, or the first one of a day; None for what is neither."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        day = date.fromisoformat(found[1])
        return _midnight(day, zone) if found[2] is None else datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def _event(test: EventTest, member: NaiveMember, world: NaiveWorld) -> bool:
    found = [event for event in member.events if _counts(event, test.events, world)]
    return _compare(test.test, _aggregate(test, found, world.zone), world)


def _aggregate(test: EventTest, found: "list[NaiveEvent]", zone: ZoneInfo) -> Stored | None:
    if test.of is None:
        values = [event.value for event in found if event.value is not None]
    else:
        properties = [_as(AttributeType.NUMBER, event.properties.get(test.of), zone) for event in found]
        values = [value for value in properties if isinstance(value, Decimal)]
    instants = [event.occurred_at for event in found]
    match test.aggregate:
        case EventAggregate.COUNT:
            return Decimal(len(found))
        case EventAggregate.SUM:
            return sum(values, Decimal(0))
        case EventAggregate.AVG:
            return sum(values, Decimal(0)) / len(values) if values else None
        case EventAggregate.MIN:
            return min(values, default=None)
        case EventAggregate.MAX:
            return max(values, default=None)
        case EventAggregate.DISTINCT_DAYS:
            return Decimal(len({at.astimezone(zone).date() for at in instants}))
        case EventAggregate.FIRST_AT:
            return min(instants, default=None)
        case EventAggregate.LAST_AT:
            return max(instants, default=None)


def _follows(
    steps: tuple[EventFilter, ...],
    within: Duration | None,
    member: NaiveMember,
    world: NaiveWorld,
    first: datetime | None,
    previous: datetime | None,
) -> bool:
    """Whether some events of the steps follow on the previous one, the last in time. Every choice is tried."""
    if not steps:
        return (
            within is None or first is None or previous is None or previous <= within.after(first, UTC_ZONE)
        )
    return any(
        _follows(steps[1:], within, member, world, first or event.occurred_at, event.occurred_at)
        for event in member.events
        if _counts(event, steps[0], world) and (previous is None or event.occurred_at > previous)
    )


def fold(text: str) -> str:
    """Lower case, character by character; one sigma for all three."""
    return "".join("σ" if c in "Σσς" else c.lower()[0] for c in text)


def _has(op: str, stored: frozenset[str], given: set[str]) -> bool:
    if op == SetOp.HAS_ALL:
        return given <= stored
    return (not given & stored) if op == SetOp.HAS_NONE else bool(given & stored)


def _compare(test: Comparison, stored: Stored | None, world: NaiveWorld) -> bool:
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
            return _compare_time(test, stored, world.as_of, world.zone)
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

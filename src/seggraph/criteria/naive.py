"""The slow, obviously right evaluator: one plain object, one tree, true or false.

It is what every engine is compared with, so it shares no code with the making of SQL.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from hashlib import md5
from typing import Any
from zoneinfo import ZoneInfo

from seggraph.criteria.nodes import All, AnyOf, Consent, InSegment, Not, Sample, Tags
from seggraph.criteria.operators import AGGREGATES, OPERATORS, TAGS, InOp
from seggraph.criteria.operators.aggregates import CountedEvents
from seggraph.criteria.operators.cases import Case, Stored, midnight
from seggraph.criteria.time.durations import Duration
from seggraph.criteria.typed import Checked, Comparison, EventFilter, EventTest, RelatedTest, SequenceTest
from seggraph.vocabulary import AttributeType, Channel, ConsentState

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
    """What criteria are evaluated in: the instant, the zone, and the members of each segment, by ordinal."""

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
            return TAGS[op].holds(member.tags, frozenset(values))
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
    """Whether an event passes the filter."""
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
    return value if isinstance(value, datetime) else midnight(value, zone)


def _has_property(test: Comparison, event: NaiveEvent, world: NaiveWorld) -> bool:
    stored = event.properties.get(test.field.name)
    if not OPERATORS[test.op].any_type:
        stored = _as(test.field.type, stored, world.zone)
    return _compare(test, stored, world)


def _as(type_: AttributeType, stored: Any, zone: ZoneInfo) -> Stored | None:
    """A property as the type it is compared as, or None if it is of another type."""
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
        return midnight(day, zone) if found[2] is None else datetime.fromisoformat(text.upper())
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
    return AGGREGATES[test.aggregate].over(CountedEvents(instants, values, zone))


def _follows(
    steps: tuple[EventFilter, ...],
    within: Duration | None,
    member: NaiveMember,
    world: NaiveWorld,
    first: datetime | None,
    previous: datetime | None,
) -> bool:
    """Whether events of the steps follow the previous event, the last one in time. Every choice is tried."""
    if not steps:
        return (
            within is None or first is None or previous is None or previous <= within.after(first, UTC_ZONE)
        )
    return any(
        _follows(steps[1:], within, member, world, first or event.occurred_at, event.occurred_at)
        for event in member.events
        if _counts(event, steps[0], world) and (previous is None or event.occurred_at > previous)
    )


def _compare(test: Comparison, stored: Stored | None, world: NaiveWorld) -> bool:
    operator = OPERATORS[test.op]
    if stored is None:
        return operator.when_unset
    return operator.holds(Case(stored, test.values, test.field.type, world.as_of, world.zone))

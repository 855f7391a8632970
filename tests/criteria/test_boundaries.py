"""Where time may have moved members: nobody is missed, and nothing is looked at when no boundary passes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seggraph.criteria import AttributeDefinition, Catalogue, check, parse
from seggraph.criteria.naive import NaiveMember, matches
from seggraph.criteria.time.boundaries import EventLook, Look, RelatedLook, looks
from seggraph.criteria.time.days import MonthDays
from seggraph.criteria.time.durations import Duration
from seggraph.criteria.time.passage import Passage
from seggraph.criteria.typed import Checked, Comparison
from seggraph.vocabulary import AttributeType, MemberKind
from tests.effort import tries
from tests.engines import random_histories

pytestmark = pytest.mark.slow

CATALOGUE = Catalogue(
    MemberKind.PERSON,
    [
        AttributeDefinition("renewal", AttributeType.DATE),
        AttributeDefinition("seenAt", AttributeType.DATETIME),
    ],
)
BERLIN = ZoneInfo("Europe/Berlin")
CONDITIONS = [
    *(
        (op, length)
        for op in ("WITHIN_LAST", "NOT_WITHIN_LAST", "WITHIN_NEXT")
        for length in random_histories.DURATIONS
    ),
    *(("ANNIVERSARY_WITHIN", length) for length in random_histories.ANNIVERSARIES),
]
SECOND = timedelta(seconds=1)


def tree(document: Any) -> Checked:
    return check(parse(document), CATALOGUE)


def window(field: str, op: str, value: str) -> Checked:
    return tree({"attribute": {"field": field, "op": op, "value": value}})


def event(**condition: Any) -> Checked:
    return tree({"event": {"name": "visit", **condition}})


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def is_found(found: frozenset[Look], value: date, zone: ZoneInfo) -> bool:
    """Whether one of the looks at a field finds this value."""
    for look in found:
        assert isinstance(look, Comparison)
        match look.values:
            case (MonthDays() as days,):
                local = value.astimezone(zone) if isinstance(value, datetime) else value
                key = f"{local:%m-%d}"
                inside = (
                    days.first <= key or key <= days.last if days.wraps else days.first <= key <= days.last
                )
                if inside or days.everything:
                    return True
            case (low, high):
                if low <= value <= high:  # type: ignore[operator]
                    return True
    return False


@settings(max_examples=tries(75, 500), deadline=None, derandomize=True, database=None)
@given(
    start=st.sampled_from(random_histories.STARTS),
    back=st.sampled_from(random_histories.NEAR),
    length=st.sampled_from(random_histories.NEAR),
    zone=st.sampled_from(random_histories.ZONES),
    field=st.sampled_from(["createdAt", "renewal", "seenAt"]),
    condition=st.sampled_from(CONDITIONS),
    data=st.data(),
)
def test_whoever_moves_at_any_instant_is_found(
    start: datetime,
    back: timedelta,
    length: timedelta,
    zone: ZoneInfo,
    field: str,
    condition: tuple[str, str],
    data: st.DataObject,
) -> None:
    # given
    criteria = window(field, *condition)
    after = start - back
    until = after + length + timedelta(microseconds=1)
    near = st.sampled_from([after, until]).flatmap(random_histories.near)
    instant = data.draw(near)
    value = instant.date() if field == "renewal" else instant
    stored: dict[str, Any] = {field: value}
    member = NaiveMember(fields=stored, attributes=stored)
    instants = [after + (until - after) * share / 7 for share in range(8)]
    instants += [one for one in data.draw(st.lists(near, min_size=6, max_size=12)) if after <= one <= until]

    # when
    answers = {matches(criteria, member, as_of=one, zone=zone) for one in instants}

    # then
    if len(answers) > 1:
        assert is_found(frozenset(looks(criteria, Passage(after, until, zone))), value, zone)


@pytest.mark.parametrize("zone", random_histories.ZONES, ids=str)
@pytest.mark.parametrize("length", ["PT36H", "P1M", "P1MT1H", "P11M30D", "P1Y"])
def test_wherever_the_end_of_a_window_goes_it_stays_in_its_reach(length: str, zone: ZoneInfo) -> None:
    duration = Duration.parse(length)
    for start in random_histories.STARTS:
        for passes in (SECOND, timedelta(hours=3), timedelta(days=2, hours=5), timedelta(days=50)):
            # given passages that begin before and after the clocks, or the month, change
            for back in range(4):
                passage = Passage(start - passes * back / 3, start - passes * back / 3 + passes, zone)

                # then
                for share in range(61):
                    instant = passage.after + passes * share / 60
                    before, ahead = passage.before(duration), passage.ahead(duration)
                    assert before.low <= duration.before(instant, zone) <= before.high
                    assert ahead.low <= duration.after(instant, zone) <= ahead.high


def passing(criteria: Checked, after: str, seconds: float = 2) -> frozenset[Look]:
    """Where to look when so many seconds of Berlin's time pass."""
    start = at(after)
    return frozenset(looks(criteria, Passage(start, start + timedelta(seconds=seconds), BERLIN)))


def ranges(found: frozenset[Look]) -> list[tuple[Any, ...]]:
    """The ranges of looks at fields, in order."""
    return sorted((look.values for look in found if isinstance(look, Comparison)), key=lambda v: str(v[0]))


def spans(found: frozenset[Look]) -> list[tuple[Any, ...]]:
    """The spans of looks at events, in order, and whether only those recorded ahead are meant."""
    return sorted(
        (look.events.within.start, look.events.within.end, look.ahead)
        for look in found
        if isinstance(look, EventLook)
    )


TICK = timedelta(microseconds=1)
NOON = "2026-06-15T12:00:00"


@pytest.mark.parametrize(
    "criteria",
    [
        window("renewal", "WITHIN_LAST", "P1M"),
        window("renewal", "WITHIN_NEXT", "P7D"),
        window("createdAt", "ANNIVERSARY_WITHIN", "P7D"),
        window("createdAt", "BEFORE", "2026-06-15"),
        tree({"not": {"tags": {"op": "HAS_ANY", "values": ["a"]}}}),
        tree({"segment": {"op": "IN", "id": 3}}),
        event(within={"from": "2026-01-01", "to": "2026-06-15"}),
        event(within={"from": "2026-06-16"}),
        tree({"related": {"relation": "account", "where": {"all": []}}}),
    ],
)
def test_nothing_is_looked_at_where_no_boundary_passes(criteria: Checked) -> None:
    assert passing(criteria, NOON) == frozenset()


def test_a_window_is_looked_at_where_it_begins_and_where_it_ends() -> None:
    # given
    noon = at(NOON)
    week, second = timedelta(days=7), timedelta(seconds=1)

    # then the ranges are as long as the time that passed: open below, closed above
    now = (noon + TICK, noon + 2 * second)
    left = (noon - week + TICK, noon - week + 2 * second)
    assert ranges(passing(window("createdAt", "WITHIN_LAST", "P7D"), NOON)) == [left, now]
    assert ranges(passing(window("createdAt", "NOT_WITHIN_LAST", "P7D"), NOON)) == [left, now]
    come = (noon + week + TICK, noon + week + 2 * second)
    assert ranges(passing(window("seenAt", "WITHIN_NEXT", "P7D"), NOON)) == [now, come]

    # and events are looked at so too, those that come to count only if they were recorded ahead
    found = passing(event(op="EQ", value=0, within={"last": "P7D"}), NOON)
    assert spans(found) == [(left[0], left[1] + TICK, False), (now[0], now[1] + TICK, True)]
    assert spans(passing(event(op="GTE", value=3), NOON)) == [(now[0], now[1] + TICK, True)]


def test_one_range_is_looked_at_once_however_often_it_is_asked_about() -> None:
    one = {"event": {"name": "visit", "within": {"last": "P7D"}}}
    more = {"event": {"name": "visit", "op": "GTE", "value": 5, "within": {"last": "P7D"}}}
    sums = {"event": {"name": "visit", "aggregate": "SUM", "op": "LT", "value": 5, "within": {"last": "P7D"}}}
    assert len(passing(tree({"any": [one, {"not": {"all": [more, sums]}}]}), NOON)) == 2


def test_days_are_looked_at_when_a_day_has_passed() -> None:
    # given the last second of 31 March, after which a month ago is still 28 February, and then 1 March
    criteria = window("renewal", "WITHIN_LAST", "P1M")

    # then
    assert ranges(passing(criteria, "2026-03-31T23:59:59")) == [
        (date(2026, 3, 1), date(2026, 3, 1)),
        (date(2026, 4, 1), date(2026, 4, 1)),
    ]
    assert ranges(passing(criteria, "2026-03-29T23:59:59")) == [(date(2026, 3, 30), date(2026, 3, 30))]


def test_a_window_of_months_goes_back_where_a_month_is_short() -> None:
    """A month before 29 March 23:59:59 is 28 February 23:59:59; two seconds later it is 28 February 00:00:01."""
    found = ranges(passing(window("createdAt", "WITHIN_LAST", "P1M"), "2026-03-29T23:59:59"))
    assert found[0] == (at("2026-02-28T00:00:00") + TICK, at("2026-02-28T23:59:59.999999"))


def test_a_window_of_months_is_looked_at_widely_when_clocks_are_set() -> None:
    # given the second hour of 25 October at its beginning, a month before which the hour is gone through again
    [left, _] = ranges(passing(window("createdAt", "WITHIN_LAST", "P1M"), "2026-10-25T02:59:59"))

    # then
    assert left[0] < at("2026-09-25T02:00:00") < at("2026-09-25T03:00:00") < left[1]


def test_anniversaries_are_looked_at_where_days_come_and_go() -> None:
    def found(after: str, length: str) -> list[str]:
        return sorted(
            str(days) for (days,) in ranges(passing(window("renewal", "ANNIVERSARY_WITHIN", length), after))
        )

    assert found("2026-06-15T23:59:59", "P7D") == ["06-15 to 06-15", "06-23 to 06-23"]
    assert found("2026-02-27T23:59:59", "P0D") == ["02-27 to 02-27", "02-28 to 02-29"]
    assert found("2028-02-27T23:59:59", "P0D") == ["02-27 to 02-27", "02-28 to 02-28"]
    assert found("2026-01-30T23:59:59", "P1M") == ["01-30 to 01-30"]


def test_related_members_are_looked_at_through_their_relation() -> None:
    where = {"event": {"name": "order", "within": {"last": "P7D"}}}
    [look] = passing(tree({"not": {"related": {"relation": "account", "where": where}}}), NOON)
    assert isinstance(look, RelatedLook)
    assert look.direction.name == "account"
    assert len(spans(frozenset(look.looks))) == 2


def test_first_and_last_events_are_looked_at_where_they_pass_a_boundary() -> None:
    noon = at(NOON)
    found = spans(passing(event(aggregate="LAST_AT", op="NOT_WITHIN_LAST", value="P30D"), NOON))
    left = noon - timedelta(days=30) + TICK
    assert (left, left + 2 * SECOND, False) in found
    dated = passing(event(aggregate="FIRST_AT", op="ANNIVERSARY_WITHIN", value="P0D"), "2026-06-15T23:59:59")
    assert {str(look.days) for look in dated if isinstance(look, EventLook) and look.days} == {
        "06-15 to 06-15",
        "06-16 to 06-16",
    }


def test_conditions_on_properties_that_time_moves_are_looked_at_in_the_span_of_their_events() -> None:
    where = [
        {"field": "due", "op": "WITHIN_NEXT", "value": "P7D"},
        {"field": "plan", "op": "EQ", "value": "pro"},
    ]
    found = passing(event(within={"last": "P30D"}, where=where), NOON)
    asked = [look.events.where for look in found if isinstance(look, EventLook)]
    assert sorted(len(tests) for tests in asked) == [1, 1, 2, 2]

"""Hypothesis strategies: trees that time moves, members near their boundaries, and what happens as time passes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from seggraph.criteria.naive import NaiveMember
from tests.engines import random_criteria, random_worlds

ZONES = [
    ZoneInfo(key)
    for key in ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago")
]
STARTS = [
    datetime(2024, 2, 28, 22, 30, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),
    datetime(2026, 4, 29, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2026, 11, 25, 1, 30, tzinfo=UTC),
    datetime(2026, 3, 8, 6, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
    datetime(2026, 4, 4, 14, 59, 59, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 29, 59, tzinfo=UTC),
    datetime(2026, 3, 30, 21, 59, 59, tzinfo=UTC),
    datetime(2025, 5, 31, 12, 0, tzinfo=UTC),
    datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC),
]
"""Around changes of clocks, and a month after them; around the ends of months and years, and 29 February."""

DURATIONS = ["PT1S", "PT36H", "P1D", "P7D", "P1M", "P1MT1H", "P11M30D", "P1Y"]
ANNIVERSARIES = ["P0D", "P1D", "P7D", "P1M", "P364D", "P11M30D", "P1Y"]
_TICK = timedelta(microseconds=1)
_STEPS = [
    _TICK, timedelta(seconds=1), timedelta(seconds=2), timedelta(minutes=31), timedelta(hours=1), timedelta(hours=5),
    timedelta(days=1), timedelta(days=3), timedelta(days=31), timedelta(days=59), timedelta(days=366),
]  # fmt: skip
NEAR = [
    timedelta(0),
    *_STEPS,
    timedelta(days=7),
    timedelta(days=30),
    timedelta(hours=36),
    timedelta(days=365),
]


@dataclass(frozen=True, slots=True)
class Step:
    """Time passes; then one of the people or accounts becomes somebody else; then perhaps there is a tick."""

    passes: timedelta
    changes: tuple[str, int] | None
    is_tick: bool


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(_STEPS),
        st.none() | st.tuples(st.sampled_from(["person", "account"]), st.integers(0, 2)),
        st.booleans(),
    ),
    min_size=2,
    max_size=6,
)


def near(as_of: datetime) -> st.SearchStrategy[datetime]:
    """Instants at, just before and just after the boundaries of these trees."""
    return st.builds(
        lambda back, ahead, tick: as_of - back + ahead + tick,
        st.sampled_from(NEAR),
        st.sampled_from([timedelta(0), *_STEPS]),
        st.sampled_from([-_TICK, timedelta(0), _TICK]),
    )


@st.composite
def members(draw: st.DrawFn, as_of: datetime, ordinal: int) -> NaiveMember:
    """A member whose dates, and whose events, are near the boundaries."""
    drawn = draw(random_criteria.members())
    instants = near(as_of)
    fields = {
        **drawn.fields,
        "externalId": f"x{ordinal}",
        "createdAt": draw(instants),
        "updatedAt": draw(instants),
    }
    attributes = dict(drawn.attributes)
    if draw(st.booleans()):
        attributes["renewal"] = draw(instants).date()
    if draw(st.booleans()):
        attributes["seenAt"] = draw(instants)
    events = draw(random_worlds.events(as_of))
    events = [replace(one, occurred_at=draw(st.just(one.occurred_at) | instants)) for one in events]
    return replace(drawn, fields=fields, attributes=attributes, events=events, ordinal=ordinal)


_windows = st.builds(
    lambda field, op, value: {"attribute": {"field": field, "op": op, "value": value}},
    st.sampled_from(["createdAt", "updatedAt", "renewal", "seenAt"]),
    st.sampled_from(["WITHIN_LAST", "NOT_WITHIN_LAST", "WITHIN_NEXT"]),
    st.sampled_from(DURATIONS),
)
_anniversaries = st.builds(
    lambda field, value: {"attribute": {"field": field, "op": "ANNIVERSARY_WITHIN", "value": value}},
    st.sampled_from(["createdAt", "renewal", "seenAt"]),
    st.sampled_from(ANNIVERSARIES),
)
timed_leaves: st.SearchStrategy[Any] = _windows | _anniversaries | random_worlds.event_leaves
trees: st.SearchStrategy[Any] = st.one_of(
    timed_leaves,
    timed_leaves,
    random_worlds.trees,
    timed_leaves.map(
        lambda leaf: {"related": {"relation": "account", "op": "GTE", "count": 1, "where": leaf}}
    ),
    st.lists(timed_leaves, min_size=2, max_size=3).map(lambda leaves: {"all": leaves}),
    st.lists(timed_leaves, min_size=2, max_size=3).map(lambda leaves: {"not": {"any": leaves}}),
)

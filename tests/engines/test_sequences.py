"""Sequences by slices of time: what is certain is true, what is true is certain or perhaps, and answers are exact."""

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.criteria import check, parse
from seggraph.criteria.naive import NaiveEvent, NaiveMember, matches
from seggraph.criteria.sql.events import PopulationScope, sequence_table
from seggraph.criteria.sql.parameters import Parameters
from seggraph.criteria.sql.sides import Context
from seggraph.criteria.time.durations import Duration
from seggraph.criteria.typed import EventFilter, SequenceTest
from seggraph.engines import (
    EvaluationRequest,
    Population,
    PostgresEngine,
    fetching,
    planner,
    sequence_lookup,
    sequences,
)
from seggraph.engines.postgres import find_folding
from seggraph.vocabulary import MemberKind
from tests.counted_work import counted
from tests.effort import tries
from tests.engines import random_criteria
from tests.engines.stored_members import CATALOGUE, member
from tests.engines.stored_worlds import event, numbered, store_world

PEOPLE = Population(workspace_id=1, kind=MemberKind.PERSON)
UTC_ZONE = ZoneInfo("UTC")
START = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = START + timedelta(days=70)
NAMES = ("visit", "order", "refund")
ROUNDS = settings(max_examples=tries(60, 400), deadline=None, derandomize=True, database=None)

histories = st.lists(
    st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 60 * 24)), max_size=6), min_size=1, max_size=8
)
"""For each member the names and hours of events."""

durations = st.sampled_from([None, "PT1H", "PT30H", "P3D", "P20D", "P1M", "P1Y"])


def sequence(names: Sequence[str], within: str | None) -> SequenceTest:
    return SequenceTest(tuple(map(EventFilter, names)), None if within is None else Duration.parse(within))


def member_of(history: Sequence[tuple[str, int]]) -> NaiveMember:
    return NaiveMember(events=[NaiveEvent(name, START + timedelta(hours=hour)) for name, hour in history])


@given(histories, st.lists(st.sampled_from(NAMES), min_size=2, max_size=4), durations)
@ROUNDS
def test_what_is_certain_is_true_and_what_is_true_is_certain_or_perhaps(
    members: list[list[tuple[str, int]]], names: list[str], within: str | None
) -> None:
    test = sequence(names, within)
    following = sequences.Following(test)
    for one in sequences.slices(START, AS_OF, test.within):
        having = [
            [
                ordinal
                for ordinal, history in enumerate(members)
                for name, hour in history
                if name == step.name and one.begin <= START + timedelta(hours=hour) < one.end
            ]
            for step in test.steps
        ]
        twice = {
            place: BitMap(ordinal for ordinal in having[place] if having[place].count(ordinal) > 1)
            for place in following.repeated
        }
        following.add(one, [BitMap(ordinals) for ordinals in having], twice)

    true = BitMap(
        ordinal
        for ordinal, history in enumerate(members)
        if matches(test, member_of(history), as_of=AS_OF, zone=UTC_ZONE)
    )
    assert following.certain <= true
    assert true <= following.certain | following.uncertain
    assert not following.certain & following.uncertain


@given(st.integers(1, 10**9), durations)
@ROUNDS
def test_slices_follow_each_other_and_are_not_too_many(seconds: int, within: str | None) -> None:
    end = START + timedelta(seconds=seconds)
    found = list(sequences.slices(START, end, None if within is None else Duration.parse(within)))

    assert (found[0].begin, found[-1].end) == (START, end)
    assert all(before.end == after.begin for before, after in pairwise(found))
    assert all(one.begin < one.end for one in found)
    assert len(found) <= sequences.MAX_SLICES + 1


def test_few_members_are_uncertain() -> None:
    # given one visit and one order of each member, the order a random time later
    following = sequences.Following(sequence(["visit", "order"], "P7D"))
    visits = {ordinal: timedelta(minutes=ordinal * 7_919 % (50 * 1_440)) for ordinal in range(2_000)}
    orders = {
        ordinal: at + timedelta(minutes=1 + ordinal * 104_729 % (14 * 1_440))
        for ordinal, at in visits.items()
    }

    for one in sequences.slices(START, AS_OF, Duration.parse("P7D")):
        steps = [
            BitMap(ordinal for ordinal, at in events.items() if one.begin <= START + at < one.end)
            for events in (visits, orders)
        ]
        following.add(one, steps)

    assert len(following.uncertain) < 0.12 * len(visits)


@st.composite
def _bounded_sequences(draw: st.DrawFn) -> dict[str, Any]:
    """Sequences with and without bounds in time, of names that are different and of the same one."""
    within = st.sampled_from(
        [
            {"last": "P7D"},
            {"last": "P1M"},
            {"from": "2026-01-10", "to": "2026-02-20"},
            {"from": "2026-02-01T12:00:00Z"},
            {"to": "2026-02-01"},
        ]
    )
    steps = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=4)):
        step: dict[str, Any] = {"name": name}
        if not draw(st.integers(0, 2)):
            step["within"] = draw(within)
        if not draw(st.integers(0, 3)):
            step["where"] = [{"field": "n", "op": "GT", "value": draw(st.integers(0, 2))}]
        steps.append(step)
    test: dict[str, Any] = {"steps": steps}
    longest = draw(durations)
    if longest is not None:
        test["within"] = longest
    return {"sequence": test}


FOUND = settings(
    max_examples=tries(25, 150),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


@pytest.mark.parametrize("few", [True, False])
@given(
    st.lists(_bounded_sequences(), min_size=3, max_size=6), histories, st.sampled_from(random_criteria.ZONES)
)
@FOUND
async def test_the_answers_are_those_of_the_naive_evaluator(
    connection: asyncpg.Connection,
    few: bool,
    documents: list[dict[str, Any]],
    members: list[list[tuple[str, int]]],
    zone: ZoneInfo,
) -> None:
    # given some members, with events after the instant too
    people = numbered(
        [
            replace(
                member(externalId=f"x{number}"),
                events=[
                    event(name, START + timedelta(hours=hour), n=place)
                    for place, (name, hour) in enumerate(history)
                ],
            )
            for number, history in enumerate(members)
        ]
    )
    as_of = START + timedelta(days=45)
    trees = [check(parse(document), CATALOGUE) for document in documents]

    with pytest.MonkeyPatch.context() as patched:
        # when every sequence is looked up in parts: of few members, or by slices and in small blocks
        patched.setattr(sequence_lookup, "PLAIN_COST", -1)
        patched.setattr(sequence_lookup, "BLOCK", 3)
        patched.setattr(sequence_lookup, "MEMBERS_AT_ONCE", 2)
        patched.setattr(sequence_lookup, "DENSE", 2)
        if not few:
            patched.setattr(planner, "MAX_SINGLE_LOOKUPS", 0)
            patched.setattr(planner, "SINGLE_LOOKUP_SHARE", 10**9)
        transaction = connection.transaction()
        await transaction.start()
        try:
            await store_world(connection, {MemberKind.PERSON: people})
            request = EvaluationRequest(PEOPLE, trees, as_of=as_of, zone=zone, timeout_seconds=10)
            found = await PostgresEngine().evaluate(connection, request)
        finally:
            await transaction.rollback()

    assert found == [
        BitMap(n for n, one in enumerate(people) if matches(tree, one, as_of=as_of, zone=zone))
        for tree in trees
    ]


async def test_of_a_step_that_few_members_have_only_their_events_are_read(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequence_lookup, "PLAIN_COST", -1)
    # given visits of all members, and a refund of one of them
    people = [
        replace(
            member(externalId=f"x{number}"),
            events=[event("visit", START + timedelta(hours=number))]
            + ([event("refund", START + timedelta(days=30))] if number == 7 else []),
        )
        for number in range(40)
    ]
    steps = [{"name": "visit"}, {"name": "refund"}]
    tree = check(parse({"sequence": {"steps": steps, "within": "P1Y"}}), CATALOGUE)

    async with connection.transaction():
        await store_world(connection, {MemberKind.PERSON: people})
        await connection.execute("ANALYZE event_totals")
        request = EvaluationRequest(PEOPLE, [tree], as_of=AS_OF, zone=UTC_ZONE, timeout_seconds=10)
        engine = PostgresEngine()
        await engine.evaluate(connection, request)
        with counted() as few:
            found = await engine.evaluate(connection, request)
        monkeypatch.setattr(planner, "MAX_SINGLE_LOOKUPS", 0)
        monkeypatch.setattr(planner, "SINGLE_LOOKUP_SHARE", 10**9)
        with counted() as by_slices:
            assert await engine.evaluate(connection, request) == found

    assert found == [BitMap([7])]
    assert few.statements < 16
    assert sequences.SLICES < by_slices.statements < sequences.SLICES + 20


async def test_one_event_before_another_is_known_by_first_and_last_events(
    connection: asyncpg.Connection,
) -> None:
    # given events in an order, the other way round, at one instant, and such that come only after the evaluation
    hours = {
        "in order": {"visit": [1], "order": [2]},
        "other way round": {"visit": [2], "order": [1]},
        "at once": {"visit": [1], "order": [1]},
        "between": {"visit": [3, 9], "order": [1, 5]},
        "later": {"visit": [1], "order": [100]},
        "later too": {"visit": [1, 100], "order": [2, 101]},
        "first later": {"visit": [99], "order": [1, 101]},
        "twice": {"visit": [1, 2], "order": []},
    }
    people = [
        replace(
            member(externalId=f"x{number}"),
            events=[event(name, START + timedelta(hours=at)) for name, some in of_one.items() for at in some],
        )
        for number, of_one in enumerate(hours.values())
    ]
    pairs = [("visit", "order"), ("order", "visit"), ("visit", "visit")]
    trees = [check(parse({"sequence": {"steps": [{"name": n} for n in pair]}}), CATALOGUE) for pair in pairs]
    as_of = START + timedelta(hours=50)

    async with connection.transaction():
        await store_world(connection, {MemberKind.PERSON: people})
        request = EvaluationRequest(PEOPLE, trees, as_of=as_of, zone=UTC_ZONE, timeout_seconds=10)
        engine = PostgresEngine()
        found = await engine.evaluate(connection, request)
        of_few = await engine.evaluate(connection, replace(request, within_ordinals=BitMap([0, 3, 5, 7])))
        scope = PopulationScope(1, MemberKind.PERSON, None)
        question = Context(Parameters(), as_of, UTC_ZONE, await find_folding(connection))
        text = sequence_table(
            SequenceTest((EventFilter("visit"), EventFilter("order")), None), scope, question
        ).sql()

    assert found == [BitMap([0, 3, 5]), BitMap([1, 3]), BitMap([3, 7])]
    assert of_few == [BitMap([0, 3, 5]), BitMap([3]), BitMap([3, 7])]
    assert "event_totals" in text
    assert " OVER " not in text


def test_members_who_are_there_twice_are_found() -> None:
    random = Random(5)
    for number in (0, 1, 2, 3, 15, 16, 17, 400, 5_000):
        ordinals = [random.randrange(2 * number + 1) for _ in range(number)]
        data = b"".join(struct.pack(">ii", 4, ordinal) for ordinal in ordinals)

        found = fetching.members_twice(bytes(20) + data if ordinals else None)

        assert found == BitMap(ordinal for ordinal, times in Counter(ordinals).items() if times > 1)

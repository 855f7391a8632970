"""Answers that are kept: as many as fit, for the very data, about those who were asked about."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.criteria import check, parse
from seggraph.engines import EvaluationRequest, Population, PostgresEngine, evaluation, fetching
from seggraph.engines.leaf_cache import SAME_INSTANT, ConditionAnswer, LeafCache, Recall
from seggraph.errors import CriteriaTooExpensive
from seggraph.vocabulary import MemberKind
from tests.engines.stored_members import CATALOGUE, member, store

PEOPLE = Population(workspace_id=1, kind=MemberKind.PERSON)
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ZONE = ZoneInfo("UTC")
VERSIONS = dict.fromkeys(MemberKind, (0, 0))


def city(value: str, op: str = "EQ") -> dict[str, Any]:
    return {"attribute": {"field": "city", "op": op, "value": value}}


async def ask(
    connection: asyncpg.Connection, engine: PostgresEngine, document: dict[str, Any], now: datetime = NOW
) -> tuple[list[int], datetime]:
    """Who matches, and as of when."""
    async with connection.transaction(isolation="repeatable_read"):
        recall = await engine.recall(connection, PEOPLE, zone=ZONE, now=now)
        [found] = await engine.evaluate(
            connection,
            EvaluationRequest(
                PEOPLE,
                [check(parse(document), CATALOGUE)],
                as_of=recall.as_of,
                zone=ZONE,
                recall=recall,
                timeout_seconds=10,
            ),
        )
    return list(found), recall.as_of


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements of evaluations, as they run."""
    ran: list[str] = []
    original = fetching.fetch

    async def fetch(connection: Any, statement: Any, limits: Any) -> Any:
        ran.append(statement.text)
        return await original(connection, statement, limits)

    monkeypatch.setattr(evaluation, "fetch", fetch)
    return ran


async def test_an_edit_evaluates_the_condition_that_changed(
    connection: asyncpg.Connection, statements: list[str]
) -> None:
    # given
    await store(
        connection, [member(city="Rome", name="a"), member(city="Rome"), member(city="Oslo", name="a")]
    )
    engine = PostgresEngine()
    named = {"attribute": {"field": "name", "op": "EQ", "value": "a"}}

    # when the same is asked twice, then with another condition, then for its complement
    assert (await ask(connection, engine, {"all": [city("Rome"), named]}))[0] == [0]
    assert len(statements) == 1
    assert (await ask(connection, engine, {"all": [city("Rome"), named]}))[0] == [0]
    assert len(statements) == 1
    assert (await ask(connection, engine, {"all": [city("Oslo"), named]}))[0] == [2]
    assert (await ask(connection, engine, {"any": [city("Rome"), named]}))[0] == [0, 1, 2]

    # then only the other condition was asked about, and only of those who still mattered
    assert len(statements) == 2
    assert "name" not in statements[1]
    assert "ordinal = ANY" in statements[1]


async def test_what_is_known_of_some_is_not_taken_for_all(connection: asyncpg.Connection) -> None:
    # given a condition of which only the answer about one member is known
    await store(connection, [member(city="Rome", name="a"), member(city="Rome", name="b")])
    engine = PostgresEngine()
    only_a = {"attribute": {"field": "name", "op": "EQ", "value": "a"}}
    assert (await ask(connection, engine, only_a))[0] == [0]
    assert (await ask(connection, engine, {"all": [only_a, city("Rome")]}))[0] == [0]

    # when and then
    assert (await ask(connection, engine, city("Rome")))[0] == [0, 1]
    assert (await ask(connection, engine, {"all": [{"not": only_a}, city("Rome")]}))[0] == [1]


async def test_an_instant_lasts_while_nothing_changes_and_no_longer_than_it_may(
    connection: asyncpg.Connection,
) -> None:
    await store(connection, [member(city="Rome")])
    engine = PostgresEngine()
    assert (await ask(connection, engine, city("Rome")))[1] == NOW

    # while nothing changes
    later = NOW + SAME_INSTANT
    assert (await ask(connection, engine, city("Rome"), later))[1] == NOW
    assert (await ask(connection, engine, city("Rome"), later + timedelta(seconds=1)))[1] > later
    # a clock that was set back never makes it an instant that lies ahead
    assert (await ask(connection, engine, city("Rome"), NOW))[1] == NOW
    # a change
    await connection.execute(
        "INSERT INTO dirty_batches (workspace_id, kind, ordinals, changed) VALUES (1, 1, '', '{}')"
    )
    soon = NOW + timedelta(seconds=1)
    assert (await ask(connection, engine, city("Rome"), soon))[1] == soon


def test_no_more_is_kept_than_allowed() -> None:
    # given room for two answers
    one = ConditionAnswer(BitMap(range(0, 3000, 2)))
    cache = LeafCache(2 * one.size + 10)
    recall = Recall(cache, PEOPLE, VERSIONS, ZONE, NOW)
    leaves = [check(parse(city(str(n))), CATALOGUE) for n in range(4)]

    # when a third is kept after the first was used again
    recall.add(leaves[0], one, negated=False)
    recall.add(leaves[1], one, negated=False)
    assert recall.find(leaves[0], negated=False) == one
    recall.add(leaves[2], one, negated=False)
    recall.add(leaves[3], ConditionAnswer(BitMap(range(0, 300_000, 2))), negated=False)

    # then the one that was used least recently is gone, and one that is too large was never there
    assert [recall.find(leaf, negated=False) is not None for leaf in leaves] == [True, False, True, False]
    # and what was asked in another sense, zone, workspace or at another instant is something else
    assert recall.find(leaves[0], negated=True) is None
    assert recall.about(Population(2, MemberKind.PERSON)).find(leaves[0], negated=False) is None


async def test_what_costs_too_much_is_not_begun(
    connection: asyncpg.Connection, statements: list[str]
) -> None:
    await store(connection, [member(city="Rome")])
    tree = check(parse({"all": [city("Rome"), {"event": {"name": "visit"}}]}), CATALOGUE)

    async def evaluate(**options: Any) -> list[BitMap]:
        async with connection.transaction():
            return await PostgresEngine().evaluate(
                connection,
                EvaluationRequest(
                    PEOPLE, [tree], as_of=NOW, zone=ZONE, timeout_seconds=10, max_cost=0.01, **options
                ),
            )

    with pytest.raises(CriteriaTooExpensive, match='condition: Members where City is "Rome"'):
        await evaluate()
    # members that are given are few: nothing is estimated for them
    assert await evaluate(within_ordinals=BitMap([0])) == [BitMap()]

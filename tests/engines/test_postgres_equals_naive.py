"""The PostgreSQL engine gives the same audience as the naive evaluator, for any criteria over any members."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.criteria import Checked, check, parse, to_json
from seggraph.criteria.naive import NaiveMember, matches
from seggraph.engines import EvaluationRequest, Population, PostgresEngine
from seggraph.vocabulary import MemberKind
from tests.effort import tries
from tests.engines import random_criteria
from tests.engines.stored_members import CATALOGUE, store

PEOPLE = Population(workspace_id=1, kind=MemberKind.PERSON)


def _expected(tree: Checked, members: list[NaiveMember], as_of: datetime, zone: ZoneInfo) -> BitMap:
    return BitMap(n for n, member in enumerate(members) if matches(tree, member, as_of=as_of, zone=zone))


@given(
    documents=st.lists(random_criteria.trees, min_size=4, max_size=12),
    members=st.lists(random_criteria.members(), min_size=6, max_size=12),
    restriction=st.frozensets(st.integers(0, 14), max_size=6),
    as_of=st.sampled_from(random_criteria.INSTANTS),
    zone=st.sampled_from(random_criteria.ZONES),
)
@settings(
    max_examples=tries(30, 200),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
async def test_any_trees_over_any_members(
    connection: asyncpg.Connection,
    documents: list[dict[str, Any]],
    members: list[NaiveMember],
    restriction: frozenset[int],
    as_of: datetime,
    zone: ZoneInfo,
) -> None:
    # given
    engine = PostgresEngine()
    trees = [check(parse(document), CATALOGUE) for document in documents]
    expected = [_expected(tree, members, as_of, zone) for tree in trees]

    # when
    transaction = connection.transaction()
    await transaction.start()
    try:
        await store(connection, members)
        together = await engine.evaluate(
            connection, EvaluationRequest(PEOPLE, trees, as_of=as_of, zone=zone, timeout_seconds=10)
        )
        alone = await engine.evaluate(
            connection, EvaluationRequest(PEOPLE, trees[:1], as_of=as_of, zone=zone, timeout_seconds=10)
        )
        restricted = await engine.evaluate(
            connection,
            EvaluationRequest(
                PEOPLE, trees, as_of=as_of, zone=zone, within_ordinals=BitMap(restriction), timeout_seconds=10
            ),
        )
    finally:
        await transaction.rollback()

    # then
    assert together == expected
    assert alone == expected[:1]
    assert restricted == [audience & BitMap(restriction) for audience in expected]
    assert [parse(to_json(parse(document))) for document in documents] == [parse(d) for d in documents]

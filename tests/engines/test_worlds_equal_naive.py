"""The PostgreSQL engine gives the naive evaluator's audience for any criteria over events, relations and segments."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.criteria import Checked, check, parse, to_json
from seggraph.criteria.naive import NaiveMember, matches
from seggraph.criteria.nodes import All, AnyOf, Not
from seggraph.engines import EvaluationRequest, Population, PostgresEngine
from seggraph.vocabulary import MemberKind
from tests.effort import tries
from tests.engines import random_criteria, random_worlds
from tests.engines.stored_members import CATALOGUE
from tests.engines.stored_worlds import numbered, related, store_world

PEOPLE = Population(workspace_id=1, kind=MemberKind.PERSON)
_ORDINALS = st.frozensets(st.integers(0, 9), max_size=6)


@st.composite
def worlds(
    draw: st.DrawFn, as_of: datetime
) -> tuple[list[NaiveMember], list[NaiveMember], list[tuple[str, int, int]]]:
    """People, accounts, and which people belong to which accounts."""
    kinds = []
    for size in (6, 3):
        found = [
            replace(
                one, events=draw(random_worlds.events(as_of)), fields={**one.fields, "externalId": f"x{n}"}
            )
            for n, one in enumerate(draw(st.lists(random_criteria.members(), min_size=size, max_size=size)))
        ]
        kinds.append(numbered(found))
    pairs = draw(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=7))
    return kinds[0], kinds[1], [("account", person, account) for person, account in sorted(pairs)]


@given(
    documents=st.lists(random_worlds.trees, min_size=4, max_size=8),
    data=st.data(),
    restriction=_ORDINALS,
    segments=st.fixed_dictionaries(dict.fromkeys(random_worlds.SEGMENTS, _ORDINALS)),
    as_of=st.sampled_from(random_criteria.INSTANTS),
    zone=st.sampled_from(random_criteria.ZONES),
)
@settings(
    max_examples=tries(12, 80),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
async def test_any_trees_over_any_world(
    connection: asyncpg.Connection,
    documents: list[dict[str, Any]],
    data: st.DataObject,
    restriction: frozenset[int],
    segments: dict[int, frozenset[int]],
    as_of: datetime,
    zone: ZoneInfo,
) -> None:
    # given
    people, accounts, links = data.draw(worlds(as_of))
    back = [("people", account, person) for _, person, account in links]
    accounts = related(MemberKind.ACCOUNT, accounts, {MemberKind.PERSON: people}, back)
    people = related(MemberKind.PERSON, people, {MemberKind.ACCOUNT: accounts}, links)
    trees = [check(parse(document), CATALOGUE) for document in documents]

    def expected(tree: Checked) -> BitMap:
        return BitMap(
            n for n, one in enumerate(people) if matches(tree, one, as_of=as_of, zone=zone, segments=segments)
        )

    first, second, *_ = trees
    edits: list[Checked] = [
        All((first, second)),
        AnyOf((first, second)),
        All((Not(second), first)),
        *trees,
        Not(first),
    ]

    # when
    transaction = connection.transaction()
    await transaction.start()
    try:
        await store_world(
            connection,
            {MemberKind.PERSON: people, MemberKind.ACCOUNT: accounts},
            links={MemberKind.PERSON: links},
            segments={number: BitMap(ordinals) for number, ordinals in segments.items()},
        )

        async def evaluate(of: list[Checked], ordinals: BitMap | None = None) -> list[BitMap]:
            return await PostgresEngine().evaluate(
                connection,
                EvaluationRequest(
                    PEOPLE, of, as_of=as_of, zone=zone, within_ordinals=ordinals, timeout_seconds=10
                ),
            )

        together, alone = await evaluate(trees), await evaluate(trees[:1])
        restricted = await evaluate(trees, BitMap(restriction))
        engine = PostgresEngine()

        async def preview(tree: Checked) -> BitMap:
            recall = await engine.recall(connection, PEOPLE, zone=zone, now=as_of)
            [found] = await engine.evaluate(
                connection,
                EvaluationRequest(PEOPLE, [tree], as_of=as_of, zone=zone, recall=recall, timeout_seconds=10),
            )
            return found

        previewed = [await preview(tree) for tree in edits]
    finally:
        await transaction.rollback()

    # then
    wanted = [expected(tree) for tree in trees]
    assert together == wanted
    assert alone == wanted[:1]
    assert previewed == [expected(tree) for tree in edits]
    assert restricted == [audience & BitMap(restriction) for audience in wanted]
    assert [parse(to_json(parse(document))) for document in documents] == [parse(d) for d in documents]

"""An operator added at test time is evaluated by PostgreSQL as it means, for all members and for given ones."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from pyroaring import BitMap

from seggraph.criteria import check, parse
from seggraph.criteria.naive import NaiveEvent, NaiveMember, matches
from seggraph.engines import EvaluationRequest, Population, PostgresEngine
from seggraph.vocabulary import MemberKind
from tests.criteria.multiple_of import multiple_of
from tests.engines.stored_members import CATALOGUE, REQUIRED
from tests.engines.stored_worlds import store_world

AS_OF = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ZONE = ZoneInfo("UTC")
PEOPLE = Population(workspace_id=1, kind=MemberKind.PERSON)


def member(seats: int | None, score: float | None = None) -> NaiveMember:
    """A member with a custom number, a well-known one, and an event with the custom one as its property."""
    fields = REQUIRED if score is None else REQUIRED | {"score": score}
    order = NaiveEvent("order", datetime(2026, 1, 1, tzinfo=UTC), properties={"seats": seats})
    return NaiveMember(fields, {} if seats is None else {"seats": Decimal(seats)}, events=[order])


def condition(field: str, *, is_property: bool = False) -> dict[str, Any]:
    test = {"field": field, "op": "MULTIPLE_OF", "value": 5}
    return {"event": {"name": "order", "where": [test]}} if is_property else {"attribute": test}


async def test_every_evaluation_is_the_naive_one(connection: asyncpg.Connection) -> None:
    # given
    people = [member(10, 2.5), member(11, 15), member(None), member(0), member(-5, 5)]
    await store_world(connection, {MemberKind.PERSON: people})

    with multiple_of():
        documents = [condition("seats"), {"not": condition("seats")}, condition("score")]
        trees = [check(parse(one), CATALOGUE) for one in [*documents, condition("seats", is_property=True)]]
        expected = [
            [ordinal for ordinal, one in enumerate(people) if matches(tree, one, as_of=AS_OF, zone=ZONE)]
            for tree in trees
        ]

        # when all are evaluated, and then some as a refresh does, for the first time and with its statement cached
        engine = PostgresEngine()

        async def evaluate(ordinals: BitMap | None) -> list[list[int]]:
            async with connection.transaction():
                request = EvaluationRequest(
                    PEOPLE, trees, as_of=AS_OF, zone=ZONE, timeout_seconds=10, within_ordinals=ordinals
                )
                return [list(found) for found in await engine.evaluate(connection, request)]

        found = await evaluate(None)
        some = [await evaluate(BitMap(given)) for given in ([0, 1, 2], [2, 3, 4])]

    # then
    assert found == expected == [[0, 3, 4], [1, 2], [1, 4], [0, 3, 4]]
    assert some == [
        [[n for n in of_tree if n in given] for of_tree in expected] for given in ({0, 1, 2}, {2, 3, 4})
    ]

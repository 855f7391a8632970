"""Every text of every operation filled with what texts should not hold: an error of that field, or nothing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLInputObjectType, GraphQLType, get_named_type

from seggraph.context import Context
from tests.api.schema_walk import SCHEMA, Place, Walk
from tests.api.test_permission_walk import TABLES
from tests.api.world import OPEN, furnished
from tests.product import Server

TEXTS = (
    "\u0000",
    "\ud800",
    "x" * 5_000,
    "9" * 5_000,
    "https://.",
    "https://[",
    "P9999999999Y",
    "9999-12-31T23:59:59.9999999999-23:59",
)
WALK = Walk(SCHEMA, replace(TABLES, texts={}))


def places_in(type_: GraphQLType, seen: tuple[str, ...] = ()) -> Iterator[Place]:
    """Every place below an argument that takes a scalar."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        if named.name not in seen:
            for key, part in named.fields.items():
                for rest in places_in(part.type, (*seen, named.name)):
                    yield (key, *rest)
    elif named.name in ("String", "ID", "JSON", "Duration", "DateTime", "Date", "Decimal"):
        yield ()


def all_places() -> Iterator[tuple[str, str, Place]]:
    for root in ("Query", "Mutation"):
        for name, field in WALK.fields_of(root).items():
            for key, argument in field.args.items():
                for rest in places_in(argument.type):
                    yield root, name, (key, *rest)


def is_internal(answer: dict[str, Any]) -> bool:
    return any(error.get("extensions", {}).get("code") == "INTERNAL" for error in answer.get("errors", ()))


@pytest.mark.slow
async def test_no_text_makes_an_internal_error(
    context: Context, server: Server, connection: asyncpg.Connection
) -> None:
    world = await furnished(context, server, connection)
    found: dict[str, list[str]] = {}
    async with server.sign_in(world.admin) as product:
        for root, name, place in all_places():
            if "file" in place:
                continue
            for text in TEXTS:
                operation = WALK.trial(root, name, world.all_of(OPEN), place, text)
                answer = await product.raw(operation.text, **operation.variables)
                if is_internal(answer):
                    found.setdefault(operation.title, []).append(text[:20])

    assert found == {}

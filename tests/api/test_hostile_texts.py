"""Every text of every operation filled with what texts should not hold: an error of that field, or nothing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLInputObjectType, GraphQLType, get_named_type

from seggraph.access import Viewer
from seggraph.context import Context
from tests.api.schema_walk import SCHEMA, Place, Walk
from tests.api.test_permission_walk import TABLES
from tests.api.world import furnished
from tests.effort import tries
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
STEP = tries(2, 1)
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
@pytest.mark.timeout(3_600)
async def test_no_text_makes_an_internal_error(
    context: Context, server: Server, connection: asyncpg.Connection
) -> None:
    world = await furnished(context, server, connection)
    ids = {type_: id_ for objects in world.objects.values() for type_, id_ in objects.items()}
    found: dict[str, list[str]] = {}
    async with server.sign_in(world.admin) as product:
        for number, (root, name, place) in enumerate(all_places()):
            if "file" in place:
                continue
            # Half of the texts for each place, the other half for the next one: all texts for all kinds of places.
            for text in TEXTS[number % STEP :: STEP]:
                operation = WALK.trial(root, name, ids, place, text)
                answer = await product.raw(operation.text, **operation.variables)
                if is_internal(answer):
                    found.setdefault(operation.title, []).append(text[:20])

    assert found == {}


@pytest.mark.parametrize("extra", ["#" + "x" * 262_144 + "\n", " " * 262_144])
async def test_a_long_document_is_refused_before_it_is_read(
    server: Server, viewer: Viewer, extra: str
) -> None:
    text = "{ viewer { role } }"
    async with server.sign_in(viewer) as product:
        refused = await product.raw(extra + text)
        longest = await product.raw(text.rjust(262_144))
    [error] = refused["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_LARGE"
    assert longest["data"] == {"viewer": {"role": "ADMIN"}}


PREVIEW = """
    query ($i: PreviewSegmentInput!) { previewSegment(input: $i) {
      errors { code path ... on CriteriaError { reason } } } }
"""
DESTINATION = """
    mutation ($url: String!) { createDestination(input: {name: "D", type: HTTP, url: $url}) { errors { code path } } }
"""


@pytest.mark.parametrize("field", ["\u0000", "a\u0000", "x" * 5_000])
async def test_the_name_of_a_property_that_cannot_be_one_is_that_fields_error(
    server: Server, viewer: Viewer, field: str
) -> None:
    condition = {"event": {"name": "visit", "where": [{"field": field, "op": "EQ", "value": "x"}]}}
    sequence = {"sequence": {"steps": [condition["event"], {"name": "order"}]}}
    async with server.sign_in(viewer) as product:
        for criteria, place in ((condition, ["event"]), (sequence, ["sequence", "steps", "0"])):
            given = {"kind": "PERSON", "criteria": criteria}
            [error] = (await product.run(PREVIEW, i=given))["previewSegment"]["errors"]
            assert error["reason"] == "CRITERIA_BAD_VALUE"
            assert error["path"] == ["criteria", *place, "where", "0", "field"]
        text = f"COUNT(EVENT 'visit' WHERE \"{field}\" = 'x') > 0"
        answer = await product.raw(PREVIEW, i={"kind": "PERSON", "criteriaText": text})
    assert not is_internal(answer)


@pytest.mark.parametrize(
    "url", ["https://.", "https://..", "https://a..b/", "https://" + "a" * 64 + ".example/", "https://xn--/"]
)
async def test_a_url_without_the_name_of_a_host_is_that_fields_error(
    server: Server, viewer: Viewer, url: str
) -> None:
    async with server.sign_in(viewer) as product:
        [error] = (await product.run(DESTINATION, url=url))["createDestination"]["errors"]

    assert error == {"code": "INVALID", "path": ["url"]}

"""Every list of the schema pages alike, forwards and backwards."""

from typing import Any, Final

import asyncpg
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type

from seggraph.context import Context
from tests.api.schema_walk import SCHEMA
from tests.api.world import HIDDEN, KEYS, OPEN, World, called, furnished
from tests.product import Product, Server

ARGUMENTS: Final = {"first", "after", "last", "before"}
GIVEN: Final = {"Query.members": "kind: PERSON", "Segment.membershipAt": 'at: "2036-01-01T00:00:00Z"'}
"""Arguments that lists must have."""


def connections() -> list[tuple[str, str, Any]]:
    return [
        (type_.name, name, field)
        for type_ in SCHEMA.type_map.values()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not type_.name.startswith("__")
        for name, field in type_.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
    ]


def test_every_connection_has_the_same_arguments_and_fields() -> None:
    found = connections()

    assert len(found) > 20
    for owner, name, field in found:
        assert set(field.args) >= ARGUMENTS, (owner, name)
        type_: Any = get_named_type(field.type)
        assert {"edges", "nodes", "pageInfo"} <= set(type_.fields)
        assert str(type_.fields["pageInfo"].type) == "PageInfo!"


def test_whatever_has_an_id_to_be_looked_up_by_is_a_node() -> None:
    """Whatever a query takes by its `id` alone is found by `node` too."""
    nodes = {type_.name for type_ in SCHEMA.get_possible_types(SCHEMA.type_map["Node"])}  # type: ignore[arg-type]
    assert SCHEMA.query_type is not None
    looked_up = {
        get_named_type(field.type).name
        for name, field in SCHEMA.query_type.fields.items()
        if set(field.args) == {"id"} and name != "node"
    }

    assert len(looked_up) > 5
    assert looked_up <= nodes


async def read(product: Product, world: World, owner: str, name: str, arguments: str) -> dict[str, Any]:
    """A page of a list."""
    given = ", ".join(filter(None, [GIVEN.get(f"{owner}.{name}"), arguments]))
    field = f"{name}({given}) {{ edges {{ cursor }} pageInfo {{ hasNextPage hasPreviousPage }} }}"
    if owner == "Query":
        page = (await product.run(f"{{ page: {field} }}"))["page"]
    else:
        objects = world.objects[HIDDEN] | world.objects[KEYS] | world.objects[OPEN]
        if owner == "Segment":
            objects["Segment"] = world.objects[HIDDEN]["Segment"]
        query = f'{{ node(id: "{objects[owner]}") {{ ... on {owner} {{ page: {field} }} }} }}'
        page = (await product.run(query))["node"]["page"]
    found: dict[str, Any] = page
    return found


def cursors(page: dict[str, Any]) -> list[str]:
    return [edge["cursor"] for edge in page["edges"]]


async def test_pages_from_the_end_are_those_from_the_start(
    context: Context, server: Server, connection: asyncpg.Connection
) -> None:
    world = await furnished(context, server, connection)
    lengths = {}
    async with server.sign_in(world.admin) as product:
        events = [
            {
                "kind": "PERSON",
                "memberExternalId": "p289",
                "name": "visit",
                "occurredAt": f"2026-02-0{day}T00:00:00Z",
            }
            for day in (1, 2, 2, 3)
        ]
        await called(product, "recordEvents", "accepted", events=events)
        for owner, name, _ in connections():
            if owner == "WebhookDelivery":  # none of what the world has
                continue
            whole = cursors(await read(product, world, owner, name, "first: 250"))
            lengths[f"{owner}.{name}"] = len(whole)
            end = (await read(product, world, owner, name, "last: 250"))["pageInfo"]
            assert end["hasNextPage"] is False
            if await at_once(product, world, owner, name) == len(whole):
                await require_the_same_backwards(product, world, owner, name, whole)
    assert sum(length > 2 for length in lengths.values()) > 8, lengths


async def at_once(product: Product, world: World, owner: str, name: str) -> int:
    """How long a page from the end is: as long as the list, if it is not longer than a page."""
    page = await read(product, world, owner, name, "last: 250")
    return len(page["edges"]) if not page["pageInfo"]["hasPreviousPage"] else -1


async def require_the_same_backwards(
    product: Product, world: World, owner: str, name: str, whole: list[str]
) -> None:
    shown, before = whole, ""
    for _ in range(3):
        page = await read(product, world, owner, name, f"last: 2{before}")
        assert cursors(page) == shown[-2:], (owner, name)
        assert page["pageInfo"] == {"hasNextPage": before != "", "hasPreviousPage": len(shown) > 2}
        if len(shown) <= 2:
            break
        before = f', before: "{shown[-2]}"'
        shown = shown[:-2]
    if len(whole) > 2:
        for size in ("first", "last"):
            between = f'{size}: 250, after: "{whole[0]}", before: "{whole[-1]}"'
            assert cursors(await read(product, world, owner, name, between)) == whole[1:-1], (owner, name)

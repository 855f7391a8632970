"""Events as clients push and read them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.vocabulary import Role
from tests.conftest import new_viewer
from tests.product import Product, Server

NOW = datetime.now(UTC).replace(microsecond=0)

UPSERT = """
    mutation ($kind: MemberKind!, $members: [MemberInput!]!) {
      upsertMembers(input: {kind: $kind, members: $members}) { created rowErrors { code } errors { code } }
    }
"""

RECORD = """
    mutation ($events: [EventInput!]!) {
      recordEvents(input: {events: $events}) {
        accepted duplicates rowErrors { index code message path } errors { code message path }
      }
    }
"""

DELETE = """
    mutation ($externalIds: [String!]!) {
      deleteEvents(input: {externalIds: $externalIds}) { deleted notFound errors { code path } }
    }
"""

RETAIN = """
    mutation ($days: Int) {
      setEventRetention(input: {days: $days}) { workspace { eventRetentionDays } errors { code path } }
    }
"""

MEMBERS = """
    query ($first: Int, $after: String, $names: [String!]) {
      members(kind: PERSON) {
        nodes {
          externalId
          events(first: $first, after: $after, names: $names) {
            totalCount
            edges { cursor node { id name occurredAt recordedAt value properties externalId } }
            nodes { externalId }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
          }
          value {
            revenue orders averageOrderValue customerLifetimeValue orderLatencyDays asOf
          }
        }
      }
    }
"""


def ago(**length: float) -> str:
    return (NOW - timedelta(**length)).isoformat().replace("+00:00", "Z")


def order(member: str, day: int, value: str | None, **given: Any) -> dict[str, Any]:
    return {
        "kind": "PERSON",
        "memberExternalId": member,
        "name": "order",
        "occurredAt": ago(days=day),
        "value": value,
        "externalId": f"{member}-{day}",
    } | given


async def push(product: Product, *events: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await product.run(RECORD, events=list(events)))["recordEvents"]
    return answer


async def members(product: Product, **variables: Any) -> dict[str, dict[str, Any]]:
    answer = await product.run(MEMBERS, **variables)
    return {node["externalId"]: node for node in answer["members"]["nodes"]}


@pytest.fixture
async def ann_and_bob(server: Server, viewer: Viewer) -> Any:
    """A client of a workspace with two people. No worker is running."""
    async with server.sign_in(viewer) as client:
        await client.run(UPSERT, kind="PERSON", members=[{"externalId": "ann"}, {"externalId": "bob"}])
        yield client


async def test_events_are_pushed_twice_corrected_read_and_deleted(ann_and_bob: Product) -> None:
    # given events, one for a member who is not there
    product = ann_and_bob
    events = [
        order("ann", 20, "100.50", properties={"channel": "web"}),
        order("ann", 10, "49.5"),
        order("zoe", 1, "1"),
        order("ann", 1, None, name="page_view"),
    ]

    # when they are pushed twice by mistake
    first, second = await push(product, *events), await push(product, *events)

    # then they are there once, and the bad row is told
    row_error = {
        "index": 2,
        "code": "NOT_FOUND",
        "message": "There is no PERSON with the external id 'zoe'.",
        "path": ["memberExternalId"],
    }
    assert first == {"accepted": 3, "duplicates": 0, "rowErrors": [row_error], "errors": []}
    assert second == {"accepted": 0, "duplicates": 3, "rowErrors": [row_error], "errors": []}
    found = await members(product)
    ann, bob = found["ann"], found["bob"]
    assert [node["externalId"] for node in ann["events"]["nodes"]] == ["ann-1", "ann-10", "ann-20"]
    oldest = ann["events"]["edges"][-1]["node"]
    assert (oldest["name"], oldest["occurredAt"], oldest["value"]) == ("order", ago(days=20), "100.5")
    assert oldest["properties"] == {"channel": "web"}
    assert ann["events"]["edges"][0]["node"]["properties"] == {}
    assert ann["events"]["totalCount"] == 3
    as_of = ann["value"].pop("asOf")
    assert as_of >= ago()[:19]
    assert ann["value"] == {
        "revenue": "150",
        "orders": 2,
        "averageOrderValue": "75",
        "customerLifetimeValue": "150",
        "orderLatencyDays": 10.0,
    }
    assert (bob["events"]["totalCount"], bob["events"]["edges"]) == (0, [])
    assert (bob["value"]["revenue"], bob["value"]["orders"]) == ("0", 0)
    assert bob["value"]["averageOrderValue"] is None
    assert bob["value"]["orderLatencyDays"] is None

    # and when one is corrected and one deleted, everything follows
    assert (await push(product, order("ann", 10, "9.5")))["accepted"] == 1
    deleted = (await product.run(DELETE, externalIds=["ann-20", "nobody"]))["deleteEvents"]
    assert deleted == {"deleted": 1, "notFound": ["nobody"], "errors": []}
    value = (await members(product))["ann"]["value"]
    assert (value["revenue"], value["orders"], value["orderLatencyDays"]) == ("9.5", 1, None)


async def test_a_members_events_are_paged_by_name(ann_and_bob: Product) -> None:
    names = ("order", "login")
    await push(
        ann_and_bob,
        *(order("ann", day, None, name=names[day % 2]) for day in range(10)),
        order("bob", 3, "1"),
    )

    page = (await members(ann_and_bob, first=2, names=["order"]))["ann"]["events"]
    assert [edge["node"]["externalId"] for edge in page["edges"]] == ["ann-0", "ann-2"]
    assert page["totalCount"] == 5
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (True, False)
    assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]

    after = page["pageInfo"]["endCursor"]
    rest = (await members(ann_and_bob, first=9, names=["order"], after=after))["ann"]["events"]
    assert [node["externalId"] for node in rest["nodes"]] == ["ann-4", "ann-6", "ann-8"]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"after": "nonsense"}, "BAD_CURSOR"),
        ({"first": -1}, "INVALID"),
        ({"first": 1001}, "COST_LIMIT_EXCEEDED"),
        ({"names": ["n"] * 101}, "TOO_LARGE"),
    ],
)
async def test_a_page_that_cannot_be_is_told(ann_and_bob: Product, wrong: dict[str, Any], code: str) -> None:
    answer = await ann_and_bob.raw(MEMBERS, **wrong)

    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}


async def test_a_name_that_no_event_can_have_finds_nothing(ann_and_bob: Product) -> None:
    await push(ann_and_bob, order("ann", 1, "1"))

    found = await members(ann_and_bob, names=["\0", "orders"])

    assert found["ann"]["events"]["edges"] == []


async def test_the_number_of_statements_does_not_grow_with_the_page(
    ann_and_bob: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a list of two, then of many members with events
    fetched: list[str] = []
    fetch = asyncpg.Connection.fetch

    async def counting(connection: asyncpg.Connection, query: str, *arguments: Any, **options: Any) -> Any:
        fetched.append(query)
        return await fetch(connection, query, *arguments, **options)

    async def statements_about_events() -> int:
        fetched.clear()
        await members(ann_and_bob)
        return len([query for query in fetched if "event" in query])

    monkeypatch.setattr(asyncpg.Connection, "fetch", counting)
    await push(ann_and_bob, order("ann", 1, "1"), order("bob", 1, "1"))
    for_two = await statements_about_events()
    people = [{"externalId": f"p{number}"} for number in range(40)]
    await ann_and_bob.run(UPSERT, kind="PERSON", members=people)
    await push(ann_and_bob, *(order(one["externalId"], day, "1") for one in people for day in range(3)))

    # then pages, counts and values are one statement each
    assert for_two == await statements_about_events() == 3


async def test_mistakes_in_a_call_are_errors_of_the_payload(ann_and_bob: Product) -> None:
    assert await push(ann_and_bob) == {"accepted": 0, "duplicates": 0, "rowErrors": [], "errors": []}
    too_many = await push(ann_and_bob, *([order("ann", 1, "1")] * 5_001))
    assert [(error["code"], error["path"]) for error in too_many["errors"]] == [("TOO_LARGE", ["events"])]
    none = (await ann_and_bob.run(DELETE, externalIds=[]))["deleteEvents"]
    assert [(error["code"], error["path"]) for error in none["errors"]] == [("REQUIRED", ["externalIds"])]
    future = await push(ann_and_bob, order("ann", -2, "1"), order("ann", 0, "1.23456"))
    assert [(error["index"], error["code"], error["path"]) for error in future["rowErrors"]] == [
        (0, "INVALID", ["occurredAt"]),
        (1, "INVALID", ["value"]),
    ]


async def test_retention_is_for_administrators(ann_and_bob: Product, server: Server, viewer: Viewer) -> None:
    found = (await ann_and_bob.run(RETAIN, days=30))["setEventRetention"]
    assert found == {"workspace": {"eventRetentionDays": 30}, "errors": []}
    wrong = (await ann_and_bob.run(RETAIN, days=0))["setEventRetention"]
    assert [(error["code"], error["path"]) for error in wrong["errors"]] == [("INVALID", ["days"])]

    leader = await new_viewer("Acme", Role.LEADER, workspace_id=viewer.workspace_id)
    async with server.sign_in(leader) as client:
        refused = (await client.run(RETAIN))["setEventRetention"]
        kept = await client.run("{ viewer { workspace { eventRetentionDays } } }")
    assert [error["code"] for error in refused["errors"]] == ["FORBIDDEN"]
    assert kept["viewer"]["workspace"]["eventRetentionDays"] == 30

    forever = (await ann_and_bob.run(RETAIN))["setEventRetention"]
    assert forever["workspace"] == {"eventRetentionDays": None}


async def test_another_workspace_neither_sees_nor_deletes_events(
    ann_and_bob: Product, server: Server, connection: asyncpg.Connection, context: Context
) -> None:
    await push(ann_and_bob, order("ann", 1, "1"))
    before = await connection.fetch("SELECT * FROM events")

    async with server.sign_in(await new_viewer("Other")) as other:
        refused = await push(other, order("ann", 1, "2"))
        deleted = (await other.run(DELETE, externalIds=["ann-1"]))["deleteEvents"]

    assert [error["code"] for error in refused["rowErrors"]] == ["NOT_FOUND"]
    assert deleted == {"deleted": 0, "notFound": ["ann-1"], "errors": []}
    assert await connection.fetch("SELECT * FROM events") == before


NODES = """
    query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Event { name member { externalId } } } }
"""


async def test_an_event_is_a_node_that_knows_its_member(
    ann_and_bob: Product, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await push(ann_and_bob, order("ann", 1, "1"), order("ann", 2, "1"), order("bob", 1, "1"))
    found = await members(ann_and_bob)
    ids = [edge["node"]["id"] for name in ("ann", "bob") for edge in found[name]["events"]["edges"]]
    # a part of an id; Event:99-9999999999-1; Event:1-1-1, which is another person's
    odd = [ids[0][:-2], "RXZlbnQ6OTktOTk5OTk5OTk5OS0x", "RXZlbnQ6MS0xLTE"]
    fetched: list[str] = []
    fetch = asyncpg.Connection.fetch

    async def counting(connection: asyncpg.Connection, query: str, *arguments: Any, **options: Any) -> Any:
        fetched.append(query)
        return await fetch(connection, query, *arguments, **options)

    monkeypatch.setattr(asyncpg.Connection, "fetch", counting)
    nodes = (await ann_and_bob.run(NODES, ids=[*ids, *odd]))["nodes"]
    read = len([query for query in fetched if "(m.kind, m.ordinal) IN" in query or "JOIN events e" in query])
    async with server.sign_in(await new_viewer("Other")) as other:
        hidden = (await other.run(NODES, ids=ids))["nodes"]

    assert [node and (node["id"], node["name"], node["member"]["externalId"]) for node in nodes] == [
        (ids[0], "order", "ann"),
        (ids[1], "order", "ann"),
        (ids[2], "order", "bob"),
        None,
        None,
        None,
    ]
    assert read == 2  # the events, and the members of all of them
    assert hidden == [None, None, None]

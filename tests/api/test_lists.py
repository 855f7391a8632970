"""Lists: pages by keyset in both directions, counts on demand, and statements that do not grow with the page."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.identity.provisioning import FIND as FIND_USER
from seggraph.vocabulary import Role
from tests.conftest import new_viewer
from tests.product import Product, Server, working

MEMBERS = """
    query ($first: Int, $after: String, $last: Int, $before: String, $order: MemberOrder, $search: String,
           $where: CriteriaInput, $ids: [ID!]) {
      members(kind: ACCOUNT, first: $first, after: $after, last: $last, before: $before, orderBy: $order,
              search: $search, where: $where, segmentIds: $ids) {
        edges { cursor node { externalId } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
"""
UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: ACCOUNT, members: $members}) { created errors { code } rowErrors { message } }
    }
"""
CREATE = """
    mutation ($input: CreateSegmentInput!) { createSegment(input: $input) { segment { id } errors { code message } } }
"""
EVENTS = "subscription ($ids: [ID!]) { segmentEvents(segmentIds: $ids) { __typename segment { id reach { status } } } }"


@pytest.fixture
async def client(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    async with server.sign_in(viewer) as product:
        yield product


async def walk(client: Product, *, backwards: bool, size: int, **given: Any) -> list[str]:
    """All external ids of a list, page by page, each page checked."""
    found: list[str] = []
    cursor = None
    for _ in range(100):
        place = {"last": size, "before": cursor} if backwards else {"first": size, "after": cursor}
        page = (await client.run(MEMBERS, **place, **given))["members"]
        names = [edge["node"]["externalId"] for edge in page["edges"]]
        info = page["pageInfo"]
        assert len(names) <= size
        found = names + found if backwards else found + names
        assert info["hasPreviousPage" if not backwards else "hasNextPage"] is (cursor is not None)
        if not info["hasPreviousPage" if backwards else "hasNextPage"]:
            return found
        cursor = info["startCursor" if backwards else "endCursor"]
        assert cursor == page["edges"][0 if backwards else -1]["cursor"]
    raise AssertionError("the list has no end")


ORDERS = [
    None,
    {"field": "name"},
    {"field": "name", "direction": "DESC"},
    {"field": "revenue", "direction": "DESC"},
    {"field": "score"},
    {"field": "employees", "direction": "DESC"},
    {"field": "level"},
    {"field": "level", "direction": "DESC"},
    {"field": "updatedAt", "direction": "DESC"},
]


async def test_pages_are_whole_in_every_order_and_direction(client: Product) -> None:
    # given members with ties, unset values, and an attribute that is of another type for another kind
    rows = [
        {
            "externalId": f"{number:02}",
            "name": None if number % 5 == 0 else f"Name {number % 3}",
            "revenue": None if number % 4 == 0 else f"{number % 6}.25",
            "score": None if number % 3 == 0 else 0.1 * (number % 4),
            "employees": number % 2,
            "country": "DE" if number % 2 else "AT",
            "attributes": {"level": number % 3} if number % 2 else {},
        }
        for number in range(23)
    ]
    report = (await client.run(UPSERT, members=rows))["upsertMembers"]
    assert report == {"created": 23, "errors": [], "rowErrors": []}
    text = '{kind: PERSON, members: [{externalId: "p", attributes: {level: "high"}}]}'
    await client.run(f"mutation {{ upsertMembers(input: {text}) {{ created }} }}")

    german = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
    for order in ORDERS:
        for given, count in (({}, 23), ({"where": german}, 11), ({"search": "name 1", "where": german}, 4)):
            whole = await walk(client, backwards=False, size=50, order=order, **given)
            assert len(whole) == len(set(whole)) == count
            assert await walk(client, backwards=False, size=3, order=order, **given) == whole
            assert await walk(client, backwards=True, size=4, order=order, **given) == whole

    by_revenue = await walk(client, backwards=False, size=50, order={"field": "revenue", "direction": "DESC"})
    assert set(by_revenue[-6:]) == {"00", "04", "08", "12", "16", "20"}  # unset ones come last


async def test_a_page_between_two_cursors(client: Product) -> None:
    await client.run(UPSERT, members=[{"externalId": str(number)} for number in range(9)])
    everyone = {"attribute": {"field": "externalId", "op": "IS_SET"}}
    for given in ({}, {"where": everyone}):
        edges = (await client.run(MEMBERS, **given))["members"]["edges"]
        cursors = [edge["cursor"] for edge in edges]

        between = [
            ({"after": cursors[1], "before": cursors[7]}, ["2", "3", "4", "5", "6"]),
            ({"after": cursors[1], "before": cursors[7], "first": 2}, ["2", "3"]),
            ({"after": cursors[1], "before": cursors[7], "last": 2}, ["5", "6"]),
            ({"after": cursors[6], "last": 5}, ["7", "8"]),
            ({"before": cursors[2], "first": 5}, ["0", "1"]),
            ({"after": cursors[5], "before": cursors[2]}, []),
            ({"first": 0}, []),
        ]
        for place, expected in between:
            page = (await client.run(MEMBERS, **place, **given))["members"]
            assert [edge["node"]["externalId"] for edge in page["edges"]] == expected, (place, given)


async def test_changes_between_pages_make_no_gap_and_no_repetition(
    client: Product, connection: asyncpg.Connection
) -> None:
    rows = [{"externalId": name, "name": name} for name in "bdfhjl"]
    await client.run(UPSERT, members=rows)
    order = {"field": "name"}
    first = (await client.run(MEMBERS, first=3, order=order))["members"]

    # when the last one of the page goes, and others come on both sides of it
    await connection.execute("DELETE FROM members WHERE external_id = 'f'")
    await client.run(UPSERT, members=[{"externalId": name, "name": name} for name in "agk"])
    after = first["pageInfo"]["endCursor"]
    rest = (await client.run(MEMBERS, first=9, after=after, order=order))["members"]

    assert [edge["node"]["externalId"] for edge in first["edges"]] == ["b", "d", "f"]
    assert [edge["node"]["externalId"] for edge in rest["edges"]] == ["g", "h", "j", "k", "l"]


def forged(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


BAD_CURSORS = [
    "rubbish",
    "",
    "é",
    "x" * 5_000,
    forged(),
    forged("ordinal+"),
    forged("ordinal-", 1),
    forged("member.name+", False, "a", 1),
    forged("ordinal+", "1"),
    forged("ordinal+", 2**63),
    forged("ordinal+", None),
    base64.urlsafe_b64encode(b"5").decode(),
]


async def test_cursors_that_this_list_never_gave(client: Product) -> None:
    await client.run(UPSERT, members=[{"externalId": "a", "name": "a", "revenue": 1}])
    calls: list[dict[str, Any]] = [{"after": cursor} for cursor in BAD_CURSORS]
    calls += [{"before": cursor} for cursor in BAD_CURSORS]
    by_name = {"order": {"field": "name"}}
    calls += [by_name | {"after": forged("member.name+", False, text, 1)} for text in ("\0", 5)]
    by_revenue = {"order": {"field": "revenue"}}
    amounts = ("NaN", "Infinity", "1e99999", "x", 5)
    calls += [by_revenue | {"after": forged("member.revenue+", False, amount, 1)} for amount in amounts]
    by_time = {"order": {"field": "createdAt"}}
    times = ("2026-01-01T00:00:00", "x", 5)
    calls += [by_time | {"after": forged("member.createdAt+", time, 1)} for time in times]

    for given in calls:
        [error] = (await client.raw(MEMBERS, **given))["errors"]
        assert error["extensions"]["code"] == "BAD_CURSOR", given
        assert error["extensions"]["path"] == ["before" if "before" in given else "after"]
    foreign = (await client.run("{ viewer { workspace { id } } }"))["viewer"]["workspace"]["id"]
    assert (await client.raw(MEMBERS, after=foreign))["errors"][0]["extensions"]["code"] == "BAD_CURSOR"


@pytest.mark.parametrize(
    ("place", "code", "path"),
    [
        ({"first": -1}, "INVALID", "first"),
        ({"last": -1}, "INVALID", "last"),
        ({"first": 1_001}, "TOO_LARGE", "first"),
        ({"first": 1, "last": 1}, "INVALID", "last"),
        ({"order": {"field": "shoeSize"}}, "CRITERIA_INVALID", "orderBy"),
        ({"ids": ["rubbish"]}, "NOT_FOUND", "segmentIds"),
    ],
)
async def test_pages_that_cannot_be(client: Product, place: dict[str, Any], code: str, path: str) -> None:
    [error] = (await client.raw(MEMBERS, **place))["errors"]

    assert (error["extensions"]["code"], error["extensions"]["path"][0]) == (code, path)


async def test_members_of_a_segment_of_another_kind(client: Product) -> None:
    static = {"name": "People", "kind": "PERSON", "type": "STATIC"}
    made = (await client.run(CREATE, input=static))["createSegment"]["segment"]["id"]

    [error] = (await client.raw(MEMBERS, ids=[made]))["errors"]

    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("INVALID", ["segmentIds", 0])


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that this process sends while it is entered, but for those of signing in.

    Whether a sign-in needs one is a matter of when the last one was.
    """
    sent: list[str] = []
    plain = asyncpg.Connection._execute

    async def noting(self: asyncpg.Connection, query: str, *arguments: Any, **options: Any) -> Any:
        if query != FIND_USER:
            sent.append(query)
        return await plain(self, query, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncpg.Connection, "_execute", noting)
        yield sent


SIZE = """
    query ($first: Int!) {
      segments(first: $first) { nodes {
        name memberCount reach { status total } campaignCount campaigns(first: 3) { totalCount } createdBy { name }
        usages { campaigns { name } segments { name } playbooks { name } hiddenCount } criteria criteriaText
      } }
    }
"""
COUNTS = """
    query ($filter: SegmentFilter, $search: String) {
      segmentCounts(filter: $filter, search: $search) { status count }
      segments(filter: $filter, search: $search) { totalCount }
    }
"""


async def test_counts_for_tabs_and_lists_with_counts(client: Product, viewer: Viewer) -> None:
    # given segments in every status that there is without a worker, some of them used, one hidden
    team = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with client.server.sign_in(team) as member:
        hidden = (await member.run("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
        everyone = {"attribute": {"field": "country", "op": "IS_SET"}}
        made: list[str] = []
        for number in range(12):
            draft: dict[str, Any] = {"name": f"List {number}", "kind": "ACCOUNT", "type": "STATIC"}
            if number % 3 == 0:
                refers = {"segment": {"op": "IN", "id": made[0]}} if made else everyone
                draft |= {"type": "DYNAMIC", "criteria": refers}
            draft |= {"hiddenFromIds": [hidden]} if number == 3 else {}
            made.append((await client.run(CREATE, input=draft))["createSegment"]["segment"]["id"])
        pause = "mutation ($id: ID!) { pauseSegment(input: {id: $id}) { errors { code } } }"
        archive = "mutation ($id: ID!) { archiveSegment(input: {id: $id}) { errors { code } } }"
        assert (await client.run(pause, id=made[6]))["pauseSegment"]["errors"] == []
        assert (await client.run(archive, id=made[9]))["archiveSegment"]["errors"] == []

        async def counts(product: Product, **given: Any) -> dict[str, int]:
            with counted() as sent:
                answer = await product.run(COUNTS, **given)
            assert len([text for text in sent if "GROUP BY s.status" in text]) == 1
            return {one["status"]: one["count"] for one in answer["segmentCounts"]}

        # then each tab has its number, whichever of them is open, without those that are not for the viewer
        total = {"DRAFT": 8, "ACTIVE": 2, "PAUSED": 1, "ARCHIVED": 1}
        assert await counts(client) == total
        assert await counts(client, filter={"statuses": ["PAUSED"]}) == total
        assert await counts(member) == total | {"ACTIVE": 1}
        assert await counts(client, search="list 1") == {"DRAFT": 3, "ACTIVE": 0, "PAUSED": 0, "ARCHIVED": 0}
        assert await counts(client, filter={"types": ["DYNAMIC"]}) == total | {"DRAFT": 0}

    # and a list with everything that is counted takes as many statements as one segment does
    sizes = []
    for first in (1, 11):
        with counted() as sent:
            nodes = (await client.run(SIZE, first=first))["segments"]["nodes"]
        assert len(nodes) == first
        sizes.append(len(sent))
    assert sizes[0] <= sizes[1] <= sizes[0] + 1, "one more where criteria refer to segments"
    assert [one["name"] for one in nodes[-1]["usages"]["segments"]] == ["List 3", "List 6", "List 9"]


SEGMENTS = """
    query ($first: Int!, $order: MemberOrder, $search: String, $where: CriteriaInput) {
      segments(first: $first, orderBy: {field: NAME}) {
        totalCount
        nodes {
          id name criteriaSentence createdBy { name } lastModifiedBy { name } hiddenFrom { name }
          sources { kind memberCount blockedCount } freshness { pendingChanges lagSeconds }
          members(first: 3, orderBy: $order, search: $search, where: $where) {
            totalCount
            edges { enteredAt sources node { externalId address shippingAddress billingAddress } }
          }
        }
      }
    }
"""
PAGE = """
    query ($first: Int!) {
      members(kind: ACCOUNT, first: $first) { nodes { externalId address consents { state } segments { totalCount } } }
    }
"""


async def test_the_statements_of_a_list_do_not_grow_with_its_page(
    client: Product, context: Context, viewer: Viewer
) -> None:
    # given ten segments, made by two users and hidden from one, with the members that they match
    other = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with client.server.sign_in(other) as leader:
        hidden = (await leader.run("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
        rows = [
            {"externalId": f"{n:02}", "name": f"N{n}", "employees": n, "address": "Street"} for n in range(20)
        ]
        await client.run(UPSERT, members=rows)
        made: list[str] = []
        for number in range(10):
            author = leader if number % 2 else client
            criteria = {"attribute": {"field": "employees", "op": "GTE", "value": number}}
            given = {"name": f"S{number}", "kind": "ACCOUNT", "type": "DYNAMIC", "criteria": criteria}
            given |= {} if number % 2 else {"hiddenFromIds": [hidden]}
            made.append((await author.run(CREATE, input=given))["createSegment"]["segment"]["id"])
    async with working(context), client.subscribe(EVENTS, ids=made) as events:
        waiting = set(made)
        while waiting:
            segment = (await events.next())["segment"]
            if segment["reach"]["status"] == "READY":
                waiting.discard(segment["id"])

    where = {"attribute": {"field": "employees", "op": "LT", "value": 15}}
    for narrowing in (
        {},
        {"order": {"field": "name", "direction": "DESC"}},
        {"search": "n1"},
        {"where": where},
    ):
        counts = []
        for first in (2, 5, 10):
            with counted() as sent:
                answer = (await client.run(SEGMENTS, first=first, **narrowing))["segments"]
            counts.append(
                len([text for text in sent if text.lstrip().upper().startswith(("SELECT", "WITH"))])
            )
            assert len(answer["nodes"]) == first
            assert answer["totalCount"] == 10
            for node in answer["nodes"]:
                assert len(node["members"]["edges"]) == 3
                assert all(
                    edge["enteredAt"] and edge["sources"] == ["CRITERIA"] for edge in node["members"]["edges"]
                )
                assert all(edge["node"]["address"] == "Street" for edge in node["members"]["edges"])
        assert max(counts) < min(counts) + 3, narrowing  # one more for each row would be eight more
    assert answer["nodes"][0]["criteriaSentence"]
    assert answer["nodes"][0]["members"]["totalCount"] == 15

    counts = []
    for first in (1, 20):
        with counted() as sent:
            await client.run(PAGE, first=first)
        counts.append(len(sent))
        assert not any("count(*)" in text for text in sent)  # nobody asked for totalCount of the members
    assert counts[0] == counts[1]

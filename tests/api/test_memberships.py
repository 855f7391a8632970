"""Membership by hand and a member's own view, as clients meet them."""

from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.identity.provisioning import FIND as FIND_USER
from seggraph.vocabulary import Role
from tests.conftest import new_viewer
from tests.product import Product, Server

UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: ACCOUNT, members: $members}) { created rowErrors { code } errors { code } }
    }
"""

CREATE = """
    mutation ($input: CreateSegmentInput!) {
      createSegment(input: $input) { segment { id } errors { code message path } }
    }
"""

HAND = """
    mutation ($input: SegmentMembersInput!) {
      HAND(input: $input) {
        changed alreadyDone notFound
        segments { id name status memberCount members { totalCount } sources { kind memberCount blockedCount } }
        errors { code path message }
      }
    }
"""
ADD = HAND.replace("HAND", "addSegmentMembers")
REMOVE = HAND.replace("HAND", "removeSegmentMembers")

EVENTS = """
    subscription ($ids: [ID!]) {
      segmentEvents(segmentIds: $ids) {
        __typename segment { id memberCount reach { status } }
        ... on MembershipChanged { entered exited enteredSample { externalId } exitedSample { externalId } }
      }
    }
"""

SEGMENTS_OF = """
    query ($first: Int, $segmentsFirst: Int, $after: String) {
      members(kind: ACCOUNT, first: $first) {
        nodes {
          externalId
          segments(first: $segmentsFirst, after: $after) {
            totalCount
            pageInfo { hasNextPage hasPreviousPage endCursor }
            nodes { name }
            edges { sources enteredAt node { name } }
          }
        }
      }
    }
"""


async def upsert(product: Product, *names: str, country: str = "DE") -> None:
    rows = [{"externalId": name, "country": country} for name in names]
    report = (await product.run(UPSERT, members=rows))["upsertMembers"]
    assert (report["rowErrors"], report["errors"]) == ([], [])


async def create(product: Product, name: str, **more: Any) -> str:
    input_ = {"name": name, "kind": "ACCOUNT", "type": "STATIC", "activate": True, **more}
    payload = (await product.run(CREATE, input=input_))["createSegment"]
    assert payload["errors"] == []
    return str(payload["segment"]["id"])


async def ready(product: Product, *ids: str) -> None:
    """Until all these segments are computed."""
    async with product.subscribe(EVENTS, ids=list(ids)) as events:
        waiting = set(ids)
        while waiting:
            segment = (await events.next())["segment"]
            if segment["reach"]["status"] == "READY":
                waiting.discard(segment["id"])


async def test_a_hand_moves_members_and_subscribers_hear_of_it(product: Product) -> None:
    # given a static segment and two members
    await upsert(product, "a", "b")
    listed = await create(product, "Listed")
    await ready(product, listed)

    async with product.subscribe(EVENTS, ids=[listed]) as events:
        assert (await events.next())["__typename"] == "SegmentSnapshot"
        # when they are added by hand, one of them unknown
        payload = (
            await product.run(ADD, input={"segmentIds": [listed], "externalIds": ["a", "b", "nobody"]})
        )["addSegmentMembers"]

        # then every number agrees at once
        assert (payload["changed"], payload["alreadyDone"]) == (2, 0)
        assert (payload["notFound"], payload["errors"]) == (["nobody"], [])
        [segment] = payload["segments"]
        assert (segment["memberCount"], segment["members"]["totalCount"]) == (2, 2)
        assert segment["sources"] == [
            {"kind": "MANUAL", "memberCount": 2, "blockedCount": 0},
            {"kind": "IMPORT", "memberCount": 0, "blockedCount": 0},
        ]
        # and the subscriber learns who entered
        moved = await events.until("MembershipChanged")
        assert (moved["entered"], moved["exited"]) == (2, 0)
        assert [member["externalId"] for member in moved["enteredSample"]] == ["a", "b"]

        # when one is removed by its global id, another id being no member's
        found = await product.run('{ memberByExternalId(kind: ACCOUNT, externalId: "a") { id } }')
        member_id = found["memberByExternalId"]["id"]
        payload = (
            await product.run(REMOVE, input={"segmentIds": [listed], "memberIds": [member_id, listed]})
        )["removeSegmentMembers"]
        assert (payload["changed"], payload["notFound"]) == (1, [listed])
        moved = await events.until("MembershipChanged")
        assert (moved["exited"], moved["segment"]["memberCount"]) == (1, 1)


async def test_a_new_segment_in_the_same_call(product: Product) -> None:
    await upsert(product, "a", "b", "c")
    everyone = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
    new = {"name": "Fresh", "kind": "ACCOUNT"}

    payload = (await product.run(ADD, input={"segmentIds": [], "newSegment": new, "where": everyone}))[
        "addSegmentMembers"
    ]

    assert payload["errors"] == []
    [fresh] = payload["segments"]
    assert (fresh["name"], fresh["status"], fresh["memberCount"]) == ("Fresh", "ACTIVE", 3)
    await ready(product, fresh["id"])
    # and the name is taken now, which is reported below newSegment
    again = (await product.run(ADD, input={"segmentIds": [], "newSegment": new, "where": everyone}))[
        "addSegmentMembers"
    ]
    assert [(error["code"], error["path"]) for error in again["errors"]] == [
        ("NAME_TAKEN", ["newSegment", "name"])
    ]
    assert again["segments"] == []
    # and removing makes none
    refused = (await product.run(REMOVE, input={"segmentIds": [], "newSegment": new, "where": everyone}))[
        "removeSegmentMembers"
    ]
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [("INVALID", ["newSegment"])]


@pytest.mark.parametrize(
    ("bad", "code", "path"),
    [
        ({"where": {"attribute": {"field": "nope", "op": "IS_SET"}}}, "CRITERIA_INVALID", "where"),
        ({"externalIds": ["a"], "memberIds": ["nobody"]}, "INVALID", "externalIds"),
        ({"memberIds": []}, "REQUIRED", "memberIds"),
        ({}, "REQUIRED", "memberIds"),
        ({"externalIds": []}, "REQUIRED", "externalIds"),
    ],
)
async def test_what_cannot_be_is_told(product: Product, bad: dict[str, Any], code: str, path: str) -> None:
    listed = await create(product, "Listed")
    payload = (await product.run(ADD, input={"segmentIds": [listed], **bad}))["addSegmentMembers"]
    assert [(error["code"], error["path"][0]) for error in payload["errors"]] == [(code, path)]


async def test_a_members_segments_with_sources_page_by_page(product: Product) -> None:
    # given a member whom criteria and a hand hold in one segment, and a hand in two others
    await upsert(product, "a", "b")
    german = await create(
        product,
        "German",
        type="DYNAMIC",
        criteria={"attribute": {"field": "country", "op": "EQ", "value": "DE"}},
    )
    second, third = await create(product, "Second"), await create(product, "Third")
    await ready(product, german, second, third)
    await product.run(ADD, input={"segmentIds": [german, second, third], "externalIds": ["a"]})

    # then its segments are listed, the newest first
    [a, b] = (await product.run(SEGMENTS_OF, first=10, segmentsFirst=2))["members"]["nodes"]
    assert a["segments"]["totalCount"] == 3
    assert [(edge["node"]["name"], edge["sources"]) for edge in a["segments"]["edges"]] == [
        ("Third", ["MANUAL"]),
        ("Second", ["MANUAL"]),
    ]
    assert a["segments"]["pageInfo"]["hasNextPage"] is True
    assert all(edge["enteredAt"] for edge in a["segments"]["edges"])
    assert [edge["node"]["name"] for edge in b["segments"]["edges"]] == ["German"]
    # and page after page
    after = a["segments"]["pageInfo"]["endCursor"]
    [a, _] = (await product.run(SEGMENTS_OF, first=10, segmentsFirst=2, after=after))["members"]["nodes"]
    assert [(edge["node"]["name"], edge["sources"]) for edge in a["segments"]["edges"]] == [
        ("German", ["MANUAL", "CRITERIA"])
    ]
    assert a["segments"]["pageInfo"]["hasNextPage"] is False


async def test_a_members_segments_are_those_the_viewer_sees(
    product: Product, server: Server, viewer: Viewer
) -> None:
    await upsert(product, "a")
    shared = await create(product, "Shared")
    private = await create(product, "Private", visibility="PRIVATE")
    await product.run(ADD, input={"segmentIds": [shared, private], "externalIds": ["a"]})
    colleague = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)

    async with server.sign_in(colleague) as theirs:
        [a] = (await theirs.run(SEGMENTS_OF, first=10))["members"]["nodes"]
        assert [node["name"] for node in a["segments"]["nodes"]] == ["Shared"]
        assert a["segments"]["totalCount"] == 1
        # and what they do not see is not there for their hands, what they see is not theirs to change
        for segment, code in ((private, "NOT_FOUND"), (shared, "FORBIDDEN")):
            payload = (await theirs.run(REMOVE, input={"segmentIds": [segment], "externalIds": ["a"]}))[
                "removeSegmentMembers"
            ]
            assert [(error["code"], error["path"]) for error in payload["errors"]] == [
                (code, ["segmentIds", "0"])
            ]
    [a] = (await product.run(SEGMENTS_OF, first=10))["members"]["nodes"]
    assert a["segments"]["totalCount"] == 2


async def test_statements_do_not_grow_with_the_page(
    context: Context, server: Server, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server.sign_in(viewer) as product:
        names = [f"m{number}" for number in range(30)]
        await upsert(product, *names)
        ids = [await create(product, f"Segment {number}") for number in range(5)]
        await product.run(ADD, input={"segmentIds": ids, "externalIds": names})

        async def statements(first: int) -> int:
            counted: list[str] = []
            async with counting(counted, monkeypatch):
                answer = await product.run(SEGMENTS_OF, first=first)
            assert len(answer["members"]["nodes"]) == first
            return len(counted)

        few = await statements(2)
        assert few == await statements(30)
        assert few < 15


class counting:
    """Counts the statements that asyncpg is asked to fetch while it is entered, but for those of signing in.

    Whether a sign-in needs one is a matter of when the last one was.
    """

    def __init__(self, counted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._counted, self._monkeypatch = counted, monkeypatch

    async def __aenter__(self) -> None:
        original = asyncpg.Connection._execute
        counted = self._counted

        async def counting_execute(connection: Any, query: str, *args: Any, **kwargs: Any) -> Any:
            if query != FIND_USER:
                counted.append(query)
            return await original(connection, query, *args, **kwargs)

        self._monkeypatch.setattr(asyncpg.Connection, "_execute", counting_execute)

    async def __aexit__(self, *_: object) -> None:
        self._monkeypatch.undo()


BULK = """
    mutation ($tags: TagMembersInput!, $consents: SetConsentsInput!) {
      tagMembers(input: $tags) { changed unchanged notFound errors { code path } }
      setConsents(input: $consents) { changed unchanged notFound errors { code path } }
    }
"""


async def test_tags_and_consents_by_criteria(product: Product) -> None:
    await upsert(product, "a", "b")
    await upsert(product, "x", country="US")
    german = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
    which = {"kind": "ACCOUNT", "where": german}
    denied = [{"channel": "EMAIL", "state": "DENIED"}]
    first = {"changed": 2, "unchanged": 0, "notFound": [], "errors": []}
    again = {"changed": 0, "unchanged": 2, "notFound": [], "errors": []}

    for expected in (first, again):
        report = await product.run(
            BULK, tags={**which, "add": ["vip"]}, consents={**which, "consents": denied}
        )
        assert report == {"tagMembers": expected, "setConsents": expected}

    # and without a kind, or with names besides, nothing is done
    refused = await product.run(
        BULK,
        tags={"where": german, "add": ["more"]},
        consents={**which, "externalIds": ["x"], "consents": denied},
    )
    assert [(error["code"], error["path"]) for error in refused["tagMembers"]["errors"]] == [
        ("REQUIRED", ["kind"])
    ]
    assert [(error["code"], error["path"]) for error in refused["setConsents"]["errors"]] == [
        ("INVALID", ["where"])
    ]
    tags = await product.run("{ members(kind: ACCOUNT) { nodes { externalId tags } } }")
    assert tags["members"]["nodes"] == [
        {"externalId": "a", "tags": ["vip"]},
        {"externalId": "b", "tags": ["vip"]},
        {"externalId": "x", "tags": []},
    ]

"""Segments are hidden from colleagues, but not from oneself, from administrators, or by their names in errors."""

from typing import Any

import asyncpg

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.vocabulary import Role
from tests.conftest import new_viewer
from tests.product import Product, Server

CREATE = """
    mutation ($i: CreateSegmentInput!) { createSegment(input: $i) {
      segment { id hiddenFrom { id } } errors { code path message } } }
"""
UPDATE = """
    mutation ($i: UpdateSegmentInput!) { updateSegment(input: $i) {
      segment { id hiddenFrom { id } } errors { code path message } } }
"""
NAMES = '{ segments(first: 100, search: "Ours") { totalCount nodes { name } } }'


def draft(name: str, **given: Any) -> dict[str, Any]:
    return {"name": name, "kind": "PERSON", "type": "DYNAMIC", "activate": False} | given


def user(viewer: Viewer) -> str:
    assert viewer.user_id is not None
    return ids.encode("User", viewer.user_id)


def referring(segment: str, name: str, **given: Any) -> dict[str, Any]:
    return draft(name, criteria={"segment": {"op": "IN", "id": segment}}, **given)


async def created(product: Product, given: dict[str, Any]) -> str:
    payload = (await product.run(CREATE, i=given))["createSegment"]
    assert payload["errors"] == []
    found: str = payload["segment"]["id"]
    return found


async def test_nobody_hides_a_segment_from_oneself_or_from_those_who_manage_all(
    server: Server, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    leader = await new_viewer("", Role.LEADER, workspace_id=viewer.workspace_id)
    other = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id, subject="other")
    async with server.sign_in(member) as team, server.sign_in(viewer) as admin:
        for product, hidden, place in (
            (team, [user(other), user(member)], "1"),
            (team, [user(viewer)], "0"),
            (team, [user(other), user(leader)], "1"),
            (admin, [user(viewer)], "0"),
            (admin, [user(leader)], "0"),
        ):
            payload = (await product.run(CREATE, i=draft("Ours", hiddenFromIds=hidden)))["createSegment"]
            assert payload["segment"] is None
            [error] = payload["errors"]
            assert (error["code"], error["path"]) == ("INVALID", ["hiddenFromIds", place])
        id_ = await created(team, draft("Ours", hiddenFromIds=[user(other)]))
        payload = (await team.run(UPDATE, i={"id": id_, "hiddenFromIds": [user(viewer)]}))["updateSegment"]
        assert [error["code"] for error in payload["errors"]] == ["INVALID"]
        assert (await admin.run(NAMES))["segments"]["totalCount"] == 1
    async with (
        server.sign_in(leader) as manager,
        server.connect(server.token("other", viewer.workspace_id)) as colleague,
    ):
        assert (await manager.run(NAMES))["segments"]["totalCount"] == 1
        assert (await colleague.run(NAMES))["segments"] == {"totalCount": 0, "nodes": []}
        await connection.execute(
            "UPDATE workspace_users SET role = 'LEADER' WHERE user_id = $1", other.user_id
        )
    async with server.connect(server.token("other", viewer.workspace_id)) as promoted:
        assert (await promoted.run(NAMES))["segments"]["totalCount"] == 1


async def test_a_cycle_through_a_hidden_segment_does_not_tell_its_name(
    server: Server, viewer: Viewer
) -> None:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with server.sign_in(viewer) as admin, server.sign_in(member) as other:
        open_ = await created(other, draft("Open", visibility="WORKSPACE"))
        hidden = await created(admin, referring(open_, "Zqhidden", hiddenFromIds=[user(member)]))
        last = await created(admin, referring(hidden, "Last"))
        circle = {"id": open_, "criteria": {"segment": {"op": "IN", "id": last}}}
        told = (await other.run(UPDATE, i=circle))["updateSegment"]["errors"]
        known = (await admin.run(UPDATE, i=circle))["updateSegment"]["errors"]

    assert [error["code"] for error in (*told, *known)] == ["SEGMENT_CYCLE"] * 2
    assert told[0]["message"] == (
        'These criteria would depend on themselves: "Last" → a segment that you may not see leads back to this'
        " segment."
    )
    assert '"Last" → "Zqhidden"' in known[0]["message"]


EVENTS = """
    subscription ($ids: [ID!], $after: String) {
      segmentEvents(segmentIds: $ids, after: $after) {
        __typename cursor
        segment { id name memberCount members { totalCount nodes { id } } sources { kind }
          membershipAt(at: "2999-01-01T00:00:00Z") { nodes { id } } createdBy { id } hiddenFrom { id }
          runs { nodes { id } } usages { campaigns { id } } criteriaText }
      }
    }
"""
UPSERT = """
    mutation { upsertMembers(input: {kind: PERSON, members: [{externalId: "a", country: "DE"}]}) { created } }
"""
GERMANS = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}
SET_ROLE = """
    mutation ($i: UpdateUserInput!) { updateUser(input: $i) { errors { code } } }
"""


async def test_every_edit_is_an_event_and_the_last_one_says_that_a_segment_is_hidden(
    product: Product, viewer: Viewer
) -> None:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    admin = product
    async with product.server.sign_in(member) as team:
        await admin.run(UPSERT)
        cursor = (await team.run("{ workspaceEventCursor }"))["workspaceEventCursor"]
        # a new segment, and edits of it, arrive behind a cursor that no event had
        id_ = await created(admin, draft("Ours", criteria=GERMANS, activate=True))
        async with team.subscribe(EVENTS, after=cursor) as events:
            first = await events.next()
            assert (first["__typename"], first["segment"]["id"]) == ("SegmentStatusChanged", id_)
            await admin.run(UPDATE, i={"id": id_, "name": "Ours, renamed"})
            edited = await events.until("SegmentUpdated")
            assert edited["segment"]["name"] == "Ours, renamed"
            while edited["segment"]["members"]["totalCount"] != 1:
                edited = await events.next()
            # what is hidden is named once more, and shows nothing of what hangs from it
            await admin.run(UPDATE, i={"id": id_, "name": "Secret", "hiddenFromIds": [user(member)]})
            hidden = await events.until("SegmentHidden")
            segment = hidden["segment"]
            assert (segment["id"], segment["name"], segment["memberCount"]) == (id_, "Ours, renamed", 1)
            assert segment["members"] == {"totalCount": 0, "nodes": []}
            assert (segment["sources"], segment["hiddenFrom"], segment["runs"]["nodes"]) == ([], [], [])
            assert (segment["createdBy"], segment["criteriaText"]) == (None, None)
            assert segment["membershipAt"]["nodes"] == []
            # then there is silence, until it is shown again
            await admin.run(UPDATE, i={"id": id_, "name": "Secret 2"})
            await admin.run(UPDATE, i={"id": id_, "hiddenFromIds": []})
            shown = await events.next()
            assert (shown["__typename"], shown["segment"]["name"]) == ("SegmentUpdated", "Secret 2")
        # who was away finds it too, by the cursor
        await admin.run(UPDATE, i={"id": id_, "visibility": "PRIVATE"})
        async with team.subscribe(EVENTS, after=shown["cursor"]) as events:
            assert (await events.next())["__typename"] == "SegmentHidden"
        async with admin.subscribe(EVENTS, after=shown["cursor"]) as events:
            assert (await events.next())["__typename"] == "SegmentUpdated"


async def test_who_loses_a_role_sees_which_segments_are_hidden(server: Server, viewer: Viewer) -> None:
    leader = await new_viewer("", Role.LEADER, workspace_id=viewer.workspace_id)
    async with server.sign_in(leader) as colleague, server.sign_in(viewer) as admin:
        private = await created(admin, draft("Private", visibility="PRIVATE"))
        await created(admin, draft("Open"))
        async with colleague.subscribe(EVENTS) as events:
            assert {(await events.next())["segment"]["name"] for _ in range(2)} == {"Private", "Open"}
            changed = await admin.run(SET_ROLE, i={"id": user(leader), "role": "TEAM_MEMBER"})
            assert changed["updateUser"]["errors"] == []
            hidden = await events.next()
            assert (hidden["__typename"], hidden["segment"]["id"]) == ("SegmentHidden", private)
            assert hidden["segment"]["name"] == ""

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

"""segmentEvents over a real socket: a snapshot first, no gap after a break, and nothing that is not the viewer's."""

import asyncio
from typing import Any

import pytest
from gql.transport.exceptions import TransportError, TransportQueryError

from seggraph.access import Viewer
from seggraph.vocabulary import Role
from tests.conftest import new_viewer
from tests.product import Product

CREATE = """
    mutation ($input: CreateSegmentInput!) { createSegment(input: $input) { segment { id } errors { code } } }
"""
RENAME = """
    mutation ($id: ID!, $criteria: CriteriaInput) {
      updateSegment(input: {id: $id, criteria: $criteria}) { segment { id } errors { code message } }
    }
"""
UPSERT = """
    mutation ($members: [MemberInput!]!) { upsertMembers(input: {kind: ACCOUNT, members: $members}) { created } }
"""
EVENTS = """
    subscription ($ids: [ID!], $after: String) {
      segmentEvents(segmentIds: $ids, after: $after) {
        __typename cursor revision segment { id memberCount reach { status } }
        ... on MembershipChanged { entered enteredSample { externalId } }
      }
    }
"""


def of_country(country: str) -> dict[str, Any]:
    return {"attribute": {"field": "country", "op": "EQ", "value": country}}


async def create(client: Product, name: str, **given: Any) -> str:
    draft = {"name": name, "kind": "ACCOUNT", "type": "DYNAMIC", "criteria": of_country("DE")} | given
    payload = (await client.run(CREATE, input=draft))["createSegment"]
    assert payload["errors"] == []
    return str(payload["segment"]["id"])


async def test_events_that_came_while_a_client_was_away_arrive(product: Product) -> None:
    # given a subscriber that saw its segment become READY, and went away
    segment_id = await create(product, "Germans")
    async with product.subscribe(EVENTS, ids=[segment_id]) as events:
        event = await events.next()
        assert event["__typename"] == "SegmentSnapshot"
        while event["segment"]["reach"]["status"] != "READY":
            event = await events.next()

    # when members enter, and another subscriber has seen that they did
    async with product.subscribe(EVENTS, ids=[segment_id]) as others:
        await others.next()
        await product.run(UPSERT, members=[{"externalId": "a", "country": "DE"}])
        await others.until("MembershipChanged")
        await product.run(UPSERT, members=[{"externalId": "b", "country": "DE"}])
        await others.until("MembershipChanged")

    # then the first one gets both on its return, each once, and no snapshot
    async with product.subscribe(EVENTS, ids=[segment_id], after=event["cursor"]) as events:
        missed: list[dict[str, Any]] = []
        while len([one for one in missed if one["__typename"] == "MembershipChanged"]) < 2:
            missed.append(await events.next())
    entered = [one["enteredSample"] for one in missed if one["__typename"] == "MembershipChanged"]
    assert entered == [[{"externalId": "a"}], [{"externalId": "b"}]]
    assert not [one for one in missed if one["__typename"] in ("SegmentSnapshot", "ResyncRequired")]


async def test_who_leaves_in_the_middle_of_a_snapshot_or_resync_is_told_of_all_segments_again(
    product: Product,
) -> None:
    made = {await create(product, name) for name in ("One", "Two", "Three")}
    cursor: str | None = None
    seen: set[str] = set()
    for typename in ("SegmentSnapshot", "ResyncRequired", "ResyncRequired"):
        async with product.subscribe(EVENTS, after=cursor) as events:
            event = await events.next()
            assert event["__typename"] == typename
            cursor = event["cursor"]
    async with product.subscribe(EVENTS, after=cursor) as events:
        while len(seen) < len(made):
            event = await events.until("ResyncRequired")
            seen.add(event["segment"]["id"])
    assert seen == made

    # when all were told of, the last cursor continues without another resync
    async with product.subscribe(EVENTS, after=event["cursor"]) as events:
        await product.run(UPSERT, members=[{"externalId": "a", "country": "DE"}])
        event = await events.next()
        while event["segment"]["memberCount"] == 0:
            assert event["__typename"] != "ResyncRequired"
            event = await events.next()


async def test_nothing_of_others_arrives(product: Product, viewer: Viewer) -> None:
    colleague = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with (
        product.server.sign_in(await new_viewer("Other")) as other,
        product.server.sign_in(colleague) as watcher,
    ):
        watcher_id = (await watcher.run("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
        shown = await create(product, "Shown")
        async with watcher.subscribe(EVENTS) as events:
            assert (await events.next())["segment"]["id"] == shown
            # when things happen in another workspace, and to a segment that is hidden from the subscriber
            foreign = await create(other, "Theirs")
            hidden = await create(product, "Hidden", hiddenFromIds=[watcher_id])
            await other.run(UPSERT, members=[{"externalId": "x", "country": "DE"}])
            await product.run(UPSERT, members=[{"externalId": "x", "country": "DE"}])
            seen: list[dict[str, Any]] = []
            while not seen or seen[-1]["segment"]["memberCount"] != 1:
                seen.append(await events.next())
            async with product.subscribe(EVENTS, ids=[hidden]) as theirs:
                event = await theirs.next()
                while event["segment"]["memberCount"] != 1:
                    event = await theirs.next()
            last = await create(product, "Last")
            while seen[-1]["segment"]["id"] != last:
                seen.append(await events.next())

        assert {one["segment"]["id"] for one in seen} == {shown, last}
        for unseen, client in ((hidden, watcher), (foreign, product), ("rubbish", product)):
            with pytest.raises(TransportQueryError) as refused:
                async with client.subscribe(EVENTS, ids=[unseen]) as events:
                    await events.next()
            [error] = refused.value.errors or []
            assert error["extensions"] == {"code": "NOT_FOUND", "path": ["segmentIds", 0]}


async def test_a_cursor_that_no_event_had(product: Product) -> None:
    with pytest.raises(TransportQueryError) as refused:
        async with product.subscribe(EVENTS, after="rubbish") as events:
            await events.next()

    [error] = refused.value.errors or []
    assert error["extensions"] == {"code": "BAD_CURSOR", "path": ["after"]}


async def test_a_socket_opens_for_good_credentials_only(product: Product) -> None:
    async with product.server.connect("rubbish") as stranger:
        with pytest.raises((TransportError, ConnectionError)):
            async with asyncio.timeout(120), stranger.subscribe(EVENTS) as events:
                await events.next()

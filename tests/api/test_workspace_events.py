"""workspaceEvents over a real socket: every topic, what was missed while away, and nothing that is not the viewer's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gql.transport.exceptions import TransportQueryError

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.vocabulary import Role
from tests.api.test_subscriptions import CREATE, UPSERT, of_country
from tests.conftest import new_viewer
from tests.product import Events, Product

EVENTS = """
    subscription ($topics: [Topic!], $after: String) {
      workspaceEvents(topics: $topics, after: $after) {
        __typename cursor at topic subjectId data subject { __typename id ... on Segment { name memberCount } }
        ... on WorkspaceResyncRequired { reason }
      }
    }
"""
RENAME = """
    mutation ($id: ID!, $name: String, $visibility: Visibility) {
      updateSegment(input: {id: $id, name: $name, visibility: $visibility}) { errors { message } }
    }
"""
HIDE = """
    mutation ($id: ID!, $from: [ID!]) { updateSegment(input: {id: $id, hiddenFromIds: $from}) { errors { message } } }
"""
PUT_AWAY = """
    mutation ($id: ID!) {
      archiveSegment(input: {id: $id}) { errors { message } }
      deleteSegment(input: {id: $id}) { errors { message } }
    }
"""
PLAYBOOK = """
    mutation ($name: String!, $criteria: CriteriaInput!, $segment: ID!) {
      createPlaybook(input: {name: $name, kind: ACCOUNT, criteria: $criteria, addToSegmentIds: [$segment]}) {
        playbook { id } errors { message } }
    }
"""
DELETE_PLAYBOOK = "mutation ($id: ID!) { deletePlaybook(input: {id: $id}) { deletedId errors { message } } }"
CAMPAIGN = """
    mutation ($name: String!, $segments: [ID!]!) {
      createCampaign(input: {name: $name, segmentIds: $segments}) { campaign { id } errors { message } }
    }
"""
EXPORT = """
    mutation ($segment: ID!) {
      createExport(input: {segmentId: $segment}) { export { id } errors { message } }
    }
"""


async def create(client: Product, name: str, **given: Any) -> str:
    draft = {"name": name, "kind": "ACCOUNT", "type": "DYNAMIC", "criteria": of_country("DE")} | given
    payload = (await client.run(CREATE, input=draft))["createSegment"]
    assert payload["errors"] == []
    return str(payload["segment"]["id"])


async def done(client: Product, mutation: str, **variables: Any) -> dict[str, Any]:
    payloads = await client.run(mutation, **variables)
    assert [error for one in payloads.values() for error in one["errors"]] == []
    first: dict[str, Any] = next(iter(payloads.values()))
    return first


@asynccontextmanager
async def watching(client: Product, **variables: Any) -> AsyncIterator[Events]:
    """The events from now on, however long it takes to subscribe."""
    after = (await client.run("{ workspaceEventCursor }"))["workspaceEventCursor"]
    async with client.subscribe(EVENTS, after=after, **variables) as events:
        yield events


async def until_topic(events: Events, topic: str) -> dict[str, Any]:
    while True:
        event = await events.next()
        if event["topic"] == topic:
            return event


async def test_everything_that_happens_is_told_under_its_topic(product: Product) -> None:
    async with watching(product) as events:
        # when a segment, its members, a campaign, a playbook and an export have a life
        segment = await create(product, "Germans")
        created = await until_topic(events, "SEGMENT_CREATED")
        await until_topic(events, "REACH_READY")
        await product.run(UPSERT, members=[{"externalId": "a", "country": "DE"}])
        entered = await until_topic(events, "MEMBERS_ENTERED")
        await product.run(UPSERT, members=[{"externalId": "a", "country": "FR"}])
        exited = await until_topic(events, "MEMBERS_EXITED")
        await done(product, RENAME, id=segment, name="All Germans")
        updated = await until_topic(events, "SEGMENT_UPDATED")
        campaign = (await done(product, CAMPAIGN, name="Spring", segments=[segment]))["campaign"]["id"]
        planned = await until_topic(events, "CAMPAIGN_CHANGED")
        playbook = (await done(product, PLAYBOOK, name="All", criteria=of_country("FR"), segment=segment))[
            "playbook"
        ]["id"]
        ruled = await until_topic(events, "PLAYBOOK_CHANGED")
        await done(product, DELETE_PLAYBOOK, id=playbook)
        unruled = await until_topic(events, "PLAYBOOK_CHANGED")
        export = (await done(product, EXPORT, segment=segment))["export"]["id"]
        exported = await until_topic(events, "EXPORT_FINISHED")
        other = await create(product, "Short-lived", activate=False)
        await done(
            product, PUT_AWAY.replace("archiveSegment(input: {id: $id}) { errors { message } }", ""), id=other
        )
        deleted = await until_topic(events, "SEGMENT_DELETED")

    # then each says what it is about
    assert created["subjectId"] == segment
    assert (entered["data"]["entered"], entered["data"]["exited"]) == (1, 0)
    assert (exited["data"]["entered"], exited["data"]["exited"]) == (0, 1)
    assert updated["subject"] == {
        "__typename": "Segment",
        "id": segment,
        "name": "All Germans",
        "memberCount": 0,
    }
    assert planned["subject"] == {"__typename": "Campaign", "id": campaign}
    assert ruled["subject"] == {"__typename": "Playbook", "id": playbook}
    assert (unruled["subject"], unruled["subjectId"], unruled["data"]["deleted"]) == (None, playbook, True)
    assert exported["subject"] == {"__typename": "Export", "id": export}
    assert (exported["data"]["status"], exported["data"]["segmentId"]) == ("READY", segment)
    assert deleted["subject"]["name"] == "Short-lived"


async def test_topics_narrow_and_what_was_missed_arrives(product: Product) -> None:
    topics = ["SEGMENT_CREATED", "MEMBERS_ENTERED", "MEMBERS_EXITED"]
    async with watching(product, topics=topics) as events:
        segment = await create(product, "Germans")
        seen = await events.next()
        assert seen["topic"] == "SEGMENT_CREATED"

        # when one computation has one member enter and another exit while the client was away
        await product.run(UPSERT, members=[{"externalId": "a", "country": "DE"}])
        first = await events.next()
    await product.run(
        UPSERT, members=[{"externalId": "a", "country": "FR"}, {"externalId": "b", "country": "DE"}]
    )
    async with product.subscribe(EVENTS, topics=topics, after=first["cursor"]) as events:
        pair = [await events.next(), await events.next()]

    # then both come on its return; and from the cursor of the first of them the other one comes again
    assert [one["topic"] for one in pair] == ["MEMBERS_ENTERED", "MEMBERS_EXITED"]
    async with product.subscribe(EVENTS, topics=topics, after=pair[0]["cursor"]) as events:
        assert [(await events.next())["topic"], (await events.next())["topic"]] == topics[1:]
    async with product.subscribe(EVENTS, topics=topics, after=pair[1]["cursor"]) as events:
        last = await create(product, "Last")
        assert (await events.next())["subjectId"] == last != segment

    for variables, code, path in (
        ({"topics": []}, "REQUIRED", ["topics"]),
        ({"after": "rubbish"}, "BAD_CURSOR", ["after"]),
    ):
        with pytest.raises(TransportQueryError) as refused:
            async with product.subscribe(EVENTS, **variables) as events:
                await events.next()
        [error] = refused.value.errors or []
        assert error["extensions"] == {"code": code, "path": path}


async def test_nothing_arrives_of_what_the_viewer_may_not_see(product: Product, viewer: Viewer) -> None:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with (
        product.server.sign_in(member) as watcher,
        product.server.sign_in(await new_viewer("Other")) as other,
        watching(watcher, topics=["SEGMENT_CREATED", "SEGMENT_UPDATED", "EXPORT_FINISHED"]) as events,
    ):
        me = (await watcher.run("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
        shown = await create(product, "Shown", activate=False)
        assert (await events.next())["subjectId"] == shown

        # when things happen elsewhere, to private segments, and to one that becomes hidden
        await create(other, "Foreign", activate=False)
        secret = await create(product, "Secret", visibility="PRIVATE", activate=False)
        await done(product, EXPORT, segment=secret)
        await done(product, HIDE, id=shown, **{"from": [me]})
        await done(product, RENAME, id=shown, name="Hidden")
        await done(product, HIDE, id=shown, **{"from": []})
        await done(product, RENAME, id=secret, name="Open", visibility="WORKSPACE")

        # then only what is visible comes
        seen = [await events.next(), await events.next()]
    # (the edits that happened while it was hidden may be delivered when it is not any more: what is shown is as of now)
    assert {one["subjectId"] for one in seen} <= {shown, secret}
    assert not [one for one in seen if one["subject"]["name"] in ("Secret", "Foreign")]


async def test_a_stream_that_was_lost_demands_a_resync(product: Product, context: Context) -> None:
    async with watching(product, topics=["SEGMENT_CREATED"]) as events:
        await create(product, "One", activate=False)
        cursor = (await events.next())["cursor"]
    await context.redis.flushall()

    async with product.subscribe(EVENTS, topics=["SEGMENT_CREATED"], after=cursor) as events:
        event = await events.next()
        assert (event["__typename"], event["reason"]) == ("WorkspaceResyncRequired", "LOST")
        await create(product, "Two", activate=False)
        assert (await events.next())["subject"]["name"] == "Two"

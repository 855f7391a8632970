"""The life of a segment through the API: every way from one status to another, and every way that is none."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.services.recompute import recompute
from seggraph.services.segments.lifecycle import TRANSITIONS
from seggraph.vocabulary import Role, RunStatus
from tests.api.lifecycle import (
    CLONE,
    CREATE,
    DELETE,
    FRENCH,
    GERMAN,
    HAND,
    READ,
    STEP,
    STEPS,
    UPDATE,
    answer,
    create,
    done,
    read,
    refused,
    settled,
    step,
    upsert,
)
from tests.api.test_memberships import counting
from tests.conftest import new_viewer
from tests.product import Product, Server
from tests.services.computing import PausingEngine, whole, with_engine

NAMES = (
    """query ($filter: SegmentFilter) { segments(filter: $filter) { totalCount nodes { name status } } }"""
)
EVENTS = """
    subscription ($ids: [ID!]) {
      segmentEvents(segmentIds: $ids) {
        __typename revision segment { id name status reach { status } }
        ... on SegmentStatusChanged { status previousStatus }
      }
    }
"""
PLAYBOOK = """
    INSERT INTO playbooks (workspace_id, name, name_key, kind, status, visibility, criteria, created_at,
      last_modified_at, created_by_id)
    VALUES ($1, $2::text, lower($2::text), 2, 'ACTIVE', $3, $4, now(), now(), $5) RETURNING id
"""
FEED = """
    INSERT INTO sources (workspace_id, segment_id, kind, playbook_id, created_at)
    VALUES ($1, $2, 'PLAYBOOK', $3, now())
"""
CAMPAIGN = """
    INSERT INTO campaigns (workspace_id, name, name_key, status, created_at, last_modified_at)
    VALUES ($1, $2::text, lower($2::text), $3, now(), now()) RETURNING id
"""
ATTACH = "INSERT INTO campaign_segments (workspace_id, campaign_id, segment_id, role) VALUES ($1, $2, $3, 'INCLUDE')"


Attempt = tuple[str, dict[str, Any]]
"""A mutation, and what is given to it besides the segment."""


MEASURE = """
    INSERT INTO campaign_metrics (workspace_id, segment_id, campaign_id, day, spend, impressions, clicks, conversions)
    VALUES ($1, $2, $3, '2026-01-01', 1, 1, 1, 1)
"""


@pytest.fixture
async def client(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    """An administrator's client, and no worker."""
    async with server.sign_in(viewer) as product:
        yield product


def number(segment: dict[str, Any]) -> int:
    return ids.decode("Segment", segment["id"])


def inside(segment: dict[str, Any]) -> dict[str, Any]:
    """The criteria of being in a segment."""
    return {"segment": {"op": "IN", "id": segment["id"]}}


async def test_pausing_freezes_and_resuming_catches_up(product: Product) -> None:
    await upsert(product, {"a": "DE", "b": "DE", "c": "FR"})
    german = await settled(product, await create(product, name="German", criteria=GERMAN))
    follower = await settled(product, await create(product, name="Follower", criteria=inside(german)))
    assert (german["memberCount"], follower["memberCount"]) == (2, 2)

    async with product.subscribe(EVENTS, ids=[german["id"]]) as events:
        assert (await events.next())["__typename"] == "SegmentSnapshot"
        paused = await step(product, "pause", german)
        told = await events.until("SegmentStatusChanged")
        assert (told["status"], told["previousStatus"]) == ("PAUSED", "ACTIVE")
    assert (paused["status"], paused["lastAction"], paused["version"]) == ("PAUSED", "PAUSED", 2)
    assert (paused["reach"]["status"], paused["nextSyncAt"]) == ("READY", None)
    assert paused["lastModifiedBy"] == paused["createdBy"]
    assert paused["transitions"] == ["EDIT", "RESUME", "ARCHIVE", "CLONE"]

    # what changes meanwhile does not reach it, nor those who refer to it, and no hand does
    await upsert(product, {"d": "DE", "a": "FR"})
    assert (await settled(product, follower))["memberCount"] == 2
    assert (await read(product, german))["memberCount"] == 2
    for hand in ("add", "remove"):
        error = await refused(product, HAND % hand, segmentIds=[german["id"]], externalIds=["c"])
        assert (error["code"], error["path"]) == ("BAD_TRANSITION", ["segmentIds", "0"])
    edited = await done(product, UPDATE, id=german["id"], criteria={"any": [GERMAN, FRENCH]})
    assert (edited["reach"]["status"], edited["memberCount"], edited["revision"]) == ("READY", 2, 1)

    resumed = await step(product, "resume", german)
    assert (resumed["status"], resumed["lastAction"], resumed["version"]) == ("ACTIVE", "RESUMED", 4)
    assert (resumed["reach"]["status"], resumed["memberCount"]) == ("CALCULATING", 2)
    assert (await settled(product, german))["memberCount"] == 4
    assert (await settled(product, follower))["memberCount"] == 4


async def test_what_is_put_away_is_not_brought_back_by_its_run(client: Product, context: Context) -> None:
    await upsert(client, {"a": "DE"})
    for name in ("pause", "archive", "delete"):
        segment = await create(client, name=name, criteria=GERMAN)
        engine = PausingEngine(whole)
        running = asyncio.create_task(recompute.run(with_engine(context, engine), number(segment), 1))
        await engine.reached.wait()

        first = "archive" if name == "delete" else name
        away = await step(client, first, segment)
        assert (away["reach"]["status"], away["reach"]["asOf"]) == ("NONE", None)
        if name == "delete":
            assert (await answer(client, DELETE, id=segment["id"]))["deletedId"] == segment["id"]
        engine.resume.set()

        assert await running is RunStatus.VOID, name
        after = (await client.run(READ, id=segment["id"]))["segment"]
        assert after == (None if name == "delete" else away)


async def test_a_segment_that_is_needed_is_not_archived_and_one_that_is_named_not_deleted(
    client: Product, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given what relies on a segment in every way, two of them out of the viewer's sight
    needed = await create(client, name="Needed", criteria=GERMAN)
    near = await create(client, name="Near", criteria={"all": [inside(needed), FRENCH]})
    far = await create(
        client,
        name="Far",
        kind="PERSON",
        criteria={"related": {"relation": "account", "where": {"not": inside(needed)}}},
    )
    colleague = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    assert colleague.user_id is not None
    hidden = await create(client, name="Hidden", criteria=inside(needed), activate=False)
    them = ids.encode("User", colleague.user_id)
    payload = await answer(client, UPDATE, id=hidden["id"], hiddenFromIds=[them])
    assert payload["errors"] == []
    workspace = viewer.workspace_id
    await connection.execute(
        "UPDATE segments SET created_by_id = $1 WHERE name = $2", colleague.user_id, needed["name"]
    )
    feeding = await connection.fetchval(PLAYBOOK, workspace, "Feeding", "WORKSPACE", "{}", None)
    await connection.execute(FEED, workspace, number(needed), feeding)
    asks = json.dumps({"segment": {"op": "IN", "id": number(needed)}})
    await connection.fetchval(PLAYBOOK, workspace, "RuleEvaluator", "WORKSPACE", asks, None)
    active = await connection.fetchval(CAMPAIGN, workspace, "Spring", "ACTIVE")
    over = await connection.fetchval(CAMPAIGN, workspace, "Winter", "COMPLETED")
    for campaign in (active, over):
        await connection.execute(ATTACH, workspace, campaign, number(needed))

    # then archiving names what may be seen, counts the rest, and does nothing
    async with client.server.sign_in(colleague) as theirs:
        error = await refused(theirs, STEP % "archive", id=needed["id"])
    assert (error["code"], error["path"]) == ("SEGMENT_IN_USE", ["id"])
    for name in (
        'campaign "Spring"',
        'segment "Near"',
        'segment "Far"',
        'playbook "Feeding"',
        'playbook "RuleEvaluator"',
    ):
        assert name in error["message"]
    assert "1 that you may not see" in error["message"]
    assert "Hidden" not in error["message"]
    assert "Winter" not in error["message"]
    assert (await read(client, needed))["status"] == "ACTIVE"
    query = """query ($id: ID!) { segment(id: $id) { usages {
      campaigns { name status use holds } segments { id name use } playbooks { name use } destinations { id }
      hiddenCount
    } } }"""
    async with client.server.sign_in(colleague) as theirs:
        usages = (await theirs.run(query, id=needed["id"]))["segment"]["usages"]
    assert usages == {
        "campaigns": [
            {"name": "Spring", "status": "ACTIVE", "use": "TARGET", "holds": True},
            {"name": "Winter", "status": "COMPLETED", "use": "TARGET", "holds": False},
        ],
        "segments": [
            {"id": near["id"], "name": "Near", "use": "CRITERIA"},
            {"id": far["id"], "name": "Far", "use": "CRITERIA"},
        ],
        "playbooks": [{"name": "Feeding", "use": "SOURCE"}, {"name": "RuleEvaluator", "use": "CRITERIA"}],
        "destinations": [],
        "hiddenCount": 1,
    }

    # when nothing works with it any more, it can be archived, and is deleted only when nothing names it
    await connection.execute("DELETE FROM playbooks")
    await connection.execute("UPDATE campaigns SET status = 'COMPLETED'")
    await connection.execute("DELETE FROM segments WHERE name = 'Hidden'")
    for segment in (near, far):
        await step(client, "archive", segment)
    archived = await step(client, "archive", needed)
    assert (archived["status"], archived["lastAction"]) == ("ARCHIVED", "ARCHIVED")
    assert archived["transitions"] == ["UNARCHIVE", "CLONE", "DELETE"]
    error = await refused(client, DELETE, id=needed["id"])
    assert error["code"] == "SEGMENT_IN_USE"
    assert 'the campaign "Winter"' in error["message"]
    # nor if it was taken out of the campaign, whose metrics of it would be lost
    await connection.execute("DELETE FROM campaign_segments")
    await connection.execute(MEASURE, workspace, number(needed), over)
    assert 'the campaign "Winter"' in (await refused(client, DELETE, id=needed["id"]))["message"]

    # and what refers to it comes back only after it
    for mutation, given in ((STEP % "unarchive", {}), (CLONE, {"name": "Again"})):
        error = await refused(client, mutation, id=near["id"], **given)
        assert error["code"] == "BAD_TRANSITION"
        assert '"Needed", which is archived' in error["message"]
    listed = await client.run(NAMES)
    assert listed["segments"] == {"totalCount": 0, "nodes": []}
    asked = await client.run(NAMES, filter={"statuses": ["ARCHIVED"]})
    assert asked["segments"]["totalCount"] == 3
    back = await step(client, "unarchive", needed)
    assert (back["status"], back["lastAction"], back["reach"]["status"]) == (
        "ACTIVE",
        "UNARCHIVED",
        "CALCULATING",
    )
    assert (await step(client, "unarchive", near))["status"] == "ACTIVE"


async def in_status(client: Product, status: str) -> dict[str, Any]:
    """A new segment in a status."""
    segment = await create(client, name=f"{status} one", criteria=GERMAN, activate=False)
    if status != "DRAFT":
        segment = await step(client, "activate", segment)
    if status in ("PAUSED", "ARCHIVED"):
        segment = await step(client, "pause" if status == "PAUSED" else "archive", segment)
    assert segment["status"] == status
    return segment


async def test_every_illegal_transition_says_what_is_possible(client: Product) -> None:
    for status, possible in TRANSITIONS.items():
        segment = await in_status(client, status)
        assert segment["transitions"] == [one.name for one in possible]
        ways = ", ".join(one.lower() for one in possible)
        mutations: dict[str, Attempt] = {name.upper(): (STEP % name, {}) for name in STEPS}
        mutations |= {"EDIT": (UPDATE, {"description": "Other"}), "DELETE": (DELETE, {})}
        for name, (mutation, given) in mutations.items():
            if name in segment["transitions"] or (name, status) == ("ACTIVATE", "ACTIVE"):
                continue
            error = await refused(client, mutation, id=segment["id"], **given)
            assert (error["code"], error["path"]) == ("BAD_TRANSITION", ["id"]), (status, name)
            assert error["message"].endswith(f"What is possible from here: {ways}."), (status, name)
        assert await read(client, segment) == segment  # nothing changed


async def test_versions_guard_every_step(client: Product) -> None:
    ways = {"DRAFT": ("activate",), "ACTIVE": ("pause", "archive", "recalculate"), "PAUSED": ("resume",)}
    for status, names in (ways | {"ARCHIVED": ("unarchive",)}).items():
        segment = await in_status(client, status)
        stale = segment["version"] - 1
        attempts: list[Attempt] = [(STEP % name, {}) for name in names] + [(CLONE, {"name": "Clone"})]
        if status in ("DRAFT", "ARCHIVED"):
            attempts.append((DELETE, {}))
        if status != "ARCHIVED":
            attempts.append((UPDATE, {"name": "Other"}))
        for mutation, given in attempts:
            error = await refused(client, mutation, id=segment["id"], version=stale, **given)
            assert (error["code"], error["path"]) == ("CONFLICT", ["version"])
        assert await read(client, segment) == segment
        moved = await done(client, STEP % names[0], id=segment["id"], version=segment["version"])
        assert moved["version"] == segment["version"] + 1


async def test_what_is_deleted_leaves_no_trace_and_subscribers_hear_of_it(
    product: Product, server: Server, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    assert member.user_id is not None
    await upsert(product, {"a": "DE", "b": "DE", "c": "FR"})
    secret = await create(
        product, name="Secret", criteria=GERMAN, hiddenFromIds=[ids.encode("User", member.user_id)]
    )
    await settled(product, secret)
    await answer(product, HAND % "remove", segmentIds=[secret["id"]], externalIds=["a"])
    await answer(product, HAND % "add", segmentIds=[secret["id"]], externalIds=["c"])
    await step(product, "archive", secret)
    number_ = number(secret)

    async with (
        server.sign_in(member) as colleague,
        product.subscribe(EVENTS) as mine,
        colleague.subscribe(EVENTS) as theirs,
    ):
        assert (await mine.next())["__typename"] == "SegmentSnapshot"
        payload = await answer(product, DELETE, id=secret["id"])
        assert payload == {"deletedId": secret["id"], "errors": []}
        told = await mine.until("SegmentDeleted")
        assert (told["segment"]["name"], told["segment"]["status"]) == ("Secret", "ARCHIVED")
        # the colleague hears of what came later, and of nothing before
        later = await create(product, name="Later", type="STATIC")
        assert (await theirs.next())["segment"]["id"] == later["id"]

    tables = await connection.fetch(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'segment_id'"
    )
    left = [
        (table, rows)
        for (table,) in tables
        if (rows := await connection.fetchval(f"SELECT count(*) FROM {table} WHERE segment_id = $1", number_))
    ]
    assert left == []
    owned = "SELECT count(*) FROM chunks WHERE role IN (1, 2, 3)"
    assert await connection.fetchval(owned) == 0
    assert (await product.run(READ, id=secret["id"]))["segment"] is None
    for mutation in (STEP % "unarchive", DELETE, STEP % "archive"):
        assert (await refused(product, mutation, id=secret["id"]))["code"] == "NOT_FOUND"


async def codes(client: Product, segment: dict[str, Any]) -> list[str]:
    """The errors of everything that can be done to a segment, in a fixed order."""
    attempts: list[Attempt] = [(STEP % name, {}) for name in STEPS]
    attempts += [(UPDATE, {"name": "Mine"}), (CLONE, {"name": "Clone"}), (DELETE, {})]
    return [
        (await refused(client, mutation, id=segment["id"], **given))["code"] for mutation, given in attempts
    ]


async def test_nobody_changes_what_is_not_theirs(client: Product, server: Server, viewer: Viewer) -> None:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    stranger = await new_viewer("Other")
    assert member.user_id is not None
    open_one = await create(client, name="Open", criteria=GERMAN)
    private = await create(client, name="Private", criteria=GERMAN, visibility="PRIVATE")
    hidden = await create(
        client, name="Hidden", criteria=GERMAN, hiddenFromIds=[ids.encode("User", member.user_id)]
    )
    made = await client.run(
        'mutation { createApiKey(input: {name: "k", scope: READ}) { secret errors { code } } }'
    )

    async with (
        server.sign_in(member) as colleague,
        server.sign_in(stranger) as other,
        server.connect(made["createApiKey"]["secret"]) as program,
    ):
        for segment in (open_one, private, hidden):
            assert set(await codes(other, segment)) == {"NOT_FOUND"}
            assert set(await codes(program, segment)) == {"FORBIDDEN"}
        for segment in (private, hidden):
            assert set(await codes(colleague, segment)) == {"NOT_FOUND"}
        assert (await read(program, open_one))["transitions"] == []
        # a team member may clone what they see, and the clone is theirs alone
        assert (await read(colleague, open_one))["transitions"] == ["CLONE"]
        for mutation in (STEP % "pause", UPDATE, DELETE):
            assert (await refused(colleague, mutation, id=open_one["id"]))["code"] == "FORBIDDEN"
        clone = await done(colleague, CLONE, id=open_one["id"], name="My own")
        assert (clone["visibility"], clone["origin"]) == ("PRIVATE", "USER")
        assert (await step(colleague, "pause", clone))["status"] == "PAUSED"

    for segment in (open_one, private, hidden):
        assert await read(client, segment) == segment


ODD_NAMES = [
    ("x" * 300, "TOO_LONG"),
    ("", "REQUIRED"),
    (" \u00a0\u3000 ", "REQUIRED"),
    ("\ufe0f", "REQUIRED"),
    ("a\u0000b", "INVALID"),
    ("a\tb", "INVALID"),
    ("a\u200bb", "INVALID"),
    ("a\u2060b", "INVALID"),
    ("\u202eGermans", "INVALID"),
    ("Germans\u200f", "INVALID"),
    ("Germans\u3164", "INVALID"),
    ("\u2800Germans", "INVALID"),
    ("\ufeffGermans", "INVALID"),
    ("germans", "NAME_TAKEN"),
    ("Ger\u00admans", "INVALID"),
    (" GERMANS\u00a0", "NAME_TAKEN"),
    ("Ｇermans", "NAME_TAKEN"),
    ("Germans\ufe0f", "NAME_TAKEN"),
]


async def test_names_that_look_like_none_or_like_another_are_refused(client: Product) -> None:
    await create(client, name="Germans", activate=False)
    other = await create(client, name="Other", activate=False)
    for name, code in ODD_NAMES:
        given = {"kind": "ACCOUNT", "type": "DYNAMIC", "name": name}
        for error in (
            await refused(client, CREATE, **given),
            await refused(client, UPDATE, id=other["id"], name=name),
            await refused(client, CLONE, id=other["id"], name=name),
        ):
            assert (error["code"], error["path"]) == (code, ["name"]), ascii(name)
    assert (await client.run(NAMES))["segments"]["totalCount"] == 2
    # what people do write is taken
    for name in ("Größe ≥ 10 €", "顧客", "עמיתים", "Fans ❤️", "A\u00a0B"):
        await create(client, name=name)


async def test_usages_take_the_same_statements_however_long_the_list(
    client: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await create(client, name="First", criteria=GERMAN)
    for index in range(5):
        await create(client, name=f"Follower {index}", criteria=inside(first))
    query = """
        query ($first: Int!) { segments(first: $first, orderBy: {field: NAME, direction: DESC}) {
          nodes { transitions usages { segments { name } campaigns { name } playbooks { name } hiddenCount } }
        } }
    """
    statements = []
    for size in (2, 6):
        counted: list[str] = []
        async with counting(counted, monkeypatch):
            found = (await client.run(query, first=size))["segments"]["nodes"]
        assert len(found) == size
        statements.append(len(counted))
    assert len(found[-1]["usages"]["segments"]) == 5
    assert statements[0] == statements[1]

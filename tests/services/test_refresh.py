"""Refreshes: changed members move, and one bad segment or a crowd of changes holds nobody up."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.criteria import Checked
from seggraph.criteria.nodes import Tags
from seggraph.errors import CriteriaTooSlow, RetryLater
from seggraph.models.audiences import ChunkRole
from seggraph.services.playbooks import playbooks
from seggraph.services.playbooks.playbooks import PlaybookDraft
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.segments import edits as segment_edits
from seggraph.vocabulary import ReachStatus, RunStatus
from tests.api.test_memberships import counting
from tests.services.computing import (
    ACCOUNT,
    FailingEngine,
    PausingEngine,
    country,
    members_of,
    put,
    read,
    ready_segment,
    replayed,
    restricted,
    statuses_of_runs,
    with_engine,
)

TAGGED = {"tags": {"op": "HAS_ANY", "values": ["x"]}}


def about_tags(criteria: Sequence[Checked], _: BitMap | None) -> bool:
    """Any evaluation that has the criteria TAGGED among others."""
    return any(isinstance(tree, Tags) for tree in criteria)


async def test_a_change_moves_members_and_numbers(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await put(context, viewer, {"externalId": "a", "country": "DE"}, {"externalId": "b", "country": "US"})
    segment = await ready_segment(context, viewer, country("DE"))
    other = await ready_segment(context, viewer, TAGGED, name="Tagged")

    await put(
        context,
        viewer,
        {"externalId": "a", "country": "US"},
        {"externalId": "b", "country": "DE", "email": "b@example.com"},
    )
    assert await refresh.drain(context, viewer.workspace_id, ACCOUNT) == 2

    after = await read(viewer, segment)
    assert await members_of(connection, segment) == {"b"}
    assert (after.member_count, after.reach_email, after.reach_status) == (1, 1, ReachStatus.READY)
    assert after.as_of is not None
    assert segment.as_of is not None
    assert after.as_of > segment.as_of
    assert set(await replayed(connection, segment.id)) == {1}
    assert await statuses_of_runs(connection, segment) == [
        (1, "FULL", "SUCCEEDED"),
        (1, "REFRESH", "SUCCEEDED"),
    ]
    # and a segment that nobody entered or left has no run of it
    assert await statuses_of_runs(connection, other) == [(1, "FULL", "SUCCEEDED")]
    assert await refresh.drain(context, viewer.workspace_id, ACCOUNT) == 0


async def test_one_failing_segment_does_not_delay_the_others(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given two segments, of which one's criteria have become too slow
    await put(context, viewer, {"externalId": "a", "country": "DE", "tags": ["x"]})
    good = await ready_segment(context, viewer, country("DE"))
    bad = await ready_segment(context, viewer, TAGGED, name="Tagged")
    failing = with_engine(context, FailingEngine(about_tags, CriteriaTooSlow("evaluating took too long")))

    # when members change
    await put(context, viewer, {"externalId": "b", "country": "DE", "tags": ["x"]})
    assert await refresh.drain(failing, viewer.workspace_id, ACCOUNT) == 1

    # then the good one follows, and the bad one gets a run of its own, which says what is wrong
    assert await members_of(connection, good) == {"a", "b"}
    now = await read(viewer, bad)
    assert (now.reach_status, now.requested_revision, now.member_count) == (ReachStatus.CALCULATING, 2, 1)
    assert await recompute.run(failing, bad.id, 2) is RunStatus.FAILED
    assert (await read(viewer, bad)).error_code == "CRITERIA_TOO_SLOW"

    # and from then on it is not even tried
    engine = failing.engine
    assert isinstance(engine, FailingEngine)
    engine.calls = 0
    await put(context, viewer, {"externalId": "c", "country": "DE"})
    assert await refresh.drain(failing, viewer.workspace_id, ACCOUNT) == 1
    assert await members_of(connection, good) == {"a", "b", "c"}
    assert engine.calls == 0


async def test_an_outage_loses_no_change(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await put(context, viewer, {"externalId": "a", "country": "DE"})
    segment = await ready_segment(context, viewer, country("DE"))
    await put(context, viewer, {"externalId": "b", "country": "DE"})

    away = with_engine(context, FailingEngine(restricted, RetryLater("the database did not answer in time")))
    with pytest.raises(RetryLater):
        await refresh.drain(away, viewer.workspace_id, ACCOUNT)

    assert (await read(viewer, segment)).reach_status is ReachStatus.READY
    assert await refresh.drain(context, viewer.workspace_id, ACCOUNT) == 1
    assert await members_of(connection, segment) == {"a", "b"}


async def test_refreshes_take_turns(context: Context, viewer: Viewer, connection: asyncpg.Connection) -> None:
    # given a refresh that found a's old country and waits
    segment = await ready_segment(context, viewer, country("DE"))
    await put(context, viewer, {"externalId": "a", "country": "DE"})
    engine = PausingEngine(restricted)
    first = asyncio.create_task(refresh.drain(with_engine(context, engine), viewer.workspace_id, ACCOUNT))
    await engine.reached.wait()

    # when a changes again, a second refresh waits for the first
    await put(context, viewer, {"externalId": "a", "country": "US"})
    second = asyncio.create_task(refresh.drain(context, viewer.workspace_id, ACCOUNT))
    await asyncio.sleep(0.2)
    assert not second.done()
    engine.resume.set()

    # then the later look wins
    assert await first + await second == 2
    assert await members_of(connection, segment) == set()
    assert len(await replayed(connection, segment.id)) == 0


async def test_a_crowd_of_changes_is_looked_at_in_parts(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "MEMBERS_AT_ONCE", 7)
    segment = await ready_segment(context, viewer, country("DE"))
    await put(context, viewer, *({"externalId": f"a{n}", "country": "DE"} for n in range(20)))
    since = await connection.fetchval("SELECT created_at FROM dirty_batches")

    assert await refresh.refresh_once(context, viewer.workspace_id, ACCOUNT) == 7
    assert len(await members_of(connection, segment)) == 7
    assert await connection.fetchval("SELECT created_at FROM dirty_batches") == since
    assert await refresh.drain(context, viewer.workspace_id, ACCOUNT) == 13

    assert len(await members_of(connection, segment)) == 20
    assert await connection.fetchval("SELECT count(*) FROM dirty_batches") == 0


async def test_changes_while_a_nudge_is_answered_need_no_nudge(
    context: Context, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "LOOK_SECONDS", 60.0)  # however slow the machine is, it looks once more

    # given a refresh at work, when more changes come
    engine = PausingEngine(restricted)
    await put(context, viewer, {"externalId": "a"})
    working = asyncio.create_task(
        refresh.answer_nudge(with_engine(context, engine), viewer.workspace_id, ACCOUNT)
    )
    await engine.reached.wait()
    await context.redis.delete("seggraph:jobs")
    for n in range(5):
        await put(context, viewer, {"externalId": f"b{n}"})

    # then no other job is asked for, and this one looks at them
    assert await context.redis.zcard("seggraph:jobs") == 0
    engine.resume.set()
    assert await working == 6

    # and the next change asks again
    await put(context, viewer, {"externalId": "c"})
    assert await context.redis.zcard("seggraph:jobs") == 1


async def test_what_one_nudge_has_no_time_for_is_nudged_again(
    context: Context, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "MEMBERS_AT_ONCE", 7)
    monkeypatch.setattr(refresh, "LOOK_SECONDS", 0)
    await put(context, viewer, *({"externalId": f"a{n}"} for n in range(20)))
    await context.redis.delete("seggraph:jobs")

    assert await refresh.answer_nudge(context, viewer.workspace_id, ACCOUNT) == 7

    assert await context.redis.zcard("seggraph:jobs") == 1


async def test_a_refresh_uses_the_rules_as_they_are_when_it_holds_the_segments(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a refresh that asked the rules of three segments and holds none of them yet
    await put(context, viewer, {"externalId": "a", "country": "US"})
    kept = await ready_segment(context, viewer, country("DE"), name="Kept")
    edited = await ready_segment(context, viewer, country("DE"), name="Edited")
    fed = await ready_segment(context, viewer, country("FR"), name="Fed")
    draft = PlaybookDraft("Germans", ACCOUNT, country("DE"), [fed.id])
    playbook = await playbooks.create(context, viewer, draft)
    await recompute.run(context, fed.id, 2)
    await put(context, viewer, {"externalId": "a", "country": "DE"})
    engine = PausingEngine(restricted)
    working = asyncio.create_task(
        refresh.refresh_once(with_engine(context, engine), viewer.workspace_id, ACCOUNT)
    )
    await engine.reached.wait()

    # when a playbook is paused, and an edit is saved and computed
    await playbooks.pause(context, viewer, playbook.id)
    await segment_edits.update(context, viewer, edited.id, {"criteria": country("US")})
    async with connection.transaction():
        await connection.execute(
            "UPDATE segments SET computed_revision = 2, reach_status = 'READY' WHERE id = $1", edited.id
        )
    engine.resume.set()
    assert await working == 1

    # then the answers to the rules that were are not applied
    assert await members_of(connection, kept) == {"a"}
    assert await members_of(connection, edited) == set()
    assert await members_of(connection, fed) == set()


async def test_a_rule_that_comes_before_the_hold_takes_nothing_from_whom_it_holds(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a segment with a paused playbook, and changes that concern its criteria and the playbook's
    await put(context, viewer, {"externalId": "a", "country": "US"}, {"externalId": "b", "country": "US"})
    segment = await ready_segment(context, viewer, country("FR"))
    energy = {"attribute": {"field": "industry", "op": "EQ", "value": "Energy"}}
    playbook = await playbooks.create(context, viewer, PlaybookDraft("Energy", ACCOUNT, energy, [segment.id]))
    await playbooks.pause(context, viewer, playbook.id)
    await recompute.run(context, segment.id, (await read(viewer, segment)).requested_revision)
    await put(context, viewer, {"externalId": "a", "country": "DE"})
    await put(context, viewer, {"externalId": "b", "industry": "Energy"})
    engine = PausingEngine(restricted)
    working = asyncio.create_task(
        refresh.refresh_once(with_engine(context, engine), viewer.workspace_id, ACCOUNT)
    )
    await engine.reached.wait()

    # when the playbook is resumed, and has its member, before the refresh holds the segment
    await playbooks.resume(context, viewer, playbook.id)
    source = await connection.fetchval("SELECT id FROM sources WHERE playbook_id = $1", playbook.id)
    ordinal = await connection.fetchval("SELECT ordinal FROM members WHERE external_id = 'b'")
    owners = ChunkOwner(ChunkRole.LINKS, source), ChunkOwner(ChunkRole.MEMBERS, segment.id)
    store = ChunkStore(connection, viewer.workspace_id)
    async with connection.transaction():
        await store.write({owner: (BitMap(), BitMap([ordinal])) for owner in owners})
        await connection.execute(
            "UPDATE segments SET computed_revision = requested_revision, reach_status = 'READY' WHERE id = $1",
            segment.id,
        )
    engine.resume.set()
    assert await working == 2

    # then it stays
    assert await members_of(connection, segment) == {"b"}
    assert await store.read(owners[0]) == BitMap([ordinal])


async def test_the_statements_of_a_refresh_do_not_grow_with_the_segments(
    context: Context, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(context, viewer, {"externalId": "a"})
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    counted: list[int] = []
    for number, code in ((1, "DE"), (6, "FR")):
        for n in range(number):
            await ready_segment(context, viewer, country(code), name=f"{code} {n}")
        for one in (code, None, code):  # the process knows the criteria from then on
            await refresh.drain(context, viewer.workspace_id, ACCOUNT)
            await put(context, viewer, {"externalId": "a", "country": one})
        statements: list[str] = []
        async with counting(statements, monkeypatch):
            await refresh.refresh_once(context, viewer.workspace_id, ACCOUNT)
        counted.append(len(statements))
        await put(context, viewer, {"externalId": "a", "country": None})
        await refresh.drain(context, viewer.workspace_id, ACCOUNT)

    # of which two are for the customer values: their lock, and the values of the segments
    assert counted == [18, 18]

"""The sweeper: whatever Redis, a worker or a process lost on its way is asked for, closed or published again."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.events import EventStream, ReachChanged, outbox
from seggraph.events.facts import decode
from seggraph.events.hub import Hub
from seggraph.services.computations.computations import MAX_ATTEMPTS
from seggraph.services.operations import sweeping
from seggraph.services.recompute import recompute
from seggraph.services.refresh import drift
from seggraph.services.refresh.drift import DriftView
from seggraph.services.segments import edits as segment_edits
from seggraph.vocabulary import ReachStatus, RunStatus
from tests.product import working
from tests.services.computing import (
    PausingEngine,
    country,
    members_of,
    new_segment,
    put,
    read,
    ready_segment,
    statuses_of_runs,
    unhurried,
    whole,
    with_engine,
)


class DyingStream(EventStream):
    """That of a process which dies right after the commit, when there is a result to tell."""

    async def publish_encoded(self, by_workspace: Mapping[int, Sequence[bytes]]) -> bool:
        facts = [decode(data) for of_workspace in by_workspace.values() for data in of_workspace]
        if any(isinstance(fact, ReachChanged) for fact in facts):
            raise asyncio.CancelledError
        return await super().publish_encoded(by_workspace)


async def test_a_lost_queue_loses_no_work(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a segment to compute and members to look at, and a Redis that forgot it all
    await put(context, viewer, externalId="a", country="DE")
    segment = await new_segment(context, viewer, country("DE"))
    await context.redis.flushall()

    # when a worker comes
    async with working(context), asyncio.timeout(120):
        while (await read(viewer, segment)).reach_status is not ReachStatus.READY:  # noqa: ASYNC110 - workers do it
            await asyncio.sleep(0.05)
        assert await members_of(connection, segment) == {"a"}

        # then it also finds what is lost while it works
        await put(context, viewer, externalId="b", country="DE")
        await context.redis.flushall()
        while await members_of(connection, segment) != {"a", "b"}:  # noqa: ASYNC110 - workers do it
            await asyncio.sleep(0.05)


async def test_what_is_due_for_a_sync_is_computed_anew(context: Context, viewer: Viewer) -> None:
    segment = await ready_segment(context, viewer, country("DE"))
    await sweeping.sweep(context)
    assert (await read(viewer, segment)).requested_revision == 1

    async with working(context), asyncio.timeout(120):
        await _make_due(segment.id, context)
        while (after := await read(viewer, segment)).computed_revision != 2:  # noqa: ASYNC110 - workers do it
            await asyncio.sleep(0.05)
    assert after.next_sync_at is not None
    assert segment.next_sync_at is not None
    assert after.next_sync_at > segment.next_sync_at
    assert after.requested_revision == 2


async def test_a_sync_reports_and_corrects_what_refreshes_missed(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given one who changed without a mark, and one whose change waits to be looked at
    await put(context, viewer, {"externalId": "a", "country": "US"}, {"externalId": "b", "country": "DE"})
    segment = await ready_segment(context, viewer, country("DE"))
    await connection.execute("UPDATE members SET country = 'DE' WHERE external_id = 'a'")
    assert await drift.recent(viewer) == DriftView(0, 0, None)

    # when a sync is due
    await _make_due(segment.id, context)
    await sweeping.sweep(context)
    await put(context, viewer, {"externalId": "b", "country": "US"})
    assert await recompute.run(context, segment.id, 2) is RunStatus.SUCCEEDED

    # then the first is counted and in, and the second is no drift
    kept = await drift.recent(viewer)
    assert kept is not None
    assert (kept.members, kept.segments) == (1, 1)
    assert await members_of(connection, segment) == {"a"}

    # and what an edit changes is none either
    await connection.execute("UPDATE members SET country = 'DE' WHERE external_id = 'b'")
    await segment_edits.update(context, viewer, segment.id, {"criteria": {"not": country("US")}})
    assert await recompute.run(context, segment.id, 3) is RunStatus.SUCCEEDED
    assert await members_of(connection, segment) == {"a", "b"}
    assert await drift.recent(viewer) == kept


async def _make_due(segment_id: int, context: Context) -> None:
    connection = await asyncpg.connect(context.settings.database_url)
    await connection.execute("UPDATE segments SET next_sync_at = now() WHERE id = $1", segment_id)
    await connection.close()


async def test_a_segment_whose_every_run_lost_its_worker_fails(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a run whose worker is gone, the last of the attempts
    segment = await new_segment(context, viewer, country("DE"))
    engine = PausingEngine(whole)
    lost = asyncio.create_task(recompute.run(with_engine(unhurried(context), engine), segment.id, 1))
    await engine.reached.wait()
    await connection.execute("UPDATE segments SET attempts = $1", MAX_ATTEMPTS)
    await sweeping.sweep(context)
    assert (await read(viewer, segment)).reach_status is ReachStatus.CALCULATING  # its lease is alive
    await connection.execute("UPDATE segments SET lease_until = now() - interval '1 second'")

    await sweeping.sweep(context)

    # then it is FAILED, with a reason, and no run is left RUNNING
    after = await read(viewer, segment)
    assert (after.reach_status, after.error_code) == (ReachStatus.FAILED, "INTERNAL")
    assert "Recalculate" in str(after.error_message)
    assert await statuses_of_runs(connection, segment) == [(1, "FULL", "VOID")]
    engine.resume.set()
    assert await lost is not None
    assert (await read(viewer, segment)).reach_status is ReachStatus.FAILED

    # and it is tried again after some minutes, for it may not have been its fault
    assert await connection.fetchval("SELECT next_sync_at <= now() + interval '5 minutes' FROM segments")
    await _make_due(segment.id, context)
    await sweeping.sweep(context)
    assert await recompute.run(context, segment.id, 2) is RunStatus.SUCCEEDED


async def test_a_run_with_a_lease_of_its_own_stays_open(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment = await new_segment(context, viewer, country("DE"))
    engine = PausingEngine(whole)
    running = asyncio.create_task(recompute.run(with_engine(unhurried(context), engine), segment.id, 1))
    await engine.reached.wait()
    await connection.execute("UPDATE segments SET lease_until = now() - interval '1 second'")

    await sweeping.sweep(context)

    assert await statuses_of_runs(connection, segment) == [(1, "FULL", "RUNNING")]
    engine.resume.set()
    await running
    assert await statuses_of_runs(connection, segment) == [(1, "FULL", "SUCCEEDED")]


async def test_a_fact_outlives_the_process_that_committed_it(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a process that dies between its commit and what it had to publish
    dying = replace(context, stream=DyingStream(context.redis))
    segment = await new_segment(context, viewer, country("DE"))
    hub = Hub(context.stream)
    async with hub.running(), hub.subscribe(viewer.workspace_id) as subscription:
        with pytest.raises(asyncio.CancelledError):
            await recompute.run(dying, segment.id, 1)
        assert (await read(viewer, segment)).reach_status is ReachStatus.READY
        assert await connection.fetchval("SELECT count(*) FROM outbox") == 1

        # when the sweeper comes by, not too early
        assert await outbox.publish_overdue(context.stream) == 0
        await connection.execute("UPDATE outbox SET created_at = created_at - interval '1 minute'")
        await sweeping.sweep(context)

        # then subscribers learn that it is READY, and the outbox is empty
        async with asyncio.timeout(120):
            async for delivery in subscription:
                fact = getattr(delivery, "fact", None)
                if isinstance(fact, ReachChanged) and fact.reach_status is ReachStatus.READY:
                    break
        assert await connection.fetchval("SELECT count(*) FROM outbox") == 0


async def test_facts_leave_the_outbox_once_published(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await ready_segment(context, viewer, country("DE"))

    assert await connection.fetchval("SELECT count(*) FROM outbox") == 0


async def test_what_fails_in_a_sweep_keeps_nothing_else_from_being_asked_for(
    context: Context, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a segment whose run was never asked for, and a part of the sweep that comes before it and fails
    segment = await new_segment(context, viewer, country("DE"))
    await context.redis.flushall()

    async def fail(*_: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(outbox, "publish_overdue", fail)
    with pytest.raises(ExceptionGroup, match="parts of a sweep") as raised:
        await sweeping.sweep(context)

    # then it is said, and the run is asked for all the same
    assert [str(error) for error in raised.value.exceptions] == ["a defect"]
    assert await context.redis.exists(f"arq:job:recompute:{segment.id}:1:0") == 1

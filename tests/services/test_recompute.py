"""Runs: leases, fences, retries, failures, and the races with refreshes, changes and edits."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.errors import CriteriaTooSlow, RetryLater
from seggraph.services.computations import computations
from seggraph.services.operations import sweeping
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.segments import edits as segment_edits
from seggraph.services.segments import segments
from seggraph.vocabulary import ReachStatus, RunStatus
from tests.services.computing import (
    ACCOUNT,
    FailingEngine,
    PausingEngine,
    country,
    members_of,
    new_segment,
    put,
    read,
    ready_segment,
    replayed,
    restricted,
    statuses_of_runs,
    unhurried,
    whole,
    with_engine,
)


@pytest.fixture
async def three(context: Context, viewer: Viewer) -> None:
    """Two Germans and an American."""
    await put(
        context,
        viewer,
        {"externalId": "a", "country": "DE", "email": "a@example.com", "address": "Street 1"},
        {"externalId": "b", "country": "DE"},
        {"externalId": "c", "country": "US", "email": "c@example.com"},
    )


@pytest.mark.usefixtures("three")
async def test_a_run_computes_members_reach_and_history(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment = await new_segment(context, viewer, country("DE"))

    assert await recompute.run(context, segment.id, 1) is RunStatus.SUCCEEDED

    after = await read(viewer, segment)
    assert (after.reach_status, after.computed_revision) == (ReachStatus.READY, 1)
    assert (after.member_count, after.reach_total, after.reach_email, after.reach_direct_mail) == (2, 1, 1, 1)
    assert await members_of(connection, segment) == {"a", "b"}
    assert set(await replayed(connection, segment.id)) == {0, 1}
    assert after.next_sync_at is not None
    # and a second job for the same revision finds nothing to do
    assert await recompute.run(context, segment.id, 1) is None
    assert await statuses_of_runs(connection, segment) == [(1, "FULL", "SUCCEEDED")]


@pytest.mark.usefixtures("three")
async def test_two_jobs_at_once_are_one_run(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment = await new_segment(context, viewer, country("DE"))

    ended = await asyncio.gather(*(recompute.run(context, segment.id, 1) for _ in range(4)))

    assert sorted(ended, key=str) == [None, None, None, RunStatus.SUCCEEDED]
    assert await statuses_of_runs(connection, segment) == [(1, "FULL", "SUCCEEDED")]


@pytest.mark.usefixtures("three")
async def test_a_refresh_during_a_run_is_not_overwritten(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a run that has scanned its snapshot and not applied it
    segment = await new_segment(context, viewer, country("DE"))
    engine = PausingEngine(whole)
    running = asyncio.create_task(recompute.run(with_engine(context, engine), segment.id, 1))
    await engine.reached.wait()

    # when members change, and a refresh looks at them, before it goes on
    await put(
        context,
        viewer,
        {"externalId": "a", "country": "US"},
        {"externalId": "c", "country": "DE"},
        {"externalId": "d", "country": "DE", "email": "d@example.com"},
    )
    assert await refresh.drain(context, viewer.workspace_id, ACCOUNT) == 3
    assert (await read(viewer, segment)).reach_status is ReachStatus.CALCULATING
    engine.resume.set()

    # then its result is that of the members as they are now
    assert await running is RunStatus.SUCCEEDED
    after = await read(viewer, segment)
    assert await members_of(connection, segment) == {"b", "c", "d"}
    assert (after.member_count, after.reach_email) == (3, 2)
    assert set(await replayed(connection, segment.id)) == {1, 2, 3}


@pytest.mark.usefixtures("three")
async def test_a_refresh_that_began_before_the_result_and_ends_after_it(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a run that has scanned, and after it a change, which concerns another segment too
    await ready_segment(context, viewer, country("US"), name="American")
    segment = await new_segment(context, viewer, country("DE"))
    scanning, refreshing = PausingEngine(whole), PausingEngine(restricted)
    running = asyncio.create_task(recompute.run(with_engine(context, scanning), segment.id, 1))
    await scanning.reached.wait()
    await put(context, viewer, {"externalId": "a", "country": "US"})

    # when a refresh evaluates the change, the run applies its result, and only then the refresh goes on
    refreshed = asyncio.create_task(
        refresh.drain(with_engine(context, refreshing), viewer.workspace_id, ACCOUNT)
    )
    await refreshing.reached.wait()
    scanning.resume.set()
    assert await running is RunStatus.SUCCEEDED
    assert await members_of(connection, segment) == {"a", "b"}
    refreshing.resume.set()

    # then the change is in
    assert await refreshed == 1
    assert await members_of(connection, segment) == {"b"}
    after = await read(viewer, segment)
    assert (after.member_count, after.reach_total, after.reach_email) == (1, 0, 0)
    assert set(await replayed(connection, segment.id)) == {1}


@pytest.mark.usefixtures("three")
async def test_a_change_during_activation_is_seen_by_the_run(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a change, and a refresh of it that began before the segment was there
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    await put(context, viewer, {"externalId": "c", "country": "DE", "email": "new@example.com"})
    engine = PausingEngine(restricted)
    refreshed = asyncio.create_task(refresh.drain(with_engine(context, engine), viewer.workspace_id, ACCOUNT))
    await engine.reached.wait()

    # when the segment is activated meanwhile
    segment = await new_segment(context, viewer, country("DE"))
    running = asyncio.create_task(recompute.run(context, segment.id, 1))
    await asyncio.sleep(0.2)

    # then its run waits for that refresh, and has the change and its reach
    assert not running.done()
    engine.resume.set()
    await refreshed
    assert await running is RunStatus.SUCCEEDED
    after = await read(viewer, segment)
    assert await members_of(connection, segment) == {"a", "b", "c"}
    assert (after.member_count, after.reach_email) == (3, 2)


@pytest.mark.usefixtures("three")
async def test_a_change_during_an_edit_is_seen_by_the_new_run(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a READY segment and a refresh that has evaluated a change with its criteria of then
    segment = await ready_segment(context, viewer, country("DE"))
    await put(context, viewer, {"externalId": "d", "country": "US"})
    engine = PausingEngine(restricted)
    refreshed = asyncio.create_task(refresh.drain(with_engine(context, engine), viewer.workspace_id, ACCOUNT))
    await engine.reached.wait()

    # when the criteria are edited before it applies what it found
    edited = (await segment_edits.update(context, viewer, segment.id, {"criteria": country("US")})).segment
    engine.resume.set()
    await refreshed

    # then it leaves the segment alone, and the new run has the change
    assert await members_of(connection, segment) == {"a", "b"}
    assert await recompute.run(context, segment.id, edited.requested_revision) is RunStatus.SUCCEEDED
    assert await members_of(connection, segment) == {"c", "d"}


@pytest.mark.usefixtures("three")
async def test_an_edit_voids_the_run_at_work_and_the_new_one_starts_at_once(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a run at work
    segment = await new_segment(context, viewer, country("DE"))
    engine = PausingEngine(whole)
    old = asyncio.create_task(recompute.run(with_engine(context, engine), segment.id, 1))
    await engine.reached.wait()

    # when the criteria are edited: the new run need not wait for the lease
    edited = (await segment_edits.update(context, viewer, segment.id, {"criteria": country("US")})).segment
    assert edited.requested_revision == 2
    assert await recompute.run(context, segment.id, 2) is RunStatus.SUCCEEDED

    # then the old result is void, whenever it comes
    engine.resume.set()
    assert await old is RunStatus.VOID
    assert await members_of(connection, segment) == {"c"}
    assert (await read(viewer, segment)).computed_revision == 2
    assert await statuses_of_runs(connection, segment) == [(1, "FULL", "VOID"), (2, "FULL", "SUCCEEDED")]


@pytest.mark.usefixtures("three")
async def test_an_edit_cancels_the_scan_that_became_void(context: Context, viewer: Viewer) -> None:
    quick = replace(context, settings=context.settings.model_copy(update={"lease_seconds": 0.3}))
    segment = await new_segment(context, viewer, country("DE"))
    engine = PausingEngine(whole)
    old = asyncio.create_task(recompute.run(with_engine(quick, engine), segment.id, 1))
    await engine.reached.wait()

    await segment_edits.update(context, viewer, segment.id, {"criteria": country("US")})

    # then the next heartbeat ends it, though nobody resumes the scan
    async with asyncio.timeout(120):
        assert await old is RunStatus.VOID


@pytest.mark.usefixtures("three")
async def test_a_lease_that_ran_out_is_taken_over_and_the_first_result_is_void(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a run whose worker gave no sign of life for longer than its lease
    segment = await new_segment(context, viewer, country("DE"))
    engine = PausingEngine(whole)
    first = asyncio.create_task(recompute.run(with_engine(unhurried(context), engine), segment.id, 1))
    await engine.reached.wait()
    assert await recompute.run(context, segment.id, 1) is None  # the lease is alive
    await connection.execute("UPDATE segments SET lease_until = now() - interval '1 second'")

    # when another takes over and ends
    assert await recompute.run(context, segment.id, 1) is RunStatus.SUCCEEDED
    engine.resume.set()

    # then the first is void, and no member entered twice
    assert await first is RunStatus.VOID
    assert await statuses_of_runs(connection, segment) == [(1, "FULL", "VOID"), (1, "FULL", "SUCCEEDED")]
    assert set(await replayed(connection, segment.id)) == {0, 1}


@pytest.mark.usefixtures("three")
async def test_a_failure_keeps_the_last_good_numbers(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment = await ready_segment(context, viewer, country("DE"))
    again = await segments.recalculate(context, viewer, segment.id)
    failing = FailingEngine(whole, CriteriaTooSlow("evaluating took longer than 60 s"))

    ended = await recompute.run(with_engine(context, failing), segment.id, again.requested_revision)

    assert ended is RunStatus.FAILED
    after = await read(viewer, segment)
    assert after.reach_status is ReachStatus.FAILED
    assert (after.error_code, after.error_message) == (
        "CRITERIA_TOO_SLOW",
        "evaluating took longer than 60 s",
    )
    assert (after.member_count, after.reach_total, after.as_of) == (2, 1, segment.as_of)
    assert await members_of(connection, segment) == {"a", "b"}
    assert failing.calls == 1  # trying again would not help
    # and the next calculation clears it
    last = await segments.recalculate(context, viewer, segment.id)
    assert await recompute.run(context, segment.id, last.requested_revision) is RunStatus.SUCCEEDED
    assert (await read(viewer, segment)).error_code is None


@pytest.mark.usefixtures("three")
async def test_what_may_pass_is_tried_again_and_in_the_end_fails(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment = await new_segment(context, viewer, country("DE"))
    failing = with_engine(context, FailingEngine(whole, RetryLater("the database did not answer in time")))

    for attempt in range(1, computations.MAX_ATTEMPTS):
        assert await recompute.run(failing, segment.id, 1) is RunStatus.FAILED
        assert (await read(viewer, segment)).reach_status is ReachStatus.CALCULATING, attempt
        # a job that comes too early does nothing
        assert await recompute.run(failing, segment.id, 1) is None
        await connection.execute("UPDATE segments SET retry_at = now()")
    assert await recompute.run(failing, segment.id, 1) is RunStatus.FAILED

    after = await read(viewer, segment)
    assert (after.reach_status, after.error_code) == (ReachStatus.FAILED, "RETRY_LATER")
    runs = await statuses_of_runs(connection, segment)
    assert runs == [(1, "FULL", "FAILED")] * computations.MAX_ATTEMPTS


@pytest.mark.usefixtures("three")
async def test_a_worker_that_stops_gives_the_run_back(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment = await new_segment(context, viewer, country("DE"))
    engine = PausingEngine(whole)
    running = asyncio.create_task(recompute.run(with_engine(context, engine), segment.id, 1))
    await engine.reached.wait()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    # then another starts at once, and no attempt was used up
    assert await connection.fetchval("SELECT attempts FROM segments") == 0
    assert await recompute.run(context, segment.id, 1) is RunStatus.SUCCEEDED
    assert await statuses_of_runs(connection, segment) == [(1, "FULL", "VOID"), (1, "FULL", "SUCCEEDED")]


@pytest.mark.usefixtures("three")
async def test_an_archived_segment_does_not_become_ready(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment = await new_segment(context, viewer, country("DE"))
    engine = PausingEngine(whole)
    running = asyncio.create_task(recompute.run(with_engine(context, engine), segment.id, 1))
    await engine.reached.wait()

    await connection.execute("UPDATE segments SET status = 'ARCHIVED', lease_holder = NULL")
    engine.resume.set()

    assert await running is RunStatus.VOID
    assert await members_of(connection, segment) == set()
    await sweeping.sweep(context)
    assert await statuses_of_runs(connection, segment) == [(1, "FULL", "VOID")]

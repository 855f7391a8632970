"""Hands against what is computed at the same time, in both orders: nothing is lost and the numbers agree."""

import asyncio

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.segments import manual_membership, segments
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import ReachStatus, SourceKind
from tests.services.manual_changes import GERMAN, UnitOfWork, named

CRITERIA, MANUAL = SourceKind.CRITERIA, SourceKind.MANUAL
HOLD = "SELECT id FROM segments WHERE id = $1 FOR UPDATE"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.fixture
async def work(context: Context, viewer: Viewer) -> UnitOfWork:
    """Two Germans and two others."""
    work = UnitOfWork(context, viewer)
    await work.put("a", "b")
    await work.put("x", "y", country="US")
    await work.refresh()
    return work


async def agrees(work: UnitOfWork, segment: SegmentView, names: set[str]) -> None:
    """The segment has these members, and every number of it says so."""
    after = await work.read(segment)
    assert await work.names_in(segment) == names
    assert after.reach_status is ReachStatus.READY
    assert after.member_count == len(names)
    assert after.reach_email == await work.emailable(segment)


async def waiting(connection: asyncpg.Connection, number: int) -> None:
    """Until this many transactions wait for a lock."""
    async with asyncio.timeout(120):
        while await connection.fetchval(WAITING) < number:  # noqa: ASYNC110 - only the server knows
            await asyncio.sleep(0.01)


async def test_hands_during_a_full_run_outlive_it(work: UnitOfWork) -> None:
    german = await work.segment("German", criteria=GERMAN)
    asked = await segments.recalculate(work.context, work.viewer, german.id)
    slow, engine = work.pausing()
    run = asyncio.create_task(slow.compute(asked))
    await engine.paused.wait()

    # when the run has scanned, and hands act before it applies what it found
    removed = await manual_membership.remove(work.context, work.viewer, [german.id], named("a"))
    added = await manual_membership.add(work.context, work.viewer, [german.id], named("x"))
    # then the members follow at once, while the reach is that of the last good run
    assert (removed.segments[0].member_count, added.segments[0].member_count) == (1, 2)
    assert (added.segments[0].reach_status, added.segments[0].reach_email) == (ReachStatus.CALCULATING, 2)
    engine.let_go.set()
    await run

    # then its result neither brings back the one nor drops the other
    await agrees(work, german, {"b", "x"})
    assert await work.sources(german) == {CRITERIA: (1, 1), MANUAL: (1, 0)}


async def test_hands_during_a_refresh_that_has_evaluated_already(work: UnitOfWork) -> None:
    german = await work.segment("German", criteria=GERMAN)
    await work.put("x", "y", country="DE", email=False)
    await work.put("b", country="US")
    slow, engine = work.pausing()
    refreshing = asyncio.create_task(slow.refresh())
    await engine.paused.wait()

    # when x is blocked, y linked, and b, who is about to leave, linked, all after the evaluation
    await manual_membership.remove(work.context, work.viewer, [german.id], named("x"))
    await manual_membership.add(work.context, work.viewer, [german.id], named("y", "b"))
    engine.let_go.set()
    await refreshing

    await agrees(work, german, {"a", "b", "y"})
    assert await work.sources(german) == {CRITERIA: (2, 1), MANUAL: (2, 0)}
    assert (await work.read(german)).reach_email == 2


@pytest.mark.parametrize("hand_first", [True, False])
async def test_both_wait_for_the_segment(
    work: UnitOfWork, connection: asyncpg.Connection, database_url: str, hand_first: bool
) -> None:
    german = await work.segment("German", criteria=GERMAN)
    await work.put("x", country="DE", email=False)  # enters, and loses its address
    await work.put("a", email=False)
    watch = await asyncpg.connect(database_url)

    async def hand() -> None:
        await manual_membership.remove(work.context, work.viewer, [german.id], named("a"))
        await manual_membership.add(work.context, work.viewer, [german.id], named("y"))

    jobs = [hand(), work.refresh()] if hand_first else [work.refresh(), hand()]
    tasks = []
    async with connection.transaction():
        await connection.execute(HOLD, german.id)
        for number, job in enumerate(jobs, start=1):
            tasks.append(asyncio.create_task(job))
            await waiting(watch, number)
    await asyncio.gather(*tasks)
    await watch.close()

    await agrees(work, german, {"b", "x", "y"})
    assert await work.sources(german) == {CRITERIA: (2, 1), MANUAL: (1, 0)}


async def test_a_member_whose_change_waits_is_counted_when_it_is_looked_at(work: UnitOfWork) -> None:
    german = await work.segment("German", criteria=GERMAN)
    await work.put("new", country="US")

    added = await manual_membership.add(work.context, work.viewer, [german.id], named("new"))

    assert (added.segments[0].member_count, added.segments[0].reach_email) == (3, 2)
    await work.refresh()
    await agrees(work, german, {"a", "b", "new"})
    assert (await work.read(german)).reach_email == 3


async def test_many_hands_on_the_same_segments_never_deadlock(work: UnitOfWork) -> None:
    one, two = await work.segment("One"), await work.segment("Two")

    await asyncio.gather(
        *(
            hand(work.context, work.viewer, ids, named("a", "b", "x"))
            for ids in ([one.id, two.id], [two.id, one.id])
            for hand in (manual_membership.add, manual_membership.remove, manual_membership.add)
        )
    )

    for segment in (one, two):
        await agrees(work, segment, await work.names_in(segment))
        assert (await work.sources(segment))[MANUAL][0] == len(await work.names_in(segment))

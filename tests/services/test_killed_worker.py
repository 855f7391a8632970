"""A worker that is killed in the middle of a run, as a process of its own: another one finishes it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.segments import views as segment_views
from seggraph.settings import Settings
from seggraph.vocabulary import ReachStatus
from tests.product import PATIENCE_SECONDS, working
from tests.services.computing import country, members_of, new_segment, put, replayed, statuses_of_runs


@asynccontextmanager
async def worker_process(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """`seggraph worker` on the test's servers, with the settings of production."""
    environment = os.environ | {
        "SEGGRAPH_DATABASE_URL": str(settings.database_url),
        "SEGGRAPH_REDIS_URL": str(settings.redis_url),
        "SEGGRAPH_LOG_LEVEL": "error",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "seggraph", "worker", env=environment
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def eventually(connection: asyncpg.Connection, query: str) -> None:
    """Wait until the query gives true."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await connection.fetchval(query):  # noqa: ASYNC110 - another process sets it
            await asyncio.sleep(0.02)


async def test_kill_in_the_middle_of_a_run(
    context: Context, settings: Settings, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a run that hangs in its scan, for the table is locked, in a process of its own
    await put(context, viewer, *({"externalId": f"a{n}", "country": "DE"} for n in range(50)))
    async with worker_process(settings) as process:
        await eventually(connection, "SELECT NOT EXISTS (SELECT FROM dirty_batches)")
        lock = connection.transaction()
        await lock.start()
        await connection.execute("LOCK TABLE members IN ACCESS EXCLUSIVE MODE")
        segment = await new_segment(context, viewer, country("DE"))
        waiting = """SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'members'::regclass)
            AND EXISTS (SELECT FROM runs WHERE status = 'RUNNING')"""
        await eventually(connection, waiting)

        # when it is killed
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await lock.rollback()
        assert (await segment_views.get(viewer, segment.id)).reach_status is ReachStatus.CALCULATING
        assert await members_of(connection, segment) == set()

    # then another worker finishes it soon, and nobody ever sees READY on less than the whole
    async with working(context):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (view := await segment_views.get(viewer, segment.id)).reach_status is not ReachStatus.READY:
                assert view.reach_status is ReachStatus.CALCULATING
                await asyncio.sleep(0.02)
    assert view.member_count == 50
    assert len(await members_of(connection, segment)) == 50
    assert len(await replayed(connection, segment.id)) == 50
    assert await statuses_of_runs(connection, segment) == [(1, "FULL", "VOID"), (1, "FULL", "SUCCEEDED")]

"""Leases: kept through outages, lost to whoever takes the row, and given back by who is stopped."""

import asyncio

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database import claimable_work, leases
from seggraph.database.leases import Lease, LeaseLost
from seggraph.errors import CriteriaTooSlow, ErrorCode, RetryLater
from seggraph.services.exports import exports
from seggraph.services.exports.exports import ExportDraft
from seggraph.vocabulary import ExportContent

HELD = "SELECT lease_holder, lease_until > now() AS is_live, attempts FROM exports"


@pytest.fixture
async def lease(context: Context, viewer: Viewer, connection: asyncpg.Connection) -> Lease:
    """A lease on an export, just taken for the second time."""
    made = await exports.create(context, viewer, ExportDraft(ExportContent.SEGMENTS))
    lease = Lease("exports", made.id, seconds=0.03)
    await connection.execute("UPDATE exports SET lease_holder = $1, attempts = 2", lease.holder)
    return lease


async def fail(error: Exception) -> str:
    return f"failed: {error}"


async def test_a_lease_is_kept_while_the_database_is_away_now_and_then(
    lease: Lease, connection: asyncpg.Connection
) -> None:
    beats: list[str] = []
    enough = asyncio.Event()

    async def beat() -> None:
        beats.append("beat")
        if len(beats) < 3:
            raise RetryLater("away")
        await lease.renew()
        enough.set()

    assert await leases.keep(lease, enough.wait(), beat) is True

    row = await connection.fetchrow(
        "SELECT lease_holder, lease_until IS NOT NULL AS was_renewed FROM exports"
    )
    assert dict(row) == {"lease_holder": lease.holder, "was_renewed": True}


async def test_work_ends_when_another_has_the_row(lease: Lease, connection: asyncpg.Connection) -> None:
    ended: list[str] = []

    async def work() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return "done"

    async with asyncio.timeout(120):
        working = asyncio.create_task(leases.carry_out(lease, leases.keep(lease, work()), fail))
        await connection.execute("UPDATE exports SET lease_holder = 'another'")
        assert await working is None

    # it is gone, with nothing of the other's touched, and no change of ours gets through
    assert ended == ["cancelled"]
    with pytest.raises(LeaseLost):
        await lease.change(connection, "written = $3", 1)
    row = await connection.fetchrow("SELECT lease_holder, attempts, written FROM exports")
    assert dict(row) == {"lease_holder": "another", "attempts": 2, "written": 0}


async def test_who_is_stopped_gives_the_row_back(lease: Lease, connection: asyncpg.Connection) -> None:
    begun = asyncio.Event()

    async def work() -> str:
        begun.set()
        await asyncio.Event().wait()
        return "done"

    working = asyncio.create_task(leases.carry_out(lease, work(), fail))
    await begun.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working

    assert dict(await connection.fetchrow(HELD)) == {"lease_holder": None, "is_live": None, "attempts": 1}


async def test_what_becomes_of_work_that_raises(lease: Lease, connection: asyncpg.Connection) -> None:
    async def work() -> str:
        raise ValueError("odd")

    async def lose(_: Exception) -> str:
        raise LeaseLost

    assert await leases.carry_out(lease, work(), fail) == "failed: odd"
    assert (await connection.fetchrow(HELD))["lease_holder"] == lease.holder  # that is up to `fail`
    assert await leases.carry_out(lease, work(), lose) is None
    assert dict(await connection.fetchrow(HELD)) == {"lease_holder": None, "is_live": None, "attempts": 1}


def test_what_an_error_means() -> None:
    slow, away, odd = CriteriaTooSlow("slow"), RetryLater("away"), ValueError("odd")

    assert claimable_work.classify_failure(slow, 1, 3, "ours") == claimable_work.FailureClass(
        slow.code, "slow", is_final=True
    )
    assert claimable_work.classify_failure(away, 2, 3, "ours") == claimable_work.FailureClass(
        away.code, "away", is_final=False
    )
    assert claimable_work.classify_failure(away, 3, 3, "ours").is_final
    assert claimable_work.classify_failure(odd, 2, 3, "ours") == claimable_work.FailureClass(
        ErrorCode.INTERNAL, "ours", is_final=False
    )
    assert [claimable_work.wait_seconds(attempt) for attempt in (0, 1, 2, 5)] == [1.0, 1.0, 2.0, 16.0]

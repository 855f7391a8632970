"""Making the indexes that sorted lists ask for, and dropping those that nobody uses any more.

PostgreSQL makes and drops them concurrently: nobody waits for it, and a page finds the index once it is whole. One
process at a time does so, because two that make indexes of one table would wait for each other.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import asyncpg

from seggraph.context import Context
from seggraph.database import leases
from seggraph.database.claimable_work import ClaimableWork, Claimed
from seggraph.database.connections import database
from seggraph.database.leases import GIVE_BACK, RELEASE_LEASE
from seggraph.database.locks import SORT_INDEXES, try_lock_session, unlock_session
from seggraph.database.unit_of_work import begin
from seggraph.models.members import SortIndexStatus
from seggraph.services.catalogue import catalogues
from seggraph.services.members.orders import Sort, order_by
from seggraph.vocabulary import MemberKind

WORK: Final = ClaimableWork(
    name="sort_index",
    table="sort_indexes",
    is_open="w.status IN ('BUILDING', 'UNUSED')",
    columns="w.workspace_id, w.kind, w.field, w.status, w.attempts",
    max_attempts=5,
    failing="status = 'FAILED'",
    failed_message="Something failed on our side while making the index.",
)
"""Indexes that are to be made or dropped."""

BUSY: Final = f"{GIVE_BACK}, retry_at = clock_timestamp() + interval '1 second'"

BUILT: Final = f"status = '{SortIndexStatus.READY}', attempts = 0, {RELEASE_LEASE}"

# any workspace: the holder of the lease is named
FORGET: Final = "DELETE FROM sort_indexes WHERE id = $1 AND lease_holder = $2"

# any workspace: the sweeper looks for what is not used in all of them
RETIRE: Final = """
    UPDATE sort_indexes SET status = 'UNUSED', attempts = 0, retry_at = NULL
    WHERE status = 'READY' AND used_at < now() - interval '30 days'
      OR status = 'FAILED' AND error_at < now() - interval '1 day'
"""


async def run(context: Context, index_id: int) -> SortIndexStatus | None:
    """Make or drop an index, unless another worker does; returns what became of it."""
    async with database() as connection:
        claimed = await WORK.claim(connection, index_id, context.settings.lease_seconds)
    if claimed is None:
        return None
    lease, row = claimed.lease, claimed.row
    status = SortIndexStatus(row["status"])

    async def work() -> SortIndexStatus | None:
        if not await leases.keep(lease, _tend(index_id, row)):
            async with database() as connection:
                await lease.change(connection, BUSY)
            return None
        async with database() as connection:
            if status is SortIndexStatus.UNUSED:
                await connection.execute(FORGET, index_id, lease.holder)
                return status
            await lease.change(connection, BUILT)
        return SortIndexStatus.READY

    return await leases.carry_out(lease, work(), partial(_fail, claimed))


async def _fail(claimed: Claimed, error: Exception) -> SortIndexStatus | None:
    failure = await WORK.fail(claimed.lease, claimed.row["attempts"], error)
    return SortIndexStatus.FAILED if failure.is_final else None


async def ask_for_work(context: Context, limit: int) -> None:
    """Enqueue indexes that are to be made or dropped, also those that nobody has used for long."""
    async with begin() as unit:
        await WORK.abandon(unit.connection)
        await unit.connection.execute(RETIRE)
        for row in await WORK.find_due(unit.connection, limit):
            context.tend_sort_index(unit, row["id"], attempt=row["attempts"])


async def _tend(index_id: int, row: asyncpg.Record) -> bool:
    """Make or drop the index; returns False, with nothing done, if another process is at one."""
    workspace_id, kind = row["workspace_id"], MemberKind(row["kind"])
    async with database() as connection, _alone(connection) as is_alone:
        if not is_alone:
            return False
        # An attempt that was cut off leaves an index behind that is not whole.
        await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name_of(index_id)}")
        if row["status"] == SortIndexStatus.BUILDING:
            catalogue = await catalogues.load(connection, workspace_id, kind)
            sort = order_by(catalogue, row["field"], descending=False).sort
            if sort is None:
                raise ValueError("an index is of a field")
            await connection.execute(_create(index_id, workspace_id, kind, sort))
    return True


def name_of(index_id: int) -> str:
    """The name of an index in PostgreSQL."""
    return f"members_sort_{int(index_id)}"


def _create(index_id: int, workspace_id: int, kind: MemberKind, sort: Sort) -> str:
    return f"""
        CREATE INDEX CONCURRENTLY {name_of(index_id)} ON members ({sort.indexed_sql}, ordinal)
        WHERE workspace_id = {int(workspace_id)} AND kind = {int(kind)}
    """


@asynccontextmanager
async def _alone(connection: asyncpg.Connection) -> AsyncIterator[bool]:
    """Whether no other process makes or drops an index, until the end of the block.

    Such statements wait for every transaction that began before them, however long that takes.
    """
    if not await try_lock_session(connection, SORT_INDEXES):
        yield False
        return
    try:
        await connection.execute("SET lock_timeout = 0")
        yield True
    finally:
        if not connection.is_closed():
            await connection.execute("RESET lock_timeout")
            await unlock_session(connection, SORT_INDEXES)

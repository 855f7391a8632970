"""Leases: a worker has a row to itself while it works on it, and another takes over when that worker is gone.

A row that stands for work has a `lease_holder` and an end of the lease, `lease_until`. The worker that claims the row
puts itself in, extends the lease while it works, and stores nothing unless it is still the holder. Whatever takes a
row out of the work clears the holder. Which rows are work and how they are claimed: `claimable_work`.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import asyncpg
import structlog

from seggraph import tasks
from seggraph.database.connections import database
from seggraph.errors import RetryLater

log = structlog.get_logger()

T = TypeVar("T")

HEARTBEATS_PER_LEASE: Final = 3

# What `Lease.change` assigns; its arguments are numbered from $3.
RENEW: Final = "lease_until = clock_timestamp() + make_interval(secs => $3)"
RELEASE_LEASE: Final = "lease_holder = NULL, lease_until = NULL"
GIVE_BACK: Final = f"{RELEASE_LEASE}, attempts = greatest(attempts - 1, 0)"


def new_holder() -> str:
    """A name for a worker's hold that no other has."""
    return secrets.token_hex(8)


class LeaseLost(Exception):
    """The row was taken out of the work, or another worker holds it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's hold on one row of a table. `giving_back` is what giving it back assigns."""

    table: str
    row_id: int
    seconds: float
    holder: str = field(default_factory=new_holder)
    giving_back: str = GIVE_BACK

    async def change(self, connection: asyncpg.Connection, assignments: str, *arguments: object) -> None:
        """Change the row. Raises LeaseLost, which undoes the transaction, if it is not ours any more."""
        if not await self.try_change(connection, assignments, *arguments):
            raise LeaseLost

    async def try_change(self, connection: asyncpg.Connection, assignments: str, *arguments: object) -> bool:
        """Change the row if it is still ours; returns whether it is."""
        # any workspace: the holder of the lease is named
        statement = f"UPDATE {self.table} SET {assignments} WHERE id = $1 AND lease_holder = $2"  # noqa: S608
        done: str = await connection.execute(statement, self.row_id, self.holder, *arguments)
        return done != "UPDATE 0"

    async def renew(self) -> None:
        """Move the end on. Raises LeaseLost."""
        async with database() as connection:
            await self.change(connection, RENEW, self.seconds)

    async def renew_reading(self, connection: asyncpg.Connection, column: str) -> Any:
        """Move the end on, and return what a column holds. Raises LeaseLost."""
        # any workspace: the holder of the lease is named
        row = await connection.fetchrow(
            f"UPDATE {self.table} SET {RENEW} WHERE id = $1 AND lease_holder = $2 RETURNING {column}",  # noqa: S608
            self.row_id,
            self.holder,
            self.seconds,
        )
        if row is None:
            raise LeaseLost
        return row[column]

    async def give_back(self) -> None:
        """Release the row without a failure, if it is still ours: the next worker carries on at once."""
        async with database() as connection:
            await self.try_change(connection, self.giving_back)


async def keep(
    lease: Lease, work: Coroutine[Any, Any, T], beat: Callable[[], Awaitable[None]] | None = None
) -> T:
    """Do the work while the lease is renewed; when it is lost, the work is cancelled and LeaseLost raised.

    Each `beat` renews the lease, and may publish how far the work is. The work runs in a task of its own; it must not
    release the row, which comes afterwards.
    """
    beating = asyncio.create_task(_beat_forever(lease, beat or lease.renew))
    working = asyncio.create_task(work)
    try:
        await asyncio.wait({beating, working}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        beating.result()  # it only ever ends by raising
        raise LeaseLost
    finally:
        await tasks.end([beating, working])


async def _beat_forever(lease: Lease, beat: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(lease.seconds / HEARTBEATS_PER_LEASE)
        try:
            await beat()
        except RetryLater:
            continue  # if it lasts the lease runs out, and the next beat that gets through finds it taken


async def carry_out(
    lease: Lease,
    work: Awaitable[T],
    fail: Callable[[Exception], Awaitable[T]],
    give_back: Callable[[], Awaitable[None]] | None = None,
) -> T | None:
    """Do the work, and release the row whatever happens: `fail` stores what becomes of it when the work raises.

    Returns None if the lease was lost. A worker that is cancelled gives the row back, by `give_back` if that is given.
    """
    release = give_back or lease.give_back
    try:
        try:
            return await work
        except LeaseLost:
            raise
        except Exception as error:  # whatever it was, the row must not stay as it is without a reason
            return await fail(error)
    except LeaseLost:
        log.info("lease_lost", table=lease.table)
        await release()  # it may be ours still, but for other work
        return None
    except asyncio.CancelledError:
        await asyncio.shield(release())
        raise

"""Leases: a worker has a row to itself while it is at it, and another takes over when that worker is gone.

A row that stands for work has a `lease_holder` and an end of the lease, `lease_until`. The worker that takes the row
puts itself in, moves the end on while it works, and stores nothing unless it is the holder still. Whoever takes a row
out of the work clears the holder. Which rows are work, and what becomes of them, their own modules say:
`run_claims`, `import_claims`, `export_runs` and `delivery_claims`; a sender of `webhook_runs` renews before each call.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import asyncpg
import structlog

from seggraph.database.connections import database
from seggraph.errors import ErrorCode, RetryLater, SeggraphError

log = structlog.get_logger()

T = TypeVar("T")

HEARTBEATS_PER_LEASE: Final = 3

FREE: Final = "(lease_until IS NULL OR lease_until < clock_timestamp())"
"""The condition that nobody is at a row."""

RESTED: Final = "(retry_at IS NULL OR retry_at <= clock_timestamp())"
"""The condition that a row that failed has waited long enough."""

# What `Lease.change` assigns; its arguments are numbered from $3.
RENEW: Final = "lease_until = clock_timestamp() + make_interval(secs => $3)"
RELEASE_LEASE: Final = "lease_holder = NULL, lease_until = NULL"
GIVE_BACK: Final = f"{RELEASE_LEASE}, attempts = greatest(attempts - 1, 0)"
RETRY: Final = f"{RELEASE_LEASE}, retry_at = clock_timestamp() + make_interval(secs => $3)"


class LeaseLost(Exception):
    """The row was taken out of the work, or another worker holds it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's hold on one row of a table."""

    table: str
    row_id: int
    seconds: float
    holder: str = field(default_factory=partial(secrets.token_hex, 8))

    async def change(self, connection: asyncpg.Connection, assignments: str, *arguments: object) -> None:
        """Change the row. Raises LeaseLost, which undoes the transaction, if it is not ours any more."""
        if not await self.try_change(connection, assignments, *arguments):
            raise LeaseLost

    async def try_change(self, connection: asyncpg.Connection, assignments: str, *arguments: object) -> bool:
        """Change the row if it is still ours; returns whether it is."""
        statement = f"UPDATE {self.table} SET {assignments} WHERE id = $1 AND lease_holder = $2"  # noqa: S608
        done: str = await connection.execute(statement, self.row_id, self.holder, *arguments)
        return done != "UPDATE 0"

    async def renew(self) -> None:
        """Move the end on. Raises LeaseLost."""
        async with database() as connection:
            await self.change(connection, RENEW, self.seconds)

    async def give_back(self) -> None:
        """Let go without having failed, if it is still ours: whoever comes next carries on at once."""
        async with database() as connection:
            await self.try_change(connection, GIVE_BACK)


async def keep(lease: Lease, work: Awaitable[T], beat: Callable[[], Awaitable[None]] | None = None) -> T:
    """Do the work while the lease is renewed; when it is lost, the work is cancelled and LeaseLost raised.

    Each `beat` renews the lease, and may tell how far the work is. The work runs in a task of its own; it may not
    let go of the row, which is for afterwards.
    """
    beating = asyncio.create_task(_beat_forever(lease, beat or lease.renew))
    working = asyncio.ensure_future(work)
    try:
        await asyncio.wait({beating, working}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        beating.result()  # it only ever ends by raising
        raise LeaseLost
    finally:
        for task in (beating, working):
            task.cancel()
        await asyncio.gather(beating, working, return_exceptions=True)


async def _beat_forever(lease: Lease, beat: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(lease.seconds / HEARTBEATS_PER_LEASE)
        try:
            await beat()
        except RetryLater:
            continue  # if it lasts the lease runs out, and the next beat that gets through finds it taken


async def carry_out(lease: Lease, work: Awaitable[T], fail: Callable[[Exception], Awaitable[T]]) -> T | None:
    """Do the work, and let go of the row whatever comes: `fail` says what becomes of it when the work raises.

    Returns None if the lease was lost. Who is cancelled gives the row back.
    """
    try:
        try:
            return await work
        except LeaseLost:
            raise
        except Exception as error:  # whatever it was, the row must not stay as it is without a reason
            return await fail(error)
    except LeaseLost:
        log.info("lease_lost", table=lease.table)
        await lease.give_back()  # it may be ours still, but for other work
        return None
    except asyncio.CancelledError:
        await asyncio.shield(lease.give_back())
        raise


@dataclass(frozen=True, slots=True)
class FailureClass:
    """What a failure means: its code, a message for a person, and whether trying again is pointless."""

    code: ErrorCode
    message: str
    is_final: bool


def classify_failure(error: Exception, attempt: int, max_attempts: int, unexpected: str) -> FailureClass:
    """What an error means after so many attempts; `unexpected` is the message for what nobody foresaw."""
    is_last = attempt >= max_attempts
    if isinstance(error, SeggraphError):
        return FailureClass(error.code, error.message, not error.retryable or is_last)
    return FailureClass(ErrorCode.INTERNAL, unexpected, is_last)


def wait_seconds(attempt: int) -> float:
    """How long to wait after so many attempts: 1, 2, 4, … seconds."""
    return float(2 ** (max(attempt, 1) - 1))

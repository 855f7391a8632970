"""Work that is rows of a table: which rows are due, how a worker claims one under a lease, and how one fails.

Each such table has a `ClaimableWork` that describes it, and takes its statements from there: segments to compute,
imports, exports, deliveries and webhooks. In the conditions and assignments of a description the row is `w`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import structlog

from seggraph.database.leases import GIVE_BACK, RELEASE_LEASE, Lease, new_holder
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import ErrorCode, SeggraphError

log = structlog.get_logger()

FREE: Final = "(w.lease_until IS NULL OR w.lease_until < clock_timestamp())"
"""The condition that no worker holds the row."""

RESTED: Final = "(w.retry_at IS NULL OR w.retry_at <= clock_timestamp())"
"""The condition that a row that failed has waited long enough."""

TAKE: Final = "lease_holder = {holder}, lease_until = clock_timestamp() + make_interval(secs => {seconds})"

WAIT: Final = f"{RELEASE_LEASE}, retry_at = clock_timestamp() + make_interval(secs => $3)"


@dataclass(frozen=True, slots=True)
class FailureClass:
    """What a failure means: its code, a message for a person, and whether trying again is pointless."""

    code: ErrorCode
    message: str
    is_final: bool


def classify_failure(error: Exception, attempt: int, max_attempts: int, unexpected: str) -> FailureClass:
    """What an error means after so many attempts; `unexpected` is the message for an unknown error."""
    is_last = attempt >= max_attempts
    if isinstance(error, SeggraphError):
        return FailureClass(error.code, error.message, not error.retryable or is_last)
    return FailureClass(ErrorCode.INTERNAL, unexpected, is_last)


def wait_seconds(attempt: int) -> float:
    """How long to wait after so many attempts: 1, 2, 4, … seconds."""
    return float(2 ** (max(attempt, 1) - 1))


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this worker holds now, and the columns that the description asks for."""

    lease: Lease
    row: asyncpg.Record


Settle = Callable[[UnitOfWork, FailureClass], Awaitable[None]]
"""What else is stored and published with a failure, in its transaction."""


async def _settle_nothing(_: UnitOfWork, __: FailureClass) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimableWork:
    """A table of work. All fields but the messages are SQL of this program, never of a client."""

    name: str
    """What the log calls it: `import` in `import_failed`."""
    table: str
    is_open: str
    """Which rows are work that is not over."""
    columns: str
    """What a claim reads."""
    is_due: str = "true"
    """Which open rows have something to do now."""
    beside: str = ""
    """Other tables that `is_due` and `claiming` read, with their aliases; `is_due` joins them."""
    claim_if: str = "true"
    """What else must hold for a claim; the claim's own arguments are numbered from $4."""
    claiming: str = ""
    """What a claim assigns besides the lease and the attempt."""
    sweep_if: str = "true"
    """Which due rows the sweeper asks for: not those that were asked for a moment ago."""
    due_columns: str = "w.id, w.attempts"
    """What the sweeper reads to ask for a job."""
    order: str = "w.id"
    max_attempts: int = 0
    """Attempts that may fail or lose their worker before the row fails; 0: attempts are not counted."""
    failing: str = ""
    """What a failure for good assigns besides the error and the lease."""
    keeps_error_of_retry: bool = False
    """Whether the row shows the error also while it waits to be tried again."""
    is_abandoned: str = "true"
    """Which open rows without a live lease, after the last attempt, have lost their worker."""
    abandoned_columns: str = "w.id, w.workspace_id"
    failed_message: str = ""
    """What a person reads after an unknown error."""
    giving_back: str = field(default=GIVE_BACK)
    """What giving back a row assigns."""

    @property
    def _attempt(self) -> str:
        return ", attempts = w.attempts + 1, retry_at = NULL" if self.max_attempts else ""

    @property
    def _claiming(self) -> str:
        return f"{self._attempt}, {self.claiming}" if self.claiming else self._attempt

    @property
    def _from(self) -> str:
        return f"FROM {self.beside}" if self.beside else ""

    @property
    def _claimable(self) -> str:
        return f"{self.is_open} AND {FREE} AND {RESTED} AND ({self.is_due})"

    def _lease(self, row_id: int, seconds: float, holder: str) -> Lease:
        return Lease(self.table, row_id, seconds, holder, self.giving_back)

    async def claim(
        self, connection: asyncpg.Connection, row_id: int, seconds: float, *arguments: object
    ) -> Claimed | None:
        """Take the lease of a row for so many seconds, if it is due and no worker holds it."""
        holder = new_holder()
        # any workspace: work of all of them is claimed and swept in one frame; the id or the lease says which row
        statement = f"""
            UPDATE {self.table} w SET {TAKE.format(holder="$2", seconds="$3")}{self._claiming} {self._from}
            WHERE w.id = $1 AND {self._claimable} AND {self.claim_if} RETURNING {self.columns}
        """  # noqa: S608 - constants only
        row = await connection.fetchrow(statement, row_id, holder, seconds, *arguments)
        return None if row is None else Claimed(self._lease(row_id, seconds, holder), row)

    async def claim_some(self, connection: asyncpg.Connection, seconds: float, limit: int) -> list[Claimed]:
        """Take the leases of at most so many rows that are due; `columns` has the id."""
        holder = new_holder()
        # any workspace: work of all of them is claimed and swept in one frame; the id or the lease says which row
        statement = f"""
            UPDATE {self.table} w SET {TAKE.format(holder="$1", seconds="$2")}{self._claiming}
            WHERE w.id = ANY(ARRAY(SELECT w.id FROM {self._tables} WHERE {self._claimable}
              ORDER BY {self.order} LIMIT $3 FOR NO KEY UPDATE OF w SKIP LOCKED))
            RETURNING {self.columns}
        """  # noqa: S608 - constants only
        rows = await connection.fetch(statement, holder, seconds, limit)
        return [Claimed(self._lease(row["id"], seconds, holder), row) for row in rows]

    @property
    def _tables(self) -> str:
        return f"{self.table} w, {self.beside}" if self.beside else f"{self.table} w"

    async def renew(self, connection: asyncpg.Connection, lease: Lease) -> bool:
        """Move the end of the lease on, if the row is still open, rested and ours; returns whether it is."""
        # any workspace: work of all of them is claimed and swept in one frame; the id or the lease says which row
        statement = f"""
            UPDATE {self.table} w SET {TAKE.format(holder="$2", seconds="$3")}
            WHERE w.id = $1 AND w.lease_holder = $2 AND {self.is_open} AND {RESTED}
        """  # noqa: S608 - constants only
        done: str = await connection.execute(statement, lease.row_id, lease.holder, lease.seconds)
        return done != "UPDATE 0"

    async def find_due(self, connection: asyncpg.Connection, limit: int) -> list[asyncpg.Record]:
        """At most so many rows that are due and that no worker holds, for the sweeper to enqueue."""
        attempts = f"AND w.attempts < {self.max_attempts}" if self.max_attempts else ""
        # any workspace: work of all of them is claimed and swept in one frame; the id or the lease says which row
        statement = f"""
            SELECT {self.due_columns} FROM {self._tables} WHERE {self._claimable} AND {self.sweep_if} {attempts}
            ORDER BY {self.order} LIMIT $1
        """  # noqa: S608 - constants only
        rows: list[asyncpg.Record] = await connection.fetch(statement, limit)
        return rows

    async def abandon(
        self, connection: asyncpg.Connection, message: str | None = None, *, also: str = ""
    ) -> list[asyncpg.Record]:
        """Fail the rows whose every attempt lost its worker; returns their `abandoned_columns`.

        `also` is what is assigned besides.
        """
        # any workspace: work of all of them is claimed and swept in one frame; the id or the lease says which row
        statement = f"""
            UPDATE {self.table} w SET {self._failed(1, also)}
            WHERE w.id = ANY(ARRAY(SELECT w.id FROM {self.table} w
              WHERE {self.is_open} AND {self.is_abandoned} AND w.attempts >= {self.max_attempts} AND {FREE}
              FOR NO KEY UPDATE SKIP LOCKED))
            RETURNING {self.abandoned_columns}
        """  # noqa: S608 - constants only
        rows: list[asyncpg.Record] = await connection.fetch(
            statement, ErrorCode.INTERNAL, message or self.failed_message
        )
        for row in rows:
            log.error(f"{self.name}_abandoned", table=self.table, **dict(row))
        return rows

    def _failed(self, first: int, also: str) -> str:
        """The assignments of a failure for good; the code and the message are the parameters from `first` on."""
        parts = [_error(first), RELEASE_LEASE, "retry_at = NULL", self.failing, also]
        return ", ".join(part for part in parts if part)

    async def fail(
        self,
        lease: Lease,
        attempt: int,
        error: Exception,
        settle: Settle = _settle_nothing,
        *,
        wait: float | None = None,
        also: str = "",
    ) -> FailureClass:
        """Store what an error makes of the row: it is tried again after `wait` seconds, or fails for good.

        `also` is what a failure for good assigns besides. Raises LeaseLost.
        """
        failure = classify_failure(error, attempt, self.max_attempts, self.failed_message)
        log.warning(
            f"{self.name}_failed",
            code=failure.code,
            attempt=attempt,
            final=failure.is_final,
            reason=failure.message,
            exc_info=None if isinstance(error, SeggraphError) else error,
        )
        seconds = wait_seconds(attempt) if wait is None else wait
        async with begin() as unit:
            if failure.is_final:
                await lease.change(unit.connection, self._failed(3, also), failure.code, failure.message)
            elif self.keeps_error_of_retry:
                error_too = f"{WAIT}, {_error(4)}"
                await lease.change(unit.connection, error_too, seconds, failure.code, failure.message)
            else:
                await lease.change(unit.connection, WAIT, seconds)
            await settle(unit, failure)
        return failure


def _error(first: int) -> str:
    return f"error_code = ${first}, error_message = ${first + 1}, error_at = clock_timestamp()"

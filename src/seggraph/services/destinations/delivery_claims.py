"""Claims on deliveries: which are due, whose turn it is, and how a claim ends.

What a worker stores is fenced by its lease and by the wish: a delivery that is to be switched off, or belongs to
another worker by now, takes nothing more from it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import asyncpg
import structlog

from seggraph.context import Context
from seggraph.database import leases
from seggraph.database.connections import database
from seggraph.database.leases import RELEASE_LEASE, Lease, LeaseLost
from seggraph.database.unit_of_work import begin
from seggraph.errors import ErrorCode
from seggraph.events import DeliveryChanged
from seggraph.vocabulary import DeliveryStatus, DesiredState

log = structlog.get_logger()

MAX_ATTEMPTS: Final = 10
MAX_WAIT_SECONDS: Final = 600.0
FAILED_MESSAGE: Final = (
    "Something failed on our side again and again while delivering. Deliver the segment again."
)

FREE: Final = "(d.lease_until IS NULL OR d.lease_until < clock_timestamp())"

HAS_WORK: Final = """
    (d.status IN ('NOT_SENT', 'BUILDING') AND s.status = 'ACTIVE' AND s.as_of IS NOT NULL)
    OR (d.is_behind AND d.status = 'ACTIVE' AND s.status = 'ACTIVE')
    OR (d.status = 'INACTIVE' AND d.wish = 'EMPTY')
    OR (d.status = 'ACTIVE' AND s.status = 'ACTIVE' AND d.list_id IS NOT NULL
      AND s.name IS DISTINCT FROM d.list_name AND s.name IS DISTINCT FROM d.refused_name)
    OR EXISTS (SELECT FROM delivery_changes c WHERE c.delivery_id = d.id)
    OR EXISTS (SELECT FROM delivery_removals r WHERE r.delivery_id = d.id)
"""

# any workspace: a worker claims the delivery that a job names, whosever it is
CLAIM: Final = f"""
    UPDATE deliveries d SET lease_holder = $2, lease_until = clock_timestamp() + make_interval(secs => $3),
      attempts = d.attempts + 1, claims = d.claims + 1, retry_at = NULL,
      status = CASE WHEN d.status = 'NOT_SENT' AND s.status = 'ACTIVE' AND s.as_of IS NOT NULL
                    THEN 'BUILDING' ELSE d.status END
    FROM segments s
    WHERE d.id = $1 AND s.id = d.segment_id AND d.status <> 'FAILED' AND {FREE}
      AND (d.retry_at IS NULL OR d.retry_at <= clock_timestamp()) AND ({HAS_WORK})
    RETURNING d.workspace_id, d.destination_id, d.segment_id, d.status, d.wish, d.attempts, d.claims
"""  # noqa: S608 - constants only

# any workspace: the holder of the lease is named
RENEW: Final = """
    UPDATE deliveries SET lease_until = clock_timestamp() + make_interval(secs => $3)
    WHERE id = $1 AND lease_holder = $2 RETURNING status
"""

# any workspace: the holder of the lease is named
HOLD: Final = """
    SELECT d.workspace_id, d.destination_id, d.segment_id, d.kind, d.channel, d.population_id, d.status, d.resend,
      d.list_id, d.list_name, d.refused_name,
      d.generation, d.sequence, s.name AS segment_name, s.status AS segment_status, s.as_of
    FROM deliveries d JOIN segments s ON s.id = d.segment_id
    WHERE d.id = $1 AND d.lease_holder = $2 AND d.wish = $3 FOR NO KEY UPDATE OF d
"""

RELEASE: Final = f"{RELEASE_LEASE}, attempts = 0"

ERROR: Final = "error_code = $3, error_message = $4, error_at = clock_timestamp()"

RETRY: Final = f"{ERROR}, {RELEASE_LEASE}, retry_at = clock_timestamp() + make_interval(secs => $5)"

FAIL: Final = f"{ERROR}, {RELEASE_LEASE}, retry_at = NULL, status = 'FAILED'"

# any workspace: the sweeper fails what was tried too often in all of them
ABANDONED: Final = f"""
    UPDATE deliveries d SET status = 'FAILED', error_code = $1, error_message = $2, error_at = clock_timestamp(),
      {RELEASE_LEASE}
    WHERE d.status <> 'FAILED' AND d.attempts >= $3 AND d.lease_holder IS NOT NULL AND {FREE}
    RETURNING d.id, d.workspace_id, d.segment_id
"""  # noqa: S608 - constants only

# any workspace: the sweeper looks for what is due in all of them
DUE: Final = f"""
    SELECT d.id, d.claims FROM deliveries d JOIN segments s ON s.id = d.segment_id
    WHERE d.status <> 'FAILED' AND {FREE} AND (d.retry_at IS NULL OR d.retry_at <= clock_timestamp()) AND ({HAS_WORK})
    ORDER BY d.id LIMIT $1
"""  # noqa: S608 - constants only


@dataclass(slots=True)
class Claim:
    """A delivery that this worker may bring up to date. `attempts` counts from the last batch that was taken."""

    lease: Lease
    delivery_id: int
    workspace_id: int
    destination_id: int
    segment_id: int
    status: DeliveryStatus
    wish: DesiredState
    attempts: int
    number: int

    async def hold(self, connection: asyncpg.Connection) -> asyncpg.Record:
        """The delivery's row, held until the transaction ends. Raises LeaseLost."""
        row = await connection.fetchrow(HOLD, self.delivery_id, self.lease.holder, self.wish)
        if row is None:
            raise LeaseLost
        return row

    async def renew(self) -> DeliveryStatus:
        """Keep the lease; returns the status. Raises LeaseLost."""
        async with database() as connection:
            status = await connection.fetchval(RENEW, self.delivery_id, self.lease.holder, self.lease.seconds)
        if status is None:
            raise LeaseLost
        return DeliveryStatus(status)

    async def release(self, connection: asyncpg.Connection) -> None:
        """End with nothing left to do for now."""
        await self.lease.try_change(connection, RELEASE)

    async def retry(self, wait_seconds: float, code: str, message: str) -> None:
        """End, to be tried again after a while. Raises LeaseLost."""
        async with begin() as unit:
            await self.hold(unit.connection)
            await self.lease.change(unit.connection, RETRY, code, message, wait_seconds)

    async def fail(self, context: Context, code: str, message: str) -> None:
        """End for good: a person has to do something. Raises LeaseLost."""
        async with begin() as unit:
            await self.hold(unit.connection)
            await self.lease.change(unit.connection, FAIL, code, message)
            context.publish(unit, [self.changed(DeliveryStatus.FAILED)])

    def changed(self, status: DeliveryStatus, *, is_progress: bool = False) -> DeliveryChanged:
        """The fact that the delivery is in a status, or came further in it."""
        return changed(self.workspace_id, self.delivery_id, self.segment_id, status, is_progress=is_progress)


async def claim(context: Context, delivery_id: int) -> Claim | None:
    """Take a delivery that has work and that nobody is at."""
    lease = Lease("deliveries", delivery_id, context.settings.lease_seconds)
    async with database() as connection:
        row = await connection.fetchrow(CLAIM, delivery_id, lease.holder, lease.seconds)
    if row is None:
        return None
    return Claim(
        lease,
        delivery_id,
        row["workspace_id"],
        row["destination_id"],
        row["segment_id"],
        DeliveryStatus(row["status"]),
        DesiredState(row["wish"]),
        row["attempts"],
        row["claims"],
    )


async def ask_for_work(context: Context, limit: int) -> None:
    """Hand out deliveries that have work and that nobody is at; give up on those that keep losing their workers."""
    async with begin() as unit:
        rows = await unit.connection.fetch(ABANDONED, ErrorCode.INTERNAL, FAILED_MESSAGE, MAX_ATTEMPTS)
        for row in rows:
            log.error("delivery_abandoned", delivery_id=row["id"])
        failed = DeliveryStatus.FAILED
        context.publish(
            unit, [changed(row["workspace_id"], row["id"], row["segment_id"], failed) for row in rows]
        )
    async with database() as connection:
        due = await connection.fetch(DUE, limit)
    for row in due:
        await context.jobs.deliver(row["id"], claim=row["claims"])


def wait_seconds(context: Context, attempts: int, asked: float | None) -> float:
    """How long to wait after so many failures in a row, and at least as long as the destination asked for."""
    own = context.settings.delivery_retry_seconds * leases.wait_seconds(attempts)
    return max(min(own, MAX_WAIT_SECONDS), asked or 0.0)


def changed(
    workspace_id: int, delivery_id: int, segment_id: int, status: DeliveryStatus, *, is_progress: bool = False
) -> DeliveryChanged:
    """The fact that a delivery is in a status, or came further in it."""
    return DeliveryChanged(
        workspace_id=workspace_id,
        at=datetime.now(UTC),
        delivery_id=delivery_id,
        segment_id=segment_id,
        status=status,
        is_progress=is_progress,
    )

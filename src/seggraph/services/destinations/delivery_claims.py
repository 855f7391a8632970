"""Claims on deliveries: which are due, which worker carries one out, and how a claim ends.

What a worker stores is fenced by its lease and by the desired state: a delivery that is to be switched off, or that
another worker has claimed, takes nothing more from it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import asyncpg

from seggraph.context import Context
from seggraph.database import claimable_work
from seggraph.database.claimable_work import ClaimableWork, FailureClass
from seggraph.database.connections import database
from seggraph.database.leases import RELEASE_LEASE, Lease, LeaseLost
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.events import DeliveryChanged
from seggraph.vocabulary import DeliveryStatus, DesiredState

MAX_WAIT_SECONDS: Final = 600.0

HAS_WORK: Final = """
    s.id = w.segment_id AND (
      (w.status IN ('NOT_SENT', 'BUILDING') AND s.status = 'ACTIVE' AND s.as_of IS NOT NULL)
      OR (w.is_behind AND w.status = 'ACTIVE' AND s.status = 'ACTIVE')
      OR (w.status = 'INACTIVE' AND w.wish = 'EMPTY')
      OR (w.status = 'ACTIVE' AND s.status = 'ACTIVE' AND w.list_id IS NOT NULL
        AND s.name IS DISTINCT FROM w.list_name AND s.name IS DISTINCT FROM w.refused_name)
      OR EXISTS (SELECT FROM delivery_changes c WHERE c.delivery_id = w.id)
      OR EXISTS (SELECT FROM delivery_removals r WHERE r.delivery_id = w.id))
"""

WORK: Final = ClaimableWork(
    name="delivery",
    table="deliveries",
    is_open="w.status <> 'FAILED'",
    beside="segments s",
    is_due=HAS_WORK,
    columns="w.workspace_id, w.destination_id, w.segment_id, w.status, w.wish, w.attempts, w.claims",
    claiming=(
        "claims = w.claims + 1, status = CASE WHEN w.status = 'NOT_SENT' AND s.status = 'ACTIVE'"
        " AND s.as_of IS NOT NULL THEN 'BUILDING' ELSE w.status END"
    ),
    due_columns="w.id, w.claims",
    max_attempts=10,
    failing="status = 'FAILED'",
    keeps_error_of_retry=True,
    is_abandoned="w.lease_holder IS NOT NULL",
    abandoned_columns="w.id, w.workspace_id, w.segment_id",
    failed_message="Something failed on our side again and again while delivering. Deliver the segment again.",
)
"""Deliveries that have something to send, to remove or to rename."""

# any workspace: the holder of the lease is named
HOLD: Final = """
    SELECT d.workspace_id, d.destination_id, d.segment_id, d.kind, d.channel, d.population_id, d.status, d.resend,
      d.list_id, d.list_name, d.refused_name,
      d.generation, d.sequence, s.name AS segment_name, s.status AS segment_status, s.as_of
    FROM deliveries d JOIN segments s ON s.id = d.segment_id
    WHERE d.id = $1 AND d.lease_holder = $2 AND d.wish = $3 FOR NO KEY UPDATE OF d
"""

RELEASE: Final = f"{RELEASE_LEASE}, attempts = 0"

# any workspace: the delivery is the one whose lease this worker holds
DESIRED_STATE: Final = "SELECT wish FROM deliveries WHERE id = $1"


@dataclass(slots=True)
class DeliveryClaim:
    """A delivery that this worker may bring up to date. `attempts` counts from the last batch that was taken."""

    lease: Lease
    delivery_id: int
    workspace_id: int
    destination_id: int
    segment_id: int
    status: DeliveryStatus
    desired_state: DesiredState
    attempts: int
    number: int

    async def hold(self, connection: asyncpg.Connection) -> asyncpg.Record:
        """The delivery's row, held until the transaction ends. Raises LeaseLost."""
        row = await connection.fetchrow(HOLD, self.delivery_id, self.lease.holder, self.desired_state)
        if row is None:
            raise LeaseLost
        return row

    async def renew(self) -> DeliveryStatus:
        """Keep the lease; returns the status. Raises LeaseLost."""
        async with database() as connection:
            return DeliveryStatus(await self.lease.renew_reading(connection, "status"))

    async def release(self, connection: asyncpg.Connection) -> None:
        """End with nothing left to do for now."""
        await self.lease.try_change(connection, RELEASE)

    async def fail(self, context: Context, error: Exception, *, asked_seconds: float | None) -> None:
        """End with an error: tried again after a while, and after as long as the destination asked for, or FAILED.

        Raises LeaseLost.
        """

        async def settle(unit: UnitOfWork, failure: FailureClass) -> None:
            await self._require_same_desired_state(unit.connection)
            if failure.is_final:
                context.publish(unit, [self.changed(DeliveryStatus.FAILED)])

        wait = wait_seconds(context, self.attempts, asked_seconds)
        await WORK.fail(self.lease, self.attempts, error, settle, wait=wait)

    async def _require_same_desired_state(self, connection: asyncpg.Connection) -> None:
        """Raise LeaseLost, which undoes the transaction, if the delivery is wanted otherwise by now."""
        if await connection.fetchval(DESIRED_STATE, self.delivery_id) != self.desired_state:
            raise LeaseLost

    def changed(self, status: DeliveryStatus, *, is_progress: bool = False) -> DeliveryChanged:
        """The fact that the delivery is in a status, or came further in it."""
        return changed(self.workspace_id, self.delivery_id, self.segment_id, status, is_progress=is_progress)


async def claim(context: Context, delivery_id: int) -> DeliveryClaim | None:
    """Claim a delivery that has work and that no other worker carries out."""
    async with database() as connection:
        claimed = await WORK.claim(connection, delivery_id, context.settings.lease_seconds)
    if claimed is None:
        return None
    row = claimed.row
    return DeliveryClaim(
        claimed.lease,
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
    """Enqueue deliveries that have work and no worker; give up on those that keep losing their workers."""
    async with begin() as unit:
        rows = await WORK.abandon(unit.connection)
        failed = DeliveryStatus.FAILED
        context.publish(
            unit, [changed(row["workspace_id"], row["id"], row["segment_id"], failed) for row in rows]
        )
    async with database() as connection:
        due = await WORK.find_due(connection, limit)
    for row in due:
        await context.jobs.deliver(row["id"], claim=row["claims"])


def wait_seconds(context: Context, attempts: int, asked: float | None) -> float:
    """How long to wait after so many failures in a row, and at least as long as the destination asked for."""
    own = context.settings.delivery_retry_seconds * claimable_work.wait_seconds(attempts)
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

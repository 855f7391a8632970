"""The computing state of a segment: this module alone writes it, and decides nothing about members.

A segment's row says which revision was asked for and which was computed, what the reach's status is, which worker
holds the lease, how often it tried, what went wrong, and when the next computation is due. Asking for a revision
takes the lease from the worker that computes an earlier one, so that result is void.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from seggraph.context import Context
from seggraph.database.claimable_work import ClaimableWork, Claimed, FailureClass, Settle
from seggraph.database.leases import RELEASE_LEASE, Lease, LeaseLost
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import SeggraphError
from seggraph.events import ReachChanged
from seggraph.services.reach import reach
from seggraph.services.reach.reach import ReachCounts
from seggraph.vocabulary import ReachStatus, SegmentStatus

DEFAULT_SYNC_INTERVAL: Final = timedelta(hours=4)

MAX_ATTEMPTS: Final = 5
"""Runs of one revision that may fail, or lose their worker, before the segment is FAILED."""

FAILED_MESSAGE: Final = "Something failed on our side while calculating. Recalculate to try again."

ABANDONED_MESSAGE: Final = (
    "Calculating kept stopping without a result. Recalculate; if it repeats, simplify the criteria."
)

NO_ERROR: Final = "error_code = NULL, error_message = NULL, error_at = NULL"

DEFAULT_SYNC_SECONDS: Final = int(DEFAULT_SYNC_INTERVAL.total_seconds())

NEXT_SYNC: Final = f"""
    next_sync_at = now() + make_interval(secs => coalesce(sync_interval_seconds, {DEFAULT_SYNC_SECONDS}))
"""

SYNC_SOON: Final = "next_sync_at = least(next_sync_at, now() + interval '5 minutes')"

NEXT_REVISION: Final = f"""
    requested_revision = requested_revision + 1, {RELEASE_LEASE}, attempts = 0, retry_at = NULL, progress = 0,
    reach_status = 'CALCULATING', {NO_ERROR}
"""

NEW_COLUMNS: Final = "requested_revision, computed_revision, attempts, reach_status, member_count"
"""The columns that an INSERT gives to a segment of which no computation was asked for: see NEW_VALUES."""

NEW_VALUES: Final = "0, 0, 0, 'NONE', 0"

REQUESTED_COLUMNS: Final = f"{NEW_COLUMNS}, progress, next_sync_at"
"""The columns that an INSERT gives to an ACTIVE segment that the sweeper is to have computed: see REQUESTED_VALUES."""

REQUESTED_VALUES: Final = (
    f"1, 0, 0, 'CALCULATING', 0, 0, now() + make_interval(secs => {DEFAULT_SYNC_SECONDS})"
)

REQUEST: Final = f"""
    UPDATE segments SET {NEXT_REVISION} WHERE workspace_id = $1 AND id = ANY($2)
    RETURNING id, workspace_id, requested_revision
"""  # noqa: S608 - constants only

START: Final = f"""
    UPDATE segments SET status = 'ACTIVE', {NEXT_REVISION}, {NEXT_SYNC} WHERE workspace_id = $1 AND id = $2
    RETURNING id, workspace_id, requested_revision
"""  # noqa: S608 - constants only

# A segment that was READY is to be found as refreshes left it: see services.refresh.drift.
# any workspace: the sweeper looks for what is due in all of them
REQUEST_SYNCS: Final = f"""
    UPDATE segments SET {NEXT_REVISION}, {NEXT_SYNC},
      synced_revision = CASE WHEN reach_status = 'READY' THEN requested_revision + 1 END, excused = NULL
    WHERE id = ANY(ARRAY(SELECT id FROM segments WHERE status = 'ACTIVE' AND next_sync_at <= now()
      AND reach_status IN ('READY', 'FAILED') ORDER BY next_sync_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING id, workspace_id, requested_revision
"""  # noqa: S608 - constants only

RESCHEDULE: Final = f"""
    UPDATE segments SET {NEXT_SYNC} WHERE workspace_id = $1 AND id = $2 AND next_sync_at IS NOT NULL
"""  # noqa: S608 - constants only

REQUEST_SYNC_SOON: Final = f"UPDATE segments SET {SYNC_SOON} WHERE workspace_id = $1 AND id = ANY($2)"  # noqa: S608

SET_ASIDE: Final = f"""
    UPDATE segments SET status = $3, next_sync_at = NULL, {RELEASE_LEASE}, attempts = 0, retry_at = NULL,
      progress = NULL,
      reach_status = CASE WHEN reach_status <> 'CALCULATING' THEN reach_status
                          WHEN as_of IS NULL THEN 'NONE' ELSE 'READY' END
    WHERE workspace_id = $1 AND id = $2 RETURNING requested_revision, reach_status
"""  # noqa: S608 - constants only

# any workspace: the holder of the lease is named
HOLD_RESULT: Final = """
    SELECT id FROM segments
    WHERE id = $1 AND requested_revision = $2 AND lease_holder = $3 AND status = 'ACTIVE' FOR NO KEY UPDATE
"""

# any workspace: the segment is the one that HOLD_RESULT holds
FINISH: Final = f"""
    UPDATE segments SET computed_revision = $2, reach_status = 'READY', as_of = $3, member_count = $4,
      {reach.assigned(5)}, {RELEASE_LEASE}, progress = NULL, attempts = 0, retry_at = NULL, {NO_ERROR}
    WHERE id = $1
"""  # noqa: S608 - constants only

WORK: Final = ClaimableWork(
    name="run",
    table="segments",
    is_open="w.status = 'ACTIVE' AND w.reach_status = 'CALCULATING'",
    is_due="w.computed_revision < w.requested_revision",
    claim_if="w.requested_revision = $4",
    claiming="progress = 0",
    columns="w.workspace_id, w.kind, w.purpose, w.attempts",
    due_columns="w.id, w.requested_revision, w.attempts",
    max_attempts=MAX_ATTEMPTS,
    failing="reach_status = 'FAILED', progress = NULL",
    abandoned_columns="w.id, w.workspace_id, w.requested_revision",
    failed_message=FAILED_MESSAGE,
)
"""Segments whose requested revision is to be computed."""

COUNT_OPEN: Final = f"SELECT count(*) FROM segments w WHERE w.workspace_id = $1 AND {WORK.is_open}"  # noqa: S608
"""How many segments of a workspace are being computed, or wait for it."""


@dataclass(frozen=True, slots=True)
class Computation:
    """A revision of a segment that was asked for."""

    workspace_id: int
    segment_id: int
    revision: int

    def reach_changed(self, status: ReachStatus) -> ReachChanged:
        """The fact that the segment's reach has this status now."""
        return ReachChanged(
            workspace_id=self.workspace_id,
            at=datetime.now(UTC),
            segment_id=self.segment_id,
            revision=self.revision,
            reach_status=status,
        )


def _computations(rows: Iterable[asyncpg.Record]) -> list[Computation]:
    return [Computation(row["workspace_id"], row["id"], row["requested_revision"]) for row in rows]


def _hand_out(context: Context, unit: UnitOfWork, computations: Sequence[Computation]) -> None:
    for computation in computations:
        context.recompute(unit, computation.segment_id, computation.revision)


def _publish(
    context: Context, unit: UnitOfWork, computations: Sequence[Computation], status: ReachStatus
) -> None:
    context.publish(unit, [computation.reach_changed(status) for computation in computations])


async def request(
    context: Context,
    unit: UnitOfWork,
    workspace_id: int,
    segment_ids: Sequence[int],
    *,
    most_jobs: int | None = None,
) -> int:
    """Ask for the next revision of ACTIVE segments whose rows the unit holds, and publish that they are CALCULATING.

    At most so many jobs are enqueued; the sweeper enqueues the others. Returns how many computations were asked for.
    """
    requested = await request_quietly(unit, workspace_id, segment_ids)
    _hand_out(context, unit, requested[:most_jobs])
    _publish(context, unit, requested, ReachStatus.CALCULATING)
    return len(requested)


async def request_quietly(
    unit: UnitOfWork, workspace_id: int, segment_ids: Sequence[int]
) -> list[Computation]:
    """Ask for the next revision of ACTIVE segments whose rows the unit holds; the sweeper enqueues the jobs."""
    return _computations(await unit.connection.fetch(REQUEST, workspace_id, segment_ids))


async def start(context: Context, unit: UnitOfWork, workspace_id: int, segment_id: int) -> Computation:
    """Make a segment that the unit holds ACTIVE, and ask for its next revision. The caller publishes."""
    started = _computations(await unit.connection.fetch(START, workspace_id, segment_id))
    _hand_out(context, unit, started)
    return started[0]


async def request_due_syncs(context: Context, unit: UnitOfWork, limit: int) -> None:
    """Ask for the next revision of segments whose sync interval is over, and publish it."""
    requested = _computations(await unit.connection.fetch(REQUEST_SYNCS, limit))
    _hand_out(context, unit, requested)
    _publish(context, unit, requested, ReachStatus.CALCULATING)


async def reschedule(unit: UnitOfWork, workspace_id: int, segment_id: int) -> None:
    """Have the next sync follow the segment's interval as it is now, if a sync is due at all."""
    await unit.connection.execute(RESCHEDULE, workspace_id, segment_id)


async def sync_soon(connection: asyncpg.Connection, workspace_id: int, segment_ids: Sequence[int]) -> None:
    """Have segments synced within five minutes."""
    await connection.execute(REQUEST_SYNC_SOON, workspace_id, segment_ids)


async def set_aside(
    unit: UnitOfWork, workspace_id: int, segment_id: int, status: SegmentStatus
) -> tuple[Computation, ReachStatus]:
    """Give a segment that the unit holds a status in which nothing is computed; a run of it at work is void.

    Returns the last revision that was asked for, and the status of the reach: the last good numbers stay.
    """
    row = await unit.connection.fetchrow(SET_ASIDE, workspace_id, segment_id, status)
    computation = Computation(workspace_id, segment_id, row["requested_revision"])
    return computation, ReachStatus(row["reach_status"])


async def claim(
    connection: asyncpg.Connection, segment_id: int, revision: int, seconds: float
) -> Claimed | None:
    """Take the lease of a segment, if this revision is still to be computed and no worker holds it."""
    return await WORK.claim(connection, segment_id, seconds, revision)


async def hold_result(connection: asyncpg.Connection, segment_id: int, revision: int, lease: Lease) -> None:
    """Hold the row of a segment to apply a result. Raises LeaseLost if the result is void by now."""
    if await connection.fetchrow(HOLD_RESULT, segment_id, revision, lease.holder) is None:
        raise LeaseLost


async def finish(
    connection: asyncpg.Connection,
    computation: Computation,
    as_of: datetime,
    member_count: int,
    counts: ReachCounts,
) -> None:
    """Store the numbers of a computation that is applied, and release the lease. The caller holds the row."""
    await connection.execute(
        FINISH, computation.segment_id, computation.revision, as_of, member_count, *counts.values()
    )


async def fail(lease: Lease, attempt: int, error: Exception, settle: Settle) -> FailureClass:
    """Have the segment computed again after a while, or make it FAILED with the last good numbers. Raises LeaseLost.

    A failure that is not the segment's own may be over soon: then it is synced within five minutes.
    """
    is_ours = not isinstance(error, SeggraphError) or error.retryable
    return await WORK.fail(lease, attempt, error, settle, also=SYNC_SOON if is_ours else "")


async def abandon(context: Context, unit: UnitOfWork) -> None:
    """Make segments FAILED whose every run lost its worker, and publish it."""
    rows = await WORK.abandon(unit.connection, ABANDONED_MESSAGE, also=SYNC_SOON)
    _publish(context, unit, _computations(rows), ReachStatus.FAILED)


async def hand_out_due(context: Context, connection: asyncpg.Connection, limit: int) -> None:
    """Enqueue jobs for revisions that no worker computes."""
    for row in await WORK.find_due(connection, limit):
        await context.jobs.recompute_segment(row["id"], row["requested_revision"], attempt=row["attempts"])

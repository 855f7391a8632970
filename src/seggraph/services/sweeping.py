"""The sweeper: asks again for whatever is due and nobody is at. Losing Redis, or a worker, loses no work."""

from datetime import UTC, datetime
from typing import Final

import asyncpg
import structlog

from seggraph.errors import ErrorCode
from seggraph.events import ReachChanged
from seggraph.services.context import Context
from seggraph.services.recompute import MAX_ATTEMPTS
from seggraph.services.segments import DEFAULT_SYNC_INTERVAL
from seggraph.vocabulary import ReachStatus
from seggraph.work import begin

log = structlog.get_logger()

AT_ONCE: Final = 500

SYNC_DUE = """
    UPDATE segments SET requested_revision = requested_revision + 1, attempts = 0, retry_at = NULL, progress = 0,
      reach_status = 'CALCULATING', error_code = NULL, error_message = NULL, error_at = NULL,
      next_sync_at = now() + make_interval(secs => coalesce(sync_interval_seconds, $1))
    WHERE id IN (SELECT id FROM segments WHERE status = 'ACTIVE' AND next_sync_at <= now()
      AND reach_status IN ('READY', 'FAILED') ORDER BY next_sync_at LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING id, workspace_id, requested_revision
"""

ABANDONED = """
    UPDATE segments SET reach_status = 'FAILED', error_code = $1, error_message = $2,
      error_at = clock_timestamp(), lease_holder = NULL, lease_until = NULL, progress = NULL
    WHERE status = 'ACTIVE' AND reach_status = 'CALCULATING' AND attempts >= $3
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
    RETURNING id, workspace_id, requested_revision
"""

RUNS_DUE = """
    SELECT id, requested_revision, attempts FROM segments
    WHERE status = 'ACTIVE' AND reach_status = 'CALCULATING' AND computed_revision < requested_revision
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
      AND (retry_at IS NULL OR retry_at <= clock_timestamp()) AND attempts < $1
    ORDER BY id LIMIT $2
"""

POPULATIONS_DUE = """
    SELECT DISTINCT workspace_id, kind FROM dirty_batches
    WHERE created_at < clock_timestamp() - interval '1 second' LIMIT $1
"""


async def sweep(context: Context) -> None:
    """Settle what the stream owes, ask for what is due, and give up on what keeps losing its worker."""
    await context.stream.settle()
    await _ask_for_syncs(context)
    await _give_up_on_abandoned(context)
    await _ask_for_work(context)


async def _ask_for_syncs(context: Context) -> None:
    """Have segments computed anew whose sync interval is over: the repair of whatever a refresh missed."""
    async with begin() as unit:
        for row in await unit.connection.fetch(SYNC_DUE, DEFAULT_SYNC_INTERVAL.total_seconds(), AT_ONCE):
            context.recompute(unit, row["id"], row["requested_revision"])
            context.publish(unit, [_reach_changed(row, ReachStatus.CALCULATING)])


async def _give_up_on_abandoned(context: Context) -> None:
    """Fail segments whose every run lost its worker."""
    message = "Calculating kept stopping without a result. Recalculate; if it repeats, simplify the criteria."
    async with begin() as unit:
        for row in await unit.connection.fetch(ABANDONED, ErrorCode.INTERNAL, message, MAX_ATTEMPTS):
            log.error("run_abandoned", segment_id=row["id"], revision=row["requested_revision"])
            context.publish(unit, [_reach_changed(row, ReachStatus.FAILED)])


async def _ask_for_work(context: Context) -> None:
    """Hand out runs that nobody is at, and populations whose changes nobody has looked at."""
    async with begin() as unit:
        for row in await unit.connection.fetch(RUNS_DUE, MAX_ATTEMPTS, AT_ONCE):
            context.recompute(unit, row["id"], row["requested_revision"], attempt=row["attempts"])
        for row in await unit.connection.fetch(POPULATIONS_DUE, AT_ONCE):
            context.refresh(unit, row["workspace_id"], row["kind"])


def _reach_changed(row: asyncpg.Record, status: ReachStatus) -> ReachChanged:
    return ReachChanged(
        workspace_id=row["workspace_id"],
        at=datetime.now(UTC),
        segment_id=row["id"],
        revision=row["requested_revision"],
        reach_status=status,
    )

"""The sweeper: asks again for whatever is due and nobody is at. Losing Redis, or a worker, loses no work."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

import asyncpg
import structlog

from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.leases import FREE, RELEASE_LEASE, RESTED
from seggraph.database.unit_of_work import begin
from seggraph.errors import ErrorCode, RetryLater
from seggraph.events import ReachChanged, outbox
from seggraph.services.audit import retention as audit_retention
from seggraph.services.customer_value import audience_values
from seggraph.services.destinations import delivery_claims
from seggraph.services.events import retention as event_retention
from seggraph.services.exports import runs as export_runs
from seggraph.services.history import run_compaction
from seggraph.services.imports import claims as import_claims
from seggraph.services.imports import files as import_files
from seggraph.services.recompute.recompute import MAX_ATTEMPTS, TRIED_AGAIN
from seggraph.services.segments.rows import DEFAULT_SYNC_INTERVAL
from seggraph.services.webhooks import messages as webhook_messages
from seggraph.vocabulary import ReachStatus

log = structlog.get_logger()

AT_ONCE: Final = 500

# any workspace: the sweeper looks for what is due in all of them
SYNC_DUE = """
    UPDATE segments SET requested_revision = requested_revision + 1,
      synced_revision = CASE WHEN reach_status = 'READY' THEN requested_revision + 1 END, excused = NULL,
      attempts = 0, retry_at = NULL, progress = 0,
      reach_status = 'CALCULATING', error_code = NULL, error_message = NULL, error_at = NULL,
      next_sync_at = now() + make_interval(secs => coalesce(sync_interval_seconds, $1))
    WHERE id = ANY(ARRAY(SELECT id FROM segments WHERE status = 'ACTIVE' AND next_sync_at <= now()
      AND reach_status IN ('READY', 'FAILED') ORDER BY next_sync_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING id, workspace_id, requested_revision
"""

# any workspace: the sweeper fails what was tried too often in all of them
ABANDONED = f"""
    UPDATE segments SET reach_status = 'FAILED', error_code = $1, error_message = $2,
      error_at = clock_timestamp(), {RELEASE_LEASE}, progress = NULL,
      next_sync_at = {TRIED_AGAIN}
    WHERE id = ANY(ARRAY(SELECT id FROM segments
      WHERE status = 'ACTIVE' AND reach_status = 'CALCULATING' AND attempts >= $3 AND {FREE}
      FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING id, workspace_id, requested_revision
"""  # noqa: S608 - constants only

# A run whose lease merely ran out may still apply its result; one whose lease is another's, or nobody's, never will.
# any workspace: the sweeper ends the runs of lost workers in all of them
CLOSE_RUNS = """
    UPDATE runs r SET status = 'VOID', finished_at = clock_timestamp() FROM segments s
    WHERE r.status = 'RUNNING' AND s.id = r.segment_id AND s.lease_holder IS DISTINCT FROM r.holder
"""

# any workspace: the sweeper looks for what is due in all of them
RUNS_DUE = f"""
    SELECT id, requested_revision, attempts FROM segments
    WHERE status = 'ACTIVE' AND reach_status = 'CALCULATING' AND computed_revision < requested_revision
      AND {FREE} AND {RESTED} AND attempts < $1
    ORDER BY id LIMIT $2
"""  # noqa: S608 - constants only

# any workspace: the sweeper looks for what is due in all of them
POPULATIONS_DUE = """
    SELECT DISTINCT workspace_id, kind FROM dirty_batches
    WHERE created_at < clock_timestamp() - interval '1 second' LIMIT $1
"""


async def sweep(context: Context) -> None:
    """Settle what the stream owes, ask for what is due, and give up on what keeps losing its worker.

    Raises RetryLater while PostgreSQL or Redis is away. What fails for another reason is raised as a group once all
    else is done: one sort of work must not keep the others from being asked for.
    """
    failures: list[Exception] = []
    for step in _steps(context):
        try:
            await step()
        except RetryLater:
            raise
        except Exception as error:
            failures.append(error)
    if failures:
        raise ExceptionGroup("parts of a sweep failed", failures)


def _steps(context: Context) -> list[Callable[[], Awaitable[object]]]:
    return [
        context.stream.settle,
        partial(outbox.publish_overdue, context.stream),
        partial(_ask_for_syncs, context),
        partial(_give_up_on_abandoned, context),
        _close_runs,
        partial(_ask_for_work, context),
        partial(event_retention.ask_for_due, context, AT_ONCE),
        partial(run_compaction.ask_for_due, context, AT_ONCE),
        partial(import_claims.ask_for_work, context, AT_ONCE),
        partial(import_files.sweep, context, AT_ONCE),
        partial(audience_values.ask_for_due, context, AT_ONCE),
        partial(export_runs.ask_for_work, context, AT_ONCE),
        partial(webhook_messages.expire, context, AT_ONCE),
        partial(audit_retention.ask_for_due, context),
        partial(delivery_claims.ask_for_work, context, AT_ONCE),
    ]


async def _ask_for_syncs(context: Context) -> None:
    """Have segments computed anew whose sync interval is over: the repair of whatever a refresh missed."""
    async with begin() as unit:
        rows = await unit.connection.fetch(SYNC_DUE, DEFAULT_SYNC_INTERVAL.total_seconds(), AT_ONCE)
        for row in rows:
            context.recompute(unit, row["id"], row["requested_revision"])
        context.publish(unit, [_reach_changed(row, ReachStatus.CALCULATING) for row in rows])


async def _give_up_on_abandoned(context: Context) -> None:
    """Fail segments whose every run lost its worker."""
    message = "Calculating kept stopping without a result. Recalculate; if it repeats, simplify the criteria."
    async with begin() as unit:
        rows = await unit.connection.fetch(ABANDONED, ErrorCode.INTERNAL, message, MAX_ATTEMPTS)
        for row in rows:
            log.error("run_abandoned", segment_id=row["id"], revision=row["requested_revision"])
        context.publish(unit, [_reach_changed(row, ReachStatus.FAILED) for row in rows])


async def _close_runs() -> None:
    """Call void the runs that can have no result any more, and whose worker did not live to say so."""
    async with database() as connection:
        await connection.execute(CLOSE_RUNS)


async def _ask_for_work(context: Context) -> None:
    """Hand out runs that nobody is at, and populations whose changes nobody has looked at."""
    async with database() as connection:
        runs = await connection.fetch(RUNS_DUE, MAX_ATTEMPTS, AT_ONCE)
        dirty = await connection.fetch(POPULATIONS_DUE, AT_ONCE)
    for row in runs:
        await context.jobs.recompute_segment(row["id"], row["requested_revision"], attempt=row["attempts"])
    for row in dirty:
        await context.jobs.refresh_population(row["workspace_id"], row["kind"])


def _reach_changed(row: asyncpg.Record, status: ReachStatus) -> ReachChanged:
    return ReachChanged(
        workspace_id=row["workspace_id"],
        at=datetime.now(UTC),
        segment_id=row["id"],
        revision=row["requested_revision"],
        reach_status=status,
    )

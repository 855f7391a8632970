"""The sweeper: enqueues all work that is due and that no worker has. Losing Redis, or a worker, loses no work."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import structlog

from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.errors import RetryLater
from seggraph.events import outbox
from seggraph.services.audit import retention as audit_retention
from seggraph.services.computations import computations
from seggraph.services.customer_value import value_upkeep
from seggraph.services.destinations import delivery_claims
from seggraph.services.erasure import erasures, scrubbing
from seggraph.services.events import retention as event_retention
from seggraph.services.exports import runs as export_runs
from seggraph.services.history import run_compaction
from seggraph.services.idempotency import answers as idempotent_answers
from seggraph.services.imports import claims as import_claims
from seggraph.services.imports import files as import_files
from seggraph.services.members import bulk_edit_runs, sort_index_builds
from seggraph.services.recompute import claims as run_claims
from seggraph.services.webhooks import messages as webhook_messages

log = structlog.get_logger()

AT_ONCE: Final = 500

# any workspace: the sweeper looks for what is due in all of them
POPULATIONS_DUE = """
    SELECT DISTINCT workspace_id, kind FROM dirty_batches
    WHERE created_at < clock_timestamp() - interval '1 second' LIMIT $1
"""


async def sweep(context: Context, *, also_seldom: bool = True) -> None:
    """Settle what the stream owes, ask for what is due, and give up on what keeps losing its worker.

    What is due by the hour or the day is left out unless `also_seldom`: a worker with nothing to do should do nothing.
    Raises RetryLater while PostgreSQL or Redis is away. What fails for another reason is raised as a group once all
    else is done: one sort of work must not keep the others from being asked for.
    """
    failures: list[Exception] = []
    for step in _steps(context) + (_seldom(context) if also_seldom else []):
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
        run_claims.void_runs_without_lease,
        partial(_ask_for_work, context),
        partial(erasures.ask_for_work, context, AT_ONCE),
        partial(import_claims.ask_for_work, context, AT_ONCE),
        partial(value_upkeep.ask_for_due, context, AT_ONCE),
        partial(bulk_edit_runs.ask_for_work, context, AT_ONCE),
        partial(sort_index_builds.ask_for_work, context, AT_ONCE),
        partial(export_runs.ask_for_work, context, AT_ONCE),
        partial(delivery_claims.ask_for_work, context, AT_ONCE),
    ]


def _seldom(context: Context) -> list[Callable[[], Awaitable[object]]]:
    """What may be looked for half a minute later."""
    return [
        partial(event_retention.ask_for_due, context, AT_ONCE),
        partial(run_compaction.ask_for_due, context, AT_ONCE),
        partial(scrubbing.ask_for_due, context, AT_ONCE),
        partial(import_files.sweep, context, AT_ONCE),
        partial(webhook_messages.expire, context, AT_ONCE),
        partial(audit_retention.ask_for_due, context),
        partial(idempotent_answers.ask_for_due, context),
    ]


async def _ask_for_syncs(context: Context) -> None:
    """Have segments computed anew whose sync interval is over: the repair of whatever a refresh missed."""
    async with begin() as unit:
        await computations.request_due_syncs(context, unit, AT_ONCE)


async def _give_up_on_abandoned(context: Context) -> None:
    """Fail segments whose every run lost its worker."""
    async with begin() as unit:
        await computations.abandon(context, unit)


async def _ask_for_work(context: Context) -> None:
    """Enqueue runs that no worker carries out, and refreshes of populations with changed members."""
    async with database() as connection:
        await computations.hand_out_due(context, connection, AT_ONCE)
        dirty = await connection.fetch(POPULATIONS_DUE, AT_ONCE)
    for row in dirty:
        await context.jobs.refresh_population(row["workspace_id"], row["kind"])

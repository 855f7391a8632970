"""How long a workspace keeps events: setting it, and removing what is older, batch by batch."""

from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from seggraph.access import Viewer, require_admin
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.database.unit_of_work import begin
from seggraph.errors import Invalid
from seggraph.services.audit import audit
from seggraph.services.events import events, partitions, removals
from seggraph.services.events.removals import Place, TimeSpan
from seggraph.vocabulary import AuditAction, AuditSubject

MAX_DAYS: Final = 36_500
BATCH: Final = 5_000
"""Most events that one transaction removes, while recorders of the workspace wait."""
INTERVAL: Final = timedelta(hours=1)
"""How often a workspace is pruned."""

SET: Final = "UPDATE workspaces SET event_retention_days = $2, events_pruned_at = NULL WHERE id = $1"
HOLD: Final = "SELECT name, event_retention_days FROM workspaces WHERE id = $1 FOR NO KEY UPDATE"
READ: Final = "SELECT event_retention_days FROM workspaces WHERE id = $1"
PRUNED: Final = "UPDATE workspaces SET events_pruned_at = $2 WHERE id = $1"

DUE: Final = """
    SELECT id FROM workspaces WHERE event_retention_days IS NOT NULL
      AND (events_pruned_at IS NULL OR events_pruned_at <= clock_timestamp() - $1::interval)
    ORDER BY events_pruned_at NULLS FIRST LIMIT $2
"""


async def set_days(context: Context, viewer: Viewer, days: int | None) -> None:
    """Keep events for so many days, or for ever; what is older goes soon. Raises Forbidden or Invalid."""
    require_admin(viewer)
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise Invalid(f"Events are kept for 1 to {MAX_DAYS} days, or for ever: null.", path=("days",))
    async with begin() as unit:
        before = await unit.connection.fetchrow(HOLD, viewer.workspace_id)
        await unit.connection.execute(SET, viewer.workspace_id, days)
        subject = audit.Subject(AuditSubject.WORKSPACE, viewer.workspace_id, before["name"])
        was, now = ({"event_retention_days": one} for one in (before["event_retention_days"], days))
        await audit.record(unit, viewer, AuditAction.EDITED, subject, was, now)
        if days is not None:
            context.prune_events(unit, viewer.workspace_id)


async def ask_for_due(context: Context, limit: int) -> None:
    """Ask for the pruning of the workspaces that were not pruned for a while."""
    async with begin() as unit:
        for row in await unit.connection.fetch(DUE, INTERVAL, limit):
            context.prune_events(unit, row["id"])


async def prune(context: Context, workspace_id: int) -> int:
    """Remove a workspace's events that are older than it keeps them; returns how many they were.

    Each batch is a transaction of its own, with totals and dirty marks: being stopped in between harms nothing. A
    month of which no event of any workspace is left goes with its partition.
    """
    removed = 0
    for span in await partitions.before(datetime.now(UTC)):
        place: Place | None = removals.BEGINNING
        while place is not None:
            count, place = await _prune_some(context, workspace_id, span, place)
            removed += count
    days = await _kept_days(workspace_id)
    if days is not None:
        await partitions.drop_empty(datetime.now(UTC) - timedelta(days=days))
    async with database() as connection:
        await connection.execute(PRUNED, workspace_id, datetime.now(UTC))
    return removed


async def _kept_days(workspace_id: int) -> int | None:
    async with database() as connection:
        days: int | None = await connection.fetchval(READ, workspace_id)
    return days


async def _prune_some(
    context: Context, workspace_id: int, span: TimeSpan, after: Place
) -> tuple[int, Place | None]:
    """Remove up to BATCH events of a month; returns how many, and the place reached. None at the end of the month."""
    async with begin() as unit:
        connection: asyncpg.Connection = unit.connection
        days = await connection.fetchval(READ, workspace_id)
        if days is None:
            return 0, None
        end = min(span.end, datetime.now(UTC) - timedelta(days=days))
        if end <= span.start:
            return 0, None
        await lock_exclusive(connection, LockSpace.EVENTS, workspace_id)
        removed, reached = await removals.by_time(
            connection, workspace_id, TimeSpan(span.start, end), after, BATCH
        )
        await events.mark_removed(context, unit, workspace_id, removed)
        return sum(one.count for one in removed), reached

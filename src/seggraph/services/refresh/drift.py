"""Drift: the difference between a full run on the sync interval and what refreshes left. It is a defect, and reported.

The run corrects it. Explained differences are no drift: members whose changes still wait for a refresh, members that
refreshes left to the run, and members that entered or exited by time since the last tick.

What was corrected is kept by workspace, kind and day: for administrators, and for `monitoring`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from pyroaring import BitMap

from seggraph.access import Viewer, is_admin
from seggraph.audiences import from_bytes, to_bytes
from seggraph.context import Context
from seggraph.criteria import Checked
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.engines import EvaluationRequest, Population
from seggraph.services.memberships.membership import MembershipChange

log = structlog.get_logger()

REPORTED_DAYS: Final = 30
"""How many days administrators see, today included."""
TICKS_LATE: Final = timedelta(minutes=2)
"""How long after the instant a tick may find a member whom time lets enter or exit."""

SYNCED = """
    SELECT excused FROM segments WHERE workspace_id = $1 AND id = $2 AND synced_revision = requested_revision
"""

SYNCING = """
    SELECT id, excused FROM segments
    WHERE workspace_id = $1 AND id = ANY($2) AND synced_revision = requested_revision
"""

EXCLUDE = "UPDATE segments SET excused = $3 WHERE workspace_id = $1 AND id = $2"

WAITING = "SELECT ordinals FROM dirty_batches WHERE workspace_id = $1 AND kind = $2"

# The last statement of its transaction: the row is one for all segments of the kind.
KEEP = """
    INSERT INTO drift AS d (workspace_id, kind, day, members, segments, last_at)
    VALUES ($1, $2, (clock_timestamp() AT TIME ZONE 'UTC')::date, $3, 1, clock_timestamp())
    ON CONFLICT (workspace_id, kind, day) DO UPDATE SET members = d.members + excluded.members,
      segments = d.segments + excluded.segments, last_at = greatest(d.last_at, excluded.last_at)
"""

RECENT = """
    SELECT least(coalesce(sum(members), 0), 2147483647)::int AS members,
      least(coalesce(sum(segments), 0), 2147483647)::int AS segments, max(last_at) AS last_at
    FROM drift WHERE workspace_id = $1 AND day > (clock_timestamp() AT TIME ZONE 'UTC')::date - $2::int
"""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The criteria that a run evaluated, as of which instant and in which time zone."""

    criteria: Sequence[Checked]
    as_of: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class DriftView:
    """What syncs corrected lately: memberships, corrections of segments, and when the last one was."""

    members: int
    segments: int
    last_at: datetime | None


async def recent(viewer: Viewer) -> DriftView | None:
    """What was corrected in the workspace in the last REPORTED_DAYS days; None for others than administrators."""
    if not is_admin(viewer):
        return None
    async with database() as connection:
        return DriftView(**await connection.fetchrow(RECENT, viewer.workspace_id, REPORTED_DAYS))


async def exclude_from_drift(
    connection: asyncpg.Connection, workspace_id: int, left_to_runs: Mapping[int, BitMap]
) -> None:
    """Note the members that a refresh leaves to the runs of segments. The caller holds the segments' rows."""
    for row in await connection.fetch(SYNCING, workspace_id, list(left_to_runs)):
        known = BitMap() if row["excused"] is None else from_bytes(row["excused"])
        excluded = to_bytes(known | left_to_runs[row["id"]])
        await connection.execute(EXCLUDE, workspace_id, row["id"], excluded)


async def report(
    context: Context,
    unit: UnitOfWork,
    population: Population,
    segment_id: int,
    evaluated: Evaluated,
    change: MembershipChange,
) -> int:
    """Keep and log how many members a sync corrects that refreshes should have corrected; returns how many.

    The caller holds the segment's row.
    """
    connection = unit.connection
    differing = change.ordinals
    synced = await connection.fetchrow(SYNCED, population.workspace_id, segment_id) if differing else None
    if synced is None:
        return 0
    if synced["excused"] is not None:
        differing -= from_bytes(synced["excused"])
    waiting = await connection.fetch(WAITING, population.workspace_id, population.kind)
    timed = await context.engine.moved_by_time(
        connection,
        EvaluationRequest(
            population,
            evaluated.criteria,
            as_of=evaluated.as_of,
            zone=evaluated.zone,
            timeout_seconds=context.settings.statement_timeout_seconds,
        ),
        since=evaluated.as_of - TICKS_LATE,
    )
    drifted = differing.difference(*(from_bytes(row["ordinals"]) for row in waiting), *timed)
    if drifted:
        unit.before_commit(
            partial(connection.execute, KEEP, population.workspace_id, population.kind, len(drifted))
        )
        log.error(
            "drift_found",
            segment_id=segment_id,
            entered=change.entered.intersection_cardinality(drifted),
            exited=change.exited.intersection_cardinality(drifted),
        )
    return len(drifted)

"""Drift: what a full run on the sync interval finds otherwise than refreshes left it. It is a defect, and reported.

The run corrects it. What is explained is no drift: members whose changes wait to be looked at, those whom refreshes
left to the run because it was asked for, and those whom time moved since a tick may have come by.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from pyroaring import BitMap

from seggraph import observability
from seggraph.audiences import from_bytes, to_bytes
from seggraph.criteria import Checked
from seggraph.engines import Population
from seggraph.services.context import Context

log = structlog.get_logger()

DRIFTED_MEMBERS: Final = "drifted_members"
"""The metric of members whom refreshes had left where they did not belong."""
TICKS_LATE: Final = timedelta(minutes=2)
"""How long ago time may have moved someone whom no tick has found yet."""

SYNCED = """
    SELECT excused FROM segments WHERE workspace_id = $1 AND id = $2 AND synced_revision = requested_revision
"""

SYNCING = """
    SELECT id, excused FROM segments
    WHERE workspace_id = $1 AND id = ANY($2) AND synced_revision = requested_revision
"""

EXCUSE = "UPDATE segments SET excused = $3 WHERE workspace_id = $1 AND id = $2"

WAITING = "SELECT ordinals FROM dirty_batches WHERE workspace_id = $1 AND kind = $2"


async def excuse(
    connection: asyncpg.Connection, workspace_id: int, left_to_runs: Mapping[int, BitMap]
) -> None:
    """Note the members whom a refresh leaves to the runs of segments. The caller holds their rows."""
    for row in await connection.fetch(SYNCING, workspace_id, list(left_to_runs)):
        known = BitMap() if row["excused"] is None else from_bytes(row["excused"])
        excused = to_bytes(known | left_to_runs[row["id"]])
        await connection.execute(EXCUSE, workspace_id, row["id"], excused)


async def report(
    context: Context,
    connection: asyncpg.Connection,
    population: Population,
    segment_id: int,
    criteria: Sequence[Checked],
    *,
    entered: BitMap,
    exited: BitMap,
    as_of: datetime,
    zone: ZoneInfo,
) -> int:
    """Count and log the members of a segment in whom a run of a sync differs from refreshes; returns how many.

    The caller holds the segment's row.
    """
    found = entered | exited
    synced = await connection.fetchrow(SYNCED, population.workspace_id, segment_id) if found else None
    if synced is None:
        return 0
    if synced["excused"] is not None:
        found -= from_bytes(synced["excused"])
    waiting = await connection.fetch(WAITING, population.workspace_id, population.kind)
    timed = await context.engine.moved_by_time(
        connection,
        population,
        criteria,
        after=as_of - TICKS_LATE,
        until=as_of,
        zone=zone,
        timeout_seconds=context.settings.statement_timeout_seconds,
    )
    drifted = found.difference(*(from_bytes(row["ordinals"]) for row in waiting), *timed)
    if drifted:
        observability.count(DRIFTED_MEMBERS, len(drifted))
        log.error(
            "drift_found",
            segment_id=segment_id,
            entered=entered.intersection_cardinality(drifted),
            exited=exited.intersection_cardinality(drifted),
        )
    return len(drifted)

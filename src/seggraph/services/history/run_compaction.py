"""Compacting history: old runs are put together, by hour, then by day, then by month of the workspace's zone.

What stays of the runs of an hour is one run MERGED, at the time of the last of them: who was out before the first and
in after the last of them, or the reverse; the size at the end; and the sums of all who entered and exited. So every
answer stays right at the end of each hour, day or month that is kept, and a segment keeps some thousand runs at most
however often it changes. Runs that failed or were void are forgotten.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final

import asyncpg
import structlog
from pyroaring import BitMap

from seggraph.audiences import from_bytes, pieces, to_bytes
from seggraph.context import Context
from seggraph.database.unit_of_work import begin
from seggraph.models.runs import Direction
from seggraph.services.memberships import attribution, history_spans
from seggraph.services.memberships.attribution import Attribution
from seggraph.settings import Settings
from seggraph.vocabulary import MemberKind

log = structlog.get_logger()

INTERVAL: Final = timedelta(days=1)
"""How often the history of a segment is compacted."""
GROUPS: Final = 20
"""Most groups of runs that one transaction puts together, while the segment's row is held."""
AT_ONCE: Final = 2_000
LARGEST: Final = 2**31 - 1
"""What the columns of sums hold at most."""

# any workspace: the sweeper looks for what is due in all of them
CLAIM: Final = """
    UPDATE segments SET compact_at = now() + $1::interval
    WHERE id = ANY(ARRAY(SELECT id FROM segments WHERE compact_at IS NULL OR compact_at <= now()
      ORDER BY compact_at NULLS FIRST LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING id
"""

HOLD: Final = """
    SELECT s.workspace_id, s.kind, w.time_zone FROM segments s JOIN workspaces w ON w.id = s.workspace_id
    WHERE s.id = $1 FOR NO KEY UPDATE OF s
"""

FIND_POPULATION: Final = """
    SELECT s.workspace_id, s.kind, w.time_zone FROM segments s JOIN workspaces w ON w.id = s.workspace_id
    WHERE s.id = $1
"""

FORGET: Final = """
    DELETE FROM runs WHERE workspace_id = $1 AND segment_id = $2 AND status IN ('FAILED', 'VOID')
      AND finished_at < now() - make_interval(days => $3)
"""

FIND: Final = """
    WITH placed AS (
      SELECT applied, CASE
          WHEN finished_at < date_trunc('month', now() - make_interval(days => $6), $3)
            THEN 'month ' || date_trunc('month', finished_at, $3)
          WHEN finished_at < date_trunc('day', now() - make_interval(days => $5), $3)
            THEN 'day ' || date_trunc('day', finished_at, $3)
          ELSE 'hour ' || date_trunc('hour', finished_at, $3)
        END AS place
      FROM runs WHERE workspace_id = $1 AND segment_id = $2 AND applied IS NOT NULL
        AND finished_at < date_trunc('hour', now() - make_interval(days => $4), $3)
    ), begun AS (
      SELECT applied, (place IS DISTINCT FROM lag(place) OVER (ORDER BY applied))::int AS begins FROM placed
    ), numbered AS (
      SELECT applied, sum(begins) OVER (ORDER BY applied) AS number FROM begun
    )
    SELECT min(applied) AS first, max(applied) AS last FROM numbered
    GROUP BY number HAVING count(*) > 1 ORDER BY first LIMIT $7
"""
"""Runs next to one another, as they were applied, that belong to the same hour, day or month."""

CHANGES: Final = """
    SELECT move, roaring, causes, is_spanned FROM run_chunks
    WHERE workspace_id = $1 AND segment_id = $2 AND applied BETWEEN $3 AND $4 ORDER BY applied
"""

REMOVE_CHANGES: Final = """
    DELETE FROM run_chunks WHERE workspace_id = $1 AND segment_id = $2 AND applied BETWEEN $3 AND $4
"""

MERGE: Final = f"""
    UPDATE runs r SET trigger = 'MERGED', started_at = t.started_at, entered = t.entered, exited = t.exited
    FROM (SELECT min(started_at) AS started_at, least(sum(entered), {LARGEST})::int AS entered,
            least(sum(exited), {LARGEST})::int AS exited
          FROM runs WHERE workspace_id = $1 AND segment_id = $2 AND applied BETWEEN $3 AND $4) t
    WHERE r.workspace_id = $1 AND r.segment_id = $2 AND r.applied = $4 RETURNING r.id
"""  # noqa: S608 - a constant

REMOVE_OTHERS: Final = """
    DELETE FROM runs WHERE workspace_id = $1 AND segment_id = $2 AND applied >= $3 AND applied < $4
"""

WRITE: Final = """
    INSERT INTO run_chunks (workspace_id, segment_id, run_id, applied, move, chunk, cardinality, roaring, causes,
      is_spanned)
    SELECT $1, $2, $3, $4, *, true
    FROM unnest($5::smallint[], $6::int[], $7::int[], $8::bytea[], $9::bytea[])
"""


@dataclass(slots=True)
class Net:
    """What several membership changes come to: who entered and who exited, compared with the members before them all.

    `attribution` is that of a member's last change in that direction, as far as the changes tell; None once it is not
    known of some member.
    """

    entered: BitMap = field(default_factory=BitMap)
    exited: BitMap = field(default_factory=BitMap)
    attribution: dict[int, BitMap] | None = field(default_factory=dict)
    is_spanned: bool = True
    """Whether history spans have the members of all of them."""

    def add(self, direction: Direction, changed: BitMap, attribution: Attribution | None) -> None:
        """Add a later change. A member who is back where they were before all of them neither entered nor exited."""
        entered = direction is Direction.ENTERED
        to, from_ = (self.entered, self.exited) if entered else (self.exited, self.entered)
        back = from_ & changed
        new = changed - back
        from_ -= back
        to |= new
        if self.attribution is None or attribution is None:
            self.attribution = None
            return
        for known in self.attribution.values():
            known.difference_update(back)
        for source_id, attributed in attribution.items():
            self.attribution.setdefault(source_id, BitMap()).update(attributed & new)


async def ask_for_due(context: Context, limit: int) -> None:
    """Ask for the compaction of the histories that were not compacted for a day."""
    async with begin() as unit:
        for row in await unit.connection.fetch(CLAIM, INTERVAL, limit):
            unit.after_commit(partial(context.jobs.compact_history, row["id"]))


async def compact(context: Context, segment_id: int) -> int:
    """Put a segment's old runs together; returns how many groups of them there were.

    Each transaction does some and leaves the history right: being stopped in between harms nothing, and doing it
    again changes nothing.
    """
    merged = 0
    while found := await _compact_some(context.settings, segment_id):
        merged += found
    await _join_spans(context.settings, segment_id)
    if merged:
        log.info("history_compacted", segment_id=segment_id, groups=merged)
    return merged


async def _compact_some(settings: Settings, segment_id: int) -> int:
    """One transaction. It holds the segment's row: no member is erased from what it reads and writes again."""
    async with begin() as unit:
        row = await unit.connection.fetchrow(HOLD, segment_id)
        if row is None:
            return 0
        key = (row["workspace_id"], segment_id)
        await unit.connection.execute(FORGET, *key, settings.history_detail_days)
        days = (settings.history_detail_days, settings.history_hours_days, settings.history_days_days)
        groups = await unit.connection.fetch(FIND, *key, row["time_zone"], *days, GROUPS)
        for group in groups:
            await _merge(unit.connection, key, MemberKind(row["kind"]), group["first"], group["last"])
        return len(groups)


async def _join_spans(settings: Settings, segment_id: int) -> None:
    """Join the history spans of the segment's population: whichever of its segments comes first joins them all."""
    joined = 1
    while joined:
        async with begin() as unit:
            row = await unit.connection.fetchrow(FIND_POPULATION, segment_id)
            if row is None:
                return
            population = row["workspace_id"], MemberKind(row["kind"])
            joined = await history_spans.join_old(unit.connection, *population, row["time_zone"], settings)


async def _merge(
    connection: asyncpg.Connection, key: tuple[int, int], kind: MemberKind, first: int, last: int
) -> None:
    """Make the runs applied from the first to the last one run."""
    net = await _net(connection, (*key, first, last))
    rows = _rows(net)
    await connection.execute(REMOVE_CHANGES, *key, first, last)
    run_id = await connection.fetchval(MERGE, *key, first, last)
    await connection.execute(REMOVE_OTHERS, *key, first, last)
    if rows:
        await connection.execute(WRITE, *key, run_id, last, *zip(*rows, strict=True))
    if rows and not net.is_spanned:
        await history_spans.note(connection, key[0], kind, last, [net.entered, net.exited])


async def _net(connection: asyncpg.Connection, arguments: Sequence[Any]) -> Net:
    """The membership changes of several runs together."""
    net = Net()
    changes = await connection.cursor(CHANGES, *arguments)
    while rows := await changes.fetch(AT_ONCE):
        for row in rows:
            changed, data = from_bytes(row["roaring"]), row["causes"]
            decoded = None if data is None else attribution.decode(data, changed)
            net.add(Direction(row["move"]), changed, decoded)
            net.is_spanned &= row["is_spanned"]
    return net


def _rows(net: Net) -> list[tuple[Any, ...]]:
    """The rows that WRITE takes."""
    return [
        (
            int(direction),
            number,
            len(piece),
            to_bytes(piece),
            None if net.attribution is None else attribution.encode(piece, net.attribution),
        )
        for direction, changed in ((Direction.ENTERED, net.entered), (Direction.EXITED, net.exited))
        for number, piece in pieces(changed).items()
    ]

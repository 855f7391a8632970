"""In which spans of the history members entered or exited anything: where an erasure has to look for them.

The history of a segment is kept by run. Where a thousand segments change with each refresh, one member is in few of
its rows, and reading all of them would cost by history. So each recording of changes, of however many segments, notes
once who entered or exited any of them, with the first and last place of its runs. Neighbouring spans of few rows are
joined, and old ones by hour, day and month, as the runs are: a span may name too many rows, but never too few. Runs
that are put together have the place of the last of them; therefore a span goes on to the next run of a segment.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import DELTA_CHUNK, from_bytes, pieces, split, to_bytes
from seggraph.database.unit_of_work import begin
from seggraph.services.changes import populations
from seggraph.settings import Settings
from seggraph.vocabulary import MemberKind

ROWS_IN_SPAN: Final = 500
"""A span of so many rows of history is joined with no other, until it is old."""
JOINABLE: Final = 2 * ROWS_IN_SPAN
"""How many spans that may be joined there are when joining them saves an erasure more than it costs."""
AT_ONCE: Final = 500
"""How many spans are read at once: 4 MB at most."""
JOINED_AT_ONCE: Final = 20
"""Most groups of old spans that one transaction joins."""

COLUMNS: Final = """
    history_spans (workspace_id, kind, first_applied, last_applied, row_count, chunk, roaring, is_joined, recorded_at)
"""

NOTE: Final = f"""
    INSERT INTO {COLUMNS}
    SELECT $1, $2, $3, $4, $5, chunk, roaring, $6, $7 FROM unnest($8::int[], $9::bytea[]) AS t(chunk, roaring)
"""  # noqa: S608 - constants only

FIND: Final = """
    SELECT id, first_applied, last_applied, roaring FROM history_spans
    WHERE workspace_id = $1 AND kind = $2 AND chunk = ANY($3) ORDER BY first_applied, last_applied
"""

HOLD: Final = """
    SELECT id, roaring FROM history_spans WHERE workspace_id = $1 AND kind = $2 AND chunk = ANY($3) ORDER BY id
    FOR UPDATE
"""

REWRITE: Final = """
    UPDATE history_spans s SET roaring = t.roaring FROM unnest($2::bigint[], $3::bytea[]) AS t(id, roaring)
    WHERE s.workspace_id = $1 AND s.id = t.id
"""

REMOVE: Final = "DELETE FROM history_spans WHERE workspace_id = $1 AND id = ANY($2)"

IS_JOINABLE: Final = f"""
    EXISTS (SELECT FROM history_spans WHERE workspace_id = $1 AND kind = $2 AND NOT is_joined OFFSET {JOINABLE})
"""
"""Whether `join` is worth its while."""

TO_JOIN: Final = """
    SELECT id, first_applied, last_applied, row_count, chunk, roaring, recorded_at FROM history_spans
    WHERE workspace_id = $1 AND kind = $2 AND NOT is_joined ORDER BY first_applied, last_applied, id LIMIT $3
"""

OLD: Final = """
    WITH placed AS (
      SELECT id, first_applied, CASE
          WHEN recorded_at < date_trunc('month', now() - make_interval(days => $6), $3)
            THEN 'month ' || date_trunc('month', recorded_at, $3)
          WHEN recorded_at < date_trunc('day', now() - make_interval(days => $5), $3)
            THEN 'day ' || date_trunc('day', recorded_at, $3)
          ELSE 'hour ' || date_trunc('hour', recorded_at, $3)
        END AS place
      FROM history_spans WHERE workspace_id = $1 AND kind = $2
        AND recorded_at < date_trunc('hour', now() - make_interval(days => $4), $3)
    )
    SELECT array_agg(id) AS ids FROM placed GROUP BY place HAVING count(DISTINCT first_applied) > 1 LIMIT $7
"""

OF_GROUP: Final = """
    SELECT id, first_applied, last_applied, row_count, chunk, roaring, recorded_at FROM history_spans
    WHERE workspace_id = $1 AND id = ANY($2)
"""


@dataclass(frozen=True, slots=True)
class Windows:
    """Where in the history somebody is: in which chunks, from which to which place of runs, and which spans say so."""

    chunks: list[int]
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    span_ids: set[int] = field(default_factory=set)


def moved(changes: Iterable[BitMap]) -> tuple[list[int], list[bytes]]:
    """Who entered or exited anything: the chunks and bytes of a new span."""
    everybody = pieces(BitMap.union(BitMap(), *changes))
    return list(everybody), [to_bytes(piece) for piece in everybody.values()]


async def find(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: BitMap
) -> Windows:
    """Where in the history any of the ordinals is. Spans next to one another are one window."""
    windows = Windows(_numbers(ordinals))
    goes_on = False
    spans = await connection.cursor(FIND, workspace_id, kind, windows.chunks)
    while rows := await spans.fetch(AT_ONCE):
        for span_id, first, last, roaring in rows:
            is_there = bool(from_bytes(roaring) & ordinals)
            if is_there:
                windows.span_ids.add(span_id)
            if is_there and goes_on:
                windows.last[-1] = max(last, windows.last[-1])
            elif is_there:
                windows.first.append(first)
                windows.last.append(last)
            goes_on = is_there
    return windows


async def erase(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: BitMap, known: Windows
) -> bool:
    """Take ordinals out of all spans. The caller holds the population.

    Returns False, with nothing done, if they are in a span that is not known: it was noted or joined meanwhile.
    """
    kept: list[tuple[int, bytes]] = []
    emptied: list[int] = []
    spans = await connection.cursor(HOLD, workspace_id, kind, _numbers(ordinals))
    while rows := await spans.fetch(AT_ONCE):
        for span_id, roaring in rows:
            before = from_bytes(roaring)
            left = before - ordinals
            if len(left) == len(before):
                continue
            if span_id not in known.span_ids:
                return False
            if left:
                kept.append((span_id, to_bytes(left)))
            else:
                emptied.append(span_id)
    if kept:
        await connection.execute(REWRITE, workspace_id, *zip(*kept, strict=True))
    if emptied:
        await connection.execute(REMOVE, workspace_id, emptied)
    return True


async def note(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    applied: int,
    changes: Sequence[BitMap],
) -> None:
    """Note who is in the history at one place."""
    span = moved(changes)
    at = await connection.fetchval("SELECT now()")
    await connection.execute(NOTE, workspace_id, kind, applied, applied, len(changes), False, at, *span)


async def join(workspace_id: int, kind: MemberKind) -> None:
    """Join neighbouring spans of few rows, in one transaction. The last ones may be joined with later ones still."""
    async with begin() as unit:
        await populations.lock(unit.connection, workspace_id, kind)
        rows = await unit.connection.fetch(TO_JOIN, workspace_id, kind, 2 * JOINABLE)
        groups = list(_groups(rows))
        for group in groups[:-1]:
            await _join(unit.connection, workspace_id, kind, group)


async def join_old(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, zone: str, settings: Settings
) -> int:
    """Join some of the spans of the same hour, day or month, as their runs are; returns how many groups."""
    await populations.lock(connection, workspace_id, kind)
    days = (settings.history_detail_days, settings.history_hours_days, settings.history_days_days)
    groups = await connection.fetch(OLD, workspace_id, kind, zone, *days, JOINED_AT_ONCE)
    for (ids,) in groups:
        await _join(connection, workspace_id, kind, await connection.fetch(OF_GROUP, workspace_id, ids))
    return len(groups)


async def _join(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, group: Sequence[asyncpg.Record]
) -> None:
    """Make one span of several, which the caller keeps others from joining."""
    row_counts = {(row["first_applied"], row["last_applied"]): row["row_count"] for row in group}
    await connection.execute(REMOVE, workspace_id, [row["id"] for row in group])
    await connection.execute(
        NOTE,
        workspace_id,
        kind,
        min(row["first_applied"] for row in group),
        max(row["last_applied"] for row in group),
        sum(row_counts.values()),
        True,
        max(row["recorded_at"] for row in group),
        *moved(from_bytes(row["roaring"]) for row in group),
    )


def _groups(rows: Sequence[asyncpg.Record]) -> Iterator[list[asyncpg.Record]]:
    """Spans to be joined: as many neighbours as have ROWS_IN_SPAN rows of history."""
    group: list[asyncpg.Record] = []
    row_counts: dict[tuple[int, int], int] = {}
    for row in rows:
        place = row["first_applied"], row["last_applied"]
        if place not in row_counts and sum(row_counts.values()) + row["row_count"] > ROWS_IN_SPAN and group:
            yield group
            group, row_counts = [], {}
        group.append(row)
        row_counts[place] = row["row_count"]
    if group:
        yield group


def _numbers(ordinals: BitMap) -> list[int]:
    return [DELTA_CHUNK, *sorted(split(ordinals))]

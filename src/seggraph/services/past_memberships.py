"""Who was in a segment and when: memberships at a past time, entries and exits, and a member's intervals.

History is who entered and who exited in each run, in the order in which runs were applied. A membership at a time
is what is stored now without the moves since, or nothing with the moves until then, whichever are fewer: as each
move is to the other side, both are symmetric differences, and their order does not matter.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, chunk_of, from_bytes
from seggraph.errors import TooMany
from seggraph.models.audiences import ChunkRole
from seggraph.models.runs import Move
from seggraph.services import members
from seggraph.services.members import MemberView
from seggraph.services.paging import Key, Order, Page, PageRequest, decode_cursor, encode_cursor
from seggraph.services.policy import Viewer
from seggraph.vocabulary import MemberKind, RunTrigger
from seggraph.work import snapshot

MAX_CHUNKS: Final = 1_000_000
"""Most chunks of history that one answer looks at."""
AT_ONCE: Final = 2_000
LOOK: Final = 64
"""How many chunks are looked at first for a page of moves."""

LAST_APPLIED: Final = """
    SELECT coalesce(max(applied), 0) FROM runs
    WHERE workspace_id = $1 AND segment_id = $2 AND applied IS NOT NULL AND finished_at <= $3
"""

SIDES: Final = """
    SELECT count(*) FILTER (WHERE applied <= $3) AS until, count(*) FILTER (WHERE applied > $3) AS since
    FROM run_chunks WHERE workspace_id = $1 AND segment_id = $2
"""

UNTIL: Final = "SELECT roaring FROM run_chunks WHERE workspace_id = $1 AND segment_id = $2 AND applied <= $3"
SINCE: Final = "SELECT roaring FROM run_chunks WHERE workspace_id = $1 AND segment_id = $2 AND applied > $3"

_WITHIN: Final = """
    FROM run_chunks c JOIN runs r ON r.id = c.run_id
    WHERE c.workspace_id = $1 AND c.segment_id = $2 AND c.move = ANY($3)
      AND ($4::timestamptz IS NULL OR r.finished_at >= $4) AND ($5::timestamptz IS NULL OR r.finished_at < $5)
"""

MOVES: Final = f"""
    SELECT c.applied, c.move, c.chunk, c.roaring, r.finished_at, r.trigger {_WITHIN}
      AND c.applied <= $6 AND (c.applied < $6 OR (c.move, c.chunk) >= ($7, $8))
    ORDER BY c.applied DESC, c.move, c.chunk LIMIT $9
"""

COUNT_MOVES: Final = f"SELECT coalesce(sum(c.cardinality), 0)::bigint {_WITHIN}"

OF_CHUNKS: Final = """
    SELECT c.segment_id, c.chunk, c.move, c.roaring, r.finished_at, r.trigger
    FROM run_chunks c JOIN runs r ON r.id = c.run_id
    WHERE c.workspace_id = $1 AND (c.segment_id, c.chunk) IN (SELECT * FROM unnest($2::bigint[], $3::int[]))
    ORDER BY c.segment_id, c.chunk, c.applied
"""

COUNT_CHUNKS: Final = """
    SELECT count(*) FROM run_chunks
    WHERE workspace_id = $1 AND (segment_id, chunk) IN (SELECT * FROM unnest($2::bigint[], $3::int[]))
"""

NEWEST_FIRST: Final = Order(
    "move",
    (Key("applied", "bigint"), Key("move", "bigint"), Key("chunk", "bigint"), Key("ordinal", "bigint")),
    descending=True,
)


@dataclass(frozen=True, slots=True)
class MoveList:
    """Which moves: of a segment that the caller has found visible, from `start` until before `end`."""

    segment_id: int
    kind: MemberKind
    start: datetime | None = None
    end: datetime | None = None
    direction: Move | None = None

    def arguments(self, viewer: Viewer) -> tuple[Any, ...]:
        """The values of $1 to $5."""
        directions = list(Move) if self.direction is None else [self.direction]
        return viewer.workspace_id, self.segment_id, directions, self.start, self.end


@dataclass(frozen=True, slots=True)
class MoveView:
    """That a member entered or exited, when, and by which sort of run."""

    member: MemberView
    at: datetime
    direction: Move
    trigger: RunTrigger


@dataclass(frozen=True, slots=True)
class Interval:
    """A time that a member was in a segment; `end` is None while it lasts."""

    start: datetime
    entered_by: RunTrigger
    end: datetime | None = None
    exited_by: RunTrigger | None = None


Pair = tuple[int, int]
"""A segment by its id, and a member of its kind by its ordinal."""


async def members_at(viewer: Viewer, segment_id: int, at: datetime) -> BitMap:
    """Who was in a segment, which the caller has found visible, at an instant; erased members never were.

    Raises TooMany when that is too far from both ends of its history.
    """
    async with snapshot() as connection:
        key = (viewer.workspace_id, segment_id)
        last = await connection.fetchval(LAST_APPLIED, *key, at)
        sides = await connection.fetchrow(SIDES, *key, last)
        _require_few(min(sides["until"], sides["since"]))
        if sides["until"] < sides["since"]:
            found, query = BitMap(), UNTIL
        else:
            owner = ChunkOwner(ChunkRole.MEMBERS, segment_id)
            found, query = await ChunkStore(connection, viewer.workspace_id).read(owner), SINCE
        moves = await connection.cursor(query, *key, last)
        while rows := await moves.fetch(AT_ONCE):
            found = await asyncio.to_thread(_flipped, found, rows)
    return found


def _flipped(found: BitMap, rows: Sequence[asyncpg.Record]) -> BitMap:
    for row in rows:
        found ^= from_bytes(row["roaring"])
    return found


async def moves(viewer: Viewer, list_: MoveList, request: PageRequest) -> Page[MoveView]:
    """A page of the moves, the newest first; `request` may only go forwards. Raises BadCursor, Invalid, TooMany."""
    size = request.size
    after = None if request.after is None else decode_cursor(NEWEST_FIRST, request.after, path="after")
    async with snapshot() as connection:
        found = await _moved(connection, viewer, list_, after, size + 1)
        shown = found[:size]
        wanted = sorted({ordinal for _, ordinal in shown})
        views = await members.by_ordinals(connection, viewer.workspace_id, list_.kind, wanted)
    by_ordinal = {view.ordinal: view for view in views}
    known = [(row, ordinal) for row, ordinal in shown if ordinal in by_ordinal]
    return Page(
        items=[
            MoveView(by_ordinal[ordinal], row["finished_at"], Move(row["move"]), RunTrigger(row["trigger"]))
            for row, ordinal in known
        ],
        cursors=[
            encode_cursor(NEWEST_FIRST, [row["applied"], row["move"], row["chunk"], ordinal])
            for row, ordinal in known
        ],
        has_next=len(found) > size,
        has_previous=after is not None,
    )


async def _moved(
    connection: asyncpg.Connection, viewer: Viewer, list_: MoveList, after: list[Any] | None, limit: int
) -> list[tuple[asyncpg.Record, int]]:
    """The next moves behind a cursor: the run's chunk that each is in, and the ordinal."""
    applied, move, chunk, ordinal = after or (2**63 - 1, 0, 0, -1)
    found: list[tuple[asyncpg.Record, int]] = []
    while len(found) < limit:
        position = (applied, _bounded(move, 2**15), _bounded(chunk, 2**31))
        rows = await connection.fetch(MOVES, *list_.arguments(viewer), *position, LOOK)
        for row in rows:
            is_begun = (row["applied"], row["move"], row["chunk"]) == position
            moved = from_bytes(row["roaring"])
            start = moved.rank(_bounded(ordinal, 2**31)) if is_begun and ordinal >= 0 else 0
            found += ((row, one) for one in moved[start : start + limit - len(found)])
            if len(found) >= limit:
                break
        if len(rows) < LOOK:
            break
        applied, move, chunk, ordinal = rows[-1]["applied"], rows[-1]["move"], rows[-1]["chunk"] + 1, -1
    return found


def _bounded(value: int, limit: int) -> int:
    """What a cursor says, as far as it can be true."""
    return max(0, min(value, limit - 1))


async def count_moves(viewer: Viewer, list_: MoveList) -> int:
    """How many moves the whole list has."""
    async with snapshot() as connection:
        found: int = await connection.fetchval(COUNT_MOVES, *list_.arguments(viewer))
    return found


async def intervals(viewer: Viewer, pairs: Sequence[Pair]) -> dict[Pair, list[Interval]]:
    """When each member was in the segment it is paired with, the first time first, all in one statement.

    Raises TooMany when there is more history than one answer may look at.
    """
    wanted: dict[tuple[int, int], BitMap] = {}
    for segment_id, ordinal in pairs:
        wanted.setdefault((segment_id, chunk_of(ordinal)), BitMap()).add(ordinal)
    found: dict[Pair, list[Interval]] = {pair: [] for pair in pairs}
    async with _history(viewer, list(wanted)) as batches:
        async for rows in batches:
            for row in rows:
                key = (row["segment_id"], row["chunk"])
                for ordinal in from_bytes(row["roaring"]) & wanted[key]:
                    _note(found[row["segment_id"], ordinal], row)
    return found


@asynccontextmanager
async def _history(
    viewer: Viewer, keys: Sequence[tuple[int, int]]
) -> AsyncIterator[AsyncIterator[list[asyncpg.Record]]]:
    """The moves in these chunks of segments, as they were applied, some at a time."""
    arguments = (viewer.workspace_id, *map(list, zip(*keys, strict=True)))
    async with snapshot() as connection:
        _require_few(await connection.fetchval(COUNT_CHUNKS, *arguments))
        moves = await connection.cursor(OF_CHUNKS, *arguments)

        async def batches() -> AsyncIterator[list[asyncpg.Record]]:
            while rows := await moves.fetch(AT_ONCE):
                yield rows

        yield batches()


def _note(known: list[Interval], row: asyncpg.Record) -> None:
    """Note a move: an interval begins, or the last one ends."""
    trigger = RunTrigger(row["trigger"])
    if row["move"] == Move.ENTERED:
        known.append(Interval(row["finished_at"], trigger))
    elif known:
        begun = known.pop()
        known.append(Interval(begun.start, begun.entered_by, row["finished_at"], trigger))


def _require_few(count: int) -> None:
    if count > MAX_CHUNKS:
        raise TooMany(
            "There is too much history between; ask for a time nearer to now, or for fewer members."
        )

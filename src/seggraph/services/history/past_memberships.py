"""Past memberships: the members at an earlier time, and the intervals of one member.

History is who entered and who exited in each run, in the order in which runs were applied. A membership at a time
is the stored one without the entries and exits since, or an empty one with those until then, whichever are fewer.
Both are symmetric differences, for entries and exits take turns; so their order does not matter.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import DELTA_CHUNK, ChunkOwner, ChunkStore, from_bytes, split
from seggraph.database.paging import Page, PageRequest
from seggraph.database.unit_of_work import snapshot
from seggraph.errors import TooMany
from seggraph.models.audiences import ChunkRole
from seggraph.models.runs import Direction
from seggraph.services.members import pages
from seggraph.services.members.lists import Narrowed
from seggraph.services.members.members import MemberView
from seggraph.services.members.orders import BY_ORDINAL
from seggraph.vocabulary import MemberKind, RunTrigger

MAX_CHUNKS: Final = 1_000_000
"""Most chunks of history that one answer looks at."""
AT_ONCE: Final = 2_000
NEVER: Final = 2**63 - 1
"""Beyond every place of a run."""

SIDES: Final = """
    SELECT w.number, w.segment_id, l.applied AS last, s.until, s.since
    FROM unnest($2::bigint[], $3::timestamptz[]) WITH ORDINALITY AS w(segment_id, at, number)
    CROSS JOIN LATERAL (
      SELECT coalesce(max(applied), 0) AS applied FROM runs WHERE workspace_id = $1
        AND segment_id = w.segment_id AND applied IS NOT NULL AND finished_at <= w.at
    ) l CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE applied <= l.applied) AS until,
        count(*) FILTER (WHERE applied > l.applied) AS since
      FROM run_chunks WHERE workspace_id = $1 AND segment_id = w.segment_id
    ) s ORDER BY w.number
"""
"""How much history lies on either side of an instant, and the run that was applied last then."""

BETWEEN: Final = """
    SELECT w.number, c.roaring FROM unnest($2::bigint[], $3::bigint[], $4::bigint[])
      WITH ORDINALITY AS w(segment_id, first, last, number)
    JOIN run_chunks c ON c.workspace_id = $1 AND c.segment_id = w.segment_id
      AND c.applied >= w.first AND c.applied <= w.last
"""

OF_CHUNKS: Final = """
    SELECT c.segment_id, c.move, c.roaring, r.finished_at, r.trigger
    FROM run_chunks c JOIN runs r ON r.id = c.run_id
    WHERE c.workspace_id = $1 AND (c.segment_id, c.chunk) IN (SELECT * FROM unnest($2::bigint[], $3::int[]))
    ORDER BY c.segment_id, c.applied
"""

COUNT_CHUNKS: Final = """
    SELECT count(*) FROM run_chunks
    WHERE workspace_id = $1 AND (segment_id, chunk) IN (SELECT * FROM unnest($2::bigint[], $3::int[]))
"""


class AtList(NamedTuple):
    """The members of a segment, which the caller has found visible, at an instant."""

    segment_id: int
    kind: MemberKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Interval:
    """A time that a member was in a segment; `end` is None while it lasts."""

    start: datetime
    entered_by: RunTrigger
    end: datetime | None = None
    exited_by: RunTrigger | None = None


Pair = tuple[int, int]
"""A segment by its id, and a member of its kind by its ordinal."""


async def members_at(viewer: Viewer, asked: Sequence[AtList]) -> dict[AtList, BitMap]:
    """The members of segments at given times, without erased ones; one statement for any number of them.

    Raises TooMany when they are too far from both ends of their histories.
    """
    async with snapshot() as connection:
        columns = ([past.segment_id for past in asked], [past.at for past in asked])
        rows = await connection.fetch(SIDES, viewer.workspace_id, *columns)
        _require_few(sum(min(row["until"], row["since"]) for row in rows))
        from_now = [row["until"] >= row["since"] for row in rows]
        owners = [ChunkOwner(ChunkRole.MEMBERS, row["segment_id"]) for row in rows]
        stored = await ChunkStore(connection, viewer.workspace_id).read_many(list(dict.fromkeys(owners)))
        found = [
            stored[owner].copy() if back else BitMap() for owner, back in zip(owners, from_now, strict=True)
        ]
        bounds = [
            (row["segment_id"], row["last"] + 1, NEVER) if back else (row["segment_id"], 0, row["last"])
            for row, back in zip(rows, from_now, strict=True)
        ]
        changes = await connection.cursor(BETWEEN, viewer.workspace_id, *zip(*bounds, strict=True))
        while flips := await changes.fetch(AT_ONCE):
            await asyncio.to_thread(_flip, found, flips)
    return dict(zip(asked, found, strict=True))


def _flip(found: list[BitMap], rows: Sequence[asyncpg.Record]) -> None:
    for row in rows:
        found[row["number"] - 1] ^= from_bytes(row["roaring"])


AtAsked = tuple[AtList, PageRequest]


async def pages_at(
    viewer: Viewer, asked: Sequence[AtAsked]
) -> dict[AtAsked, tuple[Page[MemberView], BitMap]]:
    """The pages of memberships at instants, each with the whole membership. Raises as `members_at`, and for pages."""
    audiences = await members_at(viewer, list(dict.fromkeys(list_ for list_, _ in asked)))
    found: dict[AtAsked, tuple[Page[MemberView], BitMap]] = {}
    for kind, request in dict.fromkeys((list_.kind, request) for list_, request in asked):
        alike = [one for one in asked if (one[0].kind, one[1]) == (kind, request)]
        wanted = [audiences[list_] for list_, _ in alike]
        cut = await pages.pages_of(
            viewer, kind, [Narrowed(audience) for audience in wanted], BY_ORDINAL, request
        )
        found |= {one: (page, audiences[one[0]]) for one, page in zip(alike, cut, strict=True)}
    return found


async def intervals(viewer: Viewer, pairs: Sequence[Pair]) -> dict[Pair, list[Interval]]:
    """When each member was in the segment it is paired with, the first time first, all in one statement.

    Raises TooMany when there is more history than one answer may look at.
    """
    wanted: dict[int, BitMap] = {}
    for segment_id, ordinal in pairs:
        wanted.setdefault(segment_id, BitMap()).add(ordinal)
    found: dict[Pair, list[Interval]] = {pair: [] for pair in pairs}
    chunks = [
        (segment_id, number)
        for segment_id, within_ordinals in wanted.items()
        for number in (DELTA_CHUNK, *split(within_ordinals))
    ]
    async with _history(viewer, chunks) as batches:
        async for rows in batches:
            for row in rows:
                for ordinal in from_bytes(row["roaring"]) & wanted[row["segment_id"]]:
                    _note(found[row["segment_id"], ordinal], row)
    return found


@asynccontextmanager
async def _history(
    viewer: Viewer, keys: Sequence[tuple[int, int]]
) -> AsyncIterator[AsyncIterator[list[asyncpg.Record]]]:
    """The entries and exits in these chunks of segments, as they were applied, some at a time."""
    arguments = (viewer.workspace_id, *map(list, zip(*keys, strict=True)))
    async with snapshot() as connection:
        _require_few(await connection.fetchval(COUNT_CHUNKS, *arguments))
        changes = await connection.cursor(OF_CHUNKS, *arguments)

        async def batches() -> AsyncIterator[list[asyncpg.Record]]:
            while rows := await changes.fetch(AT_ONCE):
                yield rows

        yield batches()


def _note(known: list[Interval], row: asyncpg.Record) -> None:
    """Note an entry, which begins an interval, or an exit, which ends the last one."""
    trigger = RunTrigger(row["trigger"])
    if row["move"] == Direction.ENTERED:
        known.append(Interval(row["finished_at"], trigger))
    elif known:
        begun = known.pop()
        known.append(Interval(begun.start, begun.entered_by, row["finished_at"], trigger))


def _require_few(count: int) -> None:
    if count > MAX_CHUNKS:
        raise TooMany(
            "There is too much history between; ask for a time nearer to now, or for fewer members."
        )

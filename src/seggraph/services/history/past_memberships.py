"""Past memberships: the members at an earlier time, entries and exits, and the intervals of one member.

History is who entered and who exited in each run, in the order in which runs were applied. A membership at a time
is the stored one without the entries and exits since, or an empty one with those until then, whichever are fewer.
Both are symmetric differences, for entries and exits take turns; so their order does not matter.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import DELTA_CHUNK, ChunkOwner, ChunkStore, from_bytes, split
from seggraph.database.paging import Key, Order, Page, PageRequest, decode_cursor, encode_cursor
from seggraph.database.unit_of_work import snapshot
from seggraph.errors import TooMany
from seggraph.models.audiences import ChunkRole
from seggraph.models.runs import Direction
from seggraph.services.audit import repeated
from seggraph.services.members import members, pages
from seggraph.services.members.lists import Narrowed
from seggraph.services.members.members import MemberView
from seggraph.services.members.orders import BY_ORDINAL
from seggraph.services.memberships import attribution
from seggraph.services.memberships.attribution import Attribution, Sources
from seggraph.services.memberships.memberships import Holding
from seggraph.vocabulary import MemberKind, RunTrigger

MAX_CHUNKS: Final = 1_000_000
"""Most chunks of history that one answer looks at."""
AT_ONCE: Final = 2_000
NEVER: Final = 2**63 - 1
"""Beyond every place of a run."""
LOOK: Final = 64
"""How many chunks are read first for a page of entries and exits."""

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

_WITHIN: Final = """
    FROM run_chunks c JOIN runs r ON r.id = c.run_id
    WHERE c.workspace_id = $1 AND c.move = ANY($2)
      AND ($3::timestamptz IS NULL OR r.finished_at >= $3) AND ($4::timestamptz IS NULL OR r.finished_at < $4)
"""

CHANGES: Final = f"""
    SELECT w.segment_id, m.* FROM unnest($5::bigint[], $6::bigint[], $7::int[], $8::bigint[])
      AS w(segment_id, applied, move, chunk)
    CROSS JOIN LATERAL (
      SELECT c.applied, c.move, c.chunk, c.roaring, c.causes, r.finished_at, r.trigger {_WITHIN}
        AND c.segment_id = w.segment_id AND c.applied <= w.applied
        AND (c.applied < w.applied OR (c.move, c.chunk) >= (w.move, w.chunk))
      ORDER BY c.applied DESC, c.move, c.chunk LIMIT $9
    ) m ORDER BY w.segment_id, m.applied DESC, m.move, m.chunk
"""  # noqa: S608 - constants only

COUNT_CHANGES: Final = f"""
    SELECT c.segment_id, sum(c.cardinality)::bigint AS count {_WITHIN} AND c.segment_id = ANY($5)
    GROUP BY c.segment_id
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

NEWEST_FIRST: Final = Order(
    "move",
    (Key("applied", "bigint"), Key("move", "bigint"), Key("chunk", "bigint"), Key("ordinal", "bigint")),
    descending=True,
)


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which entries and exits: from `start` until before `end`, in one direction or both."""

    start: datetime | None = None
    end: datetime | None = None
    direction: Direction | None = None

    def arguments(self, viewer: Viewer) -> tuple[Any, ...]:
        """The values of $1 to $4."""
        directions = list(Direction) if self.direction is None else [self.direction]
        return viewer.workspace_id, directions, self.start, self.end


class ChangeList(NamedTuple):
    """The entries and exits of a segment that the caller has found visible."""

    segment_id: int
    kind: MemberKind
    filter: ChangeFilter = ChangeFilter()


class AtList(NamedTuple):
    """The members of a segment, which the caller has found visible, at an instant."""

    segment_id: int
    kind: MemberKind
    at: datetime


@dataclass(frozen=True, slots=True)
class ChangeView:
    """That a member entered or exited, when, and by which sort of run.

    `sources` hold the member after an entry, and did before an exit; None if that is not known.
    """

    member: MemberView
    at: datetime
    direction: Direction
    trigger: RunTrigger
    sources: Sequence[Holding] | None


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
ChangesAsked = tuple[ChangeList, PageRequest]


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


async def changes(viewer: Viewer, asked: Sequence[ChangesAsked]) -> dict[ChangesAsked, Page[ChangeView]]:
    """Pages of entries and exits, newest first; requests may only page forwards. Raises BadCursor, Invalid, TooMany."""
    found: dict[ChangesAsked, Page[ChangeView]] = {}
    async with snapshot() as connection:
        for kind, filter_, request in dict.fromkeys(
            (one.kind, one.filter, request) for one, request in asked
        ):
            alike = [
                list_ for list_, one in asked if (list_.kind, list_.filter, one) == (kind, filter_, request)
            ]
            pages = await _pages_of_changes(connection, viewer, kind, filter_, request, alike)
            found |= {(list_, request): page for list_, page in zip(alike, pages, strict=True)}
    await repeated.count_read(viewer, sum(len(page.items) for page in found.values()))
    return found


Moved = tuple[asyncpg.Record, int]
"""The chunk of a run that has an entry or exit, and the member's ordinal."""


async def _pages_of_changes(
    connection: asyncpg.Connection,
    viewer: Viewer,
    kind: MemberKind,
    filter_: ChangeFilter,
    request: PageRequest,
    lists: Sequence[ChangeList],
) -> list[Page[ChangeView]]:
    size = request.size
    after = None if request.after is None else decode_cursor(NEWEST_FIRST, request.after, path="after")
    segment_ids = list(dict.fromkeys(list_.segment_id for list_ in lists))
    found = await _moved(connection, viewer, filter_, segment_ids, after, size + 1)
    wanted = sorted({ordinal for moved in found.values() for _, ordinal in moved[:size]})
    views = await members.by_ordinals(connection, viewer, kind, wanted)
    by_ordinal = {view.ordinal: view for view in views}
    sources = await attribution.sources_of(connection, viewer.workspace_id, segment_ids)
    return [
        _change_page(found[list_.segment_id], by_ordinal, sources[list_.segment_id], size, request)
        for list_ in lists
    ]


def _change_page(
    moved: list[Moved],
    by_ordinal: Mapping[int, MemberView],
    sources: Sources,
    size: int,
    request: PageRequest,
) -> Page[ChangeView]:
    known = [(row, ordinal) for row, ordinal in moved[:size] if ordinal in by_ordinal]
    attributions = {_place(row): _attribution(row) for row, _ in known}
    return Page(
        items=[
            ChangeView(
                by_ordinal[ordinal],
                row["finished_at"],
                Direction(row["move"]),
                RunTrigger(row["trigger"]),
                None if (due := attributions[_place(row)]) is None else sources.of(due, ordinal),
            )
            for row, ordinal in known
        ],
        cursors=[
            encode_cursor(NEWEST_FIRST, [row["applied"], row["move"], row["chunk"], ordinal])
            for row, ordinal in known
        ],
        has_next=len(moved) > size,
        has_previous=request.after is not None,
    )


def _place(row: asyncpg.Record) -> tuple[int, int, int]:
    """Where in the history of its segment a chunk is."""
    return row["applied"], row["move"], row["chunk"]


def _attribution(row: asyncpg.Record) -> Attribution | None:
    return None if row["causes"] is None else attribution.decode(row["causes"], from_bytes(row["roaring"]))


async def _moved(
    connection: asyncpg.Connection,
    viewer: Viewer,
    filter_: ChangeFilter,
    segment_ids: Sequence[int],
    after: list[Any] | None,
    limit: int,
) -> dict[int, list[Moved]]:
    """The next entries and exits of each segment behind a cursor, up to `limit` of each."""
    applied, direction, chunk, ordinal = after or (NEVER, 0, DELTA_CHUNK, -1)
    start = (applied, _bounded(direction, 2**15), max(DELTA_CHUNK, min(chunk, 2**31 - 1)))
    positions = dict.fromkeys(segment_ids, start)
    found: dict[int, list[Moved]] = {segment_id: [] for segment_id in segment_ids}
    while positions:
        wanted = [(segment_id, *position) for segment_id, position in positions.items()]
        rows = await connection.fetch(CHANGES, *filter_.arguments(viewer), *zip(*wanted, strict=True), LOOK)
        seen: Counter[int] = Counter()
        for row in rows:
            segment_id = row["segment_id"]
            seen[segment_id] += 1
            positions[segment_id] = (row["applied"], row["move"], row["chunk"] + 1)
            moved = from_bytes(row["roaring"])
            is_cursor = (row["applied"], row["move"], row["chunk"]) == start and ordinal >= 0
            first = moved.rank(_bounded(ordinal, 2**31)) if is_cursor else 0
            room = limit - len(found[segment_id])
            found[segment_id] += ((row, one) for one in moved[first : first + room])
        positions = {
            segment_id: position
            for segment_id, position in positions.items()
            if seen[segment_id] == LOOK and len(found[segment_id]) < limit
        }
    return found


async def count_changes(viewer: Viewer, lists: Sequence[ChangeList]) -> dict[ChangeList, int]:
    """How many entries and exits the whole lists have; an empty list is absent."""
    found: dict[ChangeList, int] = {}
    async with snapshot() as connection:
        for filter_ in dict.fromkeys(list_.filter for list_ in lists):
            alike = {list_.segment_id: list_ for list_ in lists if list_.filter == filter_}
            rows = await connection.fetch(COUNT_CHANGES, *filter_.arguments(viewer), list(alike))
            found |= {alike[row["segment_id"]]: row["count"] for row in rows}
    return found


def _bounded(value: int, limit: int) -> int:
    """What a cursor says, as far as it can be true."""
    return max(0, min(value, limit - 1))


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

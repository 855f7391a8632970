"""Who entered a segment and who exited it, the newest run first, in pages.

Entries and exits are stored as a bitmap for each run, direction and chunk. Pages are unpacked from these as they are
read, from either end.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import DELTA_CHUNK, from_bytes
from seggraph.database.paging import Key, Order, Page, PageRequest, decode_cursor, encode_cursor
from seggraph.database.unit_of_work import snapshot
from seggraph.models.runs import Direction
from seggraph.services.audit import repeated
from seggraph.services.members import members
from seggraph.services.members.members import MemberView
from seggraph.services.memberships import attribution
from seggraph.services.memberships.attribution import Attribution, Sources
from seggraph.services.memberships.memberships import Holding
from seggraph.vocabulary import MemberKind, RunTrigger

LOOK: Final = 64
"""How many chunks are read first for a page of entries and exits."""

_WITHIN: Final = """
    FROM run_chunks c JOIN runs r ON r.id = c.run_id
    WHERE c.workspace_id = $1 AND c.move = ANY($2)
      AND ($3::timestamptz IS NULL OR r.finished_at >= $3) AND ($4::timestamptz IS NULL OR r.finished_at < $4)
"""

_CHANGES: Final = f"""
    SELECT w.segment_id, m.* FROM unnest($5::bigint[], $6::bigint[], $7::int[], $8::bigint[])
      AS w(segment_id, applied, move, chunk)
    CROSS JOIN LATERAL (
      SELECT c.applied, c.move, c.chunk, c.roaring, c.causes, r.finished_at, r.trigger {_WITHIN}
        AND c.segment_id = w.segment_id AND %s
      LIMIT $9
    ) m ORDER BY w.segment_id, %s
"""  # noqa: S608 - constants only

FORWARDS: Final = _CHANGES % (
    "c.applied <= w.applied AND (c.applied < w.applied OR (c.move, c.chunk) >= (w.move, w.chunk))"
    " ORDER BY c.applied DESC, c.move, c.chunk",
    "m.applied DESC, m.move, m.chunk",
)
BACKWARDS: Final = _CHANGES % (
    "c.applied >= w.applied AND (c.applied > w.applied OR (c.move, c.chunk) <= (w.move, w.chunk))"
    " ORDER BY c.applied, c.move DESC, c.chunk DESC",
    "m.applied, m.move DESC, m.chunk DESC",
)

COUNT_CHANGES: Final = f"""
    SELECT c.segment_id, sum(c.cardinality)::bigint AS count {_WITHIN} AND c.segment_id = ANY($5)
    GROUP BY c.segment_id
"""

NEWEST_FIRST: Final = Order(
    "move",
    (Key("applied", "bigint"), Key("move", "bigint"), Key("chunk", "bigint"), Key("ordinal", "bigint")),
    descending=True,
)

Place = tuple[int, int, int]
"""Where in the history of its segment a chunk is: the run by its place, the direction, the chunk."""

MAX_DIRECTION: Final = 2**15
MAX_ORDINAL: Final = 2**31
START: Final = ((2**63 - 1, 0, DELTA_CHUNK), -1)
END: Final = ((-1, MAX_DIRECTION - 1, MAX_ORDINAL - 1), MAX_ORDINAL)
"""Before and behind every entry and exit: a place, and an ordinal."""


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


ChangesAsked = tuple[ChangeList, PageRequest]


async def changes(viewer: Viewer, asked: Sequence[ChangesAsked]) -> dict[ChangesAsked, Page[ChangeView]]:
    """Pages of entries and exits, newest first. Raises BadCursor, Invalid, TooMany."""
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


@dataclass(frozen=True, slots=True)
class _Between:
    """The entries and exits behind one place and ordinal, and before another one; read from either end."""

    after: tuple[Place, int]
    before: tuple[Place, int]
    is_backwards: bool

    @property
    def statement(self) -> str:
        """What reads on from places."""
        return BACKWARDS if self.is_backwards else FORWARDS

    @property
    def begin(self) -> Place:
        """Where reading begins."""
        return self.before[0] if self.is_backwards else self.after[0]

    def beyond(self, place: Place) -> Place:
        """Where reading goes on after a chunk."""
        applied, move, chunk = place
        return applied, move, chunk - 1 if self.is_backwards else chunk + 1

    def is_over(self, place: Place) -> bool:
        """Whether a chunk lies behind what is asked for."""
        if self.is_backwards:
            return _newest_first(place) < _newest_first(self.after[0])
        return _newest_first(place) > _newest_first(self.before[0])

    def next_of(self, place: Place, moved: BitMap, most: int) -> list[int]:
        """The next ordinals of a chunk, as they are read."""
        (after, last_before), (before, first_behind) = self.after, self.before
        begin = _count_below(moved, last_before + 1) if place == after else 0
        end = _count_below(moved, first_behind) if place == before else len(moved)
        if self.is_backwards:
            return list(moved[max(begin, end - most) : end])[::-1]
        return list(moved[begin : min(end, begin + most)])


def _between(request: PageRequest) -> _Between:
    """What a page is a part of. Raises BadCursor."""
    return _Between(
        START if request.after is None else _in_cursor(request.after, "after"),
        END if request.before is None else _in_cursor(request.before, "before"),
        request.backwards,
    )


def _in_cursor(cursor: str, name: str) -> tuple[Place, int]:
    """What a cursor says, as far as it can be true."""
    applied, move, chunk, ordinal = decode_cursor(NEWEST_FIRST, cursor, path=name)
    place = (applied, _bounded(move, MAX_DIRECTION), max(DELTA_CHUNK, min(chunk, MAX_ORDINAL - 1)))
    return place, _bounded(ordinal, MAX_ORDINAL)


def _bounded(value: int, limit: int) -> int:
    return max(0, min(value, limit - 1))


def _count_below(moved: BitMap, ordinal: int) -> int:
    return moved.rank(ordinal - 1) if ordinal else 0


def _newest_first(place: Place) -> Place:
    applied, move, chunk = place
    return -applied, move, chunk


async def _pages_of_changes(
    connection: asyncpg.Connection,
    viewer: Viewer,
    kind: MemberKind,
    filter_: ChangeFilter,
    request: PageRequest,
    lists: Sequence[ChangeList],
) -> list[Page[ChangeView]]:
    size = request.size
    segment_ids = list(dict.fromkeys(list_.segment_id for list_ in lists))
    found = await _moved(connection, viewer, filter_, segment_ids, _between(request), size + 1)
    wanted = sorted({ordinal for moved in found.values() for _, ordinal in moved[:size]})
    views = await members.by_ordinals(connection, viewer, kind, wanted)
    by_ordinal = {view.ordinal: view for view in views}
    sources = await attribution.sources_of(connection, viewer.workspace_id, segment_ids)
    return [
        _change_page(found[list_.segment_id], by_ordinal, sources[list_.segment_id], request)
        for list_ in lists
    ]


def _change_page(
    moved: list[Moved], by_ordinal: Mapping[int, MemberView], sources: Sources, request: PageRequest
) -> Page[ChangeView]:
    is_more = len(moved) > request.size
    known = [(row, ordinal) for row, ordinal in moved[: request.size] if ordinal in by_ordinal]
    if request.backwards:
        known.reverse()
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
        cursors=[encode_cursor(NEWEST_FIRST, [*_place(row), ordinal]) for row, ordinal in known],
        has_next=request.before is not None if request.backwards else is_more,
        has_previous=is_more if request.backwards else request.after is not None,
    )


def _place(row: asyncpg.Record) -> Place:
    return row["applied"], row["move"], row["chunk"]


def _attribution(row: asyncpg.Record) -> Attribution | None:
    return None if row["causes"] is None else attribution.decode(row["causes"], from_bytes(row["roaring"]))


async def _moved(
    connection: asyncpg.Connection,
    viewer: Viewer,
    filter_: ChangeFilter,
    segment_ids: Sequence[int],
    between: _Between,
    limit: int,
) -> dict[int, list[Moved]]:
    """The next entries and exits of each segment in the order in which they are read, up to `limit` of each."""
    positions = dict.fromkeys(segment_ids, between.begin)
    found: dict[int, list[Moved]] = {segment_id: [] for segment_id in segment_ids}
    while positions:
        wanted = [(segment_id, *position) for segment_id, position in positions.items()]
        arguments = (*filter_.arguments(viewer), *zip(*wanted, strict=True), LOOK)
        rows = await connection.fetch(between.statement, *arguments)
        seen: Counter[int] = Counter()
        for row in rows:
            segment_id, place = row["segment_id"], _place(row)
            if between.is_over(place):
                positions.pop(segment_id, None)
            elif segment_id in positions:
                seen[segment_id] += 1
                positions[segment_id] = between.beyond(place)
                room = limit - len(found[segment_id])
                moved = from_bytes(row["roaring"])
                found[segment_id] += ((row, one) for one in between.next_of(place, moved, room))
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

"""The chunk store: reads audiences from chunk rows and writes back only the chunks that changed.

Every call takes the connection of its caller, whose transaction decides what is seen and when it counts. A
writer holds the owner's row, so that two writers of one audience never interleave.

A chunk of many ordinals is 8 KB that PostgreSQL keeps out of line and writes whole; a few changes of it are therefore
kept beside it, in `toggled`, until they are many. So writing costs what changes, not what there is.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pyroaring import BitMap

from seggraph.audiences.bitmap import (
    CHUNK_BITS,
    cardinality,
    from_bytes,
    from_chunk,
    join,
    split,
    to_bytes,
)

T = TypeVar("T")

THREAD_ABOVE_CHUNKS: Final = 8
"""Joining or comparing more chunks than this takes milliseconds, and so happens in a thread."""

TOGGLED_AT_MOST: Final = 600
"""Most ordinals of a chunk that are kept in `toggled`: 1.2 KB, with which PostgreSQL keeps the row in one place."""

WHOLE_UP_TO: Final = 1_000
"""A chunk of at most so many ordinals is written whole: it is no larger than what may be toggled."""


@dataclass(frozen=True, slots=True)
class ChunkOwner:
    """Whose bitmap it is: a segment, a source, a run's population, as told by `role` (see models.audiences)."""

    role: int
    owner_id: int


READ = """
    SELECT role, owner_id, roaring, toggled FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id) IN (SELECT * FROM unnest($2::smallint[], $3::bigint[]))
"""

READ_SOME = READ + " AND chunk = ANY($4::int[])"

FIND = """
    SELECT id, role, owner_id, chunk, cardinality, toggled, CASE WHEN cardinality <= $5 THEN roaring END AS roaring
    FROM chunks WHERE workspace_id = $1
      AND (role, owner_id, chunk) IN (SELECT * FROM unnest($2::smallint[], $3::bigint[], $4::int[]))
"""

READ_WHOLE = "SELECT id, roaring FROM chunks WHERE workspace_id = $1 AND id = ANY($2)"

WRITE = """
    INSERT INTO chunks (workspace_id, role, owner_id, chunk, cardinality, roaring)
    SELECT $1, role, owner_id, chunk, cardinality, roaring
    FROM unnest($2::smallint[], $3::bigint[], $4::int[], $5::int[], $6::bytea[])
      AS t(role, owner_id, chunk, cardinality, roaring)
    ON CONFLICT (workspace_id, role, owner_id, chunk)
    DO UPDATE SET cardinality = EXCLUDED.cardinality, roaring = EXCLUDED.roaring, toggled = NULL
"""

TOGGLE = """
    UPDATE chunks c SET cardinality = t.cardinality, toggled = t.toggled
    FROM unnest($2::bigint[], $3::int[], $4::bytea[]) AS t(id, cardinality, toggled)
    WHERE c.workspace_id = $1 AND c.id = t.id
"""

REMOVE = """
    DELETE FROM chunks WHERE workspace_id = $1 AND (role, owner_id, chunk) IN
      (SELECT * FROM unnest($2::smallint[], $3::bigint[], $4::int[]))
"""

TOGGLED = READ_SOME.replace("SELECT", "SELECT id,", 1) + " AND toggled IS NOT NULL"

FOLD = """
    UPDATE chunks c SET roaring = t.roaring, toggled = NULL
    FROM unnest($2::bigint[], $3::bytea[]) AS t(id, roaring) WHERE c.workspace_id = $1 AND c.id = t.id
"""


class ChunkStore:
    """The audiences of one workspace, through one connection."""

    def __init__(self, connection: Any, workspace_id: int) -> None:
        self._connection = connection
        self._workspace_id = workspace_id

    async def read(self, owner: ChunkOwner) -> BitMap:
        """The whole bitmap of an owner; empty if it has none."""
        return (await self.read_many([owner]))[owner]

    async def read_many(
        self, owners: Sequence[ChunkOwner], *, near: BitMap | None = None
    ) -> dict[ChunkOwner, BitMap]:
        """The bitmaps of many owners in one statement.

        With `near`, only the chunks that hold one of these ordinals are read: what a change of these
        ordinals can touch.
        """
        roles, ids = _columns(owners)
        if near is None:
            rows = await self._connection.fetch(READ, self._workspace_id, roles, ids)
        else:
            rows = await self._connection.fetch(READ_SOME, self._workspace_id, roles, ids, _numbers(near))
        parts: dict[ChunkOwner, list[tuple[bytes, bytes | None]]] = {owner: [] for owner in owners}
        for role, owner_id, roaring, toggled in rows:
            parts[ChunkOwner(role, owner_id)].append((roaring, toggled))
        return await _computed(len(rows) > THREAD_ABOVE_CHUNKS, lambda: _join_all(parts))

    async def write(self, changes: Mapping[ChunkOwner, tuple[BitMap, BitMap]]) -> int:
        """Make each owner's bitmap, which is the first of the two, the second; returns how many chunks changed.

        Both may be restricted to the same ordinals: what is outside of these stays as it is.
        """
        many = sum(map(_size, changes.values())) > THREAD_ABOVE_CHUNKS
        changed = await _computed(many, lambda: _changed(changes))
        if not changed:
            return 0
        found = await self._find(changed)
        rows = await _computed(many, lambda: _rows(changed, found))
        if rows.whole:
            await self._connection.execute(WRITE, self._workspace_id, *zip(*rows.whole, strict=True))
        if rows.toggled:
            await self._connection.execute(TOGGLE, self._workspace_id, *zip(*rows.toggled, strict=True))
        if rows.emptied:
            await self._connection.execute(REMOVE, self._workspace_id, *zip(*rows.emptied, strict=True))
        return len(changed)

    async def _find(self, changed: Mapping["Key", "_Change"]) -> dict["Key", "_Row"]:
        """The rows that are to change, with their bytes where these are to be written anew."""
        columns = zip(*changed, strict=True)
        rows = await self._connection.fetch(FIND, self._workspace_id, *columns, WHOLE_UP_TO + TOGGLED_AT_MOST)
        found: dict[Key, _Row] = {}
        for row_id, role, owner_id, chunk, count, toggled, roaring in rows:
            key = role, owner_id, chunk
            after = _toggled_after(changed[key], count, toggled)
            found[key] = _Row(row_id, count, toggled, roaring, after)
        lacking = {row.id: row for row in found.values() if row.roaring is None and row.toggled_after is None}
        if lacking:
            for row_id, roaring in await self._connection.fetch(
                READ_WHOLE, self._workspace_id, list(lacking)
            ):
                lacking[row_id].roaring = roaring
        return found

    async def fold(self, owners: Sequence[ChunkOwner], *, near: BitMap) -> None:
        """Leave no trace of who was in the bitmaps and is not any more, in the chunks of these ordinals."""
        rows = await self._connection.fetch(TOGGLED, self._workspace_id, *_columns(owners), _numbers(near))
        if rows:
            folded = [(row["id"], to_bytes(from_chunk(row["roaring"], row["toggled"]))) for row in rows]
            await self._connection.execute(FOLD, self._workspace_id, *zip(*folded, strict=True))


Key = tuple[int, int, int]
"""Role, owner and number of a chunk."""


@dataclass(frozen=True, slots=True)
class _Change:
    """Who is put into a chunk or out of it, and how many more ordinals it has then."""

    toggled: BitMap
    gain: int


@dataclass(slots=True)
class _Row:
    """A row of chunks; `roaring` is read only where it is small, or to be written anew.

    `toggled_after` is what is toggled in it after its change, None if it is to be written whole.
    """

    id: int
    cardinality: int
    toggled: bytes | None
    roaring: bytes | None
    toggled_after: BitMap | None


@dataclass(frozen=True, slots=True)
class _Rows:
    """The arguments of the statements that write, row by row."""

    whole: list[tuple[int, int, int, int, bytes]]
    toggled: list[tuple[int, int, bytes | None]]
    emptied: list[Key]


async def _computed(takes_long: bool, compute: Callable[[], T]) -> T:
    return await asyncio.to_thread(compute) if takes_long else compute()


def _columns(owners: Sequence[ChunkOwner]) -> tuple[list[int], list[int]]:
    return [owner.role for owner in owners], [owner.owner_id for owner in owners]


def _size(change: tuple[BitMap, BitMap]) -> int:
    """About how many chunks there are to compare: of dense ordinals the largest says it."""
    return 1 + (max(one.max() if one else 0 for one in change) >> CHUNK_BITS)


def _numbers(near: BitMap) -> list[int]:
    """The numbers of the chunks that hold these ordinals."""
    return sorted(split(near))


def _join_all(
    parts: Mapping[ChunkOwner, Iterable[tuple[bytes, bytes | None]]],
) -> dict[ChunkOwner, BitMap]:
    return {owner: join(from_chunk(*chunk) for chunk in chunks) for owner, chunks in parts.items()}


def _changed(changes: Mapping[ChunkOwner, tuple[BitMap, BitMap]]) -> dict[Key, _Change]:
    """The chunks that change. Owners with the same two bitmaps, a segment and its only source, are compared once."""
    compared: dict[tuple[int, int], dict[int, _Change]] = {}
    found: dict[Key, _Change] = {}
    for owner, (before, after) in changes.items():
        pair = id(before), id(after)
        if pair not in compared:
            compared[pair] = {
                number: _Change(toggled, cardinality(after, number) - cardinality(before, number))
                for number, toggled in split(before ^ after).items()
            }
        for number, change in compared[pair].items():
            found[owner.role, owner.owner_id, number] = change
    return found


def _toggled_after(change: _Change, count: int, toggled: bytes | None) -> BitMap | None:
    if count + change.gain <= WHOLE_UP_TO or len(change.toggled) > TOGGLED_AT_MOST:
        return None
    after = change.toggled if toggled is None else change.toggled ^ from_bytes(toggled)
    return after if len(after) <= TOGGLED_AT_MOST else None


def _rows(changed: Mapping[Key, _Change], found: Mapping[Key, _Row]) -> _Rows:
    """How the changes are written into the rows that were found."""
    rows = _Rows([], [], [])
    for key, change in changed.items():
        row = found.get(key)
        if row is not None and row.toggled_after is not None:
            data = bytes(row.toggled_after.serialize()) if row.toggled_after else None
            rows.toggled.append((row.id, row.cardinality + change.gain, data))
            continue
        whole = change.toggled
        if row is not None and row.roaring is not None:
            whole = whole ^ from_chunk(row.roaring, row.toggled)
        if whole:
            rows.whole.append((*key, len(whole), to_bytes(whole)))
        else:
            rows.emptied.append(key)
    return rows

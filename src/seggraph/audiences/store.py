"""The chunk store: reads audiences from chunk rows and writes back only the chunks that changed.

Every call takes the connection of its caller, whose transaction decides what is seen and when it counts. A
writer holds the owner's row, so that two writers of one audience never interleave.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyroaring import BitMap

from seggraph.audiences.bitmap import CHUNK_BITS, changed_chunks, from_bytes, join, split, to_bytes

THREAD_ABOVE_CHUNKS: Final = 8
"""Joining or comparing more chunks than this takes milliseconds, and so happens in a thread."""


@dataclass(frozen=True, slots=True)
class ChunkOwner:
    """Whose bitmap it is: a segment, a source, a run's population, as told by `role` (see models.audiences)."""

    role: int
    owner_id: int


READ = """
    SELECT role, owner_id, roaring FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id) IN (SELECT * FROM unnest($2::smallint[], $3::bigint[]))
"""

READ_SOME = READ + " AND chunk = ANY($4::int[])"

WRITE = """
    INSERT INTO chunks (workspace_id, role, owner_id, chunk, cardinality, roaring)
    SELECT $1, role, owner_id, chunk, cardinality, roaring
    FROM unnest($2::smallint[], $3::bigint[], $4::int[], $5::int[], $6::bytea[])
      AS t(role, owner_id, chunk, cardinality, roaring)
    ON CONFLICT (workspace_id, role, owner_id, chunk)
    DO UPDATE SET cardinality = EXCLUDED.cardinality, roaring = EXCLUDED.roaring
"""

REMOVE = """
    DELETE FROM chunks WHERE workspace_id = $1 AND (role, owner_id, chunk) IN
      (SELECT * FROM unnest($2::smallint[], $3::bigint[], $4::int[]))
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
        roles = [owner.role for owner in owners]
        ids = [owner.owner_id for owner in owners]
        if near is None:
            rows = await self._connection.fetch(READ, self._workspace_id, roles, ids)
        else:
            rows = await self._connection.fetch(READ_SOME, self._workspace_id, roles, ids, _numbers(near))
        parts: dict[ChunkOwner, list[bytes]] = {owner: [] for owner in owners}
        for role, owner_id, roaring in rows:
            parts[ChunkOwner(role, owner_id)].append(roaring)
        if len(rows) > THREAD_ABOVE_CHUNKS:
            return await asyncio.to_thread(_join_all, parts)
        return _join_all(parts)

    async def write(self, changes: Mapping[ChunkOwner, tuple[BitMap, BitMap]]) -> int:
        """Make each owner's bitmap (before, after) the second of the two; returns how many chunks changed.

        Both may be restricted to the same chunks: chunks outside them are not touched.
        """
        many = sum(map(_size, changes.values())) > THREAD_ABOVE_CHUNKS
        rows = await asyncio.to_thread(_rows, changes) if many else _rows(changes)
        filled = [row for row in rows if row[3]]
        emptied = [row for row in rows if not row[3]]
        if filled:
            await self._connection.execute(WRITE, self._workspace_id, *zip(*filled, strict=True))
        if emptied:
            columns = list(zip(*emptied, strict=True))
            await self._connection.execute(REMOVE, self._workspace_id, *columns[:3])
        return len(rows)


Row = tuple[int, int, int, int, bytes]
"""Role, owner, chunk number, cardinality, bytes."""


def _size(change: tuple[BitMap, BitMap]) -> int:
    """About how many chunks there are to compare: of dense ordinals the largest says it."""
    return 1 + (max(one.max() if one else 0 for one in change) >> CHUNK_BITS)


def _numbers(near: BitMap) -> list[int]:
    """The numbers of the chunks that hold these ordinals."""
    return sorted(split(near))


def _join_all(parts: Mapping[ChunkOwner, Iterable[bytes]]) -> dict[ChunkOwner, BitMap]:
    return {owner: join(map(from_bytes, chunks)) for owner, chunks in parts.items()}


def _rows(changes: Mapping[ChunkOwner, tuple[BitMap, BitMap]]) -> list[Row]:
    """What is to be written. Owners with the same two bitmaps, a segment and its only source, are compared once."""
    compared: dict[tuple[int, int], list[tuple[int, int, bytes]]] = {}
    rows: list[Row] = []
    for owner, (before, after) in changes.items():
        key = id(before), id(after)
        if key not in compared:
            chunks = changed_chunks(before, after).items()
            compared[key] = [(number, len(chunk), to_bytes(chunk)) for number, chunk in chunks]
        rows += [(owner.role, owner.owner_id, *chunk) for chunk in compared[key]]
    return rows

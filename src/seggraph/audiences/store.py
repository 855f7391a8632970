"""The chunk store: reads audiences from chunk rows and writes back only what changed.

Every call takes the connection of its caller, whose transaction decides what is seen and when it counts. A
writer holds the owner's row, so that two writers of one audience never interleave.

A chunk of many ordinals is 8 KB that PostgreSQL writes whole, and few changes may touch every chunk. They are therefore
kept together in one row beside the chunks, the one of SPREAD, until they are many. So writing costs what changes, not
what there is; and an audience of few ordinals is that row alone.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pyroaring import BitMap

from seggraph.audiences.bitmap import (
    CHUNK_BITS,
    SPREAD,
    from_bytes,
    from_parts,
    split,
    to_bytes,
    whole_chunks,
)
from seggraph.audiences.chunk_cache import ChunkCache

T = TypeVar("T")

THREAD_ABOVE_CHUNKS: Final = 8
"""Joining or comparing more chunks than this takes milliseconds, and so happens in a thread."""

SPREAD_PER_CHUNK: Final = 600
"""Most ordinals that are kept together for each chunk that they are of: 1.2 KB, next to 8 for the chunk."""

SPREAD_CHUNKS: Final = 8
"""For more chunks than these there are no more: the row would cost more each time than the chunks once."""

KEPT_BYTES: Final = 64 * 2**20
"""Most bytes of chunks that the process keeps: 8,000 of the largest."""

_kept: Final = ChunkCache(KEPT_BYTES)


@dataclass(frozen=True, slots=True)
class ChunkOwner:
    """Whose bitmap it is: a segment, a source, a run's population, as told by `role` (see models.audiences)."""

    role: int
    owner_id: int


READ = """
    SELECT role, owner_id, chunk, roaring FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id) IN (SELECT * FROM unnest($2::smallint[], $3::bigint[]))
"""

READ_SOME = READ + " AND chunk = ANY($4::int[])"

READ_HELD = """
    SELECT id, role, owner_id, digest, CASE WHEN digest IS NULL THEN roaring END AS roaring FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id) IN (SELECT * FROM unnest($2::smallint[], $3::bigint[]))
      AND chunk = ANY($4::int[])
"""

READ_BYTES = "SELECT digest, roaring FROM chunks WHERE workspace_id = $1 AND id = ANY($2)"

SPREADS = f"""
    SELECT id, role, owner_id, cardinality, roaring FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id, chunk) IN
      (SELECT *, {SPREAD} FROM unnest($2::smallint[], $3::bigint[]))
"""  # noqa: S608 - a constant

REWRITE = """
    UPDATE chunks c SET cardinality = t.cardinality, roaring = t.roaring
    FROM unnest($2::bigint[], $3::int[], $4::bytea[]) AS t(id, cardinality, roaring)
    WHERE c.workspace_id = $1 AND c.id = t.id
"""

CHUNKS = """
    SELECT role, owner_id, chunk, roaring FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id, chunk) IN
      (SELECT * FROM unnest($2::smallint[], $3::bigint[], $4::int[]))
"""

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
        numbers = None if near is None else sorted(split(near))
        if numbers is None:
            rows = await self._connection.fetch(READ, self._workspace_id, *_columns(owners))
        else:
            some = [*numbers, SPREAD]
            rows = await self._connection.fetch(READ_SOME, self._workspace_id, *_columns(owners), some)
        return await _computed(len(rows) > THREAD_ABOVE_CHUNKS, lambda: _joined(owners, rows, numbers))

    async def read_held(self, owners: Sequence[ChunkOwner], near: BitMap) -> dict[ChunkOwner, BitMap]:
        """Who of `near` is in each of many bitmaps whose owners the caller holds.

        Of large chunks only those are read that this process does not have by their digests: nobody may write them
        between the two statements.
        """
        some = [*split(near), SPREAD]
        rows = await self._connection.fetch(READ_HELD, self._workspace_id, *_columns(owners), some)
        large = {row["digest"]: row["id"] for row in rows if row["digest"] is not None}
        known = _kept.those(large)
        unknown = [row_id for digest, row_id in large.items() if digest not in known]
        if unknown:
            read = await self._connection.fetch(READ_BYTES, self._workspace_id, unknown)
            fresh = await _computed(
                len(read) > THREAD_ABOVE_CHUNKS,
                lambda: {digest: (from_bytes(data), len(data)) for digest, data in read},
            )
            _kept.keep(fresh)
            known |= {digest: bitmap for digest, (bitmap, _) in fresh.items()}
        return await _computed(
            len(rows) > THREAD_ABOVE_CHUNKS, lambda: _those_near(owners, rows, known, near)
        )

    async def write(self, changes: Mapping[ChunkOwner, tuple[BitMap, BitMap]]) -> None:
        """Make each owner's bitmap, which is the first of the two, the second.

        Both may be restricted to the same ordinals: what is outside of these stays as it is.
        """
        many = sum(map(_size, changes.values())) > THREAD_ABOVE_CHUNKS
        changed = await _computed(many, lambda: _changed(changes))
        if not changed:
            return
        found = await self._spreads(changed)
        plan = await _computed(many, lambda: _planned(changed, found))
        if plan.rewritten:
            await self._connection.execute(REWRITE, self._workspace_id, *zip(*plan.rewritten, strict=True))
        await self._write(plan.added)
        await self._remove(plan.removed)
        await self._fold(plan.folded)

    async def fold(self, owners: Sequence[ChunkOwner], *, near: BitMap) -> None:
        """Leave no trace in the chunks of these ordinals, which were in the bitmaps and are not any more."""
        found = {owner: from_bytes(row.roaring) for owner, row in (await self._spreads(owners)).items()}
        folded = {owner: spread for owner, spread in found.items() if spread.intersect(near)}
        await self._remove([_spread_of(owner) for owner in folded])
        await self._fold(folded)

    async def _spreads(self, owners: Iterable[ChunkOwner]) -> dict[ChunkOwner, "_Spread"]:
        rows = await self._connection.fetch(SPREADS, self._workspace_id, *_columns(owners))
        return {
            ChunkOwner(role, owner_id): _Spread(row_id, gain, roaring)
            for row_id, role, owner_id, gain, roaring in rows
        }

    async def _fold(self, folded: Mapping[ChunkOwner, BitMap]) -> None:
        """Toggle ordinals in the chunks of owners."""
        toggled = {
            (owner.role, owner.owner_id, number): piece
            for owner, spread in folded.items()
            for number, piece in split(spread).items()
        }
        if not toggled:
            return
        rows = await self._connection.fetch(CHUNKS, self._workspace_id, *zip(*toggled, strict=True))
        written, emptied = await _computed(
            len(toggled) > THREAD_ABOVE_CHUNKS, lambda: _toggle_chunks(toggled, rows)
        )
        await self._write(written)
        await self._remove(emptied)

    async def _write(self, rows: Sequence["_Row"]) -> None:
        if rows:
            await self._connection.execute(WRITE, self._workspace_id, *zip(*rows, strict=True))

    async def _remove(self, keys: Sequence["_Key"]) -> None:
        if keys:
            await self._connection.execute(REMOVE, self._workspace_id, *zip(*keys, strict=True))


_Key = tuple[int, int, int]
"""Role, owner and number of a chunk."""

_Row = tuple[int, int, int, int, bytes]
"""Its key, how many ordinals it has, and its bytes."""


@dataclass(frozen=True, slots=True)
class _Change:
    """Who is put into a bitmap or out of it, and how many more ordinals it has then."""

    toggled: BitMap
    gain: int


@dataclass(frozen=True, slots=True)
class _Spread:
    """The row of SPREAD of an owner: who is toggled in its chunks, and how many more ordinals it has so."""

    id: int
    gain: int
    roaring: bytes


@dataclass(frozen=True, slots=True)
class _Plan:
    """How changes are written: into rows of SPREAD, or, where these would have too many, into the chunks."""

    rewritten: list[tuple[int, int, bytes]]
    added: list[_Row]
    removed: list[_Key]
    folded: dict[ChunkOwner, BitMap]


async def _computed(takes_long: bool, compute: Callable[[], T]) -> T:
    return await asyncio.to_thread(compute) if takes_long else compute()


def _columns(owners: Iterable[ChunkOwner]) -> tuple[list[int], list[int]]:
    some = list(owners)
    return [owner.role for owner in some], [owner.owner_id for owner in some]


def _spread_of(owner: ChunkOwner) -> _Key:
    return owner.role, owner.owner_id, SPREAD


def _size(change: tuple[BitMap, BitMap]) -> int:
    """About how many chunks there are to compare: of dense ordinals the largest says it."""
    return 1 + (max(one.max() if one else 0 for one in change) >> CHUNK_BITS)


def _joined(
    owners: Sequence[ChunkOwner], rows: Sequence[tuple[int, int, int, bytes]], numbers: Sequence[int] | None
) -> dict[ChunkOwner, BitMap]:
    """The bitmaps of rows; if not all chunks of an owner were read, of what is spread only what is in those."""
    parts: dict[ChunkOwner, list[bytes]] = {owner: [] for owner in owners}
    spreads: dict[ChunkOwner, BitMap] = {}
    for role, owner_id, number, roaring in rows:
        owner = ChunkOwner(role, owner_id)
        if number == SPREAD:
            spreads[owner] = from_bytes(roaring)
        else:
            parts[owner].append(roaring)
    read = None if numbers is None else whole_chunks(numbers)
    joined = {owner: from_parts(some) for owner, some in parts.items()}
    for owner, spread in spreads.items():
        joined[owner] ^= spread if read is None else spread & read
    return joined


def _those_near(
    owners: Sequence[ChunkOwner],
    rows: Sequence[tuple[int, int, int, bytes | None, bytes]],
    known: Mapping[bytes, BitMap],
    near: BitMap,
) -> dict[ChunkOwner, BitMap]:
    """Who of `near` is in the bitmaps of rows, of which some are known by their digests."""
    found = {owner: BitMap() for owner in owners}
    for _, role, owner_id, digest, roaring in rows:
        bitmap = from_bytes(roaring) if digest is None else known[digest]
        found[ChunkOwner(role, owner_id)] ^= bitmap & near
    return found


def _changed(changes: Mapping[ChunkOwner, tuple[BitMap, BitMap]]) -> dict[ChunkOwner, _Change]:
    """What changes. Owners with the same two bitmaps, a segment and its only source, are compared once."""
    compared: dict[tuple[int, int], _Change] = {}
    found: dict[ChunkOwner, _Change] = {}
    for owner, (before, after) in changes.items():
        pair = id(before), id(after)
        if pair not in compared:
            compared[pair] = _Change(before ^ after, len(after) - len(before))
        if compared[pair].toggled:
            found[owner] = compared[pair]
    return found


def _planned(changed: Mapping[ChunkOwner, _Change], found: Mapping[ChunkOwner, _Spread]) -> _Plan:
    """How the changes are written, next to what is spread already. What is alike is computed once, as above."""
    plan = _Plan([], [], [], {})
    computed: dict[tuple[int, bytes], tuple[BitMap, bytes | None]] = {}
    for owner, change in changed.items():
        row = found.get(owner)
        alike = id(change), b"" if row is None else row.roaring
        if alike not in computed:
            spread = change.toggled if row is None else change.toggled ^ from_bytes(row.roaring)
            computed[alike] = spread, to_bytes(spread) if _is_few(spread) else None
        spread, data = computed[alike]
        if data is None:
            plan.folded[owner] = spread
        if row is not None and (data is None or not spread):
            plan.removed.append(_spread_of(owner))
        elif row is not None and data is not None:
            plan.rewritten.append((row.id, row.gain + change.gain, data))
        elif data is not None:
            plan.added.append((*_spread_of(owner), change.gain, data))
    return plan


def _is_few(spread: BitMap) -> bool:
    """Whether the ordinals are kept together, and not in the chunks that they are of."""
    if len(spread) <= SPREAD_PER_CHUNK:
        return True
    numbers = split(spread)
    return len(spread) <= SPREAD_PER_CHUNK * min(len(numbers), SPREAD_CHUNKS)


def _toggle_chunks(
    toggled: Mapping[_Key, BitMap], rows: Sequence[tuple[int, int, int, bytes]]
) -> tuple[list[_Row], list[_Key]]:
    """The chunks as they are to be written, of which some were found, and those of which nothing is left."""
    before = {(role, owner_id, number): roaring for role, owner_id, number, roaring in rows}
    written: list[_Row] = []
    emptied: list[_Key] = []
    for key, piece in toggled.items():
        roaring = before.get(key)
        after = piece if roaring is None else piece ^ from_bytes(roaring)
        if after:
            written.append((*key, len(after), to_bytes(after)))
        else:
            emptied.append(key)
    return written, emptied

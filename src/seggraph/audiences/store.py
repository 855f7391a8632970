"""The chunk store: reads audiences from chunk rows and writes back only what changed.

Every call takes the connection of its caller, whose transaction decides what is seen and when it counts. A
writer holds the owner's row, so that two writers of one audience never interleave.

PostgreSQL writes a chunk of many ordinals, 8 KB, as a whole, and few changes may touch every chunk. Therefore few
changes are written together into one row beside the chunks: the delta row, whose number is DELTA_CHUNK. It is like the
memory table of an LSM tree. Its ordinals toggle what the chunks say; when they become many, they are folded into the
chunks and the delta row is removed. So writing costs what changes, not what there is, and a small audience is its
delta row alone.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pyroaring import BitMap

from seggraph.audiences.bitmap import (
    CHUNK_BITS,
    DELTA_CHUNK,
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

DELTA_ORDINALS_PER_CHUNK: Final = 600
"""Most ordinals in the delta row for each chunk that they belong to: 1.2 KB, next to 8 KB for the chunk."""

DELTA_MAX_CHUNKS: Final = 8
"""Chunks beyond these allow no more ordinals: writing the row again and again would cost more than the chunks once."""


@dataclass(frozen=True, slots=True)
class ChunkOwner:
    """The owner of a bitmap: a segment, a source or a population, as `role` says (see models.audiences)."""

    role: int
    owner_id: int


READ = """
    SELECT role, owner_id, chunk, roaring FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id) IN (SELECT * FROM unnest($2::smallint[], $3::bigint[]))
"""

READ_SOME = READ + " AND chunk = ANY($4::int[])"

READ_HELD = """
    SELECT id, role, owner_id, chunk, cardinality, digest, CASE WHEN digest IS NULL THEN roaring END AS roaring
    FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id) IN (SELECT * FROM unnest($2::smallint[], $3::bigint[]))
      AND chunk = ANY($4::int[])
"""

READ_BYTES = "SELECT digest, roaring FROM chunks WHERE workspace_id = $1 AND id = ANY($2)"

READ_DELTAS = f"""
    SELECT id, role, owner_id, cardinality, roaring FROM chunks
    WHERE workspace_id = $1 AND (role, owner_id, chunk) IN
      (SELECT *, {DELTA_CHUNK} FROM unnest($2::smallint[], $3::bigint[]))
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

REMOVE_ROWS = "DELETE FROM chunks WHERE workspace_id = $1 AND id = ANY($2)"


class ChunkStore:
    """The audiences of one workspace, through one connection."""

    def __init__(self, connection: Any, workspace_id: int, cache: ChunkCache | None = None) -> None:
        """`cache` has the large chunks that this process read before, for `read_held`."""
        self._connection = connection
        self._workspace_id = workspace_id
        self._cache = ChunkCache() if cache is None else cache

    async def read(self, owner: ChunkOwner) -> BitMap:
        """The whole bitmap of an owner; empty if it has none."""
        return (await self.read_many([owner]))[owner]

    async def read_many(
        self, owners: Sequence[ChunkOwner], *, within_ordinals: BitMap | None = None
    ) -> dict[ChunkOwner, BitMap]:
        """The bitmaps of many owners in one statement.

        With `within_ordinals` only the chunks that can hold one of these ordinals are read, and the bitmaps are
        complete for them alone.
        """
        numbers = None if within_ordinals is None else sorted(split(within_ordinals))
        if numbers is None:
            rows = await self._connection.fetch(READ, self._workspace_id, *_columns(owners))
        else:
            some = [*numbers, DELTA_CHUNK]
            rows = await self._connection.fetch(READ_SOME, self._workspace_id, *_columns(owners), some)
        return await _computed(len(rows) > THREAD_ABOVE_CHUNKS, lambda: _joined(owners, rows, numbers))

    async def read_held(
        self, owners: Sequence[ChunkOwner], within_ordinals: BitMap
    ) -> dict[ChunkOwner, BitMap]:
        """Which of the ordinals are in each of many bitmaps. The caller holds the rows of the owners.

        A large chunk whose digest is cached is not read. Because the owners are held, nobody writes a chunk between
        the statement that reads digests and the one that reads bytes.
        """
        rows, known = await self._read_chunks(owners, within_ordinals)
        return await _computed(
            len(rows) > THREAD_ABOVE_CHUNKS, lambda: _in_bitmaps(owners, rows, known, within_ordinals)
        )

    async def write(self, changes: Mapping[ChunkOwner, tuple[BitMap, BitMap]]) -> None:
        """Make each owner's bitmap, which is the first of the two, the second.

        Both may be restricted to the same ordinals: what is outside of these stays as it is.
        """
        many = sum(map(_size, changes.values())) > THREAD_ABOVE_CHUNKS
        changed = await _computed(many, lambda: _changed(changes))
        if not changed:
            return
        found = await self._read_deltas(changed)
        plan = await _computed(many, lambda: _planned(changed, found))
        if plan.rewritten:
            await self._connection.execute(REWRITE, self._workspace_id, *zip(*plan.rewritten, strict=True))
        await self._write(plan.added)
        await self._remove(plan.removed)
        await self._fold(plan.folded)

    async def erase(self, owners: Sequence[ChunkOwner], ordinals: BitMap) -> dict[ChunkOwner, BitMap]:
        """Take ordinals out of bitmaps, and out of every stored byte; returns which of them were in each bitmap.

        The caller holds the rows of the owners. Only the chunks of these ordinals are read, equal ones once, and
        only those that hold one are written. Owners without any of the ordinals are absent from the answer.
        """
        rows, known = await self._read_chunks(owners, ordinals)
        many = len(rows) > THREAD_ABOVE_CHUNKS
        erased, rewritten, emptied = await _computed(many, lambda: _erased(rows, known, ordinals))
        if rewritten:
            await self._connection.execute(REWRITE, self._workspace_id, *zip(*rewritten, strict=True))
        if emptied:
            await self._connection.execute(REMOVE_ROWS, self._workspace_id, emptied)
        return erased

    async def _read_chunks(
        self, owners: Sequence[ChunkOwner], within_ordinals: BitMap
    ) -> tuple[list["_HeldRow"], dict[bytes, BitMap]]:
        """The rows that can hold one of the ordinals, and the bitmaps of the large ones by their digests."""
        some = [*split(within_ordinals), DELTA_CHUNK]
        rows = await self._connection.fetch(READ_HELD, self._workspace_id, *_columns(owners), some)
        large = {row["digest"]: row["id"] for row in rows if row["digest"] is not None}
        known = self._cache.find(large)
        unknown = [row_id for digest, row_id in large.items() if digest not in known]
        if unknown:
            read = await self._connection.fetch(READ_BYTES, self._workspace_id, unknown)
            fresh = await _computed(
                len(read) > THREAD_ABOVE_CHUNKS,
                lambda: {digest: (from_bytes(data), len(data)) for digest, data in read},
            )
            self._cache.add(fresh)
            known |= {digest: bitmap for digest, (bitmap, _) in fresh.items()}
        return rows, known

    async def _read_deltas(self, owners: Iterable[ChunkOwner]) -> dict[ChunkOwner, "_DeltaRow"]:
        rows = await self._connection.fetch(READ_DELTAS, self._workspace_id, *_columns(owners))
        return {
            ChunkOwner(role, owner_id): _DeltaRow(row_id, gain, roaring)
            for row_id, role, owner_id, gain, roaring in rows
        }

    async def _fold(self, folded: Mapping[ChunkOwner, BitMap]) -> None:
        """Toggle ordinals in the chunks of owners."""
        toggled = {
            (owner.role, owner.owner_id, number): piece
            for owner, delta in folded.items()
            for number, piece in split(delta).items()
        }
        if not toggled:
            return
        rows = await self._connection.fetch(CHUNKS, self._workspace_id, *zip(*toggled, strict=True))
        written, emptied = await _computed(
            len(toggled) > THREAD_ABOVE_CHUNKS, lambda: _toggle_chunks(toggled, rows)
        )
        await self._write(written)
        await self._remove(emptied)

    async def _write(self, rows: Sequence["_ChunkRow"]) -> None:
        if rows:
            await self._connection.execute(WRITE, self._workspace_id, *zip(*rows, strict=True))

    async def _remove(self, keys: Sequence["_ChunkKey"]) -> None:
        if keys:
            await self._connection.execute(REMOVE, self._workspace_id, *zip(*keys, strict=True))


_ChunkKey = tuple[int, int, int]
"""Role, owner and number of a chunk."""

_ChunkRow = tuple[int, int, int, int, bytes]
"""Its key, how many ordinals it has, and its bytes."""

_HeldRow = tuple[int, int, int, int, int, bytes | None, bytes | None]
"""Id, role, owner, number and cardinality of a chunk, and its digest or its bytes."""

_RewrittenRow = tuple[int, int, bytes]
"""The id of a row, its new cardinality and its new bytes."""


@dataclass(frozen=True, slots=True)
class _Change:
    """The ordinals that enter or leave a bitmap, and how many more ordinals it has then."""

    toggled: BitMap
    gain: int


@dataclass(frozen=True, slots=True)
class _DeltaRow:
    """The delta row of an owner: its id, how many more ordinals the bitmap has by it, and the toggled ordinals."""

    id: int
    gain: int
    roaring: bytes


@dataclass(frozen=True, slots=True)
class _WritePlan:
    """How changes are written: into delta rows, or into the chunks where a delta row would have too many ordinals."""

    rewritten: list[tuple[int, int, bytes]]
    added: list[_ChunkRow]
    removed: list[_ChunkKey]
    folded: dict[ChunkOwner, BitMap]


def chunks_of(row: str, role: int) -> str:
    """The chunks of a bitmap as an SQL expression, with the row of its owner: `joined_chunks` makes a bitmap of it."""
    return f"""ARRAY(
        SELECT c.roaring FROM chunks c
        WHERE c.workspace_id = {row}.workspace_id AND c.role = {int(role)} AND c.owner_id = {row}.id
    )"""  # noqa: S608 - constants only


async def joined_chunks(bitmaps: Sequence[Sequence[bytes]]) -> list[BitMap]:
    """The bitmaps of chunks that were read with the rows of their owners."""
    many = sum(map(len, bitmaps)) > THREAD_ABOVE_CHUNKS
    return await _computed(many, lambda: list(map(from_parts, bitmaps)))


async def _computed(takes_long: bool, compute: Callable[[], T]) -> T:
    return await asyncio.to_thread(compute) if takes_long else compute()


def _columns(owners: Iterable[ChunkOwner]) -> tuple[list[int], list[int]]:
    some = list(owners)
    return [owner.role for owner in some], [owner.owner_id for owner in some]


def _delta_key(owner: ChunkOwner) -> _ChunkKey:
    return owner.role, owner.owner_id, DELTA_CHUNK


def _size(change: tuple[BitMap, BitMap]) -> int:
    """About how many chunks there are to compare: of dense ordinals the largest says it."""
    return 1 + (max(one.max() if one else 0 for one in change) >> CHUNK_BITS)


def _joined(
    owners: Sequence[ChunkOwner], rows: Sequence[tuple[int, int, int, bytes]], numbers: Sequence[int] | None
) -> dict[ChunkOwner, BitMap]:
    """The bitmaps of rows. If only some chunks were read, the delta row counts only within those."""
    parts: dict[ChunkOwner, list[bytes]] = {owner: [] for owner in owners}
    deltas: dict[ChunkOwner, BitMap] = {}
    for role, owner_id, number, roaring in rows:
        owner = ChunkOwner(role, owner_id)
        if number == DELTA_CHUNK:
            deltas[owner] = from_bytes(roaring)
        else:
            parts[owner].append(roaring)
    read = None if numbers is None else whole_chunks(numbers)
    joined = {owner: from_parts(some) for owner, some in parts.items()}
    for owner, delta in deltas.items():
        joined[owner] ^= delta if read is None else delta & read
    return joined


def _in_bitmaps(
    owners: Sequence[ChunkOwner],
    rows: Sequence[_HeldRow],
    known: Mapping[bytes, BitMap],
    within_ordinals: BitMap,
) -> dict[ChunkOwner, BitMap]:
    """Which of the ordinals are in the bitmaps of rows; `known` has the chunks of rows that have a digest."""
    found = {owner: BitMap() for owner in owners}
    for row in rows:
        _, role, owner_id, *_ = row
        found[ChunkOwner(role, owner_id)] ^= _bitmap_of(row, known) & within_ordinals
    return found


def _bitmap_of(row: _HeldRow, known: Mapping[bytes, BitMap]) -> BitMap:
    *_, digest, roaring = row
    return known[digest] if digest is not None else from_bytes(roaring or b"")


def _erased(
    rows: Sequence[_HeldRow], known: Mapping[bytes, BitMap], ordinals: BitMap
) -> tuple[dict[ChunkOwner, BitMap], list[_RewrittenRow], list[int]]:
    """Which ordinals each bitmap loses, the rows as they are to be written, and the ids of those that become empty."""
    lost: dict[ChunkOwner, BitMap] = {}
    in_chunks: dict[ChunkOwner, int] = {}
    rewritten: list[_RewrittenRow] = []
    emptied: list[int] = []
    deltas: list[tuple[ChunkOwner, int, int, BitMap]] = []
    left_of: dict[bytes, tuple[int, bytes]] = {}
    for row in rows:
        row_id, role, owner_id, number, cardinality, digest, _ = row
        owner, bitmap = ChunkOwner(role, owner_id), _bitmap_of(row, known)
        held = bitmap & ordinals
        lost[owner] = lost.get(owner, BitMap()) ^ held
        if number == DELTA_CHUNK:
            deltas.append((owner, row_id, cardinality, bitmap))
            continue
        if not held:
            continue
        in_chunks[owner] = in_chunks.get(owner, 0) + len(held)
        if digest is None or digest not in left_of:
            left = bitmap - ordinals
            written = len(left), to_bytes(left) if left else b""
            if digest is not None:
                left_of[digest] = written
        else:
            written = left_of[digest]
        if written[0]:
            rewritten.append((row_id, *written))
        else:
            emptied.append(row_id)
    for owner, row_id, gain, delta in deltas:
        left = delta - ordinals
        gain += in_chunks.get(owner, 0) - len(lost[owner])
        if not left:
            emptied.append(row_id)
        elif len(left) != len(delta):
            rewritten.append((row_id, gain, to_bytes(left)))
    return (
        {owner: ordinals_lost for owner, ordinals_lost in lost.items() if ordinals_lost},
        rewritten,
        emptied,
    )


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


def _planned(changed: Mapping[ChunkOwner, _Change], found: Mapping[ChunkOwner, _DeltaRow]) -> _WritePlan:
    """How the changes are written, beside the delta rows that exist. Equal changes are computed once."""
    plan = _WritePlan([], [], [], {})
    computed: dict[tuple[int, bytes], tuple[BitMap, bytes | None]] = {}
    for owner, change in changed.items():
        row = found.get(owner)
        alike = id(change), b"" if row is None else row.roaring
        if alike not in computed:
            delta = change.toggled if row is None else change.toggled ^ from_bytes(row.roaring)
            computed[alike] = delta, to_bytes(delta) if _is_few(delta) else None
        delta, data = computed[alike]
        if data is None:
            plan.folded[owner] = delta
        if row is not None and (data is None or not delta):
            plan.removed.append(_delta_key(owner))
        elif row is not None and data is not None:
            plan.rewritten.append((row.id, row.gain + change.gain, data))
        elif data is not None:
            plan.added.append((*_delta_key(owner), change.gain, data))
    return plan


def _is_few(delta: BitMap) -> bool:
    """Whether the ordinals stay in the delta row, and are not folded into their chunks."""
    if len(delta) <= DELTA_ORDINALS_PER_CHUNK:
        return True
    numbers = split(delta)
    return len(delta) <= DELTA_ORDINALS_PER_CHUNK * min(len(numbers), DELTA_MAX_CHUNKS)


def _toggle_chunks(
    toggled: Mapping[_ChunkKey, BitMap], rows: Sequence[tuple[int, int, int, bytes]]
) -> tuple[list[_ChunkRow], list[_ChunkKey]]:
    """The chunks as they are to be written, and the keys of those that become empty."""
    before = {(role, owner_id, number): roaring for role, owner_id, number, roaring in rows}
    written: list[_ChunkRow] = []
    emptied: list[_ChunkKey] = []
    for key, piece in toggled.items():
        roaring = before.get(key)
        after = piece if roaring is None else piece ^ from_bytes(roaring)
        if after:
            written.append((*key, len(after), to_bytes(after)))
        else:
            emptied.append(key)
    return written, emptied

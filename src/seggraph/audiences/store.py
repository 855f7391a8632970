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
from hashlib import sha256
from itertools import islice
from typing import Any, Final, TypeVar

from pyroaring import BitMap

from seggraph.audiences import statements
from seggraph.audiences.bitmap import (
    CHUNK_BITS,
    DELTA_CHUNK,
    chunk_of,
    from_bytes,
    from_parts,
    split,
    to_bytes,
)
from seggraph.audiences.chunk_cache import ChunkCache
from seggraph.audiences.erasing import ChunkRow, ErasedRows, RewrittenRow, StoredRow, erased_rows
from seggraph.audiences.reading import ChunkOwner, DeltaRow, cut, held_bitmaps, joined, large_chunks

T = TypeVar("T")

CHUNKS_AT_ONCE: Final = 1_000
"""Most chunks whose bytes a read or a write holds beside those that are cached: 8 MB."""

THREAD_ABOVE_CHUNKS: Final = 8
"""Joining or comparing more chunks than this takes milliseconds, and so happens in a thread."""

THREAD_ABOVE_BYTES: Final = 512 * 1024
"""Decoding fewer takes less than a millisecond: a thread would cost more than it saves others."""

DELTA_ORDINALS_PER_CHUNK: Final = 500
"""Most ordinals in the delta row for each chunk that they belong to: 1 KB, next to 8 KB for the chunk. See `_times`."""

DELTA_MAX_CHUNKS: Final = 8
"""Chunks beyond these allow no more ordinals: writing the row again and again would cost more than the chunks once."""

OUT_OF_LINE: Final = 1_900
"""Chunks of more bytes have a digest; see the migration that makes it."""

FOLDED_APART: Final = 16
"""Among so many neighbouring owners no two fold their delta rows at the same number of ordinals."""

FOLDED_AT_ONCE: Final = 2 * CHUNKS_AT_ONCE
"""Chunks that one write folds. Further delta rows wait for the next one, unless they have twice the ordinals.

Many audiences that began together would be folded together: in one refresh that takes long, and leaves all their
former chunks to be vacuumed at once.
"""


class ChunkStore:
    """The audiences of one workspace, through one connection."""

    def __init__(self, connection: Any, workspace_id: int, cache: ChunkCache | None = None) -> None:
        """`cache` has the large chunks that this process read before, for `read_held`."""
        self._connection = connection
        self._workspace_id = workspace_id
        self._cache = ChunkCache(0) if cache is None else cache
        self._held: dict[ChunkOwner, DeltaRow | None] = {}

    async def read(self, owner: ChunkOwner) -> BitMap:
        """The whole bitmap of an owner; empty if it has none."""
        return (await self.read_many([owner]))[owner]

    async def read_many(
        self, owners: Sequence[ChunkOwner], *, within_ordinals: BitMap | None = None
    ) -> dict[ChunkOwner, BitMap]:
        """The bitmaps of many owners in one statement. They must not be changed: some may be one and the same.

        With `within_ordinals` only the chunks that can hold one of these ordinals are read, and the bitmaps are
        complete for them alone.
        """
        numbers = None if within_ordinals is None else sorted(split(within_ordinals))
        if numbers is None:
            rows = await self._connection.fetch(statements.READ, self._workspace_id, *_columns(owners))
        else:
            some = [*numbers, DELTA_CHUNK]
            rows = await self._connection.fetch(
                statements.READ_SOME, self._workspace_id, *_columns(owners), some
            )
        return await _computed(len(rows) > THREAD_ABOVE_CHUNKS, lambda: joined(owners, rows, numbers))

    async def read_held(
        self, owners: Sequence[ChunkOwner], within_ordinals: BitMap
    ) -> dict[ChunkOwner, BitMap]:
        """Which of the ordinals are in each of many bitmaps. The caller holds the rows of the owners.

        A large chunk whose digest is cached is not read; others are read some at a time. Because the owners are held,
        nobody writes a chunk between the statement that reads digests and those that read bytes, nor until the
        caller writes by this store.
        """
        some = [*split(within_ordinals), DELTA_CHUNK]
        rows = await self._connection.fetch(statements.READ_HELD, self._workspace_id, *_columns(owners), some)
        large = {digest: row_id for row in rows for digest, row_id in large_chunks(row)}
        # by digest, which of the ordinals the chunk has
        found = await _computed(
            len(large) > THREAD_ABOVE_CHUNKS, lambda: cut(self._cache.find(large), within_ordinals)
        )
        unread = ((digest, row_id) for digest, row_id in large.items() if digest not in found)
        while portion := list(islice(unread, CHUNKS_AT_ONCE)):
            found |= await self._read_large(dict(portion), within_ordinals)
        held = await _computed(
            len(rows) > THREAD_ABOVE_CHUNKS, lambda: held_bitmaps(rows, found, within_ordinals)
        )
        members_of = {
            ChunkOwner(row["role"], row["owner_id"]): ChunkOwner(1, row["segment_id"])
            for row in rows
            if row["segment_id"] is not None
        }
        stored = [members_of.get(owner, owner) for owner in owners]
        self._held |= dict.fromkeys(stored) | {owner: one.delta for owner, one in held.items()}
        return {
            owner: held[of].ordinals if of in held else BitMap()
            for owner, of in zip(owners, stored, strict=True)
        }

    async def _read_large(self, ids: Mapping[bytes, int], within_ordinals: BitMap) -> dict[bytes, BitMap]:
        """Which of the ordinals are in large chunks that are not cached, and cache these if there is room."""
        rows = await self._connection.fetch(statements.READ_BYTES, self._workspace_id, list(ids.values()))

        def decode() -> dict[bytes, BitMap]:
            read = {digest: (from_bytes(data), len(data)) for digest, data in rows}
            self._cache.add(read)
            return cut({digest: bitmap for digest, (bitmap, _) in read.items()}, within_ordinals)

        return await _computed(len(rows) > THREAD_ABOVE_CHUNKS, decode)

    async def write(self, changes: Mapping[ChunkOwner, tuple[BitMap, BitMap]]) -> None:
        """Make each owner's bitmap, which is the first of the two, the second.

        Both may be restricted to the same ordinals: what is outside of these stays as it is. Links that are the
        members must not be given.
        """
        many = sum(map(_size, changes.values())) > THREAD_ABOVE_CHUNKS
        changed = await _computed(many, lambda: _changed(changes))
        if not changed:
            return
        found = await self._deltas(changed)
        await self._write_plan(await _computed(many, lambda: _planned(changed, found)))

    async def erase(self, owners: Sequence[ChunkOwner], ordinals: BitMap) -> dict[ChunkOwner, BitMap]:
        """Take ordinals out of bitmaps, and out of every stored byte; returns which of them were in each bitmap.

        The caller holds the rows of the owners. Only the chunks of these ordinals are read, equal ones once, and
        only those that hold one are written. Owners without any of the ordinals are absent from the answer.
        """
        return (await self._erase(owners, ordinals, lambda _, __: False)).lost

    async def take_out(
        self, owners: Sequence[ChunkOwner], ordinals: BitMap
    ) -> tuple[dict[ChunkOwner, BitMap], bool]:
        """Take ordinals out of bitmaps; returns which were in each, and whether `scrub` has to follow.

        It is like `erase`, and writes less: large chunks stay as they are and the delta rows toggle the ordinals, as
        for any other change. So bytes of large chunks still have the ordinals until they are folded, or scrubbed.
        """
        erased = await self._erase(
            owners, ordinals, lambda owner, toggled: _is_few(toggled, 2 * _times(owner))
        )
        return erased.lost, erased.are_left

    async def scrub(self, owners: Sequence[ChunkOwner], ordinals: BitMap) -> None:
        """Fold ordinals that were taken out into the chunks that still have them in their bytes.

        The caller holds the rows of the owners. No bitmap may have one of the ordinals, so the delta rows say where
        the bytes have them.
        """
        plan = _WritePlan([], [], [], {})
        for owner, row in (await self._deltas(owners)).items():
            delta = row.ordinals
            if stale := delta & ordinals:
                plan.folded[owner] = stale
                if left := delta - stale:
                    plan.rewritten.append((row.id, row.gain + len(stale), to_bytes(left)))
                else:
                    plan.removed.append(_delta_key(owner))
        await self._write_plan(plan)

    async def _erase(
        self,
        owners: Sequence[ChunkOwner],
        ordinals: BitMap,
        may_toggle: Callable[[ChunkOwner, BitMap], bool],
    ) -> ErasedRows:
        for owner in owners:
            self._held.pop(owner, None)
        rows, known = await self._read_chunks(owners, ordinals)
        many = len(rows) > THREAD_ABOVE_CHUNKS
        erased = await _computed(many, lambda: erased_rows(rows, known, ordinals, may_toggle))
        await self._rewrite(erased.rewritten)
        await self._write(erased.added)
        if erased.emptied:
            await self._connection.execute(statements.REMOVE_ROWS, self._workspace_id, erased.emptied)
        return erased

    async def _read_chunks(
        self, owners: Sequence[ChunkOwner], within_ordinals: BitMap
    ) -> tuple[list[StoredRow], dict[bytes, BitMap]]:
        """The rows that can hold one of the ordinals, and the bitmaps of the large ones by their digests."""
        some = [*split(within_ordinals), DELTA_CHUNK]
        rows = await self._connection.fetch(
            statements.READ_TO_ERASE, self._workspace_id, *_columns(owners), some
        )
        large = {row["digest"]: row["id"] for row in rows if row["digest"] is not None}
        return rows, await self._known(large, caches=True)

    async def _deltas(self, owners: Iterable[ChunkOwner]) -> dict[ChunkOwner, "DeltaRow"]:
        """The delta rows of owners that have one. Those that `read_held` found are not read again."""
        found = {owner: self._held.pop(owner) for owner in owners if owner in self._held}
        others = [owner for owner in owners if owner not in found]
        if others:
            rows = await self._connection.fetch(statements.READ_DELTAS, self._workspace_id, *_columns(others))
            for row_id, role, owner_id, gain, roaring in rows:
                found[ChunkOwner(role, owner_id)] = DeltaRow(row_id, gain, roaring)
        return {owner: delta for owner, delta in found.items() if delta is not None}

    async def _fold(self, folded: Mapping[ChunkOwner, BitMap]) -> None:
        """Toggle ordinals in the chunks of owners, some chunks at a time."""
        pieces = (
            ((owner.role, owner.owner_id, number), piece)
            for owner, delta in folded.items()
            for number, piece in split(delta).items()
        )
        while toggled := dict(islice(pieces, CHUNKS_AT_ONCE)):
            await self._toggle(toggled)

    async def _toggle(self, toggled: Mapping["_ChunkKey", BitMap]) -> None:
        rows = await self._connection.fetch(
            statements.CHUNKS, self._workspace_id, *zip(*toggled, strict=True)
        )
        known = await self._known({row["digest"]: row["id"] for row in rows if row["digest"] is not None})
        written, emptied = await _computed(
            len(toggled) > THREAD_ABOVE_CHUNKS, lambda: self._toggled(toggled, rows, known)
        )
        await self._write(written)
        await self._remove(emptied)

    def _toggled(
        self,
        toggled: Mapping["_ChunkKey", BitMap],
        rows: Sequence[Mapping[str, Any]],
        known: Mapping[bytes, BitMap],
    ) -> tuple[list[ChunkRow], list["_ChunkKey"]]:
        """The chunks as they are to be written, which are cached too: the next refresh need not read them."""
        written, emptied = _toggle_chunks(toggled, rows, known)
        large = [data for *_, data in written if len(data) > OUT_OF_LINE]
        self._cache.add({sha256(data).digest(): (from_bytes(data), len(data)) for data in large})
        return written, emptied

    async def _known(self, large: Mapping[bytes, int], *, caches: bool = False) -> dict[bytes, BitMap]:
        """The bitmaps of large chunks by their digests, those that are not cached by their ids."""
        known = self._cache.find(large)
        unknown = [row_id for digest, row_id in large.items() if digest not in known]
        if unknown:
            rows = await self._connection.fetch(statements.READ_BYTES, self._workspace_id, unknown)

            def decode() -> dict[bytes, BitMap]:
                read = {digest: (from_bytes(data), len(data)) for digest, data in rows}
                if caches:
                    self._cache.add(read)
                return {digest: bitmap for digest, (bitmap, _) in read.items()}

            known |= await _computed(len(rows) > THREAD_ABOVE_CHUNKS, decode)
        return known

    async def _write_plan(self, plan: "_WritePlan") -> None:
        await self._rewrite(plan.rewritten)
        await self._write(plan.added)
        await self._remove(plan.removed)
        await self._fold(plan.folded)

    async def _rewrite(self, rows: Sequence[RewrittenRow]) -> None:
        if rows:
            await self._connection.execute(statements.REWRITE, self._workspace_id, *zip(*rows, strict=True))

    async def _write(self, rows: Sequence[ChunkRow]) -> None:
        if rows:
            await self._connection.execute(statements.WRITE, self._workspace_id, *zip(*rows, strict=True))

    async def _remove(self, keys: Sequence["_ChunkKey"]) -> None:
        if keys:
            await self._connection.execute(statements.REMOVE, self._workspace_id, *zip(*keys, strict=True))


_ChunkKey = tuple[int, int, int]
"""Role, owner and number of a chunk."""


@dataclass(frozen=True, slots=True)
class _Change:
    """The ordinals that enter or leave a bitmap, and how many more ordinals it has then."""

    toggled: BitMap
    gain: int


@dataclass(frozen=True, slots=True)
class _WritePlan:
    """How changes are written: into delta rows, or into the chunks where a delta row would have too many ordinals."""

    rewritten: list[RewrittenRow]
    added: list[ChunkRow]
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
    many = sum(len(chunk) for chunks in bitmaps for chunk in chunks) > THREAD_ABOVE_BYTES
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


def _planned(changed: Mapping[ChunkOwner, _Change], found: Mapping[ChunkOwner, DeltaRow]) -> _WritePlan:
    """How the changes are written, beside the delta rows that exist. Equal changes are computed once."""
    plan = _WritePlan([], [], [], {})
    computed: dict[tuple[int, bytes, float], tuple[BitMap, bytes | None]] = {}
    room = FOLDED_AT_ONCE
    rows = {owner: found.get(owner) for owner in changed}
    # The largest delta rows first: they are the dearest to write again.
    for owner, row in sorted(rows.items(), key=lambda item: -len(item[1].roaring) if item[1] else 0):
        change = changed[owner]
        times = _times(owner)
        alike = id(change), b"" if row is None else row.roaring, times
        if alike not in computed:
            delta = change.toggled if row is None else change.toggled ^ row.ordinals
            is_folded = not _is_few(delta, times) and (room > 0 or not _is_few(delta, 2 * times))
            computed[alike] = delta, None if is_folded else to_bytes(delta)
        delta, data = computed[alike]
        if data is None:
            plan.folded[owner] = delta
            room -= 1 + chunk_of(delta.max()) - chunk_of(delta.min())
        if row is not None and (data is None or not delta):
            plan.removed.append(_delta_key(owner))
        elif row is not None and data is not None:
            plan.rewritten.append((row.id, row.gain + change.gain, data))
        elif data is not None:
            plan.added.append((*_delta_key(owner), change.gain, data))
    return plan


def _times(owner: ChunkOwner) -> float:
    """How many times the usual ordinals the delta row of an owner may have: from 0.75 to 1.25.

    Audiences that change alike would otherwise be folded in the same refreshes, for ever.
    """
    return 0.75 + owner.owner_id % FOLDED_APART / (2 * FOLDED_APART)


def _is_few(delta: BitMap, times: float) -> bool:
    """Whether the ordinals stay in the delta row, and are not folded into their chunks."""
    per_chunk = int(DELTA_ORDINALS_PER_CHUNK * times)
    allowed = seen = 0
    while allowed < len(delta):
        if seen == len(delta) or allowed == per_chunk * DELTA_MAX_CHUNKS:
            return False
        allowed += per_chunk
        seen = delta.rank(((chunk_of(delta[seen]) + 1) << CHUNK_BITS) - 1)
    return True


def _toggle_chunks(
    toggled: Mapping[_ChunkKey, BitMap], rows: Sequence[Mapping[str, Any]], known: Mapping[bytes, BitMap]
) -> tuple[list[ChunkRow], list[_ChunkKey]]:
    """The chunks as they are to be written, and the keys of those that become empty."""
    before = {
        (row["role"], row["owner_id"], row["chunk"]): from_bytes(row["roaring"])
        if row["digest"] is None
        else known[row["digest"]]
        for row in rows
    }
    written: list[ChunkRow] = []
    emptied: list[_ChunkKey] = []
    for key, piece in toggled.items():
        after = piece ^ before[key] if key in before else piece
        if after:
            written.append((*key, len(after), to_bytes(after)))
        else:
            emptied.append(key)
    return written, emptied

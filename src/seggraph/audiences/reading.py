"""The bitmaps in the rows that the chunk store reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pyroaring import BitMap

from seggraph.audiences.bitmap import DELTA_CHUNK, from_bytes, from_parts, whole_chunks


class ChunkOwner(NamedTuple):
    """The owner of a bitmap: a segment, a source or a population, as `role` says (see models.audiences)."""

    role: int
    owner_id: int


@dataclass(frozen=True, slots=True)
class DeltaRow:
    """The delta row of an owner: its id, how many more ordinals the bitmap has by it, and the toggled ordinals."""

    id: int
    gain: int
    roaring: bytes

    @property
    def ordinals(self) -> BitMap:
        """The toggled ordinals."""
        return from_bytes(self.roaring)


def joined(
    owners: Sequence[ChunkOwner],
    rows: Sequence[tuple[int, int, int | None, int | None, bytes | None]],
    numbers: Sequence[int] | None,
) -> dict[ChunkOwner, BitMap]:
    """The bitmaps of rows. If only some chunks were read, the delta row counts only within those."""
    parts: dict[ChunkOwner, list[bytes]] = {}
    deltas: dict[ChunkOwner, BitMap] = {}
    members_of: dict[ChunkOwner, ChunkOwner] = {}
    for role, owner_id, segment_id, number, roaring in rows:
        owner = ChunkOwner(role, owner_id)
        if segment_id is not None:
            members_of[owner] = ChunkOwner(1, segment_id)
        elif number == DELTA_CHUNK:
            deltas[owner] = from_bytes(roaring or b"")
        else:
            parts.setdefault(owner, []).append(roaring or b"")
    read = None if numbers is None else whole_chunks(numbers)
    joined = {owner: from_parts(some) for owner, some in parts.items()}
    for owner, delta in deltas.items():
        joined[owner] = joined.get(owner, BitMap()) ^ (delta if read is None else delta & read)
    return {owner: joined.get(members_of.get(owner, owner)) or BitMap() for owner in owners}


@dataclass(frozen=True, slots=True)
class HeldBitmap:
    """Which of the ordinals asked for a bitmap has, and its delta row."""

    ordinals: BitMap
    delta: DeltaRow | None


def large_chunks(row: Mapping[str, Any]) -> Iterator[tuple[bytes, int]]:
    """The digests and ids of the large chunks in a row of READ_HELD."""
    return zip(row["digests"] or (), row["ids"] or (), strict=True)


def cut(chunks: Mapping[bytes, BitMap], within_ordinals: BitMap) -> dict[bytes, BitMap]:
    """Which of the ordinals each chunk has."""
    return {digest: bitmap & within_ordinals for digest, bitmap in chunks.items()}


def held_bitmaps(
    rows: Iterable[Mapping[str, Any]], large: Mapping[bytes, BitMap], within_ordinals: BitMap
) -> dict[ChunkOwner, HeldBitmap]:
    """The bitmaps of the rows of READ_HELD; `large` has the ordinals of large chunks by their digests."""
    held: dict[ChunkOwner, HeldBitmap] = {}
    for row in rows:
        if row["segment_id"] is not None:
            continue
        ordinals = BitMap()
        if row["digests"]:
            ordinals = BitMap.union(*map(large.__getitem__, row["digests"]))
        for roaring in row["small"] or ():
            ordinals |= from_bytes(roaring) & within_ordinals
        delta = None
        if row["delta"] is not None:
            delta = DeltaRow(row["delta_id"], row["gain"], row["delta"])
            ordinals ^= delta.ordinals & within_ordinals
        held[ChunkOwner(row["role"], row["owner_id"])] = HeldBitmap(ordinals, delta)
    return held

"""Taking ordinals out of the rows of chunks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pyroaring import BitMap

from seggraph.audiences.bitmap import DELTA_CHUNK, from_bytes, to_bytes
from seggraph.audiences.reading import ChunkOwner

StoredRow = tuple[int, int, int, int, int, bytes | None, bytes | None]
"""Id, role, owner, number and cardinality of a chunk, and its digest or its bytes."""

RewrittenRow = tuple[int, int, bytes]
"""The id of a row, its new cardinality and its new bytes."""

ChunkRow = tuple[int, int, int, int, bytes]
"""Role, owner and number of a chunk, how many ordinals it has, and its bytes."""


def bitmap_of(row: StoredRow, known: Mapping[bytes, BitMap]) -> BitMap:
    """The bitmap of a row; `known` has those of rows that have a digest."""
    *_, digest, roaring = row
    return known[digest] if digest is not None else from_bytes(roaring or b"")


@dataclass(slots=True)
class ErasedRows:
    """What bitmaps lose, and how that is written: rows with new bytes, new delta rows, and rows that become empty.

    `are_left` says whether large chunks still have some of the ordinals in their bytes, which delta rows toggle.
    """

    lost: dict[ChunkOwner, BitMap] = field(default_factory=dict)
    rewritten: list[RewrittenRow] = field(default_factory=list)
    added: list[ChunkRow] = field(default_factory=list)
    emptied: list[int] = field(default_factory=list)
    are_left: bool = False


def erased_rows(
    rows: Sequence[StoredRow],
    known: Mapping[bytes, BitMap],
    ordinals: BitMap,
    may_toggle: Callable[[ChunkOwner, BitMap], bool],
) -> ErasedRows:
    """How ordinals are taken out of bitmaps.

    `may_toggle` says whether an owner's large chunks stay as they are if its delta row has these ordinals then.
    """
    erased = ErasedRows()
    left_of: dict[bytes, tuple[int, bytes]] = {}
    by_owner: dict[ChunkOwner, list[StoredRow]] = {}
    for row in rows:
        by_owner.setdefault(ChunkOwner(row[1], row[2]), []).append(row)
    for owner, some in by_owner.items():
        delta_row = next((row for row in some if row[3] == DELTA_CHUNK), None)
        delta = BitMap() if delta_row is None else bitmap_of(delta_row, known)
        lost, in_large = delta & ordinals, BitMap()
        holding: list[tuple[StoredRow, BitMap, BitMap]] = []
        for row in some:
            if row is not delta_row and (held := (bitmap := bitmap_of(row, known)) & ordinals):
                holding.append((row, bitmap, held))
                lost ^= held
                if row[5] is not None:
                    in_large |= held
        if lost:
            erased.lost[owner] = lost
        toggled = (delta - ordinals) | in_large
        stay = bool(in_large) and may_toggle(owner, toggled)
        if not stay:
            toggled = delta - ordinals
        erased.are_left |= stay
        gain = (0 if delta_row is None else delta_row[4]) - len(lost)
        for row, bitmap, held in holding:
            row_id, *_, digest, _ = row
            if stay and digest is not None:
                continue
            gain += len(held)
            if digest is None or digest not in left_of:
                left = bitmap - ordinals
                written = len(left), to_bytes(left) if left else b""
                if digest is not None:
                    left_of[digest] = written
            else:
                written = left_of[digest]
            if written[0]:
                erased.rewritten.append((row_id, *written))
            else:
                erased.emptied.append(row_id)
        if delta_row is None:
            if toggled:
                erased.added.append((*owner, DELTA_CHUNK, gain, to_bytes(toggled)))
        elif not toggled:
            erased.emptied.append(delta_row[0])
        elif toggled != delta:
            erased.rewritten.append((delta_row[0], gain, to_bytes(toggled)))
    return erased

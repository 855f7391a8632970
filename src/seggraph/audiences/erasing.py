"""Taking ordinals out of the rows of chunks."""

from collections.abc import Mapping, Sequence

from pyroaring import BitMap

from seggraph.audiences.bitmap import DELTA_CHUNK, from_bytes, to_bytes
from seggraph.audiences.reading import ChunkOwner

StoredRow = tuple[int, int, int, int, int, bytes | None, bytes | None]
"""Id, role, owner, number and cardinality of a chunk, and its digest or its bytes."""

RewrittenRow = tuple[int, int, bytes]
"""The id of a row, its new cardinality and its new bytes."""


def bitmap_of(row: StoredRow, known: Mapping[bytes, BitMap]) -> BitMap:
    """The bitmap of a row; `known` has those of rows that have a digest."""
    *_, digest, roaring = row
    return known[digest] if digest is not None else from_bytes(roaring or b"")


def erased_rows(
    rows: Sequence[StoredRow], known: Mapping[bytes, BitMap], ordinals: BitMap
) -> tuple[dict[ChunkOwner, BitMap], list[RewrittenRow], list[int]]:
    """Which ordinals each bitmap loses, the rows as they are to be written, and the ids of those that become empty."""
    lost: dict[ChunkOwner, BitMap] = {}
    in_chunks: dict[ChunkOwner, int] = {}
    rewritten: list[RewrittenRow] = []
    emptied: list[int] = []
    deltas: list[tuple[ChunkOwner, int, int, BitMap]] = []
    left_of: dict[bytes, tuple[int, bytes]] = {}
    for row in rows:
        row_id, role, owner_id, number, cardinality, digest, _ = row
        owner, bitmap = ChunkOwner(role, owner_id), bitmap_of(row, known)
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

"""The audience as a value: a roaring bitmap of ordinals, and how it is cut into chunks.

`pyroaring.BitMap` is the value type itself; its operators are the algebra (``|``, ``&``, ``-``, ``^``). A chunk
is the part of a bitmap whose ordinals share everything above the lowest 16 bits: one container of the roaring
format. Its bytes are portable RoaringFormatSpec with the ordinals whole, so that joining chunks is a union and
any other reader of the format understands one chunk by itself.
"""

from collections.abc import Iterable, Iterator

from pyroaring import BitMap

CHUNK_BITS = 16
"""Ordinals of one chunk agree in all bits above these."""


def chunk_of(ordinal: int) -> int:
    """The number of the chunk that holds `ordinal`."""
    return ordinal >> CHUNK_BITS


def split(bitmap: BitMap) -> dict[int, BitMap]:
    """Cut a bitmap into its chunks by number; empty chunks are absent.

    Each step jumps to the next ordinal present, so the cost follows the chunks that exist and not the
    largest ordinal.
    """
    chunks: dict[int, BitMap] = {}
    remaining = bitmap
    while remaining:
        number = chunk_of(remaining.min())
        end = (number + 1) << CHUNK_BITS
        chunks[number] = _between(bitmap, number << CHUNK_BITS, end)
        remaining = _between(bitmap, end, bitmap.max() + 1)
    return chunks


def _between(bitmap: BitMap, start: int, end: int) -> BitMap:
    """The ordinals of `bitmap` in [start, end)."""
    if end <= start:
        return BitMap()
    return bitmap & BitMap(range(start, end))


def join(chunks: Iterable[BitMap]) -> BitMap:
    """The union of chunks."""
    return BitMap.union(BitMap(), *chunks)


def cardinality(bitmap: BitMap, number: int) -> int:
    """How many ordinals the chunk of a number has."""
    count: int = bitmap.range_cardinality(number << CHUNK_BITS, (number + 1) << CHUNK_BITS)
    return count


def to_bytes(bitmap: BitMap) -> bytes:
    """Portable RoaringFormatSpec bytes, run-length containers where they are smaller."""
    compact = bitmap.copy()
    compact.run_optimize()
    return bytes(compact.serialize())


def from_bytes(data: bytes) -> BitMap:
    """The bitmap of portable bytes."""
    return BitMap.deserialize(data)


def from_chunk(roaring: bytes, toggled: bytes | None) -> BitMap:
    """The bitmap of a row of chunks, see models.audiences.Chunk."""
    bitmap = BitMap.deserialize(roaring)
    if toggled is not None:
        bitmap ^= BitMap.deserialize(toggled)
    return bitmap


def page(bitmap: BitMap, *, first: int, after: int | None = None) -> list[int]:
    """The next `first` ordinals above `after`, ascending."""
    start = 0 if after is None else bitmap.rank(after)
    return list(bitmap[start : start + first])


def page_backwards(bitmap: BitMap, *, last: int, before: int | None = None) -> list[int]:
    """The `last` ordinals just below `before`, ascending."""
    end = len(bitmap) if before is None else bitmap.rank(before) - (before in bitmap)
    return list(bitmap[max(0, end - last) : end])


def iterate(bitmap: BitMap, size: int) -> Iterator[list[int]]:
    """All ordinals ascending, in lists of `size`."""
    for start in range(0, len(bitmap), size):
        yield list(bitmap[start : start + size])

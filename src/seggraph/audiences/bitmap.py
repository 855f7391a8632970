"""The audience as a value: a roaring bitmap of ordinals, and how it is cut into chunks.

`pyroaring.BitMap` is the value type itself; its operators are the algebra (``|``, ``&``, ``-``, ``^``). A chunk
is the part of a bitmap whose ordinals share everything above the lowest 16 bits: one container of the roaring
format. Its bytes are portable RoaringFormatSpec with the ordinals whole, so that joining chunks is a union and
any other reader of the format understands one chunk by itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pyroaring import BitMap

CHUNK_BITS = 16
"""Ordinals of one chunk agree in all bits above these."""

DELTA_CHUNK = -1
"""The chunk number of a delta row: a few ordinals of any chunks in one row."""

MAX_DELTA_PIECE: Final = 1_000
"""Most ordinals of several chunks in one piece: 2 KB, about what PostgreSQL stores within a row."""

MAX_ARRAY: Final = 4_096
"""Most ordinals of a chunk that the roaring format stores one by one; of more it stores a bitset, or runs."""

BITSET_BYTES: Final = 8_192
"""Of a chunk."""

WITHOUT_RUNS: Final = (12_346).to_bytes(4, "little")
"""How the serialized form of a bitmap begins that has no list of runs."""


def chunk_of(ordinal: int) -> int:
    """The number of the chunk that holds `ordinal`."""
    return ordinal >> CHUNK_BITS


def split(bitmap: BitMap) -> dict[int, BitMap]:
    """Cut a bitmap into its chunks by number; empty chunks are absent.

    Each step jumps to the next ordinal present, so the cost follows the chunks that exist and not the
    largest ordinal.
    """
    chunks: dict[int, BitMap] = {}
    seen = 0
    while seen < len(bitmap):
        number = chunk_of(bitmap[seen])
        chunks[number] = bitmap & _whole_chunk(number)
        seen += len(chunks[number])
    return chunks


@lru_cache(1_000)
def _whole_chunk(number: int) -> BitMap:
    """All ordinals that a chunk can have: a few bytes, and not to be changed."""
    return BitMap(range(number << CHUNK_BITS, (number + 1) << CHUNK_BITS))


def whole_chunks(numbers: Iterable[int]) -> BitMap:
    """All ordinals that chunks of these numbers can have."""
    return BitMap.union(BitMap(), *map(_whole_chunk, numbers))


def pieces(bitmap: BitMap) -> dict[int, BitMap]:
    """A bitmap as it is stored for good: few ordinals of several chunks in one piece, as DELTA_CHUNK, else by chunk."""
    if not bitmap or chunk_of(bitmap.min()) == chunk_of(bitmap.max()):
        return split(bitmap)
    return {DELTA_CHUNK: bitmap} if len(bitmap) <= MAX_DELTA_PIECE else split(bitmap)


def to_bytes(bitmap: BitMap) -> bytes:
    """Portable RoaringFormatSpec bytes, run-length containers where they are smaller."""
    compact = bitmap.copy()
    compact.run_optimize()
    return bytes(compact.serialize())


def bits_of(bitmap: BitMap) -> bytes:
    """A bit for each ordinal from the first to the last one, as PostgreSQL's get_bit counts those of a bytea."""
    if not bitmap:
        return b""
    chunks = split(bitmap)
    first, last = bitmap.min(), bitmap.max()
    begin = first >> CHUNK_BITS
    blocks = [
        _bitset(chunks[number]) if number in chunks else bytes(BITSET_BYTES)
        for number in range(begin, (last >> CHUNK_BITS) + 1)
    ]
    bits = int.from_bytes(b"".join(blocks), "little") >> (first - (begin << CHUNK_BITS))
    return bits.to_bytes((last - first) // 8 + 1, "little")


@dataclass(frozen=True, slots=True)
class SqlBlocks:
    """A bitmap in a form that PostgreSQL reads: chunks of many ordinals as bits, the others as single ordinals.

    `bits` has a bit for each of the ordinals of a chunk from `firsts` on, as get_bit counts those of a bytea. So it
    costs 8 KB for each chunk at most, and a few ordinals cost no more than themselves.
    """

    firsts: list[int]
    bits: list[bytes]
    singles: list[int]


def to_sql_blocks(bitmap: BitMap) -> SqlBlocks:
    """A bitmap in a form that PostgreSQL reads."""
    blocks = SqlBlocks([], [], [])
    for number, chunk in split(bitmap).items():
        if len(chunk) > MAX_ARRAY:
            blocks.firsts.append(number << CHUNK_BITS)
            blocks.bits.append(_bitset(chunk))
        else:
            blocks.singles.extend(chunk)
    return blocks


def in_block(ordinal: str, block: str) -> str:
    """The SQL condition that a column of ordinals is in a row of `firsts` and `bits`, called first and bits."""
    between = f"{ordinal} BETWEEN {block}.first AND {block}.first + {(1 << CHUNK_BITS) - 1}"
    # Asked again inside: get_bit fails for other ordinals, and conditions are tried in any order.
    return f"{between} AND CASE WHEN {between} THEN get_bit({block}.bits, {ordinal} - {block}.first) = 1 END"


def _bitset(chunk: BitMap) -> bytes:
    """The bits of the ordinals of a chunk. Many of them are the end of its serialized form, unless it has runs."""
    if len(chunk) <= MAX_ARRAY:
        bits = bytearray(BITSET_BYTES)
        for ordinal in chunk:
            bits[ordinal % (1 << CHUNK_BITS) >> 3] |= 1 << (ordinal & 7)
        return bytes(bits)
    data = chunk.serialize()
    if not data.startswith(WITHOUT_RUNS):
        data = BitMap(chunk.to_array(), optimize=False).serialize()
    return bytes(data[len(data) - BITSET_BYTES :])


def from_bytes(data: bytes) -> BitMap:
    """The bitmap of portable bytes."""
    return BitMap.deserialize(data)


def from_parts(parts: Sequence[bytes]) -> BitMap:
    """The bitmap of rows of chunks, in any order: the delta row toggles what the others say."""
    joined = BitMap() if not parts else BitMap.deserialize(parts[0])
    for data in parts[1:]:
        joined ^= BitMap.deserialize(data)
    return joined


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

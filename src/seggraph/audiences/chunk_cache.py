"""Large chunks that this process has read, by the digests of their bytes. A digest never stands for other bytes."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

from pyroaring import BitMap

CHUNK_CACHE_BYTES: Final = 256 * 2**20
"""Most bytes of chunks that a process caches by default: 31,000 of the largest."""

ENTRY_BYTES: Final = 512
"""What a cached chunk takes besides its ordinals: the bitmap, its digest, and its place."""

RECENT_READS: Final = 16
"""A chunk that one of so many last reads used is not dropped for another one."""


@dataclass(slots=True)
class _Cached:
    bitmap: BitMap
    size: int
    last_read: int


class ChunkCache:
    """Chunks that were read, up to so many bytes. Threads may share it. Its bitmaps must not be changed.

    A refresh reads the chunks of many segments, and the next one the same ones in the same order. If they do not all
    fit, a cache that drops the least recently used chunk has dropped each one before it is read again. So a chunk
    that was used recently stays, and what finds no room is not cached.
    """

    def __init__(self, max_bytes: int = CHUNK_CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._reads = 0
        # those that were used least recently come first
        self._chunks: OrderedDict[bytes, _Cached] = OrderedDict()
        self._lock = Lock()

    @property
    def size(self) -> int:
        """The bytes that the cached chunks take; at most those that it was made with."""
        return self._bytes

    def find(self, digests: Iterable[bytes]) -> dict[bytes, BitMap]:
        """The chunks of these digests that are cached. Each call counts as one read."""
        found: dict[bytes, BitMap] = {}
        with self._lock:
            self._reads += 1
            for digest in digests:
                chunk = self._chunks.get(digest)
                if chunk is not None:
                    chunk.last_read = self._reads
                    self._chunks.move_to_end(digest)
                    found[digest] = chunk.bitmap
        return found

    def add(self, read: Mapping[bytes, tuple[BitMap, int]]) -> None:
        """Cache chunks with their sizes in bytes, as long as there is room beside those that were used recently."""
        with self._lock:
            for digest, (bitmap, size) in read.items():
                taken = size + ENTRY_BYTES
                if digest not in self._chunks and self._make_room(taken):
                    self._chunks[digest] = _Cached(bitmap, taken, self._reads)
                    self._bytes += taken

    def _make_room(self, size: int) -> bool:
        """Drop chunks that were not used recently until so many bytes are free; returns whether they are."""
        if size > self._max_bytes:
            return False
        while self._bytes + size > self._max_bytes:
            oldest = next(iter(self._chunks.values()))
            if oldest.last_read > self._reads - RECENT_READS:
                return False
            _, dropped = self._chunks.popitem(last=False)
            self._bytes -= dropped.size
        return True

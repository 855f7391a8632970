"""Large chunks that this process has read, by the digests of their bytes. A digest never stands for other bytes."""

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Final

from cachetools import LRUCache
from pyroaring import BitMap

CHUNK_CACHE_BYTES: Final = 64 * 2**20
"""Most bytes of chunks that a process caches: 8,000 of the largest."""


class ChunkCache:
    """The chunks that were read last, up to so many bytes. Threads may share it. Its bitmaps must not be changed."""

    def __init__(self, max_bytes: int = CHUNK_CACHE_BYTES) -> None:
        self._chunks: LRUCache[bytes, tuple[BitMap, int]] = LRUCache(
            max_bytes, getsizeof=lambda chunk: chunk[1]
        )
        self._lock = Lock()

    def find(self, digests: Iterable[bytes]) -> dict[bytes, BitMap]:
        """The chunks of these digests that are cached."""
        with self._lock:
            cached = {digest: self._chunks.get(digest) for digest in digests}
        return {digest: chunk[0] for digest, chunk in cached.items() if chunk is not None}

    def add(self, read: Mapping[bytes, tuple[BitMap, int]]) -> None:
        """Cache chunks with their sizes in bytes, and drop those that were used least recently.

        A chunk larger than the cache drops all others and is not cached.
        """
        with self._lock:
            for digest, chunk in read.items():
                if chunk[1] <= self._chunks.maxsize:
                    self._chunks[digest] = chunk
                else:
                    self._chunks.clear()

"""Large chunks that this process has read, by the digests of their bytes: never out of date, whoever wrote what."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from pyroaring import BitMap


@dataclass(slots=True)
class ChunkCache:
    """The chunks that were asked for last, up to so many bytes. Whoever gets one must not change it."""

    most_bytes: int
    _kept: OrderedDict[bytes, tuple[BitMap, int]] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _lock: Lock = field(default_factory=Lock)

    def those(self, digests: Iterable[bytes]) -> dict[bytes, BitMap]:
        """The chunks of these digests, as far as they are kept."""
        found: dict[bytes, BitMap] = {}
        with self._lock:
            for digest in digests:
                if digest not in found and (kept := self._kept.get(digest)) is not None:
                    self._kept.move_to_end(digest)
                    found[digest] = kept[0]
        return found

    def keep(self, read: Mapping[bytes, tuple[BitMap, int]]) -> None:
        """Keep chunks, of so many bytes each, and let go of those that were not asked for the longest."""
        with self._lock:
            for digest, (bitmap, size) in read.items():
                if digest not in self._kept:
                    self._kept[digest] = bitmap, size
                    self._bytes += size
            while self._bytes > self.most_bytes:
                _, (_, size) = self._kept.popitem(last=False)
                self._bytes -= size

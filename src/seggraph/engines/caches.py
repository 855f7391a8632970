"""A bounded cache, of which each engine owns some: no engine depends on what another one did before."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from cachetools import LRUCache

V = TypeVar("V")


class BoundedCache(Generic[V]):
    """The values of the keys that were used last. Threads may share it.

    `size_of` says how much of `max_size` a value takes; a value that is larger than that is not cached.
    """

    def __init__(self, max_size: int, size_of: Callable[[V], int] = lambda value: 1) -> None:
        self._max_size = max_size
        self._size_of = size_of
        self._values: LRUCache[Hashable, V] = LRUCache(max_size, getsizeof=size_of)
        self._lock = Lock()

    def find(self, key: Hashable) -> V | None:
        """The value of a key, None if it is not cached."""
        with self._lock:
            return self._values.get(key)

    def add(self, key: Hashable, value: V) -> None:
        """Cache a value in place of the key's former one, and drop the values that were used least recently."""
        with self._lock:
            self._values.pop(key, None)
            if self._size_of(value) <= self._max_size:
                self._values[key] = value

    def get_or_make(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made and cached if it is not there."""
        found = self.find(key)
        if found is None:
            found = make()
            self.add(key, found)
        return found

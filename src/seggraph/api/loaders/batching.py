"""How loaders batch: keys that are asked for together are read by one call of a service."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.paging import Page
from seggraph.transport.compiled.loading import DataLoader

K = TypeVar("K")
V = TypeVar("V")

NO_PAGE: Final[Page[Any]] = Page([], [], has_next=False, has_previous=False)


class NounLoaders:
    """The loaders of one noun, each made when it is first used."""

    def __init__(self, viewer: Viewer, services: Context) -> None:
        self._viewer = viewer
        self._services = services


def by_key(load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], absent: V) -> DataLoader[K, V]:
    """A loader over a service that returns values by their keys; `absent` is the value of a key without one."""

    async def load_in_order(keys: list[K]) -> list[V]:
        values = await load(keys)
        return [values.get(key, absent) for key in keys]

    return DataLoader(load_fn=load_in_order)

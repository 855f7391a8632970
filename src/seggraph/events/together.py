"""Work that many ask for at once is done once for all of them, after the last of them has asked."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Together(Generic[K, V]):
    """Does work for all who ask for the same key before it begins.

    Whoever asks while it runs waits for the next run: a result is never older than the question. When a thousand
    subscribers come back at once, they ask Redis a few times and not a thousand times over as many connections.
    """

    def __init__(self, work: Callable[[K], Awaitable[V]]) -> None:
        self._work = work
        self._running: dict[K, asyncio.Task[V]] = {}
        self._next: dict[K, asyncio.Task[V]] = {}

    async def ask(self, key: K) -> V:
        """The result of a run that begins from now on. Raises what the work raises."""
        waited_for = self._next.get(key)
        if waited_for is None:
            waited_for = self._next[key] = asyncio.create_task(self._run(key))
            waited_for.add_done_callback(_seen)
        return await asyncio.shield(waited_for)

    async def _run(self, key: K) -> V:
        before = self._running.get(key)
        if before is not None:
            await asyncio.wait({before})
        run = self._running[key] = self._next.pop(key)
        try:
            return await self._work(key)
        finally:
            if self._running.get(key) is run:
                del self._running[key]


def _seen(run: "asyncio.Task[V]") -> None:
    """Take note of an error also if all who asked are gone."""
    if not run.cancelled():
        run.exception()

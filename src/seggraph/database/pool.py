"""The pool of connections to PostgreSQL, with a short way for single statements.

asyncpg's pool starts a task and walks through some forty functions whenever a connection comes back, which takes as
long as a short statement. A connection that served a single statement without an error has nothing to be reset: it
is kept here, and the next statement takes it as it is. Tortoise finds this module by its name, as its engine.
"""

import asyncio
from typing import Any, Final

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient

LOOK_SECONDS: Final = 60.0
"""How often connections that nobody needed meanwhile go back to asyncpg, which closes them after some minutes."""


class KeptPool:
    """asyncpg's pool, and the connections of it that are kept for the next statement."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._kept: list[Any] = []
        self._waiting = 0
        self._least = 0
        self._timer: asyncio.TimerHandle | None = None
        self._returning: set[asyncio.Task[None]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def take(self) -> Any | None:
        """A kept connection; None when there is none."""
        while self._kept:
            connection = self._kept.pop()
            self._least = min(self._least, len(self._kept))
            if _is_open(connection):
                return connection
            self._give_back(connection)
        return None

    def keep(self, connection: Any) -> bool:
        """Keep a connection after its statement; False when it has to be released instead."""
        if self._waiting or self._timer_is_over() or not _is_open(connection):
            return False
        if connection.is_in_transaction():
            return False
        self._kept.append(connection)
        return True

    async def acquire(self) -> Any:
        """A connection for any use. `release` it."""
        kept = self.take()
        if kept is not None:
            return kept
        self._waiting += 1
        try:
            return await self._pool.acquire()
        finally:
            self._waiting -= 1

    async def release(self, connection: Any) -> None:
        """Take a connection back after any use of it."""
        await self._pool.release(connection)

    def idle(self) -> int:
        """How many connections are open and not at work."""
        idle: int = self._pool.get_idle_size()
        return idle + len(self._kept)

    async def expire_connections(self) -> None:
        """Close all connections, those at work when they come back."""
        await self._release_kept()
        await self._pool.expire_connections()

    async def close(self) -> None:
        """Close the pool when all connections are back."""
        await self._release_kept()
        await self._pool.close()

    def terminate(self) -> None:
        """Close all connections at once."""
        self._stop()
        self._pool.terminate()

    def _timer_is_over(self) -> bool:
        """Whether the pool is closing; begin to look for idle connections with the first that is kept."""
        if self._pool.is_closing():
            return True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
        return False

    def _look(self) -> None:
        """Give back the connections that nobody took since the last look."""
        unused, self._kept = self._kept[: self._least], self._kept[self._least :]
        for connection in unused:
            self._give_back(connection)
        self._least = len(self._kept)
        self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look) if self._kept else None

    def _give_back(self, connection: Any) -> None:
        returning = asyncio.get_running_loop().create_task(self._pool.release(connection))
        self._returning.add(returning)
        returning.add_done_callback(self._returned)

    def _returned(self, returning: "asyncio.Task[None]") -> None:
        self._returning.discard(returning)
        if not returning.cancelled():
            returning.exception()  # a broken connection is closed by asyncpg, and that is all there is to it

    async def _release_kept(self) -> None:
        self._stop()
        while self._kept:
            self._give_back(self._kept.pop())
        if self._returning:
            await asyncio.wait(set(self._returning))

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _is_open(connection: Any) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # asyncpg has taken it back already, for it was cut off
        return False


class Client(AsyncpgDBClient):
    """Tortoise's client for asyncpg, with our pool."""

    async def create_pool(self, **options: Any) -> KeptPool:
        """The pool of the client."""
        return KeptPool(await super().create_pool(**options))


client_class = Client

"""An operation as a whole: one transaction that all units of work within are parts of, committed at its end.

It begins with the first unit of work, so that nothing is held while files are read or others are called before. From
then on every unit is a savepoint, reads see what the operation has changed, and what leaves after a commit leaves at
the end. A unit that fails undoes itself only, as ever. What is to stay whatever happens is done `apart`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import Context, ContextVar
from typing import Any, Final, Protocol, TypeVar

import asyncpg

T = TypeVar("T")

IDLE: Final = "SET LOCAL idle_in_transaction_session_timeout = '30s'"
"""Between two units of an operation another system may be called, which takes up to outgoing_seconds."""

Step = Callable[[asyncpg.Connection], Awaitable[None]]


class Opening(Protocol):
    """What begins the transaction, and ends it."""

    async def __aenter__(self) -> asyncpg.Connection:
        """Begin."""

    async def __aexit__(self, *error: Any) -> None:
        """Commit, or roll back for an error."""


class TaskLock:
    """A lock that the task which holds it may take again: a connection serves one statement at a time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._owner: asyncio.Task[Any] | None = None
        self._depth = 0

    async def acquire(self) -> bool:
        """Wait until no other task holds it."""
        task = asyncio.current_task()
        if self._owner is not task or task is None:
            await self._lock.acquire()
            self._owner = task
        self._depth += 1
        return True

    def release(self) -> None:
        """Let another task have it, once it is released as often as it was taken."""
        self._depth -= 1
        if self._depth == 0:
            self._owner = None
            self._lock.release()

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()


class WholeOperation:
    """The transaction of an operation. `parts` counts the units of work that have ended well."""

    def __init__(self, begin_with: Step) -> None:
        self.parts = 0
        self.lock = TaskLock()
        self.connection: asyncpg.Connection | None = None
        self._begin_with = begin_with
        self._opening: Opening | None = None
        self._failure: Exception | None = None
        self._in_part = False
        self._leaving: list[Callable[[], Awaitable[object]]] = []

    @asynccontextmanager
    async def part(
        self, open_: Callable[["WholeOperation"], Awaitable[tuple[Opening, asyncpg.Connection]]]
    ) -> AsyncIterator[asyncpg.Connection]:
        """A savepoint for one unit of work. `open_` begins the transaction if this is the first one."""
        async with self.lock:
            if self._in_part:
                raise RuntimeError("a unit of work is open already")
            connection = self.connection or await self._begin(open_)
            self._in_part = True
            try:
                async with connection.transaction():
                    yield connection
            finally:
                self._in_part = False
        self.parts += 1

    async def _begin(
        self, open_: Callable[["WholeOperation"], Awaitable[tuple[Opening, asyncpg.Connection]]]
    ) -> asyncpg.Connection:
        """Begin the transaction. What fails here fails all later units too: nothing is done without it."""
        if self._failure is not None:
            raise self._failure
        self._opening, connection = await open_(self)
        try:
            await connection.execute(IDLE)
            await self._begin_with(connection)
        except Exception as error:
            self._failure = error
            await self.roll_back()
            raise
        self.connection = connection
        return connection

    @asynccontextmanager
    async def look(self) -> AsyncIterator[asyncpg.Connection]:
        """The connection for reading for long; settings of the transaction that change meanwhile are put back."""
        assert self.connection is not None  # noqa: S101 - the caller has asked whether there is one
        async with self.lock:
            savepoint = self.connection.transaction()
            await savepoint.start()
            try:
                yield self.connection
            finally:
                await savepoint.rollback()

    def leave_later(self, leaving: list[Callable[[], Awaitable[object]]]) -> None:
        """Keep what is to leave after the commit."""
        self._leaving += leaving

    async def end(self, last: Step) -> list[Callable[[], Awaitable[object]]]:
        """Commit, after a last step in the transaction; returns what leaves now."""
        if self._opening is None or self.connection is None:
            return []
        opening, connection = self._opening, self.connection
        try:
            await last(connection)
        except BaseException:
            await self.roll_back()
            raise
        self._opening = self.connection = None
        await opening.__aexit__(None, None, None)
        return self._leaving

    async def roll_back(self) -> None:
        """Undo everything."""
        opening, self._opening, self.connection = self._opening, None, None
        if opening is not None:
            await opening.__aexit__(_Undone, _Undone(), None)


class _Undone(Exception):
    """The error with which the transaction is rolled back."""


current: Final[ContextVar[WholeOperation | None]] = ContextVar("whole_operation", default=None)
"""The operation that is being carried out as a whole, if one is."""


async def apart(work: Coroutine[Any, Any, T]) -> T:
    """Do what is to stay even if the operation around it is undone: with connections of its own."""
    if current.get() is None:
        return await work
    return await asyncio.create_task(work, context=Context())

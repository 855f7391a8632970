"""The transaction scope: the one seam between a change, the jobs it asks for and the facts it publishes.

A service opens a unit of work, changes rows in it, and registers what is to leave afterwards. Whatever is
registered runs only when the transaction has been committed, and never inside it; if the transaction fails,
nothing leaves. What leaves is a nudge: intent is in the rows, so losing a nudge loses no work.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import asyncpg
import structlog
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.connection import get_connection, get_connections
from tortoise.exceptions import TransactionManagementError

from seggraph.database import whole_operations
from seggraph.database.connections import free_in_time, passing_errors
from seggraph.database.whole_operations import WholeOperation
from seggraph.errors import RetryLater

log = structlog.get_logger()

AFTER_COMMIT_SECONDS: Final = 5.0
"""How long each of the things that leave after a commit may keep the caller waiting."""

AS_OF_ONE_INSTANT: Final = """
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
    SET LOCAL idle_in_transaction_session_timeout = '60s'
"""
"""A snapshot holds no locks that others wait for, so it may take long between two statements."""

Step = Callable[[], Awaitable[object]]


class UnitOfWork:
    """One transaction. Tortoise models used inside it take part; `connection` is the same one for asyncpg.

    A task that is started inside shares the transaction with it, so start none: register it instead.
    """

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._before_commit: list[Step] = []
        self._after_commit: list[Step] = []

    def before_commit(self, step: Step) -> None:
        """Run `step` as the last part of the transaction, in order; its failure rolls everything back."""
        self._before_commit.append(step)

    def after_commit(self, leave: Step) -> None:
        """Run `leave` once the transaction is committed; its failure is logged and undoes nothing."""
        self._after_commit.append(leave)

    async def _finish(self) -> None:
        for step in self._before_commit:
            await step()


async def _flush(leaving: Sequence[Step]) -> None:
    for leave in leaving:
        try:
            async with asyncio.timeout(AFTER_COMMIT_SECONDS):
                await leave()
        except Exception:  # the change is committed: the sweeper does what a lost nudge would have done
            log.warning("after_commit_failed", exc_info=True)


@asynccontextmanager
async def begin() -> AsyncIterator[UnitOfWork]:
    """Open a unit of work; commit at the end, roll back on any exception. Units do not nest.

    Raises RetryLater when the database is away, a deadlock was broken, or a lock or connection took too long.
    """
    whole = whole_operations.current.get()
    if whole is not None:
        with passing_errors():
            async with whole.part(_open_whole) as connection:
                unit = UnitOfWork(connection)
                yield unit
                await unit._finish()
        whole.leave_later(unit._after_commit)
        return
    async with _transaction() as connection:
        unit = UnitOfWork(connection)
        yield unit
        await unit._finish()
    await _flush(unit._after_commit)


@asynccontextmanager
async def as_a_whole(begin_with: whole_operations.Step) -> AsyncIterator[WholeOperation]:
    """Make all units of work in the block parts of one transaction, which `begin_with` is the first statement of.

    The block calls `commit_whole` when it has ended well; otherwise all is undone.
    """
    whole = WholeOperation(begin_with)
    token = whole_operations.current.set(whole)
    try:
        yield whole
    finally:
        whole_operations.current.reset(token)
        with passing_errors():
            await whole.roll_back()


async def commit_whole(whole: WholeOperation, last: whole_operations.Step) -> None:
    """Commit an operation, after a last step in its transaction; then whatever its units registered leaves."""
    try:
        with passing_errors():
            leaving = await whole.end(last)
    except asyncpg.InFailedSQLTransactionError as error:
        raise RetryLater("The database could not do this just now; try again soon.") from error
    await _flush(leaving)


async def _open_whole(whole: WholeOperation) -> tuple[whole_operations.Opening, asyncpg.Connection]:
    opening = _Opening(get_connection("default"))
    connection = await opening.__aenter__()
    client: Any = get_connection("default")
    client._lock = whole.lock  # of reads and of models, which all use this connection from now on
    return opening, connection


@asynccontextmanager
async def snapshot() -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees the database as of one instant and holds no locks, for long reads.

    In an operation that is carried out as a whole, and has changed something, it sees that too.
    """
    whole = whole_operations.current.get()
    if whole is not None and whole.connection is not None:
        with passing_errors():
            async with whole.look() as connection:
                yield connection
        return
    async with _transaction() as connection:
        await connection.execute(AS_OF_ONE_INSTANT)
        yield connection


@asynccontextmanager
async def _transaction() -> AsyncIterator[asyncpg.Connection]:
    """A transaction of Tortoise's, as the asyncpg connection that it runs on."""
    client = get_connection("default")
    if isinstance(client, TransactionalDBClient):
        raise RuntimeError("a unit of work is open already: after-commit work would leave before the commit")
    opening = _Opening(client)
    with passing_errors():
        async with opening as connection:
            yield connection


class _Opening:
    """Tortoise's transaction context, without its leaks.

    When BEGIN fails or is cancelled, Tortoise keeps the connection and the task's context variable for ever; when
    the pool cannot take a broken connection back, or is cancelled meanwhile, the variable: every later unit of the
    task would find this one still open.
    """

    def __init__(self, client: Any) -> None:
        self._inner: Any = client._in_transaction()

    async def __aenter__(self) -> asyncpg.Connection:
        try:
            async with free_in_time():
                transaction = await self._inner.__aenter__()
        except BaseException:
            if hasattr(self._inner, "token"):  # there was a connection: this error type means "only release"
                await self.__aexit__(TransactionManagementError, None, None)
            raise
        # Its wrapper's lock is only for sharing between tasks, which a unit of work forbids.
        connection: asyncpg.Connection = transaction._connection
        return connection

    async def __aexit__(self, *error: Any) -> None:
        try:
            await self._inner.__aexit__(*error)
        except ValueError as wrong:  # the task that began it is over, and with it what it had set
            if "different Context" not in str(wrong):
                raise
        finally:
            if not self._inner.token._used:
                with suppress(ValueError):
                    get_connections().reset(self._inner.token)

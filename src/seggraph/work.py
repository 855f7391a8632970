"""The transaction scope: the one seam between a change, the jobs it asks for and the facts it publishes.

A service opens a unit of work, changes rows in it, and registers what is to leave afterwards. Whatever is
registered runs only when the transaction has been committed, and never inside it; if the transaction fails,
nothing leaves. What leaves is a nudge: intent is in the rows, so losing a nudge loses no work.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import structlog
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

log = structlog.get_logger()

AfterCommit = Callable[[], Awaitable[object]]


class Work:
    """One transaction. Tortoise models used inside it take part; `connection` is the same one for asyncpg.

    A task that is started inside shares the transaction with it, so start none: register it instead.
    """

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._after_commit: list[AfterCommit] = []

    def after_commit(self, leave: AfterCommit) -> None:
        """Run `leave` once the transaction is committed; its failure is logged and undoes nothing."""
        self._after_commit.append(leave)

    async def _flush(self) -> None:
        for leave in self._after_commit:
            try:
                await leave()
            except Exception:  # the change is committed: the sweeper does what a lost nudge would have done
                log.warning("after_commit_failed", exc_info=True)


@asynccontextmanager
async def begin() -> AsyncIterator[Work]:
    """Open a unit of work; commit at the end, roll back on any exception. Units do not nest."""
    async with _transaction() as connection:
        unit = Work(connection)
        yield unit
    await unit._flush()


@asynccontextmanager
async def snapshot() -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees the database as of one instant and holds no locks, for long reads."""
    async with _transaction() as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield connection


@asynccontextmanager
async def _transaction() -> AsyncIterator[asyncpg.Connection]:
    """A transaction of Tortoise's, as the asyncpg connection that it runs on."""
    if isinstance(get_connection("default"), TransactionalDBClient):
        raise RuntimeError("a unit of work is open already: after-commit work would leave before the commit")
    async with in_transaction("default") as transaction:
        async with transaction.acquire_connection() as connection:
            pass  # the wrapper's lock is only for sharing between tasks, which a unit of work forbids
        yield connection

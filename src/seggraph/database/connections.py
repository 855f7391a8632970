"""The connections of one process: PostgreSQL through Tortoise's pool, and Redis.

Opened by an entry point, handed down explicitly; no other module connects to anything. It is also the one seam
where the errors of the PostgreSQL driver that may pass become RetryLater.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, cast
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import structlog
from redis.asyncio import Redis
from tortoise import Tortoise
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connection
from tortoise.exceptions import DBConnectionError

from seggraph.database import pool
from seggraph.database.pool import KeptPool
from seggraph.errors import RetryLater
from seggraph.settings import Settings

log = structlog.get_logger()

REDIS_TIMEOUT_SECONDS = 10

POOL_SECONDS: Final = 10.0
"""How long to wait for a connection of the pool to become free."""

SERVER_SETTINGS: Final = {
    "application_name": "seggraph",
    "jit": "off",
    # The server releases what a process held that was killed or cut off, whatever it was doing:
    "client_connection_check_interval": "2s",  # while a statement runs
    "idle_in_transaction_session_timeout": "10s",  # between two statements: others wait for its locks
    "lock_timeout": "15s",  # and no one waits without end, for that process or for another
}

PASSING: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was cut off between two messages leaves the driver confused
    ConnectionError,
    DBConnectionError,
)
"""Errors after which the same work may succeed: a lost or refused connection, a deadlock, a lock that took long."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What one process is connected to."""

    settings: Settings
    redis: Redis


def tortoise_config(database_url: str, *, pool_size: int) -> dict[str, Any]:
    """The Tortoise configuration for one PostgreSQL URL; at most `pool_size` connections."""
    connection = expand_db_url(_with_asyncpg_scheme(database_url))
    connection["engine"] = pool.__name__
    connection["credentials"] |= {
        "minsize": 1,
        "maxsize": pool_size,
        "timeout": 10,
        "server_settings": dict(SERVER_SETTINGS),
        "reset": _leave_as_it_is,
    }
    return {
        "connections": {"default": connection},
        "apps": {
            "seggraph": {
                "models": ["seggraph.models"],
                "default_connection": "default",
                "migrations": "seggraph.migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def _leave_as_it_is(_: asyncpg.Connection) -> None:
    """What is done to a connection that comes back to the pool, besides ending a transaction that was left open.

    Nothing here sets, locks or listens to anything for longer than a transaction, so there is nothing to undo; by
    default every use of a connection would cost one more exchange with the server.
    """


def _with_asyncpg_scheme(url: str) -> str:
    """Tortoise picks its driver by the scheme; a user's URL says `postgres` or `postgresql`."""
    return urlunsplit(urlsplit(url)._replace(scheme="asyncpg"))


@asynccontextmanager
async def open_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Connect, and disconnect at the end. `settings` names both servers (entry points fill in embedded ones)."""
    if settings.database_url is None or settings.redis_url is None:
        raise ValueError("open_runtime needs database_url and redis_url; embedded servers provide them")
    await Tortoise.init(
        config=tortoise_config(settings.database_url, pool_size=settings.database_pool_size),
        _enable_global_fallback=True,  # tasks that were not started by this one find the connections too
    )
    redis = connect_redis(settings.redis_url)
    try:
        yield Runtime(settings, redis)
    finally:
        await redis.aclose()
        await Tortoise.close_connections()


def connect_redis(url: str) -> Redis:
    """A Redis client of bytes. It repeats nothing by itself: a fact published twice would be two facts."""
    client: Redis = Redis.from_url(
        url,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        health_check_interval=30,
    )
    return client


class database:
    """A pooled connection outside any transaction, for single statements.

    Raises RetryLater when the database is away, also from statements in the block. Written as a class because each
    read passes it: generators one in another take as long as the statement's own way through the driver.
    """

    __slots__ = ("_connection", "_holding", "_pool")

    async def __aenter__(self) -> asyncpg.Connection:
        client: Any = get_connection("default")
        used: KeptPool | None = client._pool  # none in a transaction, and before the first statement
        connection = None if used is None else used.take()
        if connection is None:
            self._holding = client.acquire_connection()
            connection = await _entered(self._holding)
            used = client._pool
        self._pool, self._connection = used, connection
        return connection

    async def __aexit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        used = self._pool
        if used is not None and error is None and used.keep(self._connection):
            return
        try:
            if used is None:
                await self._holding.__aexit__(None, None, None)
            else:
                await used.release(self._connection)
        except PASSING as failed:
            _raise_defect(failed)
            raise _passed(failed) from failed
        if isinstance(error, PASSING) and not isinstance(error, ValueError):
            raise _passed(error) from error


async def _entered(holding: Any) -> Any:
    try:
        async with asyncio.timeout(POOL_SECONDS):
            return await holding.__aenter__()
    except OSError as error:  # which a TimeoutError is too
        raise _none_free() from error
    except PASSING as error:
        _raise_defect(error)
        raise _passed(error) from error


@dataclass(frozen=True, slots=True)
class PoolUse:
    """The connections to PostgreSQL of this process: at work, open but idle, and how many there may be at most."""

    busy: int
    idle: int
    most: int


def pool_use() -> PoolUse:
    """How the pool is used now."""
    used = cast(Any, get_connection("default"))._pool
    if used is None:  # no connection was needed yet
        return PoolUse(0, 0, 0)
    idle = used.idle()
    return PoolUse(used.get_size() - idle, idle, used.get_max_size())


@asynccontextmanager
async def free_in_time() -> AsyncIterator[None]:
    """Limit the wait for a pooled connection in the block. Raises RetryLater when it is over."""
    try:
        async with asyncio.timeout(POOL_SECONDS):
            yield
    except OSError as error:  # which a TimeoutError is too
        raise _none_free() from error


def _none_free() -> RetryLater:
    return RetryLater("The database has no connection for us now; try again soon.")


@contextmanager
def passing_errors() -> Iterator[None]:
    """The seam to the driver: what may pass in the block is raised as RetryLater, with its cause."""
    try:
        yield
    except PASSING as error:
        _raise_defect(error)
        raise _passed(error) from error


def _raise_defect(error: BaseException) -> None:
    """Raise an error of PASSING as it is if it is a defect: a value that does not fit its parameter."""
    if isinstance(error, ValueError):
        raise error


def _passed(error: BaseException) -> RetryLater:
    """What is raised for an error that may pass."""
    log.warning("database_away", reason=f"{type(error).__name__}: {error}")
    return RetryLater("The database could not do this just now; try again soon.")

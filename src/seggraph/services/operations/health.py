"""Whether everything that the service depends on is there: for probes and for `seggraph doctor`."""

import asyncio
from datetime import UTC, datetime
from typing import Final

import asyncpg
from redis.exceptions import RedisError

from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.migrating import pending
from seggraph.enqueue import queue_name
from seggraph.errors import RetryLater

TIME_LIMIT_SECONDS: Final = 3.0
OLDEST_POSTGRESQL: Final = 150000
MOST_CLOCK_DRIFT_SECONDS: Final = 2.0


async def problems(context: Context) -> list[str]:
    """What keeps the service from working, each with what to do about it; empty when all is well."""
    found = await asyncio.gather(_database_problems(), _redis_problems(context))
    return [problem for problems in found for problem in problems]


async def _database_problems() -> list[str]:
    try:
        async with asyncio.timeout(TIME_LIMIT_SECONDS), database() as connection:
            return await _inspect(connection)
    except (OSError, TimeoutError, RetryLater, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return [f"PostgreSQL does not answer ({type(error).__name__}): check SEGGRAPH_DATABASE_URL."]


async def _inspect(connection: asyncpg.Connection) -> list[str]:
    found = []
    version = int(await connection.fetchval("SHOW server_version_num"))
    if version < OLDEST_POSTGRESQL:
        found.append(f"PostgreSQL {version // 10000} is too old: 15 or newer is needed.")
    missing = await pending(connection)
    if missing:
        found.append(f"{len(missing)} migrations are missing, from {missing[0]} on: run seggraph migrate.")
    before = datetime.now(UTC)
    there = await connection.fetchval("SELECT clock_timestamp()")
    drift = max((before - there).total_seconds(), (there - datetime.now(UTC)).total_seconds())
    if drift > MOST_CLOCK_DRIFT_SECONDS:
        found.append(
            f"The clocks of this machine and of PostgreSQL differ by {drift:.1f} s: synchronise them."
        )
    return found


async def _redis_problems(context: Context) -> list[str]:
    try:
        async with asyncio.timeout(TIME_LIMIT_SECONDS):
            await context.redis.exists(queue_name)
    except (OSError, TimeoutError, RedisError) as error:
        return [f"Redis does not answer ({type(error).__name__}): check SEGGRAPH_REDIS_URL."]
    return []

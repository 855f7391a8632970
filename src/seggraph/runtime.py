"""The connections of one process: PostgreSQL through Tortoise's pool, and Redis.

Opened by an entry point, handed down explicitly; no other module connects to anything.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from redis.asyncio import Redis
from tortoise import Tortoise
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connection

from seggraph.settings import Settings

REDIS_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Runtime:
    """What one process is connected to."""

    settings: Settings
    redis: Redis


def tortoise_config(database_url: str, *, pool_size: int) -> dict[str, Any]:
    """The Tortoise configuration for one PostgreSQL URL; at most `pool_size` connections."""
    connection = expand_db_url(_with_asyncpg_scheme(database_url))
    connection["credentials"] |= {
        "minsize": 1,
        "maxsize": pool_size,
        "timeout": 10,
        "server_settings": {"application_name": "seggraph", "jit": "off"},
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


@asynccontextmanager
async def database() -> AsyncIterator[asyncpg.Connection]:
    """A pooled connection outside any transaction, for statements that only read."""
    async with get_connection("default").acquire_connection() as connection:
        yield connection

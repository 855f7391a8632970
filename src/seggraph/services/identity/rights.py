"""Noticing that rights have changed, whoever changed them and where."""

import asyncio
from collections.abc import Callable
from typing import Final

import asyncpg

from seggraph.database.connections import database
from seggraph.errors import RetryLater

LOOK_SECONDS: Final = 0.5
READ: Final = "SELECT version FROM rights_version WHERE id = 1"


async def watch(changed: Callable[[], None]) -> None:
    """Call `changed` within a second of each change of a role, a user or an API key, until cancelled.

    It is one small statement at a time for the whole process, however many sessions are open. After the database was
    away, it is called as well if something changed meanwhile.
    """
    known: int | None = None
    while True:
        try:
            async with database() as connection:
                version: int | None = await connection.fetchval(READ)
        except (OSError, RetryLater, asyncpg.PostgresError, asyncpg.InterfaceError):
            version = known  # that proves nothing
        if known is not None and version != known:
            changed()
        known = version
        await asyncio.sleep(LOOK_SECONDS)

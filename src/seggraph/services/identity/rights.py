"""Noticing that rights have changed, in whatever process and by whatever way."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import asyncpg

LOOK_SECONDS: Final = 0.5
CONNECT_SECONDS: Final = 10.0
READ: Final = "SELECT version FROM rights_version WHERE id = 1"


async def watch(database_url: str, changed: Callable[[], None]) -> None:
    """Call `changed` within a second of each change of a role, a user or an API key, until cancelled.

    It is one small statement at a time on a connection of its own for the whole process, however many sessions are
    open. After the database was away, it is called as well if something changed meanwhile.
    """
    known: int | None = None
    while True:
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection = await asyncpg.connect(database_url, timeout=CONNECT_SECONDS)
            try:
                reading = await connection.prepare(READ)
                while True:
                    version: int | None = await reading.fetchval(timeout=CONNECT_SECONDS)
                    if known is not None and version != known:
                        changed()
                    known = version
                    await asyncio.sleep(LOOK_SECONDS)
            finally:
                connection.terminate()
        await asyncio.sleep(LOOK_SECONDS)

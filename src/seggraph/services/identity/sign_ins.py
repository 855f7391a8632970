"""Viewers whose credentials were checked a moment ago: most requests need no decoding and no statement."""

import asyncio
from typing import Final

from cachetools import TTLCache

from seggraph.access import Viewer
from seggraph.services.identity.authentication import authenticate
from seggraph.settings import Settings

KEPT_SECONDS: Final = 0.9
"""A right that was withdrawn elsewhere ends within a second."""
KEPT_VIEWERS: Final = 10_000


class SignIns:
    """The viewers of one process, by their credentials. A change of rights in this process empties it."""

    def __init__(self) -> None:
        self._kept: TTLCache[str, Viewer] = TTLCache(KEPT_VIEWERS, KEPT_SECONDS)
        self._checking: dict[tuple[str, int], asyncio.Task[Viewer]] = {}
        self._changes = 0

    def find(self, credentials: str | None) -> Viewer | None:
        """The viewer of credentials that were good a moment ago."""
        return None if credentials is None else self._kept.get(credentials)

    async def check(self, settings: Settings, credentials: str | None) -> Viewer:
        """The viewer of credentials, see `authenticate`. Raises Unauthenticated.

        Those who ask while the same credentials are being checked wait for that: thousands of operations on sockets
        would have the connections to the database to themselves. A check that began before a change of rights is
        nobody's after it.
        """
        if credentials is None:
            return await authenticate(settings, credentials)
        asked = credentials, self._changes
        checking = self._checking.get(asked)
        if checking is None:
            checking = self._checking[asked] = asyncio.create_task(authenticate(settings, credentials))
            checking.add_done_callback(lambda done: self._is_checked(asked, done))
        return await asyncio.shield(checking)

    def _is_checked(self, asked: tuple[str, int], checking: asyncio.Task[Viewer]) -> None:
        del self._checking[asked]
        credentials, changes = asked
        if not checking.cancelled() and checking.exception() is None and changes == self._changes:
            self._kept[credentials] = checking.result()

    def forget(self) -> None:
        """Check everyone anew: rights may have changed."""
        self._changes += 1
        self._kept.clear()

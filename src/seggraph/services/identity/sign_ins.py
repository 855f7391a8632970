"""Viewers whose credentials were checked a moment ago: most requests need no decoding and no statement."""

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
        self._changes = 0

    def find(self, credentials: str | None) -> Viewer | None:
        """The viewer of credentials that were good a moment ago."""
        return None if credentials is None else self._kept.get(credentials)

    async def check(self, settings: Settings, credentials: str | None) -> Viewer:
        """The viewer of credentials, see `authenticate`. Raises Unauthenticated."""
        changes = self._changes
        viewer = await authenticate(settings, credentials)
        if credentials is not None and changes == self._changes:
            self._kept[credentials] = viewer
        return viewer

    def forget(self) -> None:
        """Check everyone anew: rights may have changed."""
        self._changes += 1
        self._kept.clear()

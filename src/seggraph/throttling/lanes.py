"""Lanes: how many operations of a workspace one process carries out at the same time.

Each holds a connection to the database now and then, and takes turns on the event loop. Without a bound, a hundred
operations of one workspace come first, and one of another waits for all of them. What is over the bound waits in the
lane of its workspace, and what is over the length of the lane is refused. A workspace that has the process to itself
has no bound.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, TypeVar

T = TypeVar("T")

MOST_WAITING: Final = 500
SHARED_SECONDS: Final = 1.0
"""For how long the lanes have bounds after operations of two workspaces came one after the other."""


class Lane:
    """The operations of one workspace in this process."""

    __slots__ = ("_lanes", "_name", "_running", "_waiting")

    def __init__(self, lanes: "Lanes", name: int) -> None:
        self._lanes = lanes
        self._name = name
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def is_free(self) -> bool:
        """Whether an operation can begin at once."""
        return self._running < self._lanes.limit or self._lanes.is_only(self._name)

    @property
    def is_too_long(self) -> bool:
        """Whether so many wait that no other may."""
        return len(self._waiting) >= MOST_WAITING

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do work when there is room for it."""
        if self.is_free:
            self.begin()
        else:
            await self.wait()
        try:
            return await work()
        finally:
            self.end()

    def begin(self) -> None:
        """Begin an operation; there must be room for it."""
        self._running += 1
        self._lanes.note(self._name)

    async def wait(self) -> None:
        """Wait until there is room for an operation, and begin it."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
            self._lanes.note(self._name)
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.end()
            raise

    def end(self) -> None:
        """An operation is over: the next one begins in its place."""
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return
        self._running -= 1
        if not self._running:
            self._lanes.forget(self._name)


class Lanes:
    """The lanes of one process that are in use."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._latest: int | None = None
        self._shared_until = 0.0
        self._lanes: dict[int, Lane] = {}

    def of(self, workspace_id: int) -> Lane:
        """The lane of a workspace."""
        found = self._lanes.get(workspace_id)
        if found is None:
            found = self._lanes[workspace_id] = Lane(self, workspace_id)
        return found

    def note(self, workspace_id: int) -> None:
        """An operation begins."""
        if self._latest != workspace_id:
            if self._latest is not None:
                self._shared_until = monotonic() + SHARED_SECONDS
            self._latest = workspace_id

    def is_only(self, workspace_id: int) -> bool:
        """Whether a workspace has had the process to itself for a while: then it may use all of it."""
        return self._latest == workspace_id and monotonic() > self._shared_until

    def forget(self, workspace_id: int) -> None:
        """A lane is empty."""
        self._lanes.pop(workspace_id, None)

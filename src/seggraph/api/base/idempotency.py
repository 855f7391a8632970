"""Idempotency keys of mutations: all of them pass here, so none can forget it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from seggraph.api.base.context import Caller
from seggraph.database.connections import POOL_SECONDS
from seggraph.errors import RetryLater
from seggraph.services.idempotency import answers
from seggraph.services.idempotency.answers import Outcome, Request
from seggraph.settings import Settings


class IdempotentMutations:
    """Carries mutations out once for each key of a user or API key."""

    def __init__(self, settings: Settings) -> None:
        # Each holds a connection, and may need another one: they leave half of the pool to them and to all others.
        self._at_once = asyncio.Semaphore(max(1, settings.database_pool_size // 2))

    async def __call__(
        self, caller: Caller, key: str, digest: str, execute: Callable[[], Awaitable[tuple[str, bool]]]
    ) -> str:
        """The answer to a mutation with a key. Raises IdempotencyConflict, RetryLater, TooMany."""
        lane = caller.lane()
        caller.is_one_change = True
        viewer = caller.viewer
        rights = f"{digest}:{viewer.role}:{viewer.scope}:{viewer.least_roles}"
        request = Request(viewer, key, hashlib.sha256(rights.encode()).hexdigest())

        async def run() -> Outcome:
            return Outcome(*await execute())

        async def change() -> str:
            async with self._place():
                answer, _ = await answers.once(caller.services, request, run)
            return answer

        return await change() if lane is None else await lane.run(change)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Wait for a place, but not for long."""
        try:
            async with asyncio.timeout(POOL_SECONDS):
                await self._at_once.acquire()
        except TimeoutError as error:
            raise RetryLater("Too many mutations with keys are being carried out; try again soon.") from error
        try:
            yield
        finally:
            self._at_once.release()

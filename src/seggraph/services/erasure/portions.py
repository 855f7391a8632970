"""The portions of an erasure: each is one transaction, which is repeated if that may help."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from seggraph.errors import RetryLater

T = TypeVar("T")

TRIES: Final = 5

WAIT_SECONDS: Final = 0.2
"""How long the first repetition waits; each further one waits longer by as much."""


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Do work that is one transaction, and again after a deadlock or a lost connection. Raises RetryLater."""
    for number in range(1, TRIES):
        try:
            return await work()
        except RetryLater:
            await asyncio.sleep(WAIT_SECONDS * number)
    return await work()

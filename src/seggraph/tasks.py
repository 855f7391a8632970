"""Ending tasks: cancelled until they are over, and seen out by a caller that is itself cancelled.

A single `Task.cancel()` is not enough: redis-py swallows a cancellation that meets its check of a connection, and
other drivers one that meets a time limit of their own.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Final

CANCEL_AGAIN_SECONDS: Final = 1.0
"""How long a task may take to end before it is cancelled once more: enough for it to give back what it holds."""


async def end(tasks: Iterable[asyncio.Task[Any]], *, again_seconds: float | None = None) -> None:
    """Cancel tasks, and again every CANCEL_AGAIN_SECONDS or `again_seconds`, until all have ended.

    What they returned or raised is theirs: it is neither raised here nor reported as never retrieved.
    """
    ended = set(tasks)
    pending = {task for task in ended if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=again_seconds or CANCEL_AGAIN_SECONDS)
    for task in ended:
        if not task.cancelled():
            task.exception()


async def see_out(work: Coroutine[Any, Any, None]) -> None:
    """Do work to its end although the caller is cancelled meanwhile; then raise the cancellation."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError

"""What is open for long ends when its credentials do: they are looked at again, now and then.

A token expires, a key is revoked, a user is removed from a workspace, while a subscription goes on. Each check is
what a new connection would meet; when that would be turned away, the stream ends with the same error, and the
WebSocket closes with 4403, after which clients connect anew with fresh credentials. A check that fails for
another reason, such as a database that is away, proves nothing and ends nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any

from graphql import GraphQLError
from strawberry.types import ExecutionResult

from seggraph import tasks
from seggraph.errors import Forbidden, SeggraphError, Unauthenticated
from seggraph.transport.masking import log_internal
from seggraph.transport.pacing import turn

Check = Callable[[], Awaitable[object]]
"""Raises Unauthenticated or Forbidden when the credentials do not hold any more."""


class Rights:
    """Tells whatever is open that rights may have changed."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def change(self) -> None:
        """Have all credentials checked now."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return when rights may have changed, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        await turn()  # thousands of sessions may wake up at once


async def until_refused(check: Check, seconds: float, rights: Rights) -> SeggraphError:
    """Check every so many seconds, and when rights change; return the error when the credentials do not hold."""
    while True:
        await rights.wait(seconds)
        try:
            await check()
        except (Unauthenticated, Forbidden) as error:
            return error
        except SeggraphError:
            continue
        except Exception as error:
            log_internal(error)


async def while_admitted(
    source: AsyncGenerator[Any, None], check: Check, seconds: float, rights: Rights
) -> AsyncGenerator[Any, None]:
    """Pass a stream of results on until it ends; when the credentials end first, an error is the last result."""
    results: asyncio.Queue[Any] = asyncio.Queue(maxsize=1)
    end = object()

    async def read() -> None:
        """Read the source in one task: what it holds open may not move from task to task."""
        async with aclosing(source):
            async for result in source:
                await results.put(result)
        await results.put(end)

    reading = asyncio.create_task(read())
    refused = asyncio.create_task(until_refused(check, seconds, rights))
    taking = asyncio.create_task(results.get())
    try:
        while True:
            await asyncio.wait({taking, reading, refused}, return_when=asyncio.FIRST_COMPLETED)
            if refused.done():
                yield _refusal(refused.result())
                return
            if reading.done() and not taking.done() and results.empty():
                reading.result()  # raises what the source raised
                return
            result = await taking
            if result is end:
                return
            yield result
            taking = asyncio.create_task(results.get())
    finally:
        await tasks.end([reading, refused, taking])


def _refusal(error: SeggraphError) -> ExecutionResult:
    problem = GraphQLError(error.message, extensions={"code": error.code.value})
    return ExecutionResult(data=None, errors=[problem])

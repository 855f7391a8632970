"""What is open for long ends when its credentials do: they are looked at again, now and then.

A token expires, a key is revoked, a user is removed from a workspace, while a subscription goes on. Each check is
what a new connection would meet; when that would be turned away, the stream ends with the same error, and the
WebSocket closes with 4403, after which clients connect anew with fresh credentials. A check that fails for
another reason, such as a database that is away, proves nothing and ends nothing.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Any, Final

from graphql import GraphQLError
from strawberry.types import ExecutionResult

from seggraph import tasks
from seggraph.errors import Forbidden, SeggraphError, Unauthenticated
from seggraph.transport.masking import log_internal
from seggraph.transport.pacing import turn

Check = Callable[[], Awaitable[Any]]
"""Makes the context anew. Raises Unauthenticated or Forbidden when the credentials do not hold any more.

A context may have `valid_until`: the instant at which its credentials expire.
"""

SOON_SECONDS: Final = 0.1
"""How often credentials are looked at whose time has come, until they are refused."""


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


async def until_refused(check: Check, seconds: float, rights: Rights, context: Any) -> SeggraphError:
    """Return the error when the credentials of a context do not hold any more.

    They are checked every so many seconds, when they expire, and when rights change.
    """
    while True:
        await rights.wait(min(seconds, _seconds_left(context)))
        try:
            context = await check()
        except (Unauthenticated, Forbidden) as error:
            return error
        except SeggraphError:
            continue
        except Exception as error:
            log_internal(error)


def _seconds_left(context: Any) -> float:
    """How long the credentials of a context hold."""
    valid_until: datetime | None = getattr(context, "valid_until", None)
    if valid_until is None:
        return math.inf
    return max(SOON_SECONDS, (valid_until - datetime.now(UTC)).total_seconds())


async def while_admitted(
    source: AsyncGenerator[Any, None], check: Check, seconds: float, rights: Rights, context: Any
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
    refused = asyncio.create_task(until_refused(check, seconds, rights, context))
    try:
        while True:
            taking = asyncio.create_task(results.get())
            await asyncio.wait({taking, reading, refused}, return_when=asyncio.FIRST_COMPLETED)
            if refused.done():
                taking.cancel()
                yield _refusal(refused.result())
                return
            if reading.done() and not taking.done() and results.empty():
                taking.cancel()
                reading.result()  # raises what the source raised
                return
            result = await taking
            if result is end:
                return
            yield result
    finally:
        await tasks.end([reading, refused])


def _refusal(error: SeggraphError) -> ExecutionResult:
    problem = GraphQLError(error.message, extensions={"code": error.code.value})
    return ExecutionResult(data=None, errors=[problem])

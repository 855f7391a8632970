"""What is open for long leaves nothing behind when its client goes away."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from seggraph.transport.sessions import Rights, while_admitted


async def silent() -> AsyncGenerator[Any, None]:
    await asyncio.Event().wait()
    yield None


async def allowed() -> None:
    pass


async def test_leaving_while_nothing_comes_ends_every_task() -> None:
    stream = while_admitted(silent(), allowed, 30, Rights())
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await stream.aclose()

    assert asyncio.all_tasks() == {asyncio.current_task()}

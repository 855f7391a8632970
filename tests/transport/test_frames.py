"""Frames that go straight to the connection are those that a client of another maker reads."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
import websockets
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from seggraph.transport.frames import SEND_AT_ONCE, StraightWebSocket
from tests.transport.conftest import PATIENCE_SECONDS

MESSAGES = ["", "é", "a" * 125, "b" * 126, "ü" * 200, "c" * 65_535, "d" * 65_536, "x" * 100_000]


async def _serve_messages(ws: WebSocket) -> None:
    assert not ws.scope[SEND_AT_ONCE](b"before it is accepted")
    await ws.accept()
    for message in MESSAGES:
        if not ws.scope[SEND_AT_ONCE](message.encode()):
            await ws.send_text(message)
    await ws.close()
    assert not ws.scope[SEND_AT_ONCE](b"after the close")


@asynccontextmanager
async def serving(handle: Callable[[WebSocket], Awaitable[None]]) -> AsyncIterator[str]:
    """A server with one WebSocket, at the address."""
    app = Starlette(routes=[WebSocketRoute("/", handle)])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws=StraightWebSocket, lifespan="off"))
        running = asyncio.create_task(server.serve([listener]))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not server.started:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        server.should_exit = True
        await running


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_a_client_reads_every_message_whole_and_in_order(compression: str | None) -> None:
    async with (
        serving(_serve_messages) as url,
        websockets.connect(url, compression=compression, max_size=None) as client,
    ):
        received = [message async for message in client]

    assert received == MESSAGES


async def test_a_client_that_does_not_read_is_waited_for() -> None:
    """What does not fit into the buffers is refused, and so it is sent the way that waits."""
    refused = asyncio.Event()

    async def flood(ws: WebSocket) -> None:
        await ws.accept()
        while ws.scope[SEND_AT_ONCE](b"x" * 1_000_000):  # noqa: ASYNC110 - the writing has its turns here
            await asyncio.sleep(0)
        refused.set()

    async with (
        serving(flood) as url,
        websockets.connect(url, compression=None, max_queue=1, close_timeout=0.1),
    ):
        await refused.wait()

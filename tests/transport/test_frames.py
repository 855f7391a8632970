"""Frames that go straight to the connection are those that a client of another maker reads."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
import uvicorn
import websockets
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from seggraph.transport import frames
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
async def serving(handle: Callable[[WebSocket], Awaitable[None]], **options: Any) -> AsyncIterator[str]:
    """A server with one WebSocket, at the address."""
    app = Starlette(routes=[WebSocketRoute("/", handle)])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="error", ws=StraightWebSocket, lifespan="off", **options)
        )
        running = asyncio.create_task(server.serve([listener]))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not server.started:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        server.should_exit = True
        await running


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_what_a_client_sends_at_once_is_read_in_turns_and_in_order(
    compression: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = 0
    random = Random(1)
    sent = [random.randbytes(number % 150).hex() for number in range(1_000)]
    sent += [random.randbytes(300_000).hex(), "the end"]
    received: list[str] = []
    done = asyncio.Event()

    async def turn() -> None:
        nonlocal turns
        turns += 1
        await asyncio.sleep(0)

    async def read(ws: WebSocket) -> None:
        await ws.accept()
        while not received or received[-1] != "the end":
            received.append(await ws.receive_text())
        done.set()

    monkeypatch.setattr(frames, "turn", turn)
    async with serving(read) as url, websockets.connect(url, compression=compression) as client:
        for message in sent:
            await client.send(message)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await done.wait()

    assert received == sent
    assert turns > 5


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


async def test_what_waits_to_be_sent_comes_first() -> None:
    both = asyncio.Event()

    async def send_both(ws: WebSocket) -> None:
        await ws.accept()
        connection = ws.scope[SEND_AT_ONCE].__self__
        connection.writable.clear()
        waiting = asyncio.create_task(ws.send_text("first"))
        await asyncio.sleep(0)
        connection.writable.set()  # the first is to be sent, but its task has had no turn since
        assert not ws.scope[SEND_AT_ONCE](b"second")
        await ws.send_text("second")
        await waiting
        both.set()
        await ws.receive()

    async with serving(send_both) as url, websockets.connect(url) as client:
        await both.wait()
        assert [await client.recv(), await client.recv()] == ["first", "second"]


async def test_a_client_that_takes_nothing_is_cut_off_after_its_keepalive() -> None:
    ended = asyncio.Event()

    async def fill(ws: WebSocket) -> None:
        await ws.accept()
        try:
            while True:
                await ws.send_text("x" * 1_000_000)
        finally:
            ended.set()

    async with serving(fill, ws_ping_interval=0.1, ws_ping_timeout=0.1) as url:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(url.rsplit(":", 1)[1].rstrip("/")), limit=1
        )
        writer.write(
            b"GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n\r\n"
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            await ended.wait()
        writer.close()
        assert not reader.at_eof()

"""Slow requests, half bodies and silent connections end by themselves, and others are served meanwhile."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_network
from typing import Any

import pytest
import uvicorn

from seggraph.transport.connections import PART_BYTES, UnfinishedRequests, bounded_protocol
from tests.product import PATIENCE_SECONDS

HEAD = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body."""
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    body = str(size).encode()
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Answers without reading the body."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 429, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving(waiting: UnfinishedRequests, application: Any = echo) -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        config = uvicorn.Config(application, http=bounded_protocol(waiting), log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server._serve([listener]))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = server.force_exit = True
        await task


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def opened(port: int, sent: bytes = b"") -> Connection:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    return reader, writer


async def the_end(connection: Connection) -> bytes:
    """All that comes until the server closes."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        answer = await connection[0].read()
    connection[1].close()
    return answer


async def answer_to(connection: Connection, body: bytes = b"x" * 100) -> bytes:
    """The answer to a whole request."""
    reader, writer = connection
    head = f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    writer.write(head + body)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await reader.readuntil(b"\r\n\r\n")
        return await reader.readexactly(len(str(len(body))))


@pytest.mark.parametrize(
    "sent", [b"", b"\r\n", b"POST / HT", HEAD, HEAD + b"\r\n", HEAD + b"\r\n" + b"x" * 99], ids=range(6)
)
async def test_what_is_not_sent_to_its_end_ends(sent: bytes) -> None:
    waiting = UnfinishedRequests(10, head_seconds=0.2, body_seconds=0.2)
    async with serving(waiting) as port:
        answer = await the_end(await opened(port, sent))

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert not waiting.of_address


async def test_a_head_that_drips_has_no_more_time() -> None:
    async with serving(UnfinishedRequests(10, head_seconds=0.3, body_seconds=PATIENCE_SECONDS)) as port:
        reader, writer = await opened(port, b"GET / HTTP/1.1\r\n")

        async def drip() -> None:
            while True:
                writer.write(b"a: b\r\n")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip())
        answer = await the_end((reader, writer))
        dripping.cancel()

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_the_second_request_of_a_connection_has_the_same_limits() -> None:
    waiting = UnfinishedRequests(10, head_seconds=5, body_seconds=5)
    async with serving(waiting) as port:
        connection = await opened(port)
        assert await answer_to(connection) == b"100"
        connection[1].write(HEAD)

        assert (await the_end(connection)).startswith(b"HTTP/1.1 408 ")
    assert not waiting.of_address


async def test_a_body_may_take_long_while_it_comes() -> None:
    """Each part has the time anew. The pauses together are longer than the time of one part."""
    waiting = UnfinishedRequests(10, head_seconds=PATIENCE_SECONDS, body_seconds=6)
    async with serving(waiting) as port:
        reader, writer = await opened(port, b"POST / HTTP/1.1\r\nhost: x\r\n")
        writer.write(f"content-length: {PART_BYTES * 8}\r\n\r\n".encode())
        for _ in range(8):
            await asyncio.sleep(1)
            writer.write(b"x" * PART_BYTES)
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 200 ")


async def test_of_a_large_request_that_was_refused_the_rest_is_not_read() -> None:
    size = 1024 * 1024 * 1024
    waiting = UnfinishedRequests(10, PATIENCE_SECONDS, PATIENCE_SECONDS)
    async with serving(waiting, refuse) as port:
        reader, writer = await opened(
            port, f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n".encode()
        )

        async def send() -> int:
            sent = 0
            with suppress(ConnectionError):
                while sent < size:
                    writer.write(b"x" * PART_BYTES)
                    await writer.drain()
                    sent += PART_BYTES
            return sent

        sending = asyncio.create_task(send())
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await reader.readline()).startswith(b"HTTP/1.1 429 ")
            sent = await sending
        writer.close()
    assert sent < size / 10  # what fits into the buffers of the sockets
    assert not waiting.of_address


async def test_after_a_small_request_that_was_refused_the_connection_stays() -> None:
    async with serving(UnfinishedRequests(10, PATIENCE_SECONDS, PATIENCE_SECONDS), refuse) as port:
        reader, writer = await opened(port)
        for _ in range(3):
            writer.write(f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {PART_BYTES * 2}\r\n\r\n".encode())
            writer.write(b"x" * PART_BYTES)
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 429 ")
            writer.write(b"x" * PART_BYTES)
        writer.close()


async def test_the_application_hears_of_a_request_when_its_body_is_there() -> None:
    heard: list[str] = []

    async def listen(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            heard.append(scope["path"])
        await echo(scope, receive, send)

    waiting = UnfinishedRequests(10, PATIENCE_SECONDS, PATIENCE_SECONDS)
    async with serving(waiting, listen) as port, asyncio.timeout(PATIENCE_SECONDS):
        first, second, third = [await opened(port) for _ in range(3)]
        first[1].write(HEAD.replace(b"/", b"/half", 1) + b"\r\n" + b"x" * 99)
        second[1].write(HEAD.replace(b"/", b"/asks", 1) + b"expect: 100-continue\r\n\r\n")
        assert await second[0].readline() == b"HTTP/1.1 100 Continue\r\n"
        assert await answer_to(third) == b"100"
        assert sorted(heard) == ["/", "/asks"]

        first[1].write(b"x")
        second[1].write(b"x" * 100)
        assert (await first[0].readline()).startswith(b"HTTP/1.1 200 ")
        assert (await second[0].readuntil(b"200")).endswith(b"200")
        assert sorted(heard) == ["/", "/asks", "/half"]
        for connection in (first, second, third):
            connection[1].close()


async def test_requests_that_are_sent_before_the_answer_come_in_order() -> None:
    waiting = UnfinishedRequests(10, PATIENCE_SECONDS, PATIENCE_SECONDS)
    async with serving(waiting) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await opened(port)
        for size in (100, 0, PART_BYTES, 7):
            writer.write(
                f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n".encode() + b"x" * size
            )
        for size in (100, 0, PART_BYTES, 7):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert await reader.readexactly(len(str(size))) == str(size).encode()
        writer.close()


async def test_400_half_sent_requests_end_and_others_are_served_meanwhile() -> None:
    waiting = UnfinishedRequests(50, head_seconds=PATIENCE_SECONDS, body_seconds=PATIENCE_SECONDS)
    async with serving(waiting) as port:
        half = [await opened(port, HEAD) for _ in range(400)]
        ends = [asyncio.create_task(the_end(connection)) for connection in half]

        other = await opened(port)
        assert await answer_to(other) == b"100"
        other[1].close()

        await asyncio.wait(ends[:340], timeout=PATIENCE_SECONDS)  # the oldest go first
        assert all(end.done() and end.result().startswith(b"HTTP/1.1 408 ") for end in ends[:340])
        assert sum(map(len, waiting.of_address.values())) <= 50
    for end, connection in zip(ends, half, strict=True):
        await end  # the server has closed the rest
        connection[1].close()
        await connection[1].wait_closed()


async def test_a_proxy_may_have_many_connections() -> None:
    waiting = UnfinishedRequests(2, PATIENCE_SECONDS, PATIENCE_SECONDS, [ip_network("127.0.0.0/8")])
    async with serving(waiting) as port:
        connections = [await opened(port, HEAD) for _ in range(10)]
        for connection in connections:
            connection[1].write(b"\r\n" + b"x" * 100)
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert (await connection[0].readline()).startswith(b"HTTP/1.1 200 ")
            connection[1].close()


def test_addresses_of_proxies() -> None:
    waiting = UnfinishedRequests(1, 1, 1, [ip_network("10.0.0.0/8")])

    assert waiting.is_proxy("10.1.2.3")
    assert waiting.is_proxy("::ffff:10.1.2.3")
    assert waiting.is_proxy("")  # a Unix socket
    assert not waiting.is_proxy("11.1.2.3")

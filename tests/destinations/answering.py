"""A server of raw bytes on this machine, that answers as a test wants it to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Conversation = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Is given a request, head and body, and writes what it likes; the connection is closed after it."""


@asynccontextmanager
async def answering(conversation: Conversation) -> AsyncIterator[int]:
    """The port of a server that lets `conversation` answer one request on each connection."""

    talks: set[asyncio.Task[None]] = set()
    connections: set[asyncio.Task[object]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
            await conversation(head + body, writer)
            await writer.drain()

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        connections.add(connection)
        connection.add_done_callback(connections.discard)
        task = asyncio.create_task(talk(reader, writer))
        talks.add(task)
        await asyncio.wait({task})
        talks.discard(task)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await server.wait_closed()
        if connections:
            await asyncio.wait(
                tuple(connections)
            )  # a socket that is still open would be an error of the next test


def saying(answer: bytes) -> Conversation:
    """A conversation that always says the same."""

    async def say(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return say


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An answer over HTTP."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body

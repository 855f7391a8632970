"""A receiver of webhooks on this machine: it keeps what it gets, and answers as a test wants it to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.destinations.answering import answering, http

OK = http("200 OK")


@dataclass(frozen=True)
class Received:
    """One call: the headers in lower case, and the body as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def type(self) -> str:
        return str(self.document["type"])


@dataclass
class Receiver:
    """Answers each call with the next of `answers`, then always with `always`; None drops the connection."""

    port: int = 0
    answers: list[bytes | None] = field(default_factory=list)
    always: bytes | None = OK
    hang: asyncio.Event | None = None
    calls: list[Received] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def types(self) -> list[str]:
        return [call.type for call in self.calls]

    async def converse(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line.partition(":") for line in head.decode().split("\r\n")[1:]]
        headers = {name.lower(): value.strip() for name, _, value in lines}
        self.calls.append(Received(headers, body))
        self.arrived.set()
        if self.hang is not None:
            await self.hang.wait()
        answer = self.answers.pop(0) if self.answers else self.always
        if answer is not None:
            writer.write(answer)

    async def until(self, count: int) -> list[Received]:
        """The calls, once there are so many."""
        return await self.until_so(lambda: len(self.calls) >= count)

    async def until_so(self, is_so: Callable[[], bool]) -> list[Received]:
        """The calls, once something is so of them."""
        async with asyncio.timeout(120):
            while not is_so():
                self.arrived.clear()
                await self.arrived.wait()
        return self.calls


@asynccontextmanager
async def receiving(receiver: Receiver | None = None) -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver = receiver or Receiver()
    async with answering(receiver.converse) as receiver.port:
        yield receiver

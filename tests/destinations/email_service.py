"""An email service as deliveries meet it: lists of contacts over HTTP, and every way in which such a service fails."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from tests.destinations.answering import answering, http


class Fault(StrEnum):
    """What can go wrong with a call. BEFORE and AFTER say whether the service had done the work."""

    ERROR_BEFORE = "500, nothing done"
    ERROR_AFTER = "500, though it was done"
    TOO_MANY = "429 with Retry-After"
    HANG_BEFORE = "no answer, nothing done"
    HANG_AFTER = "no answer, though it was done"
    REDIRECT = "302"
    GARBAGE_BEFORE = "200 and a page, nothing done"
    GARBAGE_AFTER = "200 and a page, though it was done"
    NOISE = "bytes that are not HTTP"
    DROP_BEFORE = "the connection is cut, nothing done"
    DROP_AFTER = "the connection is cut, though it was done"
    HALF = "half of the batch is done, and the connection is cut"


@dataclass
class EmailServer:
    """The service: its lists, who is on them, and what it was asked. `fault_rate` is how often a call fails.

    `renames` is the status that every renaming is answered with; unless it is given, lists are renamed.
    """

    contacts: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    renames: str | None = None
    list_keys: dict[str, str] = field(default_factory=dict)
    refuse: set[str] = field(default_factory=set)
    token: str | None = None
    fault_rate: float = 0.0
    chosen: list[Fault] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def only_list(self) -> dict[str, dict[str, Any]]:
        [contacts] = self.contacts.values()
        return contacts

    def only_name(self) -> str:
        [name] = self.names.values()
        return name

    async def talk(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        content = orjson.loads(body) if body else {}
        self.requests.append((method, path, headers, content))
        if self.token is not None and headers.get("authorization") != f"Bearer {self.token}":
            said = {"error": "who are you?", "authorization": headers.get("authorization")}
            writer.write(http("401 Unauthorized", orjson.dumps(said)))
            return
        fault = self._fault()
        if fault is None:
            status, answer = self._apply(method, path, headers, content)
            writer.write(http(status, orjson.dumps(answer)))
        else:
            await self._fail(fault, lambda part: self._apply(method, path, headers, part), content, writer)

    def _fault(self) -> Fault | None:
        if self.chosen:
            fault = self.chosen.pop(0)
        elif self.dice.random() < self.fault_rate:
            fault = self.dice.choice(list(Fault))
        else:
            return None
        self.faults.append(fault)
        return fault

    async def _fail(self, fault: Fault, apply: Any, content: Any, writer: asyncio.StreamWriter) -> None:
        if fault.name.endswith("_AFTER"):
            apply(content)
        match fault:
            case Fault.ERROR_BEFORE | Fault.ERROR_AFTER:
                writer.write(http("500 Internal Server Error", b"oops"))
            case Fault.TOO_MANY:
                writer.write(http("429 Too Many Requests", b"", "Retry-After: 0.02"))
            case Fault.HANG_BEFORE | Fault.HANG_AFTER:
                await asyncio.sleep(60)
            case Fault.REDIRECT:
                writer.write(http("302 Found", b"", "Location: http://169.254.169.254/"))
            case Fault.GARBAGE_BEFORE | Fault.GARBAGE_AFTER:
                writer.write(http("200 OK", b"<html>Welcome to our hotel's network</html>"))
            case Fault.NOISE:
                writer.write(b"\x00\x01\x02\r\n\r\n")
            case Fault.HALF:
                apply(
                    {
                        name: some[: len(some) // 2] if isinstance(some, list) else some
                        for name, some in content.items()
                    }
                )
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            case Fault.DROP_BEFORE | Fault.DROP_AFTER:
                pass

    def _apply(self, method: str, path: str, headers: dict[str, str], content: Any) -> tuple[str, Any]:
        parts = path.strip("/").split("/")
        if (method, path) == ("POST", "/lists"):
            key = headers["idempotency-key"]
            number = self.list_keys.setdefault(key, f"list {len(self.list_keys) + 1}")
            self.contacts.setdefault(number, {})
            self.names.setdefault(number, content["name"])
            return "201 Created", {"id": number}
        if (method, path) == ("GET", "/lists"):
            return "200 OK", {"lists": [{"id": number} for number in self.contacts]}
        number = parts[1].replace("%20", " ")
        contacts = self.contacts.get(number)
        if contacts is None:
            return "404 Not Found", {"error": "no such list"}
        if method == "PATCH":
            if self.renames is None:
                self.names[number] = content["name"]
            return self.renames or "200 OK", {}
        if method == "DELETE":
            contacts.clear()
            return "200 OK", {}
        if parts[-1] == "remove":
            for key in content["external_ids"]:
                contacts.pop(key, None)
            return "200 OK", {"removed": len(content["external_ids"])}
        rejected = []
        for contact in content["contacts"]:
            if contact["email"] is None or contact["email"] in self.refuse:
                rejected.append(
                    {"external_id": contact["external_id"], "reason": "This address does not exist"}
                )
            else:
                contacts[contact["external_id"]] = contact
        return "200 OK", {"accepted": len(content["contacts"]) - len(rejected), "rejected": rejected}


@asynccontextmanager
async def email_server(**options: Any) -> AsyncIterator[EmailServer]:
    """A service on a port of this machine."""
    server = EmailServer(**options)
    async with answering(server.talk) as port:
        server.port = port
        yield server

"""Mutations with an `Idempotency-Key`: the request is read, and carried out by what keeps answers.

The header is that of the IETF draft "The Idempotency-Key HTTP Header Field". It counts for mutations by POST. An
operation on a WebSocket has no headers of its own: its key is `idempotencyKey` of its `extensions`; see `operations`.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from strawberry.types import ExecutionResult

from seggraph.transport.codes import TransportCode
from seggraph.transport.encoding import decode, encode
from seggraph.transport.refusals import Refused

HEADER: Final = "idempotency-key"
EXTENSION: Final = "idempotencyKey"
MAX_KEY: Final = 255
CHUNK_BYTES: Final = 1024 * 1024


class Once(Protocol):
    """What carries a request out once for each key, and gives its answer again; see `services.idempotency`."""

    async def __call__(
        self, context: Any, key: str, digest: str, execute: Callable[[], Awaitable[tuple[str, bool]]], /
    ) -> str:
        """The answer: the one that is kept, or the first of what `execute` returns, to be kept if the second says so.

        Raises SeggraphError.
        """


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key of a request, with or without quotes around it. Raises Refused for one that cannot be."""
    given = headers.get(HEADER)
    return None if given is None else cleaned(given)


def key_of_payload(payload: Mapping[str, Any]) -> str | None:
    """The key of an operation on a WebSocket: `idempotencyKey` of its extensions. Raises Refused as `key_of`."""
    extensions = payload.get("extensions")
    given = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
    return None if given is None else cleaned(given)


def cleaned(given: object) -> str:
    """A key without quotes around it. Raises Refused for one that cannot be."""
    key = given.strip() if isinstance(given, str) else ""
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or len(key) > MAX_KEY or not (key.isascii() and key.isprintable()):
        raise Refused(
            TransportCode.BAD_REQUEST,
            f"An idempotency key has 1 to {MAX_KEY} printable ASCII characters, like a UUID.",
        )
    return key


async def result_of(
    once: Once, context: Any, key: str, asked: Any, execute: Callable[[], Awaitable[ExecutionResult]]
) -> ExecutionResult:
    """The result of a mutation that is carried out once."""
    digest = await _digest([asked.query, asked.operation_name, asked.variables or {}])
    last: ExecutionResult | None = None

    async def answer() -> tuple[str, bool]:
        nonlocal last
        last = await execute()
        kept = {"data": last.data, "extensions": last.extensions}
        return encode(kept).decode(), not last.errors and last.data is not None

    text = await once(context, key, digest, answer)
    if last is not None and last.errors:
        return last
    body: Any = decode(text)
    return ExecutionResult(data=body["data"], errors=None, extensions=body["extensions"])


async def _digest(asked: list[Any]) -> str:
    """The SHA-256 of what is asked for, with the contents of its files."""
    files: list[Any] = []

    def named(value: Any) -> Any:
        if not hasattr(value, "read"):
            return repr(value)
        files.append(value)
        return {"file": len(files)}

    text = json.dumps(asked, sort_keys=True, default=named)
    digest = hashlib.sha256(text.encode())
    for file in files:
        digest.update(b"\0file\0")
        while part := await file.read(CHUNK_BYTES):
            await asyncio.to_thread(digest.update, part)
        await file.seek(0)
    return digest.hexdigest()

"""Queries whose documents are known: they are answered before anything else looks at the request.

Routing, the layers around the endpoint and Strawberry's reading of a request take longer than many a query. A plain
POST of JSON whose document was parsed before needs none of them. Whatever is not as plain as that, or does not
succeed, goes the usual way, which does the same and says what is wrong. The usual way also knows other methods, media
types, uploads, streams and all mutations.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from json import JSONDecodeError
from typing import Any, Final, TypeVar, cast

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seggraph import tasks
from seggraph.transport import request_ids
from seggraph.transport.documents.persisted import PersistedDocuments
from seggraph.transport.encoding import decode, encode
from seggraph.transport.media_types import JSON, content_type, negotiate, status_of
from seggraph.transport.pacing import work_for
from seggraph.transport.schema import ServedSchema
from seggraph.transport.throttled import hold_back_if, rate_headers, retry_headers

T = TypeVar("T")

MAX_BYTES: Final = 64 * 1024
"""A larger body is not looked into for a document that is known: it is read once, on the usual way."""
MAX_DIGITS: Final = 10
"""Most digits of a length: Python refuses to read a number of thousands."""
WATCHED_AFTER_SECONDS: Final = 0.05
"""Queries that take longer are cancelled when their client goes away; to watch all would cost more than it saves."""
_READY: Final = "seggraph.ready_answer"
_UTF8: Final = frozenset({"utf-8", "utf8"})

Layers = Callable[[ASGIApp], ASGIApp]
"""What puts around an application that only answers whatever adds to answers: headers, compression."""


class KnownQueries:
    """The short way of a query through one process.

    `context` makes the context of a request, as for the endpoint. `layers` are put around answers of `layered_bytes`
    or more, and around all answers to pages of other origins; any other answer has `headers` of theirs. `answered` is
    called with the status of each answer.
    """

    def __init__(
        self,
        served: ServedSchema,
        documents: PersistedDocuments,
        context: Callable[[HTTPConnection, None], Awaitable[Any]],
        *,
        layers: Layers = lambda application: application,
        layered_bytes: int = MAX_BYTES,
        answered: Callable[[int], None] = lambda _: None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._served = served
        self._documents = documents
        self._context = context
        self._layered = layers(_send_ready)
        self._layered_bytes = layered_bytes
        self._answered = answered
        self._headers = [(name.encode(), value.encode()) for name, value in headers]

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """Answer an HTTP request, and return None; or return what its body is read with on the usual way."""
        if scope["method"] != "POST":
            return receive
        headers: dict[bytes, bytes] = dict(scope["headers"])
        media_type = _media_type(headers)
        if media_type is None or len(headers) != len(scope["headers"]):
            return receive
        message = await receive()
        if message["type"] != "http.request" or message.get("more_body", False):
            return _again(message, receive)
        asked = self._asked(message["body"])
        if asked is None:
            return _again(message, receive)
        request_id = request_ids.choose(headers.get(request_ids.HEADER_BYTES, b"").decode("latin-1"))
        with request_ids.bound(request_id):
            try:
                context = await self._context(HTTPConnection(scope), None)
                work_for(context)
                answer = await unless_abandoned(self._served.answer(*asked, context), receive)
            except ClientDisconnect:
                return None
            except Exception:  # whatever is wrong, the usual way meets it again and says so
                answer = None
        if answer is None:
            return _again(message, receive)
        status = status_of(answer, media_type)
        self._answered(status)
        added = rate_headers(context)
        if "errors" in answer:
            added += retry_headers(answer)
            await hold_back_if(status, context)
        body = encode(answer)
        await self._send(scope, receive, send, headers, body, status, media_type, request_id, added)
        return None

    def _asked(self, body: bytes) -> tuple[str, dict[str, Any], str | None] | None:
        """The document, the variables and the name of the operation in a body; None when it is not plain."""
        try:
            asked: Any = decode(body)
        except JSONDecodeError:
            return None
        if type(asked) is not dict:
            return None
        query = self._documents.known_text(asked)
        variables, name = asked.get("variables"), asked.get("operationName")
        is_plain = isinstance(name, str | None) and isinstance(variables, dict | None)
        is_plain = is_plain and isinstance(asked.get("extensions"), dict | None)
        return (query, variables or {}, name) if query is not None and is_plain else None

    async def _send(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        asked_with: Mapping[bytes, bytes],
        body: bytes,
        status: int,
        media_type: str,
        request_id: str,
        added: list[tuple[bytes, bytes]],
    ) -> None:
        is_packed = b"accept-encoding" in asked_with and len(body) >= self._layered_bytes
        if is_packed or b"origin" in asked_with:
            more = {name.decode(): value.decode() for name, value in added}
            scope[_READY] = answer_of(body, status, media_type, {request_ids.HEADER: request_id} | more)
            await self._layered(scope, receive, send)
            return
        headers = [
            (b"content-type", f"{media_type}; charset=utf-8".encode()),
            (b"cache-control", b"no-store"),
            (b"content-length", str(len(body)).encode()),
            (request_ids.HEADER_BYTES, request_id.encode()),
            *self._headers,
            *added,
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class QueriesFirst(Starlette):
    """An application whose plain queries at one path go the short way; see `Starlette` for the options.

    `around` is put around both ways: what says who the client is must be known on each of them.
    """

    def __init__(
        self,
        path: str,
        known: KnownQueries,
        *,
        around: Layers = lambda application: application,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._known_path = path
        self._known = known
        self._whole = around(self._serve)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, a WebSocket, or the lifespan."""
        await self._whole(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == scope.get("root_path", "") + self._known_path:
            rest = await self._known.answer(scope, receive, send)
            if rest is None:
                return
            receive = rest
        await super().__call__(scope, receive, send)


def answer_of(
    body: bytes, status: int, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The response with an answer of GraphQL."""
    named = {"content-type": f"{media_type}; charset=utf-8", "cache-control": "no-store"}
    return Response(body, status_code=status, headers={**named, **(headers or {})})


async def unless_abandoned(work: Coroutine[Any, Any, T], receive: Receive) -> T:
    """Return the result, or cancel the work and raise ClientDisconnect when the client goes away meanwhile."""
    task = cast(asyncio.Task[Any], asyncio.current_task())
    leaving: asyncio.Task[None] | None = None
    is_left = False

    async def end() -> None:
        nonlocal is_left
        await _disconnect(receive)
        is_left = True
        task.cancel()

    def watch() -> None:
        nonlocal leaving
        leaving = asyncio.create_task(end())

    timer = asyncio.get_running_loop().call_later(WATCHED_AFTER_SECONDS, watch)
    try:
        return await work
    except asyncio.CancelledError:
        if not is_left or task.uncancel():
            raise
        raise ClientDisconnect from None
    finally:
        timer.cancel()
        if leaving is not None and not is_left:
            await tasks.end([leaving])


async def _disconnect(receive: Receive) -> None:
    """Return when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_ready(scope: Scope, receive: Receive, send: Send) -> None:
    await scope[_READY](scope, receive, send)


def _media_type(headers: Mapping[bytes, bytes]) -> str | None:
    """The media type of the answer to a plain request; None for a request that is not plain."""
    length = headers.get(b"content-length", b"")
    if not length.isdigit() or len(length) > MAX_DIGITS or int(length) > MAX_BYTES:
        return None
    sent, charset = content_type(headers.get(b"content-type", b"").decode("latin-1"))
    if sent != JSON or charset not in _UTF8:
        return None
    named = headers.get(b"accept")
    accepted = negotiate(None if named is None else named.decode("latin-1"))
    return None if accepted.prefers_stream else accepted.response


def _again(first: Message, receive: Receive) -> Receive:
    """A `receive` that begins with a message that was read already."""
    is_given = False

    async def receive_again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return first

    return receive_again

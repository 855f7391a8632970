"""The graphql-transport-ws protocol: Strawberry's handler, with the corners that it leaves open.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md . What stock gets wrong, and is put right here:

- A frame that is JSON but no message (a list, a number, a `subscribe` without an object) raises TypeError and
  ends the connection with 1011 or 1006. The protocol says 4400.
- Bytes from `encode_json` go out as binary frames, which the protocol's clients refuse.
- One context serves all operations of a connection, for hours: loaders in it would answer from memory.
- A connection outlives its credentials.
- An exception while accepting the connection leaves the socket open and silent.
"""

import asyncio
import copy
from collections.abc import AsyncGenerator, Callable, Coroutine, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from json import JSONDecodeError
from time import monotonic
from typing import Any, Protocol, cast

from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ConnectionInitMessage, Message

from seggraph import tasks
from seggraph.errors import Forbidden, RateLimited, Unauthenticated
from seggraph.throttling import Bounded, Place
from seggraph.transport.documents.persisted import PersistedDocuments, names_document
from seggraph.transport.encoding import encode
from seggraph.transport.frames import SEND_AT_ONCE
from seggraph.transport.idempotency.operations import OnceOnly
from seggraph.transport.idempotency.requests import Once, key_of_payload
from seggraph.transport.masking import failure_extensions, log_internal
from seggraph.transport.pacing import turn, work_for
from seggraph.transport.refusals import Refused
from seggraph.transport.sessions import Rights, until_refused
from seggraph.transport.sharing import Broadcasts, Member, Source
from seggraph.transport.throttled import hold_frames, paid, take

NORMAL = 1000
TRY_AGAIN_LATER = 1013
"""Clients connect again after it, which they do not after 4429."""
FORBIDDEN = 4403
INTERNAL_ERROR = 4500
MESSAGE_TOO_BIG = 1009
MOST_REASON_BYTES = 123
ENDED_AT_ONCE = 10
"""After how many operations of a socket that ends others have a turn."""


@dataclass(slots=True)
class Connection:
    """A socket whose client has not said yet who it is; `context` is set when it has and is accepted."""

    websocket: WebSocket
    per_operation: Callable[[Any], Any]
    connection_params: Mapping[str, object] | None = None
    context: Any = None
    place: Place | None = None
    """What it has of the sockets that may be open; it leaves it when it ends."""


class _Bounded(Protocol):
    max_body_bytes: int


class _Documented(Protocol):
    documents: PersistedDocuments


class _View(Protocol):
    broadcasts: Broadcasts
    once: Once | None

    async def renewed(self, connection: Connection) -> Any:
        """The context of a connection by the rights of now. Raises Unauthenticated or Forbidden."""

    def is_subscription(self, query: str, operation_name: str | None) -> bool:
        """Whether a document is known and its operation a subscription."""

    async def prepare(self, query: str, context: Any) -> None:
        """Have a document parsed and validated, so that it is known what kind of operation it has."""


class _Rechecking(Protocol):
    recheck_seconds: float
    idle_seconds: float
    rights: Rights

    async def readmit(self, connection: Connection) -> Any:
        """The context that the connection would get now. Raises Unauthenticated or Forbidden."""


class TextWebSocketAdapter(ASGIWebSocketAdapter):
    """Sends text frames, takes text frames only, and none larger than the endpoint's limit."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """Yield the messages of the client until one side closes."""
        limit = cast(_Bounded, self.view).max_body_bytes
        while self.ws.application_state is not WebSocketState.DISCONNECTED:
            frame = await self.ws.receive()
            if frame["type"] == "websocket.disconnect":
                return
            text = frame.get("text")
            if text is None:
                raise NonTextMessageReceived
            if len(text) > limit:
                await self.ws.close(MESSAGE_TOO_BIG, "Message too big")
                return
            try:
                message = self.view.decode_json(text)
            except JSONDecodeError as error:
                if ignore_parsing_errors:
                    continue
                raise NonJsonMessageReceived from error
            except Refused:
                await self.ws.close(MESSAGE_TOO_BIG, "Message too big")
                return
            yield message

    def send_text(self, text: str) -> Coroutine[Any, Any, None]:
        """Send one message that is encoded already."""
        return self.ws.send_text(text)

    @property
    def send_at_once(self) -> Callable[[bytes], bool] | None:
        """What sends an encoded message without waiting, where the server can; see `StraightWebSocket`."""
        found: Callable[[bytes], bool] | None = self.ws.scope.get(SEND_AT_ONCE)
        return found

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one message as text. Raises WebSocketDisconnected when the client is gone."""
        try:
            await self.ws.send_text(encode(message).decode())
        except (WebSocketDisconnect, RuntimeError) as error:
            # Starlette raises RuntimeError for a frame after the close that a concurrent task has sent.
            raise WebSocketDisconnected from error


class TransportWSHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """One graphql-transport-ws connection."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._watching: asyncio.Task[None] | None = None
        self._keys: dict[str, str] = {}
        self._idle: asyncio.Task[None] | None = None
        self._used_at = monotonic()

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Accept or reject the connection, and take over the context that was made for it."""
        if message.get("payload", {}) is None:
            message = {"type": "connection_init"}
        try:
            await super().handle_connection_init(message)
        except WebSocketDisconnected:
            raise
        except RateLimited as error:
            await self.websocket.close(TRY_AGAIN_LATER, shortened(error.message))
        except Exception as error:
            log_internal(error)
            await self.websocket.close(INTERNAL_ERROR, "Internal error")
        if self.connection_acknowledged and self._watching is None:
            work_for(cast(Connection, self.context).context)
            self._watching = asyncio.create_task(self._watch())
            self._idle = asyncio.create_task(self._close_when_idle())

    async def _watch(self) -> None:
        """Close the connection when its credentials do not hold any more."""
        view, connection = cast(_Rechecking, self.view), cast(Connection, self.context)
        check = partial(view.readmit, connection)
        await until_refused(check, view.recheck_seconds, view.rights, connection.context)
        await self.websocket.close(FORBIDDEN, "Forbidden")

    async def _close_when_idle(self) -> None:
        """Close the connection when nothing has run on it for long."""
        seconds = cast(_Rechecking, self.view).idle_seconds
        while True:
            if self.operations:
                self._used_at = monotonic()
            left = self._used_at + seconds - monotonic()
            if left <= 0:
                break
            await asyncio.sleep(min(left, max(seconds / 4, 0.05)))
        await self.websocket.close(NORMAL, "Idle")

    async def shutdown(self) -> None:
        """End the operations, stop looking at the credentials, and let another socket have the place."""
        try:
            await tasks.end([task for task in (self._watching, self._idle) if task is not None])
            while len(self.operations) > ENDED_AT_ONCE:
                await turn()
                await self._end_some()
        finally:
            try:
                await super().shutdown()
            finally:
                place = cast(Connection, self.context).place
                if place is not None:
                    place.leave()

    async def _end_some(self) -> None:
        """End a few operations: a hundred at once would hold the loop for long."""
        some = list(islice(self.operations.values(), ENDED_AT_ONCE))
        for operation in some:
            await self.cleanup_operation(operation.id)
        await tasks.end([operation.task for operation in some if operation.task is not None])

    async def handle_message(self, message: Message) -> None:
        """Handle a message after checking that it is one."""
        await turn()  # a client may send a hundred at once, on many sockets
        problem = _problem(message)
        if problem is not None:
            await self.handle_invalid_message(problem)
            return
        if message["type"] == "subscribe":
            payload = cast(dict[str, Any], message["payload"])
            self._used_at = monotonic()
            await hold_frames(cast(Connection, self.context).context)
            try:
                payload["query"] = await cast(_Documented, self.view).documents.text_of(payload)
                key = key_of_payload(payload)
                if key is not None and message["id"] not in self.operations:
                    self._keys[message["id"]] = key
            except Refused as refused:
                error = {"message": refused.message, "extensions": {"code": refused.code.value}}
                await self.websocket.send_json({"id": message["id"], "type": "error", "payload": [error]})
                return
        await super().handle_message(message)

    async def cleanup_operation(self, operation_id: str) -> None:
        """End an operation that its client does not want any more; it says nothing, also if it is just ending."""
        operation = self.operations.get(operation_id)
        if operation is not None:
            operation.completed = True
        await super().cleanup_operation(operation_id)

    async def handle_task_exception(self, error: Exception) -> None:
        """Log what an operation failed by, unless it is that its client has gone away."""
        if not isinstance(error, WebSocketDisconnected):
            await super().handle_task_exception(error)

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        """Run an operation with a context of its own, until it ends or its client goes away."""
        with suppress(WebSocketDisconnected):
            await self._run(operation)

    async def _run(self, operation: Operation[Any, None]) -> None:
        connection = cast(Connection, self.context)
        view = cast(_View, self.view)
        try:
            connection.context = await view.renewed(connection)
        except (Unauthenticated, Forbidden):
            await self.websocket.close(FORBIDDEN, "Forbidden")
            return
        handler = copy.copy(self)
        handler.context = connection.per_operation(connection.context)
        await view.prepare(operation.query, handler.context)
        key, once = self._keys.pop(operation.id, None), view.once
        if key is not None and once is not None:
            handler.schema = cast(Any, OnceOnly(cast(Any, self.schema), once, key, operation))
            await BaseGraphQLTransportWSHandler.run_operation(handler, operation)
            return
        if not view.is_subscription(operation.query, operation.operation_name):
            await BaseGraphQLTransportWSHandler.run_operation(handler, operation)
            return
        await turn()
        try:
            place = await take(handler.context, Bounded.SUBSCRIPTIONS)
        except RateLimited as error:
            extensions = failure_extensions(error)
            await operation.send_initial_errors([GraphQLError(error.message, extensions=extensions)])
            return
        try:
            await self._subscribe(handler, operation)
        finally:
            if place is not None:
                place.leave()

    async def _subscribe(
        self, handler: BaseGraphQLTransportWSHandler[Any, None], operation: Operation[Any, None]
    ) -> None:
        """Run a subscription, with others if it can be shared."""
        if self._key(operation, handler.context) is None:
            await BaseGraphQLTransportWSHandler.run_operation(handler, operation)
            return
        try:
            await self._share(handler, operation)
        except (Unauthenticated, Forbidden):
            await self.websocket.close(FORBIDDEN, "Forbidden")

    def _key(self, operation: Operation[Any, None], context: Any) -> Hashable:
        """The key of the group of subscribers that get the same events; None for an operation that is not shared."""
        scope_of = getattr(context, "scope_of", None)
        query, name = operation.query, operation.operation_name
        if scope_of is None or not cast(_View, self.view).is_subscription(query, name):
            return None
        return query, name, encode(operation.variables), scope_of(query)

    async def _share(
        self, handler: BaseGraphQLTransportWSHandler[Any, None], operation: Operation[Any, None]
    ) -> None:
        """Run a subscription: by itself until it can join the others, and again when it has left them.

        Raises Unauthenticated or Forbidden when it had to leave and may not go on.
        """
        connection, view = cast(Connection, self.context), cast(_View, self.view)
        socket = cast(TextWebSocketAdapter, self.websocket)
        member = Member(operation.id, socket.send_text, socket.send_at_once)
        source = Source(
            partial(
                self.schema.stream,
                operation.query,
                variable_values=operation.variables,
                operation_name=operation.operation_name,
            ),
            lambda: paid(connection.per_operation(connection.context)),
        )
        while True:
            member.begin(handler.context)
            with view.broadcasts.joining(self._key(operation, handler.context), member, source):
                alone = asyncio.create_task(BaseGraphQLTransportWSHandler.run_operation(handler, operation))
                try:
                    await asyncio.wait({alone, member.joined}, return_when=asyncio.FIRST_COMPLETED)
                    if alone.done():
                        return alone.result()
                finally:
                    await tasks.end([alone])
                cursor = await member.alone()
            connection.context = await view.renewed(connection)
            handler.context = paid(connection.per_operation(connection.context))
            handler.context.start = cursor


def shortened(reason: str) -> str:
    """A reason as a close frame has room for it."""
    return reason.encode()[:MOST_REASON_BYTES].decode(errors="ignore")


def _problem(message: object) -> str | None:
    """Return what is wrong with the shape of a message; None when the handler can take it."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message must be an object with a type"
    if message["type"] in ("subscribe", "complete") and not _is_id(message.get("id")):
        return "The id of an operation must be a string"
    if message["type"] == "subscribe":
        return _payload_problem(message.get("payload"))
    return None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255


def _payload_problem(payload: object) -> str | None:
    if not isinstance(payload, dict):
        return "The payload of subscribe must be an object with a query"
    if not isinstance(payload.get("query"), str) and not names_document(payload):
        return "The payload of subscribe must be an object with a query, or name a persisted document"
    if not isinstance(payload.get("variables"), (dict, type(None))):
        return "The variables must be an object"
    if not isinstance(payload.get("operationName"), (str, type(None))):
        return "The operationName must be a string"
    return None

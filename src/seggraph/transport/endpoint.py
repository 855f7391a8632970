"""The endpoint: one path that speaks GraphQL over HTTP, server-sent events and WebSocket, and shows GraphiQL.

It decides who may speak and in which form; Strawberry parses the request and runs the operation. What stock
does otherwise, and why that does not do:

- every answer is 200 ``application/json``; failures of the transport itself are plain text;
- the context, and so authentication, is made before the method is looked at and before the page is shown;
- subscriptions by a plain POST are run as queries; mutations by GET get 400 without an Allow header;
- an event stream is sent to every client that can read one, though it would rather have JSON (urql says so
  with each query);
- multipart bodies, which any form on any site can send, are taken without asking for a preflighted header;
- bodies have no size limit, and a body that is JSON but no object ends in 500.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from json import JSONDecodeError
from typing import Any, cast

from cross_web import AsyncHTTPRequestAdapter, FormData, HTTPException, StarletteRequestAdapter
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.http.streaming import HTTPStreamTransport
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from seggraph.errors import Forbidden, RetryLater, SeggraphError, Unauthenticated
from seggraph.throttling import Bounded
from seggraph.transport import request_ids
from seggraph.transport.codes import TransportCode
from seggraph.transport.documents.persisted import PersistedDocuments
from seggraph.transport.encoding import decode, encode
from seggraph.transport.idempotency.requests import Once, key_of, result_of
from seggraph.transport.inputs import large_bodies
from seggraph.transport.known import answer_of, unless_abandoned
from seggraph.transport.masking import log_internal
from seggraph.transport.media_types import (
    EVENT_STREAM,
    JSON,
    Accepted,
    content_type,
    negotiate,
    status_of,
    wants_page,
)
from seggraph.transport.pacing import STEP_OF_JSON, as_json, turn
from seggraph.transport.pages import GraphiQLAssets, GraphiQLPage
from seggraph.transport.refusals import Refused, failure, internal_failure, no_json, refusal
from seggraph.transport.schema import ServedSchema, is_request_error
from seggraph.transport.sessions import Rights, while_admitted
from seggraph.transport.sharing import Broadcasts
from seggraph.transport.throttled import (
    caller_of,
    hold_back_if,
    in_lane,
    leave_places,
    rate_headers,
    remember,
    retry_headers,
    take,
    take_for_request,
)
from seggraph.transport.websocket import Connection, TextWebSocketAdapter, TransportWSHandler

ContextFactory = Callable[[Request | WebSocket, Mapping[str, object] | None], Awaitable[Any]]
"""Makes the context of a request, or of a WebSocket from the payload of its `connection_init`.

Raises `Unauthenticated` or `Forbidden` to turn the client away: 401 or 403 over HTTP, 4403 over WebSocket.
"""

PREFLIGHT_HEADERS = ("apollo-require-preflight", "graphql-require-preflight", "x-seggraph-csrf")
"""Headers that no form can send: a browser asks first (CORS preflight) before a page of another site may."""

MIB = 1024 * 1024
SMALL_BYTES = 64 * 1024
"""A larger body comes in turns with what else takes the event loop."""
MULTIPART = "multipart/form-data"


class BoundedFormAdapter(StarletteRequestAdapter):
    """Reads multipart bodies with a limit on the number of their parts."""

    max_parts = 20

    async def get_form_data(self) -> FormData:
        """Return the parts of the body; files are spooled to disk."""
        form = await self._request.form(max_files=self.max_parts, max_fields=self.max_parts)
        return FormData(files=form, form=form)

    async def read_large_body(self) -> None:
        """Read the JSON of a large body ahead, while others have the event loop. Raises Refused, JSONDecodeError."""
        if self.method == "POST" and not _is_upload(self._request):
            body = await self._request.body()
            if len(body) >= large_bodies.LARGE_BYTES:
                await large_bodies.read(body, partial(in_lane, caller_of(self._request.scope)))


class GraphQLEndpoint(GraphQL[Any, None]):
    """An ASGI application that serves one schema. Mount it with ``Starlette(routes=endpoint.routes("/graphql"))``.

    `context` makes the context of each HTTP request and each WebSocket connection. `per_operation` is called
    with a connection's context for each operation on the socket and returns the one to run it with: give every
    operation its own loaders there. `allowed_origins` are the origins other than our own whose pages may open a
    WebSocket (CORS for HTTP is a middleware's work). Sizes are in bytes, `connection_init_timeout` in seconds.
    Every `recheck_seconds`, and after `rights.change()`, the context of whatever is open is made anew: it ends when
    that turns it away. A WebSocket without an operation for `idle_seconds` is closed.
    `once` carries mutations with an idempotency key out. `documents` are those that requests may name by their hash.
    """

    request_adapter_class = BoundedFormAdapter
    websocket_adapter_class = TextWebSocketAdapter
    graphql_transport_ws_handler_class = TransportWSHandler

    def __init__(
        self,
        schema: ServedSchema,
        context: ContextFactory,
        *,
        per_operation: Callable[[Any], Any] = lambda context: context,
        allowed_origins: Sequence[str] = (),
        max_body_bytes: int = 8 * MIB,
        max_upload_bytes: int = 64 * MIB,
        max_subscriptions_per_connection: int = 100,
        connection_init_timeout: float = 10.0,
        recheck_seconds: float = 30.0,
        idle_seconds: float = 600.0,
        once: Once | None = None,
        documents: PersistedDocuments | None = None,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=connection_init_timeout),
            multipart_uploads_enabled=True,
            max_subscriptions_per_connection=max_subscriptions_per_connection,
            allowed_origins=allowed_origins,
        )
        self._served = schema
        self.broadcasts = Broadcasts()
        self.max_body_bytes = max_body_bytes
        self.max_upload_bytes = max_upload_bytes
        self.recheck_seconds = recheck_seconds
        self.idle_seconds = idle_seconds
        self.rights = Rights()
        self.once = once
        self._make_context = context
        self._per_operation = per_operation
        self.documents = documents or PersistedDocuments()
        self._page = GraphiQLPage()

    def routes(self, path: str = "/graphql") -> list[BaseRoute]:
        """Return the routes of the endpoint and of the files of its page."""
        return [
            Route(path, self),
            WebSocketRoute(path, self),
            Mount(f"{path}/assets", GraphiQLAssets()),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a WebSocket under a request id."""
        proposed = dict(scope["headers"]).get(request_ids.HEADER.encode(), b"").decode("latin-1")
        request_id = request_ids.choose(proposed)
        with request_ids.bound(request_id):
            if scope["type"] == "http":
                named = (request_ids.HEADER.encode(), request_id.encode())
                await self._serve(scope, receive, _with_headers(send, scope, named))
            else:
                await super().__call__(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        accepted = negotiate(request.headers.get("accept"))
        try:
            response = await self._answer(request, accepted)
            await hold_back_if(response.status_code, caller_of(scope))
            await response(scope, receive, send)
        except ClientDisconnect:
            return
        finally:
            leave_places(scope)

    async def _answer(self, request: Request, accepted: Accepted) -> Response:
        try:
            if self._asks_for_page(request):
                return self._page.render(request)
            limit = self._admit(request, accepted)
            if _is_upload(request):
                context = await self._make_context(request, None)
                await take_for_request(request.scope, context, Bounded.UPLOADS)
            bounded = Request(request.scope, _limited(request.receive, limit))
            return await self._run_bounded(bounded)
        except Refused as refused:
            return refusal(refused, accepted.response)
        except HTTPException as error:
            return refusal(Refused(TransportCode.BAD_REQUEST, error.reason), accepted.response)
        except StarletteHTTPException as error:
            return refusal(Refused(TransportCode.BAD_REQUEST, error.detail), accepted.response)
        except SeggraphError as error:
            return failure(error, accepted.response)
        except ClientDisconnect:
            raise
        except Exception as error:
            log_internal(error)
            return internal_failure(accepted.response)

    async def _run_bounded(self, request: Request) -> Response:
        """Answer, and close the files of an upload, which stock leaves open; those of a stream when it ends."""
        response: Response | None = None
        try:
            response = await self.run(request)
        finally:
            if not isinstance(response, StreamingResponse):
                await request.close()
        if isinstance(response, StreamingResponse):
            response.body_iterator = _closing(request, response.body_iterator)
        return response

    def _asks_for_page(self, request: Request) -> bool:
        asks = request.method == "GET" and "query" not in request.query_params
        return asks and wants_page(request.headers.get("accept"))

    def _admit(self, request: Request, accepted: Accepted) -> int:
        """Check the form of the request and return how large its body may be. Raises Refused."""
        if request.method not in ("GET", "POST"):
            raise Refused(
                TransportCode.METHOD_NOT_ALLOWED, "Use GET or POST.", headers={"allow": "GET, POST"}
            )
        limit = _check_content_type(request, self.max_body_bytes, self.max_upload_bytes)
        if accepted.response is None and not accepted.streams:
            raise Refused(
                TransportCode.NOT_ACCEPTABLE, f"Accept {JSON} or application/graphql-response+json."
            )
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
        return limit

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Return what travels to `create_response`: here the media type that was negotiated."""
        response = await super().get_sub_response(request)
        response.media_type = negotiate(request.headers.get("accept")).response or JSON
        return response

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        """Return the context of a request; of a WebSocket a stand-in, until its client has said who it is."""
        if isinstance(request, WebSocket):
            return Connection(request, self._per_operation)
        context = await self._make_context(request, None)
        remember(request.scope, context)
        return context

    async def on_ws_connect(self, context: Any) -> UnsetType | dict[str, object] | None:
        """Make the context of a connection. Raises ConnectionRejectionError, which closes it with 4403."""
        connection = cast(Connection, context)
        try:
            connection.context = await self._make_context(connection.websocket, connection.connection_params)
        except (Unauthenticated, Forbidden) as error:
            raise ConnectionRejectionError from error
        connection.place = await take(connection.context, Bounded.SOCKETS)
        return cast(UnsetType, UNSET)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Return False: the page has been dealt with before Strawberry sees the request."""
        return False

    def _get_stream_transport_from_headers(self, headers: Mapping[str, str]) -> HTTPStreamTransport | None:
        accepted = negotiate(headers.get("accept"))
        return self._stream_transport_map["sse"] if accepted.prefers_stream else None

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        """Return what is asked for. Raises Refused when the body is JSON of another shape."""
        try:
            await cast(BoundedFormAdapter, request).read_large_body()
            data = await super().parse_http_body(request)
        except JSONDecodeError as error:
            raise no_json(error) from error
        except (AttributeError, TypeError, IndexError, ValueError) as error:
            raise Refused(TransportCode.BAD_REQUEST, "The body is not a GraphQL request.") from error
        if isinstance(data, GraphQLRequestData):
            if not isinstance(data.operation_name, (str, type(None))):
                raise Refused(TransportCode.BAD_REQUEST, "The operationName must be a string or null.")
            asked = {"query": data.query, "extensions": data.extensions}
            asked["documentId"] = await _document_id(request)
            data.query = await self.documents.text_of(asked)
        return data

    async def execute_operation(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        request_data: GraphQLRequestData | list[GraphQLRequestData],
        context: Any,
        root_value: None,
        sub_response: Response,
    ) -> Any:
        """Run the operation; a subscription becomes a stream when the client can read one. Raises Refused."""
        data = cast(GraphQLRequestData, request_data)  # Batches are refused while parsing.
        if not data.query:
            raise Refused(TransportCode.BAD_REQUEST, "The request has no query.")
        arguments: dict[str, Any] = {
            "variable_values": data.variables,
            "context_value": context,
            "operation_name": data.operation_name,
            "operation_extensions": data.extensions,
        }
        by_get = request.method == "GET"
        single = {OperationType.QUERY} if by_get else {OperationType.QUERY, OperationType.MUTATION}
        streamed = single | {OperationType.SUBSCRIPTION}
        key = key_of(request.headers)
        if data.protocol == "sse":
            if key is not None:
                raise Refused(
                    TransportCode.BAD_REQUEST, f"With an Idempotency-Key accept {JSON}, not a stream."
                )
            return await self._stream(data, request, streamed, arguments)
        try:
            # Queries first, for these end when nobody waits for them any more; what changes something never does.
            running = self.schema.execute(
                data.query, allowed_operation_types={OperationType.QUERY}, **arguments
            )
            return await unless_abandoned(running, request.receive)
        except InvalidOperationTypeError as error:
            if error.operation_type in single:
                execute = partial(
                    self.schema.execute, data.query, allowed_operation_types=single, **arguments
                )
                if key is None or self.once is None:
                    return await execute()
                return await result_of(self.once, context, key, data, execute)
            if error.operation_type is not OperationType.SUBSCRIPTION:
                raise _only_by_post() from error
            if not negotiate(request.headers.get("accept")).streams:
                raise _needs_stream() from error
            data.protocol = "sse"
            return await self._stream(data, request, streamed, arguments)
        except CannotGetOperationTypeError as error:
            raise Refused(TransportCode.BAD_REQUEST, error.as_http_error_reason()) from error

    async def _stream(
        self,
        data: GraphQLRequestData,
        request: Request,
        allowed: set[OperationType],
        arguments: dict[str, Any],
    ) -> AsyncGenerator[Any, None]:
        """Run an operation as a stream. Raises RateLimited when too many are open."""
        for kind in (Bounded.SOCKETS, Bounded.SUBSCRIPTIONS):
            await take_for_request(request.scope, arguments["context_value"], kind)
        source = await self.schema.stream(data.query, allowed_operation_types=allowed, **arguments)
        return self._while_admitted(source, request, arguments["context_value"])

    def _while_admitted(
        self, source: AsyncGenerator[Any, None], request: Request, context: Any
    ) -> AsyncGenerator[Any, None]:
        check = partial(self._make_context, request, None)
        return while_admitted(source, check, self.recheck_seconds, self.rights, context)

    async def readmit(self, connection: Connection) -> Any:
        """The context that a WebSocket would get now. Raises Unauthenticated or Forbidden."""
        return await self._make_context(connection.websocket, connection.connection_params)

    async def renewed(self, connection: Connection) -> Any:
        """The context of a connection by the rights of now. Raises Unauthenticated or Forbidden."""
        try:
            return await self._make_context(connection.websocket, connection.connection_params)
        except RetryLater:
            return connection.context

    def is_subscription(self, query: str, operation_name: str | None) -> bool:
        """Whether a document is known and its operation a subscription."""
        return self._served.is_subscription(query, operation_name)

    async def prepare(self, query: str, context: Any) -> None:
        """Have a document parsed and validated, so that it is known what kind of operation it has."""
        await self._served.prepare_any(query, context)

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """Return the body of a result, without `data` when nothing was executed."""
        body = await super().process_result(request, result)
        if is_request_error(result.data, result.errors):
            del body["data"]
        elif result.data is not None and _cost_of(result) > STEP_OF_JSON:
            body["data"] = cast(Any, await as_json(result.data))
        return body

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        """Return the response, with the media type that was negotiated and the status that fits it."""
        body = cast(dict[str, Any], response_data)
        media_type = sub_response.media_type or JSON
        more = {name.decode(): value.decode() for name, value in retry_headers(body)}
        return answer_of(self.encode_json(response_data), status_of(body, media_type), media_type, more)

    def encode_json(self, data: object) -> bytes:
        """Return compact JSON."""
        return encode(data)

    def parse_json(self, data: str | bytes) -> object:
        """Read the JSON of a request. Raises Refused for what is none, or a batch."""
        try:
            value = self.decode_json(data)
        except JSONDecodeError as error:
            raise no_json(error) from error
        if isinstance(value, list):
            raise Refused(
                TransportCode.BAD_REQUEST,
                "The request is a batch, which is not served: send an object with a query, one operation in each"
                " request.",
            )
        return value

    def decode_json(self, data: str | bytes) -> object:
        """Read JSON. Raises Refused for what would take long to read, and JSONDecodeError."""
        known = large_bodies.decoded(data)
        if known is not None:
            return known[0]
        large_bodies.check(data)
        return decode(data)


def _cost_of(result: ExecutionResult) -> int:
    cost: int = (result.extensions or {}).get("cost", {}).get("requested", 0)
    return cost


async def _document_id(request: AsyncHTTPRequestAdapter) -> Any:
    """The `documentId` of a request, which Strawberry drops; None when it has none."""
    if request.method == "GET":
        return request.query_params.get("documentId")
    if content_type(request.content_type)[0] == JSON:
        body = await request.get_body()
        known = large_bodies.decoded(body)
        asked = known[0] if known is not None else decode(body) if b'"documentId"' in body else None
    else:
        operations = (await request.get_form_data()).form.get("operations")
        asked = decode(operations) if isinstance(operations, str) else None
    return asked.get("documentId") if isinstance(asked, dict) else None


async def _closing(request: Request, parts: AsyncIterable[Any]) -> AsyncGenerator[Any, None]:
    """The parts of a stream, after which the files of its request are closed."""
    try:
        async for part in parts:
            yield part
    finally:
        await request.close()


def _is_upload(request: Request) -> bool:
    return content_type(request.headers.get("content-type"))[0] == MULTIPART


def _check_content_type(request: Request, max_body_bytes: int, max_upload_bytes: int) -> int:
    if request.method == "GET":
        return max_body_bytes
    media_type, charset = content_type(request.headers.get("content-type"))
    if media_type == MULTIPART:
        if not any(request.headers.get(name) for name in PREFLIGHT_HEADERS):
            raise Refused(
                TransportCode.CSRF_PREFLIGHT_REQUIRED,
                f"A multipart request needs one of the headers {', '.join(PREFLIGHT_HEADERS)}.",
            )
        return max_upload_bytes
    if media_type != JSON or charset not in ("utf-8", "utf8"):
        raise Refused(
            TransportCode.UNSUPPORTED_MEDIA_TYPE, f"Send {JSON} in UTF-8.", headers={"accept-post": JSON}
        )
    return max_body_bytes


def _too_large(limit: int) -> Refused:
    return Refused(TransportCode.PAYLOAD_TOO_LARGE, f"The body is larger than {limit} bytes.")


def _only_by_post() -> Refused:
    return Refused(
        TransportCode.METHOD_NOT_ALLOWED, "Mutations are served by POST only.", headers={"allow": "POST"}
    )


def _needs_stream() -> Refused:
    return Refused(
        TransportCode.NOT_ACCEPTABLE,
        f"Subscriptions need `Accept: {EVENT_STREAM}` or a WebSocket with graphql-transport-ws.",
    )


def _limited(receive: Receive, limit: int) -> Receive:
    """Return a `receive` that raises Refused when more than `limit` bytes of body have come.

    The parts of a large body come in turns: to take them takes the event loop, and there may be many such bodies.
    """
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise _too_large(limit)
        if received > SMALL_BYTES:
            await turn()
        return message

    return receive_limited


def _with_headers(send: Send, scope: Scope, named: tuple[bytes, bytes]) -> Send:
    """Return a `send` that adds a header to the response, and those that say what is left to spend."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), named, *rate_headers(caller_of(scope))]
        await send(message)

    return send_with_headers

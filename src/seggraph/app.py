"""The API as an ASGI application: GraphQL, the console, documents, health checks, metrics, downloads, feedback."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Final, cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp
from starlette_compress import CompressMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import seggraph
from seggraph import tasks
from seggraph.access import Viewer, require_address, require_personal_data
from seggraph.api.base.context import Caller, caller_factory, user_agent_of
from seggraph.api.base.idempotency import IdempotentMutations
from seggraph.api.operations import monitoring
from seggraph.api.operations.monitoring import CountedRequests, Monitoring
from seggraph.api.schema import build_schema
from seggraph.console import Console
from seggraph.console.serving import DOCUMENTS as CONSOLE_DOCUMENTS
from seggraph.context import Context, open_context
from seggraph.errors import Invalid, NotFound, RetryLater, SeggraphError
from seggraph.events import Hub
from seggraph.files import signed_paths, uploads
from seggraph.scim import ScimEndpoint
from seggraph.services.audit import audit, repeated
from seggraph.services.campaigns import report_rejects
from seggraph.services.destinations import feedback as destination_feedback
from seggraph.services.exports import exports
from seggraph.services.identity import present, rights
from seggraph.services.identity.sign_ins import SignIns
from seggraph.services.imports import imports
from seggraph.services.imports import rejects as import_rejects
from seggraph.services.operations import health
from seggraph.settings import Settings
from seggraph.transport import GraphQLEndpoint, PersistedDocuments, RedisDocumentStore, read_trusted
from seggraph.transport.endpoint import PREFLIGHT_HEADERS
from seggraph.transport.known import KnownQueries, QueriesFirst
from seggraph.transport.pages import DocumentFiles, StartPage, secured
from seggraph.transport.throttled import NAMES as RATE_HEADERS
from seggraph.vocabulary import AuditAction, AuditSubject, ExportFormat

GRAPHQL: Final = "/graphql"
DOCUMENTS: Final = "/docs"
EXPORTED: Final = "/files/exports/{workspace_id}/{export_id}"
FEEDBACK: Final = "/destinations/{destination_id}/feedback"
CLIENT_CONFIGURATION: Final = "/client-configuration"
"""What clients have to know before they sign in."""

REJECTED: Final = "/files/imports/{workspace_id}/{import_id}/rejected.csv"
REJECTED_OF_REPORT: Final = "/files/ad-reports/{workspace_id}/{name}/rejected.csv"
ALLOWED_HEADERS: Final = (
    "accept",
    "authorization",
    "content-type",
    "x-request-id",
    *PREFLIGHT_HEADERS,
    "apollographql-client-name",
    "apollographql-client-version",
    "x-apollo-operation-id",
    "x-apollo-operation-name",
    "traceparent",
    "tracestate",
    "baggage",
    "idempotency-key",
)
"""Headers that pages of other origins may send: ours, and those of the usual clients and of tracing."""
CORS_SECONDS: Final = 600
MEDIA_TYPES: Final = {
    (False, ExportFormat.CSV): "text/csv; charset=utf-8",
    (False, ExportFormat.PLAIN_CSV): "text/csv; charset=utf-8",
    (False, ExportFormat.JSON_LINES): "application/jsonl; charset=utf-8",
    (True, ExportFormat.CSV): "application/gzip",
    (True, ExportFormat.PLAIN_CSV): "application/gzip",
    (True, ExportFormat.JSON_LINES): "application/gzip",
}
MAX_DIGITS: Final = 18
"""Most digits of a number in a path: every id has fewer."""
COMPRESSED_BYTES: Final = 8 * 1024
"""Smaller answers are sent as they are: compressing them would take longer than it saves."""
UPLOAD_OVERHEAD_BYTES: Final = 1024 * 1024
"""Bytes that a multipart body may have besides the file."""

Opening = Callable[[], AbstractAsyncContextManager[Context]]
"""Opens the context of the services while the application runs."""


class Api:
    """The API of one process: the application, and the connections that its lifespan opens."""

    def __init__(self, settings: Settings, opening: Opening) -> None:
        self._settings = settings
        self._opening = opening
        self._monitoring = Monitoring()
        self._sign_ins = SignIns()
        self._services: Context | None = None
        self._hub: Hub | None = None
        schema, documents = build_schema(self._observe, settings), self._documents(settings)
        endpoint = self._endpoint = GraphQLEndpoint(
            schema,
            self._caller,
            per_operation=Caller.afresh,
            allowed_origins=settings.allowed_origins,
            max_upload_bytes=settings.max_upload_bytes + UPLOAD_OVERHEAD_BYTES,
            max_subscriptions_per_connection=settings.max_socket_operations,
            idle_seconds=settings.socket_idle_seconds,
            recheck_seconds=settings.session_check_seconds,
            once=IdempotentMutations(settings),
            documents=documents,
        )
        known = KnownQueries(
            schema,
            documents,
            self._caller,
            layers=lambda answers: CORSMiddleware(_compressed(answers), **_cors(settings)),
            layered_bytes=COMPRESSED_BYTES,
            answered=partial(self._monitoring.request, GRAPHQL),
            headers=[("vary", "Origin")],  # as the layer for other origins says of every answer
        )
        document_files = DocumentFiles()
        start = StartPage(settings.public_url, document_files.titles, DOCUMENTS)
        console = Console(settings.public_url)
        self.application = QueriesFirst(
            GRAPHQL,
            known,
            around=partial(_around, settings),
            routes=[
                Route(DOCUMENTS, start.answer),
                document_files.route(DOCUMENTS),
                *endpoint.routes(GRAPHQL),
                Route(CLIENT_CONFIGURATION, self._client_configuration),
                Route("/healthz", _alive),
                Route("/readyz", self._ready),
                Route("/metrics", self._metrics),
                Route(REJECTED, self._rejected),
                Route(REJECTED_OF_REPORT, self._rejected_of_report),
                Route(EXPORTED, self._exported),
                Route(FEEDBACK, self._feedback, methods=["POST"]),
                ScimEndpoint(self._provisioner).route(),
                *console.routes(),
            ],
            middleware=[
                Middleware(CountedRequests, monitoring=self._monitoring),
                Middleware(CORSMiddleware, **_cors(settings)),
                Middleware(_compressed),
            ],
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with self._opening() as services:
            hub = Hub(services.stream)
            async with hub.running():
                watching = asyncio.create_task(
                    rights.watch(services.settings.database_url or "", self._rights_changed)
                )
                self._services, self._hub = services, hub
                try:
                    yield
                finally:
                    self._services = self._hub = None
                    await tasks.end([watching])

    def _rights_changed(self) -> None:
        """Check everyone anew, and end what is open for those who may not go on."""
        self._sign_ins.forget()
        self._endpoint.rights.change()

    def _documents(self, settings: Settings) -> PersistedDocuments:
        """The documents that clients may name by their hash. Raises Invalid for a file that cannot be used."""
        try:
            path = settings.persisted_documents
            trusted = read_trusted(CONSOLE_DOCUMENTS) | ({} if path is None else read_trusted(path))
        except ValueError as error:
            raise Invalid(f"SEGGRAPH_PERSISTED_DOCUMENTS: {error}") from error
        store = RedisDocumentStore(lambda: None if self._services is None else self._services.redis)
        return PersistedDocuments(trusted, store=store, only_trusted=settings.only_persisted_documents)

    async def _caller(self, connection: HTTPConnection, parameters: Mapping[str, object] | None) -> Caller:
        if self._services is None or self._hub is None:
            raise RetryLater("The server is starting or stopping; try again in a moment.")
        return await caller_factory(self._services, self._hub, self._sign_ins)(connection, parameters)

    async def _provisioner(self, request: Request) -> tuple[Context, Viewer, str]:
        """Who provisions users, and where they reach us. Raises as `_caller`."""
        caller = await self._caller(request, None)
        return caller.services, caller.viewer, caller.base_url

    def _observe(self, type_: str, outcome: str, seconds: float) -> None:
        """Take down an operation that is over; after any that may have changed rights, they are looked at anew."""
        if type_ == "mutation":
            self._sign_ins.forget()
        self._monitoring.operation(type_, outcome, seconds)

    async def _rejected(self, request: Request) -> Response:
        """Send the rejected rows of an import. The path must be signed."""
        try:
            viewer = await self._maker(request)
            workspace_id, number = _numbers(request, "workspace_id", "import_id")
            require_personal_data(viewer)
            view = await imports.get(viewer, number)
            await self._note_download(viewer, audit.Subject(AuditSubject.IMPORT, number, view.file_name))
        except SeggraphError as error:
            return _no_file(error)
        return StreamingResponse(
            import_rejects.stream(workspace_id, number),
            media_type="text/csv; charset=utf-8",
            headers=_download(f"import-{number}-rejected.csv"),
        )

    async def _rejected_of_report(self, request: Request) -> Response:
        """Send the rows of an ad report that were not recorded. The path must be signed."""
        try:
            viewer = await self._maker(request)
            path = await report_rejects.find(self._settings, request.path_params["name"])
            await self._note_download(viewer, audit.Subject(AuditSubject.METRICS))
        except SeggraphError as error:
            return _no_file(error)
        return FileResponse(
            path, media_type="text/csv; charset=utf-8", headers=_download("report-rejected.csv")
        )

    async def _exported(self, request: Request) -> Response:
        """Send the file of an export. The path must be signed."""
        try:
            viewer = await self._maker(request)
            _, number = _numbers(request, "workspace_id", "export_id")
            view = await exports.file_of(viewer, number)
            await self._note_download(viewer, audit.Subject(AuditSubject.EXPORT, number))
        except SeggraphError as error:
            return _no_file(error)
        path = await asyncio.to_thread(uploads.path_of, self._settings, view.file or "")
        return FileResponse(
            path, media_type=MEDIA_TYPES[view.gzip, view.format], headers=_download(view.file_name)
        )

    async def _feedback(self, request: Request) -> Response:
        """Receive what a destination reports about members. The request must be signed with its secret."""
        if self._services is None:
            return _not_ready()
        try:
            [number] = _numbers(request, "destination_id")
        except NotFound as error:
            return PlainTextResponse(error.message, status_code=404)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > destination_feedback.MAX_BYTES:
                return PlainTextResponse("Send fewer events at once.", status_code=413)
        headers = dict(request.headers)
        try:
            report = await destination_feedback.receive(self._services, number, headers, body)
        except NotFound as error:
            return PlainTextResponse(error.message, status_code=404)
        except RetryLater as error:
            return PlainTextResponse(error.message, status_code=503)
        except SeggraphError as error:
            return PlainTextResponse(error.message, status_code=400)
        return JSONResponse(asdict(report))

    async def _note_download(self, viewer: Viewer, subject: audit.Subject) -> None:
        """Write to the audit log that a file is fetched."""
        if self._services is not None:
            await repeated.record(self._services, viewer, AuditAction.DOWNLOADED, subject)

    async def _maker(self, request: Request) -> Viewer:
        """Who made the signed path of a request, with their rights of now.

        Raises NotFound unless it is signed, has not expired, and its maker still has access from this address.
        """
        if self._services is None:
            raise RetryLater("The server is starting or stopping.")
        by, *given = (request.query_params.get(name, "") for name in ("by", "expires", "signature"))
        [workspace_id] = _numbers(request, "workspace_id")
        _numbers(request, *(name for name in request.path_params if name.endswith("_id")))
        signed_paths.verify(self._services.settings, request.url.path, by, *given)
        viewer = await present.find(workspace_id, by)
        address = None if request.client is None else request.client.host
        require_address(viewer, address)
        return replace(viewer, ip=address, user_agent=user_agent_of(request))

    async def _client_configuration(self, _: Request) -> JSONResponse:
        """What a client has to know before it signs in. Nothing of it is secret."""
        settings = self._settings
        has_provider = settings.jwt_jwks_url is not None and settings.jwt_client_id is not None
        provider = {
            "issuer": settings.jwt_issuer,
            "clientId": settings.jwt_client_id,
            "audience": settings.jwt_audience,
            "scopes": list(settings.jwt_scopes),
        }
        return JSONResponse(
            {
                "version": seggraph.__version__,
                "signIns": ["TOKEN", *(["OPENID_CONNECT"] if has_provider else [])],
                "openIdConnect": provider if has_provider else None,
            },
            headers={"cache-control": "no-cache"},
        )

    async def _ready(self, _: Request) -> JSONResponse:
        """Whether queries can be answered: the database, its tables and Redis are available."""
        if self._services is None:
            return JSONResponse({"status": "starting"}, status_code=503)
        problems = await health.problems(self._services)
        status = {"status": "not ready" if problems else "ready", "problems": problems}
        return JSONResponse(status, status_code=503 if problems else 200)

    async def _metrics(self, request: Request) -> Response:
        """The metrics for operators. The request needs the token."""
        refused = monitoring.refusal(request, self._settings.metrics_token)
        if refused is not None:
            return refused
        if self._services is None or self._hub is None:
            return _not_ready()
        return monitoring.response(await self._monitoring.render(self._services, self._hub))


def create_app(settings: Settings, opening: Opening | None = None) -> Starlette:
    """Create the application for these settings. They must have the URLs of both servers.

    Its lifespan opens the context of the services with `opening`, by default `open_context`.
    """
    return Api(settings, opening or partial(open_context, settings)).application


def _around(settings: Settings, application: ASGIApp) -> ASGIApp:
    """What is done for all answers: clients are known behind proxies, and headers say what browsers may not do."""
    marked = secured(application, transport_seconds=settings.strict_transport_seconds)
    return _behind_proxies(settings, marked)


def _behind_proxies(settings: Settings, application: ASGIApp) -> ASGIApp:
    """The application with the addresses of clients as trusted proxies say them, if there are any."""
    if not settings.trusted_proxies:
        return application
    trusted = [str(network) for network in settings.trusted_proxies]
    # what an IPv6 socket calls a client of IPv4
    trusted += [
        f"::ffff:{network.network_address}/{96 + network.prefixlen}"
        for network in settings.trusted_proxies
        if network.version == 4
    ]
    return cast(ASGIApp, ProxyHeadersMiddleware(cast(Any, application), trusted_hosts=trusted))


def _numbers(request: Request, *names: str) -> list[int]:
    """The numbers of objects in the path. Raises NotFound for any other text."""
    texts = [request.path_params[name] for name in names]
    if not all(text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS for text in texts):
        raise NotFound("There is no such file.")
    return [int(text) for text in texts]


def _not_ready() -> Response:
    return PlainTextResponse("The server is starting or stopping.", status_code=503)


def _no_file(error: SeggraphError) -> Response:
    """What a path that cannot be fetched is answered with: it never says whether there is a file."""
    return PlainTextResponse(error.message, status_code=503 if isinstance(error, RetryLater) else 404)


def _download(file_name: str) -> dict[str, str]:
    """The headers of a download: the browser saves it, and no proxy caches it."""
    return {
        "content-disposition": f'attachment; filename="{file_name}"',
        "cache-control": "private, no-store",
    }


def _cors(settings: Settings) -> dict[str, Any]:
    """What pages of other origins may do."""
    return {
        "allow_origins": list(settings.allowed_origins),
        "allow_methods": ["GET", "POST"],
        "allow_headers": [*ALLOWED_HEADERS, *settings.allowed_headers],
        "expose_headers": ["x-request-id", *(name.lower() for name in RATE_HEADERS)],
        "max_age": CORS_SECONDS,
    }


def _compressed(application: ASGIApp) -> ASGIApp:
    return CompressMiddleware(application, minimum_size=COMPRESSED_BYTES)


async def _alive(_: Request) -> JSONResponse:
    """Whether the process answers."""
    return JSONResponse({"status": "ok"})

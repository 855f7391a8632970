"""The API as an ASGI application: GraphQL, its page, and the probes of whoever runs it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.websockets import WebSocket

from seggraph.api.context import Caller, caller_factory
from seggraph.api.schema import build_schema
from seggraph.api.transport import GraphQLEndpoint
from seggraph.errors import NotFound, RetryLater
from seggraph.events import Hub
from seggraph.services import health, import_rejects, signed_paths
from seggraph.services.context import Context, open_context
from seggraph.settings import Settings

REJECTED: Final = "/files/imports/{workspace_id:int}/{import_id:int}/rejected.csv"
UPLOAD_OVERHEAD_BYTES: Final = 1024 * 1024
"""What a multipart body may hold besides the file."""

Opening = Callable[[], AbstractAsyncContextManager[Context]]
"""Opens the services' context for the time that the application runs."""


class Api:
    """One process's API: the connections that its lifespan opens, and the application over them."""

    def __init__(self, settings: Settings, opening: Opening) -> None:
        self._opening = opening
        self._services: Context | None = None
        self._hub: Hub | None = None
        endpoint = GraphQLEndpoint(
            build_schema(),
            self._caller,
            per_operation=Caller.afresh,
            allowed_origins=settings.allowed_origins,
            max_upload_bytes=settings.max_upload_bytes + UPLOAD_OVERHEAD_BYTES,
        )
        self.application = Starlette(
            routes=[
                *endpoint.routes("/graphql"),
                Route("/healthz", _alive),
                Route("/readyz", self._ready),
                Route(REJECTED, self._rejected),
            ],
            middleware=[_cors(settings)],
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with self._opening() as services:
            hub = Hub(services.stream)
            async with hub.running():
                self._services, self._hub = services, hub
                yield
                self._services = self._hub = None

    async def _caller(
        self, connection: Request | WebSocket, parameters: Mapping[str, object] | None
    ) -> Caller:
        if self._services is None or self._hub is None:
            raise RetryLater("The server is starting or stopping; try again in a moment.")
        return await caller_factory(self._services, self._hub)(connection, parameters)

    async def _rejected(self, request: Request) -> Response:
        """The rows that an import did not take, for whoever has the signed path."""
        if self._services is None:
            return PlainTextResponse("The server is starting or stopping.", status_code=503)
        query = request.query_params
        try:
            signed_paths.verify(
                self._services.settings,
                request.url.path,
                query.get("expires", ""),
                query.get("signature", ""),
            )
        except NotFound as error:
            return PlainTextResponse(error.message, status_code=404)
        number = request.path_params["import_id"]
        return StreamingResponse(
            import_rejects.stream(request.path_params["workspace_id"], number),
            media_type="text/csv; charset=utf-8",
            headers={
                "content-disposition": f'attachment; filename="import-{number}-rejected.csv"',
                "cache-control": "private, no-store",
                "x-content-type-options": "nosniff",
            },
        )

    async def _ready(self, _: Request) -> JSONResponse:
        """Whether queries can be answered now: the database, its tables, and Redis are there."""
        if self._services is None:
            return JSONResponse({"status": "starting"}, status_code=503)
        problems = await health.problems(self._services)
        status = {"status": "not ready" if problems else "ready", "problems": problems}
        return JSONResponse(status, status_code=503 if problems else 200)


def create_app(settings: Settings, opening: Opening | None = None) -> Starlette:
    """The application for these settings, which name both servers.

    Its lifespan opens the services' context, unless `opening` gives one that is open already.
    """
    return Api(settings, opening or partial(open_context, settings)).application


def _cors(settings: Settings) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=list(settings.allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["authorization", "content-type", "apollo-require-preflight", "x-request-id"],
        expose_headers=["x-request-id"],
    )


async def _alive(_: Request) -> JSONResponse:
    """That the process answers at all."""
    return JSONResponse({"status": "ok"})

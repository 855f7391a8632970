"""The product as its clients meet it: served on a real socket, with a worker, and called through GraphQL."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Self
from unittest.mock import patch

import httpx
import uvicorn
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport

from seggraph.access import Viewer
from seggraph.api.schema import build_schema
from seggraph.app import create_app
from seggraph.cli.serving import unfinished_requests
from seggraph.context import Context
from seggraph.services.identity.authentication import issue_token
from seggraph.settings import Settings
from seggraph.transport import ServedSchema
from seggraph.transport.connections import bounded_protocol
from seggraph.transport.frames import StraightWebSocket
from seggraph.transport.measuring import Observe
from seggraph.worker import run_worker

PATIENCE_SECONDS = 120.0


@dataclass
class Server:
    """The API on a port of this machine."""

    settings: Settings
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    def token(self, subject: str, workspace_id: int, *, minutes: float = 10) -> str:
        return issue_token(
            self.settings, subject=subject, workspace_id=workspace_id, lifetime=timedelta(minutes=minutes)
        )

    @asynccontextmanager
    async def sign_in(self, viewer: Viewer) -> AsyncIterator["Product"]:
        """A client for a user; the subject is the one that `new_viewer` gave."""
        subject = f"{viewer.role.lower()}-{viewer.workspace_id}@example.com"
        async with self.connect(self.token(subject, viewer.workspace_id)) as product:
            product.viewer = viewer
            yield product

    @asynccontextmanager
    async def connect(self, credential: str) -> AsyncIterator["Product"]:
        """A client with a token or an API key."""
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {credential}"},
            timeout=PATIENCE_SECONDS,
            verify=False,  # nothing is encrypted here, and reading all certificates takes 70 ms
        ) as http:
            yield Product(self, http, credential)


@dataclass
class Product:
    """A signed-in client."""

    server: Server
    http: httpx.AsyncClient
    credential: str
    viewer: Viewer | None = field(default=None)

    async def raw(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to a query: data and errors."""
        body = json.dumps({"query": query, "variables": variables})  # escapes what UTF-8 has no bytes for
        response = await self.http.post(
            "/graphql", content=body, headers={"Content-Type": "application/json"}
        )
        answer: dict[str, Any] = response.json()
        return answer

    async def run(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a query that has no top-level errors."""
        answer = await self.raw(query, **variables)
        assert "errors" not in answer, json.dumps(answer["errors"], indent=1)
        data: dict[str, Any] = answer["data"]
        return data

    @asynccontextmanager
    async def subscribe(self, query: str, **variables: Any) -> AsyncIterator["Events"]:
        """The events of a subscription, over a WebSocket and graphql-transport-ws."""
        transport = WebsocketsTransport(
            url=self.server.url.replace("http", "ws", 1),
            init_payload={"Authorization": f"Bearer {self.credential}"},
            subprotocols=["graphql-transport-ws"],
            connect_timeout=PATIENCE_SECONDS,
            ack_timeout=PATIENCE_SECONDS,
        )
        async with Client(transport=transport) as session:
            request = gql(query)
            request.variable_values = variables
            stream = session.subscribe(request)
            try:
                yield Events(stream)
            finally:
                await stream.aclose()


@dataclass
class Events:
    """The events of one subscription, in order."""

    stream: Any

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> dict[str, Any]:
        return await self.next()

    async def next(self) -> dict[str, Any]:
        """The next event: the value of the subscription's one field."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            data = await anext(self.stream)
        [event] = data.values()
        assert isinstance(event, dict)
        return event

    async def until(self, typename: str, **expected: Any) -> dict[str, Any]:
        """The first event of a type whose fields have these values; those before it are passed over."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                event = await self.next()
                if event["__typename"] == typename and all(
                    event.get(key) == value for key, value in expected.items()
                ):
                    return event


_observe: ContextVar[Observe] = ContextVar("observe")
"""Who is told of the operations of the server in whose tasks this is read."""


@cache
def _schema() -> ServedSchema:
    return build_schema(lambda *arguments: _observe.get()(*arguments))


def _shared_schema(observe: Observe, settings: Settings) -> ServedSchema:
    """The schema of all servers of this process: to build one takes 0.15 s. Each server hears of its own operations."""
    _observe.set(observe)
    return _schema() if _has_usual_limits(settings) else build_schema(observe, settings)


def _has_usual_limits(settings: Settings) -> bool:
    names = ("max_operation_nodes", "max_operation_cost", "operation_timeout_seconds")
    return all(getattr(settings, name) == Settings.model_fields[name].default for name in names)


@asynccontextmanager
async def serving(context: Context) -> AsyncIterator[Server]:
    """The API on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with patch("seggraph.app.build_schema", _shared_schema):
            app = create_app(context.settings, lambda: nullcontext(context))
        config = uvicorn.Config(
            app,
            log_config=None,
            http=bounded_protocol(unfinished_requests(context.settings)),
            ws=StraightWebSocket,
            access_log=False,
            proxy_headers=False,
        )
        running = uvicorn.Server(config)
        task = asyncio.create_task(running._serve([listener]))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not running.started:
                assert not task.done(), "the server did not start"
                await asyncio.sleep(0.01)
        try:
            yield Server(context.settings, listener.getsockname()[1])
        finally:
            running.should_exit = True
            running.force_exit = True  # whoever is connected still is not waited for,
            await task
            await running.lifespan.shutdown()  # which would leave out this


@asynccontextmanager
async def working(context: Context) -> AsyncIterator[None]:
    """A worker in this process."""
    stopping = asyncio.Event()
    task = asyncio.create_task(run_worker(context, stopping))
    try:
        yield
    finally:
        stopping.set()
        await task

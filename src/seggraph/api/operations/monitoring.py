"""What Prometheus reads at /metrics: figures of this process, and of the installation as any process can tell them.

The one module that knows prometheus-client. Its own registry belongs to one application: nothing is global.
"""

import asyncio
import platform
import secrets
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import seggraph
from seggraph.context import Context
from seggraph.database.connections import pool_use
from seggraph.events import Hub
from seggraph.services.operations import monitoring
from seggraph.services.operations.monitoring import Figure, Reading

KEPT_SECONDS: Final = 1.0
"""For how many seconds the figures of the installation are cached."""

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

PATHS: Final = ("/graphql", "/scim", "/files", "/destinations", "/healthz", "/readyz", "/metrics")
"""The paths that requests are counted by; every other path is `other`."""


class Monitoring:
    """The figures of one process: it takes down what happens, and renders all there is."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody reads
        self._registry = CollectorRegistry()
        self._shared = _Shared()
        self._reading = asyncio.Lock()
        self._read_at = -KEPT_SECONDS
        self._registry.register(self._shared)
        ProcessCollector(registry=self._registry)
        self._request = self._counter(
            "http_requests",
            "HTTP requests that were answered, by path and class of status.",
            "path",
            "status",
        )
        self._operation = self._counter(
            "graphql_operations",
            "GraphQL operations that are over, by type and how they ended: ok, refused (errors of the caller), failed"
            " (errors of the server), left (the client went away; every subscription ends so).",
            "type",
            "outcome",
        )
        durations = Histogram(
            "seggraph_graphql_duration_seconds",
            "How long queries and mutations took.",
            ["type"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._duration = cache(durations.labels)
        self._subscriptions = self._gauge("subscriptions_open", "Subscriptions that this process feeds.")
        self._connections = self._gauge(
            "database_connections",
            "PostgreSQL connections of this process: busy, idle, and the limit.",
            "state",
        )
        build = self._gauge("build_info", "Always 1: which version this is.", "version", "python")
        build.labels(seggraph.__version__, platform.python_version()).set(1)

    def _counter(self, name: str, description: str, *labels: str) -> Callable[..., Counter]:
        """What finds the counter of given labels; of these there are few, and the library takes its time."""
        return cache(Counter(f"seggraph_{name}", description, labels, registry=self._registry).labels)

    def _gauge(self, name: str, description: str, *labels: str) -> Gauge:
        return Gauge(f"seggraph_{name}", description, labels, registry=self._registry)

    def operation(self, type_: str, outcome: str, seconds: float) -> None:
        """Take down an operation that is over (transport.measuring.Observe)."""
        self._operation(type_, outcome).inc()
        if type_ in ("query", "mutation"):
            self._duration(type_).observe(seconds)

    def request(self, path: str, status: int) -> None:
        """Take down an answered request."""
        first = "/" + path.lstrip("/").partition("/")[0]
        self._request(first if first in PATHS else "other", f"{status // 100}xx").inc()

    async def render(self, context: Context, hub: Hub) -> bytes:
        """All figures in the text format of Prometheus."""
        async with self._reading:  # who asks meanwhile has the same answer
            if time.monotonic() - self._read_at >= KEPT_SECONDS:
                self._shared.reading = await monitoring.read(context)
                self._read_at = time.monotonic()
        self._subscriptions.set(hub.open_subscriptions)
        pool = pool_use()
        for state, number in (("busy", pool.busy), ("idle", pool.idle), ("limit", pool.most)):
            self._connections.labels(state).set(number)
        return generate_latest(self._registry)


class _Shared(Collector):
    """The figures of the installation, as they were read last."""

    def __init__(self) -> None:
        self.reading: Reading = {}

    def collect(self) -> Iterator[Metric]:
        """Each figure as a family of samples."""
        for figure, samples in self.reading.items():
            family = _family(figure)
            for value, number in samples.items():
                family.add_metric([value] if figure.label else [], number)
            yield family


def _family(figure: Figure) -> CounterMetricFamily | GaugeMetricFamily:
    kind = CounterMetricFamily if figure.is_total else GaugeMetricFamily
    labels = None if figure.label is None else [figure.label]
    return kind(f"seggraph_{figure.name}", figure.description, labels=labels)


class CountedRequests:
    """An ASGI middleware that takes down how each request was answered."""

    def __init__(self, app: ASGIApp, monitoring: Monitoring) -> None:
        self._app = app
        self._monitoring = monitoring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._monitoring.request(scope["path"], message["status"])
            await send(message)

        await self._app(scope, receive, counted)


def refusal(request: Request, token: SecretStr | None) -> Response | None:
    """The response to a request without the token; None if it has it. Without a configured token it is 404."""
    if token is None:
        return PlainTextResponse("Not Found", status_code=404)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secrets.compare_digest(
        given.strip().encode(), token.get_secret_value().encode()
    ):
        return None
    headers = {"www-authenticate": "Bearer"}
    return PlainTextResponse("Send the token: Authorization: Bearer ...", status_code=401, headers=headers)


def response(body: bytes) -> Response:
    """The figures, which nobody keeps."""
    return Response(body, media_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"cache-control": "no-store"})

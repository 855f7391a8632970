"""A real server on a free port, one for all tests of the transport."""

import asyncio
import hashlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import strawberry
import uvicorn
from strawberry.schema.config import StrawberryConfig

from seggraph.transport import GraphQLEndpoint, PersistedDocuments, ServedSchema
from seggraph.transport.frames import StraightWebSocket
from seggraph.transport.known import KnownQueries, QueriesFirst
from tests.transport import sample

TINY_BODY = 64 * 1024
PATIENCE_SECONDS = 120.0


TRUSTED = "query Trusted { hello }"


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def build_schema() -> ServedSchema:
    cents = strawberry.scalar(name="Cents", serialize=lambda value: f"{value}c")
    config = StrawberryConfig(scalar_map={sample.Cents: cents})
    return ServedSchema(
        sample.Query, sample.Mutation, sample.Subscription, config=config, types=[sample.Boat]
    )


def build_endpoint(
    schema: ServedSchema | None = None,
    *,
    connection_init_timeout: float = PATIENCE_SECONDS,
    documents: PersistedDocuments | None = None,
) -> GraphQLEndpoint:
    return GraphQLEndpoint(
        schema or build_schema(),
        sample.make_caller,
        per_operation=sample.fresh_caller,
        allowed_origins=("https://app.example",),
        max_body_bytes=TINY_BODY,
        max_upload_bytes=2 * TINY_BODY,
        max_subscriptions_per_connection=3,
        connection_init_timeout=connection_init_timeout,
        recheck_seconds=0.05,
        documents=documents,
    )


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Serve the sample schema and give its address, ``http://127.0.0.1:port/graphql``.

    Queries that are known go the short way there, as in the product.

    At ``/impatient`` it waits but a moment for the first message on a socket; ``/trusted`` executes one document.
    """
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    impatient = build_endpoint(connection_init_timeout=0.1)
    trusted = build_endpoint(documents=PersistedDocuments({digest_of(TRUSTED): TRUSTED}, only_trusted=True))
    schema, documents = build_schema(), PersistedDocuments()
    app = QueriesFirst(
        "/graphql",
        KnownQueries(schema, documents, sample.make_caller),
        routes=[
            *build_endpoint(schema, documents=documents).routes("/graphql"),
            *impatient.routes("/impatient"),
            *trusted.routes("/trusted"),
        ],
    )
    config = uvicorn.Config(app, log_level="error", ws=StraightWebSocket, lifespan="off")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve([listener])), daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not running.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
    running.should_exit = True
    thread.join(10)
    listener.close()

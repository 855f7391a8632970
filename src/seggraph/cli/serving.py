"""`seggraph serve` and `seggraph worker`: the two kinds of process that a deployment runs."""

import asyncio
import gc
import os
import socket
import sys
from typing import Annotated, Final

import typer
import uvicorn
from starlette.routing import Route

from seggraph import tasks
from seggraph.app import create_app
from seggraph.cli.application import app, console, load_settings, run, until_stopped, with_servers
from seggraph.context import open_context
from seggraph.database import migrating
from seggraph.database.connections import open_runtime
from seggraph.errors import Invalid
from seggraph.services.segments import default_segments
from seggraph.settings import Settings
from seggraph.transport.connections import UnfinishedRequests, bounded_protocol
from seggraph.transport.frames import StraightWebSocket
from seggraph.worker import run_worker

MAX_WEBSOCKET_MESSAGE_BYTES: Final = 1024 * 1024
SHUTDOWN_SECONDS: Final = 5
ACCEPTED_AT_ONCE: Final = 16
SWITCH_SECONDS: Final = 0.0005
LOOK_SECONDS: Final = 0.05
YOUNG_OBJECTS: Final = 4_000
"""New objects after which Python looks for garbage among them; 700 by default, which a small request makes."""
YOUNG_COLLECTIONS: Final = 3
"""After so many looks it looks at what they left, too. After ten, as by default, that held the loop for long."""
OLD_COLLECTIONS: Final = 10
"""After so many of these it looks at everything, if much is new. Later there was more to clear away, for seconds."""

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on; 0 for a free one.", min=0, max=65535)]


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the API: GraphQL and its page at /graphql, /healthz and /readyz."""
    settings = load_settings()
    with with_servers(settings) as complete, listening(host, port) as listener:
        migrate_embedded(settings, complete)
        run(_serve(complete, listener))


@app.command()
def worker() -> None:
    """Run jobs and the sweeper. Start as many as you like."""
    settings = load_settings()
    with with_servers(settings) as complete:
        migrate_embedded(settings, complete)
        run(_work(complete))


def migrate_embedded(settings: Settings, complete: Settings) -> None:
    """Bring an embedded database to this version; that of an operator waits for `seggraph migrate`."""
    if settings.database_url is None:
        asyncio.run(bring_up_to_date(complete))


async def bring_up_to_date(settings: Settings, *, progress: migrating.Progress | None = None) -> None:
    """Bring the tables to this version, and what the system keeps in each workspace. Raises Invalid."""
    if settings.database_url is None:
        raise Invalid("There is no database to migrate.")
    await migrating.migrate(settings.database_url, progress=progress)
    async with open_runtime(settings):
        await default_segments.ensure_everywhere()


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises Invalid when the address is taken or not ours."""
    try:
        listener = socket.create_server((host, port), backlog=1024)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise Invalid(f"Cannot listen on {host}:{port} ({reason}); choose another --port.") from error
    # Accepted sockets inherit it. Without it each answer on a kept connection waits 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def spare_collections() -> None:
    """Collect garbage seldom, and never look through what is loaded by now.

    Modules and schema stay for good; to look through them stopped every request for 140 ms at times, and a refresh of a
    thousand segments as long. What a request leaves goes by its reference counts: with Python's own threshold a tenth
    of its time was spent on three collections.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_COLLECTIONS, OLD_COLLECTIONS)
    # Large documents are validated in a thread: the event loop has Python again after this time, not after 5 ms.
    sys.setswitchinterval(SWITCH_SECONDS)


def unfinished_requests(settings: Settings) -> UnfinishedRequests:
    """How long, and for how many, the server waits that have not sent a whole request."""
    return UnfinishedRequests(
        settings.max_unfinished_requests,
        settings.request_head_seconds,
        settings.request_body_seconds,
        settings.trusted_proxies,
    )


def new_server(settings: Settings, *routes: Route) -> uvicorn.Server:
    """The HTTP server of the API, and of more routes, not yet started. Signals are the caller's business."""
    application = create_app(settings)
    application.router.routes.extend(routes)
    spare_collections()
    return uvicorn.Server(
        uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            proxy_headers=False,  # the application has its own setting of the proxies to trust
            http=bounded_protocol(unfinished_requests(settings)),
            ws=StraightWebSocket,
            ws_max_size=MAX_WEBSOCKET_MESSAGE_BYTES,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )


async def _serve(settings: Settings, listener: socket.socket) -> None:
    server = new_server(settings)
    async with until_stopped() as stopping:
        announcing = asyncio.create_task(_announce(server, listener, settings))
        try:
            await serve_until(server, listener, stopping)
        finally:
            await tasks.end([announcing])


async def _announce(server: uvicorn.Server, listener: socket.socket, settings: Settings) -> None:
    """Say where the API is, once it answers."""
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(LOOK_SECONDS)
    host, port, *_ = listener.getsockname()
    shown = f"[{host}]" if ":" in host else host
    address = settings.public_url or f"http://{shown}:{port}/"
    said = f"seggraph serves {address}: GraphQL at /graphql, documents at /docs"
    console.print(said, markup=False, highlight=False, soft_wrap=True)


def accepting(listener: socket.socket) -> list[socket.socket]:
    """The listening socket, so many times that the event loop accepts several connections in one turn.

    uvloop accepts one connection for each socket in a turn (libuv does, since 1.45). While others hold the loop for
    some milliseconds in each turn, and somebody connects again and again, a new client waited seconds to be accepted.
    """
    return [listener, *(listener.dup() for _ in range(ACCEPTED_AT_ONCE - 1))]


async def serve_until(server: uvicorn.Server, listener: socket.socket, stopping: asyncio.Event) -> None:
    """Serve until the event is set, or the server ends by itself."""
    # `serve` would take the signals for itself; `_serve` is what it runs inside.
    serving = asyncio.create_task(server._serve(accepting(listener)))
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await tasks.end([waiting])
    await serving


async def _work(settings: Settings) -> None:
    async with until_stopped() as stopping, open_context(settings) as context:
        spare_collections()
        await run_worker(context, stopping)

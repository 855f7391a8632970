"""How long another workspace waits for its lists while one attacker does all that it may with one API key.

    python -m bench.fairness [--seconds 6] [--rounds 3] [--members 200000]

One server process. A client of one workspace asks for a list of 50 segments, again and again. In turns it is alone,
and an attacker of another workspace works at full speed: new documents that are slow to validate, previews that are
dear, uploads, sockets with subscriptions, half-sent requests, and lists. The attacker is a process of its own with
a lower priority, so what is measured is what the server gives away. The ratio is of the 99th percentiles.

Time by the clock is also what other processes of the machine take. So the same is said in processor time of the
server's event loop: what it does between a request and its answer, and for how long it is held at most.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from bench import lists, members, watched_server
from bench.results import Ratio
from seggraph import embedded
from seggraph.access import Viewer
from seggraph.context import open_context
from seggraph.database import migrating
from seggraph.database.connections import database
from seggraph.services.identity import api_keys, workspaces
from seggraph.services.identity.api_keys import ApiKeyDraft
from seggraph.services.identity.authentication import issue_token
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, Role

SECRET: Final = "a secret that only this measurement knows, and long"
SEGMENTS: Final = 500
WARM_UP_SECONDS: Final = 1.0
AIM: Final = 3.0
HEALTHY_MS: Final = 100.0
HELD_SECONDS: Final = 0.05
"""How long the event loop may be held at a time."""
NICENESS: Final = 5
"""How much the attacker's process stands back: its own work is not the server's."""
PREVIEW: Final = (
    "query ($value: JSON!) { previewSegment(input: {kind: ACCOUNT, criteria: {all: ["
    '{attribute: {field: "name", op: CONTAINS, value: $value}},'
    '{attribute: {field: "domain", op: CONTAINS, value: $value}}]}}) { memberCount errors { code } } }'
)


def query(text: str, **variables: object) -> bytes:
    return json.dumps({"query": text, "variables": variables}).encode()


BODIES: Final = (
    query("{ viewer { role } }", w={f"k{number}": 1 for number in range(300_000)}),
    query(
        "query ($rows: JSON) { viewer { role } }",
        rows=[
            {"externalId": f"m{row}", "attributes": {f"attribute_{number}": "x" for number in range(300)}}
            for row in range(1_000)
        ],
    ),
)
EVENTS: Final = "subscription { workspaceEvents(topics: [SEGMENT_UPDATED]) { cursor } }"


class Http:
    """One connection that is kept: enough of HTTP for answers with a length, and little work for the client."""

    def __init__(self, port: int, credential: str) -> None:
        self._port = port
        self._head = f"host: x\r\nauthorization: Bearer {credential}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(
        self, body: bytes, content_type: str = "application/json", more: str = ""
    ) -> tuple[int, bytes]:
        """The status and the body of an answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = f"POST /graphql HTTP/1.1\r\n{self._head}{more}content-type: {content_type}\r\n"
        try:
            writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
            answered = (await reader.readuntil(b"\r\n\r\n")).lower()
            size = int(answered.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            return int(answered[9:12]), await reader.readexactly(size)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            self._streams = None
            raise


class Attack:
    """What one attacker does with one key, and how it was answered."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key
        self.answers: Counter[str] = Counter()
        self._number = 0

    async def again(self, what: str, once: Callable[[Http], Awaitable[object]]) -> None:
        """Do something without end."""
        http = Http(self._port, self._key)
        while True:
            try:
                self.answers[f"{what} {await once(http)}"] += 1
            except (OSError, asyncio.IncompleteReadError, WebSocketException, TimeoutError) as error:
                self.answers[f"{what} {type(error).__name__}"] += 1
                await asyncio.sleep(0.01)

    async def documents(self, http: Http) -> int:
        """A new document that is slow to validate: fragments that select the same."""
        self._number += 1
        names = [f"f{self._number}x{one}" for one in range(90)]
        fragments = " ".join(f"fragment {name} on Segment {{ id name status type }}" for name in names)
        spread = " ".join(f"...{name}" for name in names)
        return (await http.post(query(f"{{ segments {{ nodes {{ {spread} }} }} }} {fragments}")))[0]

    async def unknown(self, http: Http) -> int:
        """A new document with a thousand mistakes that take long to word."""
        self._number += 1
        fields = " ".join(f"f{self._number}x{one}: 1" for one in range(1_000))
        return (await http.post(query(f"{{ segments(filter: {{{fields}}}) {{ totalCount }} }}")))[0]

    async def previews(self, http: Http) -> int:
        self._number += 1
        return (await http.post(query(PREVIEW, value=f"x{self._number}")))[0]

    async def lists(self, http: Http) -> int:
        return (await http.post(query(lists.LIST, first=50)))[0]

    async def uploads(self, http: Http) -> int:
        operations = json.dumps({"query": "{ viewer { role } }"})
        parts = [
            f'--b\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n' for name in ("operations", "map")
        ]
        text = f"{parts[0]}{operations}\r\n{parts[1]}{{}}\r\n"
        text += '--b\r\ncontent-disposition: form-data; name="x"; filename="x"\r\n\r\n'
        body = text.encode() + b"x" * (16 * 1024 * 1024) + b"\r\n--b--\r\n"
        return (await http.post(body, "multipart/form-data; boundary=b", "x-seggraph-csrf: 1\r\n"))[0]

    async def bodies(self, http: Http) -> int:
        """A large body: an object with 300,000 keys, or a thousand members with 300 attributes each, in turn."""
        self._number += 1
        return (await http.post(BODIES[self._number % len(BODIES)]))[0]

    async def sockets(self, _: Http) -> str:
        """Open a socket with as many subscriptions as it takes, and keep it for a while."""
        url = f"ws://127.0.0.1:{self._port}/graphql"
        async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as ws:
            payload = {"authorization": f"Bearer {self._key}"}
            await ws.send(json.dumps({"type": "connection_init", "payload": payload}))
            async with asyncio.timeout(30):
                await ws.recv()
                for number in range(100):
                    message = {"id": str(number), "type": "subscribe", "payload": {"query": EVENTS}}
                    await ws.send(json.dumps(message))
                await asyncio.sleep(1)
        return "kept"

    async def half(self, _: Http) -> str:
        """Send half of a request, and wait for the end."""
        # of an address of their own: there would be no room for the other connections
        local = ("127.0.0.2", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=local)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"
        )
        try:
            return (await reader.read()).decode("latin-1")[:12]
        finally:
            writer.close()
            await asyncio.sleep(0.5)


KINDS: Final = {
    "documents": 8,
    "unknown": 4,
    "previews": 30,
    "lists": 16,
    "uploads": 8,
    "bodies": 4,
    "sockets": 60,
    "half": 400,
}
"""How many of each kind there are at the same time."""


def attack(port: int, key: str, kinds: list[str], answers: Any) -> None:
    """The attacker's process."""
    os.nice(NICENESS)
    asyncio.run(_attack(Attack(port, key), kinds, answers))


async def _attack(attacker: Attack, kinds: list[str], answers: Any) -> None:
    tasks = [
        asyncio.create_task(attacker.again(kind, getattr(attacker, kind)))
        for kind in kinds
        for _ in range(KINDS[kind])
    ]
    while True:
        await asyncio.sleep(0.25)
        failed = next((task for task in tasks if task.done()), None)
        if failed is not None:
            failed.result()
        answers.update(attacker.answers)


@contextmanager
def attacking(port: int, key: str, kinds: list[str]) -> Iterator[Any]:
    """The attacker at work; the counts of its answers."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        answers = manager.dict()
        process = context.Process(target=attack, args=(port, key, kinds, answers))
        process.start()
        try:
            while not answers:  # it takes seconds to be loaded
                time.sleep(0.1)
                if not process.is_alive():
                    raise RuntimeError("the attacker ended")
            yield answers
        finally:
            process.kill()
            process.join()


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    port: int
    process: int
    notes: Path
    """What `watched_server` notes of its event loop."""

    def worked(self) -> float:
        """The processor time of its event loop, in seconds."""
        return int(Path(f"/proc/{self.process}/schedstat").read_text().split()[0]) / 1e9


@dataclass
class Taken:
    """How long lists took, in milliseconds: by the clock, and in processor time of the server's event loop."""

    wall: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    """The processor time of the loop between a question for its health and the answer."""


async def health(port: int) -> int:
    """The status of the health endpoint, on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        return int((await reader.read())[9:12])
    finally:
        writer.close()


async def measure(served: Served, token: str, seconds: float) -> Taken:
    """How long lists take. There are two at least, however long they take."""
    http, body, taken = Http(served.port, token), query(lists.LIST, first=50), Taken()
    until = time.perf_counter() + WARM_UP_SECONDS + seconds
    while (began := time.perf_counter()) < until or len(taken.wall) < 2:
        worked = served.worked()
        status, answer = await http.post(body)
        assert status == 200, answer
        assert b'"errors"' not in answer, answer
        if began > until - seconds:
            taken.wall.append((time.perf_counter() - began) * 1_000)
            taken.worked.append((served.worked() - worked) * 1_000)
            worked = served.worked()
            assert await health(served.port) == 200
            taken.health.append((served.worked() - worked) * 1_000)
    return taken


def p99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]


@contextmanager
def server(settings: Settings, folder: str) -> Iterator[Served]:
    """One process of the API, as a deployment runs it."""
    port, notes = free_port(), Path(folder) / "held"
    environment = os.environ | {
        "SEGGRAPH_DATABASE_URL": str(settings.database_url),
        "SEGGRAPH_REDIS_URL": str(settings.redis_url),
        "SEGGRAPH_JWT_SECRET": SECRET,
        "SEGGRAPH_FILES_DIR": folder,
        "SEGGRAPH_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "bench.watched_server", str(notes), "serve", "--port", str(port)]
    running = subprocess.Popen(command, env=environment)
    try:
        yield Served(port, running.pid, notes)
    finally:
        running.terminate()
        running.wait(timeout=60)


async def prepare(settings: Settings, count: int) -> tuple[str, str]:
    """Fill two workspaces; returns the key of the attacker and the token of the other's client."""
    async with open_context(settings):
        found = []
        for name in ("Attacker", "Other"):
            workspace_id = (await workspaces.create(name)).id
            user_id = await workspaces.ensure_user(
                workspace_id, subject="leader", name="Leader", email="l@example.com", role=Role.ADMIN
            )
            async with database() as connection:
                await connection.execute(lists.FILL, workspace_id, user_id, SEGMENTS)
            found.append(Viewer(workspace_id, Role.ADMIN, ApiKeyScope.ADMIN, user_id=user_id))
        async with database() as connection:
            await connection.execute(members.FILL, found[0].workspace_id, members.KIND, count)
            await connection.execute(
                "INSERT INTO populations VALUES (DEFAULT, $1, $2, $3)",
                found[0].workspace_id,
                members.KIND,
                count,
            )
            await connection.execute("VACUUM ANALYZE")
        _, key = await api_keys.create(found[0], ApiKeyDraft("Attacker", ApiKeyScope.WRITE))
        day = timedelta(days=1)
        other = found[1].workspace_id
        return key, issue_token(settings, subject="leader", workspace_id=other, lifetime=day)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def until_ready(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.1)


async def main(options: argparse.Namespace) -> None:
    """Measure in turns, and print."""
    with embedded.running(temporary=True) as servers, tempfile.TemporaryDirectory() as folder:
        url = servers.url_of("postgres")
        settings = Settings(database_url=url, redis_url=servers.redis_url, jwt_secret=SecretStr(SECRET))
        await migrating.migrate(url)
        key, token = await prepare(settings, options.members)
        with server(settings, folder) as served:
            await until_ready(served.port)
            for kind in (options.kinds or KINDS) if options.each else []:
                await compare(served, key, token, [kind], options.seconds)
            rounds = [
                await compare(served, key, token, options.kinds or [*KINDS], options.seconds)
                for _ in range(options.rounds)
            ]
    what = "List of another workspace beside an attacker, p99 to its quiet p99"
    by_clock, by_work, held, healthy = (statistics.median(column) for column in zip(*rounds, strict=True))
    Ratio(what, by_clock, at_most=AIM).print()
    Ratio(f"{what}, in processor time of the event loop", by_work, at_most=AIM).print()
    Ratio(
        "Longest time that an attacker holds the event loop, to 50 ms of processor time",
        held / HELD_SECONDS,
        at_most=1.0,
    ).print()
    Ratio(
        "Health beside an attacker, p99 to 100 ms of processor time of the event loop",
        healthy / HEALTHY_MS,
        at_most=1.0,
    ).print()


async def compare(
    served: Served, key: str, token: str, kinds: list[str], seconds: float
) -> tuple[float, float, float, float]:
    """The ratios of lists beside an attacker to lists alone, by the clock and by work; how long the loop was held.

    The last is the 99th percentile of what is asked for its health, in milliseconds.
    """
    quiet = await measure(served, token, seconds)
    with attacking(served.port, key, kinds) as answers:
        since = time.time()
        busy = await measure(served, token, seconds)
        held = watched_server.longest(served.notes, since)
        counts = dict(answers)
    by_clock, by_work = p99(busy.wall) / p99(quiet.wall), p99(busy.worked) / p99(quiet.worked)
    print(
        f"{kinds[0] if len(kinds) == 1 else 'all':10}"
        f" quiet p50 {statistics.median(quiet.wall):6.1f} p99 {p99(quiet.wall):6.1f} ms,"
        f" beside it p50 {statistics.median(busy.wall):6.1f} p99 {p99(busy.wall):6.1f} ms: {by_clock:5.2f} x;"
        f" in processor time p99 {p99(quiet.worked):5.1f} and {p99(busy.worked):5.1f} ms: {by_work:5.2f} x;"
        f" held for {held * 1_000:4.0f} ms; health p99 {p99(busy.health):5.1f} ms; load {os.getloadavg()[0]:.1f}",
        *(f"  {what}: {count}" for what, count in sorted(counts.items())),
        sep="\n",
        flush=True,
    )
    return by_clock, by_work, held, p99(busy.health)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--members", type=int, default=200_000)
    parser.add_argument("--each", action="store_true", help="each kind of attack alone, too")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS))
    asyncio.run(main(parser.parse_args()))

"""How fast data comes in, each as a ratio to COPY of the same rows into the same table.

Run: ``python bench/ingest.py [part ...]``; without a part all but ``million``. Starts servers of its own.
Prints rows per second, the ratio to COPY, and the machine's speed beside it (COPY's own rows per second), because
the ratio is what carries over to other machines.
"""

import asyncio
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import asyncpg
import httpx
import orjson
from pydantic import SecretStr

from bench.results import Ratio
from seggraph import embedded
from seggraph.access import Viewer
from seggraph.context import Context, open_context
from seggraph.database import migrating
from seggraph.database.connections import database
from seggraph.services.events import events
from seggraph.services.events import partitions as event_partitions
from seggraph.services.identity import workspaces
from seggraph.services.identity.authentication import issue_token
from seggraph.services.imports import imports
from seggraph.services.imports import runs as import_runs
from seggraph.services.imports.imports import ImportDraft
from seggraph.services.imports.mappings import Pair
from seggraph.services.members import upserts
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, MemberKind, Role

MEMBERS = 10_000
EVENTS = 100_000
IMPORTED = 50_000
SECRET = "a secret that only this benchmark knows"
PORT = 8792
Row = dict[str, Any]


@dataclass(frozen=True)
class Timing:
    """How many rows took how long."""

    rows: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.rows / self.seconds


def report(what: str, timing: Timing, copy: Timing) -> None:
    """Print one line."""
    ratio = timing.per_second / copy.per_second
    print(f"{what:<44} {timing.per_second:>9,.0f}/s   {ratio:.2f} x COPY ({copy.per_second:,.0f}/s)")
    Ratio(f"{what[0].upper()}{what[1:]}, rows per second to COPY's", ratio).print()


async def timed(rows: int, work: Callable[[], Awaitable[object]]) -> Timing:
    """Do the work and time it."""
    start = time.perf_counter()
    await work()
    return Timing(rows, time.perf_counter() - start)


async def new_viewer(name: str) -> Viewer:
    """An administrator of a new workspace."""
    return Viewer((await workspaces.create(name)).id, Role.ADMIN, ApiKeyScope.ADMIN)


async def measure_events(context: Context) -> None:
    """recordEvents, by batches: new events, the same again, and by two callers at once."""
    viewer, other = await new_viewer("Record"), await new_viewer("Record, twice")
    for one in (viewer, other):
        await _store_members(context, one)
    rows = _event_rows()
    await event_partitions.ensure({row["occurredAt"] for row in rows})
    copy = await _copy_events(await new_viewer("Copy"), rows)
    batches = [rows[start : start + events.MAX_ROWS] for start in range(0, len(rows), events.MAX_ROWS)]
    report("events, new", await timed(len(rows), lambda: _record(context, viewer, batches)), copy)
    report(
        "events, all of them again", await timed(len(rows), lambda: _record(context, viewer, batches)), copy
    )

    async def two_callers() -> None:
        async with asyncio.TaskGroup() as group:
            for half in (batches[::2], batches[1::2]):
                group.create_task(_record(context, other, half))

    report("events, new, two callers at once", await timed(len(rows), two_callers), copy)


async def _store_members(context: Context, viewer: Viewer) -> None:
    for start in range(0, MEMBERS, upserts.MAX_ROWS):
        rows = [{"externalId": f"m{number}"} for number in range(start, start + upserts.MAX_ROWS)]
        await upserts.upsert(context, viewer, MemberKind.PERSON, rows)


async def _record(context: Context, viewer: Viewer, batches: Sequence[Sequence[Row]]) -> None:
    for batch in batches:
        found = await events.record(context, viewer, batch)
        assert not found.row_errors, found.row_errors[0]


def _event_rows() -> list[Row]:
    """Events of a year by random members: a third are orders with an amount."""
    random, now = Random(1), datetime.now(UTC).replace(microsecond=0)
    return [
        {
            "kind": MemberKind.PERSON,
            "memberExternalId": f"m{random.randrange(MEMBERS)}",
            "name": ("order", "page_view", "login")[number % 3],
            "occurredAt": now - timedelta(seconds=random.randrange(365 * 86_400)),
            "value": Decimal(random.randrange(100_000)).scaleb(-2) if number % 3 == 0 else None,
            "properties": {"channel": "web", "page": f"/p/{random.randrange(1000)}"},
            "externalId": f"e{number}",
        }
        for number in range(EVENTS)
    ]


async def _copy_events(viewer: Viewer, rows: Sequence[Row]) -> Timing:
    """COPY of the rows, made ready beforehand, into `events` with its indexes."""
    columns = ["workspace_id", "kind", "ordinal", "name", "occurred_at", "value", "properties", "external_id"]
    records = [
        (
            viewer.workspace_id,
            row["kind"],
            int(row["memberExternalId"][1:]),
            row["name"],
            row["occurredAt"],
            row["value"],
            orjson.dumps(row["properties"]).decode(),
            row["externalId"],
        )
        for row in rows
    ]
    async with database() as connection:
        return await timed(len(rows), lambda: _copy(connection, "events", records, columns))


async def _copy(
    connection: asyncpg.Connection, table: str, records: Sequence[tuple[Any, ...]], columns: Sequence[str]
) -> None:
    await connection.copy_records_to_table(table, records=records, columns=columns)


async def measure_members(context: Context) -> None:
    """Members through the upsert of 1,000 rows, and through an import, against COPY of the same rows."""
    rows = [_account(number) for number in range(MEMBERS)]
    batches = [rows[start : start + 1_000] for start in range(0, len(rows), 1_000)]
    viewer = await new_viewer("Upserts")

    async def upsert() -> None:
        for batch in batches:
            await upserts.upsert(context, viewer, MemberKind.ACCOUNT, batch)

    upserted = await timed(len(rows), upsert)
    copy = await _copy_members(viewer, await new_viewer("Copy"))
    report("members by upserts of 1,000", upserted, copy)
    await measure_import(context, rows=IMPORTED, copy=copy)


async def measure_import(context: Context, *, rows: int, copy: Timing) -> None:
    """An import of so many rows, and the most memory that this process ever had."""
    viewer = await new_viewer("Import")
    columns = ("externalId", "name", "domain", "email", "city", "industry", "employees", "plan")

    async def lines() -> AsyncIterator[bytes]:
        yield (",".join(columns) + "\n").encode()
        for start in range(0, rows, 10_000):
            accounts = map(_account, range(start, min(start + 10_000, rows)))
            yield "".join(
                ",".join(str((one | one["attributes"])[name]) for name in columns) + "\n" for one in accounts
            ).encode()

    parts = lines()

    async def read(_: int) -> bytes:
        return await anext(parts, b"")

    draft = ImportDraft(file_name="bench.csv", kind=MemberKind.ACCOUNT)
    view = await imports.create(context, viewer, read, draft)
    pairs = [Pair(column, column) for column in columns]
    await imports.start(context, viewer, view.id, pairs)

    async def run() -> None:
        while not (await imports.get(viewer, view.id)).is_over:
            await import_runs.run(context, view.id)

    timing = await timed(rows, run)
    done = await imports.get(viewer, view.id)
    assert (done.read, done.added) == (rows, rows), done
    report(f"members by an import of {rows:,} rows", timing, copy)
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _account(number: int) -> Row:
    return {
        "externalId": f"account-{number}",
        "name": f"Company {number} Incorporated",
        "domain": f"company-{number}.example.com",
        "email": f"hello@company-{number}.example.com",
        "city": ("Berlin", "London", "New York", "Paris")[number % 4],
        "industry": ("Software", "Retail", "Health Care")[number % 3],
        "employees": number % 5_000,
        "attributes": {"plan": ("gold", "silver", "free")[number % 3]},
    }


async def _copy_members(source: Viewer, target: Viewer) -> Timing:
    """COPY the members of one workspace to another: the same rows, the same table, the same indexes."""
    names = ("kind", "ordinal", "external_id", *upserts.COLUMNS, "version")
    async with database() as connection:
        rows = await connection.fetch(
            f"SELECT {', '.join(names)} FROM members WHERE workspace_id = $1", source.workspace_id
        )
        records = [(target.workspace_id, *row) for row in rows]
        columns = ("workspace_id", *names)
        return await timed(len(rows), lambda: _copy(connection, "members", records, columns))


UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: ACCOUNT, members: $members}) { created rowErrors { index } errors { code } }
    }
"""


async def measure_graphql(context: Context) -> None:
    """upsertMembers as a partner calls it: 1,000 rows a request, over HTTP to a server of its own process."""
    viewer = await new_viewer("GraphQL")
    subject = "bench@example.com"
    await workspaces.ensure_user(
        viewer.workspace_id, subject=subject, name=subject, email=subject, role=Role.ADMIN
    )
    token = issue_token(
        context.settings, subject=subject, workspace_id=viewer.workspace_id, lifetime=timedelta(hours=1)
    )
    rows = [_account(number) for number in range(MEMBERS)]
    bodies = [
        orjson.dumps({"query": UPSERT, "variables": {"members": rows[start : start + upserts.MAX_ROWS]}})
        for start in range(0, len(rows), upserts.MAX_ROWS)
    ]
    environment = os.environ | {
        "SEGGRAPH_DATABASE_URL": context.settings.database_url or "",
        "SEGGRAPH_REDIS_URL": context.settings.redis_url or "",
        "SEGGRAPH_JWT_SECRET": SECRET,
    }
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "seggraph", "serve", "--port", str(PORT), env=environment
    )
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{PORT}", headers=headers, timeout=60
        ) as client:
            await _until_ready(client)

            async def send() -> None:
                for body in bodies:
                    answer = (await client.post("/graphql", content=body)).json()["data"]["upsertMembers"]
                    assert answer == {"created": upserts.MAX_ROWS, "rowErrors": [], "errors": []}, answer

            timing = await timed(len(rows), send)
    finally:
        server.terminate()
        await server.wait()
    report(
        "members by GraphQL, 1,000 a request", timing, await _copy_members(viewer, await new_viewer("Copy"))
    )


async def _until_ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def measure_million(context: Context) -> None:
    """An import of a million rows: the memory that it takes must not follow the size of the file."""
    viewer = await new_viewer("Few")
    await upserts.upsert(context, viewer, MemberKind.ACCOUNT, [_account(number) for number in range(1_000)])
    copy = await _copy_members(viewer, await new_viewer("Copy"))
    await measure_import(context, rows=1_000_000, copy=copy)


PARTS: dict[str, Callable[[Context], Awaitable[None]]] = {
    "events": measure_events,
    "members": measure_members,
    "graphql": measure_graphql,
    "million": measure_million,
}
"""What can be measured, by the name to give on the command line."""


async def _measure(servers: embedded.Servers, parts: Sequence[str]) -> None:
    connection = await asyncpg.connect(servers.url_of("postgres"))
    await connection.execute("CREATE DATABASE bench")
    await connection.close()
    await migrating.migrate(servers.url_of("bench"))
    settings = Settings(
        database_url=servers.url_of("bench"),
        redis_url=servers.redis_url,
        jwt_secret=SecretStr(SECRET),
        log_level="error",
    )
    async with open_context(settings) as context:
        for part in parts:
            await PARTS[part](context)


def main() -> None:
    """Measure the parts that are named, or all."""
    with embedded.running(temporary=True) as servers:
        asyncio.run(_measure(servers, sys.argv[1:] or ["events", "members", "graphql"]))


if __name__ == "__main__":
    main()

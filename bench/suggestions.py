"""How long builders of criteria wait for suggestions and counts among many members, and what counting costs writers.

Run: ``python bench/suggestions.py [--members 1000000]``. Starts servers of its own and prints the median and the
slowest of each question in milliseconds; the aim is under 50 at a million members. Every answer is compared with
a count of the members themselves.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from bench.results import Ratio
from seggraph import embedded
from seggraph.access import Viewer
from seggraph.context import Context, open_context
from seggraph.database import migrating
from seggraph.database.connections import database
from seggraph.services.catalogue import field_examples, value_counts
from seggraph.services.identity import workspaces
from seggraph.services.members import upserts
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, MemberKind, Role

ROUNDS = 9
KIND = MemberKind.ACCOUNT
BATCH = 50_000

DECLARE = """
    INSERT INTO attributes (workspace_id, kind, name, type) VALUES ($1, $2, 'plan', 'STRING'),
      ($1, $2, 'active', 'BOOLEAN'), ($1, $2, 'langs', 'STRING_LIST'), ($1, $2, 'note', 'STRING'),
      ($1, $2, 'seats', 'NUMBER')
"""

FILL = """
    INSERT INTO members (workspace_id, kind, ordinal, external_id, name, country, city, industry, domain,
      tags, attributes)
    SELECT $1, $2, n, 'a' || n, 'Name ' || n, 'C' || n % 40, 'City ' || (n * 7919::bigint) % 9000, 'I' || n % 20,
      'd' || n % 300000 || '.example', CASE WHEN n % 3 = 0 THEN ARRAY['t' || n % 100] ELSE '{}' END,
      jsonb_build_object('plan', 'p' || n % 5, 'active', n % 2 = 0, 'note', 'free ' || n, 'seats', n % 100,
        'langs', jsonb_build_array('en', 'l' || n % 9))
    FROM generate_series($3::int, $4 - 1) AS n
"""

TRUE_COUNTS = """
    SELECT city, count(*) FROM members WHERE workspace_id = $1 AND kind = $2 AND city LIKE 'City 1%'
    GROUP BY city ORDER BY 2 DESC, 1 LIMIT 10
"""


async def main(count: int) -> None:
    """Fill a database and time the questions."""
    with embedded.running(temporary=True) as servers:
        url = servers.url_of("postgres")
        await migrating.migrate(url)
        settings = Settings(database_url=url, redis_url=servers.redis_url, log_level="error")
        async with open_context(settings) as context:
            workspace = await workspaces.create("Bench")
            viewer = Viewer(workspace.id, Role.ADMIN, ApiKeyScope.ADMIN)
            async with database() as connection:
                await _fill(connection, viewer, count)
                await _upserts(context, viewer, connection)
            await _questions(viewer)


async def _fill(connection: asyncpg.Connection, viewer: Viewer, count: int) -> None:
    await connection.execute(DECLARE, viewer.workspace_id, KIND)
    folding = 0.0
    started = time.perf_counter()
    for start in range(0, count, BATCH):
        await connection.execute(FILL, viewer.workspace_id, KIND, start, min(count, start + BATCH))
        before = time.perf_counter()
        await value_counts.fold(viewer.workspace_id, KIND)
        folding += time.perf_counter() - before
    await connection.execute(
        "INSERT INTO populations (workspace_id, kind, next_ordinal) VALUES ($1, $2, $3)",
        viewer.workspace_id,
        KIND,
        count,
    )
    await connection.execute("VACUUM ANALYZE")
    print(f"{count} members in {time.perf_counter() - started:.1f} s, of which adding up {folding:.1f} s")


async def _upserts(context: Context, viewer: Viewer, connection: asyncpg.Connection) -> None:
    """What the counting adds to upserts of 1,000 changed members: a ratio to the same without it."""
    times: dict[str, list[float]] = {"ENABLE": [], "DISABLE": []}
    for number in range(2 * ROUNDS):
        switch = "ENABLE" if number % 2 else "DISABLE"
        await connection.execute(f"ALTER TABLE members {switch} TRIGGER USER")
        rows = [{"externalId": f"a{n}", "country": f"X{number}"} for n in range(1_000)]
        started = time.perf_counter()
        await upserts.upsert(context, viewer, KIND, rows)
        times[switch].append(time.perf_counter() - started)
    await connection.execute("ALTER TABLE members ENABLE TRIGGER USER")
    # The rounds without it left wrong counts of those countries, which nothing below compares.
    with_it, without = (statistics.median(times[switch]) for switch in ("ENABLE", "DISABLE"))
    print(
        f"upsert of 1,000 changed: {with_it * 1000:.0f} ms, {with_it / without:.2f} times that without counting"
    )
    Ratio("Upsert of 1,000, with counting of values to without", with_it / without).print()


async def _questions(viewer: Viewer) -> None:
    questions: dict[str, Callable[[], Awaitable[Any]]] = {
        "cities, 9,000 different": lambda: value_counts.suggest(viewer, KIND, "city"),
        "cities by prefix": lambda: value_counts.suggest(viewer, KIND, "city", search="city 1"),
        "countries": lambda: value_counts.suggest(viewer, KIND, "country"),
        "tags": lambda: value_counts.suggest(viewer, KIND, "tags"),
        "STRING attribute": lambda: value_counts.suggest(viewer, KIND, "plan"),
        "STRING_LIST attribute": lambda: value_counts.suggest(viewer, KIND, "langs"),
        "domains, estimated": lambda: value_counts.suggest(viewer, KIND, "domain", search="d1"),
        "crowded attribute, estimated": lambda: value_counts.suggest(viewer, KIND, "note", search="free 1"),
        "member counts of all fields": lambda: value_counts.member_counts(viewer, [KIND]),
        "examples of all fields": lambda: field_examples.get_many(viewer, [KIND]),
    }
    for name, ask in questions.items():
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            await ask()
            times.append((time.perf_counter() - started) * 1000)
        print(f"{name:32} median {statistics.median(times):6.1f} ms, slowest {max(times):6.1f} ms")
    async with database() as connection:
        expected = [tuple(row) for row in await connection.fetch(TRUE_COUNTS, viewer.workspace_id, KIND)]
    found = await value_counts.suggest(viewer, KIND, "city", search="City 1")
    assert [(one.value, one.count) for one in found] == expected
    print("the counts are those of the members")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    asyncio.run(main(parser.parse_args().members))

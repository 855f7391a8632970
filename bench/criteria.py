"""How long criteria take, next to the best SQL written by hand for the same question; and previews after an edit.

Run: ``python bench/criteria.py --members 1000000 --events 10000000``; by default 200,000 and ten times as many. It
starts a server of its own and fills it, which takes some minutes for ten million events.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from pyroaring import BitMap

from seggraph import embedded
from seggraph.criteria import Catalogue, check, parse
from seggraph.engines import Population, PostgresEngine
from seggraph.models import migrating
from seggraph.vocabulary import MemberKind

ROUNDS = range(3, 8)
"""How often each case is measured: at least, and before which as long as it takes no longer than ROUNDS_SECONDS."""
ROUNDS_SECONDS = 20
PREVIEW_ROUNDS = 3
PEOPLE = Population(1, MemberKind.PERSON)
CATALOGUE = Catalogue(
    MemberKind.PERSON,
    [
        AttributeDefinition("plan", AttributeType.STRING),
        AttributeDefinition("renewal", AttributeType.DATE),
    ],
)
THIRD = 1
"""The segment that a third of the people are in."""
AS_OF = datetime.now(UTC).replace(microsecond=0)

MEMBERS = """
    INSERT INTO members (id, workspace_id, kind, ordinal, external_id, email, country, industry, employees, score,
      is_target, has_address, tags, attributes, consent_email, consent_direct_mail, consent_sms, consent_phone,
      consent_push, created_at, updated_at, version)
    SELECT n + 1000000000 * $2::smallint, 1, $2::smallint, n, 'm' || n, 'm' || n || '@example.com',
      (ARRAY['US','DE','FR','IT','ES'])[1 + n % 5], (ARRAY['retail','software','energy','health'])[1 + n / 7 % 4],
      n * 7919 % 5000, n * 31 % 100, n % 3 = 0, n % 4 > 0, ARRAY['tag' || n % 20, 'group' || n % 7],
      jsonb_build_object('plan', (ARRAY['free','pro','team'])[1 + n / 3 % 3], 'renewal', date '2024-01-01' + n::int % 731),
      n % 3, 0, 0, 0, 0, now(), now(), 1
    FROM generate_series(0::bigint, $1::bigint - 1) AS n
"""
EVENTS = """
    INSERT INTO events (workspace_id, kind, ordinal, name, occurred_at, value)
    SELECT 1, 1, (random() * ($1::int - 1))::int, (ARRAY['order','visit','visit','visit'])[1 + n % 4],
      $3::timestamptz - random() * interval '89 days', (n % 500)::numeric
    FROM generate_series(1, $2::int) AS n
"""
RELATIONS = """
    INSERT INTO relations (workspace_id, relation, from_kind, to_kind, from_ordinal, to_ordinal)
    SELECT 1, 1, 1, 2, n, n % $2::bigint FROM generate_series(0, $1::bigint - 1) AS n
"""
MEMBERSHIPS = """
    CREATE TABLE memberships (segment_id bigint, ordinal int, PRIMARY KEY (segment_id, ordinal));
"""
"""What members of segments are by hand."""
TOTALS = """
    INSERT INTO event_totals (workspace_id, kind, name, ordinal, count, valued_count, sum, first_at, last_at)
    SELECT workspace_id, kind, name, ordinal, count(*), count(value), sum(value), min(occurred_at), max(occurred_at)
    FROM events GROUP BY 1, 2, 3, 4
"""

INDEXES = """
    SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE conrelid = 'events'::regclass AND contype = 'p'
"""


async def fill(connection: asyncpg.Connection, members: int, events: int) -> None:
    """Write the members and three months of events, without what triggers would count."""
    await connection.execute("SET session_replication_role = replica")
    ends = [(AS_OF - timedelta(days=days)).isoformat() for days in (90, 45, -1)]
    for start, end in pairwise(ends):
        part = f"events_bench_{start[:10].replace('-', '_')}"
        await connection.execute(
            f"CREATE TABLE {part} PARTITION OF events FOR VALUES FROM ('{start}') TO ('{end}')"
        )
    await connection.execute(MEMBERS, members)
    # Keys and indexes are built when the rows are there: that takes a fifth of the time.
    [key] = await connection.fetch(INDEXES)
    window = await connection.fetchval("SELECT pg_get_indexdef('events_in_window'::regclass)")
    await connection.execute(f"ALTER TABLE events DROP CONSTRAINT {key['name']}; DROP INDEX events_in_window")
    await connection.execute(EVENTS, members, events, AS_OF)
    await connection.execute("SET maintenance_work_mem = '512MB'")
    await connection.execute(f"ALTER TABLE events ADD CONSTRAINT {key['name']} {key['definition']}")
    await connection.execute(window)
    await connection.execute(TOTALS)
    await connection.execute("VACUUM ANALYZE members, events, event_totals")


async def milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    """The median of several times, after one that warms up."""
    await work()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        await work()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


async def measure(connection: asyncpg.Connection, members: int) -> None:
    """Print each case: the whole audience, the same by hand, and restricted to 1,000 members."""
    engine, few = PostgresEngine(), BitMap(range(0, members, max(1, members // 1000)))
    print(f"{'':<50} {'engine ms':>10} {'by hand ms':>11} {'ratio':>6} {'1,000 of them ms':>17}")
    for name, document, sql in CASES:
        tree = check(parse(document), Catalogue(MemberKind.PERSON))

        async def ask(ordinals: BitMap | None = None, tree: Any = tree) -> list[BitMap]:
            async with connection.transaction():
                return await engine.evaluate(
                    connection,
                    PEOPLE,
                    [tree],
                    as_of=AS_OF,
                    zone=ZoneInfo("UTC"),
                    ordinals=ordinals,
                    timeout_seconds=120,
                )

        async def by_hand(sql: str = sql) -> object:
            return await connection.fetchval(sql, AS_OF)

        whole, hand = await milliseconds(ask), await milliseconds(by_hand)
        restricted = await milliseconds(lambda ask=ask: ask(few))  # type: ignore[misc]
        print(f"{name:<50} {whole:>10.0f} {hand:>11.0f} {whole / hand:>6.2f} {restricted:>17.1f}")


async def preview(
    connection: asyncpg.Connection, engine: PostgresEngine, conditions: list[Any], *, keep: bool = True
) -> float:
    """How many milliseconds the evaluation of a preview takes."""
    tree = check(parse({"all": conditions}), Catalogue(MemberKind.PERSON))
    started = time.perf_counter()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        recall = await engine.recall(connection, PEOPLE, zone=ZoneInfo("UTC"), now=AS_OF)
        await engine.evaluate(
            connection,
            PEOPLE,
            [tree],
            as_of=recall.as_of,
            zone=ZoneInfo("UTC"),
            recall=recall if keep else None,
            timeout_seconds=120,
        )
    return (time.perf_counter() - started) * 1000


async def measure_previews(connection: asyncpg.Connection) -> None:
    """Print how long the first preview takes and those after one condition was changed; and without keeping any."""
    firsts: list[float] = []
    edits: dict[str, list[float]] = {name: [] for name, _ in EDITS}
    plain: list[float] = []
    for _ in range(PREVIEW_ROUNDS):
        engine = PostgresEngine()
        firsts.append(await preview(connection, engine, BASE))
        for place, (name, condition) in enumerate(EDITS):
            edited = [*BASE[:place], condition, *BASE[place + 1 :]]
            edits[name].append(await preview(connection, engine, edited))
        plain.append(await preview(connection, engine, BASE, keep=False))
    first = statistics.median(firsts)
    print(f"\n{'preview of five conditions':<50} {'ms':>10} {'of the first':>13}")
    print(f"{'first':<50} {first:>10.0f} {1:>13.2f}")
    print(f"{'when nothing is kept':<50} {statistics.median(plain):>10.0f}")
    for name, times in edits.items():
        taken = statistics.median(times)
        print(f"{'after another ' + name:<50} {taken:>10.0f} {taken / first:>13.2f}")


async def main(url: str, members: int, events: int) -> None:
    """Set up, fill and measure."""
    await migrating.migrate(url)
    connection = await asyncpg.connect(url)
    try:
        started = time.perf_counter()
        await fill(connection, members, events)
        print(f"{members:,} members, {events:,} events, filled in {time.perf_counter() - started:.0f} s\n")
        await measure(connection, members)
        await measure_previews(connection)
    finally:
        await connection.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--members", type=int, default=200_000)
    options.add_argument("--events", type=int, help="ten times the members unless given")
    given = options.parse_args()
    with embedded.running(temporary=True) as servers:
        asyncio.run(main(servers.database_url, given.members, given.events or 10 * given.members))

"""How long criteria take, next to the best handwritten SQL for the same question; and previews after an edit.

Run: ``python -m bench.criteria --members 1000000 --events 10000000``; by default 200,000 and ten times as many. It
starts a server of its own and fills it, which takes some minutes for ten million events.

Both ask in turns, over one connection, with warm caches, and are planned for their very values each time. The SQL by
hand is planned with plain index scans or without, whichever is faster, as somebody would who looks at its plan. It is
checked that both found the same members.
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

from bench.criteria_cases import BASE, CASES, EDITS, SEGMENT
from bench.results import Ratio
from seggraph import embedded
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.criteria import AttributeDefinition, Catalogue, check, parse
from seggraph.database import migrating
from seggraph.engines import EvaluationRequest, Population, PostgresEngine
from seggraph.engines.fetching import bitmaps
from seggraph.models.audiences import ChunkRole
from seggraph.vocabulary import AttributeType, MemberKind, RelationType

MOST_ROUNDS, LEAST_ROUNDS, ENOUGH_SECONDS = 9, 3, 15
PREVIEW_ROUNDS = 3
PEOPLE = Population(1, MemberKind.PERSON)
CATALOGUE = Catalogue(
    MemberKind.PERSON,
    [
        AttributeDefinition("plan", AttributeType.STRING),
        AttributeDefinition("renewal", AttributeType.DATE),
    ],
)
AS_OF = datetime.now(UTC).replace(microsecond=0)

MEMBERS = """
    INSERT INTO members (workspace_id, kind, ordinal, external_id, email, country, industry, employees, score,
      is_target, has_address, tags, attributes, consent_email)
    SELECT 1, $2, n, 'm' || n, 'm' || n || '@example.com', (ARRAY['US','DE','FR','IT','ES'])[1 + n % 5],
      (ARRAY['retail','software','energy','health'])[1 + n / 7 % 4], n * 7919 % 5000, n * 31 % 100, n % 3 = 0,
      n % 4 > 0, ARRAY['tag' || n % 20, 'group' || n % 7],
      jsonb_build_object('plan', (ARRAY['free','pro','team'])[1 + n / 3 % 3],
        'renewal', date '2024-01-01' + (n % 731)::int),
      n % 3
    FROM generate_series(0, $1::bigint - 1) AS n
"""
RELATIONS = """
    INSERT INTO relations (workspace_id, relation, from_kind, to_kind, from_ordinal, to_ordinal)
    SELECT 1, $3, 1, 2, n, n % $2::bigint FROM generate_series(0, $1::bigint - 1) AS n
"""
MEMBERSHIPS = "INSERT INTO memberships SELECT $2, n FROM generate_series(0, $1::bigint - 1, 3) AS n"
EVENTS = """
    INSERT INTO events (workspace_id, kind, ordinal, name, occurred_at, value)
    SELECT 1, 1, (random() * ($1::int - 1))::int, (ARRAY['order','visit','visit','visit'])[1 + n % 4],
      $3::timestamptz - random() * interval '89 days', (n % 500)::numeric
    FROM generate_series(1, $2::int) AS n
"""
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
    """Write everything, without what triggers would count."""
    await connection.execute("SET session_replication_role = replica")
    await fill_members(connection, members)
    await fill_events(connection, members, events)
    await connection.execute("VACUUM ANALYZE members, relations, memberships, events, event_totals")
    await connection.execute("RESET session_replication_role; RESET maintenance_work_mem; CHECKPOINT")


async def fill_members(connection: asyncpg.Connection, members: int) -> None:
    """People, a twentieth as many accounts that they are of, and the segment of a third of them."""
    accounts = members // 20
    await connection.execute(MEMBERS, members, MemberKind.PERSON)
    await connection.execute(MEMBERS, accounts, MemberKind.ACCOUNT)
    await connection.execute(RELATIONS, members, accounts, RelationType.PERSON_ACCOUNT)
    await connection.execute(
        "CREATE TABLE memberships (segment_id bigint, ordinal int, PRIMARY KEY (segment_id, ordinal))"
    )
    await connection.execute(MEMBERSHIPS, members, SEGMENT)
    owner = ChunkOwner(ChunkRole.MEMBERS, SEGMENT)
    async with connection.transaction():
        await ChunkStore(connection, 1).write({owner: (BitMap(), BitMap(range(0, members, 3)))})


async def fill_events(connection: asyncpg.Connection, members: int, events: int) -> None:
    """Three months of events in two partitions, and their totals."""
    ends = [(AS_OF - timedelta(days=days)).isoformat() for days in (90, 45, -1)]
    for start, end in pairwise(ends):
        part = f"events_bench_{start[:10].replace('-', '_')}"
        await connection.execute(
            f"CREATE TABLE {part} PARTITION OF events FOR VALUES FROM ('{start}') TO ('{end}')"
        )
    # Keys and indexes are built when the rows are there: that takes a fifth of the time.
    [key] = await connection.fetch(INDEXES)
    window = await connection.fetchval("SELECT pg_get_indexdef('events_in_window'::regclass)")
    await connection.execute(f"ALTER TABLE events DROP CONSTRAINT {key['name']}; DROP INDEX events_in_window")
    await connection.execute(EVENTS, members, events, AS_OF)
    await connection.execute("SET maintenance_work_mem = '512MB'")
    await connection.execute(f"ALTER TABLE events ADD CONSTRAINT {key['name']} {key['definition']}")
    await connection.execute(window.replace(" ON ONLY ", " ON "))
    await connection.execute(TOTALS)


async def milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    """How long it takes once."""
    started = time.perf_counter()
    await work()
    return (time.perf_counter() - started) * 1000


async def in_turns(*works: Callable[[], Awaitable[object]], most: int = MOST_ROUNDS) -> list[list[float]]:
    """For each the times of the same rounds; every second round goes the other way around."""
    times: list[list[float]] = [[] for _ in works]
    order = list(zip(works, times, strict=True))
    started = time.perf_counter()
    for done in range(most):
        if done >= LEAST_ROUNDS and time.perf_counter() - started > ENOUGH_SECONDS:
            break
        for work, taken in order:
            taken.append(await milliseconds(work))
        order.reverse()
    return times


async def within(connection: asyncpg.Connection, setting: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do it with plain index scans `on` or `off`."""
    await connection.execute(f"SET enable_indexscan = {setting}")
    await work()
    await connection.execute("RESET enable_indexscan")


async def faster_setting(connection: asyncpg.Connection, work: Callable[[], Awaitable[object]]) -> str:
    """Whether it is faster with plain index scans: `on` or `off`."""
    settings = ("on", "off")
    times = await in_turns(
        *(lambda setting=setting: within(connection, setting, work) for setting in settings),
        most=2,
    )
    return min(zip(map(min, times), settings, strict=True))[1]


async def measure(connection: asyncpg.Connection, members: int, only: str) -> None:
    """Print each case: the whole audience, the same in handwritten SQL, and restricted to 1,000 members.

    The ratios are of the medians, and the median of those of single rounds.
    """
    engine, few = PostgresEngine(), BitMap(range(0, members, max(1, members // 1000)))
    print(f"{'':<50} {'engine ms':>10} {' by SQL ms':>11} {'ratios':>11} {'found':>9} {'of 1,000 ms':>12}")
    for name, document, sql in CASES:
        if only not in name:
            continue
        tree = check(parse(document), CATALOGUE)

        async def ask(ordinals: BitMap | None = None, tree: Any = tree) -> list[BitMap]:
            async with connection.transaction():
                return await engine.evaluate(
                    connection,
                    EvaluationRequest(
                        PEOPLE,
                        [tree],
                        as_of=AS_OF,
                        zone=ZoneInfo("UTC"),
                        within_ordinals=ordinals,
                        timeout_seconds=120,
                    ),
                )

        async def by_hand(sql: str = sql) -> bytes:
            found: bytes = await connection.fetchval(sql, AS_OF)
            return found

        # These warm up.
        [found], [expected] = await ask(), await bitmaps([await by_hand()])
        await ask(few)
        setting = await faster_setting(connection, by_hand)
        if found != expected:
            raise SystemExit(f"{name}: {len(found - expected)} too many, {len(expected - found)} too few")
        whole, hand, restricted = await in_turns(
            ask,
            lambda setting=setting, by_hand=by_hand: within(connection, setting, by_hand),  # type: ignore[misc]
            lambda ask=ask: ask(few),  # type: ignore[misc]
        )
        medians = statistics.median(whole), statistics.median(hand)
        ratio = statistics.median(one / other for one, other in zip(whole, hand, strict=True))
        print(
            f"{name:<50} {medians[0]:>10.0f} {medians[1]:>11.0f} {medians[0] / medians[1]:>5.2f} {ratio:>5.2f}"
            f" {len(found):>9,} {statistics.median(restricted):>12.1f}",
            flush=True,
        )
        Ratio(f"Criteria, {name}, to handwritten SQL", medians[0] / medians[1], at_most=1.2).print()


async def preview(
    connection: asyncpg.Connection, engine: PostgresEngine, conditions: list[Any], *, keep: bool = True
) -> float:
    """How many milliseconds the evaluation of a preview takes."""
    tree = check(parse({"all": conditions}), CATALOGUE)
    started = time.perf_counter()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        recall = await engine.recall(connection, PEOPLE, zone=ZoneInfo("UTC"), now=AS_OF)
        await engine.evaluate(
            connection,
            EvaluationRequest(
                PEOPLE,
                [tree],
                as_of=recall.as_of,
                zone=ZoneInfo("UTC"),
                recall=recall if keep else None,
                timeout_seconds=120,
            ),
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
        Ratio(f"Preview after another {name}, to the first", taken / first, at_most=0.3).print()


async def main(url: str, members: int, events: int, only: str) -> None:
    """Set up, fill and measure."""
    await migrating.migrate(url)
    connection = await asyncpg.connect(url)
    try:
        started = time.perf_counter()
        await fill(connection, members, events)
        print(f"{members:,} members, {events:,} events, filled in {time.perf_counter() - started:.0f} s\n")
        await connection.execute("SET plan_cache_mode = force_custom_plan")
        await measure(connection, members, only)
        await measure_previews(connection)
    finally:
        await connection.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--members", type=int, default=200_000)
    options.add_argument("--events", type=int, help="ten times the members unless given")
    options.add_argument("--only", default="", help="cases with this in their name")
    given = options.parse_args()
    with embedded.running(temporary=True) as servers:
        asyncio.run(main(servers.database_url, given.members, given.events or 10 * given.members, given.only))

"""How long from `recalculateSegment` to READY at a subscriber, against the same handwritten `count(*)`.

A workspace of accounts, a segment of five attribute conditions, the API and a worker in processes of their own,
and a client on a WebSocket. The target: less than 1.5 times the count plus 300 ms.

    python bench/recompute.py [--members 200000] [--rounds 7]
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any, Final

import asyncpg
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport
from pyroaring import BitMap

from bench.results import Ratio
from seggraph import embedded
from seggraph.audiences import to_bytes
from seggraph.context import open_context
from seggraph.database import migrating
from seggraph.services.identity import workspaces
from seggraph.services.identity.authentication import issue_token
from seggraph.settings import Settings
from seggraph.vocabulary import Role

SECRET: Final = "a secret of the bench, of thirty-two characters and more"
SUBJECT: Final = "bench@example.com"
PORT: Final = 8791
FACTOR: Final = 1.5
ALLOWANCE_SECONDS: Final = 0.3

SEED = """
    INSERT INTO members (workspace_id, kind, ordinal, external_id, name, email, country, industry, employees,
      score, tags, attributes)
    SELECT $1, 2, n, 'a' || n, 'Account ' || n, CASE WHEN n % 3 > 0 THEN 'a' || n || '@example.com' END,
      (ARRAY['DE','FR','US','GB','IT','ES','NL','SE'])[1 + n % 8], (ARRAY['Retail','Software','Energy'])[1 + n % 3],
      n * 7919 % 5000, (n * 104729 % 1000) / 10.0, ARRAY['tag' || n % 20],
      jsonb_build_object('plan', (ARRAY['free','pro','team'])[1 + n % 3], 'seats', n * 31 % 200)
    FROM generate_series(0, $2::bigint - 1) AS n
"""

COUNT = """
    SELECT count(*) FROM members WHERE workspace_id = $1 AND kind = 2
      AND country IN ('DE', 'FR', 'US', 'GB') AND employees >= 500 AND score < 80
      AND attributes->>'plan' <> 'free' AND (attributes->'seats')::numeric > 20
"""

CRITERIA: Final = {
    "all": [
        {"attribute": {"field": "country", "op": "IN", "values": ["DE", "FR", "US", "GB"]}},
        {"attribute": {"field": "employees", "op": "GTE", "value": 500}},
        {"attribute": {"field": "score", "op": "LT", "value": 80}},
        {"attribute": {"field": "plan", "op": "NE", "value": "free"}},
        {"attribute": {"field": "seats", "op": "GT", "value": 20}},
    ]
}

CREATE = """
    mutation ($criteria: CriteriaInput!) {
      createSegment(input: {name: "Bench", kind: ACCOUNT, type: DYNAMIC, criteria: $criteria}) {
        segment { id } errors { code message }
      }
    }
"""
RECALCULATE = """
    mutation ($id: ID!) { recalculateSegment(input: {id: $id}) { segment { id } errors { code message } } }
"""
EVENTS = "subscription ($ids: [ID!]) { segmentEvents(segmentIds: $ids) { segment { memberCount reach { status } } } }"


@contextmanager
def processes(settings: Settings) -> Iterator[None]:
    """The API and a worker, as a deployment runs them."""
    environment = os.environ | {
        "SEGGRAPH_DATABASE_URL": str(settings.database_url),
        "SEGGRAPH_REDIS_URL": str(settings.redis_url),
        "SEGGRAPH_JWT_SECRET": SECRET,
        "SEGGRAPH_LOG_LEVEL": "error",
    }
    commands = (["serve", "--port", str(PORT)], ["worker"])
    running = [
        subprocess.Popen([sys.executable, "-m", "seggraph", *one], env=environment) for one in commands
    ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=20)


@asynccontextmanager
async def client(token: str) -> AsyncIterator[Any]:
    """A session on a WebSocket, as soon as the API answers."""
    await listening()
    transport = WebsocketsTransport(
        url=f"ws://127.0.0.1:{PORT}/graphql",
        init_payload={"Authorization": f"Bearer {token}"},
        subprotocols=["graphql-transport-ws"],
    )
    async with Client(transport=transport) as session:
        yield session


async def listening() -> None:
    """Wait until the API listens."""
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", PORT)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise TimeoutError("the API did not start")


async def ask(session: Any, query: str, **variables: Any) -> dict[str, Any]:
    """The one field of an answer."""
    request = gql(query)
    request.variable_values = variables
    [payload] = (await session.execute(request)).values()
    assert not payload["errors"], payload["errors"]
    return dict(payload)


async def until_ready(events: Any, *, seen: bool = False) -> int:
    """Wait until the subscriber sees READY, after CALCULATING unless that was seen; returns the members' number."""
    async for event in events:
        segment = event["segmentEvents"]["segment"]
        seen = seen or segment["reach"]["status"] == "CALCULATING"
        if seen and segment["reach"]["status"] == "READY":
            return int(segment["memberCount"])
    raise AssertionError("the subscription ended")


async def seed(connection: asyncpg.Connection, workspace_id: int, members: int) -> None:
    """Accounts by SQL, as if they had been upserted and not yet looked at."""
    await connection.execute(SEED, workspace_id, members)
    await connection.execute("INSERT INTO populations VALUES (DEFAULT, $1, 2, $2)", workspace_id, members)
    await connection.execute(
        """INSERT INTO attributes (workspace_id, kind, name, type)
        VALUES ($1, 2, 'plan', 'STRING'), ($1, 2, 'seats', 'NUMBER')""",
        workspace_id,
    )
    await connection.execute(
        "INSERT INTO dirty_batches (workspace_id, kind, ordinals) VALUES ($1, 2, $2)",
        workspace_id,
        to_bytes(BitMap(range(members))),
    )
    await connection.execute("VACUUM ANALYZE members")


async def measure(settings: Settings, members: int, rounds: int) -> None:
    """Seed, measure both ways in turns, and print."""
    async with open_context(settings):
        workspace_id = (await workspaces.create("Bench")).id
        await workspaces.ensure_user(
            workspace_id, subject=SUBJECT, name=SUBJECT, email=SUBJECT, role=Role.ADMIN
        )
    connection = await asyncpg.connect(settings.database_url)
    await seed(connection, workspace_id, members)
    token = issue_token(settings, subject=SUBJECT, workspace_id=workspace_id, lifetime=timedelta(hours=1))
    by_hand, through_product = [], []
    with processes(settings):
        async with client(token) as session:
            created = await ask(session, CREATE, criteria=CRITERIA)
            request = gql(EVENTS)
            request.variable_values = {"ids": [created["segment"]["id"]]}
            events = session.subscribe(request)
            await until_ready(events, seen=True)
            for _ in range(rounds + 1):
                start = time.perf_counter()
                expected = await connection.fetchval(COUNT, workspace_id)
                by_hand.append(time.perf_counter() - start)
                start = time.perf_counter()
                waiting = asyncio.create_task(until_ready(events))
                await ask(session, RECALCULATE, id=created["segment"]["id"])
                assert await waiting == expected
                through_product.append(time.perf_counter() - start)
            await events.aclose()
    await connection.close()
    report(members, by_hand[1:], through_product[1:])


def report(members: int, by_hand: list[float], through_product: list[float]) -> None:
    """Print the medians, their ratio and difference, and whether the target is met."""
    count, whole = statistics.median(by_hand), statistics.median(through_product)
    target = FACTOR * count + ALLOWANCE_SECONDS
    print(f"members            {members:,}")
    print(f"handwritten count    {count * 1000:.0f} ms (median of {len(by_hand)})")
    print(f"recalculate, READY {whole * 1000:.0f} ms (worst {max(through_product) * 1000:.0f})")
    print(f"ratio {whole / count:.2f}, difference {(whole - count) * 1000:.0f} ms")
    print(f"target {target * 1000:.0f} ms: {'met' if whole < target else 'MISSED'}")
    Ratio(
        f"Recalculation of {members:,} members until READY, to its target", whole / target, at_most=1.0
    ).print()


def main() -> None:
    """Run on embedded servers of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--members", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with embedded.running(temporary=True) as servers:
        settings = Settings(
            database_url=servers.database_url,
            redis_url=servers.redis_url,
            jwt_secret=SECRET,
            log_level="error",
        )
        asyncio.run(migrating.migrate(servers.database_url))
        asyncio.run(measure(settings, options.members, options.rounds))


if __name__ == "__main__":
    main()

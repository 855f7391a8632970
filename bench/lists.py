"""How long a list of 50 segments with everything that is counted takes among thousands, and how many statements.

Run: ``python bench/lists.py [--segments 5000]``. Starts servers of its own; one process answers one request after
the other. Prints p50 and p99 in milliseconds, beside those of the bare statement that finds the page.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
from pydantic import SecretStr

from bench.results import Ratio
from seggraph import embedded
from seggraph.app import create_app
from seggraph.cli.serving import spare_collections
from seggraph.context import Context, open_context
from seggraph.database import migrating
from seggraph.database.connections import database
from seggraph.services.identity import workspaces
from seggraph.services.identity.authentication import issue_token
from seggraph.services.segments.views import SELECT, UNLESS_ASKED_FOR
from seggraph.settings import Settings
from seggraph.vocabulary import Role

ROUNDS = 300
WARM_UP = 20
PAGE = 50

FILL = """
    INSERT INTO segments (workspace_id, name, name_key, kind, type, status, origin, visibility, criteria, version,
      requested_revision, computed_revision, attempts, reach_status, as_of, member_count, reach_total, created_by_id,
      created_at, last_action, last_modified_by_id, last_modified_at)
    SELECT $1, 'Segment ' || n, 'segment ' || n, 2, 'DYNAMIC',
      (ARRAY['ACTIVE', 'ACTIVE', 'ACTIVE', 'DRAFT', 'PAUSED', 'ARCHIVED'])[1 + n % 6], 'USER',
      CASE WHEN n % 9 = 0 THEN 'PRIVATE' ELSE 'WORKSPACE' END,
      '{"attribute": {"field": "country", "op": "IS_SET"}}', 1, 1, 1, 0, 'READY', now(), (n * 7919) % 100003,
      (n * 31) % 50021, $2, now() - n * interval '1 minute', 'CREATED', $2, now() - n * interval '1 minute'
    FROM generate_series(1, $3) AS n
"""
HIDE = """
    INSERT INTO segment_hidings (workspace_id, segment_id, user_id)
    SELECT $1, id, $2 FROM segments WHERE workspace_id = $1 AND id % 17 = 0
"""
CAMPAIGNS = """
    INSERT INTO campaigns (workspace_id, name, name_key, status, version, created_at, last_modified_at)
    SELECT $1, 'Campaign ' || n, 'campaign ' || n, 'ACTIVE', 1, now(), now() FROM generate_series(1, 500) AS n
"""
TARGETS = """
    INSERT INTO campaign_segments (workspace_id, campaign_id, segment_id, role)
    SELECT $1, c.id, s.id, 'INCLUDE' FROM campaigns c JOIN segments s ON s.workspace_id = $1 AND s.id % 50 = c.id % 50
    WHERE c.workspace_id = $1 AND s.id % 3 = 0
"""

LIST = """
    query ($first: Int!, $order: SegmentOrder, $search: String, $tabs: Boolean = false) {
      segments(first: $first, orderBy: $order, search: $search) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { id name status type memberCount reach { status total email directMail asOf } campaignCount
                createdBy { name } createdAt lastModifiedAt usages { hiddenCount campaigns { name } } }
      }
      segmentCounts(search: $search) @include(if: $tabs) { status count }
    }
"""
CASES: dict[str, dict[str, Any]] = {
    "newest": {},
    "by name": {"order": {"field": "NAME"}},
    "largest": {"order": {"field": "MEMBER_COUNT", "direction": "DESC"}},
    "by reach": {"order": {"field": "REACH", "direction": "DESC"}},
    "searched": {"search": "segment 12"},
    "newest, tabs too": {"tabs": True},
}


@asynccontextmanager
async def filled(count: int) -> AsyncIterator[tuple[httpx.AsyncClient, int, int]]:
    """A client of a leader in a workspace with so many segments; the ids of workspace and user."""
    with embedded.running(temporary=True) as servers:
        settings = Settings(
            database_url=servers.url_of("postgres"),
            redis_url=servers.redis_url,
            log_level="error",
            jwt_secret=SecretStr("a secret that only this measurement knows, and long"),
        )
        await migrating.migrate(servers.url_of("postgres"))
        async with open_context(settings) as context:
            workspace_id = (await workspaces.create("Bench")).id
            user_id = await workspaces.ensure_user(
                workspace_id, subject="leader", name="Leader", email="l@example.com", role=Role.LEADER
            )
            async with database() as connection:
                await connection.execute(FILL, workspace_id, user_id, count)
                await connection.execute(HIDE, workspace_id, user_id)
                await connection.execute(CAMPAIGNS, workspace_id)
                await connection.execute(TARGETS, workspace_id)
                await connection.execute("VACUUM ANALYZE")
            async with _client(context, workspace_id) as client:
                yield client, workspace_id, user_id


@asynccontextmanager
async def _client(context: Context, workspace_id: int) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(context.settings, lambda: nullcontext(context))
    token = issue_token(
        context.settings, subject="leader", workspace_id=workspace_id, lifetime=timedelta(hours=1)
    )
    spare_collections()
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
            yield client


async def _timed(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """The median and the 99th percentile, in milliseconds."""
    taken = []
    for number in range(WARM_UP + ROUNDS):
        began = time.perf_counter()
        await work()
        if number >= WARM_UP:
            taken.append((time.perf_counter() - began) * 1_000)
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The statements that are sent while it is entered."""
    sent: list[str] = []
    plain = asyncpg.Connection._execute

    async def noting(self: asyncpg.Connection, query: str, *arguments: Any, **options: Any) -> Any:
        sent.append(query)
        return await plain(self, query, *arguments, **options)

    asyncpg.Connection._execute = noting
    try:
        yield sent
    finally:
        asyncpg.Connection._execute = plain


async def main(count: int) -> None:
    """Fill a database and time the lists."""
    async with filled(count) as (client, workspace_id, user_id):

        async def ask(first: int, given: dict[str, Any]) -> dict[str, Any]:
            response = await client.post(
                "/graphql", json={"query": LIST, "variables": {"first": first} | given}
            )
            answer: dict[str, Any] = response.json()
            assert "errors" not in answer, answer
            return answer

        async def bare() -> object:
            text = f"{SELECT} {UNLESS_ASKED_FOR} ORDER BY s.created_at DESC, s.id DESC LIMIT {PAGE + 1}"
            async with database() as connection:
                return await connection.fetch(text, workspace_id, user_id, True)

        median, slowest = await _timed(bare)
        print(f"bare statement   p50 {median:6.1f}   p99 {slowest:6.1f}")
        base = median
        for name, given in CASES.items():
            statements = []
            for first in (5, PAGE):
                with _counted() as sent:
                    await ask(first, given)
                statements.append(len(sent))
            median, slowest = await _timed(lambda given=given: ask(PAGE, given))  # type: ignore[misc]
            print(
                f"{name:16} p50 {median:6.1f}   p99 {slowest:6.1f}   {median / base:4.1f} x bare"
                f"   statements for 5 and {PAGE}: {statements[0]}, {statements[1]}"
            )
            Ratio(f"List of segments, {name}, p50 to the bare statement", median / base).print()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--segments", type=int, default=5_000)
    asyncio.run(main(arguments.parse_args().segments))

"""How long a page of members takes among many: searched, sorted, narrowed by criteria and to a segment.

Run: ``python bench/members.py [--members 200000]``. Starts servers of its own and prints the median of each page
in milliseconds, and the plan of a search.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from pyroaring import BitMap

from seggraph import embedded
from seggraph.access import Viewer
from seggraph.context import Context, open_context
from seggraph.database import migrating
from seggraph.database.connections import database
from seggraph.database.paging import PageRequest, decode_cursor, encode_cursor
from seggraph.services.catalogue import catalogues
from seggraph.services.criteria import matching
from seggraph.services.identity import workspaces
from seggraph.services.members import lists, orders, pages, sort_index_builds
from seggraph.services.members.lists import MemberList
from seggraph.services.members.orders import MemberOrder
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, MemberKind, Role

ROUNDS = 7
KIND = MemberKind.ACCOUNT

FILL = """
    INSERT INTO members (workspace_id, kind, ordinal, external_id, name, domain, email, country, revenue, score,
      attributes, is_target, has_address)
    SELECT $1, $2, n, 'a' || n, md5(n::text) || ' Ltd', md5('d' || n) || '.example', md5('e' || n) || '@example.com',
      (ARRAY['DE', 'US', 'FR', 'GB'])[1 + n % 4], CASE WHEN n % 10 > 0 THEN (n * 7919) % 1000003 END, n % 97,
      CASE WHEN n % 3 > 0 THEN jsonb_build_object('seats', (n * 31) % 5003) ELSE '{}' END, true, false
    FROM generate_series(0, $3::bigint - 1) AS n
"""

WHERE: dict[str, dict[str, Any]] = {
    "half": {"attribute": {"field": "country", "op": "IN", "values": ["DE", "US"]}},
    "few": {"attribute": {"field": "revenue", "op": "LT", "value": 2000}},
}


@asynccontextmanager
async def filled(count: int) -> AsyncIterator[tuple[Context, Viewer]]:
    """Servers of their own, with so many members in a workspace, and its administrator."""
    with embedded.running(temporary=True) as servers:
        settings = Settings(
            database_url=servers.url_of("postgres"), redis_url=servers.redis_url, log_level="error"
        )
        await migrating.migrate(servers.url_of("postgres"))
        async with open_context(settings) as context:
            workspace = await workspaces.create("Bench")
            viewer = Viewer(workspace.id, Role.ADMIN, ApiKeyScope.ADMIN)
            async with database() as connection:
                await connection.execute(FILL, viewer.workspace_id, KIND, count)
                await connection.execute(
                    "INSERT INTO attributes (workspace_id, kind, name, type) VALUES ($1, $2, 'seats', 'NUMBER')",
                    viewer.workspace_id,
                    KIND,
                )
                await connection.execute(
                    "INSERT INTO populations VALUES (DEFAULT, $1, $2, $3)", viewer.workspace_id, KIND, count
                )
                await connection.execute("VACUUM ANALYZE members")
            yield context, viewer


async def main(count: int) -> None:
    """Fill a database and time the pages."""
    async with filled(count) as (context, viewer):
        await _report(context, viewer)


async def _report(context: Context, viewer: Viewer) -> None:
    found = {name: await _matching(context, viewer, criteria) for name, criteria in WHERE.items()}
    few, half = found["few"], found["half"]
    lists = {
        "all": MemberList(KIND),
        "search of few": MemberList(KIND, search="abcde"),
        "search of many": MemberList(KIND, search="example"),
        f"audience of {len(few):,}": MemberList(KIND, audience=few),
        f"audience of {len(half):,}": MemberList(KIND, audience=half),
        f"search in {len(half):,}": MemberList(KIND, search="abcde", audience=half),
    }
    for field in (None, "name", "revenue", "seats"):
        async with database() as connection:
            catalogue = await catalogues.load(connection, viewer.workspace_id, KIND)
        order = orders.order_by(catalogue, field, descending=True)
        await _index(context, viewer, order)
        for title, list_ in lists.items():
            times = await _time_pages(viewer, list_, order)
            print(f"{field or 'ordinal':8} {title:22}", "  ".join(f"{name} {ms:7.1f}" for name, ms in times))
    for name, criteria in WHERE.items():
        took = await _median(partial(_matching, context, viewer, criteria))
        print(f"where    {name:22} matching {took:7.1f}")
    await _explain(viewer)


async def _time_pages(viewer: Viewer, list_: MemberList, order: MemberOrder) -> list[tuple[str, float]]:
    """The first page, one in the middle, and the count of a list."""
    page = await pages.list_page(viewer, list_, order, PageRequest(first=1_000))
    after = PageRequest(first=50, after=page.cursors[-1]) if page.has_next else PageRequest(first=50)
    if order.sort is not None and page.has_next:
        cursor = decode_cursor(order, page.cursors[-1], path="after")
        after = PageRequest(first=50, after=encode_cursor(order, await _middle(viewer, order, cursor)))
    return [
        ("first", await _median(partial(pages.list_page, viewer, list_, order, PageRequest(first=50)))),
        ("deep", await _median(partial(pages.list_page, viewer, list_, order, after))),
        ("count", await _median(partial(lists.total, viewer, list_))),
    ]


async def _middle(viewer: Viewer, order: MemberOrder, cursor: list[Any]) -> list[Any]:
    """The keys of a cursor, moved to the middle of all members."""
    assert order.sort is not None
    sql = order.sort.sql
    given = f"FROM members m WHERE m.workspace_id = $1 AND m.kind = $2 AND {sql} IS NOT NULL"
    text = f"SELECT {sql} {given} ORDER BY 1 OFFSET (SELECT count(*) / 2 {given}) LIMIT 1"
    async with database() as connection:
        cursor[-2] = await connection.fetchval(text, viewer.workspace_id, KIND)
    return cursor


async def _index(context: Context, viewer: Viewer, order: MemberOrder) -> None:
    """Have the index made that the first sorted page asks for."""
    await pages.list_page(viewer, MemberList(KIND), order, PageRequest(first=1))
    async with database() as connection:
        rows = await connection.fetch("SELECT id FROM sort_indexes WHERE status = 'BUILDING'")
    for row in rows:
        began = time.perf_counter()
        await sort_index_builds.run(context, row["id"])
        print(f"the index was made in {time.perf_counter() - began:.1f} s")


async def _matching(context: Context, viewer: Viewer, criteria: dict[str, Any]) -> BitMap:
    return await matching.find(context, viewer, KIND, criteria, path="where")


async def _explain(viewer: Viewer) -> None:
    sought = MemberList(KIND, search="abcde").sought
    text = f"EXPLAIN ANALYZE SELECT m.ordinal {lists.OF_KIND} AND {lists.found_by('$3')}"
    async with database() as connection:
        for row in await connection.fetch(text, viewer.workspace_id, KIND, sought):
            print(row[0])


async def _median(work: Callable[[], Awaitable[object]]) -> float:
    """The median of a few rounds, in milliseconds, after one that warms up."""
    await work()
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await work()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=200_000)
    asyncio.run(main(parser.parse_args().members))

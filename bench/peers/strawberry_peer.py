"""Strawberry and asyncpg over the tables of schema.sql: handwritten resolvers, a data loader per level, caches, orjson."""

import base64
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, NewType

import asyncpg
import orjson
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

BigInt = NewType("BigInt", int)

SEGMENTS = "SELECT id, name, status, type, member_count, total_reach, created_at, created_by FROM segments"

MEMBERS = """
  SELECT s.id AS segment_id, page.*
  FROM unnest($1::int[]) AS s (id) CROSS JOIN LATERAL (
    SELECT k.source, k.joined_at,
      m.id, m.name, m.domain, m.revenue, m.country, m.employees, m.score, m.tags, m.attributes
    FROM (
      SELECT * FROM segment_members WHERE segment_id = s.id AND member_id > $2 ORDER BY member_id LIMIT $3
    ) AS k JOIN members m ON m.id = k.member_id
    ORDER BY k.member_id
  ) AS page
"""

COUNTS = "SELECT segment_id, count(*) FROM segment_members WHERE segment_id = ANY($1) GROUP BY 1"

TOTALS = """
  SELECT segment_id, sum(spend) AS spend, sum(impressions)::bigint AS impressions, sum(clicks)::bigint AS clicks
  FROM campaign_metrics WHERE segment_id = ANY($1) GROUP BY 1
"""


class Loaders:
    """The loaders of one request."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._pages: dict[tuple[int, int], DataLoader[int, list[asyncpg.Record]]] = {}
        self.counts = DataLoader(self._counts)
        self.totals = DataLoader(self._totals)

    def members(self, first: int, after: int) -> DataLoader[int, list[asyncpg.Record]]:
        """The pages of one size that begin after one member."""

        async def load(ids: Sequence[int]) -> list[list[asyncpg.Record]]:
            found = defaultdict(list)
            for row in await self._pool.fetch(MEMBERS, ids, after, first + 1):
                found[row[0]].append(row)
            return [found[segment_id] for segment_id in ids]

        return self._pages.setdefault((first, after), DataLoader(load))

    async def _counts(self, ids: Sequence[int]) -> list[int]:
        found = dict(await self._pool.fetch(COUNTS, ids))
        return [found.get(segment_id, 0) for segment_id in ids]

    async def _totals(self, ids: Sequence[int]) -> list["Totals"]:
        found = {row["segment_id"]: _totals(row) for row in await self._pool.fetch(TOTALS, ids)}
        return [found.get(segment_id, NO_TOTALS) for segment_id in ids]


def _cursor_of(number: int) -> str:
    return base64.b64encode(b"c:%d" % number).decode()


def _number_in(cursor: str | None) -> int:
    return int(base64.b64decode(cursor)[2:]) if cursor else 0


def _loaders(info: Info) -> Loaders:
    found: Loaders = info.context
    return found


@strawberry.type
class PageInfo:
    """Relay's page info."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Member:
    """A member."""

    id: strawberry.ID
    name: str
    domain: str
    revenue: Decimal
    country: str
    employees: int
    score: int
    tags: list[str]
    attributes: JSON


def _member(row: asyncpg.Record) -> Member:
    """The member in a row that begins with the segment, the source and when it joined."""
    return Member(**dict(list(row.items())[3:]))


@strawberry.type
class MemberEdge:
    """A member in a segment."""

    cursor: str
    source: str
    joined_at: datetime
    node: Member


@strawberry.type
class MemberConnection:
    """A page of the members of a segment."""

    segment_id: strawberry.Private[int]
    page_info: PageInfo
    edges: list[MemberEdge]

    @strawberry.field
    async def total_count(self, info: Info) -> int:
        """How many members the segment has."""
        return await _loaders(info).counts.load(self.segment_id)


@strawberry.type
class Totals:
    """The metrics of a segment, added up."""

    spend: Decimal
    impressions: BigInt
    clicks: BigInt


NO_TOTALS = Totals(spend=Decimal(0), impressions=BigInt(0), clicks=BigInt(0))


def _totals(row: asyncpg.Record) -> Totals:
    return Totals(spend=row["spend"], impressions=row["impressions"], clicks=row["clicks"])


@strawberry.type
class Segment:
    """A segment."""

    id: strawberry.ID
    name: str
    status: str
    type: str
    member_count: int
    total_reach: BigInt
    created_at: datetime
    created_by: str

    @strawberry.field
    async def members(self, info: Info, first: int = 10, after: str | None = None) -> MemberConnection:
        """A page of its members."""
        number = int(self.id)
        rows = await _loaders(info).members(first, _number_in(after)).load(number)
        edges = [
            MemberEdge(
                cursor=_cursor_of(row[3]),
                source=row[1],
                joined_at=row[2],
                node=Member(**dict(list(row.items())[3:])),
            )
            for row in rows[:first]
        ]
        page_info = PageInfo(
            has_next_page=len(rows) > first,
            has_previous_page=bool(after),
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return MemberConnection(segment_id=number, edges=edges, page_info=page_info)

    @strawberry.field
    async def totals(self, info: Info) -> Totals:
        """Its metrics."""
        return await _loaders(info).totals.load(int(self.id))


def _segment(row: asyncpg.Record) -> Segment:
    return Segment(**dict(row))


@strawberry.type
class SegmentConnection:
    """A page of segments."""

    nodes: list[Segment]
    page_info: PageInfo


@strawberry.type
class Query:
    """The queries."""

    @strawberry.field
    async def segment(self, info: Info, id: strawberry.ID) -> Segment | None:
        """One segment."""
        row = await _loaders(info)._pool.fetchrow(f"{SEGMENTS} WHERE id = $1", int(id))
        return _segment(row) if row else None

    @strawberry.field
    async def segments(self, info: Info, first: int = 20, after: str | None = None) -> SegmentConnection:
        """A page of segments."""
        statement = f"{SEGMENTS} WHERE id > $1 ORDER BY id LIMIT $2"
        rows = await _loaders(info)._pool.fetch(statement, _number_in(after), first + 1)
        nodes = [_segment(row) for row in rows[:first]]
        page_info = PageInfo(
            has_next_page=len(rows) > first,
            has_previous_page=bool(after),
            start_cursor=_cursor_of(rows[0][0]) if rows else None,
            end_cursor=_cursor_of(rows[len(nodes) - 1][0]) if rows else None,
        )
        return SegmentConnection(nodes=nodes, page_info=page_info)


schema = strawberry.Schema(
    Query,
    extensions=[lambda: ParserCache(maxsize=256), lambda: ValidationCache(maxsize=256)],
    config=StrawberryConfig(
        scalar_map={BigInt: strawberry.scalar(name="BigInt", serialize=int, parse_value=int)}
    ),
)


class Endpoint(GraphQL[Any, Any]):
    """Strawberry's endpoint with loaders of each request, and orjson."""

    pool: asyncpg.Pool

    async def get_context(self, request: Any, response: Any = None) -> Loaders:
        """New loaders."""
        return Loaders(self.pool)

    def encode_json(self, data: object) -> str:
        """Faster than the standard library."""
        return orjson.dumps(data).decode()


endpoint = Endpoint(schema, graphql_ide=None)


async def _json_codec(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=orjson.dumps, decoder=orjson.loads, format="text"
    )


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    url = os.environ["DATABASE_URL"]
    async with asyncpg.create_pool(url, min_size=10, max_size=10, init=_json_codec) as pool:
        endpoint.pool = pool
        yield


app = Starlette(routes=[Route("/graphql", endpoint, methods=["POST"])], lifespan=_lifespan)

"""The floor: Starlette and asyncpg without a GraphQL engine. PostgreSQL builds the JSON, and its bytes are the answer.

What a Python process can reach at best. POST {"query": "q1" | "q2" | "q3" | "q4", "variables": {"id": 1}}.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

MEMBERS = """
  SELECT json_build_object(
    'totalCount', (SELECT count(*) FROM segment_members WHERE segment_id = s.id),
    'pageInfo', json_build_object('hasNextPage', count(*) > 100, 'hasPreviousPage', false),
    'edges', json_agg(json_build_object('cursor', m.id::text, 'joinedAt', k.joined_at, 'node', json_build_object(
      'id', m.id, 'name', m.name, 'domain', m.domain, 'revenue', m.revenue::text, 'country', m.country,
      'employees', m.employees, 'score', m.score, 'tags', m.tags, 'attributes', m.attributes)) ORDER BY k.member_id)
      FILTER (WHERE k.place <= 100))
  FROM (
    SELECT *, row_number() OVER (ORDER BY member_id) AS place
    FROM (SELECT * FROM segment_members WHERE segment_id = s.id ORDER BY member_id LIMIT 101) AS page
  ) AS k JOIN members m ON m.id = k.member_id
"""

STATEMENTS = {
    "q1": """
      SELECT json_build_object('data', json_build_object('segments', json_build_object('nodes', json_agg(
        json_build_object('id', id, 'name', name, 'status', status, 'type', type, 'memberCount', member_count,
          'totalReach', total_reach, 'createdAt', created_at, 'createdBy', created_by) ORDER BY id))))::text
      FROM (SELECT * FROM segments WHERE id > $1 * 0 ORDER BY id LIMIT 50) AS s
    """,
    "q2": f"""
      SELECT json_build_object('data', json_build_object('segment', json_build_object(
        'id', s.id, 'name', s.name, 'members', ({MEMBERS}))))::text
      FROM segments s WHERE id = $1
    """,
    "q3": """
      SELECT json_build_object('data', json_build_object('segment', json_build_object(
        'id', s.id, 'name', s.name, 'totals', (
          SELECT json_build_object('spend', sum(spend)::text, 'impressions', sum(impressions), 'clicks', sum(clicks))
          FROM campaign_metrics WHERE segment_id = s.id))))::text
      FROM segments s WHERE id = $1
    """,
    "q4": """
      SELECT json_build_object('data', json_build_object('segments', json_build_object('nodes', json_agg(
        json_build_object('id', s.id, 'name', s.name, 'members', (
          SELECT json_build_object('edges', json_agg(json_build_object('node', json_build_object(
            'id', m.id, 'name', m.name, 'domain', m.domain, 'score', m.score))))
          FROM (SELECT member_id FROM segment_members WHERE segment_id = s.id ORDER BY member_id LIMIT 10) AS k
          JOIN members m ON m.id = k.member_id)) ORDER BY s.id))))::text
      FROM (SELECT * FROM segments WHERE id > $1 * 0 ORDER BY id LIMIT 20) AS s
    """,
}


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10) as pool:
        app.state.pool = pool
        yield


async def _answer(request: Request) -> Response:
    asked = orjson.loads(await request.body())
    number = int((asked.get("variables") or {}).get("id", 0))
    text = await request.app.state.pool.fetchval(STATEMENTS[asked["query"]], number)
    return Response(text, media_type="application/json")


app = Starlette(routes=[Route("/graphql", _answer, methods=["POST"])], lifespan=_lifespan)

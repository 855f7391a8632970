"""Removing events, with their keys, from their totals. The caller holds the workspace's events alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from seggraph.vocabulary import MemberKind

_REMOVED: Final = "RETURNING e.kind, e.ordinal, e.name, e.occurred_at, e.value, e.external_id"

BY_EXTERNAL_ID: Final = f"""
    removed AS (
      DELETE FROM events e USING event_keys k
      WHERE k.workspace_id = $1 AND k.external_id = ANY($2) AND e.workspace_id = $1 AND e.kind = k.kind
        AND e.ordinal = k.ordinal AND e.name = k.name AND e.occurred_at = k.occurred_at AND e.id = k.event_id
      {_REMOVED}
    )
"""  # noqa: S608 - constants only, here and below

BY_MEMBER: Final = f"""
    removed AS (
      DELETE FROM events e WHERE e.workspace_id = $1 AND e.kind = $2 AND e.ordinal = ANY($3) {_REMOVED}
    )
"""  # noqa: S608

BY_AGE: Final = f"""
    old AS MATERIALIZED (
      SELECT kind, ordinal, name, occurred_at, id FROM events
      WHERE workspace_id = $1 AND occurred_at < $2 LIMIT $3
    ), removed AS (
      DELETE FROM events e USING old
      WHERE e.workspace_id = $1 AND e.occurred_at < $2 AND e.kind = old.kind AND e.ordinal = old.ordinal
        AND e.name = old.name AND e.occurred_at = old.occurred_at AND e.id = old.id
      {_REMOVED}
    )
"""  # noqa: S608

_SETTLE: Final = """
    , keyless AS (
      DELETE FROM event_keys k USING removed r
      WHERE k.workspace_id = $1 AND k.external_id = r.external_id
    ), less AS (
      SELECT kind, name, ordinal, count(*) AS count, count(value) AS valued_count,
        coalesce(sum(value), 0) AS sum, min(occurred_at) AS first_at, max(occurred_at) AS last_at
      FROM removed GROUP BY kind, name, ordinal
    ), emptied AS (
      DELETE FROM event_totals t USING less l
      WHERE t.workspace_id = $1 AND t.kind = l.kind AND t.name = l.name AND t.ordinal = l.ordinal
        AND t.count = l.count
    ), lowered AS (
      UPDATE event_totals t SET count = t.count - l.count, valued_count = t.valued_count - l.valued_count,
        sum = t.sum - l.sum
      FROM less l
      WHERE t.workspace_id = $1 AND t.kind = l.kind AND t.name = l.name AND t.ordinal = l.ordinal
        AND t.count <> l.count
      RETURNING t.kind, t.name, t.ordinal, l.first_at <= t.first_at OR l.last_at >= t.last_at AS at_end
    )
    SELECT l.kind, l.name, l.ordinal, l.count, coalesce(w.at_end, false) AS at_end
    FROM less l LEFT JOIN lowered w USING (kind, name, ordinal)
"""

FIND_ENDS: Final = """
    UPDATE event_totals t SET
      first_at = (SELECT min(e.occurred_at) FROM events e
        WHERE e.workspace_id = $1 AND e.kind = t.kind AND e.ordinal = t.ordinal AND e.name = t.name
          AND e.occurred_at BETWEEN t.first_at AND t.last_at),
      last_at = (SELECT max(e.occurred_at) FROM events e
        WHERE e.workspace_id = $1 AND e.kind = t.kind AND e.ordinal = t.ordinal AND e.name = t.name
          AND e.occurred_at BETWEEN t.first_at AND t.last_at)
    FROM unnest($2::smallint[], $3::text[], $4::int[]) AS k(kind, name, ordinal)
    WHERE t.workspace_id = $1 AND t.kind = k.kind AND t.name = k.name AND t.ordinal = k.ordinal
"""


@dataclass(frozen=True, slots=True)
class Removed:
    """How many events of a name a member lost."""

    kind: MemberKind
    name: str
    ordinal: int
    count: int


async def by_external_id(
    connection: asyncpg.Connection, workspace_id: int, external_ids: Sequence[str]
) -> list[Removed]:
    """Remove the events with these external ids."""
    return await _remove(connection, BY_EXTERNAL_ID, workspace_id, list(external_ids))


async def by_member(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: Sequence[int]
) -> list[Removed]:
    """Remove every event of these members."""
    return await _remove(connection, BY_MEMBER, workspace_id, kind, list(ordinals))


async def by_age(
    connection: asyncpg.Connection, workspace_id: int, before: datetime, limit: int
) -> list[Removed]:
    """Remove up to `limit` events that occurred before an instant."""
    return await _remove(connection, BY_AGE, workspace_id, before, limit)


async def _remove(
    connection: asyncpg.Connection, which: str, workspace_id: int, *arguments: object
) -> list[Removed]:
    rows = await connection.fetch(f"WITH {which} {_SETTLE}", workspace_id, *arguments)
    ends = [(row["kind"], row["name"], row["ordinal"]) for row in rows if row["at_end"]]
    if ends:
        await connection.execute(FIND_ENDS, workspace_id, *map(list, zip(*ends, strict=True)))
    return [Removed(MemberKind(row["kind"]), row["name"], row["ordinal"], row["count"]) for row in rows]

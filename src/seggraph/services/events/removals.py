"""Removing events, with their keys, from their totals. The caller holds the workspace's events alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import asyncpg

from seggraph.vocabulary import MemberKind

_RETURNING: Final = "RETURNING e.kind, e.ordinal, e.name, e.occurred_at, e.value, e.external_id"

BY_EXTERNAL_ID: Final = f"""
    DELETE FROM events e USING event_keys k
    WHERE k.workspace_id = $1 AND k.external_id = ANY($2) AND e.workspace_id = $1 AND e.kind = k.kind
      AND e.ordinal = k.ordinal AND e.name = k.name AND e.occurred_at = k.occurred_at AND e.id = k.event_id
    {_RETURNING}
"""  # noqa: S608 - constants only, here and below

BY_MEMBER: Final = f"""
    DELETE FROM events e WHERE e.workspace_id = $1 AND e.kind = $2 AND e.ordinal = ANY($3) {_RETURNING}
"""  # noqa: S608

_AFTER: Final = """
    e.workspace_id = $1 AND e.occurred_at >= $2 AND e.occurred_at < $3
      AND (e.kind, e.ordinal, e.name, e.occurred_at, e.id) > ($4, $5, $6, $7, $8)
"""

LAST_OF_SOME: Final = f"""
    SELECT * FROM (
      SELECT e.kind, e.ordinal, e.name, e.occurred_at, e.id FROM events e WHERE {_AFTER}
      ORDER BY e.kind, e.ordinal, e.name, e.occurred_at, e.id LIMIT $9
    ) first_events ORDER BY kind DESC, ordinal DESC, name DESC, occurred_at DESC, id DESC LIMIT 1
"""  # noqa: S608

BY_TIME: Final = f"""
    DELETE FROM events e
    WHERE {_AFTER} AND (e.kind, e.ordinal, e.name, e.occurred_at, e.id) <= ($9, $10, $11, $12, $13) {_RETURNING}
"""  # noqa: S608

REMOVE_KEYS: Final = "DELETE FROM event_keys WHERE workspace_id = $1 AND external_id = ANY($2)"

_LESS: Final = """
    unnest($2::smallint[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::numeric[],
      $8::timestamptz[], $9::timestamptz[])
      AS l(kind, name, ordinal, count, valued_count, sum, first_at, last_at)
"""

REMOVE_TOTALS: Final = f"""
    DELETE FROM event_totals t USING {_LESS}
    WHERE t.workspace_id = $1 AND t.kind = l.kind AND t.name = l.name AND t.ordinal = l.ordinal
      AND t.count = l.count
"""  # noqa: S608

LOWER_TOTALS: Final = f"""
    UPDATE event_totals t SET count = t.count - l.count, valued_count = t.valued_count - l.valued_count,
      sum = t.sum - l.sum
    FROM {_LESS}
    WHERE t.workspace_id = $1 AND t.kind = l.kind AND t.name = l.name AND t.ordinal = l.ordinal
    RETURNING t.kind, t.name, t.ordinal, l.first_at <= t.first_at OR l.last_at >= t.last_at AS at_end
"""  # noqa: S608
"""Of the totals that are left after REMOVE_TOTALS."""

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


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """From an instant to another, which is not part of it."""

    start: datetime
    end: datetime


class Place(NamedTuple):
    """An event, as a place in the order in which events are stored."""

    kind: int
    ordinal: int
    name: str
    occurred_at: datetime
    id: int


BEGINNING: Final = Place(0, -1, "", datetime(1970, 1, 1, tzinfo=UTC), 0)


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


async def by_time(
    connection: asyncpg.Connection, workspace_id: int, span: TimeSpan, after: Place, limit: int
) -> tuple[list[Removed], Place | None]:
    """Remove up to `limit` events of a time after a place; returns the place reached.

    It goes along the primary key, so each event is looked at once. None if there are no events after the place.
    """
    between = workspace_id, span.start, span.end, *after
    last = await connection.fetchrow(LAST_OF_SOME, *between, limit)
    if last is None:
        return [], None
    reached = Place(*last)
    rows = await connection.fetch(BY_TIME, *between, *reached)
    return await _settle(connection, workspace_id, rows), reached


async def _remove(
    connection: asyncpg.Connection, which: str, workspace_id: int, *arguments: object
) -> list[Removed]:
    return await _settle(connection, workspace_id, await connection.fetch(which, workspace_id, *arguments))


async def _settle(
    connection: asyncpg.Connection, workspace_id: int, rows: Sequence[asyncpg.Record]
) -> list[Removed]:
    """Remove the keys of removed events, and take the events out of the totals.

    Each statement joins arrays with an index. As parts of one statement the planner would expect a single row of each,
    and join them row by row.
    """
    if not rows:
        return []
    keys = [row["external_id"] for row in rows if row["external_id"] is not None]
    if keys:
        await connection.execute(REMOVE_KEYS, workspace_id, keys)
    less = _added_up(rows)
    columns = [list(column) for column in zip(*less, strict=True)]
    await connection.execute(REMOVE_TOTALS, workspace_id, *columns)
    lowered = await connection.fetch(LOWER_TOTALS, workspace_id, *columns)
    ends = [(row["kind"], row["name"], row["ordinal"]) for row in lowered if row["at_end"]]
    if ends:
        await connection.execute(FIND_ENDS, workspace_id, *map(list, zip(*ends, strict=True)))
    return [Removed(MemberKind(kind), name, ordinal, count) for kind, name, ordinal, count, *_ in less]


def _added_up(rows: Sequence[asyncpg.Record]) -> list[tuple[Any, ...]]:
    """What the events add up to, by member and name, in the order in which totals are locked."""
    by_total: dict[tuple[int, str, int], list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        by_total[row["kind"], row["name"], row["ordinal"]].append(row)
    less = []
    for key in sorted(by_total):
        of_total = by_total[key]
        values = [row["value"] for row in of_total if row["value"] is not None]
        instants = [row["occurred_at"] for row in of_total]
        amounts = len(of_total), len(values), sum(values, Decimal(0))
        less.append((*key, *amounts, min(instants), max(instants)))
    return less

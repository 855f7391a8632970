"""What tests of events share: rows to record, members who have them, and totals that are right."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.events import events
from seggraph.services.members import upserts
from seggraph.vocabulary import MemberKind

NOW = datetime.now(UTC).replace(microsecond=0)
PERSON, ACCOUNT = MemberKind.PERSON, MemberKind.ACCOUNT
Row = dict[str, Any]

DIRECT_TOTALS = """
    SELECT workspace_id, kind, name, ordinal, count(*) AS count, count(value) AS valued_count,
      coalesce(sum(value), 0) AS sum, min(occurred_at) AS first_at, max(occurred_at) AS last_at
    FROM events GROUP BY workspace_id, kind, name, ordinal ORDER BY workspace_id, kind, name, ordinal
"""

KEPT_TOTALS = """
    SELECT workspace_id, kind, name, ordinal, count, valued_count, sum, first_at, last_at FROM event_totals
    ORDER BY workspace_id, kind, name, ordinal
"""

LONE_KEYS = """
    SELECT count(*) FROM event_keys k FULL JOIN (SELECT * FROM events WHERE external_id IS NOT NULL) e
      ON (e.workspace_id, e.kind, e.ordinal, e.name, e.occurred_at, e.id, e.external_id)
       = (k.workspace_id, k.kind, k.ordinal, k.name, k.occurred_at, k.event_id, k.external_id)
    WHERE k.event_id IS NULL OR e.id IS NULL
"""


def event(member: str = "ann", name: str = "order", **given: Any) -> Row:
    """A row of record; by default an order of Ann's a day ago."""
    return {
        "kind": PERSON,
        "memberExternalId": member,
        "name": name,
        "occurredAt": NOW - timedelta(days=1),
    } | given


async def store(context: Context, viewer: Viewer, kind: MemberKind, *external_ids: str) -> None:
    rows = [{"externalId": external_id} for external_id in external_ids]
    await upserts.upsert(context, viewer, kind, rows)


async def record(context: Context, viewer: Viewer, *rows: Mapping[str, Any]) -> tuple[int, int]:
    """Record rows of which none is refused; how many were accepted, how many were duplicates."""
    report = await events.record(context, viewer, rows)
    assert report.row_errors == []
    return report.accepted, report.duplicates


async def assert_consistent(connection: asyncpg.Connection) -> None:
    """Totals and keys are those of the events that are there."""
    assert await connection.fetch(KEPT_TOTALS) == await connection.fetch(DIRECT_TOTALS)
    assert await connection.fetchval(LONE_KEYS) == 0


async def total(connection: asyncpg.Connection, name: str = "order") -> tuple[Any, ...] | None:
    """Count, valued count, sum, first and last of the one member with events of a name."""
    row = await connection.fetchrow(
        "SELECT count, valued_count, sum, first_at, last_at FROM event_totals WHERE name = $1", name
    )
    return None if row is None else tuple(row)

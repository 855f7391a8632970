"""What events there are: their names, and which properties the latest of them have.

Nobody declares events, so what they have is read from a sample: the latest events of each name.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.services.events.names import EACH_NAME, NEW
from seggraph.values.names import require_searchable
from seggraph.vocabulary import MemberKind

SAMPLE_SIZE: Final = 500
"""How many events of a name are looked at for their properties, the latest ones."""
MAX_PROPERTIES: Final = 200
"""Most properties of a name that are listed, those of most events."""
MAX_EXAMPLES: Final = 3
MAX_EXAMPLE: Final = 100
"""Most characters of an example."""
MAX_LISTED: Final = 500
"""Most names that a list has."""

NAMES: Final = f"{EACH_NAME} SELECT name FROM names WHERE position($4 IN lower(name)) > 0 LIMIT $3"  # noqa: S608

TOTALS: Final = """
    SELECT n.name, sum(t.count)::bigint AS count, max(t.last_at) AS last_at
    FROM unnest($3::text[]) AS n(name)
    JOIN event_totals t ON t.workspace_id = $1 AND t.kind = $2 AND t.name = n.name
    GROUP BY n.name
"""

PROPERTIES: Final = f"""
    SELECT n.name, p.key, jsonb_typeof(p.value) AS type, count(*) AS count,
      (array_agg(DISTINCT left(p.value #>> '{{}}', {MAX_EXAMPLE})))[1:{MAX_EXAMPLES}] AS examples
    FROM unnest($3::text[]) AS n(name)
    CROSS JOIN LATERAL (
      SELECT e.properties FROM events e
      WHERE e.workspace_id = $1 AND e.kind = $2 AND e.name = n.name AND e.occurred_at <= now()
      ORDER BY e.occurred_at DESC LIMIT {SAMPLE_SIZE}
    ) e
    CROSS JOIN LATERAL jsonb_each(e.properties) p
    WHERE p.value <> 'null'
    GROUP BY n.name, p.key, jsonb_typeof(p.value)
    ORDER BY n.name, p.key, count(*) DESC
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class PropertyUse:
    """How the latest events of a name use a property: in how many each JSON type is, and a few values as text."""

    types: Mapping[str, int]
    examples: tuple[str, ...]

    @property
    def type(self) -> str:
        """The type that most of the values have."""
        return max(self.types, key=self.types.__getitem__)

    @property
    def count(self) -> int:
        """How many of the events have the property."""
        return sum(self.types.values())


@dataclass(frozen=True, slots=True)
class EventTotal:
    """How many events of a name there are, and when the latest of them was."""

    count: int
    last_at: datetime


async def names(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    *,
    search: str = "",
    limit: int = MAX_LISTED,
) -> list[str]:
    """The names of the events of members of a kind that contain a text, whatever its case, in order."""
    rows = await connection.fetch(NAMES, workspace_id, kind, limit, search.lower())
    return [row["name"] for row in rows]


async def unknown(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, wanted: Collection[str]
) -> set[str]:
    """Those of the names of which no event was ever recorded."""
    return {row["name"] for row in await connection.fetch(NEW, workspace_id, kind, list(wanted))}


async def properties(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, wanted: Collection[str]
) -> dict[str, dict[str, PropertyUse]]:
    """By name of event, how the latest of them use each property, the most frequent property first."""
    found: dict[str, dict[str, list[asyncpg.Record]]] = {name: {} for name in wanted}
    for row in await connection.fetch(PROPERTIES, workspace_id, kind, list(wanted)):
        found[row["name"]].setdefault(row["key"], []).append(row)
    return {
        name: dict(sorted(map(_use, used.items()), key=lambda item: -item[1].count)[:MAX_PROPERTIES])
        for name, used in found.items()
    }


def _use(item: tuple[str, list[asyncpg.Record]]) -> tuple[str, PropertyUse]:
    key, rows = item
    return key, PropertyUse({row["type"]: row["count"] for row in rows}, tuple(rows[0]["examples"]))


async def search(viewer: Viewer, kind: MemberKind, text: str | None) -> list[str]:
    """The names that contain a text. Raises Invalid for a text that no name can hold."""
    require_searchable(text or "")
    async with database() as connection:
        return await names(connection, viewer.workspace_id, kind, search=text or "")


async def totals(viewer: Viewer, kind: MemberKind, wanted: Collection[str]) -> dict[str, EventTotal]:
    """How many events of each name there are. It costs what members with such events are."""
    async with database() as connection:
        rows = await connection.fetch(TOTALS, viewer.workspace_id, kind, list(wanted))
    return {row["name"]: EventTotal(row["count"], row["last_at"]) for row in rows}


async def properties_seen(
    viewer: Viewer, kind: MemberKind, wanted: Collection[str]
) -> dict[str, dict[str, PropertyUse]]:
    """`properties` for a viewer: none without the right to personal data, which they may hold."""
    if not viewer.sees_personal_data:
        return {name: {} for name in wanted}
    async with database() as connection:
        return await properties(connection, viewer.workspace_id, kind, wanted)

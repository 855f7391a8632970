"""How many different names events have: a name is a kind of thing that happens, not data."""

from collections.abc import Iterable
from typing import Final

import asyncpg

from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.vocabulary import MemberKind

MAX_EVENT_NAMES: Final = 10_000
"""Most names of events of one kind of member in a workspace."""

NEW: Final = """
    SELECT n.name FROM unnest($3::text[]) AS n(name) WHERE NOT EXISTS (
      SELECT FROM event_totals t WHERE t.workspace_id = $1 AND t.kind = $2 AND t.name = n.name)
    ORDER BY n.name
"""

# One step of the index for each name, however many members have it.
EACH_NAME: Final = """
    WITH RECURSIVE names (name) AS (
      (SELECT name FROM event_totals WHERE workspace_id = $1 AND kind = $2 ORDER BY name LIMIT 1)
      UNION ALL
      SELECT (SELECT t.name FROM event_totals t
              WHERE t.workspace_id = $1 AND t.kind = $2 AND t.name > n.name ORDER BY t.name LIMIT 1)
      FROM names n WHERE n.name IS NOT NULL
    )
"""
"""What a statement about `names`, in order and with a null at the end, begins with."""

COUNT: Final = f"{EACH_NAME} SELECT count(name) FROM (SELECT name FROM names LIMIT $3) AS found"  # noqa: S608

Name = tuple[MemberKind, str]
"""The kind of member that does something, and what it is called."""


async def beyond_limit(connection: asyncpg.Connection, workspace_id: int, names: Iterable[Name]) -> set[Name]:
    """Those of the names that would be more than MAX_EVENT_NAMES of their kind, in the caller's transaction.

    A transaction with a new name keeps others from adding names until it ends.
    """
    refused: set[Name] = set()
    by_kind: dict[MemberKind, set[str]] = {}
    for kind, name in names:
        by_kind.setdefault(kind, set()).add(name)
    for kind, given in sorted(by_kind.items()):
        new = await connection.fetch(NEW, workspace_id, kind, list(given))
        if new:
            await lock_exclusive(connection, LockSpace.EVENT_NAMES, workspace_id)
            known = await connection.fetchval(COUNT, workspace_id, kind, MAX_EVENT_NAMES + 1)
            new = await connection.fetch(NEW, workspace_id, kind, list(given))
            refused |= {(kind, row["name"]) for row in new[max(0, MAX_EVENT_NAMES - known) :]}
    return refused

"""Which indexes serve sorted lists of members, and asking for more.

A list of many members that is sorted by a field asks for an index of its workspace, kind and field. A worker makes it
while everybody reads and writes (`sort_index_builds`). Until it is there, the list is sorted by reading all members.
"""

from typing import Final

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.models.members import SortIndexStatus
from seggraph.services.members.orders import Sort
from seggraph.vocabulary import MemberKind

FROM_MEMBERS: Final = 20_000
"""From how many members on an index is made: fewer are sorted in milliseconds."""
MAX_OF_WORKSPACE: Final = 16
"""Most indexes of a workspace. Each costs each change of a member a little."""

# Ordinals are not used again, so a population has at most as many members as its next ordinal says.
STATE: Final = """
    SELECT p.next_ordinal, s.status, s.used_at < now() - interval '1 day' AS is_used_again
    FROM populations p
    LEFT JOIN sort_indexes s ON s.workspace_id = $1 AND s.kind = $2 AND s.field = $3
    WHERE p.workspace_id = $1 AND p.kind = $2
"""

USED: Final = """
    UPDATE sort_indexes SET used_at = now()
    WHERE workspace_id = $1 AND kind = $2 AND field = $3 AND status <> 'UNUSED'
"""

ASK: Final = """
    INSERT INTO sort_indexes (workspace_id, kind, field, status, attempts, created_at, used_at)
    SELECT $1, $2, $3, 'BUILDING', 0, now(), now()
    WHERE (SELECT count(*) FROM sort_indexes WHERE workspace_id = $1) < $4
    ON CONFLICT (workspace_id, kind, field) DO NOTHING
"""

MAKE_ROOM: Final = """
    UPDATE sort_indexes SET status = 'UNUSED' WHERE workspace_id = $1 AND id = (
      SELECT id FROM sort_indexes
      WHERE workspace_id = $1 AND status IN ('READY', 'FAILED') AND used_at < now() - interval '1 day'
        AND NOT EXISTS (SELECT FROM sort_indexes WHERE workspace_id = $1 AND status = 'UNUSED')
      ORDER BY used_at LIMIT 1)
"""


async def is_ready(viewer: Viewer, kind: MemberKind, sort: Sort) -> bool:
    """Whether there is an index for a sorted list. If there is none and it would help, it is asked for."""
    if sort.is_changing:
        return False
    key = (viewer.workspace_id, kind, sort.field)
    async with database() as connection:
        row = await connection.fetchrow(STATE, *key)
        if row is None:
            return False
        if row["status"] is None and row["next_ordinal"] >= FROM_MEMBERS:
            done: str = await connection.execute(ASK, *key, MAX_OF_WORKSPACE)
            if done == "INSERT 0 0":
                await connection.execute(MAKE_ROOM, viewer.workspace_id)
        elif row["is_used_again"]:
            await connection.execute(USED, *key)
    return bool(row["status"] == SortIndexStatus.READY)

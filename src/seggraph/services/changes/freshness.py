"""How current audiences are: measured from the changes that no refresh has taken yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import from_bytes
from seggraph.database.connections import database
from seggraph.vocabulary import MemberKind

READ: Final = """
    SELECT kind, ordinals, extract(epoch FROM clock_timestamp() - created_at)::float8 AS age FROM dirty_batches
    WHERE workspace_id = $1 AND kind = ANY($2) ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Pending:
    """Members that changed and were not looked at, and how many seconds the oldest change has waited."""

    members: int
    oldest_seconds: float


async def pending(viewer: Viewer, kinds: Sequence[MemberKind]) -> dict[MemberKind, Pending]:
    """What is pending, by kind; a kind without changes is absent."""
    async with database() as connection:
        rows = await connection.fetch(READ, viewer.workspace_id, list(kinds))
    found: dict[MemberKind, Pending] = {}
    for kind in {MemberKind(row["kind"]) for row in rows}:
        batches = [row for row in rows if row["kind"] == kind]
        changed = BitMap.union(BitMap(), *(from_bytes(row["ordinals"]) for row in batches))
        found[kind] = Pending(len(changed), max(0.0, *(row["age"] for row in batches), 0.0))
    return found

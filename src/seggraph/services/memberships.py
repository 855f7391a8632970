"""Reading memberships: by which sources members are in a segment, since when, and how big its sources are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, chunk_of, from_bytes
from seggraph.models.audiences import ChunkRole
from seggraph.models.runs import Move
from seggraph.runtime import database
from seggraph.services.policy import Viewer
from seggraph.vocabulary import SourceKind

SOURCES: Final = """
    SELECT id, segment_id, kind FROM sources WHERE workspace_id = $1 AND segment_id = ANY($2) ORDER BY id
"""

SIZES: Final = """
    SELECT owner_id, role, sum(cardinality)::bigint AS size FROM chunks
    WHERE workspace_id = $1 AND role = ANY($2) AND owner_id = ANY($3) GROUP BY owner_id, role
"""

ENTRIES: Final = """
    SELECT r.as_of, c.roaring FROM run_chunks c JOIN runs r ON r.id = c.run_id
    WHERE c.workspace_id = $1 AND c.segment_id = $2 AND c.move = $3 AND c.chunk = ANY($4)
    ORDER BY c.run_id DESC
"""


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source of a segment: how many members it holds in it, and how many it may not add."""

    id: int
    segment_id: int
    kind: SourceKind
    member_count: int
    blocked_count: int


async def sources(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, list[SourceView]]:
    """The sources of segments that the caller has found visible."""
    roles = [ChunkRole.LINKS, ChunkRole.BLOCKS]
    async with database() as connection:
        rows = await connection.fetch(SOURCES, viewer.workspace_id, list(segment_ids))
        counted = await connection.fetch(SIZES, viewer.workspace_id, roles, [row["id"] for row in rows])
    sizes = {(row["owner_id"], row["role"]): row["size"] for row in counted}
    found: dict[int, list[SourceView]] = {segment_id: [] for segment_id in segment_ids}
    for row in rows:
        linked, blocked = (sizes.get((row["id"], role), 0) for role in roles)
        found[row["segment_id"]].append(
            SourceView(row["id"], row["segment_id"], SourceKind(row["kind"]), linked, blocked)
        )
    return found


async def sources_of_members(
    viewer: Viewer, segment_id: int, ordinals: Sequence[int]
) -> dict[int, list[SourceKind]]:
    """Which kinds of sources hold each of these members in a segment."""
    near = BitMap(ordinals)
    async with database() as connection:
        rows = await connection.fetch(SOURCES, viewer.workspace_id, [segment_id])
        owners = {row["id"]: ChunkOwner(ChunkRole.LINKS, row["id"]) for row in rows}
        links = await ChunkStore(connection, viewer.workspace_id).read_many(list(owners.values()), near=near)
    return {
        ordinal: [SourceKind(row["kind"]) for row in rows if ordinal in links[owners[row["id"]]]]
        for ordinal in ordinals
    }


async def entered_at(viewer: Viewer, segment_id: int, ordinals: Sequence[int]) -> dict[int, datetime]:
    """When each of these members last entered a segment, from the history of its runs, newest first."""
    missing = BitMap(ordinals)
    numbers = sorted({chunk_of(ordinal) for ordinal in ordinals})
    found: dict[int, datetime] = {}
    async with database() as connection, connection.transaction():
        async for row in connection.cursor(ENTRIES, viewer.workspace_id, segment_id, Move.ENTERED, numbers):
            for ordinal in missing & from_bytes(row["roaring"]):
                found[ordinal] = row["as_of"]
            missing -= BitMap(found)
            if not missing:
                break
    return found

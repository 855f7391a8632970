"""Reading memberships: the segments of members, by which sources and since when, and the sizes of sources."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import VISIBLE_SEGMENT, Viewer, visibility_arguments
from seggraph.audiences import DELTA_CHUNK, ChunkOwner, ChunkStore, from_bytes, split
from seggraph.database.connections import database
from seggraph.models.audiences import ChunkRole
from seggraph.models.runs import Direction
from seggraph.vocabulary import MemberKind, SourceKind

SOURCES: Final = """
    SELECT id, segment_id, kind, playbook_id FROM sources WHERE workspace_id = $1 AND segment_id = ANY($2) ORDER BY id
"""

SIZES: Final = """
    SELECT owner_id, role, sum(cardinality)::bigint AS size FROM chunks
    WHERE workspace_id = $1 AND role = ANY($2) AND owner_id = ANY($3) GROUP BY owner_id, role
"""

ENTRIES: Final = f"""
    SELECT w.segment_id, w.chunk, c.applied, c.roaring, r.finished_at
    FROM unnest($2::bigint[], $3::int[], $4::bigint[]) AS w(segment_id, chunk, before)
    CROSS JOIN LATERAL (
      (SELECT run_id, applied, roaring FROM run_chunks
       WHERE workspace_id = $1 AND segment_id = w.segment_id AND chunk = w.chunk AND applied < w.before AND move = $5
       ORDER BY applied DESC LIMIT $6)
      UNION ALL
      (SELECT run_id, applied, roaring FROM run_chunks
       WHERE workspace_id = $1 AND segment_id = w.segment_id AND chunk = {DELTA_CHUNK} AND applied < w.before
         AND move = $5
       ORDER BY applied DESC LIMIT $6)
      ORDER BY applied DESC LIMIT $6
    ) c JOIN runs r ON r.id = c.run_id
    ORDER BY c.applied DESC
"""  # noqa: S608 - a constant

FIRST_LOOK: Final = 32
"""How many entries of a chunk are looked at first; each further look takes eight times as many."""

HOLDING: Final = f"""
    SELECT s.id, s.kind, c.chunk, c.roaring FROM segments s
    JOIN chunks c ON c.workspace_id = s.workspace_id AND c.role = $6 AND c.owner_id = s.id
    JOIN unnest($4::smallint[], $5::int[]) AS w(kind, chunk)
      ON w.kind = s.kind AND w.chunk = c.chunk
    WHERE {VISIBLE_SEGMENT} AND s.status <> 'ARCHIVED' ORDER BY s.id DESC
"""  # noqa: S608 - constants only

MemberKey = tuple[MemberKind, int]
"""A member by its kind and ordinal."""

Pair = tuple[int, int]
"""A segment by its id, and a member of its kind by its ordinal."""

MemberPage = tuple[int, Sequence[int]]
"""A segment by its id, and some of its members by their ordinals."""


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source of a segment: how many members it holds in it, and how many it may not add."""

    id: int
    segment_id: int
    kind: SourceKind
    playbook_id: int | None
    member_count: int
    blocked_count: int


@dataclass(frozen=True, slots=True)
class Holding:
    """A source that holds a member in a segment: what it is, and which playbook if it is one."""

    kind: SourceKind
    playbook_id: int | None


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
            SourceView(
                row["id"], row["segment_id"], SourceKind(row["kind"]), row["playbook_id"], linked, blocked
            )
        )
    return found


async def segments_of(viewer: Viewer, members: Sequence[MemberKey]) -> dict[MemberKey, list[int]]:
    """The ids of the segments that the viewer sees and each member is in, the newest first; no archived ones."""
    within_ordinals: dict[int, BitMap] = {}
    for kind, ordinal in members:
        within_ordinals.setdefault(int(kind), BitMap()).add(ordinal)
    chunks = [
        (kind, number) for kind, some in within_ordinals.items() for number in (DELTA_CHUNK, *split(some))
    ]
    async with database() as connection:
        rows = await connection.fetch(
            HOLDING, *visibility_arguments(viewer), *zip(*chunks, strict=True), ChunkRole.MEMBERS
        )
    held: dict[tuple[int, int], BitMap] = {}
    for row in rows:
        held.setdefault((row["id"], row["kind"]), BitMap()).symmetric_difference_update(
            within_ordinals[row["kind"]] & from_bytes(row["roaring"])
        )
    found: dict[MemberKey, list[int]] = {member: [] for member in members}
    for (segment_id, number), ordinals in held.items():
        for ordinal in ordinals:
            found[MemberKind(number), ordinal].append(segment_id)
    return found


async def sources_of(viewer: Viewer, pairs: Sequence[Pair]) -> dict[Pair, list[Holding]]:
    """Which sources hold each member in the segment it is paired with, the older ones first."""
    segment_ids = sorted({segment_id for segment_id, _ in pairs})
    within_ordinals = BitMap(ordinal for _, ordinal in pairs)
    async with database() as connection:
        rows = await connection.fetch(SOURCES, viewer.workspace_id, segment_ids)
        owners = {row["id"]: ChunkOwner(ChunkRole.LINKS, row["id"]) for row in rows}
        links = await ChunkStore(connection, viewer.workspace_id).read_many(
            list(owners.values()), within_ordinals=within_ordinals
        )
    by_segment: dict[int, list[tuple[Holding, BitMap]]] = {segment_id: [] for segment_id in segment_ids}
    for row in rows:
        holding = Holding(SourceKind(row["kind"]), row["playbook_id"])
        by_segment[row["segment_id"]].append((holding, links[owners[row["id"]]]))
    return {
        (segment_id, ordinal): [holding for holding, linked in by_segment[segment_id] if ordinal in linked]
        for segment_id, ordinal in pairs
    }


async def entered_at(viewer: Viewer, pairs: Sequence[Pair]) -> dict[Pair, datetime]:
    """When each member last entered the segment it is paired with."""
    found = await entered_in(viewer, [(segment_id, [ordinal]) for segment_id, ordinal in pairs])
    return {pair: entered for pair, entered in zip(pairs, found, strict=True) if entered is not None}


async def entered_in(viewer: Viewer, pages: Sequence[MemberPage]) -> list[datetime | None]:
    """When the members of each page last entered its segment, in the order of the pages, from the history of runs."""
    missing: dict[tuple[int, int], BitMap] = {}
    for segment_id, ordinals in pages:
        for chunk, some in split(BitMap(ordinals)).items():
            key = segment_id, chunk
            missing[key] = some | missing[key] if key in missing else some
    before = dict.fromkeys(missing, 2**63 - 1)
    found: dict[int, dict[int, datetime]] = {segment_id: {} for segment_id, _ in pages}
    limit = FIRST_LOOK
    async with database() as connection:
        while missing:
            keys = list(missing)
            rows = await connection.fetch(
                ENTRIES,
                viewer.workspace_id,
                *zip(*((*key, before[key]) for key in keys), strict=True),
                Direction.ENTERED,
                limit,
            )
            seen = _take_entries(rows, missing, before, found)
            missing = {key: left for key, left in missing.items() if left and seen.get(key, 0) == limit}
            limit *= 8
    return [entered for segment_id, ordinals in pages for entered in map(found[segment_id].get, ordinals)]


def _take_entries(
    rows: Sequence[asyncpg.Record],
    missing: dict[tuple[int, int], BitMap],
    before: dict[tuple[int, int], int],
    found: dict[int, dict[int, datetime]],
) -> Counter[tuple[int, int]]:
    """Note the members that entries, newest first, have; returns how many entries there were of each chunk."""
    seen: Counter[tuple[int, int]] = Counter()
    for row in rows:
        key = (row["segment_id"], row["chunk"])
        seen[key] += 1
        before[key] = row["applied"]
        entered = missing[key] & from_bytes(row["roaring"])
        missing[key] -= entered
        found[row["segment_id"]].update(dict.fromkeys(entered, row["finished_at"]))
    return seen

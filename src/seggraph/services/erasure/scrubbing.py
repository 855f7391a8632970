"""Taking the ordinals of erased members out of the bytes of large chunks, some time after their erasure.

An erasure takes its ordinals out of every audience. Writing each large chunk again for that, 8 KB for a few bits, would
be most of its work. So delta rows toggle the ordinals, as for any other change (`ChunkStore.take_out`), and a worker
rewrites the chunks later, once for all erasures of the time between. What was folded meanwhile has none of them left.
"""

from datetime import timedelta
from functools import partial
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes, split, to_bytes
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.models.audiences import ChunkRole
from seggraph.services.erasure.portions import patiently
from seggraph.vocabulary import MemberKind

DELAY: Final = timedelta(minutes=30)
"""How long after an erasure its chunks are rewritten: those of all erasures of so long a time together."""

CHUNKS_AT_ONCE: Final = 256
"""About how many chunks one transaction may rewrite: 2 MB at most."""

LEAVE: Final = """
    INSERT INTO erased_bits (workspace_id, kind, ordinals, due_at)
    VALUES ($1, $2, $3, clock_timestamp() + $4::interval)
"""

# any workspace: the sweeper looks for what is due in all of them
DUE: Final = "SELECT DISTINCT workspace_id, kind FROM erased_bits WHERE due_at <= clock_timestamp() LIMIT $1"

LEFT: Final = "SELECT id, ordinals FROM erased_bits WHERE workspace_id = $1 AND kind = $2"

FORGET: Final = "DELETE FROM erased_bits WHERE workspace_id = $1 AND id = ANY($2)"

HOLD_SEGMENTS: Final = """
    SELECT id FROM segments WHERE workspace_id = $1 AND kind = $2 AND id > $3 ORDER BY id LIMIT $4 FOR NO KEY UPDATE
"""

SOURCES: Final = """
    SELECT id, false AS is_former FROM sources WHERE workspace_id = $1 AND segment_id = ANY($2)
    UNION ALL
    SELECT id, true FROM former_sources WHERE workspace_id = $1 AND segment_id = ANY($2)
"""
"""The sources that segments have, and those that they had."""

OF_SOURCE: Final = (ChunkRole.LINKS, ChunkRole.BLOCKS)
OF_FORMER_SOURCE: Final = (ChunkRole.FORMER_BLOCKS,)


async def leave(unit: UnitOfWork, workspace_id: int, kind: MemberKind, ordinals: BitMap) -> None:
    """Note that large chunks still have ordinals that are in no audience any more."""
    await unit.connection.execute(LEAVE, workspace_id, kind, to_bytes(ordinals), DELAY)


async def ask_for_due(context: Context, limit: int) -> None:
    """Enqueue the rewriting of chunks for populations whose erasures are long enough ago."""
    async with database() as connection:
        rows = await connection.fetch(DUE, limit)
    for row in rows:
        await context.jobs.scrub_chunks(row["workspace_id"], row["kind"])


async def scrub(workspace_id: int, kind: MemberKind) -> None:
    """Rewrite the chunks of a population's segments that still have ordinals of erased members. Raises RetryLater.

    Doing it again, or by two processes at once, changes nothing more. A segment that is made meanwhile has none of the
    ordinals: no audience that it could be made of has them.
    """
    async with database() as connection:
        rows = await connection.fetch(LEFT, workspace_id, kind)
    if not rows:
        return
    ordinals = BitMap.union(*(from_bytes(row["ordinals"]) for row in rows))
    after: int | None = 0
    while after is not None:
        after = await patiently(partial(_scrub_segments, workspace_id, kind, ordinals, after))
    async with begin() as unit:
        await unit.connection.execute(FORGET, workspace_id, [row["id"] for row in rows])


async def _scrub_segments(workspace_id: int, kind: MemberKind, ordinals: BitMap, after: int) -> int | None:
    """Rewrite the chunks of the next segments; returns the last one, None without any."""
    limit = max(1, CHUNKS_AT_ONCE // (2 * len(split(ordinals))))
    async with begin() as unit:
        held = await unit.connection.fetch(HOLD_SEGMENTS, workspace_id, kind, after, limit)
        if not held:
            return None
        segment_ids = [row["id"] for row in held]
        owners = await owners_of(unit.connection, workspace_id, segment_ids)
        await ChunkStore(unit.connection, workspace_id).scrub(owners, ordinals)
    return int(segment_ids[-1])


async def owners_of(
    connection: asyncpg.Connection, workspace_id: int, segment_ids: list[int]
) -> list[ChunkOwner]:
    """Whose the bitmaps are that belong to segments: their members, and the links and blocks of their sources."""
    sources = await connection.fetch(SOURCES, workspace_id, segment_ids)
    return [ChunkOwner(ChunkRole.MEMBERS, segment_id) for segment_id in segment_ids] + [
        ChunkOwner(role, row["id"])
        for row in sources
        for role in (OF_FORMER_SOURCE if row["is_former"] else OF_SOURCE)
    ]

"""Chunks that are written again and again are vacuumed by the worker, and only then."""

import asyncio

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.services.operations import vacuuming

PATIENCE_SECONDS = 120.0

VACUUMS = "SELECT pg_stat_get_vacuum_count('chunks'::regclass)"


async def test_a_table_of_dead_chunks_is_vacuumed(
    context: Context, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vacuuming, "FEWEST_DEAD", 100)
    large = BitMap(range(0, 60_000, 2))
    owners = {ChunkOwner(1, number): (BitMap(), large) for number in range(20)}
    await ChunkStore(connection, 1).write(owners)
    before = await connection.fetchval(VACUUMS)

    # given that nothing is dead, a worker leaves the table alone
    assert await vacuuming.vacuum_if_due() == 0
    assert await connection.fetchval(VACUUMS) == before

    # when the chunks are written again, 100 rows beside the table are dead
    await ChunkStore(connection, 1).write({owner: (large, BitMap(range(1, 60_000, 2))) for owner in owners})
    serving = asyncio.create_task(vacuuming.serve(context))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await connection.fetchval(VACUUMS) == before:  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.05)
    serving.cancel()

    # then their places are free, and most chunks that are written later take them: else they took 20 pages more
    size = "SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'chunks'::regclass"
    full = await connection.fetchval(size)
    await ChunkStore(connection, 1).write({owner: (BitMap(range(1, 60_000, 2)), large) for owner in owners})
    assert await connection.fetchval(size) <= full + 10 * 8_192

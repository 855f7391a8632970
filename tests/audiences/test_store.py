"""The store of chunks: what is read is what was written, and only what changed is written."""

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore

ONE = ChunkOwner(1, 10)
OTHER_ROLE = ChunkOwner(2, 10)
OTHER_ID = ChunkOwner(1, 11)
EMPTY = BitMap()


@pytest.fixture
def store(connection: asyncpg.Connection) -> ChunkStore:
    return ChunkStore(connection, 1)


async def versions(connection: asyncpg.Connection) -> dict[int, int]:
    """The transaction that last wrote each chunk, by the chunk's number."""
    rows = await connection.fetch("SELECT chunk, xmin::text::bigint AS written_by FROM chunks")
    return {row["chunk"]: row["written_by"] for row in rows}


async def test_an_owner_without_chunks_is_empty(store: ChunkStore) -> None:
    assert await store.read(ONE) == EMPTY


async def test_what_was_written_is_read(store: ChunkStore) -> None:
    # given an audience of many chunks, enough for a thread to join them
    audience = BitMap(range(0, 1_500_000, 7))

    written = await store.write({ONE: (EMPTY, audience), OTHER_ROLE: (EMPTY, BitMap([5]))})

    assert written == 23 + 1
    assert await store.read(ONE) == audience
    assert await store.read_many([OTHER_ROLE, OTHER_ID]) == {OTHER_ROLE: BitMap([5]), OTHER_ID: EMPTY}


async def test_only_changed_chunks_are_written(store: ChunkStore, connection: asyncpg.Connection) -> None:
    # given an audience in chunks 0, 1 and 2
    before = BitMap([1, 65_536, 131_072])
    await store.write({ONE: (EMPTY, before)})
    first = await versions(connection)

    # when one chunk changes
    after = before | BitMap([65_540])
    written = await store.write({ONE: (before, after)})

    # then it alone is written
    second = await versions(connection)
    assert written == 1
    assert await store.read(ONE) == after
    assert (second[0], second[2]) == (first[0], first[2])
    assert second[1] != first[1]


async def test_a_chunk_that_became_empty_is_removed(
    store: ChunkStore, connection: asyncpg.Connection
) -> None:
    before = BitMap([1, 65_536])
    await store.write({ONE: (EMPTY, before), OTHER_ID: (EMPTY, BitMap([65_537]))})

    assert await store.write({ONE: (before, BitMap([1]))}) == 1

    rows = await connection.fetch("SELECT owner_id, chunk FROM chunks ORDER BY owner_id, chunk")
    assert [tuple(row) for row in rows] == [(10, 0), (11, 1)]


async def test_nothing_changed_writes_nothing(store: ChunkStore, connection: asyncpg.Connection) -> None:
    await store.write({ONE: (EMPTY, BitMap([1]))})
    first = await versions(connection)

    assert await store.write({ONE: (BitMap([1]), BitMap([1]))}) == 0
    assert await versions(connection) == first


async def test_near_reads_only_the_chunks_of_these_ordinals(store: ChunkStore) -> None:
    await store.write({ONE: (EMPTY, BitMap([1, 2, 65_536, 131_072]))})

    found = await store.read_many([ONE], near=BitMap([3, 131_073]))

    assert found == {ONE: BitMap([1, 2, 131_072])}


async def test_chunks_outside_of_both_sides_are_not_touched(store: ChunkStore) -> None:
    await store.write({ONE: (EMPTY, BitMap([1, 65_536]))})

    await store.write({ONE: (BitMap([1]), BitMap([1, 2]))})

    assert await store.read(ONE) == BitMap([1, 2, 65_536])


async def test_workspaces_do_not_meet(store: ChunkStore, connection: asyncpg.Connection) -> None:
    await store.write({ONE: (EMPTY, BitMap([1]))})

    assert await ChunkStore(connection, 2).read(ONE) == EMPTY

"""The store of chunks: what is read is what was written, and only what changed is written."""

from random import Random

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes

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


async def kept(connection: asyncpg.Connection) -> list[tuple[set[int], set[int] | None, int]]:
    """Of each chunk by number: what its bytes say, what is toggled, and how many ordinals it has."""
    rows = await connection.fetch("SELECT roaring, toggled, cardinality FROM chunks ORDER BY chunk")
    return [
        (
            set(from_bytes(row["roaring"])),
            None if row["toggled"] is None else set(from_bytes(row["toggled"])),
            row["cardinality"],
        )
        for row in rows
    ]


async def test_few_changes_of_a_large_chunk_are_kept_beside_it_until_they_are_many(
    store: ChunkStore, connection: asyncpg.Connection
) -> None:
    # given a large chunk and a small one
    first = BitMap(range(0, 20_000, 2)) | BitMap([70_000])
    large = set(first) - {70_000}
    await store.write({ONE: (EMPTY, first)})

    # when a few enter and exit, and again
    second = (first - BitMap([0])) | BitMap([1, 70_001])
    assert await store.write({ONE: (first, second)}) == 2
    third = second | BitMap([0, 3])
    await store.write({ONE: (second, third)})

    # then the bytes of the large one stay, and whoever came back is toggled no more
    assert await store.read(ONE) == third
    assert await store.read_many([ONE], near=BitMap([5])) == {ONE: third - BitMap([70_000, 70_001])}
    assert await kept(connection) == [(large, {1, 3}, 10_002), ({70_000, 70_001}, None, 2)]

    # and when all are as they were, nothing is toggled
    await store.write({ONE: (third, first)})
    assert await kept(connection) == [(large, None, 10_000), ({70_000}, None, 1)]

    # and too many are written into the bytes
    some = first | BitMap(range(1, 1_201, 2))
    await store.write({ONE: (first, some)})
    assert (await kept(connection))[0] == (large, set(range(1, 1_201, 2)), 10_600)
    more = some | BitMap([1_201])
    await store.write({ONE: (some, more)})
    assert (await kept(connection))[0] == (set(more) - {70_000}, None, 10_601)
    assert await store.read(ONE) == more


async def test_folding_leaves_no_trace_of_who_is_not_there_any_more(
    store: ChunkStore, connection: asyncpg.Connection
) -> None:
    # given two large chunks of which someone was taken out
    first = BitMap(range(0, 140_000, 3))
    second = first - BitMap([9, 90_000])
    await store.write({ONE: (EMPTY, first), OTHER_ID: (EMPTY, first)})
    await store.write({ONE: (first, second)})

    await store.fold([ONE], near=BitMap([9]))

    assert await store.read_many([ONE, OTHER_ID]) == {ONE: second, OTHER_ID: first}
    rows = await connection.fetch("SELECT roaring, toggled FROM chunks WHERE owner_id = 10 ORDER BY chunk")
    assert [(9 in from_bytes(row["roaring"]), row["toggled"] is None) for row in rows] == [
        (False, True),
        (False, False),
        (False, True),
    ]


async def test_any_changes_one_after_the_other(store: ChunkStore) -> None:
    random = Random(1)
    now = {owner: BitMap() for owner in (ONE, OTHER_ROLE, OTHER_ID)}
    for _ in range(60):
        many = random.choice([1, 20, 300, 5_000])
        toggled = BitMap(random.sample(range(150_000), many))
        after = {owner: bitmap ^ toggled for owner, bitmap in now.items() if random.random() < 0.7}
        await store.write({owner: (now[owner], bitmap) for owner, bitmap in after.items()})
        now |= after
        assert await store.read_many(list(now)) == now


async def test_workspaces_do_not_meet(store: ChunkStore, connection: asyncpg.Connection) -> None:
    await store.write({ONE: (EMPTY, BitMap([1]))})

    assert await ChunkStore(connection, 2).read(ONE) == EMPTY

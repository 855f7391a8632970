"""The store of chunks: what is read is what was written, and few changes write little."""

from itertools import pairwise
from random import Random

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.audiences import DELTA_CHUNK, ChunkCache, ChunkOwner, ChunkStore, from_bytes
from seggraph.audiences import store as store_module
from tests.counted_work import counted

ONE = ChunkOwner(1, 10)
OTHER_ROLE = ChunkOwner(2, 10)
OTHER_ID = ChunkOwner(1, 11)
EMPTY = BitMap()


@pytest.fixture
def store(connection: asyncpg.Connection) -> ChunkStore:
    return ChunkStore(connection, 1)


@pytest.fixture(autouse=True)
def _600_ordinals_per_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every delta row may have 600 ordinals for each chunk: three quarters of what is usual, the least of all."""
    monkeypatch.setattr(store_module, "DELTA_ORDINALS_PER_CHUNK", 800)
    monkeypatch.setattr(store_module, "FOLDED_APART", 1)


Kept = dict[tuple[int, int], tuple[set[int], int]]


async def kept(connection: asyncpg.Connection) -> Kept:
    """What the rows of owners say, by owner and chunk, and their counts."""
    rows = await connection.fetch("SELECT owner_id, chunk, roaring, cardinality FROM chunks")
    return {
        (row["owner_id"], row["chunk"]): (set(from_bytes(row["roaring"])), row["cardinality"]) for row in rows
    }


async def versions(connection: asyncpg.Connection) -> dict[int, int]:
    """The transaction that last wrote each chunk, by the chunk's number."""
    rows = await connection.fetch("SELECT chunk, xmin::text::bigint AS written_by FROM chunks")
    return {row["chunk"]: row["written_by"] for row in rows}


async def test_an_owner_without_chunks_is_empty(store: ChunkStore) -> None:
    assert await store.read(ONE) == EMPTY


async def test_what_was_written_is_read(store: ChunkStore, connection: asyncpg.Connection) -> None:
    # given an audience of many chunks, enough for a thread to join them
    audience = BitMap(range(0, 1_500_000, 7))

    await store.write({ONE: (EMPTY, audience), OTHER_ROLE: (EMPTY, BitMap([5]))})

    assert await store.read(ONE) == audience
    assert await store.read_many([OTHER_ROLE, OTHER_ID]) == {OTHER_ROLE: BitMap([5]), OTHER_ID: EMPTY}
    assert await connection.fetchval("SELECT count(*) FROM chunks WHERE role = 1 AND chunk >= 0") == 23
    assert await connection.fetchval("SELECT sum(cardinality) FROM chunks WHERE role = 1") == len(audience)


async def test_nothing_changed_writes_nothing(store: ChunkStore, connection: asyncpg.Connection) -> None:
    await store.write({ONE: (EMPTY, BitMap([1]))})
    first = await versions(connection)

    await store.write({ONE: (BitMap([1]), BitMap([1]))})

    assert await versions(connection) == first


async def test_near_reads_only_the_chunks_of_these_ordinals(store: ChunkStore) -> None:
    # given an audience in chunks, and one that is spread over as many
    large = BitMap(range(0, 200_000, 2))
    await store.write({ONE: (EMPTY, large), OTHER_ID: (EMPTY, BitMap([1, 2, 65_536, 131_072]))})
    await store.write({ONE: (large, large ^ BitMap([3, 70_000, 131_074]))})

    found = await store.read_many([ONE, OTHER_ID], within_ordinals=BitMap([3, 131_073]))

    near = BitMap(range(65_536)) | BitMap(range(131_072, 196_608))
    assert found == {ONE: (large ^ BitMap([3, 131_074])) & near, OTHER_ID: BitMap([1, 2, 131_072])}


async def test_ordinals_outside_of_both_sides_are_not_touched(store: ChunkStore) -> None:
    await store.write({ONE: (EMPTY, BitMap([1, 65_536]))})

    await store.write({ONE: (BitMap([1]), BitMap([1, 2]))})

    assert await store.read(ONE) == BitMap([1, 2, 65_536])


async def test_few_ordinals_are_one_row_until_they_are_none(
    store: ChunkStore, connection: asyncpg.Connection
) -> None:
    few = BitMap([1, 65_536, 131_072])
    await store.write({ONE: (EMPTY, few), OTHER_ID: (EMPTY, BitMap([65_537]))})
    assert await kept(connection) == {(10, DELTA_CHUNK): (set(few), 3), (11, DELTA_CHUNK): ({65_537}, 1)}

    await store.write({ONE: (few, EMPTY)})

    assert await kept(connection) == {(11, DELTA_CHUNK): ({65_537}, 1)}


async def test_few_changes_are_kept_beside_the_chunks_until_they_are_many(
    store: ChunkStore, connection: asyncpg.Connection
) -> None:
    # given an audience of two chunks
    first = BitMap(range(0, 20_000, 2)) | BitMap(range(70_000, 80_000))
    await store.write({ONE: (EMPTY, first)})
    chunks = {(10, 0): (set(range(0, 20_000, 2)), 10_000), (10, 1): (set(range(70_000, 80_000)), 10_000)}
    assert await kept(connection) == chunks

    # when a few enter and exit, and again
    second = (first - BitMap([0, 70_001])) | BitMap([1])
    await store.write({ONE: (first, second)})
    third = second | BitMap([0, 3])
    await store.write({ONE: (second, third)})

    # then the chunks stay, and whoever came back is toggled no more
    assert await store.read(ONE) == third
    assert await kept(connection) == chunks | {(10, DELTA_CHUNK): ({1, 3, 70_001}, 1)}

    # and when all are as they were, there is nothing beside the chunks
    await store.write({ONE: (third, first)})
    assert await kept(connection) == chunks

    # and so many go into the chunk that they are of, the other one being left alone
    written = await versions(connection)
    some = first | BitMap(range(1, 1_201, 2))
    await store.write({ONE: (first, some)})
    assert await kept(connection) == chunks | {(10, DELTA_CHUNK): (set(range(1, 1_201, 2)), 600)}
    more = some | BitMap([1_201])
    await store.write({ONE: (some, more)})
    assert await kept(connection) == chunks | {(10, 0): (set(more) & set(range(65_536)), 10_601)}
    assert (await versions(connection))[1] == written[1]
    assert await store.read(ONE) == more


async def test_more_are_kept_together_the_more_chunks_they_are_of(
    store: ChunkStore, connection: asyncpg.Connection
) -> None:
    # given as many as two chunks may have
    two = BitMap(range(600)) | BitMap(range(65_536, 66_136))
    await store.write({ONE: (EMPTY, two)})
    assert list(await kept(connection)) == [(10, DELTA_CHUNK)]

    # when they are one more
    await store.write({ONE: (two, two | BitMap([700]))})

    # then they are in their chunks, and a chunk of which nobody is left is removed
    assert set(await kept(connection)) == {(10, 0), (10, 1)}
    await store.write({ONE: (two | BitMap([700]), BitMap(range(65_536, 66_136)))})
    assert await kept(connection) == {(10, 1): (set(range(65_536, 66_136)), 600)}


async def test_erasing_leaves_no_trace_and_writes_only_what_holds_one(
    store: ChunkStore, connection: asyncpg.Connection
) -> None:
    # given two large audiences of which some were taken out, and a small one
    first = BitMap(range(0, 140_000, 3))
    small = ChunkOwner(2, 11)
    await store.write({ONE: (EMPTY, first), OTHER_ID: (EMPTY, first), small: (EMPTY, BitMap([9, 12]))})
    await store.write({ONE: (first, first - BitMap([9, 90_000])), OTHER_ID: (first, first | BitMap([1]))})
    before = await versions(connection)

    erased = await store.erase([ONE, OTHER_ROLE, OTHER_ID, small], BitMap([9, 10]))

    # then who was in a bitmap is told, and nobody else was touched: neither who is toggled, nor other chunks
    assert erased == {OTHER_ID: BitMap([9]), small: BitMap([9])}
    assert await store.read_many([ONE, OTHER_ID, small]) == {
        ONE: first - BitMap([9, 90_000]),
        OTHER_ID: (first | BitMap([1])) - BitMap([9]),
        small: BitMap([12]),
    }
    rows = await connection.fetch("SELECT owner_id, role, chunk, roaring, cardinality FROM chunks")
    assert not any(9 in from_bytes(row["roaring"]) for row in rows)
    deltas = {
        (row["owner_id"], row["role"]): (set(from_bytes(row["roaring"])), row["cardinality"])
        for row in rows
        if row["chunk"] == DELTA_CHUNK
    }
    assert deltas == {(10, 1): ({90_000}, -1), (11, 1): ({1}, 1), (11, 2): ({12}, 1)}
    after = await versions(connection)
    assert {number for number in before if before[number] != after[number]} == {0, DELTA_CHUNK}


async def test_erasing_removes_rows_of_which_nobody_is_left(
    store: ChunkStore, connection: asyncpg.Connection
) -> None:
    two = BitMap(range(700)) | BitMap(range(65_536, 66_240))
    await store.write({ONE: (EMPTY, two), OTHER_ID: (EMPTY, BitMap([3]))})

    erased = await store.erase([ONE, OTHER_ID], BitMap(range(700)))

    assert erased == {ONE: BitMap(range(700)), OTHER_ID: BitMap([3])}
    assert await kept(connection) == {(10, 1): (set(range(65_536, 66_240)), 704)}


@pytest.mark.parametrize("seed", range(20))
async def test_erasing_leaves_what_a_set_would(
    store: ChunkStore, connection: asyncpg.Connection, seed: int
) -> None:
    chance = Random(seed)

    def some(most: int) -> BitMap:
        return BitMap(chance.sample(range(200_000), chance.randrange(most)))

    bitmaps = {ChunkOwner(role, 10): some(20_000) for role in (1, 2, 3)}
    await store.write({owner: (EMPTY, bitmap) for owner, bitmap in bitmaps.items()})
    toggled = {owner: bitmap ^ some(900) for owner, bitmap in bitmaps.items()}
    await store.write({owner: (bitmaps[owner], bitmap) for owner, bitmap in toggled.items()})
    gone = some(3_000) | BitMap(toggled[ChunkOwner(1, 10)][:5])

    erased = await store.erase(list(toggled), gone)

    assert erased == {owner: bitmap & gone for owner, bitmap in toggled.items() if bitmap & gone}
    assert await store.read_many(list(toggled)) == {o: bitmap - gone for o, bitmap in toggled.items()}
    sizes = await connection.fetch("SELECT role, sum(cardinality) AS size FROM chunks GROUP BY role")
    assert {row["role"]: row["size"] for row in sizes} == {
        owner.role: len(bitmap - gone) for owner, bitmap in toggled.items()
    }
    for row in await connection.fetch("SELECT roaring FROM chunks"):
        assert not from_bytes(row["roaring"]) & gone


@pytest.mark.parametrize("seed", range(10))
async def test_what_is_taken_out_and_scrubbed_leaves_what_a_set_would(
    store: ChunkStore, connection: asyncpg.Connection, seed: int
) -> None:
    chance = Random(seed)

    def some(most: int) -> BitMap:
        return BitMap(chance.sample(range(200_000), chance.randrange(most)))

    # given audiences of large chunks, small ones and delta rows, of which ordinals are taken out, few or many
    bitmaps = {ChunkOwner(role, owner): some(40_000 // role**3) for role in (1, 2, 3) for owner in (10, 11)}
    await store.write({owner: (EMPTY, bitmap) for owner, bitmap in bitmaps.items()})
    toggled = {owner: bitmap ^ some(900) for owner, bitmap in bitmaps.items()}
    await store.write({owner: (bitmaps[owner], bitmap) for owner, bitmap in toggled.items()})
    gone = some(chance.choice([300, 3_000])) | BitMap(toggled[ChunkOwner(1, 10)][:5])

    async def sizes() -> dict[ChunkOwner, int]:
        rows = await connection.fetch(
            "SELECT role, owner_id, sum(cardinality) AS size FROM chunks GROUP BY 1, 2"
        )
        return {ChunkOwner(role, owner_id): size for role, owner_id, size in rows if size}

    async def have_one() -> bool:
        rows = await connection.fetch("SELECT roaring FROM chunks")
        return any(from_bytes(row["roaring"]) & gone for row in rows)

    lost, are_left = await store.take_out(list(toggled), gone)

    # then they are in no bitmap, and in no bytes if so it says
    left = {owner: bitmap - gone for owner, bitmap in toggled.items()}
    assert lost == {owner: bitmap & gone for owner, bitmap in toggled.items() if bitmap & gone}
    assert await store.read_many(list(toggled)) == left
    assert await sizes() == {owner: len(bitmap) for owner, bitmap in left.items() if bitmap}
    assert await have_one() == are_left

    # and after other changes and scrubbing they are in no bytes
    after = {owner: bitmap ^ (some(300) - gone) for owner, bitmap in left.items()}
    await store.write({owner: (left[owner], bitmap) for owner, bitmap in after.items()})
    await store.scrub(list(after), gone)
    assert not await have_one()
    assert await store.read_many(list(after)) == after
    assert await sizes() == {owner: len(bitmap) for owner, bitmap in after.items() if bitmap}


async def test_who_of_some_is_in_bitmaps_that_are_held(
    store: ChunkStore, connection: asyncpg.Connection
) -> None:
    # given a large audience, another with the same chunks, one that is spread, and an empty one
    large = BitMap(range(0, 200_000, 2))
    empty = ChunkOwner(3, 10)
    await store.write(
        {ONE: (EMPTY, large), OTHER_ROLE: (EMPTY, large), OTHER_ID: (EMPTY, BitMap([4, 65_536]))}
    )
    owners = [ONE, OTHER_ROLE, OTHER_ID, empty]
    near = BitMap([4, 5, 70_000, 131_073])
    expected = {
        ONE: BitMap([4, 70_000]),
        OTHER_ROLE: BitMap([4, 70_000]),
        OTHER_ID: BitMap([4]),
        empty: EMPTY,
    }

    # then it is the same the first time and when the chunks are known
    assert await store.read_held(owners, near) == expected
    await connection.execute("UPDATE chunks SET roaring = roaring WHERE role = 1")
    assert await store.read_held(owners, near) == expected

    # and after few changes, and after many, which write the chunks anew
    few = large ^ BitMap([5, 70_000])
    await store.write({ONE: (large, few)})
    assert (await store.read_held([ONE], near))[ONE] == BitMap([4, 5])
    many = few ^ BitMap(range(4, 3_004))
    await store.write({ONE: (few, many)})
    assert await store.read_held([ONE, OTHER_ROLE], near) == {ONE: many & near, OTHER_ROLE: large & near}


async def test_only_large_chunks_have_digests(store: ChunkStore, connection: asyncpg.Connection) -> None:
    await store.write({ONE: (EMPTY, BitMap(range(0, 10_000, 3)) | BitMap(range(70_000, 71_000)))})
    await store.write({OTHER_ID: (EMPTY, BitMap(range(0, 600_000, 1_000)))})

    rows = await connection.fetch("SELECT owner_id, chunk, digest FROM chunks ORDER BY owner_id, chunk")

    assert [(row["owner_id"], row["chunk"], row["digest"] is None) for row in rows] == [
        (10, 0, False),
        (10, 1, True),
        (11, DELTA_CHUNK, True),
    ]


async def test_any_changes_one_after_the_other(store: ChunkStore, connection: asyncpg.Connection) -> None:
    random = Random(1)
    now = {owner: BitMap() for owner in (ONE, OTHER_ROLE, OTHER_ID)}
    for _ in range(60):
        many = random.choice([1, 20, 300, 5_000])
        toggled = BitMap(random.sample(range(150_000), many))
        after = {owner: bitmap ^ toggled for owner, bitmap in now.items() if random.random() < 0.7}
        await store.write({owner: (now[owner], bitmap) for owner, bitmap in after.items()})
        now |= after
        assert await store.read_many(list(now)) == now
        counts = await connection.fetch(
            "SELECT role, owner_id, sum(cardinality) AS size FROM chunks GROUP BY 1, 2"
        )
        assert {ChunkOwner(role, owner_id): size for role, owner_id, size in counts} == {
            owner: len(bitmap) for owner, bitmap in now.items() if bitmap
        }


async def test_workspaces_do_not_meet(store: ChunkStore, connection: asyncpg.Connection) -> None:
    await store.write({ONE: (EMPTY, BitMap([1]))})

    assert await ChunkStore(connection, 2).read(ONE) == EMPTY


async def test_a_chunk_that_was_folded_is_not_read_again(connection: asyncpg.Connection) -> None:
    cache = ChunkCache()
    audience, few = BitMap(range(0, 131_072, 3)), BitMap(range(0, 131_072, 40))
    async with connection.transaction():
        await ChunkStore(connection, 1, cache).write({ONE: (EMPTY, audience)})
        store = ChunkStore(connection, 1, cache)
        await store.read_held([ONE], few)
        # when so many ordinals change that they are folded into their chunks
        with counted() as folding:
            await store.write({ONE: (audience & few, few)})
        with counted() as reading:
            held = await ChunkStore(connection, 1, cache).read_held([ONE], few)

    assert held == {ONE: few}
    assert folding.bytes_read < 200, "digests, and no chunk"
    assert reading.bytes_read < 200
    assert await ChunkStore(connection, 1).read(ONE) == audience | few


async def test_a_write_folds_some_chunks_and_leaves_the_others_for_later(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "DELTA_ORDINALS_PER_CHUNK", 6)
    monkeypatch.setattr(store_module, "FOLDED_AT_ONCE", 2)
    owners = [ChunkOwner(1, number) for number in range(6)]
    wanted = {owner: BitMap(range(5 + owner.owner_id % 2)) for owner in owners}
    store = ChunkStore(connection, 1)

    # given changes of six audiences that are a few too many for a delta row
    await store.write({owner: (EMPTY, bitmap) for owner, bitmap in wanted.items()})
    folded = [key for key in await kept(connection) if key[1] >= 0]
    assert len(folded) == 2
    assert await store.read_many(owners) == wanted

    # when they change again, some more are folded, and those with twice as many at once
    before = await store.read_many(owners)
    wanted = {owner: bitmap | BitMap([10]) for owner, bitmap in wanted.items()}
    await store.write({owner: (before[owner], bitmap) for owner, bitmap in wanted.items()})
    assert len([key for key in await kept(connection) if key[1] >= 0]) == 4
    before = await store.read_many(owners)
    wanted = {owner: bitmap | BitMap(range(20, 40)) for owner, bitmap in wanted.items()}
    await store.write({owner: (before[owner], bitmap) for owner, bitmap in wanted.items()})

    assert {key[1] for key in await kept(connection)} == {0}
    assert await store.read_many(owners) == wanted


async def test_audiences_that_change_alike_are_not_folded_together(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "FOLDED_APART", 16)
    monkeypatch.setattr(store_module, "DELTA_ORDINALS_PER_CHUNK", 40)
    owners = [ChunkOwner(1, number) for number in range(32)]
    store = ChunkStore(connection, 1)
    before = dict.fromkeys(owners, EMPTY)
    folded = [0]
    for number in range(1, 52):
        after = dict.fromkeys(owners, BitMap(range(number)))
        await store.write({owner: (before[owner], after[owner]) for owner in owners})
        before = after
        folded.append(len([key for key in await kept(connection) if key[1] >= 0]))

    assert await store.read_many(owners) == before
    steps = [now - last for last, now in pairwise(folded)]
    assert (folded[29], folded[-1]) == (0, 32)
    assert max(steps) <= 4

"""The operations of bench/growth.py in counted work: what does not grow with the members there is not allowed to.

`bench.growth` measures time at sizes that take minutes to fill. Here the sizes are small, and what is counted are
statements, rows and bytes between the process and PostgreSQL.
"""

import asyncpg
import pytest
from bench.growth import BY_DEPENDENTS, OPERATIONS, Bench, Operation, Size

from seggraph.context import Context
from tests.counted_work import CountedWork, counted

SEGMENTS = 4
EVENTS = 2
BYTES_OF_CHUNKS = 4 * 8_300 * SEGMENTS
"""What the bitmaps of the segments have at most, however many members they have: they are of one chunk."""

LARGE_ROWS = 60
"""Rows that do not count as growth: batches, totals and names that happen to be more."""


@pytest.mark.slow
async def test_the_work_does_not_grow_with_the_members(
    context: Context, connection: asyncpg.Connection
) -> None:
    small, large = Size(2_000, SEGMENTS), Size(12_000, SEGMENTS)
    bench = Bench(context, connection)
    for size in (small, large):
        await bench.fill(size, EVENTS)

    grown = {}
    for operation in OPERATIONS:
        before, after = [await _work_of(bench, size, operation) for size in (small, large)]
        if (
            after.statements > before.statements + 4
            or after.rows > 1.5 * before.rows + LARGE_ROWS
            or after.bytes_read > 1.5 * before.bytes_read + BYTES_OF_CHUNKS
            or after.bytes_sent > 1.5 * before.bytes_sent + BYTES_OF_CHUNKS
        ):
            grown[operation.name] = before, after
    assert grown == {}


@pytest.mark.slow
async def test_the_work_of_a_refresh_grows_with_the_segments_that_depend_and_no_others(
    context: Context, connection: asyncpg.Connection
) -> None:
    few, many, mixed = Size(2_000, 5), Size(2_000, 40), Size(2_000, 5, others=35)
    bench = Bench(context, connection)
    for size in (few, many, mixed):
        await bench.fill(size, 0)
    refresh, refresh_of_reach = BY_DEPENDENTS

    by_few, by_many, by_mixed = [await _work_of(bench, size, refresh) for size in (few, many, mixed)]
    reach_by_few, reach_by_many = [await _work_of(bench, size, refresh_of_reach) for size in (few, many)]

    # then eight times the segments make that much more, and the exponent is what bench.growth expects of the time
    most = 8**refresh.at_most
    for before, after in ((by_few, by_many), (reach_by_few, reach_by_many)):
        assert after.statements == before.statements
        assert after.rows < most * before.rows
        assert after.bytes_read < most * before.bytes_read
        assert after.bytes_sent < most * before.bytes_sent
    # and what does not depend on the change is neither read nor written; audiences fold at sizes of their own, so
    # that the same change reads and writes a few hundred bytes more of one than of another
    assert by_mixed.statements == by_few.statements
    assert by_mixed.rows < 1.1 * by_few.rows
    assert by_mixed.bytes_read < 1.5 * by_few.bytes_read
    assert by_mixed.bytes_sent < 1.5 * by_few.bytes_sent


async def _work_of(bench: Bench, size: Size, operation: Operation) -> CountedWork:
    """The work of an operation, the second time: the first one makes plans and fills caches."""
    await (await operation.prepare(bench, size))()
    work = await operation.prepare(bench, size)
    with counted() as done:
        await work()
    return done

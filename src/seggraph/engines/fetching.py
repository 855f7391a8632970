"""Runs the statements of an evaluation within limits of time and cost, and decodes ordinals into bitmaps."""

import asyncio
import sys
from array import array
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import orjson
from pyroaring import BitMap

from seggraph.engines.statements import Statement
from seggraph.errors import CriteriaTooExpensive, CriteriaTooSlow, RetryLater

_GRACE_SECONDS: Final = 5.0
_HEADER_BYTES: Final = 20
_IN_LOOP_BYTES: Final = 400_000

_PARTS: Final = 16
"""Into how many parts ordinals are cut to find those that are there twice."""

_PREPARE = """
    SELECT current_setting('statement_timeout') AS timeout, current_setting('plan_cache_mode') AS mode,
           set_config('statement_timeout', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true)
"""
"""Sets a time limit and has each statement planned for its values, because a generic plan knows no selectivity."""

_RESTORE = "SELECT set_config('statement_timeout', $1, true), set_config('plan_cache_mode', $2, true)"

_SCAN = "SELECT current_setting('enable_indexscan') AS before, set_config('enable_indexscan', 'off', true)"
_SCAN_NO_MORE = "SELECT set_config('enable_indexscan', $1, true)"


@dataclass(frozen=True, slots=True)
class Limits:
    """The seconds that a statement may take, and the highest cost PostgreSQL may estimate for it (None: any).

    `are_set` says that the caller has set the time limit already, by `limited`.
    """

    timeout_seconds: float
    max_cost: float | None = None
    are_set: bool = False


async def fetch(connection: asyncpg.Connection, statement: Statement, limits: Limits) -> list[asyncpg.Record]:
    """The rows of the statement. Raises CriteriaTooExpensive before it runs; CriteriaTooSlow, RetryLater."""
    if not limits.are_set:
        async with limited(connection, limits.timeout_seconds):
            return await _fetch(connection, statement, limits)
    return await _fetch(connection, statement, limits)


async def _fetch(
    connection: asyncpg.Connection, statement: Statement, limits: Limits
) -> list[asyncpg.Record]:
    outer = limits.timeout_seconds + _GRACE_SECONDS
    try:
        if limits.max_cost is not None and await cost_of(connection, statement) > limits.max_cost:
            raise CriteriaTooExpensive(
                "Evaluating these criteria would take far too long; narrow them or leave conditions out."
            )
        async with _planned(connection, statement):
            return list(await connection.fetch(statement.text, *statement.values, timeout=outer))
    except asyncpg.QueryCanceledError as error:
        raise CriteriaTooSlow(too_slow(limits.timeout_seconds)) from error
    except TimeoutError as error:
        raise RetryLater("the database did not answer in time") from error


@asynccontextmanager
async def limited(connection: asyncpg.Connection, seconds: float) -> AsyncIterator[None]:
    """Limit the time of each statement in the block, and have each planned for its values.

    When a statement fails, its transaction is void and the limits end with it. Raises RetryLater.
    """
    outer = seconds + _GRACE_SECONDS
    try:
        before = await connection.fetchrow(_PREPARE, str(max(1, round(seconds * 1000))), timeout=outer)
        yield
        await connection.execute(_RESTORE, before["timeout"], before["mode"], timeout=outer)
    except TimeoutError as error:
        raise RetryLater("the database did not answer in time") from error


@asynccontextmanager
async def _planned(connection: asyncpg.Connection, statement: Statement) -> AsyncIterator[None]:
    """Keep PostgreSQL from fetching all totals one by one in the order of an index.

    Totals lie in the table in the order in which members first had such an event. The planner believes that they lie
    in the order of the index, because its statistics describe only the first column, the workspace, which is in order
    if there is one workspace. It may still use the index for a bitmap scan where a workspace is a small part.
    """
    if not statement.reads_all_totals:
        yield
        return
    before = await connection.fetchval(_SCAN)
    yield
    await connection.execute(_SCAN_NO_MORE, before)


def too_slow(seconds: float) -> str:
    """The message for the author of criteria that took longer than so many seconds."""
    return (
        f"Evaluating took longer than {seconds:g} s. Make the criteria simpler: "
        "shorter windows, fewer conditions, or a segment of a part of them to build on."
    )


async def cost_of(connection: asyncpg.Connection, statement: Statement) -> float:
    """The estimated cost of a statement in PostgreSQL's units: 1 is the sequential reading of one page."""
    async with _planned(connection, statement):
        plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement.text}", *statement.values)
    return float(orjson.loads(plan)[0]["Plan"]["Total Cost"])


async def rows_of(connection: asyncpg.Connection, statement: Statement) -> float:
    """The estimated number of rows that a statement reads before it aggregates them."""
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement.text}", *statement.values)
    node = orjson.loads(plan)[0]["Plan"]
    while inner := node.get("Plans"):
        if node["Node Type"] != "Aggregate" and "Gather" not in node["Node Type"]:
            break
        [node, *_] = inner
    return float(node["Plan Rows"])


async def bitmaps(row: Sequence[Any]) -> list[BitMap]:
    """Decode every column; in a thread when that takes more than a few milliseconds."""
    if sum(len(column or b"") for column in row) < _IN_LOOP_BYTES:
        return [bitmap(column) for column in row]
    return await asyncio.to_thread(lambda: [bitmap(column) for column in row])


async def masked(rows: Sequence[Sequence[Any]], predicates: int) -> list[BitMap]:
    """The members that satisfy each predicate, from the groups of a masked statement."""
    groups = await bitmaps([row[1] for row in rows])
    masks = [row[0] for row in rows]

    def joined() -> list[BitMap]:
        return [
            BitMap.union(BitMap(), *(one for mask, one in zip(masks, groups, strict=True) if mask >> bit & 1))
            for bit in range(predicates)
        ]

    return await asyncio.to_thread(joined)


def bitmap(column: bytes | None) -> BitMap:
    """A bitmap from the binary form of an int4[]."""
    return BitMap(_words(column))


def members_twice(column: bytes | None) -> BitMap:
    """The members who are in the binary form of an int4[] more than once.

    Parts are compared with those before them, and so on within the parts that are larger than the set of their members.
    """
    found = BitMap()
    rest = [_words(column)]
    while rest:
        words, seen = rest.pop(), BitMap()
        size = max(1, len(words) // _PARTS)
        for first in range(0, len(words), size):
            part = words[first : first + size]
            members = BitMap(part)
            found |= members & seen
            seen |= members
            if len(members) < len(part):
                rest.append(part)
    return found


def _words(column: bytes | None) -> "array[int]":
    """The elements of the binary form of an int4[]: a header, then length and value of each."""
    if column is None:
        return array("I")
    words = array("I", column[_HEADER_BYTES:])[1::2]
    if sys.byteorder == "little":
        words.byteswap()
    return words

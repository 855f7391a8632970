"""Criteria evaluated by PostgreSQL: all the predicates over one population in one scan.

One predicate stands in WHERE, where an index may serve it; several stand in the FILTER of an aggregate each.
Ordinals come back as the binary form of an array, which takes a quarter less time than decoding its elements.
"""

import asyncio
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg
from pyroaring import BitMap
from sqlglot import exp

from seggraph.criteria.typed import Checked
from seggraph.criteria.operands import MEMBERS
from seggraph.criteria.parameters import Parameters
from seggraph.criteria.sql import Context, predicate
from seggraph.criteria.sql_texts import Folding
from seggraph.engines.engine import Population
from seggraph.errors import CriteriaTooSlow, Invalid, RetryLater

MAX_PREDICATES: Final = 100
"""Most predicates in one statement; more are spread over several."""

MAX_PARAMETERS: Final = 20_000
"""Most bound values in one statement before a new one begins; the protocol ends at 32,767."""

_GRACE_SECONDS = 5.0
_HEADER_BYTES = 20
_IN_LOOP_BYTES = 400_000

_FIND_COLLATIONS = """
    SELECT collname FROM pg_collation
    WHERE collname = ANY($1::text[]) AND collnamespace = 'pg_catalog'::regnamespace
      AND collencoding IN (-1, pg_char_to_encoding('UTF8'))
"""
_FOLDINGS: Final = (
    Folding("pg_c_utf8", maps_each_character=True),
    Folding("und-x-icu"),
    Folding("C.utf8"),
    Folding("en_US.utf8"),
)
"""Collations that lower-case all of Unicode, the best first: PostgreSQL 17's own, ICU's, those of the system."""

_PREPARE = """
    SELECT current_setting('statement_timeout') AS timeout, current_setting('plan_cache_mode') AS mode,
           set_config('statement_timeout', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true)
"""
"""A time limit, and a plan for these very values: a scan is worth it, and a general plan knows no selectivity."""

_RESTORE = "SELECT set_config('statement_timeout', $1, true), set_config('plan_cache_mode', $2, true)"


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT with a column of `bytea` per predicate, and the values to bind."""

    text: str
    values: tuple[object, ...]
    columns: int


class PostgresEngine:
    """The default engine. One instance serves one database: it remembers what the server can do."""

    def __init__(self) -> None:
        self._folding: Folding | None = None

    async def evaluate(
        self,
        connection: asyncpg.Connection,
        population: Population,
        criteria: Sequence[Checked],
        *,
        as_of: datetime,
        zone: ZoneInfo,
        ordinals: BitMap | None = None,
        timeout_seconds: float,
    ) -> list[BitMap]:
        """See `Engine.evaluate`. The time limit is for each statement of up to `MAX_PREDICATES`."""
        if not criteria or (ordinals is not None and not ordinals):
            return [BitMap() for _ in criteria]
        if not connection.is_in_transaction():
            raise RuntimeError("evaluate() needs the caller's transaction")
        folding = self._folding = self._folding or await find_folding(connection)
        building = _statements(population, criteria, as_of, zone, folding, ordinals)
        audiences: list[BitMap] = []
        # In a thread: 500 conditions take a tenth of a second to become SQL.
        for statement in await asyncio.to_thread(list, building):
            row = await _fetch(connection, statement, timeout_seconds)
            audiences.extend(await _bitmaps(row))
        return audiences


async def find_folding(connection: asyncpg.Connection) -> Folding:
    """The best collation for ignoring case that the server has. Raises Invalid when it has none."""
    rows = await connection.fetch(_FIND_COLLATIONS, [folding.collation for folding in _FOLDINGS])
    present = {row["collname"] for row in rows}
    for folding in _FOLDINGS:
        if folding.collation in present:
            return folding
    wanted = ", ".join(folding.collation for folding in _FOLDINGS)
    raise Invalid(f"the database can not lower-case Unicode; it needs one of the collations {wanted}")


def _statements(
    population: Population,
    criteria: Sequence[Checked],
    as_of: datetime,
    zone: ZoneInfo,
    folding: Folding,
    ordinals: BitMap | None,
) -> Iterator[Statement]:
    """Spread the criteria over as few statements as their parameters allow."""
    rest = list(criteria)
    while rest:
        parameters = Parameters()
        context = Context(parameters, as_of, zone, folding)
        scope = _scope(population, ordinals, parameters)
        predicates: list[exp.Expr] = []
        while rest and len(predicates) < MAX_PREDICATES and len(parameters.values) < MAX_PARAMETERS:
            predicates.append(predicate(rest.pop(0), context))
        text = _select(scope, predicates).sql("postgres")
        yield Statement(text, parameters.values, len(predicates))


def _scope(population: Population, ordinals: BitMap | None, parameters: Parameters) -> list[exp.Expr]:
    workspace = parameters.bind(population.workspace_id, "bigint")
    kind = parameters.bind(int(population.kind), "smallint")
    scope: list[exp.Expr] = [
        exp.EQ(this=exp.column("workspace_id", MEMBERS), expression=workspace),
        exp.EQ(this=exp.column("kind", MEMBERS), expression=kind),
    ]
    if ordinals is not None:
        given = parameters.bind(tuple(ordinals), "int[]")
        among = exp.Any(this=exp.Paren(this=given))
        scope.append(exp.EQ(this=exp.column("ordinal", MEMBERS), expression=among))
    return scope


def _select(scope: list[exp.Expr], predicates: list[exp.Expr]) -> exp.Select:
    if len(predicates) == 1:
        columns, conditions = [_ordinals(None)], [*scope, *predicates]
    else:
        columns, conditions = [_ordinals(one) for one in predicates], scope
    where = exp.and_(*conditions, copy=False)
    members = exp.to_table("members").as_(MEMBERS)
    return exp.select(*columns, copy=False).from_(members, copy=False).where(where, copy=False)


def _ordinals(condition: exp.Expr | None) -> exp.Expr:
    """The ordinals of the members for which the condition is true, as the binary form of an array."""
    ordinals: exp.Expr = exp.ArrayAgg(this=exp.column("ordinal", MEMBERS))
    if condition is not None:
        ordinals = exp.Filter(this=ordinals, expression=exp.Where(this=condition))
    return exp.Anonymous(this="ARRAY_SEND", expressions=[ordinals])


async def _fetch(
    connection: asyncpg.Connection, statement: Statement, timeout_seconds: float
) -> list[bytes | None]:
    """Run the statement under a time limit of the server, and a little later our own."""
    outer = timeout_seconds + _GRACE_SECONDS
    milliseconds = max(1, round(timeout_seconds * 1000))
    try:
        before = await connection.fetchrow(_PREPARE, str(milliseconds), timeout=outer)
        row = await connection.fetchrow(statement.text, *statement.values, timeout=outer)
        await connection.execute(_RESTORE, before["timeout"], before["mode"], timeout=outer)
    except asyncpg.QueryCanceledError as error:
        message = f"evaluating took longer than {timeout_seconds:g} s; make the criteria simpler"
        raise CriteriaTooSlow(message) from error
    except TimeoutError as error:
        raise RetryLater("the database did not answer in time") from error
    return list(row)


async def _bitmaps(row: list[bytes | None]) -> list[BitMap]:
    """Decode every column; in a thread when that takes more than a few milliseconds."""
    if sum(len(column or b"") for column in row) < _IN_LOOP_BYTES:
        return [_bitmap(column) for column in row]
    return await asyncio.to_thread(lambda: [_bitmap(column) for column in row])


def _bitmap(column: bytes | None) -> BitMap:
    """A bitmap from the binary form of an int4[]: a header, then length and value of each element."""
    if column is None:
        return BitMap()
    words = array("I", column[_HEADER_BYTES:])[1::2]
    if sys.byteorder == "little":
        words.byteswap()
    return BitMap(words)

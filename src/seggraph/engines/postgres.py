"""Criteria evaluated by PostgreSQL: a plan's predicates in one scan, its questions in one statement, then bitmaps."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg
from pyroaring import BitMap

from seggraph.criteria.sql.sides import Folding
from seggraph.criteria.time.passage import Passage
from seggraph.criteria.typed import Checked, EventTest, RelatedTest
from seggraph.engines import boundaries
from seggraph.engines.evaluation import Evaluation
from seggraph.engines.fetching import Limits, bitmaps, fetch
from seggraph.engines.leaf_cache import LeafCache, Recall
from seggraph.engines.population import Population
from seggraph.engines.statements import Moment, Statement
from seggraph.errors import Invalid

DEFAULT_KEPT_BYTES: Final = 64 * 1024 * 1024
"""How much of what conditions matched is kept, unless told otherwise."""

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


class PostgresEngine:
    """The default engine. One instance serves one database: it remembers what the server can do."""

    def __init__(self, *, kept_bytes: int = DEFAULT_KEPT_BYTES) -> None:
        self._folding: Folding | None = None
        self._cache = LeafCache(kept_bytes)

    async def recall(
        self, connection: asyncpg.Connection, population: Population, *, zone: ZoneInfo, now: datetime
    ) -> Recall:
        """See `Engine.recall`."""
        return await self._cache.recall(connection, population, zone, now)

    async def evaluate(
        self,
        connection: asyncpg.Connection,
        population: Population,
        criteria: Sequence[Checked],
        *,
        as_of: datetime,
        zone: ZoneInfo,
        ordinals: BitMap | None = None,
        audiences: Mapping[int, BitMap] | None = None,
        recall: Recall | None = None,
        timeout_seconds: float,
        is_limited: bool = False,
        max_cost: float | None = None,
    ) -> list[BitMap]:
        """See `Engine.evaluate`. The limits are for each statement of up to `MAX_PREDICATES`."""
        if not criteria or (ordinals is not None and not ordinals):
            return [BitMap() for _ in criteria]
        if not connection.is_in_transaction():
            raise RuntimeError("evaluate() needs the caller's transaction")
        folding = self._folding = self._folding or await find_folding(connection)
        limits = Limits(timeout_seconds, max_cost if ordinals is None else None, is_limited)
        moment = Moment(as_of, zone, folding)
        evaluation = Evaluation(connection, moment, audiences or {}, limits, recall)
        return await evaluation.run(population, criteria, ordinals)

    async def observe(
        self,
        connection: asyncpg.Connection,
        population: Population,
        ordinal: int,
        questions: Sequence[EventTest | RelatedTest],
        *,
        as_of: datetime,
        zone: ZoneInfo,
        timeout_seconds: float,
    ) -> list[Any]:
        """See `Engine.observe`."""
        if not questions:
            return []
        if not connection.is_in_transaction():
            raise RuntimeError("observe() needs the caller's transaction")
        folding = self._folding = self._folding or await find_folding(connection)
        evaluation = Evaluation(connection, Moment(as_of, zone, folding), {}, Limits(timeout_seconds))
        return await evaluation.observe(population, ordinal, questions)

    async def moved_by_time(
        self,
        connection: asyncpg.Connection,
        population: Population,
        criteria: Sequence[Checked],
        *,
        after: datetime,
        until: datetime,
        zone: ZoneInfo,
        timeout_seconds: float,
    ) -> list[BitMap]:
        """See `Engine.moved_by_time`. The time limit is for each statement."""
        if not connection.is_in_transaction():
            raise RuntimeError("moved_by_time() needs the caller's transaction")
        folding = self._folding = self._folding or await find_folding(connection)

        async def ask(statement: Statement) -> list[BitMap]:
            [row] = await fetch(connection, statement, Limits(timeout_seconds))
            return await bitmaps(row)

        return await boundaries.moved(ask, population, criteria, Passage(after, until, zone), folding)


async def find_folding(connection: asyncpg.Connection) -> Folding:
    """The best collation for ignoring case that the server has. Raises Invalid when it has none."""
    rows = await connection.fetch(_FIND_COLLATIONS, [folding.collation for folding in _FOLDINGS])
    present = {row["collname"] for row in rows}
    for folding in _FOLDINGS:
        if folding.collation in present:
            return folding
    wanted = ", ".join(folding.collation for folding in _FOLDINGS)
    raise Invalid(f"the database can not lower-case Unicode; it needs one of the collations {wanted}")

"""Criteria evaluated by PostgreSQL: a plan's predicates in one scan, its questions in one statement, then bitmaps."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg
from pyroaring import BitMap

from seggraph.criteria.sql.sides import Folding
from seggraph.criteria.time.passage import Passage
from seggraph.criteria.typed import EventTest, RelatedTest
from seggraph.engines import boundaries
from seggraph.engines.evaluation import EngineCaches, Evaluation
from seggraph.engines.fetching import Limits, bitmaps, fetch
from seggraph.engines.leaf_cache import LeafCache, Recall
from seggraph.engines.population import Population
from seggraph.engines.request import EvaluationRequest
from seggraph.engines.statements import EvaluationTime, Statement
from seggraph.errors import Invalid

DEFAULT_CACHE_BYTES: Final = 64 * 1024 * 1024
"""Most bytes of answers to single conditions that are cached by default."""

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
    """The default engine. An instance serves one database: it remembers what the server can do, and owns its caches."""

    def __init__(self, *, cache_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        self._folding: Folding | None = None
        self._answers = LeafCache(cache_bytes)
        self._caches = EngineCaches()

    async def recall(
        self, connection: asyncpg.Connection, population: Population, *, zone: ZoneInfo, now: datetime
    ) -> Recall:
        """See `Engine.recall`."""
        return await self._answers.recall(connection, population, zone, now)

    async def evaluate(self, connection: asyncpg.Connection, request: EvaluationRequest) -> list[BitMap]:
        """See `Engine.evaluate`. The limits are for each statement of up to `MAX_PREDICATES`."""
        ordinals = request.within_ordinals
        if not request.criteria or (ordinals is not None and not ordinals):
            return [BitMap() for _ in request.criteria]
        evaluation = await self._evaluation(connection, request, "evaluate")
        return await evaluation.run(request.population, request.criteria, ordinals)

    async def observe(
        self, connection: asyncpg.Connection, request: EvaluationRequest, *, ordinal: int
    ) -> list[Any]:
        """See `Engine.observe`."""
        questions = [one for one in request.criteria if isinstance(one, EventTest | RelatedTest)]
        if len(questions) < len(request.criteria):
            raise TypeError("only tests of events and related members are observed")
        if not questions:
            return []
        evaluation = await self._evaluation(connection, request, "observe")
        return await evaluation.observe(request.population, ordinal, questions)

    async def moved_by_time(
        self, connection: asyncpg.Connection, request: EvaluationRequest, *, since: datetime
    ) -> list[BitMap]:
        """See `Engine.moved_by_time`. The time limit is for each statement."""
        folding = await self._known_folding(connection, "moved_by_time")

        async def ask(statement: Statement) -> list[BitMap]:
            [row] = await fetch(connection, statement, Limits(request.timeout_seconds))
            return await bitmaps(row)

        passage = Passage(since, request.as_of, request.zone)
        cache = self._caches.boundaries
        return await boundaries.moved(ask, request.population, request.criteria, passage, folding, cache)

    async def _evaluation(
        self, connection: asyncpg.Connection, request: EvaluationRequest, method: str
    ) -> Evaluation:
        folding = await self._known_folding(connection, method)
        max_cost = request.max_cost if request.within_ordinals is None else None
        return Evaluation(
            connection,
            EvaluationTime(request.as_of, request.zone, folding),
            request.audiences or {},
            Limits(request.timeout_seconds, max_cost, request.is_limited),
            self._caches,
            request.recall,
        )

    async def _known_folding(self, connection: asyncpg.Connection, method: str) -> Folding:
        """How the server ignores case. Raises RuntimeError outside of a transaction."""
        if not connection.is_in_transaction():
            raise RuntimeError(f"{method}() needs the caller's transaction")
        if self._folding is None:
            self._folding = await find_folding(connection)
        return self._folding


async def find_folding(connection: asyncpg.Connection) -> Folding:
    """The best collation for ignoring case that the server has. Raises Invalid when it has none."""
    rows = await connection.fetch(_FIND_COLLATIONS, [folding.collation for folding in _FOLDINGS])
    present = {row["collname"] for row in rows}
    for folding in _FOLDINGS:
        if folding.collation in present:
            return folding
    wanted = ", ".join(folding.collation for folding in _FOLDINGS)
    raise Invalid(f"the database can not lower-case Unicode; it needs one of the collations {wanted}")

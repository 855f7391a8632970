"""Criteria evaluated by PostgreSQL: a plan's predicates in one scan, its questions in one statement, then bitmaps."""

import asyncio
import sys
from array import array
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.criteria.boundaries import Passage
from seggraph.criteria.relations import Direction
from seggraph.criteria.sql import is_of_one_row
from seggraph.criteria.sql_texts import Folding
from seggraph.criteria.typed import Checked, RelatedTest
from seggraph.engines import boundaries
from seggraph.engines.engine import Population
from seggraph.engines.planner import Asked, Known, Row, plan
from seggraph.engines.statements import (
    Inquiry,
    Moment,
    Others,
    Statement,
    inquiries,
    question_statements,
    row_statements,
)
from seggraph.errors import CriteriaTooSlow, Invalid, RetryLater
from seggraph.models.audiences import ChunkRole

MAX_AMONG: Final = 20_000
"""Questions are put about single members as long as there are no more of them than this."""

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

_FIND_FORWARD = """
    SELECT DISTINCT to_ordinal FROM relations
    WHERE workspace_id = $1 AND relation = $2 AND from_ordinal = ANY($3::int[])
"""
_FIND_BACKWARD = """
    SELECT DISTINCT from_ordinal FROM relations
    WHERE workspace_id = $1 AND relation = $2 AND to_ordinal = ANY($3::int[])
"""

_RESTORE = "SELECT set_config('statement_timeout', $1, true), set_config('plan_cache_mode', $2, true)"


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
        audiences: Mapping[int, BitMap] | None = None,
        timeout_seconds: float,
    ) -> list[BitMap]:
        """See `Engine.evaluate`. The time limit is for each statement of up to `MAX_PREDICATES`."""
        if not criteria or (ordinals is not None and not ordinals):
            return [BitMap() for _ in criteria]
        if not connection.is_in_transaction():
            raise RuntimeError("evaluate() needs the caller's transaction")
        folding = self._folding = self._folding or await find_folding(connection)
        evaluation = _Evaluation(connection, Moment(as_of, zone, folding), audiences or {}, timeout_seconds)
        return await evaluation.run(population, criteria, ordinals)

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
            return await _bitmaps(await _fetch(connection, statement, timeout_seconds))

        return await boundaries.moved(ask, population, criteria, Passage(after, until, zone), folding)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """One call: where it reads, as of when, and which segments it is told the members of."""

    connection: asyncpg.Connection
    moment: Moment
    audiences: Mapping[int, BitMap]
    timeout_seconds: float

    async def run(
        self, population: Population, criteria: Sequence[Checked], ordinals: BitMap | None
    ) -> list[BitMap]:
        """Who satisfies each of the trees."""
        made = plan(criteria)
        rows = await self._rows(population, made.rows, ordinals)
        segments = await self._segments(population, made.segment_ids, ordinals)
        known = Known(rows, segments, {})
        asked = known.ask(made.terms)
        if asked:
            answers = await self._answers(population, asked, ordinals)
            known = Known(rows, segments, answers)
        if all(isinstance(term, Row) for term in made.terms):
            return [known.members(term).copy() for term in made.terms]
        return await asyncio.to_thread(lambda: [known.members(term).copy() for term in made.terms])

    async def _rows(
        self, population: Population, criteria: Sequence[Checked], ordinals: BitMap | None
    ) -> dict[Checked, BitMap]:
        building = row_statements(population, criteria, self.moment, ordinals)
        found: list[BitMap] = []
        # In a thread: 500 conditions take a tenth of a second to become SQL.
        for statement in await asyncio.to_thread(list, building):
            found += await self._fetch(statement)
        return dict(zip(criteria, found, strict=True))

    async def _segments(
        self, population: Population, segment_ids: Set[int], ordinals: BitMap | None
    ) -> dict[int, BitMap]:
        """The members of segments: those told, and of the others what the chunk store has."""
        found = {one: self.audiences[one] for one in segment_ids if one in self.audiences}
        owners = {one: ChunkOwner(ChunkRole.MEMBERS, one) for one in segment_ids if one not in found}
        if owners:
            store = ChunkStore(self.connection, population.workspace_id)
            stored = await store.read_many(list(owners.values()), near=ordinals)
            found |= {one: stored[owner] for one, owner in owners.items()}
        if ordinals is None:
            return found
        return {one: members & ordinals for one, members in found.items()}

    async def _answers(
        self, population: Population, asked: Mapping[Asked, BitMap | None], ordinals: BitMap | None
    ) -> dict[Asked, BitMap]:
        """Put the questions, each about no more members than it matters for when these are few."""
        answers: dict[Asked, BitMap] = {}
        needed: list[Inquiry] = []
        for inquiry in inquiries(asked):
            among = inquiry.among
            if among is not None and not among:
                answers |= {question: BitMap() for question in inquiry.questions}
                continue
            if among is None or (ordinals is None and len(among) > MAX_AMONG):
                among = ordinals
            needed.append(Inquiry(inquiry.questions, among))
        related = await self._related(population, needed)
        building = question_statements(population, needed, self.moment, related)
        for statement, questions in await asyncio.to_thread(list, building):
            answers |= zip(questions, await self._fetch(statement), strict=True)
        return answers

    async def _related(self, population: Population, asked: Sequence[Inquiry]) -> dict[Others, BitMap]:
        """Who satisfies the criteria on related members that are more than one row's."""
        found: dict[Others, BitMap] = {}
        for inquiry in asked:
            question = inquiry.questions[0].question
            if not isinstance(question, RelatedTest) or question.where is None:
                continue
            if is_of_one_row(question.where):
                continue
            direction = question.direction
            others = Population(population.workspace_id, direction.other_kind)
            near = None
            if inquiry.among is not None:
                near = await self._related_to(population.workspace_id, direction, inquiry.among)
            if near is not None and not near:
                members = BitMap()
            else:
                [members] = await self.run(others, [question.where], near)
            key = (direction.other_kind, question.where)
            found[key] = found.get(key, BitMap()) | members
        return found

    async def _related_to(self, workspace_id: int, direction: Direction, ordinals: BitMap) -> BitMap:
        """Those at the other end of a relation of these members."""
        find = _FIND_FORWARD if direction.forward else _FIND_BACKWARD
        rows = await self.connection.fetch(find, workspace_id, int(direction.type), list(ordinals))
        return BitMap(row[0] for row in rows)

    async def _fetch(self, statement: Statement) -> list[BitMap]:
        return await _bitmaps(await _fetch(self.connection, statement, self.timeout_seconds))


async def find_folding(connection: asyncpg.Connection) -> Folding:
    """The best collation for ignoring case that the server has. Raises Invalid when it has none."""
    rows = await connection.fetch(_FIND_COLLATIONS, [folding.collation for folding in _FOLDINGS])
    present = {row["collname"] for row in rows}
    for folding in _FOLDINGS:
        if folding.collation in present:
            return folding
    wanted = ", ".join(folding.collation for folding in _FOLDINGS)
    raise Invalid(f"the database can not lower-case Unicode; it needs one of the collations {wanted}")


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

"""Whom time alone may have moved: the looks of criteria, each taken once, put to PostgreSQL.

The cost follows what passed over a boundary: events are looked at in ranges of an index, and where criteria have no
boundary in the passage nothing is asked at all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from typing import TypeAlias

from pyroaring import BitMap
from sqlglot import exp

from seggraph.criteria.boundaries import EventLook, Look, Passage, RelatedLook, looks
from seggraph.criteria.relations import Direction
from seggraph.criteria.sql_boundaries import events_query, is_indexed, members_query, related_query
from seggraph.criteria.sql_events import Scope
from seggraph.criteria.sql_texts import Folding
from seggraph.criteria.typed import Checked, Comparison
from seggraph.engines.population import Population
from seggraph.engines.statements import MAX_TABLES, Moment, Statement, row_statements

Fetch: TypeAlias = Callable[[Statement], Awaitable[list[BitMap]]]
"""Runs a statement and answers with a bitmap for each of its columns."""

Ranged: TypeAlias = EventLook | Comparison
"""What one range of an index answers."""


async def moved(
    fetch: Fetch, population: Population, criteria: Sequence[Checked], passage: Passage, folding: Folding
) -> list[BitMap]:
    """For each tree the members whose answer may be another at some instant of the passage, and perhaps others.

    Among them may be members who have been deleted.
    """
    if passage.until <= passage.after:
        return [BitMap() for _ in criteria]
    wanted = [looks(tree, passage) for tree in criteria]
    looking = _Looking(fetch, Moment(passage.until, passage.zone, folding))
    found = await looking.find(population, frozenset[Look]().union(*wanted))
    return [BitMap.union(BitMap(), *(found[look] for look in of_tree)) for of_tree in wanted]


class _Looking:
    """Looking as of one instant."""

    def __init__(self, fetch: Fetch, moment: Moment) -> None:
        self._fetch = fetch
        self._moment = moment

    async def find(self, population: Population, wanted: Collection[Look]) -> dict[Look, BitMap]:
        """Whom each of the looks finds."""
        ranged: list[Ranged] = []
        scanned: list[Comparison] = []
        found: dict[Look, BitMap] = {}
        for look in wanted:
            match look:
                case Comparison() if not is_indexed(look):
                    scanned.append(look)
                case RelatedLook(direction, looks=inner):
                    others = Population(population.workspace_id, direction.other_kind)
                    moved_there = BitMap.union(BitMap(), *(await self.find(others, inner)).values())
                    found[look] = await self._related(population, direction, moved_there)
                case _:
                    ranged.append(look)
        for statement, asked in await asyncio.to_thread(list, self._ranges(population, ranged)):
            found |= zip(asked, await self._fetch(statement), strict=True)
        scans = await asyncio.to_thread(list, row_statements(population, scanned, self._moment, None))
        answers = [bitmap for scan in scans for bitmap in await self._fetch(scan)]
        return found | dict(zip(scanned, answers, strict=True))

    def _ranges(
        self, population: Population, ranged: Sequence[Ranged]
    ) -> Iterator[tuple[Statement, Sequence[Ranged]]]:
        """The looks spread over few statements, each a SELECT of its own there."""
        scope = Scope(population.workspace_id, population.kind, None)
        for start in range(0, len(ranged), MAX_TABLES):
            asked = ranged[start : start + MAX_TABLES]
            context = self._moment.context()
            queries = [
                events_query(look, scope, context)
                if isinstance(look, EventLook)
                else members_query(look, scope, context)
                for look in asked
            ]
            yield _statement(queries, context.parameters.values), asked

    async def _related(self, population: Population, direction: Direction, others: BitMap) -> BitMap:
        """The members who are related to one of these."""
        if not others:
            return BitMap()
        context = self._moment.context()
        query = related_query(direction, others, population.workspace_id, context.parameters)
        [found] = await self._fetch(_statement([query], context.parameters.values))
        return found


def _statement(queries: Sequence[exp.Select], values: tuple[object, ...]) -> Statement:
    """One row with a column for each of the queries for ordinals."""
    query = exp.select(*(_column(query) for query in queries), copy=False)
    return Statement(query.sql("postgres"), values, len(queries))


def _column(query: exp.Select) -> exp.Expr:
    collected = exp.Anonymous(this="ARRAY", expressions=[query])
    return exp.Anonymous(this="ARRAY_SEND", expressions=[collected])

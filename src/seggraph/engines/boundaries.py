"""The members that time alone may have moved: each look of the criteria becomes one SELECT.

The cost follows what passed over a boundary: events are read in ranges of an index, and criteria without a boundary in
the passage cost nothing. The same looks come again every few seconds with other instants, so their statements are
cached with placeholders for the instants.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Final, TypeAlias

from pyroaring import BitMap
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from seggraph.criteria.relations import Direction
from seggraph.criteria.sql.boundaries import events_query, is_indexed, members_query, related_query
from seggraph.criteria.sql.events import PopulationScope
from seggraph.criteria.sql.sides import Folding
from seggraph.criteria.time.boundaries import EventLook, Look, RelatedLook, looks
from seggraph.criteria.time.passage import Passage
from seggraph.criteria.typed import Checked, Comparison, Span
from seggraph.engines.caches import BoundedCache
from seggraph.engines.planner import RowPredicate
from seggraph.engines.population import Population
from seggraph.engines.statements import MAX_TABLES, EvaluationTime, Statement, row_statements

Fetch: TypeAlias = Callable[[Statement], Awaitable[list[BitMap]]]
"""Runs a statement and returns a bitmap for each of its columns."""

Ranged: TypeAlias = EventLook | Comparison
"""A look that one range of an index answers."""

MAX_BOUNDARY_STATEMENTS: Final = 500
"""Most statements that are cached."""

BoundaryCache: TypeAlias = BoundedCache[Statement]
"""Statements about boundaries with placeholders for their instants."""

_PLACEHOLDERS: Final = tuple(
    datetime.min.replace(tzinfo=UTC) + timedelta(microseconds=place) for place in range(1 + 2 * MAX_TABLES)
)
"""Instants in the year 1, which no passage has: in a cached statement they stand for those of the passage."""


async def moved(
    fetch: Fetch,
    population: Population,
    criteria: Sequence[Checked],
    passage: Passage,
    folding: Folding,
    cache: BoundaryCache,
) -> list[BitMap]:
    """For each tree the members whose answer may change at some instant of the passage, and perhaps others.

    Deleted members may be found too.
    """
    if passage.until <= passage.after:
        return [BitMap() for _ in criteria]
    wanted = await asyncio.to_thread(lambda: [looks(tree, passage) for tree in criteria])
    looking = _Looking(fetch, EvaluationTime(passage.until, passage.zone, folding), cache)
    found = await looking.find(population, chain.from_iterable(wanted))
    return [BitMap.union(BitMap(), *(found[look] for look in of_tree)) for of_tree in wanted]


class _Looking:
    """Takes looks as of one instant."""

    def __init__(self, fetch: Fetch, time: EvaluationTime, cache: BoundaryCache) -> None:
        self._fetch = fetch
        self._cache = cache
        self._time = time

    async def find(self, population: Population, wanted: Iterable[Look]) -> dict[Look, BitMap]:
        """The members that each look finds."""
        repeated: list[Ranged] = []
        ranged: list[Ranged] = []
        scanned: list[Comparison] = []
        found: dict[Look, BitMap] = {}
        for look in dict.fromkeys(wanted):
            match look:
                case Comparison() if not is_indexed(look):
                    scanned.append(look)
                case RelatedLook(direction, looks=inner):
                    others = Population(population.workspace_id, direction.other_kind)
                    moved_there = BitMap.union(BitMap(), *(await self.find(others, inner)).values())
                    found[look] = await self._related(population, direction, moved_there)
                case _:
                    (repeated if _comes_again(look) else ranged).append(look)
        statements = await asyncio.to_thread(
            lambda: [*self._cached(population, repeated), *self._new(population, ranged)]
        )
        for statement, part in statements:
            found |= zip(part, await self._fetch(statement), strict=True)
        scans = await asyncio.to_thread(
            list, row_statements(population, list(map(RowPredicate, scanned)), self._time)
        )
        answers = [bitmap for scan in scans for bitmap in await self._fetch(scan)]
        return found | dict(zip(scanned, answers, strict=True))

    def _cached(
        self, population: Population, ranged: Sequence[Ranged]
    ) -> Iterator[tuple[Statement, Sequence[Ranged]]]:
        """Few cached statements for many looks, with the instants filled in."""
        for part in _parts(ranged):
            instants: dict[object, object] = {_PLACEHOLDERS[0]: self._time.as_of}
            shapes = []
            for number, look in enumerate(part):
                shape, start, end = _shaped(look, number)
                shapes.append(shape)
                instants |= {_PLACEHOLDERS[2 * number + 1]: start, _PLACEHOLDERS[2 * number + 2]: end}
            made = self._statement_of(population, tuple(shapes))
            values = [
                instants.get(value, value) if isinstance(value, datetime) else value for value in made.values
            ]
            yield replace(made, values=tuple(values)), part

    def _statement_of(self, population: Population, shapes: tuple[Ranged, ...]) -> Statement:
        time = replace(self._time, as_of=_PLACEHOLDERS[0])
        return self._cache.get_or_make((population, time, shapes), partial(_made, population, time, shapes))

    def _new(
        self, population: Population, ranged: Sequence[Ranged]
    ) -> Iterator[tuple[Statement, Sequence[Ranged]]]:
        for part in _parts(ranged):
            yield _made(population, self._time, part), part

    async def _related(self, population: Population, direction: Direction, others: BitMap) -> BitMap:
        """The members that are related to one of these."""
        if not others:
            return BitMap()
        context = self._time.context()
        query = related_query(direction, others, population.workspace_id, context.parameters)
        [found] = await self._fetch(_joined([query], context.parameters.values))
        return found


def _parts(ranged: Sequence[Ranged]) -> Iterator[Sequence[Ranged]]:
    return (ranged[start : start + MAX_TABLES] for start in range(0, len(ranged), MAX_TABLES))


def _comes_again(look: Ranged) -> bool:
    """Whether the next passage will have the same look with other ends of its range."""
    if isinstance(look, Comparison):
        return all(isinstance(value, datetime) for value in look.values)
    span = look.events.within
    values = (value for test in look.events.where for value in test.values)
    return (
        isinstance(span.start, datetime)
        and isinstance(span.end, datetime)
        and not any(isinstance(value, datetime) for value in values)
    )


def _shaped(look: Ranged, number: int) -> tuple[Ranged, object, object]:
    """The look with placeholders for the ends of its range, and the ends."""
    places = _PLACEHOLDERS[2 * number + 1 : 2 * number + 3]
    if isinstance(look, Comparison):
        start, end = look.values
        return replace(look, values=places), start, end
    span = look.events.within
    shape = replace(look, events=replace(look.events, within=Span(start=places[0], end=places[1])))
    return shape, span.start, span.end


def _made(population: Population, time: EvaluationTime, part: Sequence[Ranged]) -> Statement:
    """One statement for several looks, each of which is a subquery."""
    scope = PopulationScope(population.workspace_id, population.kind, None)
    context = time.context()
    queries = [
        events_query(look, scope, context)
        if isinstance(look, EventLook)
        else members_query(look, scope, context)
        for look in part
    ]
    return _joined(queries, context.parameters.values)


def _joined(queries: Sequence[exp.Select], values: tuple[object, ...]) -> Statement:
    """One row with a column for each query of ordinals."""
    query = exp.select(*(_column(query) for query in queries), copy=False)
    return Statement(query.sql(Postgres), values, len(queries))


def _column(query: exp.Select) -> exp.Expr:
    collected = exp.Anonymous(this="ARRAY", expressions=[query])
    return exp.Anonymous(this="ARRAY_SEND", expressions=[collected])

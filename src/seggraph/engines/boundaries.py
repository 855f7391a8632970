"""Whom time alone may have moved: the looks of criteria, each taken once, put to PostgreSQL.

The cost follows what passed over a boundary: events are looked at in ranges of an index, and where criteria have no
boundary in the passage nothing is asked at all. The same looks come again every few seconds, with other instants:
their statements are kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Final, TypeAlias

from pyroaring import BitMap
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from seggraph.criteria.relations import Direction
from seggraph.criteria.sql.boundaries import events_query, is_indexed, members_query, related_query
from seggraph.criteria.sql.events import Scope
from seggraph.criteria.sql.sides import Folding
from seggraph.criteria.time.boundaries import EventLook, Look, RelatedLook, looks
from seggraph.criteria.time.passage import Passage
from seggraph.criteria.typed import Checked, Comparison, Span
from seggraph.engines.planner import Row
from seggraph.engines.population import Population
from seggraph.engines.statements import MAX_TABLES, Moment, Statement, row_statements

Fetch: TypeAlias = Callable[[Statement], Awaitable[list[BitMap]]]
"""Runs a statement and answers with a bitmap for each of its columns."""

Ranged: TypeAlias = EventLook | Comparison
"""What one range of an index answers."""

MAX_KEPT: Final = 500
"""Most statements that are kept."""

_PLACES: Final = tuple(
    datetime.min.replace(tzinfo=UTC) + timedelta(microseconds=place) for place in range(1 + 2 * MAX_TABLES)
)
"""Instants of a time that nobody asks about: in a kept statement they stand for those of the passage."""


async def moved(
    fetch: Fetch, population: Population, criteria: Sequence[Checked], passage: Passage, folding: Folding
) -> list[BitMap]:
    """For each tree the members whose answer may be another at some instant of the passage, and perhaps others.

    Among them may be members who have been deleted.
    """
    if passage.until <= passage.after:
        return [BitMap() for _ in criteria]
    wanted = await asyncio.to_thread(lambda: [looks(tree, passage) for tree in criteria])
    looking = _Looking(fetch, Moment(passage.until, passage.zone, folding))
    found = await looking.find(population, chain.from_iterable(wanted))
    return [BitMap.union(BitMap(), *(found[look] for look in of_tree)) for of_tree in wanted]


class _Looking:
    """Looking as of one instant."""

    def __init__(self, fetch: Fetch, moment: Moment) -> None:
        self._fetch = fetch
        self._moment = moment

    async def find(self, population: Population, wanted: Iterable[Look]) -> dict[Look, BitMap]:
        """Whom each of the looks finds."""
        kept: list[Ranged] = []
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
                    (kept if _comes_again(look) else ranged).append(look)
        statements = await asyncio.to_thread(
            lambda: [*self._kept(population, kept), *self._new(population, ranged)]
        )
        for statement, asked in statements:
            found |= zip(asked, await self._fetch(statement), strict=True)
        scans = await asyncio.to_thread(
            list, row_statements(population, list(map(Row, scanned)), self._moment, None)
        )
        answers = [bitmap for scan in scans for bitmap in await self._fetch(scan)]
        return found | dict(zip(scanned, answers, strict=True))

    def _kept(
        self, population: Population, ranged: Sequence[Ranged]
    ) -> Iterator[tuple[Statement, Sequence[Ranged]]]:
        """The looks spread over few statements of which only the instants are new."""
        for asked in _parts(ranged):
            instants: dict[object, object] = {_PLACES[0]: self._moment.as_of}
            shapes = []
            for number, look in enumerate(asked):
                shape, start, end = _shaped(look, number)
                shapes.append(shape)
                instants |= {_PLACES[2 * number + 1]: start, _PLACES[2 * number + 2]: end}
            made = _statement_of(population, replace(self._moment, as_of=_PLACES[0]), tuple(shapes))
            values = [
                instants.get(value, value) if isinstance(value, datetime) else value for value in made.values
            ]
            yield replace(made, values=tuple(values)), asked

    def _new(
        self, population: Population, ranged: Sequence[Ranged]
    ) -> Iterator[tuple[Statement, Sequence[Ranged]]]:
        for asked in _parts(ranged):
            yield _made(population, self._moment, asked), asked

    async def _related(self, population: Population, direction: Direction, others: BitMap) -> BitMap:
        """The members who are related to one of these."""
        if not others:
            return BitMap()
        context = self._moment.context()
        query = related_query(direction, others, population.workspace_id, context.parameters)
        [found] = await self._fetch(_joined([query], context.parameters.values))
        return found


def _parts(ranged: Sequence[Ranged]) -> Iterator[Sequence[Ranged]]:
    return (ranged[start : start + MAX_TABLES] for start in range(0, len(ranged), MAX_TABLES))


def _comes_again(look: Ranged) -> bool:
    """Whether the look is the same in the next passage but for the ends of its range."""
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
    """The look with places instead of the ends of its range, and these."""
    places = _PLACES[2 * number + 1 : 2 * number + 3]
    if isinstance(look, Comparison):
        start, end = look.values
        return replace(look, values=places), start, end
    span = look.events.within
    shape = replace(look, events=replace(look.events, within=Span(start=places[0], end=places[1])))
    return shape, span.start, span.end


@lru_cache(maxsize=MAX_KEPT)
def _statement_of(population: Population, moment: Moment, asked: tuple[Ranged, ...]) -> Statement:
    return _made(population, moment, asked)


def _made(population: Population, moment: Moment, asked: Sequence[Ranged]) -> Statement:
    """One statement for several looks, each a SELECT of its own there."""
    scope = Scope(population.workspace_id, population.kind, None)
    context = moment.context()
    queries = [
        events_query(look, scope, context)
        if isinstance(look, EventLook)
        else members_query(look, scope, context)
        for look in asked
    ]
    return _joined(queries, context.parameters.values)


def _joined(queries: Sequence[exp.Select], values: tuple[object, ...]) -> Statement:
    """One row with a column for each of the queries for ordinals."""
    query = exp.select(*(_column(query) for query in queries), copy=False)
    return Statement(query.sql(Postgres), values, len(queries))


def _column(query: exp.Select) -> exp.Expr:
    collected = exp.Anonymous(this="ARRAY", expressions=[query])
    return exp.Anonymous(this="ARRAY_SEND", expressions=[collected])

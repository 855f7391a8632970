"""Sequences over all members: statements that are bounded in size, however many events there are.

Totals tell first who ever had an event of each step. If these are few, only their events are looked at. Otherwise the
events are read in slices of time, as one bitmap for each step, which decides about most members without bringing
their events into an order (see `sequences`); the events of the others are looked at, in blocks of ordinals.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.criteria.typed import SequenceTest
from seggraph.engines import sequence_statements, sequences
from seggraph.engines.fetching import Limits, bitmap, bitmaps, fetch, members_twice, rows_of
from seggraph.engines.planner import are_few
from seggraph.engines.population import Population
from seggraph.engines.statements import EvaluationTime, Statement

PLAIN_COST: Final = 150_000
"""A sequence whose plain statement costs less, in PostgreSQL's units, is asked by that one: about a million events."""

BLOCK: Final = 50_000
"""Ordinals of one block, if the events of most of its members are looked at."""

MEMBERS_AT_ONCE: Final = 20_000
"""Members whose events one statement looks at, if they are few of their block."""

DENSE: Final = 4
"""A block is looked at as a whole if one in so many of its ordinals is asked for."""

_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SequenceLookup:
    """Answers sequences for all members of a population. The limit of time is for each statement."""

    connection: asyncpg.Connection
    population: Population
    time: EvaluationTime
    limits: Limits

    async def members(self, test: SequenceTest) -> BitMap:
        """The members with a sequence."""
        span = await self._span(test)
        if span is None:
            return BitMap()
        candidates = await self._having_rarest(test, *span)
        if are_few(candidates):
            return await self._looked_at(test, candidates)
        following = await self._following(test, *span)
        return following.certain | await self._looked_at(test, following.uncertain & candidates)

    async def _span(self, test: SequenceTest) -> tuple[datetime, datetime] | None:
        """The time of the events, by the criteria and by the events that there are; None if there is none."""
        begin, end = sequences.bounds(test, self.time.as_of, self.time.zone)
        first_name, last_name = test.steps[0].name, test.steps[-1].name
        statement = sequence_statements.of_range(self.population, first_name, last_name, self.time)
        [(first, last)] = await fetch(self.connection, statement, self.limits)
        if first is None or last is None:
            return None
        begin, end = first if begin is None else max(begin, first), min(end, last + _TICK)
        return (begin, end) if begin < end else None

    async def _having_rarest(self, test: SequenceTest, begin: datetime, end: datetime) -> BitMap:
        """The members who ever had an event of the step that the fewest members are estimated to have."""
        names = dict.fromkeys(step.name for step in test.steps)
        having = [sequence_statements.of_totals(self.population, name, begin, end) for name in names]
        rows = [await rows_of(self.connection, statement) for statement in having]
        [found] = await self._bitmaps(having[rows.index(min(rows))])
        return found

    async def _following(self, test: SequenceTest, begin: datetime, end: datetime) -> sequences.Following:
        following = sequences.Following(test)
        different = tuple(dict.fromkeys(test.steps))
        statement = sequence_statements.of_slice(self.population, replace(test, steps=different), self.time)
        places = [different.index(step) for step in test.steps]
        for slice_ in sequences.slices(begin, end, test.within):
            [row] = await fetch(self.connection, statement.between(slice_.begin, slice_.end), self.limits)
            await asyncio.to_thread(_add, following, slice_, [row[place] for place in places])
        return following

    async def _looked_at(self, test: SequenceTest, members: BitMap) -> BitMap:
        """Those of the members whose events are a sequence."""
        found = BitMap()
        for ordinals in _blocks(members):
            statement = sequence_statements.of_members(self.population, test, self.time, ordinals)
            [some] = await self._bitmaps(statement)
            found |= some
        return found & members

    async def _bitmaps(self, statement: Statement) -> list[BitMap]:
        [row] = await fetch(self.connection, statement, self.limits)
        return await bitmaps(row)


def _add(following: sequences.Following, slice_: sequences.Slice, columns: Sequence[bytes | None]) -> None:
    """Add a slice, by the ordinals of the events of each step."""
    found = {column: bitmap(column) for column in columns}
    twice = {place: members_twice(columns[place]) for place in following.repeated}
    following.add(slice_, [found[column] for column in columns], twice)


def _blocks(members: BitMap) -> Iterator[BitMap | range]:
    """The members in blocks; a block most of whose members are asked for is a whole range of ordinals."""
    few = BitMap()
    seen = 0
    while seen < len(members):
        first = members[seen]
        block = range(first, first + BLOCK)
        asked = members & BitMap(block)
        seen += len(asked)
        if len(asked) * DENSE >= BLOCK:
            yield block
            continue
        few |= asked
        if len(few) >= MEMBERS_AT_ONCE:
            yield few
            few = BitMap()
    if few:
        yield few

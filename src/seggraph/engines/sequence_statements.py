"""The statements that sequences over all members are answered by."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pyroaring import BitMap
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from seggraph.criteria.sql.events import PopulationScope, sequence_table, steps_within
from seggraph.criteria.sql.fields import AGGREGATED, EVENTS
from seggraph.criteria.typed import SequenceTest
from seggraph.engines.population import Population
from seggraph.engines.statements import EvaluationTime, Statement, collected, ordinals_where

_BOUNDS: Final = tuple(datetime.min.replace(tzinfo=UTC, microsecond=place) for place in (1, 2))
"""Instants in the year 1, which no event has: in a statement about a slice they stand for its ends."""


@dataclass(frozen=True, slots=True)
class SliceStatement:
    """A statement about a slice of time, made once for all slices."""

    statement: Statement

    def between(self, begin: datetime, end: datetime) -> Statement:
        """The statement about the time from `begin` until before `end`."""
        bounds: dict[object, datetime] = dict(zip(_BOUNDS, (begin, end), strict=True))
        values = tuple(
            bounds.get(value, value) if isinstance(value, datetime) else value
            for value in self.statement.values
        )
        return Statement(self.statement.text, values, self.statement.columns)


def of_slice(population: Population, test: SequenceTest, time: EvaluationTime) -> SliceStatement:
    """For each step of a sequence the members with such an event in a slice of time."""
    context = time.context()
    scope = PopulationScope(population.workspace_id, population.kind, None)
    begin, end = _BOUNDS
    query, steps = steps_within(test, scope, begin, end, context)
    query = query.select(*(ordinals_where(EVENTS, step) for step in steps), copy=False)
    return SliceStatement(Statement(query.sql(Postgres), context.parameters.values, len(steps)))


def of_members(
    population: Population, test: SequenceTest, time: EvaluationTime, ordinals: BitMap | range
) -> Statement:
    """Those of the members whose events are a sequence, brought into an order."""
    context = time.context()
    scope = PopulationScope(population.workspace_id, population.kind, ordinals)
    table = sequence_table(test, scope, context).subquery(AGGREGATED, copy=False)
    query = collected(table, AGGREGATED, [], [exp.true()])
    return Statement(query.sql(Postgres), context.parameters.values, 1)


def of_range(population: Population, first: str, last: str, time: EvaluationTime) -> Statement:
    """When the first event of one name was, and the last one of another, up to now: both are the end of an index."""
    text = """
        SELECT (SELECT min(occurred_at) FROM events WHERE workspace_id = $1 AND kind = $2 AND name = $3),
          (SELECT max(occurred_at) FROM events WHERE workspace_id = $1 AND kind = $2 AND name = $4
             AND occurred_at <= $5)
    """
    values = population.workspace_id, int(population.kind), first, last, time.as_of
    return Statement(text, values, 2)


def of_totals(population: Population, name: str, begin: datetime, end: datetime) -> Statement:
    """The members with an event of a name whose first and last event leave it open that one is in a span of time."""
    text = """
        SELECT array_send(array_agg(ordinal)) FROM event_totals
        WHERE workspace_id = $1 AND kind = $2 AND name = $3 AND first_at < $5 AND last_at >= $4
    """
    values = population.workspace_id, int(population.kind), name, begin, end
    return Statement(text, values, 1, reads_all_totals=True)

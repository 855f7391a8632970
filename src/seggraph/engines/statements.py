"""The physical plan: one scan of members for all predicates of a plan, and one row for many look-ups.

Every column is a `bytea`: the binary form of an array of ordinals, which takes a quarter less time than decoding its
elements.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from pyroaring import BitMap
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from seggraph.criteria.dependencies import fields_read
from seggraph.criteria.sql.events import (
    PopulationScope,
    compared,
    events_table,
    related_table,
    sequence_table,
    totals_table,
)
from seggraph.criteria.sql.fields import AGGREGATED, MEMBERS
from seggraph.criteria.sql.parameters import Parameters
from seggraph.criteria.sql.predicates import predicate
from seggraph.criteria.sql.sides import Context, Folding
from seggraph.criteria.typed import Checked, EventTest, RelatedTest, SequenceTest
from seggraph.engines.caches import BoundedCache
from seggraph.engines.planner import Question, RowPredicate, TableKey, TableLookup, key_of, union
from seggraph.engines.population import Population
from seggraph.vocabulary import MemberKind

MAX_PREDICATES: Final = 100
"""Most columns of one statement; more predicates go into further statements."""

MAX_PARAMETERS: Final = 20_000
"""Most bound values in one statement before a new one begins; the protocol ends at 32,767."""

MAX_CACHED_CHARACTERS: Final = 200_000
"""Most characters of the statements of one set of predicates that is cached."""

MAX_MASKED: Final = 12
"""Most predicates of one masked statement: the mask that it groups by has as many bits."""

BLOCK_BITS: Final = 12
"""Ordinals of one block agree in all bits above these."""

MAX_TABLES: Final = 25
"""Most tables that one statement looks up."""


@dataclass(frozen=True, slots=True)
class EvaluationTime:
    """The instant and zone of an evaluation, and how its server ignores case."""

    as_of: datetime
    zone: ZoneInfo
    folding: Folding

    def context(self) -> Context:
        """A context with new parameters."""
        return Context(Parameters(), self.as_of, self.zone, self.folding)


Others: TypeAlias = tuple[MemberKind, Checked]
"""Related members of a kind that satisfy criteria."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT of one row with a column of `bytea` for each leaf, and the values to bind.

    `reads_all_totals` says that it reads the totals of all members.
    """

    text: str
    values: tuple[object, ...]
    columns: int
    reads_all_totals: bool = False


StatementCache: TypeAlias = BoundedCache[list[Statement]]
"""Statements about given members, without their ordinals."""


def row_statements(
    population: Population, rows: Sequence[RowPredicate], time: EvaluationTime
) -> Iterator[Statement]:
    """Spread predicates over all members over as few scans as their parameters allow."""
    return _row_statements(population, rows, time, None)


def row_statements_within(
    population: Population,
    rows: Sequence[RowPredicate],
    time: EvaluationTime,
    ordinals: BitMap,
    cache: StatementCache,
) -> list[Statement]:
    """Spread predicates over given members over few scans.

    They are cached, because every refresh evaluates the same predicates over other members, unless the instant shows
    in their values.
    """
    made = cached_row_statements(population, rows, time, ordinals, cache)
    if made is None:
        made = list(_row_statements(population, rows, time, ordinals))
        is_short = sum(len(statement.text) for statement in made) <= MAX_CACHED_CHARACTERS
        if is_short and not any(fields_read(row.criteria).time for row in rows):
            without = [replace(one, values=_without_ordinals(one.values)) for one in made]
            cache.add(_key(population, rows, time), without)
    return made


def cached_row_statements(
    population: Population,
    rows: Sequence[RowPredicate],
    time: EvaluationTime,
    ordinals: BitMap,
    cache: StatementCache,
) -> list[Statement] | None:
    """What `row_statements_within` returns, if it is cached."""
    made = cache.find(_key(population, rows, time))
    return None if made is None else [_about(ordinals, statement) for statement in made]


def _key(population: Population, rows: Sequence[RowPredicate], time: EvaluationTime) -> object:
    return population, time.zone.key, time.folding, tuple(rows)


def _about(ordinals: BitMap, statement: Statement) -> Statement:
    values = list(statement.values)
    values[_PLACE_OF_ORDINALS] = list(ordinals)
    return Statement(statement.text, tuple(values), statement.columns)


_PLACE_OF_ORDINALS: Final = 2
"""The place of the ordinals among the values of a statement about given members: after workspace and kind."""


def _without_ordinals(values: tuple[object, ...]) -> tuple[object, ...]:
    return (*values[:_PLACE_OF_ORDINALS], None, *values[_PLACE_OF_ORDINALS + 1 :])


def _row_statements(
    population: Population, rows: Sequence[RowPredicate], time: EvaluationTime, ordinals: BitMap | None
) -> Iterator[Statement]:
    rest = [row.criteria for row in rows]
    while rest:
        context = time.context()
        scope = PopulationScope(population.workspace_id, population.kind, ordinals)
        conditions = scope.conditions(MEMBERS, context.parameters)
        predicates: list[exp.Expr] = []
        while rest and len(predicates) < MAX_PREDICATES and len(context.parameters.values) < MAX_PARAMETERS:
            predicates.append(predicate(rest.pop(0), context))
        members = exp.to_table("members").as_(MEMBERS)
        query = collected(members, MEMBERS, conditions, predicates)
        yield Statement(query.sql(Postgres), context.parameters.values, len(predicates))


def masked_statement(population: Population, criteria: Sequence[Checked], time: EvaluationTime) -> Statement:
    """One scan of all members for a few predicates. Each row is a group of members that satisfy the same predicates.

    The columns are `mask`, whose bit n says that the group satisfies predicate n, and the ordinals of the group.
    """
    context = time.context()
    conditions = PopulationScope(population.workspace_id, population.kind, None).conditions(
        MEMBERS, context.parameters
    )
    bits: list[exp.Expr] = [
        exp.Case()
        .when(predicate(one, context), exp.Literal.number(1 << place), copy=False)
        .else_(exp.Literal.number(0), copy=False)
        for place, one in enumerate(criteria)
    ]
    mask = reduce(lambda sum_, bit: exp.Add(this=sum_, expression=bit), bits[1:], bits[0])
    query = exp.select(exp.alias_(mask, "mask", copy=False), ordinals_where(MEMBERS, None), copy=False)
    query = query.from_(exp.to_table("members").as_(MEMBERS), copy=False)
    query = query.where(exp.and_(*conditions, copy=False), copy=False)
    query = query.group_by(exp.Literal.number(1), copy=False)
    return Statement(query.sql(Postgres), context.parameters.values, 2)


def blocks_statement(population: Population, time: EvaluationTime) -> Statement:
    """How many members there are in each block of ordinals, and the first and the last of them.

    PostgreSQL cannot estimate the number of blocks and assumes one for each ordinal, unless OFFSET hides where the
    blocks come from. It divides a scan with few groups among workers. The 0 is written as a text, which is a constant
    at once: a number would be converted first, and the planner skips OFFSET only if it is a constant 0.
    """
    context = time.context()
    ordinal = exp.column("ordinal", MEMBERS)
    members = exp.select(_block().as_("block"), ordinal, copy=False)
    members = members.from_(exp.to_table("members").as_(MEMBERS), copy=False)
    conditions = PopulationScope(population.workspace_id, population.kind, None).conditions(
        MEMBERS, context.parameters
    )
    members = members.where(exp.and_(*conditions, copy=False), copy=False)
    members = members.offset(exp.Literal.string("0"), copy=False)
    columns = [exp.Count(this=exp.Star()), *(one(this=exp.column("ordinal")) for one in (exp.Min, exp.Max))]
    query = exp.select(*columns, copy=False).from_(members.subquery("b", copy=False), copy=False)
    query = query.group_by(exp.column("block"), copy=False)
    return Statement(query.sql(Postgres), context.parameters.values, len(columns))


def in_blocks_statement(population: Population, blocks: Sequence[int], time: EvaluationTime) -> Statement:
    """The ordinals of the members in some blocks."""
    context = time.context()
    conditions = PopulationScope(population.workspace_id, population.kind, None).conditions(
        MEMBERS, context.parameters
    )
    given = context.parameters.bind(tuple(blocks), "int[]")
    conditions.append(exp.EQ(this=_block(), expression=exp.Any(this=exp.Paren(this=given))))
    query = exp.select(ordinals_where(MEMBERS, None), copy=False)
    query = query.from_(exp.to_table("members").as_(MEMBERS), copy=False)
    query = query.where(exp.and_(*conditions, copy=False), copy=False)
    return Statement(query.sql(Postgres), context.parameters.values, 1)


def _block() -> exp.Paren:
    ordinal = exp.column("ordinal", MEMBERS)
    return exp.Paren(this=exp.BitwiseRightShift(this=ordinal, expression=exp.Literal.number(BLOCK_BITS)))


def observation_statement(
    population: Population,
    ordinal: int,
    questions: Sequence[EventTest | RelatedTest],
    time: EvaluationTime,
    related: Mapping[Others, BitMap],
) -> Statement:
    """One row with what each question sees of a member: its aggregate, or null if there is nothing to aggregate."""
    context = time.context()
    scope = PopulationScope(population.workspace_id, population.kind, BitMap([ordinal]))
    columns = [
        exp.select(exp.column("a0"), copy=False)
        .from_(_table([question], scope, context, related).subquery(AGGREGATED, copy=False), copy=False)
        .subquery(copy=False)
        for question in questions
    ]
    query = exp.select(*columns, copy=False)
    return Statement(query.sql(Postgres), context.parameters.values, len(columns))


def collected(
    table: exp.Expr, alias: str, conditions: list[exp.Expr], predicates: list[exp.Expr]
) -> exp.Select:
    """The ordinals for which each predicate is true. A single one stands in WHERE, where an index may serve it."""
    if len(predicates) == 1:
        columns, conditions = [ordinals_where(alias, None)], [*conditions, *predicates]
    else:
        columns = [ordinals_where(alias, one) for one in predicates]
    query = exp.select(*columns, copy=False).from_(table, copy=False)
    return query.where(exp.and_(*conditions, copy=False), copy=False) if conditions else query


def ordinals_where(alias: str, condition: exp.Expr | None) -> exp.Expr:
    """The ordinals of the rows that satisfy a condition, of all rows without one, as one binary array."""
    ordinals: exp.Expr = exp.ArrayAgg(this=exp.column("ordinal", alias))
    if condition is not None:
        ordinals = exp.Filter(this=ordinals, expression=exp.Where(this=condition))
    return exp.Anonymous(this="ARRAY_SEND", expressions=[ordinals])


@dataclass(frozen=True, slots=True)
class TableQuery:
    """The look-ups that one table answers, and the members they are made for. None stands for all members."""

    questions: tuple[TableLookup, ...]
    within_ordinals: BitMap | None

    @property
    def reads_all_totals(self) -> bool:
        """Whether it reads the totals of all members."""
        table, _ = key_of(self.questions[0].question)
        return self.within_ordinals is None and table in ("totals", "sequence of totals")


def table_queries(lookup: Mapping[TableLookup, BitMap | None]) -> list[TableQuery]:
    """The look-ups grouped by the table that answers them."""
    by_key: dict[TableKey, list[TableLookup]] = {}
    for question in lookup:
        by_key.setdefault(key_of(question.question), []).append(question)
    return [
        TableQuery(tuple(questions), union(lookup[question] for question in questions))
        for questions in by_key.values()
    ]


def question_statements(
    population: Population,
    lookup: Sequence[TableQuery],
    time: EvaluationTime,
    related: Mapping[Others, BitMap],
) -> Iterator[tuple[Statement, list[TableLookup]]]:
    """Few statements for many table queries, each with the look-ups that its columns answer.

    `related` has the related members that satisfy criteria which the row of a member does not answer alone.
    """
    rest = list(lookup)
    while rest:
        context = time.context()
        tables: list[exp.Expr] = []
        columns: list[TableLookup] = []
        reads_all_totals = False
        while rest and len(tables) < MAX_TABLES and len(context.parameters.values) < MAX_PARAMETERS:
            table_query = rest.pop(0)
            tables.append(_answers(population, table_query, context, related).subquery(f"q{len(tables)}"))
            columns += table_query.questions
            reads_all_totals |= table_query.reads_all_totals
        query = exp.select("*").from_(tables[0], copy=False)
        for table in tables[1:]:
            query = query.join(table, join_type="cross", copy=False)
        text, values = query.sql(Postgres), context.parameters.values
        yield Statement(text, values, len(columns), reads_all_totals), columns


def _answers(
    population: Population, table_query: TableQuery, context: Context, related: Mapping[Others, BitMap]
) -> exp.Select:
    """One row with a column of ordinals for each look-up."""
    scope = PopulationScope(population.workspace_id, population.kind, table_query.within_ordinals)
    questions = [one for lookup in table_query.questions for one in (lookup.question, *lookup.also)]
    any_will_do = all(map(_asks_for_any, table_query.questions))
    table = _table(questions, scope, context, related, is_counted=not any_will_do)
    places = iter(range(len(questions)))
    predicates = [
        exp.true() if any_will_do else _predicate(lookup, places, context) for lookup in table_query.questions
    ]
    return collected(table.subquery(AGGREGATED, copy=False), AGGREGATED, [], predicates)


def _asks_for_any(lookup: TableLookup) -> bool:
    return isinstance(lookup.question, RelatedTest) and lookup.question.asks_for_any(negated=lookup.negated)


def _table(
    questions: Sequence[Question],
    scope: PopulationScope,
    context: Context,
    related: Mapping[Others, BitMap],
    *,
    is_counted: bool = True,
) -> exp.Select:
    """The SELECT that answers these questions, which have the same key; related members may be without their number."""
    tests = [question for question in questions if isinstance(question, EventTest)]
    match questions[0]:
        case EventTest(events):
            if key_of(questions[0])[0] == "totals":
                return totals_table(events.name, tests, scope, context)
            return events_table(events, tests, scope, context)
        case RelatedTest(direction, where):
            inner = None if where is None else related.get((direction.other_kind, where), where)
            return related_table(direction, inner, scope, context, is_counted=is_counted)
        case SequenceTest() as sequence:
            return sequence_table(sequence, scope, context)


def _predicate(lookup: TableLookup, places: Iterator[int], context: Context) -> exp.Expr:
    """The condition of a look-up. Each test of events takes the next of the `places`: the numbers of the aggregates."""
    match lookup.question:
        case EventTest():
            tests = [one.test for one in (lookup.question, *lookup.also)]
            condition: exp.Expr = exp.and_(
                *(compared(test, next(places), context) for test in tests), copy=False
            )
        case RelatedTest(test=test):
            condition = compared(test, 0, context)
        case SequenceTest():
            return exp.Boolean(this=True)
    return exp.Not(this=exp.Paren(this=condition)) if lookup.negated else condition

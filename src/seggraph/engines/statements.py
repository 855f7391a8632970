"""The statements that answer a plan: one scan of members for all predicates, and one row for many questions.

Every column is a `bytea`: the binary form of an array of ordinals, which takes a quarter less time than decoding its
elements.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from threading import Lock
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from pyroaring import BitMap
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from seggraph.criteria.dependencies import fields_read
from seggraph.criteria.sql.events import (
    Scope,
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
from seggraph.engines.planner import Asked, Question, Row, TableKey, key_of, union
from seggraph.engines.population import Population
from seggraph.vocabulary import MemberKind

MAX_PREDICATES: Final = 100
"""Most columns of one statement; more are spread over several."""

MAX_PARAMETERS: Final = 20_000
"""Most bound values in one statement before a new one begins; the protocol ends at 32,767."""

MAX_KEPT: Final = 64
"""Most sets of predicates of which the statements about some members are kept."""

MAX_KEPT_TEXT: Final = 200_000
"""Most characters of the statements of one such set."""

MAX_MASKED: Final = 12
"""Most predicates of one masked statement: what it groups by has as many bits."""

BLOCK_BITS: Final = 12
"""Ordinals of one block agree in all bits above these."""

MAX_TABLES: Final = 25
"""Most tables that one statement asks questions of."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What statements are made with: the instant and zone of the evaluation, and how case is ignored."""

    as_of: datetime
    zone: ZoneInfo
    folding: Folding

    def context(self) -> Context:
        """A context with new parameters."""
        return Context(Parameters(), self.as_of, self.zone, self.folding)


Others: TypeAlias = tuple[MemberKind, Checked]
"""Related members of a kind who satisfy criteria."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT of one row with a column of `bytea` for each thing asked, and the values to bind.

    With `reads_all_totals` it reads those of every member.
    """

    text: str
    values: tuple[object, ...]
    columns: int
    reads_all_totals: bool = False


def row_statements(
    population: Population, rows: Sequence[Row], moment: Moment, ordinals: BitMap | None
) -> Iterator[Statement]:
    """Spread predicates over members over as few scans as their parameters allow.

    Those about some members are kept, for every refresh puts the same ones about others; unless the instant shows
    in their values.
    """
    if ordinals is None:
        yield from _row_statements(population, rows, moment, None)
        return
    made = kept_row_statements(population, rows, moment, ordinals)
    if made is None:
        made = list(_row_statements(population, rows, moment, ordinals))
        if not any(fields_read(row.criteria).time for row in rows):
            _kept.keep(_key(population, rows, moment), made)
    yield from made


def kept_row_statements(
    population: Population, rows: Sequence[Row], moment: Moment, ordinals: BitMap
) -> list[Statement] | None:
    """What `row_statements` yields, if it was kept."""
    made = _kept.get(_key(population, rows, moment))
    return None if made is None else [_about(ordinals, statement) for statement in made]


def _key(population: Population, rows: Sequence[Row], moment: Moment) -> object:
    return population, moment.zone.key, moment.folding, tuple(rows)


def _about(ordinals: BitMap, statement: Statement) -> Statement:
    values = list(statement.values)
    values[_PLACE_OF_ORDINALS] = list(ordinals)
    return Statement(statement.text, tuple(values), statement.columns)


class _Kept:
    """Statements about some members, those that were put last. Threads share it."""

    def __init__(self) -> None:
        self._statements: OrderedDict[object, list[Statement]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object) -> list[Statement] | None:
        """The statements that were kept under a key, with the ordinals that they were about."""
        with self._lock:
            found = self._statements.get(key)
            if found is not None:
                self._statements.move_to_end(key)
            return found

    def keep(self, key: object, made: list[Statement]) -> None:
        """Keep them, unless they are large, and no more than there is room for."""
        if sum(len(statement.text) for statement in made) > MAX_KEPT_TEXT:
            return
        without = [replace(one, values=_without_ordinals(one.values)) for one in made]
        with self._lock:
            self._statements[key] = without
            while len(self._statements) > MAX_KEPT:
                self._statements.popitem(last=False)


_PLACE_OF_ORDINALS: Final = 2
"""Where among the values of a statement about some members their ordinals are, after workspace and kind."""

_kept: Final = _Kept()


def _without_ordinals(values: tuple[object, ...]) -> tuple[object, ...]:
    return (*values[:_PLACE_OF_ORDINALS], None, *values[_PLACE_OF_ORDINALS + 1 :])


def _row_statements(
    population: Population, rows: Sequence[Row], moment: Moment, ordinals: BitMap | None
) -> Iterator[Statement]:
    rest = [row.criteria for row in rows]
    while rest:
        context = moment.context()
        scope = Scope(population.workspace_id, population.kind, ordinals)
        conditions = scope.conditions(MEMBERS, context.parameters)
        predicates: list[exp.Expr] = []
        while rest and len(predicates) < MAX_PREDICATES and len(context.parameters.values) < MAX_PARAMETERS:
            predicates.append(predicate(rest.pop(0), context))
        members = exp.to_table("members").as_(MEMBERS)
        query = _collected(members, MEMBERS, conditions, predicates)
        yield Statement(query.sql(Postgres), context.parameters.values, len(predicates))


def masked_statement(population: Population, criteria: Sequence[Checked], moment: Moment) -> Statement:
    """One scan of all members for a few predicates, whose rows are groups: those who satisfy the same ones.

    The columns are `mask`, whose bit n says that the members of the group satisfy predicate n, and their ordinals.
    """
    context = moment.context()
    conditions = Scope(population.workspace_id, population.kind, None).conditions(MEMBERS, context.parameters)
    bits: list[exp.Expr] = [
        exp.Case()
        .when(predicate(one, context), exp.Literal.number(1 << place), copy=False)
        .else_(exp.Literal.number(0), copy=False)
        for place, one in enumerate(criteria)
    ]
    mask = reduce(lambda sum_, bit: exp.Add(this=sum_, expression=bit), bits[1:], bits[0])
    query = exp.select(exp.alias_(mask, "mask", copy=False), _ordinals(MEMBERS, None), copy=False)
    query = query.from_(exp.to_table("members").as_(MEMBERS), copy=False)
    query = query.where(exp.and_(*conditions, copy=False), copy=False)
    query = query.group_by(exp.Literal.number(1), copy=False)
    return Statement(query.sql(Postgres), context.parameters.values, 2)


def blocks_statement(population: Population, moment: Moment) -> Statement:
    """How many members there are in each block of ordinals, and the first and the last of them.

    PostgreSQL can not tell how many blocks there are, and takes each ordinal for one unless it does not see where they
    come from: behind OFFSET. For few groups it divides the scan among workers; the 0 is a text because a number would
    have to be converted, and what is no constant is no 0 to it.
    """
    context = moment.context()
    ordinal = exp.column("ordinal", MEMBERS)
    members = exp.select(_block().as_("block"), ordinal, copy=False)
    members = members.from_(exp.to_table("members").as_(MEMBERS), copy=False)
    conditions = Scope(population.workspace_id, population.kind, None).conditions(MEMBERS, context.parameters)
    members = members.where(exp.and_(*conditions, copy=False), copy=False)
    members = members.offset(exp.Literal.string("0"), copy=False)
    columns = [exp.Count(this=exp.Star()), *(one(this=exp.column("ordinal")) for one in (exp.Min, exp.Max))]
    query = exp.select(*columns, copy=False).from_(members.subquery("b", copy=False), copy=False)
    query = query.group_by(exp.column("block"), copy=False)
    return Statement(query.sql(Postgres), context.parameters.values, len(columns))


def in_blocks_statement(population: Population, blocks: Sequence[int], moment: Moment) -> Statement:
    """The ordinals of the members in some blocks."""
    context = moment.context()
    conditions = Scope(population.workspace_id, population.kind, None).conditions(MEMBERS, context.parameters)
    given = context.parameters.bind(tuple(blocks), "int[]")
    conditions.append(exp.EQ(this=_block(), expression=exp.Any(this=exp.Paren(this=given))))
    query = exp.select(_ordinals(MEMBERS, None), copy=False)
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
    moment: Moment,
    related: Mapping[Others, BitMap],
) -> Statement:
    """One row with what each question sees of a member: its aggregate, or null if nothing is there to aggregate."""
    context = moment.context()
    scope = Scope(population.workspace_id, population.kind, BitMap([ordinal]))
    columns = [
        exp.select(exp.column("a0"), copy=False)
        .from_(_table([question], scope, context, related).subquery(AGGREGATED, copy=False), copy=False)
        .subquery(copy=False)
        for question in questions
    ]
    query = exp.select(*columns, copy=False)
    return Statement(query.sql(Postgres), context.parameters.values, len(columns))


def _collected(
    table: exp.Expr, alias: str, conditions: list[exp.Expr], predicates: list[exp.Expr]
) -> exp.Select:
    """The ordinals for which each predicate is true. A single one stands in WHERE, where an index may serve it."""
    if len(predicates) == 1:
        columns, conditions = [_ordinals(alias, None)], [*conditions, *predicates]
    else:
        columns = [_ordinals(alias, one) for one in predicates]
    query = exp.select(*columns, copy=False).from_(table, copy=False)
    return query.where(exp.and_(*conditions, copy=False), copy=False) if conditions else query


def _ordinals(alias: str, condition: exp.Expr | None) -> exp.Expr:
    ordinals: exp.Expr = exp.ArrayAgg(this=exp.column("ordinal", alias))
    if condition is not None:
        ordinals = exp.Filter(this=ordinals, expression=exp.Where(this=condition))
    return exp.Anonymous(this="ARRAY_SEND", expressions=[ordinals])


@dataclass(frozen=True, slots=True)
class Inquiry:
    """The questions that one table answers, and about whom it is asked (None: everybody)."""

    questions: tuple[Asked, ...]
    among: BitMap | None

    @property
    def reads_all_totals(self) -> bool:
        """Whether the answer is in the totals of every member."""
        return self.among is None and key_of(self.questions[0].question)[0] == "totals"


def inquiries(asked: Mapping[Asked, BitMap | None]) -> list[Inquiry]:
    """The questions put together by the table that answers them."""
    by_key: dict[TableKey, list[Asked]] = {}
    for question in asked:
        by_key.setdefault(key_of(question.question), []).append(question)
    return [
        Inquiry(tuple(questions), union(asked[question] for question in questions))
        for questions in by_key.values()
    ]


def question_statements(
    population: Population,
    asked: Sequence[Inquiry],
    moment: Moment,
    related: Mapping[Others, BitMap],
) -> Iterator[tuple[Statement, list[Asked]]]:
    """Spread questions over few statements; with each come the questions that its columns answer.

    `related` has who satisfies the criteria on related members that are more than one row's.
    """
    rest = list(asked)
    while rest:
        context = moment.context()
        tables: list[exp.Expr] = []
        columns: list[Asked] = []
        reads_all_totals = False
        while rest and len(tables) < MAX_TABLES and len(context.parameters.values) < MAX_PARAMETERS:
            inquiry = rest.pop(0)
            tables.append(_answers(population, inquiry, context, related).subquery(f"q{len(tables)}"))
            columns += inquiry.questions
            reads_all_totals |= inquiry.reads_all_totals
        query = exp.select("*").from_(tables[0], copy=False)
        for table in tables[1:]:
            query = query.join(table, join_type="cross", copy=False)
        text, values = query.sql(Postgres), context.parameters.values
        yield Statement(text, values, len(columns), reads_all_totals), columns


def _answers(
    population: Population, inquiry: Inquiry, context: Context, related: Mapping[Others, BitMap]
) -> exp.Select:
    """One row with the ordinals for which each question is answered with yes."""
    scope = Scope(population.workspace_id, population.kind, inquiry.among)
    questions = [one for asked in inquiry.questions for one in (asked.question, *asked.also)]
    table = _table(questions, scope, context, related)
    places = iter(range(len(questions)))
    predicates = [_predicate(asked, places, context) for asked in inquiry.questions]
    return _collected(table.subquery(AGGREGATED, copy=False), AGGREGATED, [], predicates)


def _table(
    questions: Sequence[Question], scope: Scope, context: Context, related: Mapping[Others, BitMap]
) -> exp.Select:
    """The table that answers these questions, which have one key."""
    tests = [question for question in questions if isinstance(question, EventTest)]
    match questions[0]:
        case EventTest(events):
            if key_of(questions[0])[0] == "totals":
                return totals_table(events.name, tests, scope, context)
            return events_table(events, tests, scope, context)
        case RelatedTest(direction, where):
            inner = None if where is None else related.get((direction.other_kind, where), where)
            return related_table(direction, inner, scope, context)
        case SequenceTest() as sequence:
            return sequence_table(sequence, scope, context)


def _predicate(asked: Asked, places: Iterator[int], context: Context) -> exp.Expr:
    """Whether the answer is yes; `places` are those of the aggregates that each condition on events takes."""
    match asked.question:
        case EventTest():
            tests = [one.test for one in (asked.question, *asked.also)]
            condition: exp.Expr = exp.and_(
                *(compared(test, next(places), context) for test in tests), copy=False
            )
        case RelatedTest(test=test):
            condition = compared(test, 0, context)
        case SequenceTest():
            return exp.Boolean(this=True)
    return exp.Not(this=exp.Paren(this=condition)) if asked.negated else condition

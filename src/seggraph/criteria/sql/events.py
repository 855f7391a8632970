"""Conditions on events and related members in SQL. Each is a SELECT with a row for every member that has any.

Its columns are `ordinal` and one for each aggregate. Members without events have no row, because the planner knows
without a look-up whether they satisfy the condition.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Final

from pyroaring import BitMap
from sqlglot import exp

from seggraph.criteria.operators import AGGREGATES
from seggraph.criteria.relations import Direction
from seggraph.criteria.sql.fields import AGGREGATED, EVENTS, MEMBERS, property_number
from seggraph.criteria.sql.parameters import Parameters
from seggraph.criteria.sql.predicates import comparison, predicate
from seggraph.criteria.sql.sides import Context
from seggraph.criteria.typed import Checked, Comparison, EventFilter, EventTest, SequenceTest, Span
from seggraph.vocabulary import MemberKind

IN_TOTALS: Final = frozenset(name for name, aggregate in AGGREGATES.items() if aggregate.total is not None)
"""The aggregates that the totals answer when all events of a name count."""

_RELATIONS: Final = "r"
_TOTALS_COLUMNS: Final = ("ordinal", "count", "valued_count", "sum", "first_at", "last_at")


@dataclass(frozen=True, slots=True)
class PopulationScope:
    """The members that a SELECT is about: one kind in one workspace, and only `ordinals` if they are given."""

    workspace_id: int
    kind: MemberKind
    ordinals: BitMap | range | None

    def conditions(self, table: str, parameters: Parameters) -> list[exp.Expr]:
        """The conditions on a table with these columns."""
        found: list[exp.Expr] = [
            exp.EQ(
                this=exp.column("workspace_id", table),
                expression=parameters.bind(self.workspace_id, "bigint"),
            ),
            exp.EQ(this=exp.column("kind", table), expression=parameters.bind(int(self.kind), "smallint")),
        ]
        if self.ordinals is not None:
            found.append(within_ordinals(exp.column("ordinal", table), self.ordinals, parameters))
        return found


def within_ordinals(column: exp.Expr, ordinals: BitMap | range, parameters: Parameters) -> exp.Expr:
    """That a column is one of the ordinals."""
    if isinstance(ordinals, range):
        low, high = (parameters.bind(end, "int") for end in (ordinals[0], ordinals[-1]))
        return exp.Between(this=column, low=low, high=high)
    given = parameters.bind(tuple(ordinals), "int[]")
    return exp.EQ(this=column, expression=exp.Any(this=exp.Paren(this=given)))


def events_table(
    events: EventFilter, tests: Sequence[EventTest], scope: PopulationScope, context: Context
) -> exp.Select:
    """A row for each member with such events: `ordinal`, and the aggregate of each test as `a0`, `a1` ..."""
    columns = [_aggregate(test, context).as_(f"a{place}", copy=False) for place, test in enumerate(tests)]
    return _grouped(columns, counted(events, scope, context))


def _grouped(columns: Sequence[exp.Expr], conditions: Sequence[exp.Expr]) -> exp.Select:
    table = exp.to_table("events").as_(EVENTS)
    selected = exp.select(exp.column("ordinal", EVENTS), *columns, copy=False).from_(table, copy=False)
    where = exp.and_(*conditions, copy=False)
    return selected.where(where, copy=False).group_by(exp.column("ordinal", EVENTS), copy=False)


def counted(events: EventFilter, scope: PopulationScope, context: Context) -> list[exp.Expr]:
    """The conditions on events that count."""
    name = exp.EQ(this=exp.column("name", EVENTS), expression=context.parameters.bind(events.name, "text"))
    return [
        *scope.conditions(EVENTS, context.parameters),
        name,
        *_in_span(events.within, context),
        *(comparison(test, context) for test in events.where),
    ]


def _in_span(span: Span, context: Context) -> list[exp.Expr]:
    lower, lower_counts, upper = span.bounds(context.as_of, context.zone)
    bind, at = context.parameters.bind, exp.column("occurred_at", EVENTS)
    found: list[exp.Expr] = [exp.LTE(this=at, expression=bind(context.as_of, "timestamptz"))]
    if lower is not None:
        above = exp.GTE if lower_counts else exp.GT
        found.append(above(this=at.copy(), expression=bind(lower, "timestamptz")))
    if upper is not None:
        found.append(exp.LT(this=at.copy(), expression=bind(upper, "timestamptz")))
    return found


def _aggregate(test: EventTest, context: Context) -> exp.Expr:
    def value() -> exp.Expr:
        if test.of is None:
            return exp.column("value", EVENTS)
        return property_number(test.of, context.parameters)

    def at() -> exp.Expr:
        return exp.column("occurred_at", EVENTS)

    return AGGREGATES[test.aggregate].sql(value, at, context)


def totals_table(
    name: str, tests: Sequence[EventTest], scope: PopulationScope, context: Context
) -> exp.Select:
    """The rows of `events_table` from the totals, for all events of a name.

    Totals include events later than `as_of`. For members that have such events the events are aggregated anew.
    """
    columns = [_total(test).as_(f"a{place}", copy=False) for place, test in enumerate(tests)]
    totals = _totals(name, scope, context).subquery("u", copy=False)
    return exp.select(exp.column("ordinal"), *columns, copy=False).from_(totals, copy=False)


def _totals(name: str, scope: PopulationScope, context: Context) -> exp.Union:
    """The totals of all events of a name up to `as_of`."""
    settled, added_up = _settled(name, scope, context), _added_up(name, scope, context)
    return exp.union(settled, added_up, distinct=False, copy=False)


def _settled(name: str, scope: PopulationScope, context: Context) -> exp.Select:
    """The totals whose last event is not later than `as_of`."""
    bind = context.parameters.bind
    conditions = [
        *scope.conditions("s", context.parameters),
        exp.EQ(this=exp.column("name", "s"), expression=bind(name, "text")),
        exp.LTE(this=exp.column("last_at", "s"), expression=bind(context.as_of, "timestamptz")),
    ]
    selected = exp.select(*(exp.column(one, "s") for one in _TOTALS_COLUMNS), copy=False)
    table = exp.to_table("event_totals").as_("s")
    return selected.from_(table, copy=False).where(exp.and_(*conditions, copy=False), copy=False)


def _added_up(name: str, scope: PopulationScope, context: Context) -> exp.Select:
    value, at = exp.column("value", EVENTS), exp.column("occurred_at", EVENTS)
    columns: list[exp.Expr] = [
        exp.Count(this=exp.Star()),
        exp.Count(this=value),
        exp.Coalesce(this=exp.Sum(this=value.copy()), expressions=[exp.Literal.number(0)]),
        exp.Min(this=at),
        exp.Max(this=at.copy()),
    ]
    # The ordinals of the scope may be many, and members with events ahead are few: only their events are looked up.
    all_members = replace(scope, ordinals=None)
    ahead = exp.In(
        this=exp.column("ordinal", EVENTS), query=_ahead(name, scope, context).subquery(copy=False)
    )
    return _grouped(columns, [*counted(EventFilter(name), all_members, context), ahead])


def _ahead(name: str, scope: PopulationScope, context: Context) -> exp.Select:
    """The members with events later than `as_of`, perhaps repeated. They are at the end of an index, and few."""
    later, bind = "l", context.parameters.bind
    conditions = [
        *scope.conditions(later, context.parameters),
        exp.EQ(this=exp.column("name", later), expression=bind(name, "text")),
        exp.GT(this=exp.column("occurred_at", later), expression=bind(context.as_of, "timestamptz")),
    ]
    selected = exp.select(exp.column("ordinal", later), copy=False)
    table = exp.to_table("events").as_(later)
    return selected.from_(table, copy=False).where(exp.and_(*conditions, copy=False), copy=False)


def _total(test: EventTest) -> exp.Expr:
    total = AGGREGATES[test.aggregate].total
    if total is None:
        raise TypeError(f"the totals do not have {test.aggregate}")
    return total()


def sequence_table(test: SequenceTest, scope: PopulationScope, context: Context) -> exp.Select:
    """The ordinals of the members with such a sequence, perhaps repeated.

    Each event gets the latest start of a sequence that reaches it: the maximum of what strictly earlier events of the
    step before got. One sort serves all steps. Where first and last events decide it, no event is read.
    """
    if test.is_of_totals:
        return _sequence_of_totals(test, scope, context)
    parameters, at = context.parameters, exp.column("occurred_at", EVENTS)
    flags = [
        exp.alias_(_is_step(step, context), f"s{place}", copy=False) for place, step in enumerate(test.steps)
    ]
    names = exp.Any(
        this=exp.Paren(this=parameters.bind(tuple({step.name: 0 for step in test.steps}), "text[]"))
    )
    conditions = [
        *scope.conditions(EVENTS, parameters),
        exp.EQ(this=exp.column("name", EVENTS), expression=names),
        exp.LTE(this=at.copy(), expression=parameters.bind(context.as_of, "timestamptz")),
    ]
    table = exp.to_table("events").as_(EVENTS)
    query = exp.select(exp.column("ordinal", EVENTS), exp.alias_(at, "at"), *flags, copy=False)
    query = query.from_(table, copy=False).where(exp.and_(*conditions, copy=False), copy=False)
    for place in range(len(test.steps)):
        query = _reached(query, place)
    whole = _reaches_the_end(test, parameters)
    inner = query.subquery(AGGREGATED, copy=False)
    return (
        exp.select(exp.column("ordinal"), copy=False)
        .from_(inner, copy=False)
        .where(exp.and_(*whole, copy=False), copy=False)
    )


def _sequence_of_totals(test: SequenceTest, scope: PopulationScope, context: Context) -> exp.Select:
    """The ordinals of the members whose first event of one name is before their last event of another."""
    first, last = (step.name for step in test.steps)
    begun = _totals(first, scope, context).subquery("b", copy=False)
    query = exp.select(exp.column("ordinal", "b"), copy=False).from_(begun, copy=False)
    ended = "b"
    if last != first:
        ended = "e"
        same = exp.EQ(this=exp.column("ordinal", "b"), expression=exp.column("ordinal", ended))
        query = query.join(_totals(last, scope, context).subquery(ended, copy=False), on=same, copy=False)
    follows = exp.LT(this=exp.column("first_at", "b"), expression=exp.column("last_at", ended))
    return query.where(follows, copy=False)


def steps_within(
    test: SequenceTest, scope: PopulationScope, begin: datetime, end: datetime, context: Context
) -> tuple[exp.Select, list[exp.Expr]]:
    """The events from `begin` until before `end` that may be a step of a sequence, and the condition of each step."""
    parameters, at = context.parameters, exp.column("occurred_at", EVENTS)
    names = tuple({step.name: 0 for step in test.steps})
    conditions = [
        *scope.conditions(EVENTS, parameters),
        exp.EQ(
            this=exp.column("name", EVENTS),
            expression=exp.Any(this=exp.Paren(this=parameters.bind(names, "text[]"))),
        ),
        exp.GTE(this=at, expression=parameters.bind(begin, "timestamptz")),
        exp.LT(this=at.copy(), expression=parameters.bind(end, "timestamptz")),
        exp.LTE(this=at.copy(), expression=parameters.bind(context.as_of, "timestamptz")),
    ]
    query = exp.select(copy=False).from_(exp.to_table("events").as_(EVENTS), copy=False)
    return (
        query.where(exp.and_(*conditions, copy=False), copy=False),
        [_is_step(step, context) for step in test.steps],
    )


def _reaches_the_end(test: SequenceTest, parameters: Parameters) -> list[exp.Expr]:
    """That an event is the last step of a sequence, in time after the latest start of one."""
    last = exp.column(f"c{len(test.steps) - 1}")
    whole: list[exp.Expr] = [exp.Not(this=exp.Is(this=last, expression=exp.null()))]
    if test.within is not None:
        months = exp.Anonymous(
            this="MAKE_INTERVAL", expressions=[exp.Literal.number(0), exp.Literal.number(test.within.months)]
        )
        rest = parameters.bind(timedelta(days=test.within.days, seconds=test.within.seconds), "interval")
        until = reduce(
            lambda sum_, part: exp.Add(this=sum_, expression=part), (months, rest), _utc(last.copy())
        )
        whole.append(exp.LTE(this=_utc(exp.column("at")), expression=until))
    return whole


def _utc(instant: exp.Expr) -> exp.Expr:
    """An instant as the clock in UTC, where a day always has 24 hours."""
    return exp.Paren(this=exp.AtTimeZone(this=instant, zone=exp.Literal.string("UTC")))


def _is_step(step: EventFilter, context: Context) -> exp.Expr:
    name = exp.EQ(this=exp.column("name", EVENTS), expression=context.parameters.bind(step.name, "text"))
    tests = [*_in_span(step.within, context)[1:], *(comparison(test, context) for test in step.where)]
    return exp.and_(name, *tests, copy=False)


def _reached(query: exp.Select, place: int) -> exp.Select:
    """The query with a column for one step: the latest start of a sequence that reaches each event as this step."""
    if place == 0:
        start: exp.Expr = exp.column("at")
    else:
        start = exp.Window(
            this=exp.Max(this=exp.column(f"c{place - 1}")),
            partition_by=[exp.column("ordinal")],
            order=exp.Order(expressions=[exp.Ordered(this=exp.column("at"))]),
            spec=exp.WindowSpec(
                kind="GROUPS",
                start="UNBOUNDED",
                start_side="PRECEDING",
                end=exp.Literal.number(1),
                end_side="PRECEDING",
            ),
        )
    reached = exp.Case().when(exp.column(f"s{place}"), start, copy=False).as_(f"c{place}", copy=False)
    return exp.select(exp.Star(), reached, copy=False).from_(query.subquery("q", copy=False), copy=False)


def related_table(
    direction: Direction,
    where: Checked | BitMap | None,
    scope: PopulationScope,
    context: Context,
    *,
    is_counted: bool = True,
) -> exp.Select:
    """A row for each member with related members: `ordinal`, and as `a0` the number of them that satisfy `where`.

    `where` is criteria that one row answers, or the bitmap of the members that satisfy other criteria. Without the
    number there is a row for each such related member instead, which PostgreSQL has to group by nothing.
    """
    own, other = ("from_ordinal", "to_ordinal") if direction.forward else ("to_ordinal", "from_ordinal")
    parameters = context.parameters
    own_column, other_column = exp.column(own, _RELATIONS), exp.column(other, _RELATIONS)
    workspace = exp.EQ(
        this=exp.column("workspace_id", _RELATIONS), expression=parameters.bind(scope.workspace_id, "bigint")
    )
    type_ = exp.EQ(
        this=exp.column("relation", _RELATIONS), expression=parameters.bind(int(direction.type), "smallint")
    )
    conditions: list[exp.Expr] = [workspace, type_]
    if scope.ordinals is not None:
        conditions.append(within_ordinals(own_column.copy(), scope.ordinals, parameters))
    query = exp.select(own_column.as_("ordinal"), copy=False).from_(
        exp.to_table("relations").as_(_RELATIONS), copy=False
    )
    if isinstance(where, BitMap):
        conditions.append(within_ordinals(other_column, where, parameters))
    else:
        others = PopulationScope(scope.workspace_id, direction.other_kind, None).conditions(
            MEMBERS, parameters
        )
        same = exp.EQ(this=exp.column("ordinal", MEMBERS), expression=other_column)
        query = query.join(exp.to_table("members").as_(MEMBERS), on=same, copy=False)
        conditions += others if where is None else [*others, predicate(where, context)]
    query = query.where(exp.and_(*conditions, copy=False), copy=False)
    if not is_counted:
        return query
    number = exp.Count(this=exp.Star()).as_("a0")
    return query.select(number, copy=False).group_by(own_column.copy(), copy=False)


def compared(test: Comparison, place: int, context: Context) -> exp.Expr:
    """The comparison of the aggregate in column `a<place>` of the table called AGGREGATED."""
    return comparison(replace(test, field=replace(test.field, key=f"a{place}")), context)

"""Aggregates of a member's events: one entry each, as for operators."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from sqlglot import exp

from seggraph.criteria.operators.names import EventAggregate
from seggraph.criteria.sql.sides import Context
from seggraph.vocabulary import AttributeType


@dataclass(frozen=True, slots=True)
class CountedEvents:
    """The events that count for the naive evaluator: when they happened, and the values that some of them have."""

    instants: Sequence[datetime]
    values: Sequence[Decimal]
    zone: ZoneInfo


Column: TypeAlias = Callable[[], exp.Expr]
"""A maker of a column."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What is made of events before it is compared.

    `type` is NUMBER or DATETIME. `of_values` says that it is made of the events' values or of a property, `is_whole`
    that it is a whole number, `zero_without` that it is 0 over no event; the others are unset then.

    `wording` stands in sentences before "events". `over` is the naive result, None when it is unset. `sql` is the
    expression over events with a value and an instant, `total` the same from the columns of the totals; without it
    totals do not answer.
    """

    type: AttributeType
    description: str
    hint: str
    wording: str
    over: Callable[[CountedEvents], Decimal | datetime | None]
    sql: Callable[[Column, Column, Context], exp.Expr]
    total: Column | None = None
    of_values: bool = False
    is_whole: bool = False
    zero_without: bool = False


def _distinct_days(value: Column, at: Column, context: Context) -> exp.Expr:
    local = exp.AtTimeZone(this=at(), zone=context.parameters.bind(context.zone.key, "text"))
    day = exp.Cast(this=exp.Paren(this=local), to=exp.DataType.build("date"))
    return exp.Count(this=exp.Distinct(expressions=[day]))


def _mean_of_totals() -> exp.Expr:
    valued = exp.Nullif(this=exp.column("valued_count"), expression=exp.Literal.number(0))
    return exp.Div(this=exp.column("sum"), expression=valued, typed=True)


def _mean(events: CountedEvents) -> Decimal | None:
    return sum(events.values, Decimal(0)) / len(events.values) if events.values else None


AGGREGATES: Final[dict[EventAggregate, Aggregate]] = {
    EventAggregate.COUNT: Aggregate(
        type=AttributeType.NUMBER,
        description="How many events there are. 0 if there are none.",
        hint="How many events, or related members.",
        wording="the number of",
        over=lambda events: Decimal(len(events.instants)),
        sql=lambda value, at, context: exp.Count(this=exp.Star()),
        total=lambda: exp.column("count"),
        is_whole=True,
        zero_without=True,
    ),
    EventAggregate.SUM: Aggregate(
        type=AttributeType.NUMBER,
        description="The sum of the events' values, or of a property. 0 if there are no events.",
        hint="The sum over events.",
        wording="the sum of",
        over=lambda events: sum(events.values, Decimal(0)),
        sql=lambda value, at, context: exp.Coalesce(
            this=exp.Sum(this=value()), expressions=[exp.Literal.number(0)]
        ),
        total=lambda: exp.column("sum"),
        of_values=True,
        zero_without=True,
    ),
    EventAggregate.AVG: Aggregate(
        type=AttributeType.NUMBER,
        description="The mean of the events' values, or of a property. Unset if there are no values.",
        hint="The mean over events.",
        wording="the average of",
        over=_mean,
        sql=lambda value, at, context: exp.Avg(this=value()),
        total=_mean_of_totals,
        of_values=True,
    ),
    EventAggregate.MIN: Aggregate(
        type=AttributeType.NUMBER,
        description="The lowest of the events' values, or of a property. Unset if there are no values.",
        hint="The least over events.",
        wording="the lowest of",
        over=lambda events: min(events.values, default=None),
        sql=lambda value, at, context: exp.Min(this=value()),
        of_values=True,
    ),
    EventAggregate.MAX: Aggregate(
        type=AttributeType.NUMBER,
        description="The highest of the events' values, or of a property. Unset if there are no values.",
        hint="The most over events.",
        wording="the highest of",
        over=lambda events: max(events.values, default=None),
        sql=lambda value, at, context: exp.Max(this=value()),
        of_values=True,
    ),
    EventAggregate.DISTINCT_DAYS: Aggregate(
        type=AttributeType.NUMBER,
        description="On how many days, in the workspace's time zone, events happened. 0 if there are none.",
        hint="On how many days there were events.",
        wording="the number of days with",
        over=lambda events: Decimal(len({at.astimezone(events.zone).date() for at in events.instants})),
        sql=_distinct_days,
        is_whole=True,
        zero_without=True,
    ),
    EventAggregate.FIRST_AT: Aggregate(
        type=AttributeType.DATETIME,
        description="When the first event happened. Unset if there are none.",
        hint="When the first event was.",
        wording="the first of",
        over=lambda events: min(events.instants, default=None),
        sql=lambda value, at, context: exp.Min(this=at()),
        total=lambda: exp.column("first_at"),
    ),
    EventAggregate.LAST_AT: Aggregate(
        type=AttributeType.DATETIME,
        description="When the last event happened. Unset if there are none.",
        hint="When the last event was.",
        wording="the last of",
        over=lambda events: max(events.instants, default=None),
        sql=lambda value, at, context: exp.Max(this=at()),
        total=lambda: exp.column("last_at"),
    ),
}
"""All aggregates, in the order of their names."""

"""Dates and instants in SQL: windows, anniversaries, and whole days compared with instants.

Every boundary is worked out here, in the workspace's zone, and bound as a value: what remains for the server is
a plain range that an index can serve.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from seggraph.criteria.sql.sides import Operand, Side
from seggraph.criteria.time.days import MonthDays, day_of, end_of, start_of
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType


def whole_day(side: Side, value: Value) -> tuple[datetime, datetime] | None:
    """Where a day begins and ends, if it is a day that instants are compared with; otherwise None."""
    if side.type is not AttributeType.DATETIME or isinstance(value, datetime) or not isinstance(value, date):
        return None
    zone = side.context.zone
    return start_of(value, zone), end_of(value, zone)


def within_day(side: Side, start: datetime, end: datetime) -> exp.Expr:
    """That an instant lies in [start, end)."""
    return exp.and_(side.operand.compared(exp.GTE, start), side.operand.compared(exp.LT, end), copy=False)


def in_window(side: Side, first: datetime, last: datetime) -> exp.Expr:
    """That the field lies in (first, last]. A date counts by its first instant, so the range is one of days."""
    zone = side.context.zone
    ends = (day_of(first, zone), day_of(last, zone)) if side.type is AttributeType.DATE else (first, last)
    return exp.and_(
        side.operand.compared(exp.GT, ends[0]), side.operand.compared(exp.LTE, ends[1]), copy=False
    )


def anniversary(type_: AttributeType, operand: Operand, days: MonthDays, zone: ZoneInfo) -> exp.Expr:
    """That the month and day of a date, or of an instant in the zone, are among those."""
    if days.everything:
        return exp.Not(this=exp.Is(this=operand.expression(), expression=exp.null()))
    parameters = operand.parameters
    from_first = exp.GTE(
        this=_month_day(type_, operand, zone), expression=parameters.bind(days.first, "text")
    )
    to_last = exp.LTE(this=_month_day(type_, operand, zone), expression=parameters.bind(days.last, "text"))
    joined = exp.or_ if days.wraps else exp.and_
    return exp.Paren(this=joined(from_first, to_last, copy=False))


def _month_day(type_: AttributeType, operand: Operand, zone: ZoneInfo) -> exp.Expr:
    """The local month and day as `MM-DD`, compared byte by byte."""
    if type_ is AttributeType.DATE:
        text: exp.Expr = exp.Substring(
            this=operand.expression(), start=exp.Literal.number(6), length=exp.Literal.number(5)
        )
    else:
        instant = exp.Cast(this=operand.expression(), to=exp.DataType.build("timestamptz", dialect=Postgres))
        local = exp.AtTimeZone(this=instant, zone=operand.parameters.bind(zone.key, "text"))
        text = exp.Anonymous(this="TO_CHAR", expressions=[local, exp.Literal.string("MM-DD")])
    return exp.Collate(this=text, expression=exp.to_identifier("C", quoted=True))

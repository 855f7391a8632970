"""Dates and instants in SQL: windows, anniversaries, and whole days compared with instants.

Every boundary is worked out here, in the workspace's zone, and bound as a value: what remains for the server is
a plain range that an index can serve.
"""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from seggraph.criteria.catalogue import Storage
from seggraph.criteria.operators import AttributeOp
from seggraph.criteria.sql.operands import Operand, compare, operand, property_instant
from seggraph.criteria.sql.parameters import Parameters
from seggraph.criteria.time.days import MonthDays, day_of, end_of, month_days, start_of
from seggraph.criteria.time.durations import Duration
from seggraph.criteria.typed import Comparison
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType


def comparison(test: Comparison, parameters: Parameters, as_of: datetime, zone: ZoneInfo) -> exp.Expr:
    """A field of dates or instants compared; NULL when it is unset."""
    if test.field.storage is Storage.PROPERTY:
        side = property_instant(test.field, parameters, zone)
    else:
        side = operand(test.field, test.values, parameters)
    match test.values[0]:
        case MonthDays() as days:
            return anniversary(test.field.type, side, days, zone)
        case Duration() as length if test.op is AttributeOp.ANNIVERSARY_WITHIN:
            today = as_of.astimezone(zone).date()
            return anniversary(test.field.type, side, month_days(today, length.after_day(today)), zone)
        case Duration() as length:
            return _window(test, side, length, as_of, zone)
    if test.field.type is AttributeType.DATE:
        return compare(test.op, side, test.values)
    return _instants(test.op, side, test.values, zone)


def _window(test: Comparison, side: Operand, length: Duration, as_of: datetime, zone: ZoneInfo) -> exp.Expr:
    """In (from, to]. For a date it is its first instant that counts, so the range is one of days."""
    if test.op is AttributeOp.WITHIN_NEXT:
        first, last = as_of, length.after(as_of, zone)
    else:
        first, last = length.before(as_of, zone), as_of
    ends = (
        (day_of(first, zone), day_of(last, zone)) if test.field.type is AttributeType.DATE else (first, last)
    )
    inside = exp.and_(
        compare(AttributeOp.GT, side, ends[:1]), compare(AttributeOp.LTE, side, ends[1:]), copy=False
    )
    return exp.Not(this=exp.Paren(this=inside)) if test.op is AttributeOp.NOT_WITHIN_LAST else inside


def anniversary(type_: AttributeType, side: Operand, days: MonthDays, zone: ZoneInfo) -> exp.Expr:
    """That the month and day of a date, or of an instant in the zone, are among those."""
    if days.everything:
        return exp.Not(this=exp.Is(this=side.expression(), expression=exp.null()))
    parameters = side.parameters
    from_first = exp.GTE(this=_month_day(type_, side, zone), expression=parameters.bind(days.first, "text"))
    to_last = exp.LTE(this=_month_day(type_, side, zone), expression=parameters.bind(days.last, "text"))
    joined = exp.or_ if days.wraps else exp.and_
    return exp.Paren(this=joined(from_first, to_last, copy=False))


def _month_day(type_: AttributeType, side: Operand, zone: ZoneInfo) -> exp.Expr:
    """The local month and day as `MM-DD`, compared byte by byte."""
    if type_ is AttributeType.DATE:
        text: exp.Expr = exp.Substring(
            this=side.expression(), start=exp.Literal.number(6), length=exp.Literal.number(5)
        )
    else:
        instant = exp.Cast(this=side.expression(), to=exp.DataType.build("timestamptz", dialect=Postgres))
        local = exp.AtTimeZone(this=instant, zone=side.parameters.bind(zone.key, "text"))
        text = exp.Anonymous(this="TO_CHAR", expressions=[local, exp.Literal.string("MM-DD")])
    return exp.Collate(this=text, expression=exp.to_identifier("C", quoted=True))


_STRICT_DAY: Final = {AttributeOp.GT, AttributeOp.AFTER, AttributeOp.LTE}
_LOWER: Final = {AttributeOp.GT, AttributeOp.AFTER, AttributeOp.GTE}


def _instants(op: AttributeOp, side: Operand, values: tuple[Value, ...], zone: ZoneInfo) -> exp.Expr:
    """An instant compared with instants or whole days: a day is from its start until the next one starts."""
    if op is AttributeOp.BETWEEN:
        low, high = values
        from_low = _instants(AttributeOp.GTE, side, (low,), zone)
        to_high = _instants(AttributeOp.LTE, side, (high,), zone)
        return exp.and_(from_low, to_high, copy=False)
    (value,) = values
    if isinstance(value, datetime) or not isinstance(value, date):
        return compare(op, side, values)
    if op in (AttributeOp.EQ, AttributeOp.ON, AttributeOp.NE):
        within = exp.and_(
            compare(AttributeOp.GTE, side, (start_of(value, zone),)),
            compare(AttributeOp.LT, side, (end_of(value, zone),)),
            copy=False,
        )
        return exp.Not(this=exp.Paren(this=within)) if op is AttributeOp.NE else within
    edge = end_of(value, zone) if op in _STRICT_DAY else start_of(value, zone)
    return compare(AttributeOp.GTE if op in _LOWER else AttributeOp.LT, side, (edge,))

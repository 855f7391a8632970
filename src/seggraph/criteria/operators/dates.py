"""Operators of dates and instants. Windows and anniversaries are relative to the instant of the evaluation."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from sqlglot import exp

from seggraph.criteria.operators.cases import Case
from seggraph.criteria.operators.comparing import after_in_sql, before_in_sql, equals_in_sql
from seggraph.criteria.operators.names import AttributeOp
from seggraph.criteria.operators.operator import A_CALENDAR_DURATION, A_DAY, A_DURATION, Arity, Operator
from seggraph.criteria.sentences.phrases import verb
from seggraph.criteria.sql.dates import anniversary, in_window
from seggraph.criteria.sql.sides import Side, negated
from seggraph.criteria.time.days import MonthDays, month_days
from seggraph.criteria.time.durations import Duration
from seggraph.criteria.time.passage import Passage, Reach
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType

_TIMES: Final = (AttributeType.DATE, AttributeType.DATETIME)
_DAY: Final = timedelta(days=1)


def _length(values: tuple[Value, ...]) -> Duration:
    if isinstance(values[0], Duration):
        return values[0]
    raise TypeError(values)


def _was_within(case: Case) -> bool:
    return case.length.before(case.as_of, case.zone) < case.instant <= case.as_of


def _will_be_within(case: Case) -> bool:
    return case.as_of < case.instant <= case.length.after(case.as_of, case.zone)


def _was_within_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    as_of, zone = side.context.as_of, side.context.zone
    return in_window(side, _length(values).before(as_of, zone), as_of)


def _was_not_within_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    return negated(_was_within_in_sql(side, values))


def _will_be_within_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    as_of, zone = side.context.as_of, side.context.zone
    return in_window(side, as_of, _length(values).after(as_of, zone))


def _past_window_passed_over(values: tuple[Value, ...], passage: Passage) -> Iterator[Reach | MonthDays]:
    """A value leaves the window at its far end, and enters it when it happens."""
    yield passage.before(_length(values))
    yield passage.whole


def _future_window_passed_over(values: tuple[Value, ...], passage: Passage) -> Iterator[Reach | MonthDays]:
    """A value leaves the window when it happens, and enters it at the far end."""
    yield passage.whole
    yield passage.ahead(_length(values))


def _has_anniversary(case: Case) -> bool:
    """Whether a day from today to today + length keeps the anniversary. 29 February is also kept on a last 28."""
    day, today = case.local_day, case.as_of.astimezone(case.zone).date()
    last = case.length.after_day(today)
    return any(_keeps(day, today + timedelta(days=n)) for n in range((last - today).days + 1))


def _keeps(day: date, current: date) -> bool:
    if (current.month, current.day) == (day.month, day.day):
        return True
    is_last_of_february = (current.month, current.day, (current + _DAY).day) == (2, 28, 1)
    return (day.month, day.day) == (2, 29) and is_last_of_february


def _has_anniversary_in_sql(side: Side, values: tuple[Value, ...]) -> exp.Expr:
    """The days of the anniversary follow from today, or are given as `MonthDays` of a passage of time."""
    if isinstance(values[0], MonthDays):
        days = values[0]
    else:
        today = side.context.as_of.astimezone(side.context.zone).date()
        days = month_days(today, _length(values).after_day(today))
    return anniversary(side.type, side.operand, days, side.context.zone)


def _anniversaries_passed_over(values: tuple[Value, ...], passage: Passage) -> Iterator[Reach | MonthDays]:
    """The days that are no longer ahead, and the days that came to be near enough."""
    length = _length(values)
    first, last = passage.days()
    for begin, end in ((first, last - _DAY), (length.after_day(first) + _DAY, length.after_day(last))):
        if begin <= end:
            yield month_days(begin, end)


def _anniversary_in_words(values: tuple[Value, ...], is_time: bool) -> str:
    if values[0] == Duration():
        return "has its anniversary today"
    return verb("has its anniversary today or within the next")(values, is_time)


DATES: Final = (
    Operator(
        op=AttributeOp.BEFORE,
        types=_TIMES,
        arity=Arity.ONE,
        description="Is earlier than the value. The same as LT.",
        hint="Is earlier than.",
        wording=verb("is before"),
        keyword="BEFORE",
        holds=lambda case: case.is_before(case.given[0]),
        sql=before_in_sql,
    ),
    Operator(
        op=AttributeOp.AFTER,
        types=_TIMES,
        arity=Arity.ONE,
        description="Is later than the value. The same as GT.",
        hint="Is later than.",
        wording=verb("is after"),
        keyword="AFTER",
        holds=lambda case: case.is_after(case.given[0]),
        sql=after_in_sql,
    ),
    Operator(
        op=AttributeOp.ON,
        types=_TIMES,
        arity=Arity.ONE,
        description="Lies on the given calendar day, in the workspace's time zone.",
        hint="Is on that day.",
        wording=verb("is on"),
        keyword="ON",
        holds=lambda case: case.equals(case.given[0]),
        sql=equals_in_sql,
        takes=A_DAY,
    ),
    Operator(
        op=AttributeOp.WITHIN_LAST,
        types=_TIMES,
        arity=Arity.ONE,
        description="Lies within the given duration before now, such as P30D.",
        hint="Lies in that time up to now.",
        wording=verb("is within the last"),
        keyword="IN LAST",
        holds=_was_within,
        sql=_was_within_in_sql,
        passed_over=_past_window_passed_over,
        takes=A_DURATION,
    ),
    Operator(
        op=AttributeOp.NOT_WITHIN_LAST,
        types=_TIMES,
        arity=Arity.ONE,
        description="Is set and does not lie within the given duration before now: it is older or ahead.",
        hint="Is set and does not lie in that time up to now.",
        wording=verb("is set and is not within the last"),
        keyword="NOT IN LAST",
        holds=lambda case: not _was_within(case),
        sql=_was_not_within_in_sql,
        passed_over=_past_window_passed_over,
        takes=A_DURATION,
    ),
    Operator(
        op=AttributeOp.WITHIN_NEXT,
        types=_TIMES,
        arity=Arity.ONE,
        description="Lies within the given duration after now, such as P1M.",
        hint="Lies in that time from now.",
        wording=verb("is within the next"),
        keyword="IN NEXT",
        holds=_will_be_within,
        sql=_will_be_within_in_sql,
        passed_over=_future_window_passed_over,
        takes=A_DURATION,
    ),
    Operator(
        op=AttributeOp.ANNIVERSARY_WITHIN,
        types=_TIMES,
        arity=Arity.ONE,
        description="Has its month and day between today and the end of the given duration, such as P7D; P0D is today.",
        hint="Has its anniversary today or in that time.",
        wording=_anniversary_in_words,
        keyword="ANNIVERSARY IN NEXT",
        holds=_has_anniversary,
        sql=_has_anniversary_in_sql,
        passed_over=_anniversaries_passed_over,
        takes=A_CALENDAR_DURATION,
    ),
)

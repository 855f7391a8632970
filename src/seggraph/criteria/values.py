"""Values of conditions, converted to the type of the field that they are compared with."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, TypeAlias

from seggraph.criteria.problems import shown
from seggraph.criteria.time.days import MonthDays
from seggraph.criteria.time.durations import Duration
from seggraph.vocabulary import AttributeType

Scalar: TypeAlias = str | int | float | bool
"""A value as JSON has it."""

Value: TypeAlias = str | Decimal | bool | date | datetime | Duration | MonthDays
"""A converted value. A `date` compared with an instant stands for the whole day in the workspace's zone.

`MonthDays` is never written in criteria: a passage of time makes it from an anniversary.
"""

_DECIMAL = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATETIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


class Unfit(ValueError):
    """The value does not fit the type. The message says which value would fit."""


def text(value: Scalar) -> str:
    """A text as it is. Raises Unfit for anything else."""
    if not isinstance(value, str):
        raise Unfit(f"a text is needed, not {shown(value)}")
    return value


def number(value: Scalar) -> Decimal:
    """A JSON number, or a decimal written as text, as the API gives them. Raises Unfit."""
    if isinstance(value, bool) or (isinstance(value, str) and not _DECIMAL.fullmatch(value)):
        raise Unfit(f"a number is needed, not {shown(value)}")
    return Decimal(repr(value) if isinstance(value, float) else value)


def flag(value: Scalar) -> bool:
    """True or false. Raises Unfit for anything else, 0 and 1 too."""
    if not isinstance(value, bool):
        raise Unfit(f"true or false is needed, not {shown(value)}")
    return value


def day(value: Scalar) -> date:
    """A date written YYYY-MM-DD. Raises Unfit."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise Unfit(f"a date like 2026-01-31 is needed, not {shown(value)}")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Unfit(f"there is no day {shown(value)} in the calendar") from None


def instant_or_day(value: Scalar) -> datetime | date:
    """An RFC 3339 instant, in UTC, or a date. Raises Unfit, also for a time without an offset."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        return day(value)
    if not isinstance(value, str) or not _DATETIME.fullmatch(value):
        raise Unfit(
            "a time with its offset like 2026-01-31T09:30:00Z, or a date like 2026-01-31, is needed, "
            f"not {shown(value)}"
        )
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unfit(f"there is no time {shown(value)} in the calendar") from None


def duration(value: Scalar) -> Duration:
    """An ISO 8601 duration. Raises Unfit."""
    try:
        return Duration.parse(text(value))
    except ValueError as error:
        raise Unfit(f"{shown(value)} is {error}" if isinstance(value, str) else str(error)) from None


def some_time(length: Duration) -> Duration:
    """A duration that is longer than nothing. Raises Unfit."""
    if length.is_zero:
        raise Unfit("a window of no time holds nothing; give a longer duration like P30D")
    return length


def calendar_duration(value: Scalar) -> Duration:
    """A duration of whole days, weeks, months or years. Raises Unfit."""
    length = duration(value)
    if length.seconds:
        raise Unfit("anniversaries are counted in calendar days; give days, weeks, months or years like P7D")
    return length


BY_TYPE: Final[dict[AttributeType, Callable[[Scalar], Value]]] = {
    AttributeType.STRING: text,
    AttributeType.NUMBER: number,
    AttributeType.BOOLEAN: flag,
    AttributeType.DATE: day,
    AttributeType.DATETIME: instant_or_day,
    AttributeType.STRING_LIST: text,
}
"""How a value is read for each type of field, unless the operator takes values of another form."""

"""Dates and times as files have them: `23.02.2026`, `02/23/26`, `2026-02-23 16:18`, `Nov 26, 2025 4:18 PM`.

In which order day, month and year stand is a matter of the whole column: `03/04/2026` alone may be March or April.
"""

import re
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

from seggraph.errors import Invalid
from seggraph.values import iso_times


class DateOrder(StrEnum):
    """The order in which a column writes day, month and year."""

    YMD = "YMD"
    DMY = "DMY"
    MDY = "MDY"


YMD: Final = frozenset({DateOrder.YMD})
ANY_ORDER: Final = frozenset(DateOrder)
"""A month by its name leaves no doubt."""

_MONTHS: Final = (
    "jan january januar jänner janvier enero ene janeiro",
    "feb february februar février fevrier févr fév febrero fevereiro fev",
    "mar march märz maerz mär mrz mars marzo março marco",
    "apr april avril avr abril abr",
    "may mai mayo maio",
    "jun june juni juin junio junho",
    "jul july juli juillet juil julio julho",
    "aug august août aout agosto ago",
    "sep sept september septembre septiembre set setembro",
    "oct october oktober okt octobre octubre outubro out",
    "nov november novembre noviembre novembro",
    "dec december dezember dez décembre déc diciembre dic dezembro",
)
_MONTH_OF: Final = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}

_DIGITS = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})", re.ASCII)
_DAY_FIRST = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?[\s-]+(?:de\s+)?([^\W\d_]{3,10})\.?,?[\s-]+(?:de\s+)?(\d{4}|\d{2})"
)
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_WEEKDAY = re.compile(r"^[^\W\d_]{2,10}\.?,\s+")
_CLOCK = re.compile(
    r"[T,\s]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?\s*"
    r"(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$",
    re.ASCII,
)
LONGEST: Final = 60
ISO_DAY: Final = 10
CENTURY_PIVOT: Final = 70
"""Years of two digits are 1970 to 2069, as PostgreSQL and POSIX have it."""


class Clock(NamedTuple):
    """The time of the day in a cell, and its offset if it says one, as `+02:00`."""

    time: time
    offset: str | None


class DateCell(NamedTuple):
    """What a cell says: the day by each order in which it is a date, and the time of the day."""

    days: dict[DateOrder, date]
    clock: Clock | None


def read(text: str) -> DateCell | None:
    """What a text says as a date or a time; None if it is neither."""
    if len(text) == ISO_DAY and text[4] == "-":  # most dates
        day = iso_times.parse_day(text)
        return None if day is None else DateCell({DateOrder.YMD: day}, None)
    if not 6 <= len(text) <= LONGEST or not any(map(str.isdigit, text)):
        return None
    rest, clock = text, None
    found = _CLOCK.search(text)
    if found is not None:
        clock = _clock(found)
        if clock is None:
            return None
        rest = text[: found.start()]
    days = _days(rest.strip().rstrip(","))
    return DateCell(days, clock) if days else None


def _days(text: str) -> dict[DateOrder, date]:
    found = _DIGITS.fullmatch(text)
    if found is not None:
        return _by_order(found[1], found[2], found[3], found[4])
    bare = _WEEKDAY.sub("", text)
    if (found := _DAY_FIRST.fullmatch(bare)) is not None:
        day, name, year = found.groups()
    elif (found := _MONTH_FIRST.fullmatch(bare)) is not None:
        name, day, year = found.groups()
    else:
        return {}
    month = _MONTH_OF.get(name.casefold())
    value = None if month is None else _date(_year(year), month, int(day))
    return {} if value is None else dict.fromkeys(DateOrder, value)


def _by_order(first: str, sign: str, second: str, third: str) -> dict[DateOrder, date]:
    if len(first) > 2:
        value = _date(int(first), int(second), int(third)) if len(first) == 4 and len(third) <= 2 else None
        return {} if value is None else {DateOrder.YMD: value}
    if len(third) not in (2, 4):
        return {}
    year = _year(third)
    orders = {DateOrder.DMY: _date(year, int(second), int(first))}
    if sign != ".":  # nobody writes the month first with points
        orders[DateOrder.MDY] = _date(year, int(first), int(second))
    return {order: value for order, value in orders.items() if value is not None}


def _year(text: str) -> int:
    year = int(text)
    if len(text) > 2:
        return year
    return year + (2000 if year < CENTURY_PIVOT else 1900)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _clock(found: re.Match[str]) -> Clock | None:
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    half = (found[5] or "").replace(".", "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        moment = time(hour, minute, second, int((found[4] or "").ljust(6, "0")[:6]))
    except ValueError:
        return None
    return Clock(moment, _offset(found[6]))


def _offset(text: str | None) -> str | None:
    if not text:
        return None
    if text.upper() in ("Z", "UTC", "GMT"):
        return "+00:00"
    digits = text[1:].replace(":", "")
    return f"{text[0]}{digits[:2]}:{digits[2:] or '00'}"


def parse_day(text: str, order: DateOrder) -> date:
    """The day in a text; a time is allowed if it is midnight without an offset. Raises Invalid."""
    cell = read(text)
    if cell is None or order not in cell.days:
        raise Invalid(f"{text[:40]!r} is no date in the order {order}.")
    if cell.clock is not None and (cell.clock.time != time() or cell.clock.offset not in (None, "+00:00")):
        raise Invalid(f"{text[:40]!r} has a time, which a date does not keep.")
    return cell.days[order]


def parse_time(text: str, order: DateOrder, zone: tzinfo) -> datetime:
    """The instant in a text; `zone` counts where the text has no offset. Raises Invalid."""
    cell = read(text)
    if cell is None or order not in cell.days:
        raise Invalid(f"{text[:40]!r} is no time with a date in the order {order}.")
    if cell.clock is None:
        raise Invalid(f"{text[:40]!r} is a date without a time.")
    moment = datetime.combine(cell.days[order], cell.clock.time)
    if cell.clock.offset is None:
        return moment.replace(tzinfo=zone)
    try:
        return datetime.fromisoformat(moment.isoformat() + cell.clock.offset)
    except ValueError:
        raise Invalid(f"{text[:40]!r} has an offset that does not exist.") from None

"""Dates and times in the forms of ISO 8601 that programs write: `2026-01-31T09:30:00Z`, `…+0000`, `…+02`, `… 09:30`.

One module reads them for the API, custom attributes and files, so that all three accept the same.
"""

import re
from datetime import date, datetime, tzinfo
from typing import Final

_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII,
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

MICROSECOND_DIGITS: Final = 6


def parse_time(text: str, zone: tzinfo | None = None) -> datetime | None:
    """The instant in a text, with its offset; `zone` counts where the text has none. None for what is no instant.

    A time that the clock of the zone shows twice is the first of the two.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    microseconds = (fraction or "").ljust(MICROSECOND_DIGITS, "0")[:MICROSECOND_DIGITS]
    shown = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}.{microseconds}{_full_offset(offset)}"
    try:
        instant = datetime.fromisoformat(shown)
    except ValueError:
        return None
    if instant.tzinfo is None:
        return None if zone is None else instant.replace(tzinfo=zone)
    return instant


def parse_day(text: str) -> date | None:
    """The calendar date in a text like 2026-01-31; None for what is none."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _full_offset(offset: str | None) -> str:
    """`+02`, `+0200` and `+02:00` are one; Z is +00:00."""
    if not offset:
        return ""
    if offset in "Zz":
        return "+00:00"
    digits = offset[1:].replace(":", "")
    return f"{offset[0]}{digits[:2]}:{digits[2:] or '00'}"

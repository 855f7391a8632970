"""Durations of ISO 8601 and how they move an instant or a day.

Weeks, days, hours, minutes and seconds are exact: a day is 86,400 seconds. Months and years are of the calendar:
they move the local date in the workspace's zone and end on the last day of a month that is too short.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

MAX_YEARS: Final = 200
"""No duration may be longer: nothing a member does is older, and the calendar ends somewhere."""

_FORM = re.compile(
    r"P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)
_MAX_FORM = 60


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time: calendar months, then days of 24 hours, then seconds. None is negative."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Read ISO 8601 such as `P30D`, `P1Y6M` or `PT4H`: whole numbers, capital letters.

        Raises ValueError with a message for people when the text is not one, or is longer than `MAX_YEARS`.
        """
        match = _FORM.fullmatch(text) if len(text) <= _MAX_FORM else None
        if match is None or match.lastindex is None or text.endswith("T"):
            raise ValueError("not an ISO 8601 duration; write it like P30D, P6M, P1Y or PT4H")
        years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        duration = cls(years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)
        if duration.months * 31 + duration.days + duration.seconds // 86_400 > MAX_YEARS * 372:
            raise ValueError(f"longer than {MAX_YEARS} years, the longest duration allowed")
        return duration

    @property
    def is_zero(self) -> bool:
        """Whether it is no time at all."""
        return not (self.months or self.days or self.seconds)

    def before(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The instant this long before the given one, in UTC."""
        return self._moved(instant, zone, -1)

    def after(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The instant this long after the given one, in UTC."""
        return self._moved(instant, zone, 1)

    def after_day(self, day: date) -> date:
        """The calendar day this many months and days after the given one; the seconds play no part."""
        return add_months(day, self.months) + timedelta(days=self.days)

    def _moved(self, instant: datetime, zone: ZoneInfo, sign: int) -> datetime:
        moved = instant.astimezone(UTC)
        if self.months:
            local = instant.astimezone(zone)
            day = add_months(local.date(), sign * self.months)
            moved = datetime.combine(day, local.timetz()).astimezone(UTC)
        return moved + sign * timedelta(days=self.days, seconds=self.seconds)

    @property
    def iso(self) -> str:
        """The same length as ISO 8601; `parse` reads it back."""
        date_part = "".join(
            f"{count}{unit}" for count, unit in ((self.months, "M"), (self.days, "D")) if count
        )
        time_part = f"T{self.seconds}S" if self.seconds or not date_part else ""
        return f"P{date_part}{time_part}"

    def __str__(self) -> str:
        """Plain English: `1 year 6 months`, `30 days`; `no time` for nothing."""
        years, months = divmod(self.months, 12)
        hours, rest = divmod(self.seconds, 3600)
        minutes, seconds = divmod(rest, 60)
        counts = {
            "year": years,
            "month": months,
            "day": self.days,
            "hour": hours,
            "minute": minutes,
            "second": seconds,
        }
        parts = [f"{count} {unit}{'' if count == 1 else 's'}" for unit, count in counts.items() if count]
        return " ".join(parts) or "no time"


def add_months(day: date, months: int) -> date:
    """The same day of another month, or that month's last day when it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

"""Calendar days in a zone: when a day starts, which day an instant is in, which days a date has its anniversary.

A day starts at the first instant whose local date it is, and lasts until the next one starts; so a day may
have 23 or 25 hours, and every instant is in exactly one.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the day starts in the zone.

    Where clocks skip midnight it is the instant they jump; where they show it twice, the first one.
    """
    try:
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return _FIRST if day.year == date.min.year else _LAST


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the next day starts in the zone."""
    return _LAST if day == date.max else start_of(day + timedelta(days=1), zone)


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The last day that has started in the zone at that instant."""
    day = instant.astimezone(zone).date()
    while end_of(day, zone) <= instant:
        day += timedelta(days=1)
    while start_of(day, zone) > instant:
        day -= timedelta(days=1)
    return day


@dataclass(frozen=True, slots=True)
class MonthDays:
    """The months-and-days, as `MM-DD`, that have their anniversary between two days, both included.

    `wraps` says that the days run over New Year: then it is those from `first` on, or up to `last`. `everything`
    says that the days cover a whole year, so that every date has one.
    """

    first: str
    last: str
    wraps: bool
    everything: bool

    def __str__(self) -> str:
        """The first and the last of them."""
        return f"{self.first} to {self.last}"


def month_days(first: date, last: date) -> MonthDays:
    """Which months-and-days have their anniversary from `first` to `last`.

    29 February is kept on 28 February in a year that has none.
    """
    tomorrow = last + timedelta(days=1)
    last_key = "02-29" if (last.month, last.day, tomorrow.day) == (2, 28, 1) else f"{last:%m-%d}"
    return MonthDays(
        first=f"{first:%m-%d}",
        last=last_key,
        wraps=first.year != last.year,
        everything=(last - first).days >= 365,
    )

"""A passage of time: what the boundaries of windows pass over while time goes from one instant to another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from seggraph.criteria.time.days import day_of, start_of
from seggraph.criteria.time.durations import Duration

TICK: Final = timedelta(microseconds=1)
"""The smallest step of an instant."""

DAY: Final = timedelta(days=1)
_ASTRAY: Final = timedelta(days=4)
"""Months move the end of a window by no more than this: 3 days in a short month, and a day when clocks change."""
_DAYS_APART: Final = 40
"""A passage of more days is not examined day by day."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Values later than `low`, up to and including `high`."""

    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class Passage:
    """The time from `after`, when the answers are known, until `until`, in a zone."""

    after: datetime
    until: datetime
    zone: ZoneInfo
    _swept: dict[tuple[Duration, int], Reach] = field(default_factory=dict, repr=False, compare=False)

    @property
    def whole(self) -> Reach:
        """The passage itself."""
        return Reach(self.after, self.until)

    def before(self, length: Duration) -> Reach:
        """The values that the instant `length` ago passed over."""
        return self._memorized(length, -1)

    def ahead(self, length: Duration) -> Reach:
        """The values that the instant `length` ahead passed over."""
        return self._memorized(length, 1)

    def _memorized(self, length: Duration, sign: int) -> Reach:
        key = (length, sign)
        if key not in self._swept:
            change = length.before if sign < 0 else length.after
            self._swept[key] = self._sweep(length, lambda instant: change(instant, self.zone))
        return self._swept[key]

    def _sweep(self, length: Duration, moved: Callable[[datetime], datetime]) -> Reach:
        """The range from the earliest to the latest instant that an instant of the passage is moved to.

        Moving by months is not steady: several days are moved to the last day of a short month, and an hour comes twice
        when clocks are set back. Within a local day in which no clock changes it is steady.
        """
        first, last = moved(self.after), moved(self.until)
        if not length.months:
            return Reach(first, last)
        if (self.until - self.after).days > _DAYS_APART:
            return Reach(first - _ASTRAY, last + _ASTRAY)
        low, high = min(first, last), max(first, last)
        for begin, end in pairwise(self._corners()):
            to = moved(begin), moved(end)
            low, high = min(low, *to), max(high, *to)
            steady = to[1] - to[0] == end - begin and self._clock(begin) == self._clock(end)
            if not steady and end - begin > TICK:
                low, high = min(low, to[0] - _ASTRAY), max(high, to[1] + _ASTRAY)
        return Reach(low, high)

    def _corners(self) -> Iterator[datetime]:
        """The ends of the passage and of every local day in it: the last instant of one, the first of the next."""
        yield self.after
        day = day_of(self.after, self.zone)
        while (start := start_of(day := day + DAY, self.zone)) <= self.until:
            if start - TICK > self.after:
                yield start - TICK
            yield start
        yield self.until

    def _clock(self, instant: datetime) -> timedelta | None:
        return instant.astimezone(self.zone).utcoffset()

    def days(self) -> tuple[date, date]:
        """The earliest and the latest local date in it. Clocks that are set back over midnight show one twice."""
        first, last = (at.astimezone(self.zone).date() for at in (self.after, self.until))
        if self._clock(self.after) != self._clock(self.until) or self.until - self.after > DAY:
            return min(first, last) - DAY, max(first, last) + DAY
        return min(first, last), max(first, last)

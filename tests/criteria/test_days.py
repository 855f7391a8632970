"""Days in a zone: every instant is in exactly one, also where clocks jump over midnight or show it twice."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from seggraph.criteria.time.days import MonthDays, day_of, end_of, month_days, start_of

TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("UTC", date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), 24),
        ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        ("Europe/Berlin", date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
        # Chile skips midnight: the day starts when clocks jump to 01:00
        ("America/Santiago", date(2025, 9, 7), datetime(2025, 9, 7, 4, tzinfo=UTC), 23),
        # Cuba shows midnight twice: the day starts at the first
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
        # Samoa had no 30 December 2011
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC), 0),
    ],
)
def test_a_day_starts_at_its_first_instant(zone: str, day: date, start: datetime, hours: int) -> None:
    where = ZoneInfo(zone)
    assert start_of(day, where) == start
    assert end_of(day, where) - start == timedelta(hours=hours)
    if hours:
        assert day_of(start, where) == day
        assert day_of(end_of(day, where) - TICK, where) == day
    assert day_of(start - TICK, where) < day


def test_clocks_that_go_back_over_midnight_do_not_go_back_a_day() -> None:
    # given St. John's, where 00:01 on 29 October 2006 became 23:01 on the 28th
    where = ZoneInfo("America/St_Johns")
    start = start_of(date(2006, 10, 29), where)

    # then the day that has begun goes on
    assert (start + timedelta(minutes=30)).astimezone(where).date() == date(2006, 10, 28)
    assert day_of(start + timedelta(minutes=30), where) == date(2006, 10, 29)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_the_ends_of_the_calendar_have_days_too(zone: str) -> None:
    where = ZoneInfo(zone)
    assert start_of(date.min, where) < end_of(date.min, where)
    assert start_of(date.max, where) < end_of(date.max, where)


def test_month_days_run_over_new_year_and_keep_29_february() -> None:
    assert month_days(date(2026, 12, 30), date(2027, 1, 2)) == MonthDays("12-30", "01-02", True, False)
    assert month_days(date(2026, 2, 1), date(2026, 2, 28)) == MonthDays("02-01", "02-29", False, False)
    assert month_days(date(2028, 2, 1), date(2028, 2, 28)) == MonthDays("02-01", "02-28", False, False)
    assert month_days(date(2026, 1, 1), date(2026, 12, 31)).everything is False
    assert month_days(date(2026, 1, 1), date(2027, 1, 1)).everything is True

"""Durations: what is read, what is refused, and how they move instants and days."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from seggraph.criteria.time.durations import Duration, add_months

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P30D", Duration(days=30)),
        ("PT4H", Duration(seconds=4 * 3600)),
        ("P1Y6M", Duration(months=18)),
        ("P2W", Duration(days=14)),
        ("P1M", Duration(months=1)),
        ("PT1M", Duration(seconds=60)),
        ("P1Y2M3W4DT5H6M7S", Duration(months=14, days=25, seconds=5 * 3600 + 6 * 60 + 7)),
        ("P0D", Duration()),
        ("P200Y", Duration(months=2400)),
        ("P73000D", Duration(days=73_000)),
    ],
)
def test_reads_iso_8601(text: str, expected: Duration) -> None:
    assert Duration.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "30D",
        "p30d",
        "P-1D",
        "-P1D",
        "P1.5D",
        "P 1D",
        "P1D ",
        "P1D\n",
        "P1D1M",
        "PT1D",
        "P١D",
    ],
)
def test_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601 duration"):
        Duration.parse(text)


@pytest.mark.parametrize("text", ["P201Y", "P1000Y", "P75000D", "PT999999999H", "P999999999Y"])
def test_refuses_what_is_longer_than_200_years(text: str) -> None:
    with pytest.raises(ValueError, match="longer than 200 years"):
        Duration.parse(text)


@pytest.mark.parametrize("text", ["P99999999999D", "P" + "9" * 1_000_000 + "D"])
def test_refuses_too_many_digits_without_reading_them(text: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601 duration"):
        Duration.parse(text)


def test_days_are_24_hours_even_when_clocks_change() -> None:
    as_of = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
    assert Duration.parse("P1D").before(as_of, BERLIN) == datetime(2026, 3, 28, 12, 0, tzinfo=UTC)


def test_months_keep_the_local_time_when_clocks_change() -> None:
    as_of = datetime(2026, 4, 15, 10, 0, tzinfo=UTC)
    assert Duration.parse("P1M").before(as_of, BERLIN) == datetime(2026, 3, 15, 11, 0, tzinfo=UTC)
    assert Duration.parse("P1M").before(as_of, UTC_ZONE) == datetime(2026, 3, 15, 10, 0, tzinfo=UTC)


def test_a_month_that_is_too_short_ends_on_its_last_day() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2024, 3, 31), -1) == date(2024, 2, 29)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert Duration.parse("P1M1D").after_day(date(2026, 1, 31)) == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (Duration(months=14, days=1), "1 year 2 months 1 day"),
        (Duration(seconds=3661), "1 hour 1 minute 1 second"),
        (Duration(), "no time"),
    ],
)
def test_reads_as_english(duration: Duration, text: str) -> None:
    assert str(duration) == text

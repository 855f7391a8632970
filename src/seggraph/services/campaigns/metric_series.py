"""Reading metrics: totals, series in which gaps are zero, and parts, of segments and of campaigns.

CTR = clicks / impressions. CPC = spend / clicks. CPM = spend / impressions x 1,000. Each is None where there is
nothing to divide by. What a campaign's totals count includes segments that the viewer does not see; parts never do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

import asyncpg

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.errors import Invalid, TooMany
from seggraph.vocabulary import HistoryInterval

MAX_POINTS: Final = 4_000
"""Most steps of one series: ten years of days."""

_PLACES = Decimal("0.0001")


class Subject(StrEnum):
    """Whose metrics: the value is the column that says so."""

    SEGMENT = "segment_id"
    CAMPAIGN = "campaign_id"

    @property
    def other(self) -> "Subject":
        """What the parts of its metrics are of."""
        return Subject.CAMPAIGN if self is Subject.SEGMENT else Subject.SEGMENT


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose metrics, and from which day to which, both included; None leaves an end open."""

    subject: Subject
    id: int
    since: date | None = None
    until: date | None = None

    def require_order(self) -> None:
        """Raise Invalid when the last day lies before the first."""
        if self.since is not None and self.until is not None and self.until < self.since:
            raise Invalid("The last day may not lie before the first.", path=("to",))


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of metrics, and what is made of them."""

    spend: Decimal = Decimal(0)
    impressions: int = 0
    clicks: int = 0
    conversions: Decimal = Decimal(0)
    campaign_count: int = 0
    flagged_count: int = 0

    @property
    def ctr(self) -> float | None:
        """Clicks per impression."""
        return float(self.clicks) / float(self.impressions) if self.impressions else None

    @property
    def cpc(self) -> Decimal | None:
        """Spend per click, to 4 decimals."""
        return _share(self.spend, self.clicks)

    @property
    def cpm(self) -> Decimal | None:
        """Spend per thousand impressions, to 4 decimals."""
        return _share(self.spend * 1_000, self.impressions)


NOTHING: Final = Totals()

_SUMS: Final = """
    sum(m.spend) AS spend, sum(m.impressions)::bigint AS impressions, sum(m.clicks)::bigint AS clicks,
    sum(m.conversions) AS conversions, count(DISTINCT m.campaign_id) AS campaign_count,
    count(*) FILTER (WHERE m.clicks > m.impressions) AS flagged_count
"""

_ASKED: Final = """
    FROM unnest($2::bigint[], $3::date[], $4::date[]) WITH ORDINALITY AS a(id, since, until, number)
    JOIN campaign_metrics m ON m.workspace_id = $1 AND m.{subject} = a.id AND m.day BETWEEN a.since AND a.until
"""

TOTALS: Final = f"SELECT a.number, {_SUMS} {_ASKED} GROUP BY a.number"

PARTS: Final = f"""
    SELECT a.number, m.{{part}} AS part, {_SUMS} {_ASKED} GROUP BY a.number, m.{{part}} ORDER BY a.number, m.{{part}}
"""

TOTALS_OF_ROW: Final = """
    SELECT x.spend, x.campaign_count, x.flagged_count,
      least(x.impressions, {most}) AS impressions, x.impressions::numeric AS impressions_exact,
      least(x.clicks, {most}) AS clicks, x.clicks::numeric AS clicks_exact,
      least(round(x.conversions), {most})::bigint AS conversions, x.conversions AS conversions_exact,
      x.clicks::float8 / nullif(x.impressions, 0)::float8 AS ctr,
      div(20000 * x.spend + x.clicks, nullif(2 * x.clicks::numeric, 0)) / 10000 AS cpc,
      div(20000000 * x.spend + x.impressions, nullif(2 * x.impressions::numeric, 0)) / 10000 AS cpm
    FROM (
      SELECT coalesce(sum(m.spend), 0) AS spend, coalesce(sum(m.impressions), 0)::bigint AS impressions,
        coalesce(sum(m.clicks), 0)::bigint AS clicks, coalesce(sum(m.conversions), 0) AS conversions,
        count(DISTINCT m.campaign_id) AS campaign_count,
        count(*) FILTER (WHERE m.clicks > m.impressions) AS flagged_count
      FROM campaign_metrics m WHERE m.workspace_id = {{row}}.workspace_id AND m.{subject} = {{row}}.id
    ) x
"""
"""All that is made of the totals of the row of a segment or a campaign, over all time. `most` is the largest count.

Ratios are rounded half up to 4 decimals, as `Totals` does it: by whole numbers, for a quotient of numerics is inexact.
"""

SERIES: Final = f"SELECT a.number, {{step}} AS step, {_SUMS} {_ASKED} GROUP BY a.number, step"

STEPS: Final = {
    HistoryInterval.DAY: "m.day",
    HistoryInterval.WEEK: "date_trunc('week', m.day::timestamp)::date",
    HistoryInterval.MONTH: "date_trunc('month', m.day::timestamp)::date",
}


LENGTHS: Final = {
    HistoryInterval.DAY: timedelta(days=1),
    HistoryInterval.WEEK: timedelta(days=7),
    HistoryInterval.MONTH: timedelta(days=31),
}
"""What leads from the first day of a step into the next."""


async def totals(viewer: Viewer, asked: Sequence[Asked]) -> dict[Asked, Totals]:
    """The totals of each; who has no metrics is absent."""
    found: dict[Asked, Totals] = {}
    async with database() as connection:
        for subject, group in _by_subject(asked).items():
            for row in await _fetch(connection, TOTALS.format(subject=subject), viewer, group):
                found[group[row["number"] - 1]] = _totals(row)
    return found


async def parts(viewer: Viewer, asked: Sequence[Asked]) -> dict[Asked, dict[int, Totals]]:
    """The totals of a segment by campaign, of a campaign by segment, also of those that a viewer may not see."""
    found: dict[Asked, dict[int, Totals]] = {one: {} for one in asked}
    async with database() as connection:
        for subject, group in _by_subject(asked).items():
            statement = PARTS.format(subject=subject, part=subject.other)
            for row in await _fetch(connection, statement, viewer, group):
                found[group[row["number"] - 1]][row["part"]] = _totals(row)
    return found


Stepped = tuple[Asked, HistoryInterval]
"""Whose metrics, and the length of a step."""

Series = list[tuple[date, Totals]]
"""The first day of each step, and its totals."""


async def series(viewer: Viewer, asked: Sequence[Stepped]) -> dict[Stepped, Series]:
    """The series of each, from its first day to its last; an open end is where its metrics begin or end.

    Raises Invalid for HOUR, TooMany beyond MAX_POINTS.
    """
    found: dict[Stepped, Series] = {}
    async with database() as connection:
        for interval in dict.fromkeys(interval for _, interval in asked):
            if interval not in STEPS:
                raise Invalid("Metrics are by day: ask for DAY, WEEK or MONTH.", path=("interval",))
            wanted = [one for one, other in asked if other is interval]
            for subject, group in _by_subject(wanted).items():
                statement = SERIES.format(subject=subject, step=STEPS[interval])
                steps: list[dict[date, Totals]] = [{} for _ in group]
                for row in await _fetch(connection, statement, viewer, group):
                    steps[row["number"] - 1][row["step"]] = _totals(row)
                for one, known in zip(group, steps, strict=True):
                    found[one, interval] = _without_gaps(one, interval, known)
    return found


def first_of(day: date, interval: HistoryInterval) -> date:
    """The first day of the step that a day lies in; weeks begin on Monday."""
    match interval:
        case HistoryInterval.WEEK:
            return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))
        case HistoryInterval.MONTH:
            return day.replace(day=1)
    return day


def _without_gaps(asked: Asked, interval: HistoryInterval, known: dict[date, Totals]) -> Series:
    """The steps from the first to the last, those without metrics as zeros."""
    since = asked.since if asked.since is not None else min(known, default=None)
    until = asked.until if asked.until is not None else max(known, default=None)
    found: Series = []
    if since is None or until is None:
        return found
    step = first_of(since, interval)
    while step <= until:
        if len(found) == MAX_POINTS:
            raise TooMany(f"A series has at most {MAX_POINTS:,} steps: ask for less time.", path=("from",))
        found.append((step, known.get(step, NOTHING)))
        try:
            step = first_of(step + LENGTHS[interval], interval)
        except OverflowError:  # the calendar ends
            break
    return found


def _by_subject(asked: Sequence[Asked]) -> dict[Subject, list[Asked]]:
    groups: dict[Subject, list[Asked]] = {}
    for one in dict.fromkeys(asked):
        one.require_order()
        groups.setdefault(one.subject, []).append(one)
    return groups


async def _fetch(
    connection: asyncpg.Connection, statement: str, viewer: Viewer, group: Sequence[Asked]
) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        statement,
        viewer.workspace_id,
        [one.id for one in group],
        [one.since or date.min for one in group],
        [one.until or date.max for one in group],
    )
    return rows


def _totals(row: asyncpg.Record) -> Totals:
    return Totals(
        spend=row["spend"],
        impressions=row["impressions"],
        clicks=row["clicks"],
        conversions=row["conversions"],
        campaign_count=row["campaign_count"],
        flagged_count=row["flagged_count"],
    )


def _share(amount: Decimal, parts: int) -> Decimal | None:
    return (amount / parts).quantize(_PLACES, ROUND_HALF_UP) if parts else None

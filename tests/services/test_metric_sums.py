"""Totals, series and parts of metrics equal a direct computation over the raw rows, money to the cent."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.errors import Invalid, TooMany
from seggraph.services.campaigns import campaigns, metric_series
from seggraph.services.campaigns import metrics as campaign_metrics
from seggraph.services.campaigns.campaigns import CampaignDraft
from seggraph.services.campaigns.metric_series import Asked, Subject, Totals
from seggraph.services.segments import segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import HistoryInterval, MemberKind, SegmentType

TODAY = datetime.now(UTC).date()
CENT = Decimal("0.01")

Row = dict[str, Any]


async def make(context: Context, viewer: Viewer) -> tuple[list[int], list[int]]:
    """Three segments, and three campaigns that target them all."""
    made = [
        await segments.create(context, viewer, SegmentDraft(f"S{n}", MemberKind.PERSON, SegmentType.STATIC))
        for n in range(3)
    ]
    segment_ids = [one.id for one in made]
    created = [
        await campaigns.create(context, viewer, CampaignDraft(f"C{n}", segment_ids=segment_ids))
        for n in range(3)
    ]
    return [one.id for one in created], segment_ids


def random_row(random: Random, campaign_ids: Sequence[int], segment_ids: Sequence[int]) -> Row:
    return {
        "campaignId": random.choice(campaign_ids),
        "segmentId": random.choice(segment_ids),
        "day": TODAY - timedelta(days=random.randrange(120)),
        "spend": Decimal(random.randrange(0, 1_000_000)) / random.choice((1, 100, 10_000)),
        "impressions": random.choice((0, 0, random.randrange(100_000))),
        "clicks": random.choice((0, random.randrange(2_000))),
        "conversions": random.randrange(50),
    }


def naive(rows: Iterable[Row]) -> dict[str, Any]:
    """The sums and what is made of them, by the words of the formulas."""
    found = list(rows)
    spend = sum((row["spend"] for row in found), Decimal(0))
    impressions = sum(row["impressions"] for row in found)
    clicks = sum(row["clicks"] for row in found)
    return {
        "spend": spend,
        "impressions": impressions,
        "clicks": clicks,
        "conversions": sum(row["conversions"] for row in found),
        "ctr": clicks / impressions if impressions else None,
        "cpc": (spend / clicks).quantize(CENT, ROUND_HALF_UP) if clicks else None,
        "cpm": (spend * 1000 / impressions).quantize(CENT, ROUND_HALF_UP) if impressions else None,
        "campaign_count": len({row["campaignId"] for row in found}),
        "flagged_count": sum(row["clicks"] > row["impressions"] for row in found),
    }


def shown(totals: Totals) -> dict[str, Any]:
    """Totals to compare with `naive`."""
    names = ("spend", "impressions", "clicks", "conversions", "ctr", "cpc", "cpm")
    found = {name: getattr(totals, name) for name in (*names, "campaign_count", "flagged_count")}
    for name in ("cpc", "cpm"):
        if found[name] is not None:
            found[name] = found[name].quantize(CENT, ROUND_HALF_UP)
    return found


def assert_same(totals: Totals, rows: Iterable[Row]) -> None:
    """Everything is equal; what was rounded twice may differ by a cent."""
    found, expected = shown(totals), naive(rows)
    for name in ("cpc", "cpm"):
        left, right = found.pop(name), expected.pop(name)
        assert (left is None) == (right is None)
        assert left is None or abs(left - right) <= CENT
    assert found == expected


def bucket(day: date, interval: HistoryInterval) -> date:
    if interval is HistoryInterval.WEEK:
        while day.isoweekday() != 1:
            day -= timedelta(days=1)
    return date(day.year, day.month, 1) if interval is HistoryInterval.MONTH else day


@pytest.mark.parametrize("seed", range(2))
async def test_reading_equals_a_direct_computation(context: Context, viewer: Viewer, seed: int) -> None:
    random = Random(seed)
    campaign_ids, segment_ids = await make(context, viewer)
    kept: dict[tuple[int, int, date], Row] = {}
    for size in (300, 1, 200):
        rows = [random_row(random, campaign_ids, segment_ids) for _ in range(size)]
        before = dict(kept)
        for row in rows:
            kept[row["campaignId"], row["segmentId"], row["day"]] = row
        report = await campaign_metrics.record(context, viewer, rows)
        assert report.row_errors == []
        assert report.written == sum(before.get(key) != row for key, row in kept.items())
        assert report.written + report.unchanged == size
        assert len(report.row_warnings) == sum(row["clicks"] > row["impressions"] for row in rows)
        again = await campaign_metrics.record(context, viewer, rows)
        assert (again.written, again.unchanged) == (0, size), "a retry is harmless"

    asked = [
        Asked(subject, id_, since, until)
        for subject, ids in ((Subject.SEGMENT, segment_ids), (Subject.CAMPAIGN, campaign_ids))
        for id_ in ids
        for since, until in (
            (None, None),
            (TODAY - timedelta(days=70), TODAY - timedelta(days=9)),
            (TODAY - timedelta(days=9), None),
        )
    ]
    totals = await metric_series.totals(viewer, asked)
    parts = await metric_series.parts(viewer, asked)
    intervals = (HistoryInterval.DAY, HistoryInterval.WEEK, HistoryInterval.MONTH)
    series = await metric_series.series(viewer, [(one, interval) for one in asked for interval in intervals])
    for one in asked:
        own, other = (
            ("segmentId", "campaignId") if one.subject is Subject.SEGMENT else ("campaignId", "segmentId")
        )
        rows = [
            row
            for row in kept.values()
            if row[own] == one.id
            and (one.since is None or row["day"] >= one.since)
            and (one.until is None or row["day"] <= one.until)
        ]
        assert_same(totals[one], rows)
        assert set(parts[one]) == {row[other] for row in rows}
        for id_, part in parts[one].items():
            assert_same(part, [row for row in rows if row[other] == id_])
        first = one.since or min(row["day"] for row in rows)
        last = one.until or max(row["day"] for row in rows)
        for interval in intervals:
            days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
            expected = list(dict.fromkeys(bucket(day, interval) for day in days))
            assert [day for day, _ in series[one, interval]] == expected, "no gaps"
            for day, point in series[one, interval]:
                assert_same(point, [row for row in rows if bucket(row["day"], interval) == day])


async def test_limits_of_series(viewer: Viewer) -> None:
    day = HistoryInterval.DAY
    nobody = Asked(Subject.SEGMENT, 1)
    assert await metric_series.series(viewer, [(nobody, day)]) == {(nobody, day): []}
    for asked, interval, error in (
        (Asked(Subject.SEGMENT, 1, date.min, date.max), day, TooMany),
        (nobody, HistoryInterval.HOUR, Invalid),
        (Asked(Subject.SEGMENT, 1, TODAY, TODAY - timedelta(days=1)), day, Invalid),
    ):
        with pytest.raises(error):
            await metric_series.series(viewer, [(asked, interval)])
    end = Asked(Subject.SEGMENT, 1, date(9999, 11, 30), date.max)
    found = await metric_series.series(viewer, [(end, HistoryInterval.MONTH)])
    assert found[end, HistoryInterval.MONTH] == [
        (date(9999, 11, 1), Totals()),
        (date(9999, 12, 1), Totals()),
    ]

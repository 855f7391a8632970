"""Recording campaign metrics: one row for each (campaign, segment, day), of which the last write counts.

The same rows again change nothing, so a retry is harmless; other numbers for a key correct what was there.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import asyncpg

from seggraph.access import (
    VISIBLE_CAMPAIGN,
    VISIBLE_SEGMENT,
    Viewer,
    require_ingest,
    require_metric_recording,
    visibility_arguments,
)
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Forbidden, Invalid, NotFound, Problems, Required, SeggraphError, TooMany
from seggraph.events import MetricsChanged
from seggraph.row_errors import RefusedValue, RowError

MAX_ROWS: Final = 5_000
MAX_SPEND: Final = Decimal(1_000_000_000)
MAX_COUNT: Final = 1_000_000_000
EARLIEST: Final = date(2000, 1, 1)
AHEAD: Final = timedelta(days=1)
"""How far after today's date, in UTC, a day may lie: somewhere it is tomorrow already."""

CLICKS_ABOVE_IMPRESSIONS: Final = "CLICKS_ABOVE_IMPRESSIONS"

_PLACES = Decimal("0.0001")

CAMPAIGNS: Final = f"""
    SELECT c.id, c.created_by_id FROM campaigns c WHERE {VISIBLE_CAMPAIGN} AND c.id = ANY($2) FOR KEY SHARE
"""  # noqa: S608 - constants only, here and below

SEGMENTS: Final = f"SELECT s.id FROM segments s WHERE {VISIBLE_SEGMENT} AND s.id = ANY($4)"  # noqa: S608

TARGETED: Final = """
    SELECT campaign_id, segment_id FROM unnest($2::bigint[], $3::bigint[]) AS p(campaign_id, segment_id)
    WHERE EXISTS (SELECT FROM campaign_segments t WHERE t.workspace_id = $1 AND t.role = 'INCLUDE'
                    AND t.campaign_id = p.campaign_id AND t.segment_id = p.segment_id)
      OR EXISTS (SELECT FROM campaign_metrics m WHERE m.workspace_id = $1
                    AND m.campaign_id = p.campaign_id AND m.segment_id = p.segment_id)
"""

RECORD: Final = """
    INSERT INTO campaign_metrics AS m
      (workspace_id, campaign_id, segment_id, day, spend, impressions, clicks, conversions)
    SELECT $1, t.* FROM unnest($2::bigint[], $3::bigint[], $4::date[], $5::numeric[], $6::bigint[], $7::bigint[],
      $8::numeric[]) AS t(campaign_id, segment_id, day, spend, impressions, clicks, conversions)
    ORDER BY 3, 2, 4
    ON CONFLICT (workspace_id, segment_id, campaign_id, day) DO UPDATE SET spend = EXCLUDED.spend,
      impressions = EXCLUDED.impressions, clicks = EXCLUDED.clicks, conversions = EXCLUDED.conversions,
      recorded_at = now()
    WHERE (m.spend, m.impressions, m.clicks, m.conversions)
      IS DISTINCT FROM (EXCLUDED.spend, EXCLUDED.impressions, EXCLUDED.clicks, EXCLUDED.conversions)
    RETURNING segment_id
"""
"""The order keeps two recorders of the same rows from a deadlock."""


class Metric(NamedTuple):
    """A cleaned row, in the order in which RECORD takes it."""

    campaign_id: int
    segment_id: int
    day: date
    spend: Decimal
    impressions: int
    clicks: int
    conversions: Decimal

    @property
    def key(self) -> tuple[int, int, date]:
        """Of rows with the same key the last one counts."""
        return self[:3]


@dataclass(frozen=True, slots=True)
class RowWarningView:
    """What looks wrong in a row that was recorded."""

    index: int
    code: str
    message: str


@dataclass(slots=True)
class MetricsReport:
    """What became of every row: written + unchanged + the rows with errors = the rows given."""

    written: int = 0
    unchanged: int = 0
    row_errors: list[RowError] = field(default_factory=list)
    row_warnings: list[RowWarningView] = field(default_factory=list)

    def fail(self, index: int, error: SeggraphError) -> None:
        """Report a row as not recorded, for the first of its problems."""
        problem = error.problems[0] if isinstance(error, Problems) else error
        self.row_errors.append(RowError(index, problem.code, problem.message, problem.path))


class _Undone(Exception):
    """What ends a transaction of which nothing is to stay."""


async def record(
    context: Context, viewer: Viewer, rows: Sequence[Mapping[str, Any]], *, dry_run: bool = False
) -> MetricsReport:
    """Record up to MAX_ROWS rows. Good rows are stored in one transaction, bad rows reported with their index.

    Rows have the fields of the GraphQL `CampaignMetricInput`; the ids are numbers, or None for what is no id. A
    segment is one that the campaign targets, or for which it has metrics already. Of several rows with one key the
    last counts, and the others are unchanged. With `dry_run` nothing of it stays. Raises Forbidden, or
    TooMany beyond MAX_ROWS.
    """
    require_ingest(viewer)
    if len(rows) > MAX_ROWS:
        raise TooMany(f"Send at most {MAX_ROWS:,} rows at once; these are {len(rows):,}.", path=("rows",))
    report = MetricsReport()
    metrics: dict[int, Metric] = {}
    latest = datetime.now(UTC).date() + AHEAD
    for index, row in enumerate(rows):
        try:
            metrics[index] = clean(row, latest)
        except SeggraphError as error:
            report.fail(index, error)
    with suppress(_Undone):
        async with begin() as unit:
            fitting = await _fitting(unit, viewer, metrics, report)
            await _store(context, unit, viewer, fitting, report)
            if dry_run:
                raise _Undone
    report.row_errors.sort(key=lambda error: error.index)
    return report


def clean(row: Mapping[str, Any], latest: date) -> Metric:
    """Clean one row. Raises a SeggraphError whose path is the field, or Problems of several."""
    problems: list[SeggraphError] = []

    def cleaned(name: str, clean_value: Any, *arguments: Any) -> Any:
        value = row.get(name)
        if isinstance(value, RefusedValue):
            problems.append(value.problem(name))
            return None
        try:
            return clean_value(value, *arguments)
        except SeggraphError as problem:
            problem.path = (name,)
            problems.append(problem)
            return None

    metric = Metric(
        cleaned("campaignId", _id, "campaign"),
        cleaned("segmentId", _id, "segment"),
        cleaned("day", _day, latest),
        cleaned("spend", _spend),
        cleaned("impressions", _count),
        cleaned("clicks", _count),
        _conversions(row, cleaned),
    )
    if problems:
        raise problems[0] if len(problems) == 1 else Problems(problems)
    return metric


def _conversions(row: Mapping[str, Any], cleaned: Callable[..., Any]) -> Any:
    """From `conversionsExact`, which may have decimals, or else the whole number of `conversions`; 0 without either."""
    if row.get("conversionsExact") is not None:
        return cleaned("conversionsExact", _exact_count)
    return Decimal(cleaned("conversions", _count) or 0) if row.get("conversions") is not None else Decimal(0)


def _id(value: object, what: str) -> int:
    if not isinstance(value, int):
        raise NotFound(f"There is no such {what}.")
    return value


def _day(value: object, latest: date) -> date:
    if not isinstance(value, date):
        raise Required("Give the day, like 2026-01-31.")
    if not EARLIEST <= value <= latest:
        raise Invalid(f"A day lies between {EARLIEST} and tomorrow, {latest}; this is {value}.")
    return value


def _spend(value: object) -> Decimal:
    if not isinstance(value, Decimal):
        raise Required("Give the spend, 0 for none.")
    if value < 0:
        raise Invalid("A spend is not negative: correct a day by recording it again.")
    if value > MAX_SPEND:
        raise Invalid(f"A day's spend is at most {MAX_SPEND:,}.")
    if value != value.quantize(_PLACES):
        raise Invalid("A spend has at most 4 decimals.")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int):
        raise Required("Give the number, 0 for none.")
    if not 0 <= value <= MAX_COUNT:
        raise Invalid(f"A day's number is between 0 and {MAX_COUNT:,}.")
    return value


def _exact_count(value: object) -> Decimal:
    if not isinstance(value, Decimal):
        raise Required("Give the number, 0 for none.")
    if not 0 <= value <= MAX_COUNT:
        raise Invalid(f"A day's number is between 0 and {MAX_COUNT:,}.")
    if value != value.quantize(_PLACES):
        raise Invalid("A number of conversions has at most 4 decimals.")
    return value


async def _fitting(
    unit: UnitOfWork, viewer: Viewer, metrics: Mapping[int, Metric], report: MetricsReport
) -> dict[int, Metric]:
    """Those of the rows whose campaign the viewer manages, and whose segment they see and it has; the rest fails."""
    connection = unit.connection
    campaign_ids = {metric.campaign_id for metric in metrics.values()}
    segment_ids = {metric.segment_id for metric in metrics.values()}
    found = await connection.fetch(CAMPAIGNS, viewer.workspace_id, sorted(campaign_ids))
    creators = {row["id"]: row["created_by_id"] for row in found}
    rows = await connection.fetch(SEGMENTS, *visibility_arguments(viewer), sorted(segment_ids))
    visible = {row["id"] for row in rows}
    targeted = await _targeted(connection, viewer.workspace_id, metrics.values())
    fitting = {}
    for index, metric in metrics.items():
        try:
            _require_campaign(viewer, metric.campaign_id, creators)
            _require_segment(metric, visible, targeted)
        except SeggraphError as error:
            report.fail(index, error)
        else:
            fitting[index] = metric
    return fitting


async def _targeted(
    connection: asyncpg.Connection, workspace_id: int, metrics: Iterable[Metric]
) -> set[tuple[int, int]]:
    pairs = sorted({(metric.campaign_id, metric.segment_id) for metric in metrics})
    rows = await connection.fetch(
        TARGETED, workspace_id, [campaign for campaign, _ in pairs], [segment for _, segment in pairs]
    )
    return {(row["campaign_id"], row["segment_id"]) for row in rows}


def _require_campaign(viewer: Viewer, campaign_id: int, creators: Mapping[int, int | None]) -> None:
    if campaign_id not in creators:
        raise NotFound("There is no such campaign.", path=("campaignId",))
    try:
        require_metric_recording(viewer, created_by_id=creators[campaign_id])
    except Forbidden as error:
        error.path = ("campaignId",)
        raise


def _require_segment(metric: Metric, visible: Collection[int], targeted: Collection[tuple[int, int]]) -> None:
    if metric.segment_id not in visible:
        raise NotFound("There is no such segment.", path=("segmentId",))
    if metric[:2] not in targeted:
        raise Invalid("The campaign does not target this segment: attach it first.", path=("segmentId",))


async def _store(
    context: Context, unit: UnitOfWork, viewer: Viewer, metrics: Mapping[int, Metric], report: MetricsReport
) -> None:
    """Store the last row of each key, and tell subscribers whose metrics are others now."""
    last = {metric.key: index for index, metric in metrics.items()}
    rows = [metrics[index] for index in last.values()]
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    written = await unit.connection.fetch(RECORD, viewer.workspace_id, *columns)
    report.written += len(written)
    report.unchanged += len(metrics) - len(written)
    report.row_warnings += [
        RowWarningView(index, CLICKS_ABOVE_IMPRESSIONS, "There are more clicks than impressions on this day.")
        for index, metric in metrics.items()
        if metric.clicks > metric.impressions
    ]
    at = datetime.now(UTC)
    context.publish(
        unit,
        [
            MetricsChanged(workspace_id=viewer.workspace_id, at=at, segment_id=segment_id)
            for segment_id in sorted({row["segment_id"] for row in written})
        ],
    )

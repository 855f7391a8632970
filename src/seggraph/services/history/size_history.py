"""How big segments were: their sizes, entries and exits by hour, day, week or month of the workspace's zone.

The numbers are those that runs kept, so members who were erased since are still counted in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from seggraph.access import Viewer
from seggraph.criteria.time.days import day_of, start_of
from seggraph.database.connections import database
from seggraph.errors import Invalid, TooMany
from seggraph.vocabulary import HistoryInterval

MAX_POINTS: Final = 2_000
DEFAULT_SPAN: Final = timedelta(days=30)

ZONE: Final = "SELECT time_zone FROM workspaces WHERE id = $1"

BEFORE: Final = """
    SELECT s.id AS segment_id, r.member_count FROM unnest($2::bigint[]) AS s(id)
    CROSS JOIN LATERAL (
      SELECT member_count FROM runs WHERE workspace_id = $1 AND segment_id = s.id AND applied IS NOT NULL
        AND finished_at < $3 ORDER BY applied DESC LIMIT 1
    ) r
"""

WITHIN: Final = """
    SELECT segment_id, width_bucket(finished_at, $3::timestamptz[]) AS bucket, sum(entered) AS entered,
      sum(exited) AS exited, (array_agg(member_count ORDER BY applied DESC))[1] AS member_count
    FROM runs WHERE workspace_id = $1 AND segment_id = ANY($2) AND applied IS NOT NULL
      AND finished_at >= $4 AND finished_at < $5
    GROUP BY segment_id, bucket
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Which points: those of the intervals that have an instant from `start` until before `end`."""

    start: datetime | None = None
    end: datetime | None = None
    interval: HistoryInterval = HistoryInterval.DAY


@dataclass(frozen=True, slots=True)
class SizePoint:
    """An interval that begins `at`: who entered and exited in it, and the size when it was over."""

    at: datetime
    member_count: int
    entered: int
    exited: int


Asked = tuple[int, Span]
"""A segment, which the caller has found visible, and a span."""


async def points(viewer: Viewer, asked: Sequence[Asked]) -> dict[Asked, list[SizePoint]]:
    """The points asked for, with two statements for each span. Raises Invalid and TooMany for a span."""
    found: dict[Asked, list[SizePoint]] = {}
    async with database() as connection:
        zone = ZoneInfo(await connection.fetchval(ZONE, viewer.workspace_id))
        for span in dict.fromkeys(span for _, span in asked):
            segment_ids = [segment_id for segment_id, one in asked if one == span]
            edges = edges_of(span, zone, datetime.now(UTC))
            before = await connection.fetch(BEFORE, viewer.workspace_id, segment_ids, edges[0])
            sizes = {row["segment_id"]: row["member_count"] for row in before}
            rows = await connection.fetch(
                WITHIN, viewer.workspace_id, segment_ids, edges[:-1], edges[0], edges[-1]
            )
            moved = {(row["segment_id"], row["bucket"]): row for row in rows}
            for segment_id in segment_ids:
                size = sizes.get(segment_id, 0)
                line: list[SizePoint] = []
                for number, at in enumerate(edges[:-1], start=1):
                    row = moved.get((segment_id, number))
                    if row is None:
                        line.append(SizePoint(at, size, 0, 0))
                    else:
                        size = row["member_count"]
                        line.append(SizePoint(at, size, row["entered"], row["exited"]))
                found[segment_id, span] = line
    return found


def edges_of(span: Span, zone: ZoneInfo, now: datetime) -> list[datetime]:
    """Where the intervals of a span begin, and at last where the last one ends. Raises Invalid, TooMany.

    Without an end it is now, without a start 30 days before.
    """
    end = span.end or now
    start = span.start or end - DEFAULT_SPAN
    if end <= start:
        raise Invalid("`to` comes after `from`.", path=("to",))
    if not datetime(1900, 1, 1, tzinfo=UTC) <= start <= end <= datetime(9000, 1, 1, tzinfo=UTC):
        raise Invalid("Give instants from 1900 on.", path=("from",))
    edges = [_first_edge(start, span.interval, zone)]
    while edges[-1] < end:
        if len(edges) > MAX_POINTS:
            message = f"A history has at most {MAX_POINTS} points; take a longer interval or a shorter time."
            raise TooMany(message, path=("interval",))
        edges.append(_next_edge(edges[-1], span.interval, zone))
    return edges


def _first_edge(instant: datetime, interval: HistoryInterval, zone: ZoneInfo) -> datetime:
    """Where the interval begins that an instant is in."""
    day = day_of(instant, zone)
    match interval:
        case HistoryInterval.HOUR:
            local = instant.astimezone(zone)
            return instant.astimezone(UTC) - timedelta(
                minutes=local.minute, seconds=local.second, microseconds=local.microsecond
            )
        case HistoryInterval.DAY:
            return start_of(day, zone)
        case HistoryInterval.WEEK:
            return start_of(day - timedelta(days=day.weekday()), zone)
        case HistoryInterval.MONTH:
            return start_of(day.replace(day=1), zone)


def _next_edge(edge: datetime, interval: HistoryInterval, zone: ZoneInfo) -> datetime:
    """Where the interval after the one that begins at `edge` does. A week begins on Monday."""
    day = day_of(edge, zone)
    match interval:
        case HistoryInterval.HOUR:
            return edge + timedelta(hours=1)
        case HistoryInterval.DAY:
            return start_of(day + timedelta(days=1), zone)
        case HistoryInterval.WEEK:
            return start_of(day + timedelta(days=7), zone)
        case HistoryInterval.MONTH:
            return start_of(date(day.year + day.month // 12, day.month % 12 + 1, 1), zone)

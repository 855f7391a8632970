"""Reading campaigns: one, many, or a page of them, and their segments as the viewer may see them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

import asyncpg

from seggraph.access import VISIBLE_CAMPAIGN, VISIBLE_SEGMENT, Viewer, visibility_arguments
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page, fetch_pages
from seggraph.errors import NotFound
from seggraph.values.names import words_sought
from seggraph.vocabulary import CampaignSegmentRole, CampaignStatus, Channel


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign as it is read: the columns of models.campaigns.Campaign that clients see."""

    id: int
    name: str
    channel: Channel | None
    status: CampaignStatus
    starts_on: date | None
    ends_on: date | None
    version: int
    created_by_id: int | None
    created_by_key_id: int | None
    created_at: datetime
    last_modified_at: datetime


@dataclass(frozen=True, slots=True)
class CampaignSegments:
    """The segments of a campaign that a viewer sees, by id, and how many more it has."""

    included: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()
    hidden_count: int = 0


@dataclass(frozen=True, slots=True)
class CampaignList:
    """Which campaigns a list has; None does not narrow it."""

    search: str | None = None
    statuses: tuple[CampaignStatus, ...] | None = None


COLUMNS: Final = tuple(field.name for field in fields(CampaignView))

SELECT: Final = f"""
    SELECT {", ".join(f"c.{column}" for column in COLUMNS)} /*keys*/ FROM campaigns c WHERE {VISIBLE_CAMPAIGN}
"""  # noqa: S608 - constants only, here and below

OF_SEGMENT: Final = """
    EXISTS (SELECT FROM campaign_segments t
            WHERE t.workspace_id = $1 AND t.campaign_id = c.id AND t.segment_id = {segment})
"""

FILTER: Final = """
    AND NOT EXISTS (SELECT FROM unnest($2::text[]) AS word WHERE position(word IN c.name_key) = 0)
    AND ($3::text[] IS NULL OR c.status = ANY($3))
"""

COUNT: Final = f"SELECT count(*) FROM campaigns c WHERE {VISIBLE_CAMPAIGN} {FILTER}"  # noqa: S608

COUNTS_OF_SEGMENTS: Final = """
    SELECT segment_id, count(*) AS count FROM campaign_segments
    WHERE workspace_id = $1 AND segment_id = ANY($2) GROUP BY segment_id
"""

SEGMENTS: Final = f"""
    SELECT t.campaign_id, t.segment_id, t.role, s.id IS NOT NULL AS is_visible
    FROM campaign_segments t LEFT JOIN segments s ON s.id = t.segment_id AND {VISIBLE_SEGMENT}
    WHERE t.workspace_id = $1 AND t.campaign_id = ANY($4) ORDER BY t.id
"""  # noqa: S608

NEWEST_FIRST: Final = Order(
    "created_at", (Key("c.created_at", "timestamptz"), Key("c.id", "bigint")), descending=True
)


async def get(viewer: Viewer, campaign_id: int) -> CampaignView:
    """One campaign. Raises NotFound."""
    found = await get_many(viewer, [campaign_id])
    if campaign_id not in found:
        raise NotFound("There is no such campaign.", path=("id",))
    return found[campaign_id]


async def get_many(viewer: Viewer, campaign_ids: Sequence[int]) -> dict[int, CampaignView]:
    """Those of the campaigns that exist for the viewer, by id."""
    if not campaign_ids:
        return {}
    async with database() as connection:
        rows = await connection.fetch(f"{SELECT} AND c.id = ANY($2)", viewer.workspace_id, list(campaign_ids))
    return {row["id"]: view_of(row) for row in rows}


async def list_page(viewer: Viewer, list_: CampaignList, request: PageRequest) -> Page[CampaignView]:
    """A page of the campaigns of a workspace, the newest first."""
    async with database() as connection:
        return await fetch_page(
            connection, SELECT + FILTER, _arguments(viewer, list_), NEWEST_FIRST, request, view_of
        )


async def count(viewer: Viewer, list_: CampaignList) -> int:
    """How many campaigns the whole list has."""
    async with database() as connection:
        found: int = await connection.fetchval(COUNT, *_arguments(viewer, list_))
    return found


OfSegment = tuple[int, PageRequest]
"""A segment, by its id, and which page of its campaigns."""


async def pages_of_segments(
    viewer: Viewer, asked: Sequence[OfSegment]
) -> dict[OfSegment, Page[CampaignView]]:
    """Pages of the campaigns of segments that the caller has found visible: a statement for each sort of page."""
    found: dict[OfSegment, Page[CampaignView]] = {}
    async with database() as connection:
        for request in dict.fromkeys(request for _, request in asked):
            segment_ids = [segment_id for segment_id, other in asked if other == request]
            selects = [
                f"{SELECT} AND {OF_SEGMENT.format(segment=f'${number}::bigint')}"
                for number in range(2, 2 + len(segment_ids))
            ]
            pages = await fetch_pages(
                connection, selects, (viewer.workspace_id, *segment_ids), NEWEST_FIRST, request, view_of
            )
            found |= {
                (segment_id, request): page for segment_id, page in zip(segment_ids, pages, strict=True)
            }
    return found


async def counts_of_segments(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, int]:
    """How many campaigns use each segment, whether to target it or to leave it out."""
    async with database() as connection:
        rows = await connection.fetch(COUNTS_OF_SEGMENTS, viewer.workspace_id, list(segment_ids))
    return {row["segment_id"]: row["count"] for row in rows}


async def segments_of(viewer: Viewer, campaign_ids: Sequence[int]) -> dict[int, CampaignSegments]:
    """The segments of campaigns, in the order in which they were attached."""
    async with database() as connection:
        rows = await connection.fetch(SEGMENTS, *visibility_arguments(viewer), list(campaign_ids))
    return {campaign_id: _segments(campaign_id, rows) for campaign_id in campaign_ids}


def _segments(campaign_id: int, rows: Sequence[asyncpg.Record]) -> CampaignSegments:
    own = [row for row in rows if row["campaign_id"] == campaign_id]
    seen = [row for row in own if row["is_visible"]]
    return CampaignSegments(
        included=tuple(row["segment_id"] for row in seen if row["role"] == CampaignSegmentRole.INCLUDE),
        excluded=tuple(row["segment_id"] for row in seen if row["role"] == CampaignSegmentRole.EXCLUDE),
        hidden_count=len(own) - len(seen),
    )


def _arguments(viewer: Viewer, list_: CampaignList) -> tuple[Any, ...]:
    return viewer.workspace_id, words_sought(list_.search), list_.statuses


def view_of(row: asyncpg.Record) -> CampaignView:
    """The view of a row of SELECT."""
    values = {column: row[column] for column in COLUMNS}
    values["status"] = CampaignStatus(values["status"])
    if values["channel"] is not None:
        values["channel"] = Channel(values["channel"])
    return CampaignView(**values)

"""The kept names of campaigns in ad reports: listed, corrected and removed between reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import asyncpg

from seggraph.access import (
    VISIBLE_CAMPAIGN,
    VISIBLE_REPORT_NAME,
    VISIBLE_SEGMENT,
    Viewer,
    require_report_name_change,
    require_write,
    visibility_arguments,
)
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Invalid, NotFound, Required
from seggraph.services.audit import audit
from seggraph.values.names import words_sought
from seggraph.vocabulary import AuditAction, AuditSubject

SELECT: Final = f"""
    SELECT k.id, coalesce(nullif(k.name, ''), k.name_key) AS name, k.name_key, k.ad_set_key, k.campaign_id,
      coalesce(nullif(k.ad_set, ''), nullif(k.ad_set_key, '')) AS ad_set, k.segment_id, k.used_at /*keys*/
    FROM report_campaigns k WHERE {VISIBLE_REPORT_NAME}
"""  # noqa: S608 - constants only, here and below

CHOSEN: Final = """ AND ($4::bigint IS NULL OR k.campaign_id = $4)
    AND NOT EXISTS (SELECT FROM unnest($5::text[]) AS word
      WHERE position(word IN k.name_key || ' ' || k.ad_set_key) = 0)
"""

COUNT: Final = f"SELECT count(*) FROM report_campaigns k WHERE {VISIBLE_REPORT_NAME} {CHOSEN}"  # noqa: S608

BY_NAME: Final = Order(
    "name",
    (Key("k.name_key", "text"), Key("k.ad_set_key", "text"), Key("k.id", "bigint")),
    descending=False,
)

CREATOR: Final = (
    f"SELECT c.created_by_id FROM campaigns c WHERE {VISIBLE_CAMPAIGN} AND c.id = $2 FOR KEY SHARE"  # noqa: S608
)

TARGET: Final = f"""
    SELECT EXISTS (SELECT FROM campaign_segments t
      WHERE t.workspace_id = $1 AND t.segment_id = s.id AND t.campaign_id = $5 AND t.role = 'INCLUDE')
    FROM segments s WHERE {VISIBLE_SEGMENT} AND s.id = $4 FOR KEY SHARE OF s
"""  # noqa: S608

EDIT: Final = """
    UPDATE report_campaigns SET campaign_id = $3, segment_id = $4, used_at = now() WHERE workspace_id = $1 AND id = $2
"""

DELETE: Final = "DELETE FROM report_campaigns WHERE workspace_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class ReportName:
    """What a name in ad reports stands for; without a campaign its rows are left out.

    Without a segment it is that of the report, or the only one of the campaign.
    """

    id: int
    name: str
    ad_set: str | None
    campaign_id: int | None
    segment_id: int | None
    used_at: datetime

    @property
    def is_left_out(self) -> bool:
        """Whether rows with this name are left out."""
        return self.campaign_id is None


@dataclass(frozen=True, slots=True)
class NameList:
    """Which names: those of a campaign, or those with all words of a search."""

    campaign_id: int | None = None
    search: str | None = None

    def arguments(self, viewer: Viewer) -> tuple[Any, ...]:
        """The values of the placeholders. Raises Invalid for what no name can hold."""
        return *visibility_arguments(viewer), self.campaign_id, words_sought(self.search) or []


async def list_page(viewer: Viewer, asked: NameList, request: PageRequest) -> Page[ReportName]:
    """A page of the kept names, by name. Raises BadCursor, Invalid, TooMany."""
    async with database() as connection:
        return await fetch_page(
            connection, SELECT + CHOSEN, asked.arguments(viewer), BY_NAME, request, view_of
        )


async def count(viewer: Viewer, asked: NameList) -> int:
    """How many names the whole list has."""
    async with database() as connection:
        found: int = await connection.fetchval(COUNT, *asked.arguments(viewer))
    return found


async def get_many(viewer: Viewer, name_ids: Sequence[int]) -> dict[int, ReportName]:
    """Those of the kept names that the viewer sees, by id."""
    async with database() as connection:
        rows = await connection.fetch(
            f"{SELECT} AND k.id = ANY($4)", *visibility_arguments(viewer), list(name_ids)
        )
    return {row["id"]: view_of(row) for row in rows}


async def update(viewer: Viewer, name_id: int, given: Mapping[str, Any]) -> ReportName:
    """Change what is given of: campaign_id, segment_id, leave_out. Raises Forbidden, NotFound, Required, Invalid.

    With another campaign, the segment of the earlier one goes.
    """
    require_write(viewer)
    async with begin() as unit:
        before = await _hold(unit, viewer, name_id)
        await _require_change(unit, viewer, before)
        after = _changed(before, given)
        await _require_change(unit, viewer, after)
        await _require_segment(unit, viewer, before, after)
        await unit.connection.execute(EDIT, viewer.workspace_id, name_id, after.campaign_id, after.segment_id)
        await audit.record(unit, viewer, AuditAction.EDITED, _subject(before), _said(before), _said(after))
        return await _hold(unit, viewer, name_id)


async def delete(viewer: Viewer, name_id: int) -> None:
    """Forget what a name stands for. Raises Forbidden, NotFound."""
    require_write(viewer)
    async with begin() as unit:
        before = await _hold(unit, viewer, name_id)
        await _require_change(unit, viewer, before)
        await unit.connection.execute(DELETE, viewer.workspace_id, name_id)
        await audit.record(unit, viewer, AuditAction.DELETED, _subject(before), _said(before))


def _changed(before: ReportName, given: Mapping[str, Any]) -> ReportName:
    """The name as it is to be."""
    leave_out = given.get("leave_out", before.is_left_out and "campaign_id" not in given)
    if leave_out:
        if given.get("campaign_id") is not None or given.get("segment_id") is not None:
            raise Invalid("Give a campaign, or leaveOut: not both.", path=("leaveOut",))
        return replace(before, campaign_id=None, segment_id=None)
    campaign_id = given.get("campaign_id", before.campaign_id)
    if campaign_id is None:
        raise Required("Give the campaign that the name stands for, or leaveOut.", path=("campaignId",))
    kept = before.segment_id if campaign_id == before.campaign_id else None
    return replace(before, campaign_id=campaign_id, segment_id=given.get("segment_id", kept))


async def _require_change(unit: UnitOfWork, viewer: Viewer, name: ReportName) -> None:
    """Raise Forbidden unless the viewer may say this about a name, and NotFound for its campaign."""
    if name.is_left_out:
        require_report_name_change(viewer, is_left_out=True)
        return
    row = await unit.connection.fetchrow(CREATOR, viewer.workspace_id, name.campaign_id)
    if row is None:
        raise NotFound("There is no such campaign.", path=("campaignId",))
    require_report_name_change(viewer, created_by_id=row["created_by_id"])


async def _require_segment(unit: UnitOfWork, viewer: Viewer, before: ReportName, after: ReportName) -> None:
    """Raise NotFound for a segment that the viewer does not see, and Invalid for one that is no target."""
    if after.segment_id is None or after.segment_id == before.segment_id:
        return
    arguments = *visibility_arguments(viewer), after.segment_id, after.campaign_id
    is_target = await unit.connection.fetchval(TARGET, *arguments)
    if is_target is None:
        raise NotFound("There is no such segment.", path=("segmentId",))
    if not is_target:
        raise Invalid("The campaign does not target this segment.", path=("segmentId",))


async def _hold(unit: UnitOfWork, viewer: Viewer, name_id: int) -> ReportName:
    row = await unit.connection.fetchrow(
        f"{SELECT} AND k.id = $4 FOR NO KEY UPDATE OF k", *visibility_arguments(viewer), name_id
    )
    if row is None:
        raise NotFound("There is no such name.", path=("id",))
    return view_of(row)


def _subject(name: ReportName) -> audit.Subject:
    shown = name.name if name.ad_set is None else f"{name.name} / {name.ad_set}"
    return audit.Subject(AuditSubject.REPORT_NAME, name.id, shown)


def _said(name: ReportName) -> dict[str, Any]:
    return audit.described(name, "campaign_id", "segment_id", "is_left_out")


def view_of(row: asyncpg.Record) -> ReportName:
    """The name of a row of SELECT."""
    return ReportName(
        id=row["id"],
        name=row["name"],
        ad_set=row["ad_set"],
        campaign_id=row["campaign_id"],
        segment_id=row["segment_id"],
        used_at=row["used_at"],
    )

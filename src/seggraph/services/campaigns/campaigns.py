"""Campaigns: create, edit, attach segments, and lead them through their life.

A campaign holds what it targets and leaves out; who that is, is computed from the segments when it is asked for
(`campaign_audiences`). While it is ACTIVE all its segments are too, and none of them can be archived.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import asyncpg

from seggraph.access import (
    VISIBLE_SEGMENT,
    Viewer,
    require_campaign_management,
    require_write,
    visibility_arguments,
)
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import (
    BadTransition,
    Invalid,
    NameTaken,
    NotFound,
    Problems,
    Required,
    SeggraphError,
    StaleVersion,
    TooMany,
)
from seggraph.events import CampaignChanged
from seggraph.services.audit import audit
from seggraph.services.campaigns.views import SELECT, CampaignView, view_of
from seggraph.values.names import clean_name, name_key
from seggraph.vocabulary import (
    AuditAction,
    AuditSubject,
    CampaignSegmentRole,
    CampaignStatus,
    Channel,
    MemberKind,
    SegmentStatus,
)

MAX_SEGMENTS: Final = 200
"""Most segments that one campaign targets and leaves out together."""

TRANSITIONS: Final[Mapping[CampaignStatus, tuple[CampaignStatus, ...]]] = {
    CampaignStatus.DRAFT: (CampaignStatus.ACTIVE,),
    CampaignStatus.ACTIVE: (CampaignStatus.PAUSED, CampaignStatus.COMPLETED),
    CampaignStatus.PAUSED: (CampaignStatus.ACTIVE, CampaignStatus.COMPLETED),
    CampaignStatus.COMPLETED: (),
}
"""The statuses that a campaign can go to from each."""

UNATTACHABLE: Final = (SegmentStatus.ARCHIVED, SegmentStatus.PAUSED)

PATHS: Final = {
    CampaignSegmentRole.INCLUDE: "segmentIds",
    CampaignSegmentRole.EXCLUDE: "excludeSegmentIds",
}

CREATE = """
    INSERT INTO campaigns (workspace_id, name, name_key, channel, status, starts_on, ends_on, created_by_id,
      created_by_key_id, created_at, last_modified_at)
    VALUES ($1, $2, $3, $4, 'DRAFT', $5, $6, $7, $8, now(), now())
    ON CONFLICT (workspace_id, name_key) DO NOTHING RETURNING id
"""

EDIT = """
    UPDATE campaigns SET name = $3, name_key = $4, channel = $5, starts_on = $6, ends_on = $7,
      version = version + 1, last_modified_at = now()
    WHERE workspace_id = $1 AND id = $2
"""

SET_STATUS = """
    UPDATE campaigns SET status = $3, version = version + 1, last_modified_at = now()
    WHERE workspace_id = $1 AND id = $2
"""

HOLD_SEGMENTS: Final = """
    SELECT id FROM segments WHERE workspace_id = $1 AND (id = ANY($3) OR id IN
      (SELECT segment_id FROM campaign_segments WHERE workspace_id = $1 AND campaign_id = $2))
    ORDER BY id FOR SHARE
"""
"""An archiving transaction holds the segment's row, so one of the two waits; refreshes hold rows in this order."""

FIND_SEGMENTS: Final = f"""
    SELECT s.id, s.name, s.kind, s.status FROM segments s WHERE {VISIBLE_SEGMENT} AND s.id = ANY($4)
"""  # noqa: S608 - constants only, here and below

ATTACHED: Final = f"""
    SELECT t.segment_id, t.role, s.kind, s.status, s.name, ({VISIBLE_SEGMENT}) AS is_visible
    FROM campaign_segments t JOIN segments s ON s.id = t.segment_id
    WHERE t.workspace_id = $1 AND t.campaign_id = $4 ORDER BY t.id
"""  # noqa: S608

DETACH = "DELETE FROM campaign_segments WHERE workspace_id = $1 AND campaign_id = $2 AND segment_id = ANY($3)"

ATTACH = """
    INSERT INTO campaign_segments (workspace_id, campaign_id, segment_id, role)
    SELECT $1, $2, segment_id, role FROM unnest($3::bigint[], $4::text[]) AS t(segment_id, role)
    ON CONFLICT (workspace_id, campaign_id, segment_id) DO UPDATE SET role = EXCLUDED.role
"""

HAS_METRICS = "SELECT EXISTS (SELECT FROM campaign_metrics WHERE workspace_id = $1 AND campaign_id = $2)"

DELETE_DRAFT = "DELETE FROM campaigns WHERE workspace_id = $1 AND id = $2"

DESCRIBED: Final = ("name", "channel", "status", "starts_on", "ends_on")
AUDITED: Final = {
    CampaignSegmentRole.INCLUDE: "segment_ids",
    CampaignSegmentRole.EXCLUDE: "exclude_segment_ids",
}
"""What the audit log has of a campaign and, by their role, of its segments."""

Wanted = dict[int, tuple[CampaignSegmentRole, int]]
"""What each segment is to be to a campaign, and its place in the list that says so."""


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """A campaign to create."""

    name: str
    channel: Channel | None = None
    segment_ids: Sequence[int] = ()
    exclude_segment_ids: Sequence[int] = ()
    starts_on: date | None = None
    ends_on: date | None = None


async def create(context: Context, viewer: Viewer, draft: CampaignDraft) -> CampaignView:
    """Create a DRAFT over segments that the viewer sees.

    Raises Forbidden, NameTaken, Required, TooLong, TooMany, and NotFound or Invalid for segments and dates.
    """
    require_write(viewer)
    name = clean_name(draft.name, "campaign")
    _require_order(draft.starts_on, draft.ends_on)
    wanted = _roles(draft.segment_ids, draft.exclude_segment_ids)
    async with begin() as unit:
        campaign_id = await unit.connection.fetchval(
            CREATE,
            viewer.workspace_id,
            name,
            name_key(name),
            draft.channel,
            draft.starts_on,
            draft.ends_on,
            viewer.user_id,
            viewer.api_key_id,
        )
        if campaign_id is None:
            raise _name_taken(name)
        await unit.connection.execute(HOLD_SEGMENTS, viewer.workspace_id, campaign_id, list(wanted))
        await _attach(unit, viewer, campaign_id, CampaignStatus.DRAFT, wanted)
        return await _audited(context, unit, viewer, campaign_id, AuditAction.CREATED)


async def update(
    context: Context,
    viewer: Viewer,
    campaign_id: int,
    given: Mapping[str, Any],
    *,
    version: int | None = None,
) -> CampaignView:
    """Change what is given of: name, channel, starts_on, ends_on, segment_ids, exclude_segment_ids.

    Lists of segments replace those that the viewer sees; the others stay. Raises NotFound, Forbidden,
    StaleVersion, BadTransition (completed) and what `create` raises.
    """
    async with begin() as unit:
        before = await hold(unit, viewer, campaign_id)
        attached = _by_role(await _attached(unit, viewer, campaign_id))
        if version is not None and version != before.version:
            raise StaleVersion(
                f"Someone changed this campaign: it is at version {before.version}, you edited version {version}."
                " Read it again and repeat your change.",
                path=("version",),
            )
        if before.status is CampaignStatus.COMPLETED:
            raise BadTransition("A completed campaign stays as it is.", path=("id",))
        name = clean_name(given["name"], "campaign") if "name" in given else before.name
        starts_on = given.get("starts_on", before.starts_on)
        ends_on = given.get("ends_on", before.ends_on)
        _require_order(starts_on, ends_on)
        channel = given.get("channel", before.channel)
        key = name_key(name)
        try:
            await unit.connection.execute(
                EDIT, viewer.workspace_id, campaign_id, name, key, channel, starts_on, ends_on
            )
        except asyncpg.UniqueViolationError as error:
            raise _name_taken(name) from error
        await _reattach(unit, viewer, before, given)
        return await _audited(context, unit, viewer, campaign_id, AuditAction.EDITED, before, attached)


async def set_status(
    context: Context, viewer: Viewer, campaign_id: int, status: CampaignStatus
) -> CampaignView:
    """Lead a campaign to another status; to the one it has does nothing.

    Raises NotFound, Forbidden, BadTransition for what is not in TRANSITIONS, and for ACTIVE: Required without a
    segment to target, Invalid while one of its segments is not ACTIVE.
    """
    async with begin() as unit:
        before = await hold(unit, viewer, campaign_id)
        if before.status is status:
            return before
        if status not in TRANSITIONS[before.status]:
            raise _bad_transition(before.status)
        if status is CampaignStatus.ACTIVE:
            await unit.connection.execute(HOLD_SEGMENTS, viewer.workspace_id, campaign_id, [])
            _require_ready(await _attached(unit, viewer, campaign_id))
        await unit.connection.execute(SET_STATUS, viewer.workspace_id, campaign_id, status)
        return await _audited(context, unit, viewer, campaign_id, AuditAction.STATUS_CHANGED, before)


async def delete(context: Context, viewer: Viewer, campaign_id: int) -> None:
    """Delete a DRAFT without metrics. Raises NotFound, Forbidden, BadTransition."""
    async with begin() as unit:
        before = await hold(unit, viewer, campaign_id)
        if before.status is not CampaignStatus.DRAFT:
            raise BadTransition(
                f"Only a draft can be deleted; this campaign is {before.status}.", path=("id",)
            )
        if await unit.connection.fetchval(HAS_METRICS, viewer.workspace_id, campaign_id):
            raise BadTransition("Metrics were recorded for this campaign: it is kept for them.", path=("id",))
        subject = audit.Subject(AuditSubject.CAMPAIGN, campaign_id, before.name)
        was = audit.described(before, *DESCRIBED) | _by_role(await _attached(unit, viewer, campaign_id))
        await audit.record(unit, viewer, AuditAction.DELETED, subject, was)
        await unit.connection.execute(DELETE_DRAFT, viewer.workspace_id, campaign_id)
        context.publish(unit, [_changed(viewer, campaign_id)])


async def hold(unit: UnitOfWork, viewer: Viewer, campaign_id: int) -> CampaignView:
    """The campaign, its row held until the unit ends, if the viewer may change it. Raises NotFound, Forbidden."""
    row = await unit.connection.fetchrow(
        f"{SELECT} AND c.id = $2 FOR UPDATE OF c", viewer.workspace_id, campaign_id
    )
    if row is None:
        raise NotFound("There is no such campaign.", path=("id",))
    campaign = view_of(row)
    require_campaign_management(viewer, created_by_id=campaign.created_by_id)
    return campaign


def _roles(included: Sequence[int], excluded: Sequence[int]) -> Wanted:
    """What each segment is to be. Raises Invalid for one that is to be both."""
    wanted: Wanted = {}
    for role, segment_ids in zip(PATHS, (included, excluded), strict=True):
        for index, segment_id in enumerate(segment_ids):
            first, _ = wanted.setdefault(segment_id, (role, index))
            if first is not role:
                message = "A campaign cannot target a segment and leave it out."
                raise Invalid(message, path=(PATHS[role], index))
    return wanted


async def _reattach(
    unit: UnitOfWork, viewer: Viewer, campaign: CampaignView, given: Mapping[str, Any]
) -> None:
    """Make the segments that the viewer sees those that are given; a list that is not given stays."""
    if "segment_ids" not in given and "exclude_segment_ids" not in given:
        return
    named = [*(given.get("segment_ids") or ()), *(given.get("exclude_segment_ids") or ())]
    await unit.connection.execute(HOLD_SEGMENTS, viewer.workspace_id, campaign.id, named)
    attached = await _attached(unit, viewer, campaign.id)
    seen = {row["segment_id"]: CampaignSegmentRole(row["role"]) for row in attached if row["is_visible"]}
    included = [one for one, role in seen.items() if role is CampaignSegmentRole.INCLUDE]
    excluded = [one for one, role in seen.items() if role is CampaignSegmentRole.EXCLUDE]
    wanted = _roles(
        given.get("segment_ids", included) or (), given.get("exclude_segment_ids", excluded) or ()
    )
    dropped = [segment_id for segment_id in seen if segment_id not in wanted]
    await unit.connection.execute(DETACH, viewer.workspace_id, campaign.id, dropped)
    new = {one: place for one, place in wanted.items() if seen.get(one) is not place[0]}
    await _attach(unit, viewer, campaign.id, campaign.status, new)
    if campaign.status is CampaignStatus.ACTIVE:
        _require_target(await _attached(unit, viewer, campaign.id))


async def _attach(
    unit: UnitOfWork, viewer: Viewer, campaign_id: int, status: CampaignStatus, wanted: Wanted
) -> None:
    """Attach segments, whose rows the unit holds. Raises what is wrong with them."""
    if not wanted:
        return
    rows = await unit.connection.fetch(FIND_SEGMENTS, *visibility_arguments(viewer), list(wanted))
    found = {row["id"]: row for row in rows}
    _require_attachable(wanted, found, is_active=status is CampaignStatus.ACTIVE)
    roles = [role for role, _ in wanted.values()]
    await unit.connection.execute(ATTACH, viewer.workspace_id, campaign_id, list(wanted), roles)
    attached = await _attached(unit, viewer, campaign_id)
    if len(attached) > MAX_SEGMENTS:
        raise TooMany(f"A campaign has at most {MAX_SEGMENTS} segments.", path=("segmentIds",))
    kinds = sorted({MemberKind(row["kind"]).name for row in attached})
    if len(kinds) > 1:
        message = f"The segments of a campaign hold members of one kind; these hold {' and '.join(kinds)}."
        raise Invalid(message, path=(PATHS[roles[0]],))


def _require_attachable(wanted: Wanted, found: Mapping[int, asyncpg.Record], *, is_active: bool) -> None:
    """Raise the problems of segments that cannot be attached, each with its place among the ids of its list."""
    problems: list[SeggraphError] = []
    needed = "an ACTIVE campaign takes only ACTIVE ones" if is_active else "attach ACTIVE ones, or drafts"
    for segment_id, (role, index) in wanted.items():
        row, path = found.get(segment_id), (PATHS[role], index)
        if row is None:
            problems.append(NotFound("There is no such segment.", path=path))
        elif row["status"] in UNATTACHABLE or (is_active and row["status"] != SegmentStatus.ACTIVE):
            problems.append(Invalid(f'"{row["name"]}" is {row["status"]}: {needed}.', path=path))
    if problems:
        raise Problems(problems)


async def _attached(unit: UnitOfWork, viewer: Viewer, campaign_id: int) -> list[asyncpg.Record]:
    """The segments of a campaign, also those that a viewer may not see."""
    rows: list[asyncpg.Record] = await unit.connection.fetch(
        ATTACHED, *visibility_arguments(viewer), campaign_id
    )
    return rows


def _require_target(attached: Sequence[asyncpg.Record]) -> None:
    if not any(row["role"] == CampaignSegmentRole.INCLUDE for row in attached):
        raise Required("An ACTIVE campaign needs a segment to target.", path=("segmentIds",))


def _require_ready(attached: Sequence[asyncpg.Record]) -> None:
    """Raise unless a campaign with these segments can be ACTIVE."""
    _require_target(attached)
    waiting = [row for row in attached if row["status"] != SegmentStatus.ACTIVE]
    if waiting:
        names = [f'"{row["name"]}" ({row["status"]})' for row in waiting if row["is_visible"]]
        hidden = len(waiting) - len(names)
        names += [f"{hidden} that you do not see"] if hidden else []
        message = f"All segments of an ACTIVE campaign are ACTIVE; these are not: {', '.join(names)}."
        raise Invalid(message, path=("id",))


def _require_order(starts_on: date | None, ends_on: date | None) -> None:
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        raise Invalid("A campaign ends on the day that it starts, or later.", path=("endsOn",))


async def _audited(
    context: Context,
    unit: UnitOfWork,
    viewer: Viewer,
    campaign_id: int,
    action: AuditAction,
    before: CampaignView | None = None,
    attached_before: Mapping[str, list[int]] | None = None,
) -> CampaignView:
    """The campaign as the unit leaves it, after telling subscribers and the audit log."""
    context.publish(unit, [_changed(viewer, campaign_id)])
    row = await unit.connection.fetchrow(f"{SELECT} AND c.id = $2", viewer.workspace_id, campaign_id)
    campaign = view_of(row)
    was, now = None, audit.described(campaign, *DESCRIBED)
    if before is None or attached_before is not None:
        now |= _by_role(await _attached(unit, viewer, campaign_id))
    if before is not None:
        was = audit.described(before, *DESCRIBED) | dict(attached_before or {})
    subject = audit.Subject(AuditSubject.CAMPAIGN, campaign_id, campaign.name)
    await audit.record(unit, viewer, action, subject, was, now)
    return campaign


def _by_role(attached: Sequence[asyncpg.Record]) -> dict[str, list[int]]:
    """The segments of a campaign, as the audit log tells them."""
    return {
        name: sorted(row["segment_id"] for row in attached if row["role"] == role)
        for role, name in AUDITED.items()
    }


def _changed(viewer: Viewer, campaign_id: int) -> CampaignChanged:
    return CampaignChanged(workspace_id=viewer.workspace_id, at=datetime.now(UTC), campaign_id=campaign_id)


def _bad_transition(status: CampaignStatus) -> BadTransition:
    possible = TRANSITIONS[status]
    what = f"it can become {' or '.join(possible)}" if possible else "it stays so"
    return BadTransition(f"This campaign is {status}: {what}.", path=("status",))


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"There is a campaign called {name!r} already; choose another name.", path=("name",))

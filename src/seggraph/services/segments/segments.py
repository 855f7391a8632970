"""Segments: define, activate, ask for a new computation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from seggraph.access import Viewer, require_write
from seggraph.context import Context
from seggraph.criteria import references
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import (
    Invalid,
    NameTaken,
    NotFound,
    RateLimited,
    Required,
    TooMany,
)
from seggraph.services.computations import computations
from seggraph.services.criteria import documents as criteria_documents
from seggraph.services.labels import folders, labels
from seggraph.services.rules import segment_references
from seggraph.services.segments import lifecycle
from seggraph.services.segments import rows as segment_rows
from seggraph.services.segments.views import USERS_HIDDEN_FROM, SegmentView
from seggraph.values.names import clean_description, clean_name, name_key
from seggraph.vocabulary import (
    ApiKeyScope,
    AuditAction,
    MemberKind,
    ReachStatus,
    Role,
    SegmentOrigin,
    SegmentPurpose,
    SegmentStatus,
    SegmentTransition,
    SegmentType,
    SourceKind,
    Visibility,
)

MAX_HIDDEN_FROM: Final = 100
SHORTEST_SYNC_INTERVAL: Final = timedelta(minutes=5)
LONGEST_SYNC_INTERVAL: Final = timedelta(days=31)

CREATE = f"""
    INSERT INTO segments (workspace_id, name, name_key, description, kind, type, status, purpose, origin,
      visibility, criteria, sync_interval_seconds, version, {computations.NEW_COLUMNS},
      created_by_id, created_by_key_id, created_at, last_action, last_modified_by_id, last_modified_by_key_id,
      last_modified_at)
    VALUES ($1, $2, $3, $4, $5, $6, 'DRAFT', $7, $8, $9, $10, $11, 1, {computations.NEW_VALUES},
      $12, $13, now(), 'CREATED', $12, $13, now())
    ON CONFLICT (workspace_id, name_key) DO NOTHING
    RETURNING id
"""  # noqa: S608 - constants only

RECALCULATE_AGAIN_SECONDS: Final = 10

CREATE_SOURCES = """
    INSERT INTO sources (workspace_id, segment_id, kind, created_at)
    SELECT $1, $2, kind, now() FROM unnest($3::text[]) AS kind
"""

USERS_OF_WORKSPACE = "SELECT user_id, role FROM workspace_users WHERE workspace_id = $1 AND user_id = ANY($2)"

HIDE = """
    INSERT INTO segment_hidings (workspace_id, segment_id, user_id)
    SELECT $1, $2, user_id FROM unnest($3::bigint[]) AS user_id
"""


@dataclass(frozen=True, slots=True)
class SegmentDraft:
    """A segment to create. `activate` None means: as soon as it has criteria."""

    name: str
    kind: MemberKind
    type: SegmentType
    purpose: SegmentPurpose | None = None
    description: str | None = None
    criteria: criteria_documents.Given | None = None
    visibility: Visibility = Visibility.WORKSPACE
    hidden_from: Sequence[int] = ()
    sync_interval: timedelta | None = None
    activate: bool | None = None
    label_ids: Sequence[int] = ()
    folder_id: int | None = None


async def create(context: Context, viewer: Viewer, draft: SegmentDraft) -> SegmentView:
    """Create a segment: ACTIVE, and being computed, if it has criteria; otherwise a DRAFT.

    Team members' segments are private to them. Raises Forbidden, Required, Invalid, TooLong, NameTaken, and
    CriteriaError for criteria.
    """
    async with begin() as unit:
        return await create_within(context, unit, viewer, draft)


async def create_within(
    context: Context, unit: UnitOfWork, viewer: Viewer, draft: SegmentDraft
) -> SegmentView:
    """Create a segment as part of a larger unit of work; see `create`."""
    require_write(viewer)
    name = clean_name(draft.name, "segment")
    require_fitting_criteria(draft.type, draft.criteria)
    activate = draft.criteria is not None if draft.activate is None else draft.activate
    criteria = await stored_criteria(unit, viewer, draft.kind, draft.criteria)
    segment_id = await unit.connection.fetchval(
        CREATE,
        viewer.workspace_id,
        name,
        name_key(name),
        clean_description(draft.description),
        draft.kind,
        draft.type,
        draft.purpose,
        origin_of(viewer),
        draft.visibility if viewer.manages_all else Visibility.PRIVATE,
        criteria,
        clean_sync_interval(draft.sync_interval),
        viewer.user_id,
        viewer.api_key_id,
    )
    if segment_id is None:
        raise name_taken(name)
    await create_sources(unit, viewer.workspace_id, segment_id, draft.type)
    await hide_from(unit, viewer, segment_id, draft.hidden_from)
    if draft.folder_id is not None:
        await folders.require(unit, viewer, draft.folder_id)
        await unit.connection.execute(
            segment_rows.SET_FOLDER, viewer.workspace_id, segment_id, draft.folder_id
        )
    if draft.label_ids:
        await labels.put_on(unit, viewer, segment_id, draft.label_ids)
    created = segment_rows.status_changed(viewer.workspace_id, segment_id, 0, SegmentStatus.DRAFT, None)
    context.publish(unit, [created])
    if activate:
        _require_criteria_to_activate(draft.type, criteria)
        await segment_rows.compute(context, unit, viewer.workspace_id, segment_id, SegmentStatus.DRAFT)
    hidden = {"hidden_from_ids": sorted(draft.hidden_from) or None}
    return await segment_rows.noted(unit, viewer, AuditAction.CREATED, None, segment_id, later=hidden)


async def activate(
    context: Context, viewer: Viewer, segment_id: int, *, version: int | None = None
) -> SegmentView:
    """Make a draft ACTIVE and have it computed; an ACTIVE segment stays as it is.

    Raises NotFound, Forbidden, StaleVersion, Required (a DYNAMIC segment without criteria) and BadTransition.
    """
    async with begin() as unit:
        before = await segment_rows.hold(unit, viewer, segment_id)
        lifecycle.require_version(before, version)
        if before.status is SegmentStatus.ACTIVE:
            return before
        lifecycle.require_possible(before, SegmentTransition.ACTIVATE)
        _require_criteria_to_activate(before.type, before.criteria)
        await segment_rows.activate(context, unit, viewer, segment_id)
        return await segment_rows.noted(unit, viewer, AuditAction.ACTIVATED, before, segment_id)


async def recalculate(
    context: Context, viewer: Viewer, segment_id: int, *, version: int | None = None
) -> SegmentView:
    """Have an ACTIVE segment computed anew; one that is being computed goes on.

    Raises NotFound, Forbidden, StaleVersion, BadTransition, and RateLimited when too much is being computed.
    """
    async with begin() as unit:
        before = await lifecycle.hold_for(
            unit, viewer, segment_id, SegmentTransition.RECALCULATE, version=version
        )
        if before.reach_status is not ReachStatus.CALCULATING:
            await _require_few_computations(context, unit, viewer)
            context.throttle.recalculate(viewer)
            await segment_rows.compute(context, unit, viewer.workspace_id, segment_id, before.status)
        return await segment_rows.noted(unit, viewer, AuditAction.RECALCULATED, before, segment_id)


async def _require_few_computations(context: Context, unit: UnitOfWork, viewer: Viewer) -> None:
    """Raise RateLimited while many segments of the workspace wait for a computation."""
    most = context.settings.max_workspace_recalculations
    if await unit.connection.fetchval(computations.COUNT_OPEN, viewer.workspace_id) >= most:
        raise RateLimited(
            f"{most:,} segments of this workspace wait for their computation: try again when some are READY.",
            limit=most,
            retry_after_seconds=RECALCULATE_AGAIN_SECONDS,
        )


def origin_of(viewer: Viewer) -> SegmentOrigin:
    """Who makes a segment: an administrator's program for the customer, or a person, also through a program."""
    is_provisioned = viewer.user_id is None and viewer.scope is ApiKeyScope.ADMIN
    return SegmentOrigin.CUSTOM if is_provisioned else SegmentOrigin.USER


def filled_by(type_: SegmentType) -> SourceKind:
    """The source that segments of a type have besides manual membership and playbooks."""
    return SourceKind.CRITERIA if type_ is SegmentType.DYNAMIC else SourceKind.IMPORT


async def create_sources(unit: UnitOfWork, workspace_id: int, segment_id: int, type_: SegmentType) -> None:
    """Give a new segment the sources that every segment of its type has."""
    kinds = [SourceKind.MANUAL, filled_by(type_)]
    await unit.connection.execute(CREATE_SOURCES, workspace_id, segment_id, kinds)


async def hide_from(unit: UnitOfWork, viewer: Viewer, segment_id: int, user_ids: Sequence[int]) -> None:
    """Make these users, and no others, those that the segment is hidden from.

    Raises TooMany, NotFound, and Invalid for oneself and for those who manage all: somebody has to see it.
    """
    wanted = sorted(set(user_ids))
    if len(wanted) > MAX_HIDDEN_FROM:
        raise TooMany(f"Hide a segment from at most {MAX_HIDDEN_FROM} users.", path=("hiddenFromIds",))
    found = await unit.connection.fetch(USERS_OF_WORKSPACE, viewer.workspace_id, wanted)
    if len(found) != len(wanted):
        raise NotFound("One of these users is not in this workspace.", path=("hiddenFromIds",))
    for index, user_id in enumerate(user_ids):
        if user_id == viewer.user_id:
            raise Invalid(
                "A segment cannot be hidden from yourself: leave yourself out.", path=("hiddenFromIds", index)
            )
    managers = {row["user_id"] for row in found if row["role"] != Role.TEAM_MEMBER}
    for index, user_id in enumerate(user_ids):
        if user_id in managers:
            raise Invalid(
                "A segment cannot be hidden from an administrator or a leader: leave them out.",
                path=("hiddenFromIds", index),
            )
    await unit.connection.execute(
        "DELETE FROM segment_hidings WHERE workspace_id = $1 AND segment_id = $2",
        viewer.workspace_id,
        segment_id,
    )
    await unit.connection.execute(HIDE, viewer.workspace_id, segment_id, wanted)


async def hidden_from(unit: UnitOfWork, viewer: Viewer, segment_id: int) -> list[int]:
    """The ids of the users that a segment is hidden from."""
    rows = await unit.connection.fetch(USERS_HIDDEN_FROM, viewer.workspace_id, [segment_id])
    return [row["user_id"] for row in rows]


async def stored_criteria(
    unit: UnitOfWork,
    viewer: Viewer,
    kind: MemberKind,
    given: criteria_documents.Given | None,
    *,
    segment_id: int | None = None,
) -> str | None:
    """Criteria as a segment keeps them. Only a segment that exists already can be referred to by others."""
    if given is None:
        return None
    node, tree = await criteria_documents.read(unit.connection, viewer, kind, given)
    if segment_id is not None:
        found = references(tree, kind, path=criteria_documents.path_of(given))
        await segment_references.require_acyclic(unit.connection, viewer, {segment_id}, found)
    return criteria_documents.stored(node)


def require_fitting_criteria(type_: SegmentType, criteria: object) -> None:
    """Raise Invalid for criteria of a STATIC segment."""
    if type_ is SegmentType.STATIC and criteria is not None:
        message = "A static segment has no criteria: make it dynamic, or add members manually or by import."
        raise Invalid(message, path=("criteria",))


def _require_criteria_to_activate(type_: SegmentType, criteria: object) -> None:
    if type_ is SegmentType.DYNAMIC and criteria is None:
        raise Required("A dynamic segment needs criteria before it can be active.", path=("criteria",))


def clean_sync_interval(interval: timedelta | None) -> int | None:
    """The interval in seconds. Raises Invalid for one that is too short or too long."""
    if interval is None:
        return None
    if not SHORTEST_SYNC_INTERVAL <= interval <= LONGEST_SYNC_INTERVAL:
        raise Invalid("The sync interval is between PT5M and P31D.", path=("syncInterval",))
    return int(interval.total_seconds())


def name_taken(name: str) -> NameTaken:
    """The error that another segment has the name."""
    return NameTaken(f"There is a segment called {name!r} already; choose another name.", path=("name",))

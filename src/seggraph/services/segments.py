"""Segments: define, edit, activate, ask for a new computation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import asyncpg
import orjson

from seggraph.criteria import references
from seggraph.errors import (
    BadTransition,
    Forbidden,
    Invalid,
    NameTaken,
    NotFound,
    Required,
    StaleVersion,
    TooMany,
)
from seggraph.services import criteria_documents, segment_references, segment_rows
from seggraph.services.context import Context
from seggraph.services.names import clean_description, clean_name, name_key
from seggraph.services.policy import (
    Viewer,
    require_write,
)
from seggraph.services.segment_views import SegmentView
from seggraph.vocabulary import (
    MemberKind,
    ReachStatus,
    SegmentAction,
    SegmentOrigin,
    SegmentPurpose,
    SegmentStatus,
    SegmentType,
    SourceKind,
    Visibility,
)
from seggraph.work import Work, begin

MAX_HIDDEN_FROM: Final = 100
SHORTEST_SYNC_INTERVAL: Final = timedelta(minutes=5)
LONGEST_SYNC_INTERVAL: Final = timedelta(days=31)

CREATE = """
    INSERT INTO segments (workspace_id, name, name_key, description, kind, type, status, purpose, origin,
      visibility, criteria, sync_interval_seconds, version, requested_revision, computed_revision, attempts,
      reach_status, member_count, created_by_id, created_at, last_action, last_modified_by_id, last_modified_at)
    VALUES ($1, $2, $3, $4, $5, $6, 'DRAFT', $7, $8, $9, $10, $11, 1, 0, 0, 0,
      'NONE', 0, $12, now(), 'CREATED', $12, now())
    ON CONFLICT (workspace_id, name_key) DO NOTHING
    RETURNING id
"""

CREATE_SOURCES = """
    INSERT INTO sources (workspace_id, segment_id, kind, created_at)
    SELECT $1, $2, kind, now() FROM unnest($3::text[]) AS kind
"""

EDITABLE: Final = ("name", "name_key", "description", "visibility", "criteria", "sync_interval_seconds")

EDIT: Final = f"""
    UPDATE segments s SET {", ".join(f"{column} = ${index}" for index, column in enumerate(EDITABLE, start=3))}
    WHERE workspace_id = $1 AND id = $2
"""  # noqa: S608 - constants only

RESCHEDULE: Final = """
    UPDATE segments SET next_sync_at = now() + make_interval(secs => coalesce(sync_interval_seconds, $3))
    WHERE workspace_id = $1 AND id = $2 AND next_sync_at IS NOT NULL
"""

USERS_OF_WORKSPACE = "SELECT user_id FROM workspace_users WHERE workspace_id = $1 AND user_id = ANY($2)"

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


async def create(context: Context, viewer: Viewer, draft: SegmentDraft) -> SegmentView:
    """Create a segment: ACTIVE, and being computed, if it has criteria; otherwise a DRAFT.

    Team members' segments are private to them. Raises Forbidden, Required, Invalid, TooLong, NameTaken, and
    CriteriaError for criteria.
    """
    async with begin() as unit:
        return await create_within(context, unit, viewer, draft)


async def create_within(context: Context, unit: Work, viewer: Viewer, draft: SegmentDraft) -> SegmentView:
    """Create a segment as part of a larger unit of work; see `create`."""
    require_write(viewer)
    name = clean_name(draft.name, "segment")
    _require_fitting_criteria(draft.type, draft.criteria)
    activate = draft.criteria is not None if draft.activate is None else draft.activate
    criteria = await _stored_criteria(unit, viewer, draft.kind, draft.criteria)
    segment_id = await unit.connection.fetchval(
        CREATE,
        viewer.workspace_id,
        name,
        name_key(name),
        clean_description(draft.description),
        draft.kind,
        draft.type,
        draft.purpose,
        _origin(viewer),
        draft.visibility if viewer.manages_all else Visibility.PRIVATE,
        criteria,
        _clean_sync_interval(draft.sync_interval),
        viewer.user_id,
    )
    if segment_id is None:
        raise _name_taken(name)
    await _create_sources(unit, viewer, segment_id, draft.type)
    await _hide_from(unit, viewer, segment_id, draft.hidden_from)
    created = segment_rows.status_changed(viewer.workspace_id, segment_id, 0, SegmentStatus.DRAFT, None)
    context.publish(unit, [created])
    if activate:
        _require_criteria_to_activate(draft.type, criteria)
        await segment_rows.compute(context, unit, viewer.workspace_id, segment_id, SegmentStatus.DRAFT)
    return await segment_rows.read_back(unit, viewer, segment_id)


async def update(
    context: Context, viewer: Viewer, segment_id: int, given: Mapping[str, Any], *, version: int | None = None
) -> SegmentView:
    """Change what is given of: name, description, criteria, visibility, hidden_from, sync_interval.

    With `version`, only if nobody changed the segment since it was read. New criteria on an ACTIVE segment void
    the run at work and start a new one; the first criteria of a draft activate it. Raises NotFound, Forbidden,
    StaleVersion, BadTransition (archived), NameTaken, Invalid, CriteriaError.
    """
    async with begin() as unit:
        before = await segment_rows.hold(unit, viewer, segment_id)
        _require_version(before, version)
        if before.status is SegmentStatus.ARCHIVED:
            raise BadTransition("An archived segment cannot be edited; unarchive it first.", path=("id",))
        after = await _edited(unit, viewer, before, given)
        try:
            await unit.connection.execute(EDIT, viewer.workspace_id, segment_id, *after.values())
        except asyncpg.UniqueViolationError as error:
            raise _name_taken(str(after["name"])) from error
        if "sync_interval" in given:
            await unit.connection.execute(
                RESCHEDULE,
                viewer.workspace_id,
                segment_id,
                segment_rows.DEFAULT_SYNC_INTERVAL.total_seconds(),
            )
        if "hidden_from" in given:
            await _hide_from(unit, viewer, segment_id, given["hidden_from"] or ())
        await segment_rows.touch(unit, viewer, segment_id, SegmentAction.EDITED)
        if _needs_computing(before, after["criteria"]):
            await segment_rows.compute(context, unit, viewer.workspace_id, segment_id, before.status)
        return await segment_rows.read_back(unit, viewer, segment_id)


async def activate(context: Context, viewer: Viewer, segment_id: int) -> SegmentView:
    """Make a draft ACTIVE and have it computed; an ACTIVE segment stays as it is.

    Raises NotFound, Forbidden, Required (a DYNAMIC segment without criteria) and BadTransition.
    """
    async with begin() as unit:
        before = await segment_rows.hold(unit, viewer, segment_id)
        if before.status is SegmentStatus.ACTIVE:
            return before
        if before.status is not SegmentStatus.DRAFT:
            raise BadTransition(
                f"Only a draft can be activated; this segment is {before.status}.", path=("id",)
            )
        _require_criteria_to_activate(before.type, before.criteria)
        await segment_rows.activate(context, unit, viewer, segment_id)
        return await segment_rows.read_back(unit, viewer, segment_id)


async def recalculate(context: Context, viewer: Viewer, segment_id: int) -> SegmentView:
    """Have an ACTIVE segment computed anew; one that is being computed goes on.

    Raises NotFound, Forbidden and BadTransition.
    """
    async with begin() as unit:
        before = await segment_rows.hold(unit, viewer, segment_id)
        if before.status is not SegmentStatus.ACTIVE:
            raise BadTransition(
                f"Only an active segment is calculated; this one is {before.status}.", path=("id",)
            )
        if before.reach_status is not ReachStatus.CALCULATING:
            await segment_rows.compute(context, unit, viewer.workspace_id, segment_id, before.status)
        return await segment_rows.read_back(unit, viewer, segment_id)


def _origin(viewer: Viewer) -> SegmentOrigin:
    """Who makes a segment: a person, a program on the customer's behalf, or the system itself."""
    if viewer.user_id is not None:
        return SegmentOrigin.USER
    return SegmentOrigin.DEFAULT if viewer.api_key_id is None else SegmentOrigin.CUSTOM


async def _create_sources(unit: Work, viewer: Viewer, segment_id: int, type_: SegmentType) -> None:
    kinds = [SourceKind.MANUAL]
    kinds.append(SourceKind.CRITERIA if type_ is SegmentType.DYNAMIC else SourceKind.IMPORT)
    await unit.connection.execute(CREATE_SOURCES, viewer.workspace_id, segment_id, kinds)


async def _hide_from(unit: Work, viewer: Viewer, segment_id: int, user_ids: Sequence[int]) -> None:
    """Make these users, and no others, those that the segment is hidden from."""
    wanted = sorted(set(user_ids))
    if len(wanted) > MAX_HIDDEN_FROM:
        raise TooMany(f"Hide a segment from at most {MAX_HIDDEN_FROM} users.", path=("hiddenFromIds",))
    found = await unit.connection.fetch(USERS_OF_WORKSPACE, viewer.workspace_id, wanted)
    if len(found) != len(wanted):
        raise NotFound("One of these users is not in this workspace.", path=("hiddenFromIds",))
    await unit.connection.execute(
        "DELETE FROM segment_hidings WHERE workspace_id = $1 AND segment_id = $2",
        viewer.workspace_id,
        segment_id,
    )
    await unit.connection.execute(HIDE, viewer.workspace_id, segment_id, wanted)


async def _edited(
    unit: Work, viewer: Viewer, before: SegmentView, given: Mapping[str, Any]
) -> dict[str, object]:
    """The values of EDITABLE after the edit, in order."""
    name = clean_name(given["name"], "segment") if "name" in given else before.name
    description = given.get("description", before.description)
    visibility = given.get("visibility") or before.visibility
    if visibility is not before.visibility and not viewer.manages_all:
        raise Forbidden("Team members' segments are private.", path=("visibility",))
    interval = before.sync_interval_seconds
    if "sync_interval" in given:
        interval = _clean_sync_interval(given["sync_interval"])
    return {
        "name": name,
        "name_key": name_key(name),
        "description": clean_description(description),
        "visibility": visibility,
        "criteria": await _edited_criteria(unit, viewer, before, given),
        "sync_interval_seconds": interval,
    }


async def _edited_criteria(
    unit: Work, viewer: Viewer, before: SegmentView, given: Mapping[str, Any]
) -> str | None:
    """The criteria after the edit. What is not edited is not checked again: it may be older than the catalogue."""
    if "criteria" not in given:
        return None if before.criteria is None else orjson.dumps(before.criteria).decode()
    document = given["criteria"]
    _require_fitting_criteria(before.type, document)
    if document is None and before.status is not SegmentStatus.DRAFT and before.type is SegmentType.DYNAMIC:
        raise Required("A dynamic segment that is not a draft needs criteria.", path=("criteria",))
    return await _stored_criteria(unit, viewer, before.kind, document, segment_id=before.id)


def _needs_computing(before: SegmentView, criteria: object) -> bool:
    """Whether an edit calls for a computation: new criteria while ACTIVE, or the first ones of a draft."""
    if not isinstance(criteria, str) or orjson.loads(criteria) == before.criteria:
        return False
    is_first = before.status is SegmentStatus.DRAFT and before.criteria is None
    return before.status is SegmentStatus.ACTIVE or is_first


async def _stored_criteria(
    unit: Work,
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


def _require_version(segment: SegmentView, version: int | None) -> None:
    if version is not None and version != segment.version:
        raise StaleVersion(
            f"Someone changed this segment: it is at version {segment.version}, you edited version {version}."
            " Read it again and repeat your change.",
            path=("version",),
        )


def _require_fitting_criteria(type_: SegmentType, criteria: object) -> None:
    if type_ is SegmentType.STATIC and criteria is not None:
        message = "A static segment has no criteria: make it dynamic, or add members by hand or import."
        raise Invalid(message, path=("criteria",))


def _require_criteria_to_activate(type_: SegmentType, criteria: object) -> None:
    if type_ is SegmentType.DYNAMIC and criteria is None:
        raise Required("A dynamic segment needs criteria before it can be active.", path=("criteria",))


def _clean_sync_interval(interval: timedelta | None) -> int | None:
    if interval is None:
        return None
    if not SHORTEST_SYNC_INTERVAL <= interval <= LONGEST_SYNC_INTERVAL:
        raise Invalid("The sync interval is between PT5M and P31D.", path=("syncInterval",))
    return int(interval.total_seconds())


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"There is a segment called {name!r} already; choose another name.", path=("name",))

"""Segments: define, edit, activate, ask for a new computation."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    TooLong,
    TooMany,
)
from seggraph.events import Fact, ReachChanged, SegmentStatusChanged
from seggraph.services import criteria_documents, segment_references
from seggraph.services.context import Context
from seggraph.services.policy import (
    VISIBLE_SEGMENT,
    Viewer,
    require_segment_management,
    require_write,
    visibility_arguments,
)
from seggraph.services.segment_views import SELECT, SegmentView, name_key, view_of
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

MAX_NAME: Final = 200
MAX_NAME_KEY: Final = 600
"""Some single characters stand for many once they are normalised."""
MAX_DESCRIPTION: Final = 2_000
MAX_HIDDEN_FROM: Final = 100
DEFAULT_SYNC_INTERVAL: Final = timedelta(hours=4)
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

REQUEST = """
    UPDATE segments SET status = 'ACTIVE', requested_revision = requested_revision + 1,
      lease_holder = NULL, lease_until = NULL, attempts = 0, retry_at = NULL, progress = 0,
      reach_status = 'CALCULATING', error_code = NULL, error_message = NULL, error_at = NULL,
      next_sync_at = now() + make_interval(secs => coalesce(sync_interval_seconds, $3))
    WHERE workspace_id = $1 AND id = $2
    RETURNING requested_revision
"""

TOUCH = """
    UPDATE segments SET version = version + 1, last_action = $3, last_modified_by_id = $4, last_modified_at = now()
    WHERE workspace_id = $1 AND id = $2
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
    name = _clean_name(draft.name)
    _require_fitting_criteria(draft.type, draft.criteria)
    activate = draft.criteria is not None if draft.activate is None else draft.activate
    criteria = await _stored_criteria(unit, viewer, draft.kind, draft.criteria)
    segment_id = await unit.connection.fetchval(
        CREATE,
        viewer.workspace_id,
        name,
        name_key(name),
        _clean_description(draft.description),
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
    facts: list[Fact] = [_status_changed(viewer, segment_id, 0, SegmentStatus.DRAFT, None)]
    if activate:
        _require_criteria_to_activate(draft.type, criteria)
        facts += await _activate(context, unit, viewer, segment_id)
    context.publish(unit, facts)
    return await _read_back(unit, viewer, segment_id)


async def update(
    context: Context, viewer: Viewer, segment_id: int, given: Mapping[str, Any], *, version: int | None = None
) -> SegmentView:
    """Change what is given of: name, description, criteria, visibility, hidden_from, sync_interval.

    With `version`, only if nobody changed the segment since it was read. New criteria on an ACTIVE segment void
    the run at work and start a new one; the first criteria of a draft activate it. Raises NotFound, Forbidden,
    StaleVersion, BadTransition (archived), NameTaken, Invalid, CriteriaError.
    """
    async with begin() as unit:
        before = await _hold(unit, viewer, segment_id)
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
                RESCHEDULE, viewer.workspace_id, segment_id, DEFAULT_SYNC_INTERVAL.total_seconds()
            )
        if "hidden_from" in given:
            await _hide_from(unit, viewer, segment_id, given["hidden_from"] or ())
        await _touch(unit, viewer, segment_id, SegmentAction.EDITED)
        if _needs_computing(before, after["criteria"]):
            context.publish(unit, await _activate(context, unit, viewer, segment_id, before.status))
        return await _read_back(unit, viewer, segment_id)


async def activate(context: Context, viewer: Viewer, segment_id: int) -> SegmentView:
    """Make a draft ACTIVE and have it computed; an ACTIVE segment stays as it is.

    Raises NotFound, Forbidden, Required (a DYNAMIC segment without criteria) and BadTransition.
    """
    async with begin() as unit:
        before = await _hold(unit, viewer, segment_id)
        if before.status is SegmentStatus.ACTIVE:
            return before
        if before.status is not SegmentStatus.DRAFT:
            raise BadTransition(
                f"Only a draft can be activated; this segment is {before.status}.", path=("id",)
            )
        _require_criteria_to_activate(before.type, before.criteria)
        await activate_within(context, unit, viewer, segment_id)
        return await _read_back(unit, viewer, segment_id)


async def activate_within(context: Context, unit: Work, viewer: Viewer, segment_id: int) -> None:
    """Activate a draft that the unit holds, and that has what it needs, as part of a larger unit of work."""
    await _touch(unit, viewer, segment_id, SegmentAction.ACTIVATED)
    context.publish(unit, await _activate(context, unit, viewer, segment_id))


async def request_within(
    context: Context, unit: Work, viewer: Viewer, segment_id: int, before: SegmentStatus
) -> None:
    """Have a segment whose row the unit holds ACTIVE and computed; `before` is the status that it had."""
    context.publish(unit, await _activate(context, unit, viewer, segment_id, before))


async def recalculate(context: Context, viewer: Viewer, segment_id: int) -> SegmentView:
    """Have an ACTIVE segment computed anew; one that is being computed goes on.

    Raises NotFound, Forbidden and BadTransition.
    """
    async with begin() as unit:
        before = await _hold(unit, viewer, segment_id)
        if before.status is not SegmentStatus.ACTIVE:
            raise BadTransition(
                f"Only an active segment is calculated; this one is {before.status}.", path=("id",)
            )
        if before.reach_status is not ReachStatus.CALCULATING:
            context.publish(unit, await _activate(context, unit, viewer, segment_id, before.status))
        return await _read_back(unit, viewer, segment_id)


def _origin(viewer: Viewer) -> SegmentOrigin:
    """Who makes a segment: a person, a program on the customer's behalf, or the system itself."""
    if viewer.user_id is not None:
        return SegmentOrigin.USER
    return SegmentOrigin.DEFAULT if viewer.api_key_id is None else SegmentOrigin.CUSTOM


async def _hold(unit: Work, viewer: Viewer, segment_id: int) -> SegmentView:
    """The segment, its row held until the unit ends, if the viewer may change it."""
    row = await unit.connection.fetchrow(
        f"{SELECT} AND s.id = $4 FOR NO KEY UPDATE OF s", *visibility_arguments(viewer), segment_id
    )
    if row is None:
        raise NotFound("There is no such segment.", path=("id",))
    segment = view_of(row)
    require_segment_management(viewer, created_by_id=segment.created_by_id)
    return segment


async def _read_back(unit: Work, viewer: Viewer, segment_id: int) -> SegmentView:
    """The segment as the unit leaves it, also when it has just become invisible to its editor."""
    row = await unit.connection.fetchrow(
        f"{SELECT.replace(VISIBLE_SEGMENT, 's.workspace_id = $1')} AND s.id = $2",
        viewer.workspace_id,
        segment_id,
    )
    return view_of(row)


async def _activate(
    context: Context, unit: Work, viewer: Viewer, segment_id: int, before: SegmentStatus = SegmentStatus.DRAFT
) -> list[Fact]:
    """Ask for a computation of the next revision, and say what that changes."""
    revision: int = await unit.connection.fetchval(
        REQUEST, viewer.workspace_id, segment_id, DEFAULT_SYNC_INTERVAL.total_seconds()
    )
    context.recompute(unit, segment_id, revision)
    facts: list[Fact] = [
        ReachChanged(
            workspace_id=viewer.workspace_id,
            at=datetime.now(UTC),
            segment_id=segment_id,
            revision=revision,
            reach_status=ReachStatus.CALCULATING,
        )
    ]
    if before is not SegmentStatus.ACTIVE:
        facts.insert(0, _status_changed(viewer, segment_id, revision, SegmentStatus.ACTIVE, before))
    return facts


def _status_changed(
    viewer: Viewer,
    segment_id: int,
    revision: int,
    status: SegmentStatus,
    previous: SegmentStatus | None,
) -> SegmentStatusChanged:
    return SegmentStatusChanged(
        workspace_id=viewer.workspace_id,
        at=datetime.now(UTC),
        segment_id=segment_id,
        revision=revision,
        status=status,
        previous_status=previous,
    )


async def _touch(unit: Work, viewer: Viewer, segment_id: int, action: SegmentAction) -> None:
    await unit.connection.execute(TOUCH, viewer.workspace_id, segment_id, action, viewer.user_id)


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
    name = _clean_name(given["name"]) if "name" in given else before.name
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
        "description": _clean_description(description),
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
        await segment_references.require_acyclic(unit.connection, viewer, segment_id, found)
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


def _clean_name(name: str | None) -> str:
    """A name without white space around it. Raises Required, TooLong, Invalid."""
    given = (name or "").strip()
    cleaned = " ".join(given.split())
    if not cleaned or not name_key(cleaned):
        raise Required("Give the segment a name.", path=("name",))
    if len(cleaned) > MAX_NAME:
        raise TooLong(
            f"A name has at most {MAX_NAME} characters; this one has {len(cleaned)}.", path=("name",)
        )
    has_controls = any(unicodedata.category(character) == "Cc" for character in given)
    if has_controls or not cleaned.isprintable() or len(name_key(cleaned)) > MAX_NAME_KEY:
        raise Invalid("A name may not hold control or invisible characters.", path=("name",))
    return cleaned


def _clean_description(description: str | None) -> str | None:
    text = (description or "").strip()
    if len(text) > MAX_DESCRIPTION:
        raise TooLong(f"A description has at most {MAX_DESCRIPTION} characters.", path=("description",))
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Invalid("A description may not hold NUL or broken characters.", path=("description",))
    return text or None


def _clean_sync_interval(interval: timedelta | None) -> int | None:
    if interval is None:
        return None
    if not SHORTEST_SYNC_INTERVAL <= interval <= LONGEST_SYNC_INTERVAL:
        raise Invalid("The sync interval is between PT5M and P31D.", path=("syncInterval",))
    return int(interval.total_seconds())


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"There is a segment called {name!r} already; choose another name.", path=("name",))

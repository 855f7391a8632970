"""Editing segments: what may change in which status, and what a change sets in motion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import orjson

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import BadTransition, Forbidden, Required
from seggraph.services.computations import computations
from seggraph.services.labels import folders, labels
from seggraph.services.memberships import deltas
from seggraph.services.memberships.membership import Membership
from seggraph.services.segments import lifecycle, rows, segments, usages
from seggraph.services.segments.views import SegmentView
from seggraph.values.names import clean_description, clean_name, name_key
from seggraph.vocabulary import (
    AuditAction,
    MemberKind,
    SegmentAction,
    SegmentPurpose,
    SegmentStatus,
    SegmentTransition,
    SegmentType,
)

EDITABLE: Final = (
    "name",
    "name_key",
    "description",
    "kind",
    "type",
    "purpose",
    "visibility",
    "criteria",
    "sync_interval_seconds",
)

EDIT: Final = f"""
    UPDATE segments s SET {", ".join(f"{column} = ${index}" for index, column in enumerate(EDITABLE, start=3))}
    WHERE workspace_id = $1 AND id = $2
"""  # noqa: S608 - constants only

# A draft has no links yet: whatever gives it some makes it ACTIVE.
TURN_SOURCE: Final = """
    UPDATE sources SET kind = $3 WHERE workspace_id = $1 AND segment_id = $2 AND kind IN ('CRITERIA', 'IMPORT')
"""

IMPORTING: Final = """
    SELECT EXISTS (SELECT FROM imports WHERE workspace_id = $1 AND segment_id = $2
      AND status IN ('UPLOADED', 'RUNNING'))
"""


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit left. `before` is the membership before, if the edit has the members computed anew."""

    segment: SegmentView
    before: Membership | None = None


async def update(
    context: Context,
    viewer: Viewer,
    segment_id: int,
    given: Mapping[str, Any],
    *,
    version: int | None = None,
    activate: bool = True,
) -> Edit:
    """Change what is given: name, description, criteria, purpose, kind, type, visibility, hidden_from, sync_interval,
    label_ids, folder_id.

    With `version`, only if the segment did not change since it was read. Another purpose or other criteria of an
    ACTIVE segment void the run at work and start a new one. Criteria activate a draft, unless `activate` is false.
    Only a draft changes its kind or type, and a STATIC segment its purpose. Raises NotFound, Forbidden,
    StaleVersion, BadTransition, SegmentInUse, NameTaken, Invalid, CriteriaError.
    """
    async with begin() as unit:
        before = await lifecycle.hold_for(unit, viewer, segment_id, SegmentTransition.EDIT, version=version)
        after = await _edited(unit, viewer, before, given)
        await _write(unit, viewer, before, after)
        if "sync_interval" in given:
            await computations.reschedule(unit, viewer.workspace_id, segment_id)
        updated = rows.updated(viewer.workspace_id, segment_id)
        if "hidden_from" in given or "visibility" in given:
            hidden_from = await segments.hidden_from(unit, viewer, segment_id)
            updated = rows.seen_by_others(viewer.workspace_id, before, hidden_from)
        earlier, later = await _hide(unit, viewer, segment_id, given)
        labels_before, labels_after = await _label(unit, viewer, segment_id, given)
        earlier, later = earlier | labels_before, later | labels_after
        await rows.touch(unit, viewer, segment_id, SegmentAction.EDITED)
        context.publish(unit, [updated])
        membership = None
        is_activated = activate and before.status is SegmentStatus.DRAFT and given.get("criteria") is not None
        if is_activated or _needs_computing(before, after):
            found = await deltas.read_memberships(unit.connection, viewer.workspace_id, [segment_id])
            membership = found[segment_id]
            await rows.compute(context, unit, viewer.workspace_id, segment_id, before.status)
        edited = await rows.noted(
            unit, viewer, AuditAction.EDITED, before, segment_id, earlier=earlier, later=later
        )
        return Edit(edited, membership)


async def _label(
    unit: UnitOfWork, viewer: Viewer, segment_id: int, given: Mapping[str, Any]
) -> tuple[dict[str, object], dict[str, object]]:
    """Put labels on the segment, if any are given, and it into a folder; returns what the audit log shows of labels."""
    if "folder_id" in given:
        await folders.require(unit, viewer, given["folder_id"])
        await unit.connection.execute(rows.SET_FOLDER, viewer.workspace_id, segment_id, given["folder_id"])
    if "label_ids" not in given:
        return {}, {}
    was = await labels.names_on(unit, viewer, segment_id)
    await labels.put_on(unit, viewer, segment_id, given["label_ids"] or ())
    now = await labels.names_on(unit, viewer, segment_id)
    return {"labels": sorted(was.values())}, {"labels": sorted(now.values())}


async def _hide(
    unit: UnitOfWork, viewer: Viewer, segment_id: int, given: Mapping[str, Any]
) -> tuple[dict[str, object], dict[str, object]]:
    """Hide the segment from the given users, if any are given; returns what the audit log shows before and after."""
    if "hidden_from" not in given:
        return {}, {}
    user_ids = given["hidden_from"] or ()
    before = await segments.hidden_from(unit, viewer, segment_id)
    await segments.hide_from(unit, viewer, segment_id, user_ids)
    return {"hidden_from_ids": before}, {"hidden_from_ids": sorted(user_ids)}


async def _write(unit: UnitOfWork, viewer: Viewer, before: SegmentView, after: Mapping[str, object]) -> None:
    """Store what EDITABLE says, and have the source that fills the segment be that of its type. Raises NameTaken."""
    try:
        await unit.connection.execute(EDIT, viewer.workspace_id, before.id, *after.values())
    except asyncpg.UniqueViolationError as error:
        raise segments.name_taken(str(after["name"])) from error
    if after["type"] is not before.type:
        kind = segments.filled_by(SegmentType(str(after["type"])))
        await unit.connection.execute(TURN_SOURCE, viewer.workspace_id, before.id, kind)


async def _edited(
    unit: UnitOfWork, viewer: Viewer, before: SegmentView, given: Mapping[str, Any]
) -> dict[str, object]:
    """The values of EDITABLE after the edit, in order."""
    name = clean_name(given["name"], "segment") if "name" in given else before.name
    visibility = given.get("visibility") or before.visibility
    if visibility is not before.visibility and not viewer.manages_all:
        raise Forbidden("Team members' segments are private.", path=("visibility",))
    interval = before.sync_interval_seconds
    if "sync_interval" in given:
        interval = segments.clean_sync_interval(given["sync_interval"])
    kind, type_ = given.get("kind") or before.kind, given.get("type") or before.type
    purpose = given.get("purpose", before.purpose)
    await _require_changeable(unit, viewer, before, kind=kind, type_=type_, purpose=purpose)
    return {
        "name": name,
        "name_key": name_key(name),
        "description": clean_description(given.get("description", before.description)),
        "kind": kind,
        "type": type_,
        "purpose": purpose,
        "visibility": visibility,
        "criteria": await _edited_criteria(unit, viewer, before, given, kind=kind, type_=type_),
        "sync_interval_seconds": interval,
    }


async def _require_changeable(
    unit: UnitOfWork,
    viewer: Viewer,
    before: SegmentView,
    *,
    kind: MemberKind,
    type_: SegmentType,
    purpose: SegmentPurpose | None,
) -> None:
    """Raise BadTransition or SegmentInUse if one of these is another than before and must not be."""
    changed = [
        name for name, new, old in (("kind", kind, before.kind), ("type", type_, before.type)) if new != old
    ]
    if before.status is not SegmentStatus.DRAFT:
        if type_ is SegmentType.STATIC and purpose is not before.purpose:
            changed.append("purpose")
        if changed:
            what = f"{before.type.lower()} segment that is {before.status}"
            raise BadTransition(
                f"Only a draft changes its {changed[0]}: of a {what} it stays. Clone it, or make another segment.",
                path=(changed[0],),
            )
    if changed and await unit.connection.fetchval(IMPORTING, viewer.workspace_id, before.id):
        message = "An import into this segment is under way; cancel it, or let it come to its end."
        raise BadTransition(message, path=(changed[0],))
    if kind is not before.kind:
        await usages.require_unused(unit.connection, viewer, before.id, "given another kind")


async def _edited_criteria(
    unit: UnitOfWork,
    viewer: Viewer,
    before: SegmentView,
    given: Mapping[str, Any],
    *,
    kind: MemberKind,
    type_: SegmentType,
) -> str | None:
    """The criteria after the edit. What is not edited is not checked again: it may be older than the catalogue."""
    document = given.get("criteria", before.criteria)
    segments.require_fitting_criteria(type_, document)
    if "criteria" not in given and kind is before.kind:
        return None if before.criteria is None else orjson.dumps(before.criteria).decode()
    if document is None and before.status is not SegmentStatus.DRAFT and type_ is SegmentType.DYNAMIC:
        raise Required("A dynamic segment that is not a draft needs criteria.", path=("criteria",))
    return await segments.stored_criteria(unit, viewer, kind, document, segment_id=before.id)


def _needs_computing(before: SegmentView, after: Mapping[str, object]) -> bool:
    """Whether an edit of an ACTIVE segment calls for a computation: it has a new purpose or other criteria."""
    criteria = after["criteria"]
    other_criteria = isinstance(criteria, str) and orjson.loads(criteria) != before.criteria
    is_other = other_criteria or after["purpose"] is not before.purpose
    return before.status is SegmentStatus.ACTIVE and is_other

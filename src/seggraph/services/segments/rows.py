"""A segment's row within a unit of work: held, touched, asked to be computed, read back.

What every use-case that changes segments shares: edits, lifecycle, playbooks, manual membership, imports.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, Final

from seggraph.access import VISIBLE_SEGMENT, Viewer, require_segment_management, visibility_arguments
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import NotFound
from seggraph.events import Fact, SegmentStatusChanged, SegmentUpdated
from seggraph.services.audit import audit
from seggraph.services.computations import computations
from seggraph.services.rules import dependencies
from seggraph.services.segments.views import SELECT, SegmentView, view_of
from seggraph.vocabulary import AuditAction, AuditSubject, ReachStatus, SegmentAction, SegmentStatus

ANY_VIEWER: Final = SELECT.replace(VISIBLE_SEGMENT, "s.workspace_id = $1")
"""All segments of a workspace, visible or not: for the effects of a change, never for an answer."""

DESCRIBED: Final = (
    *("name", "description", "kind", "type", "status", "purpose", "visibility", "criteria"),
    *("sync_interval_seconds", "folder_id"),
)
"""The columns of a segment that the audit log shows."""

SET_FOLDER: Final = "UPDATE segments SET folder_id = $3 WHERE workspace_id = $1 AND id = $2"

TOUCH = """
    UPDATE segments SET version = version + 1, last_action = $3, last_modified_by_id = $4,
      last_modified_by_key_id = $5, last_modified_at = now()
    WHERE workspace_id = $1 AND id = $2
"""


async def hold(unit: UnitOfWork, viewer: Viewer, segment_id: int) -> SegmentView:
    """The segment, its row held until the unit ends, if the viewer may change it. Raises NotFound, Forbidden."""
    segment = await hold_visible(unit, viewer, segment_id)
    require_segment_management(viewer, created_by_id=segment.created_by_id)
    return segment


async def hold_visible(unit: UnitOfWork, viewer: Viewer, segment_id: int) -> SegmentView:
    """The segment, its row held until the unit ends, if the viewer may see it. Raises NotFound."""
    row = await unit.connection.fetchrow(
        f"{SELECT} AND s.id = $4 FOR NO KEY UPDATE OF s", *visibility_arguments(viewer), segment_id
    )
    if row is None:
        raise NotFound("There is no such segment.", path=("id",))
    return view_of(row)


async def hold_any(unit: UnitOfWork, workspace_id: int, segment_ids: Iterable[int]) -> dict[int, SegmentView]:
    """Those of the segments that exist, visible or not, their rows held in the order of their ids."""
    rows = await unit.connection.fetch(
        f"{ANY_VIEWER} AND s.id = ANY($2) ORDER BY s.id FOR NO KEY UPDATE OF s",
        workspace_id,
        sorted(set(segment_ids)),
    )
    return {row["id"]: view_of(row) for row in rows}


async def read_back(unit: UnitOfWork, viewer: Viewer, segment_id: int) -> SegmentView:
    """The segment as the unit leaves it, also when it has just become invisible to its editor."""
    row = await unit.connection.fetchrow(f"{ANY_VIEWER} AND s.id = $2", viewer.workspace_id, segment_id)
    return view_of(row)


async def noted(
    unit: UnitOfWork,
    viewer: Viewer,
    action: AuditAction,
    before: SegmentView | None,
    segment_id: int,
    *,
    earlier: Mapping[str, object] | None = None,
    later: Mapping[str, object] | None = None,
) -> SegmentView:
    """The segment as the unit leaves it, with an entry in the audit log; `earlier` and `later` are added to it."""
    after = await read_back(unit, viewer, segment_id)
    subject = audit.Subject(AuditSubject.SEGMENT, segment_id, after.name)
    was = None if before is None else audit.described(before, *DESCRIBED) | dict(earlier or {})
    now = audit.described(after, *DESCRIBED) | dict(later or {})
    await audit.record(unit, viewer, action, subject, was, now)
    return after


async def touch(unit: UnitOfWork, viewer: Viewer, segment_id: int, action: SegmentAction) -> None:
    """Note who did what to a segment last; its version goes up by one."""
    who = viewer.user_id, viewer.api_key_id
    await unit.connection.execute(TOUCH, viewer.workspace_id, segment_id, action, *who)


async def activate(context: Context, unit: UnitOfWork, viewer: Viewer, segment_id: int) -> None:
    """Activate a draft that the unit holds, and that has what it needs."""
    await touch(unit, viewer, segment_id, SegmentAction.ACTIVATED)
    await compute(context, unit, viewer.workspace_id, segment_id, SegmentStatus.DRAFT)


async def compute(
    context: Context, unit: UnitOfWork, workspace_id: int, segment_id: int, before: SegmentStatus
) -> None:
    """Make a segment that the unit holds ACTIVE, have its next revision computed, and publish both.

    `before` is the status that it had. A run at work is void. What its rules read is noted before any run
    takes its snapshot, so that no change falls between the two.
    """
    await dependencies.store(unit.connection, workspace_id, segment_id)
    computation = await computations.start(context, unit, workspace_id, segment_id)
    facts: list[Fact] = [computation.reach_changed(ReachStatus.CALCULATING)]
    if before is not SegmentStatus.ACTIVE:
        active = SegmentStatus.ACTIVE
        facts.insert(0, status_changed(workspace_id, segment_id, computation.revision, active, before))
    context.publish(unit, facts)


def updated(workspace_id: int, segment_id: int) -> SegmentUpdated:
    """The fact that a segment was edited, by an edit that leaves it to those who see it."""
    return SegmentUpdated(workspace_id=workspace_id, at=datetime.now(UTC), segment_id=segment_id)


def seen_by_others(workspace_id: int, before: SegmentView, was_hidden_from: Iterable[int]) -> SegmentUpdated:
    """The fact that a segment was edited by which others may see it from now on."""
    return replace(
        updated(workspace_id, before.id),
        last_seen=last_state(before),
        was_hidden_from=tuple(was_hidden_from),
    )


def last_state(segment: SegmentView) -> dict[str, Any]:
    """A segment as facts keep it: without criteria, which may refer to what their reader does not see."""
    return asdict(replace(segment, criteria=None))


def status_changed(
    workspace_id: int,
    segment_id: int,
    revision: int,
    status: SegmentStatus,
    previous: SegmentStatus | None,
) -> SegmentStatusChanged:
    """The fact that a segment has another status now; a new one had none before."""
    return SegmentStatusChanged(
        workspace_id=workspace_id,
        at=datetime.now(UTC),
        segment_id=segment_id,
        revision=revision,
        status=status,
        previous_status=previous,
    )

"""The life of a segment: what can be done to it in which status, and the ways from one status to another.

What takes a segment out of the work (pausing, archiving, deleting) takes the lease with it: a run that is at work
is void, and can neither apply its result nor bring the segment back.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from seggraph.access import Viewer, is_segment_manager, may_write
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import BadTransition, Forbidden, Path, StaleVersion
from seggraph.events import Fact, SegmentDeleted
from seggraph.services.audit import audit
from seggraph.services.computations import computations
from seggraph.services.rules import dependencies, segment_references
from seggraph.services.segments import rows, usages
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import (
    AuditAction,
    AuditSubject,
    SegmentAction,
    SegmentOrigin,
    SegmentStatus,
    SegmentTransition,
)

TRANSITIONS: Final[Mapping[SegmentStatus, tuple[SegmentTransition, ...]]] = {
    SegmentStatus.DRAFT: (
        SegmentTransition.EDIT,
        SegmentTransition.ACTIVATE,
        SegmentTransition.CLONE,
        SegmentTransition.DELETE,
    ),
    SegmentStatus.ACTIVE: (
        SegmentTransition.EDIT,
        SegmentTransition.RECALCULATE,
        SegmentTransition.PAUSE,
        SegmentTransition.ARCHIVE,
        SegmentTransition.CLONE,
    ),
    SegmentStatus.PAUSED: (
        SegmentTransition.EDIT,
        SegmentTransition.RESUME,
        SegmentTransition.ARCHIVE,
        SegmentTransition.CLONE,
    ),
    SegmentStatus.ARCHIVED: (
        SegmentTransition.UNARCHIVE,
        SegmentTransition.CLONE,
        SegmentTransition.DELETE,
    ),
}
"""The transitions that each status allows."""

OF_DEFAULTS: Final = frozenset({SegmentTransition.RECALCULATE, SegmentTransition.CLONE})
"""What is possible with the segments that the system makes: they are the same in every workspace."""

HIDDEN_FROM = "SELECT array(SELECT user_id FROM segment_hidings WHERE workspace_id = $1 AND segment_id = $2)"

# Whatever else belongs to a segment goes with its row, by foreign keys. These are too many for that, or have none.
DELETE: Final = (
    """
    DELETE FROM chunks c USING (
      SELECT 1 AS role, $2::bigint AS owner_id
      UNION ALL
      SELECT role, id FROM sources, unnest(ARRAY[2, 3]) AS role WHERE workspace_id = $1 AND segment_id = $2
      UNION ALL
      SELECT 4, id FROM former_sources WHERE workspace_id = $1 AND segment_id = $2
      UNION ALL
      SELECT role, id FROM deliveries, unnest(ARRAY[41, 42, 43]) AS role WHERE workspace_id = $1 AND segment_id = $2
    ) o WHERE c.workspace_id = $1 AND c.role = o.role AND c.owner_id = o.owner_id
    """,
    "DELETE FROM run_chunks WHERE workspace_id = $1 AND segment_id = $2",
    "DELETE FROM runs WHERE workspace_id = $1 AND segment_id = $2",
    "DELETE FROM segments WHERE workspace_id = $1 AND id = $2",
)


def possible(segment: SegmentView) -> tuple[SegmentTransition, ...]:
    """The transitions that the segment's status and origin allow, whatever the viewer may do."""
    found = TRANSITIONS[segment.status]
    if segment.origin is SegmentOrigin.DEFAULT:
        return tuple(transition for transition in found if transition in OF_DEFAULTS)
    return found


def open_to(viewer: Viewer, segment: SegmentView) -> list[SegmentTransition]:
    """The possible transitions that the viewer may make. Cloning needs only the right to write."""
    if not may_write(viewer):
        return []
    if is_segment_manager(viewer, created_by_id=segment.created_by_id):
        return list(possible(segment))
    return [transition for transition in possible(segment) if transition is SegmentTransition.CLONE]


def require_possible(segment: SegmentView, transition: SegmentTransition, *, path: Path = ("id",)) -> None:
    """Raise BadTransition, with what is possible, if the status rules it out; Forbidden for a default segment."""
    if transition in possible(segment):
        return
    require_own(segment, path=path)
    ways = [transition.lower() for transition in possible(segment)]
    raise BadTransition(
        f"A segment that is {segment.status} does not {transition.lower()}."
        f" What is possible from here: {', '.join(ways)}.",
        path=path,
    )


def require_own(segment: SegmentView, *, path: Path = ("id",)) -> None:
    """Raise Forbidden for a segment that the system made: neither it nor its members can be changed."""
    if segment.origin is SegmentOrigin.DEFAULT:
        message = "The system keeps this segment as it is. Clone it, and change the clone."
        raise Forbidden(message, path=path)


def require_version(segment: SegmentView, version: int | None) -> None:
    """Raise StaleVersion unless the segment is still as the client read it; None takes it as it is."""
    if version is not None and version != segment.version:
        raise StaleVersion(
            f"Someone changed this segment: it is at version {segment.version}, you edited version {version}."
            " Read it again and repeat your change.",
            path=("version",),
        )


async def hold_for(
    unit: UnitOfWork,
    viewer: Viewer,
    segment_id: int,
    transition: SegmentTransition,
    *,
    version: int | None = None,
) -> SegmentView:
    """Hold a segment that the viewer may change, for something that is possible now.

    Raises NotFound, Forbidden, StaleVersion and BadTransition.
    """
    segment = await rows.hold(unit, viewer, segment_id)
    require_version(segment, version)
    require_possible(segment, transition)
    return segment


async def pause(
    context: Context, viewer: Viewer, segment_id: int, *, version: int | None = None
) -> SegmentView:
    """Freeze an ACTIVE segment: its members stay, and nothing is evaluated or delivered until it is resumed.

    Raises like `hold_for`.
    """
    async with begin() as unit:
        before = await hold_for(unit, viewer, segment_id, SegmentTransition.PAUSE, version=version)
        await rows.touch(unit, viewer, segment_id, SegmentAction.PAUSED)
        await _set_aside(context, unit, before, viewer.workspace_id, SegmentStatus.PAUSED)
        return await rows.noted(unit, viewer, AuditAction.PAUSED, before, segment_id)


async def resume(
    context: Context, viewer: Viewer, segment_id: int, *, version: int | None = None
) -> SegmentView:
    """Make a PAUSED segment ACTIVE again and have it computed. Raises like `hold_for`."""
    async with begin() as unit:
        before = await hold_for(unit, viewer, segment_id, SegmentTransition.RESUME, version=version)
        await rows.touch(unit, viewer, segment_id, SegmentAction.RESUMED)
        await rows.compute(context, unit, viewer.workspace_id, segment_id, before.status)
        return await rows.noted(unit, viewer, AuditAction.RESUMED, before, segment_id)


async def archive(
    context: Context, viewer: Viewer, segment_id: int, *, version: int | None = None
) -> SegmentView:
    """Put a segment away that nothing works with. Raises SegmentInUse, with their names, and like `hold_for`."""
    async with begin() as unit:
        before = await hold_for(unit, viewer, segment_id, SegmentTransition.ARCHIVE, version=version)
        await dependencies.lock_references_exclusive(unit.connection, viewer.workspace_id)
        await usages.require_unneeded(unit.connection, viewer, segment_id)
        await rows.touch(unit, viewer, segment_id, SegmentAction.ARCHIVED)
        await _set_aside(context, unit, before, viewer.workspace_id, SegmentStatus.ARCHIVED)
        return await rows.noted(unit, viewer, AuditAction.ARCHIVED, before, segment_id)


async def unarchive(
    context: Context, viewer: Viewer, segment_id: int, *, version: int | None = None
) -> SegmentView:
    """Make an ARCHIVED segment ACTIVE again and have it computed.

    Raises BadTransition also while a segment that its criteria refer to is archived, and like `hold_for`.
    """
    async with begin() as unit:
        before = await hold_for(unit, viewer, segment_id, SegmentTransition.UNARCHIVE, version=version)
        await segment_references.require_live(unit.connection, viewer, before.criteria)
        await rows.touch(unit, viewer, segment_id, SegmentAction.UNARCHIVED)
        await rows.compute(context, unit, viewer.workspace_id, segment_id, before.status)
        return await rows.noted(unit, viewer, AuditAction.UNARCHIVED, before, segment_id)


async def delete(context: Context, viewer: Viewer, segment_id: int, *, version: int | None = None) -> None:
    """Delete a draft or an archived segment with its members' links and its history, if nothing refers to it.

    The members themselves stay. Raises SegmentInUse, with names, and like `hold_for`.
    """
    async with begin() as unit:
        before = await hold_for(unit, viewer, segment_id, SegmentTransition.DELETE, version=version)
        await dependencies.lock_references_exclusive(unit.connection, viewer.workspace_id)
        await usages.require_unused(unit.connection, viewer, segment_id, "deleted")
        hidden_from = await unit.connection.fetchval(HIDDEN_FROM, viewer.workspace_id, segment_id)
        for statement in DELETE:
            await unit.connection.execute(statement, viewer.workspace_id, segment_id)
        subject = audit.Subject(AuditSubject.SEGMENT, segment_id, before.name)
        was = audit.described(before, *rows.DESCRIBED, "member_count")
        await audit.record(unit, viewer, AuditAction.DELETED, subject, was)
        deleted = SegmentDeleted(
            workspace_id=viewer.workspace_id,
            at=datetime.now(UTC),
            segment_id=segment_id,
            revision=before.requested_revision,
            last=rows.last_state(before),
            hidden_from=tuple(hidden_from),
        )
        context.publish(unit, [deleted])


async def _set_aside(
    context: Context, unit: UnitOfWork, before: SegmentView, workspace_id: int, status: SegmentStatus
) -> None:
    """Take a segment that the unit holds out of the work; a calculation leaves the last good numbers."""
    computation, reach_status = await computations.set_aside(unit, workspace_id, before.id, status)
    revision = computation.revision
    facts: list[Fact] = [rows.status_changed(workspace_id, before.id, revision, status, before.status)]
    if reach_status is not before.reach_status:
        facts.append(computation.reach_changed(reach_status))
    context.publish(unit, facts)

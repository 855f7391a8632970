"""One change of many segments in one call: each by itself, with a result for each."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from seggraph.access import Viewer, require_write
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import NotFound, RetryLater, SeggraphError, TooMany
from seggraph.services.labels import favourites, folders, labels
from seggraph.services.segments import lifecycle, rows, views
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import AuditAction, SegmentAction

MAX_SEGMENTS: Final = 100
"""Most segments of one call."""

Change: TypeAlias = Callable[[Context, Viewer, int], Awaitable[Any]]
"""What is done to one segment; it returns the segment, or None when it is gone."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one segment: the segment as it is now, or why nothing was done."""

    segment: SegmentView | None = None
    error: SeggraphError | None = None


async def each(
    context: Context, viewer: Viewer, segment_ids: Sequence[int], change: Change
) -> dict[int, Outcome]:
    """Do the same to each of the segments, one after the other; an error of one stops no other.

    Raises Forbidden for who may change nothing at all, TooMany, and RetryLater when the database is away.
    """
    require_write(viewer)
    require_few(segment_ids)
    found: dict[int, Outcome] = {}
    for segment_id in dict.fromkeys(segment_ids):
        try:
            found[segment_id] = Outcome(await change(context, viewer, segment_id))
        except RetryLater:
            raise
        except SeggraphError as error:
            found[segment_id] = Outcome(error=error)
    return found


def require_few(segment_ids: Collection[object]) -> None:
    """Raise TooMany for more segments than one call takes."""
    if len(segment_ids) > MAX_SEGMENTS:
        raise TooMany(f"Give at most {MAX_SEGMENTS} segments at once.", path=("ids",))


async def label(
    context: Context, viewer: Viewer, segment_id: int, *, add: Collection[int], remove: Collection[int]
) -> SegmentView:
    """Put labels on a segment and take others off. Raises NotFound, Forbidden, TooMany."""
    async with begin() as unit:
        before = await _hold(unit, viewer, segment_id)
        was = await labels.names_on(unit, viewer, segment_id)
        await labels.put_on(unit, viewer, segment_id, (was.keys() - set(remove)) | set(add))
        now = await labels.names_on(unit, viewer, segment_id)
        if was == now:
            return before
        await rows.touch(unit, viewer, segment_id, SegmentAction.EDITED)
        context.publish(unit, [rows.updated(viewer.workspace_id, segment_id)])
        return await rows.noted(
            unit,
            viewer,
            AuditAction.EDITED,
            before,
            segment_id,
            earlier={"labels": sorted(was.values())},
            later={"labels": sorted(now.values())},
        )


async def put_into_folder(
    context: Context, viewer: Viewer, segment_id: int, *, folder_id: int | None
) -> SegmentView:
    """Put a segment into a folder, or out of all with None. Raises NotFound, Forbidden."""
    async with begin() as unit:
        before = await _hold(unit, viewer, segment_id)
        if before.folder_id == folder_id:
            return before
        await folders.require(unit, viewer, folder_id)
        await unit.connection.execute(rows.SET_FOLDER, viewer.workspace_id, segment_id, folder_id)
        await rows.touch(unit, viewer, segment_id, SegmentAction.EDITED)
        context.publish(unit, [rows.updated(viewer.workspace_id, segment_id)])
        return await rows.noted(unit, viewer, AuditAction.EDITED, before, segment_id)


async def favourite(context: Context, viewer: Viewer, segment_id: int, *, is_favourite: bool) -> SegmentView:
    """Make a segment a favourite of the viewer, or no more. Raises NotFound, Forbidden."""
    segment = await views.get(viewer, segment_id)
    await favourites.put(viewer, [segment_id], favourite=is_favourite)
    return segment


async def _hold(unit: UnitOfWork, viewer: Viewer, segment_id: int) -> SegmentView:
    """A segment of any status that the viewer may change: labels and folders do not touch its members."""
    segment = await rows.hold(unit, viewer, segment_id)
    lifecycle.require_own(segment)
    return segment


def missing() -> NotFound:
    """The error for what is no id of a segment."""
    return NotFound("There is no such segment.", path=("id",))

"""Mutations of many segments in one request, with a result for each."""

from collections.abc import Callable
from functools import partial
from typing import Any

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError, user_errors
from seggraph.api.segments.segments import Segment
from seggraph.services.segments import bulk, lifecycle, segments
from seggraph.services.segments.bulk import Change, Outcome


@strawberry.input(description="The segments that the mutation is about.")
class SegmentIdsInput:
    """Input of the mutations of many segments that need nothing else."""

    ids: list[strawberry.ID] = strawberry.field(description="The global ids of up to 100 segments.")


@strawberry.input(description="Segments, and the labels to put on them and to take off.")
class LabelSegmentsInput:
    """Input of labelSegments."""

    ids: list[strawberry.ID] = strawberry.field(description="The global ids of up to 100 segments.")
    add_label_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Labels to put on. A segment has at most 20."
    )
    remove_label_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Labels to take off."
    )


@strawberry.input(description="Segments, and the folder to put them into.")
class PutIntoFolderInput:
    """Input of putSegmentsIntoFolder."""

    ids: list[strawberry.ID] = strawberry.field(description="The global ids of up to 100 segments.")
    folder_id: strawberry.ID | None = strawberry.field(
        default=None, description="The folder; null takes the segments out of all folders."
    )


@strawberry.input(description="Segments, and whether they are favourites.")
class SetFavouritesInput:
    """Input of setFavourites."""

    ids: list[strawberry.ID] = strawberry.field(description="The global ids of up to 100 segments.")
    favourite: bool = strawberry.field(
        default=True, description="Whether they are favourites of yours from now on."
    )


@strawberry.type(description="What became of one segment.")
class SegmentResult:
    """A line of the result."""

    id: strawberry.ID = strawberry.field(description="The global id, as it was given.")
    segment: Segment | None = strawberry.field(
        default=None, description="The segment as it is now; null if it was deleted, or if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="The errors because of which nothing was done to this segment; empty on success.",
    )


@strawberry.type(description="A result for each segment, in the order of the ids; each id counts once.")
class SegmentsPayload:
    """Payload of the mutations of many segments."""

    results: list[SegmentResult] = strawberry.field(
        default_factory=list, description="What became of each segment. One that failed stops no other."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="The errors because of which nothing was done at all; usually empty.",
    )


def _mutation(description: str) -> Callable[[Any], Any]:
    """A mutation with this description that reports its errors."""
    field: Callable[[Any], Any] = strawberry.mutation(
        description=description, extensions=[ReportErrors(SegmentsPayload)]
    )
    return field


@strawberry.type
class BulkSegmentMutations:
    """The mutations of many segments."""

    @_mutation("Activate drafts, each like activateSegment.")
    async def activate_segments(self, info: Info, input: SegmentIdsInput) -> SegmentsPayload:
        """Activate."""
        return await _each(info, input.ids, segments.activate)

    @_mutation("Pause segments, each like pauseSegment.")
    async def pause_segments(self, info: Info, input: SegmentIdsInput) -> SegmentsPayload:
        """Pause."""
        return await _each(info, input.ids, lifecycle.pause)

    @_mutation("Resume paused segments, each like resumeSegment.")
    async def resume_segments(self, info: Info, input: SegmentIdsInput) -> SegmentsPayload:
        """Resume."""
        return await _each(info, input.ids, lifecycle.resume)

    @_mutation("Archive segments that nothing uses, each like archiveSegment.")
    async def archive_segments(self, info: Info, input: SegmentIdsInput) -> SegmentsPayload:
        """Archive."""
        return await _each(info, input.ids, lifecycle.archive)

    @_mutation("Take segments out of the archive, each like unarchiveSegment.")
    async def unarchive_segments(self, info: Info, input: SegmentIdsInput) -> SegmentsPayload:
        """Unarchive."""
        return await _each(info, input.ids, lifecycle.unarchive)

    @_mutation("Calculate whole segments again, each like recalculateSegment.")
    async def recalculate_segments(self, info: Info, input: SegmentIdsInput) -> SegmentsPayload:
        """Recalculate."""
        return await _each(info, input.ids, segments.recalculate)

    @_mutation("Delete drafts and archived segments that nothing uses, each like deleteSegment.")
    async def delete_segments(self, info: Info, input: SegmentIdsInput) -> SegmentsPayload:
        """Delete."""
        return await _each(info, input.ids, lifecycle.delete)

    @_mutation("Put labels on segments, and take others off.")
    async def label_segments(self, info: Info, input: LabelSegmentsInput) -> SegmentsPayload:
        """Label."""
        add = ids.decode_all("Label", input.add_label_ids or [], path=("addLabelIds",))
        remove = ids.decode_all("Label", input.remove_label_ids or [], path=("removeLabelIds",))
        return await _each(info, input.ids, partial(bulk.label, add=add, remove=remove))

    @_mutation("Put segments into a folder, or take them out of all.")
    async def put_segments_into_folder(self, info: Info, input: PutIntoFolderInput) -> SegmentsPayload:
        """Put."""
        folder_id = None
        if input.folder_id is not None:
            folder_id = ids.decode("Folder", input.folder_id, path=("folderId",))
        return await _each(info, input.ids, partial(bulk.put_into_folder, folder_id=folder_id))

    @_mutation("Make segments your favourites, or no more. Favourites are your own; API keys have none.")
    async def set_favourites(self, info: Info, input: SetFavouritesInput) -> SegmentsPayload:
        """Set."""
        return await _each(info, input.ids, partial(bulk.favourite, is_favourite=input.favourite))


async def _each(info: Info, global_ids: list[strawberry.ID], change: Change) -> SegmentsPayload:
    """The payload of a change of each of the segments."""
    caller = caller_of(info)
    bulk.require_few(global_ids)
    numbers = {global_id: ids.find("Segment", global_id) for global_id in global_ids}
    wanted = [number for number in numbers.values() if number is not None]
    outcomes = await bulk.each(caller.services, caller.viewer, wanted, change)
    unknown = Outcome(error=bulk.missing())
    results = [
        _result(global_id, unknown if number is None else outcomes[number])
        for global_id, number in numbers.items()
    ]
    return SegmentsPayload(results=results)


def _result(global_id: strawberry.ID, outcome: Outcome) -> SegmentResult:
    return SegmentResult(
        id=global_id,
        segment=None if outcome.segment is None else Segment.of(outcome.segment),
        errors=[] if outcome.error is None else user_errors(outcome.error),
    )

"""Subscriptions: what happens to segments, pushed, with a cursor from which a client continues without a gap."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.access import sees_segment
from seggraph.api.base import ids
from seggraph.api.base.context import Caller, caller_of
from seggraph.api.destinations.deliveries import Delivery
from seggraph.api.files.exports import ExportSubscriptions
from seggraph.api.files.imports import ImportSubscriptions
from seggraph.api.members.bulk_edits import BulkEditSubscriptions
from seggraph.api.members.members import Member
from seggraph.api.reach.reach import Reach
from seggraph.api.segments.segments import Segment
from seggraph.api.subscriptions import hidden_segments
from seggraph.api.subscriptions.workspace_events import WORKSPACE_EVENT_TYPES, WorkspaceSubscriptions
from seggraph.errors import NotFound
from seggraph.events import (
    DeliveryChanged,
    Fact,
    MembershipChanged,
    MetricsChanged,
    ReachChanged,
    Resync,
    ResyncReason,
    RunProgressed,
    SegmentDeleted,
    SegmentStatusChanged,
    SegmentUpdated,
    UserChanged,
)
from seggraph.events.cursors import NOTHING_SEEN
from seggraph.services.destinations import deliveries
from seggraph.services.members import members
from seggraph.services.segments import views as segment_views
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import SegmentStatus


@strawberry.interface(description="An event of a segment, with the segment as it is now.")
class SegmentEvent:
    """The interface of all events of segments."""

    cursor: str = strawberry.field(
        description="The cursor of the event. Subscribe again with it as `after` to continue without missing"
        " an event."
    )
    at: datetime = strawberry.field(description="When the event happened.")
    segment: Segment = strawberry.field(description="The segment as it is when the event is sent.")
    revision: int = strawberry.field(description="The number of the calculation that the event is about.")


@strawberry.type(name="SegmentSnapshot", description="The state of a segment when the subscription begins.")
class SnapshotEvent(SegmentEvent):
    """The first event of each segment."""


@strawberry.type(
    name="SegmentStatusChanged", description="The status of a segment changed, or a segment was created."
)
class StatusEvent(SegmentEvent):
    """A change of status."""

    status: SegmentStatus = strawberry.field(description="The new status.")
    previous_status: SegmentStatus | None = strawberry.field(
        description="The status before; null if the segment was created."
    )


@strawberry.type(
    name="ReachChanged", description="The reach of a segment changed: its status or its numbers."
)
class ReachEvent(SegmentEvent):
    """A change of reach."""

    reach: Reach = strawberry.field(description="The reach as it is now.")


@strawberry.type(name="RunProgressed", description="A calculation of a segment made progress.")
class ProgressEvent(SegmentEvent):
    """Progress of a run."""

    progress: float = strawberry.field(description="The progress, from 0 to 1.")
    phase: str = strawberry.field(description="The current phase: SCANNING or APPLYING.")


@strawberry.type(name="MembershipChanged", description="Members entered or exited a segment.")
class MembershipEvent(SegmentEvent):
    """A change of membership."""

    entered: int = strawberry.field(description="How many members entered.")
    exited: int = strawberry.field(description="How many members exited.")
    entered_numbers: strawberry.Private[tuple[int, ...]] = ()
    exited_numbers: strawberry.Private[tuple[int, ...]] = ()

    @strawberry.field(description="Some of the members that entered.")
    async def entered_sample(self, info: Info) -> list[Member]:
        """Read a few members."""
        return await _sample(caller_of(info), self.entered_numbers)

    @strawberry.field(description="Some of the members that exited.")
    async def exited_sample(self, info: Info) -> list[Member]:
        """Read a few members."""
        return await _sample(caller_of(info), self.exited_numbers)


@strawberry.type(
    name="SegmentUpdated",
    description="A segment was edited: its name, description, criteria, settings, labels, folder, visibility or"
    " owner.",
)
class UpdatedEvent(SegmentEvent):
    """An edit."""


@strawberry.type(
    name="SegmentHidden",
    description="You may no longer see a segment: it was hidden from you or made private, its owner changed, or"
    " your role did. It is the last event of the segment. `segment` is shown as you last could see it, without"
    " what hangs from it; after a change of your role only its id, kind and type are given, and its name is"
    " empty.",
)
class HiddenEvent(SegmentEvent):
    """The last event for a viewer."""


@strawberry.type(name="SegmentDeleted", description="A segment was deleted. It is shown with its last state.")
class DeletedEvent(SegmentEvent):
    """The last event of a segment."""


@strawberry.type(
    name="MetricsChanged",
    description="Campaign metrics of a segment were recorded or corrected. Query segment.metrics for the"
    " new numbers.",
)
class MetricsEvent(SegmentEvent):
    """A change of metrics."""


@strawberry.type(name="DeliveryChanged", description="The status or the progress of a delivery changed.")
class DeliveryEvent(SegmentEvent):
    """A change of a delivery."""

    delivery: Delivery = strawberry.field(description="The delivery as it is now.")


@strawberry.type(
    name="ResyncRequired",
    description="Events were missed. One such event follows for each segment, with its current state:"
    " replace yours.",
)
class ResyncEvent(SegmentEvent):
    """What comes instead of the events that cannot be had any more."""

    reason: ResyncReason = strawberry.field(description="Why events were missed.")


EVENT_TYPES = (
    SnapshotEvent,
    StatusEvent,
    ReachEvent,
    ProgressEvent,
    MembershipEvent,
    MetricsEvent,
    DeliveryEvent,
    UpdatedEvent,
    HiddenEvent,
    DeletedEvent,
    ResyncEvent,
    *WORKSPACE_EVENT_TYPES,
)
"""The implementations of SegmentEvent and WorkspaceEvent, which the schema would not find by itself."""


@strawberry.type(
    description="The subscriptions. Events have cursors, from which a client continues after a lost connection."
)
class Subscription(BulkEditSubscriptions, ExportSubscriptions, ImportSubscriptions, WorkspaceSubscriptions):
    """The subscriptions."""

    @strawberry.subscription(
        description="The events of segments: first a snapshot of each segment, then every change as it"
        " happens. To begin without snapshots, query workspaceEventCursor before you load your data, and pass it"
        " as `after`."
    )
    async def segment_events(
        self,
        info: Info,
        segment_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="The global ids of the segments; default: all that you may see."),
        ] = None,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="The cursor of the last event that you received, or that of workspaceEventCursor: send"
                " the events after it instead of snapshots."
            ),
        ] = None,
    ) -> AsyncGenerator[SegmentEvent, None]:
        """Snapshot, then changes. The place in the stream is taken first, so that nothing falls between the two."""
        caller = caller_of(info)
        wanted = None if segment_ids is None else ids.decode_all("Segment", segment_ids, path=("segmentIds",))
        await _require_visible(caller, wanted)
        position = caller.position(after)
        interest = _interest(caller.viewer.user_id, None if wanted is None else set(wanted))
        async with caller.subscribe(position, interest) as subscription:
            if position is None:
                for event in await _snapshots(caller, wanted, subscription.cursor):
                    yield event
            async for item in subscription:
                await caller.refresh()
                if isinstance(item, Resync):
                    for event in await _resyncs(caller, wanted, item):
                        yield event
                elif isinstance(item.fact, UserChanged):
                    await caller.refresh_rights()
                    hidden = await hidden_segments.by_role(caller.viewer, item.fact, wanted)
                    for view, cursor in _cursors(hidden, item.cursor):
                        yield _hidden(view, cursor, item.fact)
                elif (current := await _event(caller, item.cursor, item.fact)) is not None:
                    yield current


def _interest(user_id: int | None, segment_ids: set[int] | None) -> Callable[[Fact], bool]:
    """Which facts are about segments, and about these, or about another role of the subscriber."""

    def wants(fact: Fact) -> bool:
        if isinstance(fact, UserChanged):
            return fact.user_id == user_id and fact.previous_role is not None
        about_segment = isinstance(
            fact,
            SegmentStatusChanged
            | ReachChanged
            | RunProgressed
            | MembershipChanged
            | MetricsChanged
            | DeliveryChanged
            | SegmentUpdated
            | SegmentDeleted,
        )
        return about_segment and (segment_ids is None or _segment_of(fact) in segment_ids)

    return wants


async def _require_visible(caller: Caller, segment_ids: list[int] | None) -> None:
    segments = await segment_views.get_many(caller.viewer, segment_ids or [])
    for index, segment_id in enumerate(segment_ids or []):
        if segment_id not in segments:
            raise NotFound("There is no segment with this id.", path=("segmentIds", index))


async def _views(caller: Caller, segment_ids: list[int] | None) -> list[SegmentView]:
    """The segments that the subscription is about and the viewer may see now."""
    if segment_ids is None:
        segment_ids = sorted(await segment_views.visible_ids(caller.viewer))
    segments = await segment_views.get_many(caller.viewer, segment_ids)
    return [segments[segment_id] for segment_id in segment_ids if segment_id in segments]


def _cursors(views: list[SegmentView], last: str) -> list[tuple[SegmentView, str]]:
    """Segments that are sent together, with their cursors: a client that leaves before the last has not seen all."""
    return [(view, NOTHING_SEEN) for view in views[:-1]] + [(view, last) for view in views[-1:]]


async def _snapshots(caller: Caller, segment_ids: list[int] | None, last: str) -> list[SegmentEvent]:
    at = datetime.now(UTC)
    return [
        SnapshotEvent(cursor=cursor, at=at, segment=Segment.of(view), revision=view.requested_revision)
        for view, cursor in _cursors(await _views(caller, segment_ids), last)
    ]


async def _resyncs(caller: Caller, segment_ids: list[int] | None, resync: Resync) -> list[SegmentEvent]:
    at = datetime.now(UTC)
    return [
        ResyncEvent(
            cursor=cursor,
            at=at,
            segment=Segment.of(view),
            revision=view.requested_revision,
            reason=resync.reason,
        )
        for view, cursor in _cursors(await _views(caller, segment_ids), resync.cursor)
    ]


async def _event(caller: Caller, cursor: str, fact: Fact) -> SegmentEvent | None:
    """The event of a fact, or None if its segment is gone or hidden from the viewer by now."""
    if isinstance(fact, SegmentDeleted):
        return _deleted(caller, cursor, fact)
    segment_id = _segment_of(fact)
    segments = await segment_views.get_many(caller.viewer, [segment_id])
    if segment_id not in segments:
        last = hidden_segments.last_seen(caller.viewer, fact)
        return None if last is None else _hidden(last, cursor, fact)
    segment = Segment.of(segments[segment_id])
    at = fact.at
    match fact:
        case SegmentStatusChanged(revision=revision, status=status, previous_status=previous):
            return StatusEvent(
                cursor=cursor,
                at=at,
                segment=segment,
                revision=revision,
                status=status,
                previous_status=previous,
            )
        case ReachChanged(revision=revision):
            return ReachEvent(cursor=cursor, at=at, segment=segment, revision=revision, reach=segment.reach)
        case RunProgressed(revision=revision, progress=progress, phase=phase):
            return ProgressEvent(
                cursor=cursor, at=at, segment=segment, revision=revision, progress=progress, phase=phase
            )
        case MembershipChanged(revision=revision):
            return MembershipEvent(
                cursor=cursor,
                at=at,
                segment=segment,
                revision=revision,
                entered=fact.entered,
                exited=fact.exited,
                entered_numbers=fact.entered_sample,
                exited_numbers=fact.exited_sample,
            )
        case SegmentUpdated():
            return UpdatedEvent(cursor=cursor, at=at, segment=segment, revision=segment.revision)
        case MetricsChanged():
            return MetricsEvent(cursor=cursor, at=at, segment=segment, revision=segment.revision)
        case DeliveryChanged(delivery_id=number):
            views = await deliveries.get_many(caller.viewer, [number])
            if number in views:
                delivery = Delivery.of(views[number])
                return DeliveryEvent(
                    cursor=cursor, at=at, segment=segment, revision=segment.revision, delivery=delivery
                )
    return None


def _segment_of(fact: Fact) -> int:
    """The segment that a fact is about."""
    return fact.segment_id if isinstance(fact, DeliveryChanged) else fact.subject_id


def _deleted(caller: Caller, cursor: str, fact: SegmentDeleted) -> SegmentEvent | None:
    """The event of a deletion, or None for a viewer who did not see the segment."""
    view = segment_views.restored(fact.last)
    visible = sees_segment(
        caller.viewer,
        visibility=view.visibility,
        created_by_id=view.created_by_id,
        hidden_from=fact.hidden_from,
    )
    if not visible:
        return None
    return DeletedEvent(cursor=cursor, at=fact.at, segment=Segment.of(view), revision=fact.revision)


def _hidden(view: SegmentView, cursor: str, fact: Fact) -> SegmentEvent:
    """The last event of a segment for a viewer who sees it no more."""
    segment = hidden_segments.detached(view)
    return HiddenEvent(cursor=cursor, at=fact.at, segment=segment, revision=view.requested_revision)


async def _sample(caller: Caller, numbers: tuple[int, ...]) -> list[Member]:
    members_by_number = await members.get_many(caller.viewer, numbers)
    return [Member.of(members_by_number[number]) for number in numbers if number in members_by_number]

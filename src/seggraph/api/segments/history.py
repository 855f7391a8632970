"""The history of a segment in the schema: its runs, its size, who entered and exited, who was in it at a time."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.enums import publish
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, BatchCountedConnection, Before, Edge, First, Last, request_of
from seggraph.api.base.scalars import as_int
from seggraph.api.links.playbook_links import LinkedPlaybook, playbooks_seen
from seggraph.api.members.members import Member, MemberConnection
from seggraph.api.reach.reach import RunError
from seggraph.models.runs import Direction
from seggraph.services.history import size_history
from seggraph.services.history.membership_changes import ChangeFilter, ChangeList, ChangeView
from seggraph.services.history.past_memberships import AtList
from seggraph.services.history.runs import RunView
from seggraph.services.history.size_history import Span
from seggraph.services.members.lists import MemberList
from seggraph.services.segments.views import SegmentView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.transport.compiled.records import reads
from seggraph.vocabulary import HistoryInterval, RunStatus, RunTrigger, SourceKind
from seggraph.vocabulary.described import DescribedIntEnum


@publish
class MembershipDirection(DescribedIntEnum):
    """Whether a member entered or exited a segment."""

    ENTERED = Direction.ENTERED.value, "The member entered the segment."
    EXITED = Direction.EXITED.value, "The member exited the segment."


@strawberry.type(
    description="A run: one calculation of a segment. Old runs are MERGED by hour, day and month."
)
class SegmentRun(Node):
    """A run."""

    revision: int = strawberry.field(
        description="The number of the requested calculation that the run carried out."
    )
    trigger: RunTrigger = strawberry.field(description="What caused the run.")
    status: RunStatus = strawberry.field(description="The status of the run.")
    started_at: datetime = strawberry.field(description="When the run began.")
    finished_at: datetime | None = strawberry.field(
        description="When the run ended and its result took effect; null while it is running."
    )
    as_of: datetime | None = strawberry.field(description="The time of the data that it evaluated.")
    member_count: int | None = strawberry.field(
        description="How many members the segment had after the run; null without a result."
    )
    entered: int | None = strawberry.field(description="How many members entered; null without a result.")
    exited: int | None = strawberry.field(description="How many members exited; null without a result.")
    error: RunError | None = strawberry.field(description="Why the run failed; null unless it did.")

    @staticmethod
    def of(view: RunView) -> "SegmentRun":
        """The run as the service reads it."""
        return SegmentRun(
            id=ids.encode("SegmentRun", view.id),
            revision=view.revision,
            trigger=view.trigger,
            status=view.status,
            started_at=view.started_at,
            finished_at=view.finished_at,
            as_of=view.as_of,
            member_count=view.member_count,
            entered=view.entered,
            exited=view.exited,
            error=RunError.of(view.error_code, view.error_message, view.finished_at),
        )


@strawberry.type(description="A page of the runs of a segment, newest first.")
class SegmentRunConnection(BatchCountedConnection[SegmentRun, Edge[SegmentRun]]):
    """A page of the list."""


@strawberry.type(description="The size of a segment in one hour, day, week or month.")
class SizePoint:
    """A point of the size history."""

    at: datetime = strawberry.field(description="When the interval begins.")
    member_count: int = strawberry.field(
        description="How many members the segment had at the end of the interval, or has now."
    )
    entered: int = strawberry.field(description="How many entries there were in the interval.")
    exited: int = strawberry.field(
        description="How many exits there were in the interval, including erased members."
    )


@strawberry.type(
    description="A change of membership: a member entered or exited the segment. It has no id: old runs are"
    " MERGED, and their changes with them. The cursor of its edge says where it is in the list."
)
class MembershipChange:
    """A change of membership."""

    member: Member = strawberry.field(description="The member that entered or exited.")
    at: datetime = strawberry.field(description="When the member entered or exited.")
    direction: MembershipDirection = strawberry.field(description="Whether the member entered or exited.")
    trigger: RunTrigger = strawberry.field(
        description="The cause: a manual change or an import (MANUAL), a changed member (REFRESH), or a"
        " calculation of the whole segment (FULL)."
    )
    sources: list[SourceKind] | None = strawberry.field(
        description="The sources because of which the member entered, or was in the segment before it"
        " exited. Empty if a replacing import or a deleted playbook had released the member"
        " earlier; null for changes older than this record."
    )
    playbook_ids: strawberry.Private[list[int]]

    @strawberry.field(description="The playbooks among the sources that still exist and that you may see.")
    @awaits_loaders
    async def playbooks(self, info: Info) -> list[LinkedPlaybook]:
        """Look them up for the whole page at once."""
        return await playbooks_seen(info, self.playbook_ids)

    @staticmethod
    def of(view: ChangeView) -> "MembershipChange":
        """The change as the service reads it."""
        return MembershipChange(
            member=Member.of(view.member),
            at=view.at,
            direction=MembershipDirection(view.direction.value),
            trigger=view.trigger,
            sources=None
            if view.sources is None
            else list(dict.fromkeys(source.kind for source in view.sources)),
            playbook_ids=[
                source.playbook_id for source in view.sources or () if source.playbook_id is not None
            ],
        )


@strawberry.type(description="A page of the membership changes of a segment, newest first.")
class MembershipChangeConnection(BatchCountedConnection[MembershipChange, Edge[MembershipChange]]):
    """A page of the list."""


From = Annotated[
    datetime | None, strawberry.argument(name="from", description="The start of the period, included.")
]
To = Annotated[
    datetime | None, strawberry.argument(description="The end of the period, not included; default: now.")
]


@strawberry.type
class SegmentHistoryFields:
    """What of a segment is history."""

    view: strawberry.Private[SegmentView]

    @strawberry.field(
        description="The calculations of the segment, newest first.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def runs(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> SegmentRunConnection:
        """A page of runs, for all segments of the operation at once."""
        request = request_of(first, after, last, before)
        loaders = caller_of(info).loaders.history
        page = await loaders.run_pages.load((self.view.id, request))
        return SegmentRunConnection.of(page, SegmentRun.of, lambda: loaders.run_counts.load(self.view.id))

    @strawberry.field(
        description="The number of members over time, by hour, day, week or month in the time zone of the"
        " workspace: up to 2,000 points, by default of the last 30 days.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def size_history(
        self,
        info: Info,
        from_: From = None,
        to: To = None,
        interval: Annotated[
            HistoryInterval | None, strawberry.argument(description="The length of one step; default DAY.")
        ] = None,
    ) -> list[SizePoint]:
        """The points, for all segments of the operation at once."""
        span = Span(from_, to, interval or HistoryInterval.DAY)
        points: list[size_history.SizePoint] = await caller_of(info).loaders.history.sizes.load(
            (self.view.id, span)
        )
        return [
            SizePoint(
                at=point.at,
                member_count=point.member_count,
                entered=as_int(point.entered),
                exited=as_int(point.exited),
            )
            for point in points
        ]

    @strawberry.field(description="The members that entered and exited, newest first, with time and cause.")
    @awaits_loaders
    async def membership_changes(
        self,
        info: Info,
        from_: From = None,
        to: To = None,
        direction: Annotated[
            MembershipDirection | None,
            strawberry.argument(description="Return only changes in this direction."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> MembershipChangeConnection:
        """A page of changes, for all segments of the operation at once."""
        wanted = ChangeFilter(from_, to, None if direction is None else Direction(direction.value))
        list_ = ChangeList(self.view.id, self.view.kind, wanted)
        request = request_of(first, after, last, before)
        loaders = caller_of(info).loaders.history
        page = await loaders.change_pages.load((list_, request))
        return MembershipChangeConnection.of(
            page, MembershipChange.of, lambda: loaders.change_counts.load(list_)
        )

    @strawberry.field(
        description="The segment's members at the given time, without members erased since. For old times"
        " the answer is exact at the end of each hour, day or month."
    )
    @awaits_loaders
    async def membership_at(
        self,
        info: Info,
        at: Annotated[datetime, strawberry.argument(description="The time to look at.")],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> MemberConnection:
        """A page of the members, for all segments of the operation at once."""
        request = request_of(first, after, last, before)
        list_ = AtList(self.view.id, self.view.kind, at)
        caller = caller_of(info)
        page, audience = await caller.loaders.history.members_at.load((list_, request))
        return MemberConnection.of_list(caller.viewer, page, MemberList(self.view.kind, audience=audience))

"""The history of a segment in the schema: its runs, its size, who entered and exited, who was in it at a time."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.enums import publish
from seggraph.api.base.paging import After, BatchCountedConnection, Edge, First
from seggraph.api.base.scalars import as_int
from seggraph.api.links.playbook_links import LinkedPlaybook, playbooks_seen
from seggraph.api.members.members import Member, MemberConnection
from seggraph.api.reach.reach import RunError
from seggraph.database.paging import PageRequest
from seggraph.models.runs import Move
from seggraph.services.history import size_history
from seggraph.services.history.past_memberships import AtList, MoveFilter, MoveList, MoveView
from seggraph.services.history.runs import RunView
from seggraph.services.history.size_history import Span
from seggraph.services.members.members import MemberList
from seggraph.services.segments.views import SegmentView
from seggraph.transport.loading import awaits_loaders
from seggraph.transport.records import reads
from seggraph.vocabulary import HistoryInterval, RunStatus, RunTrigger, SourceKind
from seggraph.vocabulary.described import DescribedIntEnum


@publish
class MembershipDirection(DescribedIntEnum):
    """Whether a member entered or exited a segment."""

    ENTERED = Move.ENTERED.value, "The member entered the segment."
    EXITED = Move.EXITED.value, "The member exited the segment."


@strawberry.type(description="One computation of a segment; old ones are MERGED by hour, day and month.")
class SegmentRun:
    """A run."""

    id: strawberry.ID = strawberry.field(description="Its global id.")
    revision: int = strawberry.field(description="The revision that it computed.")
    trigger: RunTrigger = strawberry.field(description="Why it ran.")
    status: RunStatus = strawberry.field(description="How it stands.")
    started_at: datetime = strawberry.field(description="When it began.")
    finished_at: datetime | None = strawberry.field(description="When it was over, and its result true.")
    as_of: datetime | None = strawberry.field(description="The time of the data that it evaluated.")
    member_count: int | None = strawberry.field(description="How many members the segment had after it.")
    entered: int | None = strawberry.field(description="How many members entered.")
    exited: int | None = strawberry.field(description="How many members exited.")
    error: RunError | None = strawberry.field(description="Why it failed, if it did.")

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


@strawberry.type(description="An hour, day, week or month of a segment.")
class SizePoint:
    """A point of the size history."""

    at: datetime = strawberry.field(description="When it begins.")
    member_count: int = strawberry.field(
        description="How many members there were when it was over, or are now."
    )
    entered: int = strawberry.field(description="How many entries there were in it.")
    exited: int = strawberry.field(description="How many exits there were in it, erasures too.")


@strawberry.type(description="That a member entered or exited a segment.")
class MembershipChange:
    """A move."""

    member: Member = strawberry.field(description="The member.")
    at: datetime = strawberry.field(description="When.")
    direction: MembershipDirection = strawberry.field(description="Which way.")
    trigger: RunTrigger = strawberry.field(
        description="The cause: a hand or an import (MANUAL), a changed member (REFRESH), a computation of all (FULL)."
    )
    sources: list[SourceKind] | None = strawberry.field(
        description="What held the member in the segment: after an entry what let it in, before an exit what let it"
        " go. Empty if an import that replaced the members, or a playbook that is gone, let go of it earlier; null"
        " for moves from before this was kept."
    )
    playbook_ids: strawberry.Private[list[int]]

    @strawberry.field(description="The playbooks among the sources, of those that there are and you may see.")
    @awaits_loaders
    async def playbooks(self, info: Info) -> list[LinkedPlaybook]:
        """Look them up for the whole page at once."""
        return await playbooks_seen(info, self.playbook_ids)

    @staticmethod
    def of(view: MoveView) -> "MembershipChange":
        """The move as the service reads it."""
        return MembershipChange(
            member=Member.of(view.member),
            at=view.at,
            direction=MembershipDirection(view.direction.value),
            trigger=view.trigger,
            sources=None if view.sources is None else list(dict.fromkeys(one.kind for one in view.sources)),
            playbook_ids=[one.playbook_id for one in view.sources or () if one.playbook_id is not None],
        )


@strawberry.type(description="A page of the membership changes of a segment, newest first.")
class MembershipChangeConnection(BatchCountedConnection[MembershipChange, Edge[MembershipChange]]):
    """A page of the list."""


From = Annotated[datetime | None, strawberry.argument(name="from", description="From this instant on.")]
To = Annotated[
    datetime | None, strawberry.argument(description="Until before this instant; now unless given.")
]


@strawberry.type
class SegmentHistoryFields:
    """What of a segment is history."""

    view: strawberry.Private[SegmentView]

    @strawberry.field(
        description="Its computations, the newest first.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def runs(self, info: Info, first: First = None, after: After = None) -> SegmentRunConnection:
        """A page of runs, for all segments of the operation at once."""
        request = PageRequest(first=first, after=after)
        loaders = caller_of(info).loaders.history
        page = await loaders.run_pages.load((self.view.id, request))
        return SegmentRunConnection.of(page, SegmentRun.of, lambda: loaders.run_counts.load(self.view.id))

    @strawberry.field(
        description="Its size by hour, day, week or month of the workspace's zone: whole intervals, up to 2,000 of"
        " them, those that have an instant of the time asked for; the last 30 days unless given.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def size_history(
        self,
        info: Info,
        from_: From = None,
        to: To = None,
        interval: Annotated[
            HistoryInterval | None, strawberry.argument(description="How long each is; DAY unless given.")
        ] = None,
    ) -> list[SizePoint]:
        """The points, for all segments of the operation at once."""
        span = Span(from_, to, interval or HistoryInterval.DAY)
        found: list[size_history.SizePoint] = await caller_of(info).loaders.history.sizes.load(
            (self.view.id, span)
        )
        return [
            SizePoint(
                at=one.at,
                member_count=one.member_count,
                entered=as_int(one.entered),
                exited=as_int(one.exited),
            )
            for one in found
        ]

    @strawberry.field(description="Who entered and exited, when and why, the newest first.")
    @awaits_loaders
    async def membership_changes(
        self,
        info: Info,
        from_: From = None,
        to: To = None,
        direction: Annotated[
            MembershipDirection | None, strawberry.argument(description="Only those that went this way.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> MembershipChangeConnection:
        """A page of moves, for all segments of the operation at once."""
        wanted = MoveFilter(from_, to, None if direction is None else Move(direction.value))
        list_ = MoveList(self.view.id, self.view.kind, wanted)
        request = PageRequest(first=first, after=after)
        loaders = caller_of(info).loaders.history
        page = await loaders.change_pages.load((list_, request))
        return MembershipChangeConnection.of(
            page, MembershipChange.of, lambda: loaders.change_counts.load(list_)
        )

    @strawberry.field(
        description="Who was in it at an instant; whoever was erased since is not there. Of old times it is right at"
        " the end of each hour, day or month."
    )
    @awaits_loaders
    async def membership_at(
        self,
        info: Info,
        at: Annotated[datetime, strawberry.argument(description="The instant.")],
        first: First = None,
        after: After = None,
    ) -> MemberConnection:
        """A page of the members, for all segments of the operation at once."""
        request = PageRequest(first=first, after=after)
        list_ = AtList(self.view.id, self.view.kind, at)
        caller = caller_of(info)
        page, audience = await caller.loaders.history.members_at.load((list_, request))
        return MemberConnection.of_list(caller.viewer, page, MemberList(self.view.kind, audience=audience))

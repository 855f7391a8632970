"""When a member was in a segment, in the schema."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.errors import NotFound
from seggraph.services.history.past_memberships import Interval
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import MemberKind, RunTrigger


@strawberry.type(description="A period during which a member was in a segment.")
class MembershipInterval:
    """An interval."""

    from_: datetime = strawberry.field(name="from", description="When the member entered.")
    to: datetime | None = strawberry.field(
        description="When the member exited; null if it is still in the segment."
    )
    entered_by: RunTrigger = strawberry.field(
        description="The trigger of the run in which the member entered."
    )
    exited_by: RunTrigger | None = strawberry.field(
        description="The trigger of the run in which the member exited; null if it is still in the segment."
    )

    @staticmethod
    def of(interval: Interval) -> "MembershipInterval":
        """The interval as the service reads it."""
        return MembershipInterval(
            from_=interval.start,
            to=interval.end,
            entered_by=interval.entered_by,
            exited_by=interval.exited_by,
        )


@strawberry.type
class MemberHistoryFields:
    """What of a member is history."""

    kind: MemberKind
    ordinal: strawberry.Private[int]

    @strawberry.field(
        description="The periods during which the member was in a segment, oldest first; empty if the"
        " segment is of another kind."
    )
    @awaits_loaders
    async def segment_intervals(
        self,
        info: Info,
        segment_id: Annotated[
            strawberry.ID, strawberry.argument(description="The global id of the segment.")
        ],
    ) -> list[MembershipInterval]:
        """Look them up for all members of the operation at once."""
        loaders = caller_of(info).loaders
        segment = await loaders.segments.by_id.load(ids.decode("Segment", segment_id, path=("segmentId",)))
        if segment is None:
            raise NotFound("There is no segment with this id.", path=("segmentId",))
        if segment.kind is not self.kind:
            return []
        intervals = await loaders.history.intervals.load((segment.id, self.ordinal))
        return [MembershipInterval.of(interval) for interval in intervals]

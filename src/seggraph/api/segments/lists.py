"""Lists of segments in the schema: the connection, what narrows it and how it is sorted."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.enums import OrderDirection, SegmentOrderField
from seggraph.api.base.paging import CountedConnection, Edge
from seggraph.api.segments.segments import Segment
from seggraph.database.paging import Order
from seggraph.services.segments import views as segment_views
from seggraph.services.segments.views import SegmentFilter as FilterState
from seggraph.vocabulary import (
    MemberKind,
    ReachStatus,
    SegmentOrigin,
    SegmentPurpose,
    SegmentStatus,
    SegmentType,
)


@strawberry.type(description="A page of a list of segments.")
class SegmentConnection(CountedConnection[Segment, Edge[Segment]]):
    """A page of the list."""


@strawberry.input(description="A period of time: `from` is included, `to` is not.")
class InstantRange:
    """Two instants, either of which may be left open."""

    from_: datetime | None = strawberry.field(
        name="from", default=None, description="The begin of the period, included; null for no limit."
    )
    to: datetime | None = strawberry.field(
        default=None, description="The end of the period, not included; null for no limit."
    )


@strawberry.input(
    description="What a list of segments is narrowed to. Archived ones are in it only if asked for."
)
class SegmentFilter:
    """Each field that is given narrows the list further."""

    kinds: list[MemberKind] | None = strawberry.field(default=None, description="Of these kinds.")
    types: list[SegmentType] | None = strawberry.field(default=None, description="Of these types.")
    statuses: list[SegmentStatus] | None = strawberry.field(
        default=None, description="In these statuses; without it, all but ARCHIVED."
    )
    purposes: list[SegmentPurpose] | None = strawberry.field(default=None, description="For these purposes.")
    origins: list[SegmentOrigin] | None = strawberry.field(default=None, description="Of these origins.")
    created_by: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Created by these users."
    )
    created_between: InstantRange | None = strawberry.field(default=None, description="Created in this time.")
    reach_statuses: list[ReachStatus] | None = strawberry.field(
        default=None, description="With these reach statuses."
    )


@strawberry.input(description="How a list of segments is sorted.")
class SegmentOrder:
    """A field and a direction."""

    field: SegmentOrderField = strawberry.field(description="By what; unset values come last.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")


@strawberry.type(description="How many segments of a list are in one status.")
class SegmentStatusCount:
    """The number on a tab."""

    status: SegmentStatus = strawberry.field(description="The status.")
    count: int = strawberry.field(description="How many segments are in it, of those that you may see.")


@strawberry.type
class SegmentListQueries:
    """The queries of lists of segments, besides the lists."""

    @strawberry.field(
        description="How many segments a list has in each status, ARCHIVED ones too: for tabs. The filter's own"
        " statuses do not count."
    )
    async def segment_counts(
        self,
        info: Info,
        filter: Annotated[
            SegmentFilter | None,
            strawberry.argument(description="Conditions that the segments have to satisfy."),
        ] = None,
        search: Annotated[str | None, strawberry.argument(description="Part of a name.")] = None,
    ) -> list[SegmentStatusCount]:
        """Count by status."""
        found = await segment_views.counts(caller_of(info).viewer, filter_of(filter), search)
        return [SegmentStatusCount(status=status, count=count) for status, count in found.items()]


def filter_of(filter_: SegmentFilter | None) -> FilterState:
    """The filter as the service takes it."""
    if filter_ is None:
        return FilterState()
    between = filter_.created_between or InstantRange()
    creators = filter_.created_by
    return FilterState(
        kinds=filter_.kinds,
        types=filter_.types,
        statuses=filter_.statuses,
        purposes=filter_.purposes,
        origins=filter_.origins,
        created_by=None
        if creators is None
        else ids.decode_all("User", creators, path=("filter", "createdBy")),
        created_from=between.from_,
        created_before=between.to,
        reach_statuses=filter_.reach_statuses,
    )


def order_of(order: SegmentOrder | None) -> Order:
    """The order as the service takes it; the newest first unless told otherwise."""
    if order is None:
        return segment_views.order_by("created_at", descending=True)
    descending = order.direction is OrderDirection.DESC
    return segment_views.order_by(order.field.value, descending=descending)

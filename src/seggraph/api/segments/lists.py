"""Lists of segments in the schema: the connection, what narrows it and how it is sorted."""

from datetime import datetime
from typing import Annotated, Final

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
    SegmentFacet,
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
        name="from", default=None, description="The start of the period, included; null for no limit."
    )
    to: datetime | None = strawberry.field(
        default=None, description="The end of the period, not included; null for no limit."
    )


@strawberry.input(
    description="Conditions for a list of segments; all of them have to be satisfied. Archived segments"
    " are returned only if statuses asks for them."
)
class SegmentFilter:
    """Each field that is given narrows the list further."""

    kinds: list[MemberKind] | None = strawberry.field(
        default=None, description="Segments whose members are of these kinds."
    )
    types: list[SegmentType] | None = strawberry.field(default=None, description="Segments of these types.")
    statuses: list[SegmentStatus] | None = strawberry.field(
        default=None, description="Segments in these statuses; default: all but ARCHIVED."
    )
    purposes: list[SegmentPurpose] | None = strawberry.field(
        default=None, description="Segments with these purposes."
    )
    origins: list[SegmentOrigin] | None = strawberry.field(
        default=None, description="Segments with these origins."
    )
    created_by: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Segments that these users created."
    )
    created_between: InstantRange | None = strawberry.field(
        default=None, description="Segments that were created in this period."
    )
    reach_statuses: list[ReachStatus] | None = strawberry.field(
        default=None, description="Segments whose reach has one of these statuses."
    )
    label_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Segments with at least one of these labels."
    )
    folder_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Segments in these folders, or in folders within them."
    )
    in_folder: bool | None = strawberry.field(
        default=None, description="true: segments in any folder; false: segments in none."
    )
    favourite: bool | None = strawberry.field(
        default=None, description="true: your favourites; false: all other segments."
    )
    last_modified_by: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Segments on which one of these users did the last action."
    )
    modified_between: InstantRange | None = strawberry.field(
        default=None, description="Segments whose last action happened in this period."
    )
    min_member_count: int | None = strawberry.field(
        default=None, description="Segments with at least so many members."
    )
    max_member_count: int | None = strawberry.field(
        default=None, description="Segments with at most so many members."
    )
    campaign_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Segments that one of these campaigns targets or excludes."
    )
    used: bool | None = strawberry.field(
        default=None,
        description="Whether a campaign, a playbook, a delivery or the criteria of something else refers to the"
        " segment.",
    )
    stale: bool | None = strawberry.field(
        default=None,
        description="true: ACTIVE segments whose calculation failed, was requested and has not ended, or is"
        " overdue; false: all others.",
    )


@strawberry.input(description="The order of a list of segments.")
class SegmentOrder:
    """A field and a direction."""

    field: SegmentOrderField = strawberry.field(
        description="What to sort by. Segments without a value come last."
    )
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.ASC, description="The direction; default ASC."
    )


@strawberry.type(description="How many segments of a list are in one status.")
class SegmentStatusCount:
    """The number on a tab."""

    status: SegmentStatus = strawberry.field(description="The status that is counted.")
    count: int = strawberry.field(
        description="How many segments are in this status, of those that you may see."
    )


@strawberry.type(description="How many segments of a list have a value.")
class SegmentFacetValue:
    """A value of a facet."""

    value: str = strawberry.field(
        description="The value, as filters take it: a word such as DYNAMIC, or the global id of a label, folder or"
        " user."
    )
    count: int = strawberry.field(description="How many segments have it, of those that you may see.")


@strawberry.type(description="The segments of a list, counted by one thing.")
class SegmentFacetCounts:
    """A facet."""

    facet: SegmentFacet = strawberry.field(description="What they are counted by.")
    values: list[SegmentFacetValue] = strawberry.field(
        description="The values that there are, the most frequent first; up to 500."
    )


FACET_IDS: Final = {
    SegmentFacet.FOLDER: "Folder",
    SegmentFacet.LABEL: "Label",
    SegmentFacet.CREATED_BY: "User",
}
"""The facets whose values are ids, with the type of the objects."""


@strawberry.type
class SegmentListQueries:
    """The queries of lists of segments, besides the lists."""

    @strawberry.field(
        description="How many segments there are in each status, including ARCHIVED, for example for tabs."
        " The statuses of the filter are ignored."
    )
    async def segment_counts(
        self,
        info: Info,
        filter: Annotated[
            SegmentFilter | None,
            strawberry.argument(description="Conditions that the segments have to satisfy."),
        ] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Count only segments whose name or description contains these words, in any order; case is"
                " ignored. A global id finds its segment."
            ),
        ] = None,
    ) -> list[SegmentStatusCount]:
        """Count by status."""
        counts = await segment_views.counts(caller_of(info).viewer, filter_of(filter), search)
        return [SegmentStatusCount(status=status, count=count) for status, count in counts.items()]

    @strawberry.field(
        description="How many segments of a list there are for each label, type and so on, for example beside the"
        " choices of a filter. What the filter says of the same facet is ignored, so that the numbers are those of each"
        " choice."
    )
    async def segment_facets(
        self,
        info: Info,
        facets: Annotated[list[SegmentFacet], strawberry.argument(description="What to count by.")],
        filter: Annotated[
            SegmentFilter | None,
            strawberry.argument(description="Conditions that the segments have to satisfy."),
        ] = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Count only segments whose name or description contains these words, in any order."
            ),
        ] = None,
    ) -> list[SegmentFacetCounts]:
        """Count by each facet."""
        viewer, state = caller_of(info).viewer, filter_of(filter)
        return [
            SegmentFacetCounts(
                facet=facet,
                values=[
                    SegmentFacetValue(value=_facet_value(facet, value), count=count)
                    for value, count in await segment_views.facet_counts(viewer, facet, state, search)
                ],
            )
            for facet in dict.fromkeys(facets)
        ]


def _facet_value(facet: SegmentFacet, stored: str) -> str:
    """A value as filters take it."""
    if facet is SegmentFacet.KIND:
        return MemberKind(int(stored)).name
    type_name = FACET_IDS.get(facet)
    return stored if type_name is None else ids.encode(type_name, int(stored))


def filter_of(filter_: SegmentFilter | None) -> FilterState:
    """The filter as the service takes it."""
    if filter_ is None:
        return FilterState()
    between = filter_.created_between or InstantRange()
    modified = filter_.modified_between or InstantRange()
    return FilterState(
        kinds=filter_.kinds,
        types=filter_.types,
        statuses=filter_.statuses,
        purposes=filter_.purposes,
        origins=filter_.origins,
        created_by=_decoded("User", filter_.created_by, "createdBy"),
        created_from=between.from_,
        created_before=between.to,
        reach_statuses=filter_.reach_statuses,
        label_ids=_decoded("Label", filter_.label_ids, "labelIds"),
        folder_ids=_decoded("Folder", filter_.folder_ids, "folderIds"),
        is_in_folder=filter_.in_folder,
        is_favourite=filter_.favourite,
        last_modified_by=_decoded("User", filter_.last_modified_by, "lastModifiedBy"),
        modified_from=modified.from_,
        modified_before=modified.to,
        min_member_count=filter_.min_member_count,
        max_member_count=filter_.max_member_count,
        campaign_ids=_decoded("Campaign", filter_.campaign_ids, "campaignIds"),
        is_used=filter_.used,
        is_stale=filter_.stale,
    )


def _decoded(type_name: str, global_ids: list[strawberry.ID] | None, name: str) -> list[int] | None:
    """The numbers of the ids of a filter, if it is given."""
    return None if global_ids is None else ids.decode_all(type_name, global_ids, path=("filter", name))


def order_of(order: SegmentOrder | None) -> Order:
    """The order as the service takes it; newest first by default."""
    if order is None:
        return segment_views.order_by("created_at", descending=True)
    descending = order.direction is OrderDirection.DESC
    return segment_views.order_by(order.field.value, descending=descending)

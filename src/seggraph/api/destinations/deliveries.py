"""Destinations and deliveries in the schema: the types, and the deliveries of a segment."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry
from strawberry.types import Info

from seggraph.access import is_admin, manages_destinations
from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.node import Node
from seggraph.api.base.scalars import JSON
from seggraph.api.destinations.types import DestinationType
from seggraph.api.reach.reach import RunError
from seggraph.services.destinations.deliveries import DeliveryView
from seggraph.services.destinations.destinations import DestinationView
from seggraph.services.segments.views import SegmentView
from seggraph.transport.loading import awaits_loaders
from seggraph.vocabulary import Channel, DeliveryStatus

if TYPE_CHECKING:
    from seggraph.api.segments.segments import Segment

LinkedSegment: TypeAlias = Annotated["Segment", strawberry.lazy("seggraph.api.segments.segments")]


@strawberry.type(description="A segment at a destination: a list there that is kept equal to the audience.")
class Delivery(Node):
    """A delivery."""

    status: DeliveryStatus = strawberry.field(description="How it stands.")
    progress: float | None = strawberry.field(
        description="How far the first load is, from 0 to 1; null unless BUILDING."
    )
    list_name: str | None = strawberry.field(
        description="What the list is called there. It is renamed with its segment; where lists keep their names it"
        " has the old one. Null before it is made, and while nobody knows."
    )
    delivered_count: int = strawberry.field(description="Members that the destination acknowledged.")
    member_count: int | None = strawberry.field(
        description="Members of the segment as of asOf: those that are to be there, and those left out below."
    )
    no_address_count: int | None = strawberry.field(
        description="Members left out because they have no address for the destination's channel."
    )
    no_consent_count: int | None = strawberry.field(
        description="Members left out because their consent does not allow the channel."
    )
    suppressed_count: int | None = strawberry.field(
        description="Members left out because their address is suppressed."
    )
    rejected_count: int | None = strawberry.field(
        description="Members whom the destination did not take; they are tried again when their data change."
    )
    is_emptying: bool = strawberry.field(
        description="Whether it was switched off and the list outside is still to be emptied."
    )
    as_of: datetime | None = strawberry.field(description="When the audience was compared last.")
    error: RunError | None = strawberry.field(
        description="Why it FAILED, or what went wrong last while it is tried again at retryAt."
    )
    retry_at: datetime | None = strawberry.field(description="When it is tried again, after a failure.")
    created_at: datetime = strawberry.field(description="When the segment was delivered there first.")
    view: strawberry.Private[DeliveryView]

    @strawberry.field(description="Where it is delivered.")
    @awaits_loaders
    async def destination(self, info: Info) -> "Destination":
        """Look it up for the whole page at once."""
        view = await caller_of(info).loaders.destinations.load(self.view.destination_id)
        if view is None:
            raise ValueError("a delivery has a destination")
        return Destination.of(view)

    @strawberry.field(description="The segment.")
    @awaits_loaders
    async def segment(self, info: Info) -> LinkedSegment | None:
        """Look it up for the whole page at once."""
        from seggraph.api.segments.segments import Segment

        view = await caller_of(info).loaders.segments.load(self.view.segment_id)
        return None if view is None else Segment.of(view)

    @staticmethod
    def of(view: DeliveryView) -> "Delivery":
        """The delivery as the service reads it."""
        return Delivery(
            id=ids.encode("Delivery", view.id),
            status=view.status,
            progress=view.progress,
            list_name=view.list_name,
            delivered_count=view.delivered_count,
            member_count=view.member_count,
            no_address_count=view.no_address_count,
            no_consent_count=view.no_consent_count,
            suppressed_count=view.suppressed_count,
            rejected_count=view.rejected_count,
            is_emptying=view.is_emptying,
            as_of=view.as_of,
            error=RunError.of(view.error_code, view.error_message, view.error_at),
            retry_at=view.retry_at,
            created_at=view.created_at,
            view=view,
        )


@strawberry.type(description="An outside system that segments are delivered to.")
class Destination(Node):
    """A destination."""

    name: str = strawberry.field(description="The name; unique in the workspace, whatever its case.")
    type: str = strawberry.field(graphql_type=DestinationType, description="How members are sent to it.")
    channel: Channel | None = strawberry.field(
        description="Only members whom this channel reaches are sent; null: everybody."
    )
    header_name: str | None = strawberry.field(
        description="The header that carries the secret; null: Authorization, as a bearer token."
    )
    mapping: JSON = strawberry.field(description="What is sent of a member.")
    version: int = strawberry.field(description="Goes up by one with every change.")
    created_at: datetime = strawberry.field(description="When it was made.")
    view: strawberry.Private[DestinationView]

    @strawberry.field(
        description="What is called; null for files. Whoever may not manage destinations sees scheme and host:"
        " the rest may be a secret."
    )
    def url(self, info: Info) -> str | None:
        """The URL, as far as the viewer may see it."""
        return self.view.url if manages_destinations(caller_of(info).viewer) else self.view.origin

    @strawberry.field(
        description="The end of the secret that it is called with, for administrators: enough to tell two apart."
    )
    def auth_secret_hint(self, info: Info) -> str | None:
        """The hint."""
        return self.view.auth_hint if is_admin(caller_of(info).viewer) else None

    @strawberry.field(
        description="Where the destination tells of bounces, complaints and unsubscribes, signed with its secret."
    )
    def feedback_url(self, info: Info) -> str:
        """The address, as the client reached us."""
        return f"{caller_of(info).base_url}/destinations/{self.view.id}/feedback"

    @strawberry.field(description="The deliveries there of segments that you may see.")
    @awaits_loaders
    async def deliveries(self, info: Info) -> list[Delivery]:
        """Look them up for the whole list at once."""
        views = await caller_of(info).loaders.destination_deliveries.load(self.view.id)
        return [Delivery.of(view) for view in views]

    @staticmethod
    def of(view: DestinationView) -> "Destination":
        """The destination as the service reads it."""
        return Destination(
            id=ids.encode("Destination", view.id),
            name=view.name,
            type=view.type,
            channel=view.channel,
            header_name=view.header_name,
            mapping=JSON(view.mapping),
            version=view.version,
            created_at=view.created_at,
            view=view,
        )


@strawberry.type
class SegmentDeliveryFields:
    """The part of Segment that says where it is delivered."""

    view: strawberry.Private[SegmentView]

    @strawberry.field(description="Where it is delivered, or was, and how that stands.")
    @awaits_loaders
    async def deliveries(self, info: Info) -> list[Delivery]:
        """Look them up for the whole page at once."""
        views = await caller_of(info).loaders.deliveries.load(self.view.id)
        return [Delivery.of(view) for view in views]

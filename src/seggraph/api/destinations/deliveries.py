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
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.transport.compiled.records import reads
from seggraph.vocabulary import Channel, DeliveryStatus

if TYPE_CHECKING:
    from seggraph.api.segments.segments import Segment

LinkedSegment: TypeAlias = Annotated["Segment", strawberry.lazy("seggraph.api.segments.segments")]


@strawberry.type(
    description="The delivery of a segment to a destination: a list there that is kept equal to the segment."
)
class Delivery(Node):
    """A delivery."""

    status: DeliveryStatus = strawberry.field(description="The status of the delivery.")
    progress: float | None = strawberry.field(
        description="The progress of the first load, from 0 to 1; null unless the status is BUILDING."
    )
    list_name: str | None = strawberry.field(
        description="The name of the list at the destination. It follows the name of the segment if the"
        " destination can rename lists; null until the list exists."
    )
    delivered_count: int = strawberry.field(description="How many members the destination has confirmed.")
    member_count: int | None = strawberry.field(
        description="How many members the segment had as of asOf: those to deliver plus those left out,"
        " counted below."
    )
    no_address_count: int | None = strawberry.field(
        description="How many members were left out because they have no address for the channel of the"
        " destination."
    )
    no_consent_count: int | None = strawberry.field(
        description="How many members were left out because their consent does not allow the channel."
    )
    suppressed_count: int | None = strawberry.field(
        description="How many members were left out because their address is suppressed."
    )
    rejected_count: int | None = strawberry.field(
        description="How many members the destination rejected. They are sent again when their data change."
    )
    is_emptying: bool = strawberry.field(
        description="Whether the delivery was switched off and its list is still being emptied."
    )
    as_of: datetime | None = strawberry.field(description="When the list was last compared with the segment.")
    error: RunError | None = strawberry.field(
        description="Why the delivery FAILED, or the last error of a delivery that is tried again at"
        " retryAt; null without error."
    )
    retry_at: datetime | None = strawberry.field(
        description="When the delivery is tried again after an error; null if no retry is planned."
    )
    created_at: datetime = strawberry.field(
        description="When the segment was first delivered to the destination."
    )
    view: strawberry.Private[DeliveryView]

    @strawberry.field(description="The destination of the delivery.")
    @awaits_loaders
    async def destination(self, info: Info) -> "Destination":
        """Look it up for the whole page at once."""
        view = await caller_of(info).loaders.destinations.by_id.load(self.view.destination_id)
        if view is None:
            raise ValueError("a delivery has a destination")
        return Destination.of(view)

    @strawberry.field(description="The segment; null if you may not see it.")
    @awaits_loaders
    async def segment(self, info: Info) -> LinkedSegment | None:
        """Look it up for the whole page at once."""
        from seggraph.api.segments.segments import Segment

        view = await caller_of(info).loaders.segments.by_id.load(self.view.segment_id)
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

    name: str = strawberry.field(description="The name. It is unique in the workspace; case is ignored.")
    type: str = strawberry.field(graphql_type=DestinationType, description="The type of the outside system.")
    channel: Channel | None = strawberry.field(
        description="The channel that a member must be reachable by to be sent; null sends all members."
    )
    header_name: str | None = strawberry.field(
        description="The HTTP header that carries the secret; null for `Authorization: Bearer`."
    )
    mapping: JSON = strawberry.field(description="The template of the JSON that is sent for a member.")
    version: int = strawberry.field(
        description="The number of edits so far. It grows by one with every change."
    )
    created_at: datetime = strawberry.field(description="When the destination was created.")
    view: strawberry.Private[DestinationView]

    @strawberry.field(
        description="The URL that is called; null for FILE. Viewers who may not manage destinations see only"
        " scheme and host, as the rest may be secret."
    )
    def url(self, info: Info) -> str | None:
        """The URL, as far as the viewer may see it."""
        return self.view.url if manages_destinations(caller_of(info).viewer) else self.view.origin

    @strawberry.field(
        description="The last characters of the secret, to tell secrets apart; null unless you are an"
        " administrator."
    )
    def auth_secret_hint(self, info: Info) -> str | None:
        """The hint."""
        return self.view.auth_hint if is_admin(caller_of(info).viewer) else None

    @strawberry.field(
        description="The URL to which the destination reports bounces, complaints and unsubscribes, signed"
        " with its signing secret."
    )
    def feedback_url(self, info: Info) -> str:
        """The address, as the client reached us."""
        return f"{caller_of(info).base_url}/destinations/{self.view.id}/feedback"

    @strawberry.field(
        description="The deliveries to this destination, of segments that you may see.",
        deprecation_reason="It is not paged: ask for `deliveries(destinationId:)`.",
    )
    @awaits_loaders
    async def deliveries(self, info: Info) -> list[Delivery]:
        """Look them up for the whole list at once."""
        views = await caller_of(info).loaders.destinations.deliveries_at_destinations.load(self.view.id)
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

    @strawberry.field(
        description="The deliveries of the segment to destinations, including stopped ones.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def deliveries(self, info: Info) -> list[Delivery]:
        """Look them up for the whole page at once."""
        views = await caller_of(info).loaders.destinations.deliveries_of_segments.load(self.view.id)
        return [Delivery.of(view) for view in views]

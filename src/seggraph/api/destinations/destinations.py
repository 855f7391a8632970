"""The queries and mutations of destinations and deliveries."""

from datetime import datetime
from typing import Annotated, Any, Final

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.base.payloads import DeletePayload
from seggraph.api.base.scalars import JSON
from seggraph.api.destinations.deliveries import Delivery, Destination
from seggraph.api.destinations.types import DestinationType
from seggraph.services.destinations import connection_tests as destination_tests
from seggraph.services.destinations import deliveries, destinations
from seggraph.services.destinations.connection_tests import Tried
from seggraph.services.destinations.deliveries import DeliveryList
from seggraph.services.destinations.destinations import DestinationDraft, Saved
from seggraph.vocabulary import Channel, DeliveryStatus

NOBODY: Final = 0
"""The number of no object: a list of what belongs to it is empty."""

MAPPING = (
    "The template of the JSON to send for a member: texts such as $email and $attributes.plan are replaced by its"
    " fields. Default: email and name."
)
AUTH = (
    "The bearer token, or the value of the header headerName. It is stored encrypted and never returned. Only"
    " administrators may set it."
)


@strawberry.type(description="The destination as the mutation left it, or the errors.")
class DestinationPayload:
    """Payload of createDestination and updateDestination."""

    destination: Destination | None = strawberry.field(
        default=None, description="The destination; null if there are errors."
    )
    signing_secret: str | None = strawberry.field(
        default=None,
        description="The new secret that signs messages to the destination and feedback from it; null if it"
        " did not change. It is returned only once, and only to administrators.",
    )
    auth_secret_dropped: bool = strawberry.field(
        default=False,
        description="Whether authSecret was removed because scheme, host, port or path of the URL or headerName"
        " changed. A secret is sent only to the address that it was given for: set it again for the new one.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )

    @staticmethod
    def of(saved: Saved) -> "DestinationPayload":
        """The payload of what the service saved."""
        return DestinationPayload(
            destination=Destination.of(saved.view),
            signing_secret=saved.signing_secret,
            auth_secret_dropped=saved.auth_secret_dropped,
        )


@strawberry.type(description="The delivery as the mutation left it, or the errors.")
class DeliveryPayload:
    """Payload of deliverSegment, deactivateDelivery and retryDelivery."""

    delivery: Delivery | None = strawberry.field(
        default=None, description="The delivery; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type(description="The result of a test of a destination.")
class DestinationTest:
    """What one call to it said."""

    ok: bool = strawberry.field(
        description="Whether the destination answered and accepted our credentials, so that deliveries can"
        " begin."
    )
    status_code: int | None = strawberry.field(
        description="The HTTP status of the answer; null if there was none, and for FILE."
    )
    duration_seconds: float = strawberry.field(description="How long the test took, in seconds.")
    reason: str | None = strawberry.field(
        description="What is wrong and what would help; null if ok is true."
    )
    at: datetime = strawberry.field(description="When the test began.")

    @staticmethod
    def of(tried: Tried) -> "DestinationTest":
        """The test as the service made it."""
        return DestinationTest(
            ok=tried.reason is None,
            status_code=tried.status_code,
            duration_seconds=tried.seconds,
            reason=tried.reason,
            at=tried.at,
        )


@strawberry.type(description="The result of a test of a destination, or the errors.")
class TestDestinationPayload:
    """Payload of testDestination."""

    destination: Destination | None = strawberry.field(
        default=None, description="The destination that was tested; null if there are errors."
    )
    test: DestinationTest | None = strawberry.field(
        default=None, description="The result of the test; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="The errors because of which the destination was not called; empty on success.",
    )


@strawberry.input(description="The destination to create.")
class CreateDestinationInput:
    """Input of createDestination."""

    name: str = strawberry.field(description="The name: 1 to 200 characters, unique in the workspace.")
    type: str = strawberry.field(graphql_type=DestinationType, description="The type of the outside system.")
    channel: Channel | None = strawberry.field(
        default=None,
        description="Send only members that this channel reaches. It is EMAIL for an email service; null"
        " sends all members.",
    )
    url: str | None = strawberry.field(
        default=None,
        description="The URL to call: https, reachable in the public internet. Leave it out for FILE.",
    )
    header_name: str | None = strawberry.field(
        default=None,
        description="The HTTP header that carries authSecret, like X-Api-Key; null for `Authorization:"
        " Bearer`.",
    )
    auth_secret: str | None = strawberry.field(default=None, description=AUTH)
    mapping: JSON | None = strawberry.field(default=None, description=MAPPING)


@strawberry.input(description="The changes of a destination. A field that is absent stays as it is.")
class UpdateDestinationInput:
    """Input of updateDestination."""

    id: strawberry.ID = strawberry.field(description="The global id of the destination.")
    version: int | None = strawberry.field(
        default=None,
        description="The version that your edit is based on. If it is no longer current, the answer is"
        " CONFLICT.",
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new name: 1 to 200 characters."
    )
    channel: Channel | None = strawberry.field(
        default=strawberry.UNSET,
        description="Send only members that this channel reaches; null sends all members.",
    )
    url: str | None = strawberry.field(default=strawberry.UNSET, description="The new URL to call.")
    header_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The HTTP header that carries authSecret; null for `Authorization: Bearer`.",
    )
    auth_secret: str | None = strawberry.field(default=strawberry.UNSET, description=AUTH)
    mapping: JSON | None = strawberry.field(default=strawberry.UNSET, description=MAPPING)
    new_signing_secret: bool = strawberry.field(
        default=False,
        description="Whether to create a new signing secret; the old one stops working at once.",
    )


@strawberry.input(description="The destination that the mutation is about.")
class DestinationIdInput:
    """Input of deleteDestination and testDestination."""

    id: strawberry.ID = strawberry.field(description="The global id of the destination.")


@strawberry.input(description="The segment to deliver, and the destination.")
class DeliverSegmentInput:
    """Input of deliverSegment."""

    segment_id: strawberry.ID = strawberry.field(
        description="The global id of the segment; it must be ACTIVE."
    )
    destination_id: strawberry.ID = strawberry.field(description="The global id of the destination.")


@strawberry.input(description="The delivery to change.")
class DeliveryIdInput:
    """Input of deactivateDelivery and retryDelivery."""

    id: strawberry.ID = strawberry.field(description="The global id of the delivery.")
    keep_members: bool = strawberry.field(
        default=False,
        description="For deactivateDelivery: true keeps the list as it is, false (the default) empties it.",
    )


@strawberry.type(description="A page of the deliveries of segments that you may see, newest first.")
class DeliveryConnection(CountedConnection[Delivery, Edge[Delivery]]):
    """A page of the list."""


@strawberry.type
class DestinationQueries:
    """The queries of destinations and deliveries."""

    @strawberry.field(
        description="The deliveries of segments that you may see, newest first, also stopped ones."
    )
    async def deliveries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        destination_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Return only deliveries to this destination."),
        ] = None,
        segment_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Return only deliveries of this segment.")
        ] = None,
        statuses: Annotated[
            list[DeliveryStatus] | None,
            strawberry.argument(description="Return only deliveries with these statuses."),
        ] = None,
    ) -> DeliveryConnection:
        """A page of deliveries."""
        viewer = caller_of(info).viewer
        list_ = DeliveryList(
            None if destination_id is None else ids.find("Destination", destination_id) or NOBODY,
            None if segment_id is None else ids.find("Segment", segment_id) or NOBODY,
            statuses,
        )
        page = await deliveries.list_page(viewer, list_, request_of(first, after, last, before))
        return DeliveryConnection.of(page, Delivery.of, lambda: deliveries.count(viewer, list_))

    @strawberry.field(description="The destinations of the workspace, sorted by name.")
    async def destinations(self, info: Info) -> list[Destination]:
        """All of them: there are a hundred at most."""
        return [Destination.of(view) for view in await destinations.list_all(caller_of(info).viewer)]

    @strawberry.field(
        description="A destination by its global id; null if the workspace has no such destination."
    )
    async def destination(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The global id of the destination.")],
    ) -> Destination | None:
        """Find a destination."""
        parts = ids.split(id)
        if parts is None or parts[0] != "Destination":
            return None
        view = await caller_of(info).loaders.destinations.by_id.load(parts[1])
        return None if view is None else Destination.of(view)


@strawberry.type
class DestinationMutations:
    """The mutations of destinations and deliveries."""

    @strawberry.mutation(
        description="Create a destination. Administrators and leaders only.",
        extensions=[ReportErrors(DestinationPayload)],
    )
    async def create_destination(self, info: Info, input: CreateDestinationInput) -> DestinationPayload:
        """Create."""
        caller = caller_of(info)
        mapping: Any = input.mapping
        draft = DestinationDraft(
            name=input.name,
            type=input.type,
            channel=input.channel,
            url=input.url,
            header_name=input.header_name,
            mapping=mapping,
            auth_secret=input.auth_secret,
        )
        return DestinationPayload.of(await destinations.create(caller.services, caller.viewer, draft))

    @strawberry.mutation(
        description="Change a destination. Members for which other data would be sent now are sent again.",
        extensions=[ReportErrors(DestinationPayload)],
    )
    async def update_destination(self, info: Info, input: UpdateDestinationInput) -> DestinationPayload:
        """Update."""
        caller = caller_of(info)
        names = ("name", "channel", "url", "header_name", "auth_secret", "mapping")
        given = {name: value for name in names if (value := getattr(input, name)) is not strawberry.UNSET}
        saved = await destinations.update(
            caller.services,
            caller.viewer,
            ids.decode("Destination", input.id),
            given,
            version=input.version,
            new_signing_secret=input.new_signing_secret,
        )
        return DestinationPayload.of(saved)

    @strawberry.mutation(
        description="Delete a destination whose deliveries are all INACTIVE. Lists in the outside system"
        " stay.",
        extensions=[ReportErrors(DeletePayload)],
    )
    async def delete_destination(self, info: Info, input: DestinationIdInput) -> DeletePayload:
        """Delete."""
        caller = caller_of(info)
        await destinations.delete(caller.services, caller.viewer, ids.decode("Destination", input.id))
        return DeletePayload(deleted_id=input.id)

    @strawberry.mutation(
        description="Call a destination once to check the connection and the credentials, without changing"
        " any list. Administrators and leaders only.",
        extensions=[ReportErrors(TestDestinationPayload)],
    )
    async def test_destination(self, info: Info, input: DestinationIdInput) -> TestDestinationPayload:
        """Test."""
        caller = caller_of(info)
        view, tried = await destination_tests.run(
            caller.services, caller.viewer, ids.decode("Destination", input.id)
        )
        return TestDestinationPayload(destination=Destination.of(view), test=DestinationTest.of(tried))

    @strawberry.mutation(
        description="Start to deliver a segment: a list at the destination is kept equal to it. Also starts"
        " a FAILED delivery again.",
        extensions=[ReportErrors(DeliveryPayload)],
    )
    async def deliver_segment(self, info: Info, input: DeliverSegmentInput) -> DeliveryPayload:
        """Deliver."""
        caller = caller_of(info)
        view = await deliveries.deliver(
            caller.services,
            caller.viewer,
            ids.decode("Segment", input.segment_id, path=("segmentId",)),
            ids.decode("Destination", input.destination_id, path=("destinationId",)),
        )
        return DeliveryPayload(delivery=Delivery.of(view))

    @strawberry.mutation(
        description="Stop a delivery. It becomes INACTIVE, and its list is emptied or kept.",
        extensions=[ReportErrors(DeliveryPayload)],
    )
    async def deactivate_delivery(self, info: Info, input: DeliveryIdInput) -> DeliveryPayload:
        """Deactivate."""
        caller = caller_of(info)
        view = await deliveries.deactivate(
            caller.services,
            caller.viewer,
            ids.decode("Delivery", input.id),
            keep_members=input.keep_members,
        )
        return DeliveryPayload(delivery=Delivery.of(view))

    @strawberry.mutation(
        description="Try a delivery again at once, after it FAILED or while it waits for its next attempt.",
        extensions=[ReportErrors(DeliveryPayload)],
    )
    async def retry_delivery(self, info: Info, input: DeliveryIdInput) -> DeliveryPayload:
        """Retry."""
        caller = caller_of(info)
        view = await deliveries.retry(caller.services, caller.viewer, ids.decode("Delivery", input.id))
        return DeliveryPayload(delivery=Delivery.of(view))

"""Events in the schema: a member's events and customer value, and the mutations that record and delete events."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, RowError, UserError
from seggraph.api.base.node import Node
from seggraph.api.base.paging import BatchCountedConnection, Edge
from seggraph.api.base.scalars import JSON, MAX_INT, as_int
from seggraph.api.users.viewer import Workspace
from seggraph.database.paging import PageRequest
from seggraph.services.customer_value.customer_values import CustomerValue as CustomerValueView
from seggraph.services.events import events, member_events
from seggraph.services.events import retention as event_retention
from seggraph.services.events.member_events import EventView
from seggraph.services.identity import workspaces
from seggraph.transport import Row, row, with_rows
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import MemberKind

if TYPE_CHECKING:
    from seggraph.api.members.members import Member


@strawberry.type(
    description="Something that a member did. Correcting an event by its external id gives it a new id."
)
class Event(Node):
    """An event of a member."""

    name: str = strawberry.field(description="The name of the event, like order or page_view.")
    occurred_at: datetime = strawberry.field(description="When the event occurred.")
    recorded_at: datetime = strawberry.field(description="When the event was recorded.")
    value: Decimal | None = strawberry.field(
        description="A number that belongs to the event; for an order its amount, in the currency of the"
        " workspace."
    )
    properties: JSON = strawberry.field(description="Further properties of the event, as an object.")
    external_id: str | None = strawberry.field(
        description="The id of the event in your own system, unique in the workspace; null if it has none."
    )
    owner: strawberry.Private[tuple[MemberKind, int]]

    @strawberry.field(description="The member who did it; null if the member was erased.")
    @awaits_loaders
    async def member(
        self, info: Info
    ) -> Annotated["Member", strawberry.lazy("seggraph.api.members.members")] | None:
        """Load the member, together with those of other events."""
        from seggraph.api.members import members  # members have events, and events members

        view = await caller_of(info).loaders.members.by_key.load(self.owner)
        return None if view is None else members.Member.of(view)

    @staticmethod
    def of(view: EventView) -> "Event":
        """The event as the service reads it."""
        return Event(
            id=ids.encode_event(view.kind, view.ordinal, view.id),
            name=view.name,
            occurred_at=view.occurred_at,
            recorded_at=view.recorded_at,
            value=view.value,
            properties=JSON(view.properties),
            external_id=view.external_id,
            owner=(view.kind, view.ordinal),
        )


@strawberry.type(description="A page of the events of a member, newest first.")
class EventConnection(BatchCountedConnection[Event, Edge[Event]]):
    """A page of the list."""


async def page_of(
    info: Info, kind: MemberKind, ordinal: int, names: list[str] | None, request: PageRequest
) -> EventConnection:
    """A page of a member's events. Raises BadCursor, Invalid, TooMany."""
    asked = member_events.Asked(kind, ordinal, member_events.names_of(names))
    loaders = caller_of(info).loaders.events
    page = await loaders.pages.load((asked, request))
    return EventConnection.of(page, Event.of, lambda: loaders.counts.load(asked))


@strawberry.type(
    description="The customer value of one or more members, calculated from their events named `order`."
)
class CustomerValue:
    """Customer value of one member or of many."""

    revenue: Decimal = strawberry.field(
        description="The sum of the amounts of the orders, in the currency of the workspace."
    )
    orders: int = strawberry.field(
        description=f"The number of orders; at most {MAX_INT:,}, which also stands for more."
    )
    orders_exact: Decimal = strawberry.field(
        description="The number of orders, without the limit of `orders`."
    )
    average_order_value: Decimal | None = strawberry.field(
        description="The average order value: revenue / orders, to 4 decimals; null without orders."
    )
    customer_lifetime_value: Decimal | None = strawberry.field(
        description="The revenue per buyer: revenue / members with at least one order, to 4 decimals; null"
        " without orders."
    )
    order_latency_days: float | None = strawberry.field(
        description="The average time between the orders of a member, in days: the mean of (last - first) /"
        " (orders - 1) over members with two or more orders."
    )
    as_of: datetime | None = strawberry.field(
        description="The time of the data; later events are not included yet."
    )

    @staticmethod
    def of(view: CustomerValueView) -> "CustomerValue":
        """The value as the service computes it."""
        return CustomerValue(
            revenue=view.revenue,
            orders=as_int(view.orders),
            orders_exact=Decimal(view.orders),
            average_order_value=view.average_order_value,
            customer_lifetime_value=view.customer_lifetime_value,
            order_latency_days=view.order_latency_days,
            as_of=view.as_of,
        )


@row
@strawberry.input(description="An event to record: something that a member did.")
class EventInput:
    """A row of recordEvents."""

    kind: MemberKind = strawberry.field(description="The kind of the member.")
    member_external_id: str = strawberry.field(description="The external id of the member.")
    name: str = strawberry.field(
        description="The name of the event, like order or page_view: up to 100 characters."
    )
    occurred_at: datetime = strawberry.field(
        description="When the event occurred: from 1970 to at most one day in the future. A future event"
        " counts from that time on."
    )
    value: Decimal | None = strawberry.field(
        default=None,
        description="A number that belongs to the event, at most 4 decimals; for an order its amount.",
    )
    properties: JSON | None = strawberry.field(
        default=None, description="Further properties of the event: an object of at most 4 KB."
    )
    external_id: str | None = strawberry.field(
        default=None,
        description="The id of the event in your own system, unique in the workspace. The same event again"
        " is a duplicate; other content under the same id replaces the event. Without an id"
        " every row is a new event.",
    )


@with_rows
@strawberry.input(description="The events to record.")
class RecordEventsInput:
    """Input of recordEvents."""

    events: list[Row] = strawberry.field(
        graphql_type=list[EventInput], description="The events to record: up to 5,000, in any order."
    )


@strawberry.type(description="The number of rows by result: accepted + duplicates + rows with errors.")
class RecordEventsPayload:
    """Payload of recordEvents."""

    accepted: int = strawberry.field(default=0, description="How many events were new or corrected.")
    duplicates: int = strawberry.field(
        default=0, description="How many rows changed nothing: already recorded, or repeated in a later row."
    )
    row_errors: list[RowError] = strawberry.field(
        default_factory=list, description="The rows that were not recorded."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="The errors because of which nothing was recorded; empty on success.",
    )


@strawberry.input(description="The events to delete.")
class DeleteEventsInput:
    """Input of deleteEvents."""

    external_ids: list[str] = strawberry.field(description="The external ids of the events, up to 5,000.")


@strawberry.type(description="How many events were deleted.")
class DeleteEventsPayload:
    """Payload of deleteEvents."""

    deleted: int = strawberry.field(default=0, description="How many events were deleted.")
    not_found: list[str] = strawberry.field(
        default_factory=list, description="The external ids for which no event exists."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the input; empty on success."
    )


@strawberry.input(description="How long to keep events.")
class SetEventRetentionInput:
    """Input of setEventRetention."""

    days: int | None = strawberry.field(
        default=None,
        description="How many days to keep events after they occurred; null (the default) keeps them for"
        " ever.",
    )


@strawberry.type(description="The workspace with its new event retention, or the errors.")
class SetEventRetentionPayload:
    """Payload of setEventRetention."""

    workspace: Workspace | None = strawberry.field(
        default=None, description="The workspace; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the input; empty on success."
    )


@strawberry.type
class EventMutations:
    """The mutations of events."""

    @strawberry.mutation(
        description="Record up to 5,000 events. Valid rows are recorded even if others have errors.",
        extensions=[ReportErrors(RecordEventsPayload)],
    )
    async def record_events(self, info: Info, input: RecordEventsInput) -> RecordEventsPayload:
        """Record."""
        caller = caller_of(info)
        report = await events.record(caller.services, caller.viewer, input.events)
        return RecordEventsPayload(
            accepted=report.accepted,
            duplicates=report.duplicates,
            row_errors=[RowError.of(error) for error in report.row_errors],
        )

    @strawberry.mutation(
        description="Delete up to 5,000 events by their external ids.",
        extensions=[ReportErrors(DeleteEventsPayload)],
    )
    async def delete_events(self, info: Info, input: DeleteEventsInput) -> DeleteEventsPayload:
        """Delete."""
        caller = caller_of(info)
        report = await events.delete(caller.services, caller.viewer, input.external_ids)
        return DeleteEventsPayload(deleted=report.deleted, not_found=report.not_found)

    @strawberry.mutation(
        description="Set how long events are kept; older events are deleted soon after. Administrators only.",
        extensions=[ReportErrors(SetEventRetentionPayload)],
    )
    async def set_event_retention(
        self, info: Info, input: SetEventRetentionInput
    ) -> SetEventRetentionPayload:
        """Set the retention."""
        caller = caller_of(info)
        await event_retention.set_days(caller.services, caller.viewer, input.days)
        return SetEventRetentionPayload(workspace=Workspace.of(await workspaces.get(caller.viewer)))

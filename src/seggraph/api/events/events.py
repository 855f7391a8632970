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
from seggraph.transport.loading import awaits_loaders
from seggraph.vocabulary import MemberKind

if TYPE_CHECKING:
    from seggraph.api.members.members import Member


@strawberry.type(
    description="Something that a member did. An event that is corrected by its external id gets a new id."
)
class Event(Node):
    """An event of a member."""

    name: str = strawberry.field(description="What was done, like order or page_view.")
    occurred_at: datetime = strawberry.field(description="When it was done.")
    recorded_at: datetime = strawberry.field(description="When seggraph was told.")
    value: Decimal | None = strawberry.field(
        description="A number that belongs to it: of an order the amount, in the workspace's currency."
    )
    properties: JSON = strawberry.field(description="Whatever else is known of it: an object.")
    external_id: str | None = strawberry.field(
        description="Its id in your own system, unique in the workspace."
    )
    owner: strawberry.Private[tuple[MemberKind, int]]

    @strawberry.field(description="The member who did it; null once they are erased.")
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


@strawberry.type(description="What members are worth, by their events named order.")
class CustomerValue:
    """Customer value of one member or of many."""

    revenue: Decimal = strawberry.field(
        description="The sum of the orders' amounts, in the workspace's currency."
    )
    orders: int = strawberry.field(
        description=f"How many orders there are; {MAX_INT:,} for that many and for more."
    )
    orders_exact: Decimal = strawberry.field(description="orders, however many.")
    average_order_value: Decimal | None = strawberry.field(
        description="revenue / orders, to 4 decimals; null without orders."
    )
    customer_lifetime_value: Decimal | None = strawberry.field(
        description="revenue / members with at least one order, to 4 decimals; null without any."
    )
    order_latency_days: float | None = strawberry.field(
        description="Mean over members with two or more orders of (last - first) / (orders - 1), in days."
    )
    as_of: datetime | None = strawberry.field(description="When this was so: later events do not count yet.")

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
@strawberry.input(description="Something that a member did.")
class EventInput:
    """A row of recordEvents."""

    kind: MemberKind = strawberry.field(description="What the member is.")
    member_external_id: str = strawberry.field(description="The member's id in your own system.")
    name: str = strawberry.field(description="What was done, like order or page_view: up to 100 characters.")
    occurred_at: datetime = strawberry.field(
        description="When it was done, from 1970 up to a day in the future; a future event counts from then on."
    )
    value: Decimal | None = strawberry.field(
        default=None, description="A number that belongs to it, at most 4 decimals: of an order the amount."
    )
    properties: JSON | None = strawberry.field(
        default=None, description="Whatever else is known: an object of at most 4 KB."
    )
    external_id: str | None = strawberry.field(
        default=None,
        description="Its id in your own system, unique in the workspace. The same event again is a duplicate, "
        "another one under the same id replaces it; without an id it is recorded every time.",
    )


@with_rows
@strawberry.input(description="Events to record.")
class RecordEventsInput:
    """Input of recordEvents."""

    events: list[Row] = strawberry.field(
        graphql_type=list[EventInput], description="Up to 5,000, in any order of time."
    )


@strawberry.type(description="What became of every row: accepted + duplicates + rows with errors.")
class RecordEventsPayload:
    """Payload of recordEvents."""

    accepted: int = strawberry.field(default=0, description="Events that are new or were corrected.")
    duplicates: int = strawberry.field(
        default=0, description="Rows that changed nothing: recorded already, or given again in a later row."
    )
    row_errors: list[RowError] = strawberry.field(
        default_factory=list, description="Rows that were not recorded."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was recorded, if so."
    )


@strawberry.input(description="Events to delete.")
class DeleteEventsInput:
    """Input of deleteEvents."""

    external_ids: list[str] = strawberry.field(description="Their ids in your own system, up to 5,000.")


@strawberry.type(description="How many events deleteEvents deleted.")
class DeleteEventsPayload:
    """Payload of deleteEvents."""

    deleted: int = strawberry.field(default=0, description="Events that are gone now.")
    not_found: list[str] = strawberry.field(
        default_factory=list, description="The external ids that no event has."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What went wrong, if anything."
    )


@strawberry.input(description="How long events are kept.")
class SetEventRetentionInput:
    """Input of setEventRetention."""

    days: int | None = strawberry.field(
        default=None, description="For so many days after they occurred; null, the default: for ever."
    )


@strawberry.type(description="The workspace whose events are kept for another time.")
class SetEventRetentionPayload:
    """Payload of setEventRetention."""

    workspace: Workspace | None = strawberry.field(default=None, description="The workspace.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What went wrong, if anything."
    )


@strawberry.type
class EventMutations:
    """The mutations of events."""

    @strawberry.mutation(
        description="Record up to 5,000 events. Good rows are recorded, bad ones reported by index.",
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
        description="Say how long events are kept; older ones are deleted soon. Administrators only.",
        extensions=[ReportErrors(SetEventRetentionPayload)],
    )
    async def set_event_retention(
        self, info: Info, input: SetEventRetentionInput
    ) -> SetEventRetentionPayload:
        """Set the retention."""
        caller = caller_of(info)
        await event_retention.set_days(caller.services, caller.viewer, input.days)
        return SetEventRetentionPayload(workspace=Workspace.of(await workspaces.get(caller.viewer)))

"""Members in the schema: the type, and its connection."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry.types import Info

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.enums import OrderDirection
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, CountedConnection, Edge, First, request_of
from seggraph.api.base.scalars import JSON
from seggraph.api.events import events
from seggraph.api.events.events import CustomerValue, EventConnection
from seggraph.api.members.intervals import MemberHistoryFields
from seggraph.database.paging import Page
from seggraph.services.members import members, related
from seggraph.services.members.members import Addresses, MemberList, MemberView
from seggraph.services.members.related import Asked
from seggraph.transport.loading import awaits_loaders
from seggraph.vocabulary import Channel, ConsentState, MemberKind

if TYPE_CHECKING:
    from seggraph.api.segments.member_segments import MemberSegmentConnection


@strawberry.type(description="What a member said about being contacted over a channel.")
class Consent:
    """A channel and a state."""

    channel: Channel = strawberry.field(description="The channel.")
    state: ConsentState = strawberry.field(description="What the member said; UNKNOWN until told otherwise.")


@strawberry.type(description="Something that can be in a segment: an account, a person, a product, ….")
class Member(MemberHistoryFields, Node):
    """A member. Addresses are read only when asked for."""

    kind: MemberKind = strawberry.field(description="What the member is.")
    external_id: str = strawberry.field(description="The id in your own system; unique within the kind.")
    name: str | None = strawberry.field(description="The name.")
    domain: str | None = strawberry.field(description="The web domain.")
    email: str | None = strawberry.field(description="The email address.")
    phone: str | None = strawberry.field(description="The phone number.")
    country: str | None = strawberry.field(description="The country, as you store it.")
    city: str | None = strawberry.field(description="The city.")
    industry: str | None = strawberry.field(description="The industry.")
    revenue: Decimal | None = strawberry.field(description="Yearly revenue in the workspace's currency.")
    employees: int | None = strawberry.field(description="The number of employees.")
    score: float | None = strawberry.field(description="The lead or fit score.")
    is_target: bool = strawberry.field(description="Whether it is a target.")
    tags: list[str] = strawberry.field(description="The tags, sorted.")
    attributes: JSON = strawberry.field(description="The custom attributes: names and values.")
    consents: list[Consent] = strawberry.field(description="What the member said, channel by channel.")
    created_at: datetime = strawberry.field(description="When the member came into seggraph.")
    updated_at: datetime = strawberry.field(description="When the member last changed.")
    number: strawberry.Private[int]
    ordinal: strawberry.Private[int]

    @strawberry.field(description="The postal address on one line.")
    @awaits_loaders
    async def address(self, info: Info) -> str | None:
        """Load the addresses."""
        return (await self._addresses(info)).address

    @strawberry.field(description="The address that goods go to.")
    @awaits_loaders
    async def shipping_address(self, info: Info) -> JSON | None:
        """Load the addresses."""
        return _json((await self._addresses(info)).shipping_address)

    @strawberry.field(description="The address that bills go to.")
    @awaits_loaders
    async def billing_address(self, info: Info) -> JSON | None:
        """Load the addresses."""
        return _json((await self._addresses(info)).billing_address)

    @strawberry.field(description="The segments that you see and it is in, the newest first.")
    @awaits_loaders
    async def segments(
        self,
        info: Info,
        first: First = None,
        after: After = None,
    ) -> Annotated["MemberSegmentConnection", strawberry.lazy("seggraph.api.segments.member_segments")]:
        """A page of the segments."""
        from seggraph.api.segments import member_segments  # segments have members, and members segments

        return await member_segments.page_of(
            info, self.kind, self.ordinal, request_of(first, after, None, None)
        )

    @strawberry.field(description="The members it is related to, in the order in which they came.")
    @awaits_loaders
    async def related(
        self,
        info: Info,
        relation: Annotated[
            str | None,
            strawberry.argument(
                description="Which relation, as this member calls it, up to 200 members; all relations unless given."
            ),
        ] = None,
    ) -> list["Member"]:
        """Load the related members of a whole page at once."""
        related.require_relation(self.kind, relation)
        asked = Asked(self.kind, self.ordinal, relation)
        return [Member.of(view) for view in await caller_of(info).loaders.members.related.load(asked)]

    @strawberry.field(description="What the member did, the newest first.")
    @awaits_loaders
    async def events(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        names: Annotated[
            list[str] | None, strawberry.argument(description="Only events of these names, up to 100.")
        ] = None,
    ) -> EventConnection:
        """A page of the events."""
        request = request_of(first, after, None, None)
        return await events.page_of(info, self.kind, self.ordinal, names, request)

    @strawberry.field(description="What the member is worth, by its orders.")
    @awaits_loaders
    async def value(self, info: Info) -> CustomerValue:
        """Load the totals."""
        return CustomerValue.of(await caller_of(info).loaders.members.values.load((self.kind, self.ordinal)))

    async def _addresses(self, info: Info) -> Addresses:
        return await caller_of(info).loaders.members.addresses.load(self.number)

    @staticmethod
    def of(view: MemberView) -> "Member":
        """The member as the service reads it."""
        return Member(
            id=ids.encode("Member", view.id),
            kind=view.kind,
            external_id=view.external_id,
            name=view.name,
            domain=view.domain,
            email=view.email,
            phone=view.phone,
            country=view.country,
            city=view.city,
            industry=view.industry,
            revenue=view.revenue,
            employees=view.employees,
            score=view.score,
            is_target=view.is_target,
            tags=view.tags,
            attributes=JSON(view.attributes),
            consents=[Consent(channel=channel, state=_state(view, channel)) for channel in Channel],
            created_at=view.created_at,
            updated_at=view.updated_at,
            number=view.id,
            ordinal=view.ordinal,
        )


def _state(view: MemberView, channel: Channel) -> ConsentState:
    state: ConsentState = getattr(view, f"consent_{channel.name.lower()}")
    return state


def _json(value: object) -> JSON | None:
    return None if value is None else JSON(value)


@strawberry.type(description="A page of a list of members.")
class MemberConnection(CountedConnection[Member, Edge[Member]]):
    """A page of the list."""

    @classmethod
    def of_list(cls, viewer: Viewer, page: Page[MemberView], list_: MemberList) -> Self:
        """The connection of a page of a list that the members' service knows how to count."""
        return cls.of(page, Member.of, lambda: members.count(viewer, list_))


@strawberry.input(description="How a list of members is sorted.")
class MemberOrder:
    """A field of the catalogue and a direction."""

    field: str = strawberry.field(
        description="A well-known field or a number attribute; unset values come last."
    )
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")

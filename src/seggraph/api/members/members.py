"""Members in the schema: the type, and its connection."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.enums import OrderDirection
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, First, PageInfo, edges_of, request_of
from seggraph.api.base.scalars import JSON
from seggraph.api.events import events
from seggraph.api.events.events import CustomerValue, EventConnection
from seggraph.api.members.intervals import MemberHistoryFields
from seggraph.database.paging import Page
from seggraph.member_fields import BY_NAME
from seggraph.services.members import members, related
from seggraph.services.members.members import Addresses, MemberList, MemberView
from seggraph.services.members.related import RelatedKey
from seggraph.transport.loading import awaits_loaders
from seggraph.vocabulary import Channel, ConsentState, MemberKind

if TYPE_CHECKING:
    from seggraph.api.segments.member_segments import MemberSegmentConnection


@strawberry.type(description="What a member said about being contacted over a channel.")
class Consent:
    """A channel and a state."""

    channel: Channel = strawberry.field(description="The channel.")
    state: ConsentState = strawberry.field(description="What the member said; UNKNOWN until told otherwise.")


def described(name: str) -> Any:
    """A field of Member with the description of the table of member fields."""
    return strawberry.field(description=BY_NAME[name].description)


@strawberry.type(description="Something that can be in a segment: an account, a person, a product, ….")
class Member(MemberHistoryFields, Node):
    """A member. Addresses are read only when asked for."""

    kind: MemberKind = strawberry.field(description="What the member is.")
    external_id: str = described("externalId")
    name: str | None = described("name")
    domain: str | None = described("domain")
    email: str | None = described("email")
    phone: str | None = described("phone")
    country: str | None = described("country")
    city: str | None = described("city")
    industry: str | None = described("industry")
    revenue: Decimal | None = described("revenue")
    employees: int | None = described("employees")
    score: float | None = described("score")
    is_target: bool = described("isTarget")
    tags: list[str] = described("tags")
    attributes: JSON = strawberry.field(description="The custom attributes: names and values.")
    consents: list[Consent] = strawberry.field(description="What the member said, channel by channel.")
    created_at: datetime = described("createdAt")
    updated_at: datetime = described("updatedAt")
    number: strawberry.Private[int]
    ordinal: strawberry.Private[int]

    @strawberry.field(description=BY_NAME["address"].description)
    @awaits_loaders
    async def address(self, info: Info) -> str | None:
        """Load the addresses."""
        return (await self._addresses(info)).address

    @strawberry.field(description=BY_NAME["shippingAddress"].description)
    @awaits_loaders
    async def shipping_address(self, info: Info) -> JSON | None:
        """Load the addresses."""
        return _json((await self._addresses(info)).shipping_address)

    @strawberry.field(description=BY_NAME["billingAddress"].description)
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
        asked = RelatedKey(self.kind, self.ordinal, relation)
        return [Member.of(view) for view in await caller_of(info).loaders.related.load(asked)]

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
        return CustomerValue.of(await caller_of(info).loaders.customer_values.load((self.kind, self.ordinal)))

    async def _addresses(self, info: Info) -> Addresses:
        return await caller_of(info).loaders.addresses.load(self.number)

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


@strawberry.type(description="A member in a list.")
class MemberEdge:
    """Relay's edge."""

    cursor: str = strawberry.field(description="Where in the list: for after and before.")
    node: Member = strawberry.field(description="The member.")


@strawberry.type(description="A list of members, page by page.")
class MemberConnection:
    """Relay's connection."""

    edges: list[MemberEdge] = strawberry.field(description="The page.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")
    list_: strawberry.Private[MemberList]

    @strawberry.field(description="The members of the page, without their cursors.")
    def nodes(self) -> list[Member]:
        """The nodes of the edges."""
        return [edge.node for edge in self.edges]

    @strawberry.field(description="How many members the whole list has; counted only when asked for.")
    async def total_count(self, info: Info) -> int:
        """Count the list."""
        return await members.count(caller_of(info).viewer, self.list_)

    @staticmethod
    def of(page: Page[MemberView], list_: MemberList) -> "MemberConnection":
        """The connection of a page."""
        edges = edges_of(page, MemberEdge, Member.of)
        return MemberConnection(edges=edges, page_info=PageInfo.of(page), list_=list_)


@strawberry.input(description="How a list of members is sorted.")
class MemberOrder:
    """A field of the catalogue and a direction."""

    field: str = strawberry.field(
        description="A well-known field or a number attribute; unset values come last."
    )
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")

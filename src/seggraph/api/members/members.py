"""Members in the schema: the type, and its connection."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Self

import strawberry
from strawberry.types import Info

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.enums import OrderDirection
from seggraph.api.base.node import Node, row_id
from seggraph.api.base.paging import (
    TOTAL_COUNT_IS_ESTIMATE,
    After,
    Before,
    CountedConnection,
    Edge,
    First,
    Last,
    request_of,
)
from seggraph.api.base.scalars import JSON
from seggraph.api.events import events
from seggraph.api.events.events import CustomerValue, EventConnection
from seggraph.api.members.intervals import MemberHistoryFields
from seggraph.database.paging import Page
from seggraph.member_fields import BY_NAME
from seggraph.services.members import lists, related
from seggraph.services.members.lists import MemberList, Total
from seggraph.services.members.members import COLUMNS, Addresses, MemberView, view_of
from seggraph.services.members.related import RelatedKey
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.transport.compiled.records import reads, rows_of
from seggraph.vocabulary import Channel, ConsentState, MemberKind

if TYPE_CHECKING:
    from seggraph.api.segments.member_segments import MemberSegmentConnection


@strawberry.type(description="Whether a member agreed to be contacted by a channel.")
class Consent:
    """A channel and a state."""

    channel: Channel = strawberry.field(description="The channel of the consent.")
    state: ConsentState = strawberry.field(description="Whether the member agreed; UNKNOWN until it is set.")


def described(name: str) -> Any:
    """A field of Member with the description of the table of member fields."""
    return strawberry.field(description=BY_NAME[name].description)


@strawberry.type(description="A member of segments: a person, an account, a product, or of another kind.")
class Member(MemberHistoryFields, Node):
    """A member. Addresses are read only when asked for."""

    id: strawberry.ID = row_id("Member")
    kind: MemberKind = strawberry.field(description="The kind of the member.")
    external_id: str = described("externalId")
    name: str | None = described("name")
    first_name: str | None = described("firstName")
    last_name: str | None = described("lastName")
    salutation: str | None = described("salutation")
    domain: str | None = described("domain")
    email: str | None = described("email")
    phone: str | None = described("phone")
    country: str | None = described("country")
    city: str | None = described("city")
    postal_code: str | None = described("postalCode")
    state: str | None = described("state")
    industry: str | None = described("industry")
    revenue: Decimal | None = described("revenue")
    employees: int | None = described("employees")
    score: float | None = described("score")
    is_target: bool = described("isTarget")
    tags: list[str] = described("tags")
    attributes: JSON = strawberry.field(description="The custom attributes: an object of names and values.")
    consents: list[Consent] = strawberry.field(
        description="For each channel, whether the member agreed to be contacted."
    )
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

    @strawberry.field(
        description="The segments that the member is in, newest first, of those that you may see. Archived"
        " ones are left out.",
        metadata=reads("kind", "ordinal"),
    )
    @awaits_loaders
    async def segments(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Annotated["MemberSegmentConnection", strawberry.lazy("seggraph.api.segments.member_segments")]:
        """A page of the segments."""
        from seggraph.api.segments import member_segments  # segments have members, and members segments

        return await member_segments.page_of(
            info, self.kind, self.ordinal, request_of(first, after, last, before)
        )

    @strawberry.field(
        description="The members that are related to this one, oldest first.",
        metadata=reads("kind", "ordinal"),
    )
    @awaits_loaders
    async def related(
        self,
        info: Info,
        relation: Annotated[
            str | None,
            strawberry.argument(
                description="Return only members of this relation, as it is called for this member, up to 200;"
                " default: all relations."
            ),
        ] = None,
    ) -> list["Member"]:
        """Load the related members of a whole page at once."""
        related.require_relation(self.kind, relation)
        key = RelatedKey(self.kind, self.ordinal, relation)
        return [Member.of(view) for view in await caller_of(info).loaders.members.related.load(key)]

    @strawberry.field(
        description="The events of the member, newest first.",
        metadata=reads("kind", "ordinal"),
    )
    @awaits_loaders
    async def events(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        names: Annotated[
            list[str] | None,
            strawberry.argument(description="Return only events with these names, up to 100 names."),
        ] = None,
    ) -> EventConnection:
        """A page of the events."""
        request = request_of(first, after, last, before)
        return await events.page_of(info, self.kind, self.ordinal, names, request)

    @strawberry.field(
        description="The customer value of the member, from its orders.",
        metadata=reads("kind", "ordinal"),
    )
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
            first_name=view.first_name,
            last_name=view.last_name,
            salutation=view.salutation,
            domain=view.domain,
            email=view.email,
            phone=view.phone,
            country=view.country,
            city=view.city,
            postal_code=view.postal_code,
            state=view.state,
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


rows_of(Member, COLUMNS, lambda row: Member.of(view_of(row)), {"kind": MemberKind}, table="m")


def _state(view: MemberView, channel: Channel) -> ConsentState:
    state: ConsentState = getattr(view, f"consent_{channel.name.lower()}")
    return state


def _json(value: object) -> JSON | None:
    return None if value is None else JSON(value)


@strawberry.type(description="A page of a list of members.")
class MemberConnection(CountedConnection[Member, Edge[Member]]):
    """A page of the list."""

    total: strawberry.Private[Callable[[], Awaitable[Total]] | None] = None

    @strawberry.field(description=TOTAL_COUNT_IS_ESTIMATE)
    async def total_count_is_estimate(self) -> bool:
        """Whether the count is an estimate."""
        return self.total is not None and (await self.total()).is_estimate

    @classmethod
    def of_list(cls, viewer: Viewer, page: Page[Any], list_: MemberList) -> Self:
        """The connection of a page of a list that the members' service knows how to count."""
        total = _once(lambda: lists.total(viewer, list_))

        async def count() -> int:
            return (await total()).count

        connection = cls.of(page, Member.of, count)
        connection.total = total
        return connection


def _once(make: Callable[[], Awaitable[Total]]) -> Callable[[], Awaitable[Total]]:
    """Make a value when it is first wanted, and give the same to all who want it."""
    made: list[Total] = []
    making = asyncio.Lock()

    async def wanted() -> Total:
        async with making:
            if not made:
                made.append(await make())
        return made[0]

    return wanted


@strawberry.input(description="The order of a list of members.")
class MemberOrder:
    """A field of the catalogue and a direction."""

    field: str = strawberry.field(
        description="The field to sort by: a well-known field, or a custom attribute of the type NUMBER, DATE"
        " or DATETIME."
        " Members without a value come last."
    )
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.ASC, description="The direction; default ASC."
    )

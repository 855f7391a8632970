"""Members in the schema: the type, its connection, and the mutations that change members."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry
from strawberry.types import Info

from seggraph.api import events, ids
from seggraph.api.context import caller_of
from seggraph.api.criteria import ConsentInput, CriteriaInput, document_of
from seggraph.api.enums import OrderDirection
from seggraph.api.errors import ReportErrors, RowError, UserError
from seggraph.api.events import CustomerValue, EventConnection
from seggraph.api.node import Node
from seggraph.api.paging import AFTER, FIRST, PageInfo, request_of
from seggraph.api.scalars import JSON
from seggraph.services import member_edits, members, related, upserts
from seggraph.services.member_edits import EditReport
from seggraph.services.members import Addresses, MemberList, MemberView
from seggraph.services.paging import Page
from seggraph.services.related import Asked
from seggraph.services.selections import Selection
from seggraph.vocabulary import Channel, ConsentState, MemberKind

if TYPE_CHECKING:
    from seggraph.api.member_segments import MemberSegmentConnection


@strawberry.type(description="What a member said about being contacted over a channel.")
class Consent:
    """A channel and a state."""

    channel: Channel = strawberry.field(description="The channel.")
    state: ConsentState = strawberry.field(description="What the member said; UNKNOWN until told otherwise.")


@strawberry.type(description="Something that can be in a segment: an account, a person, a product, ….")
class Member(Node):
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
    async def address(self, info: Info) -> str | None:
        """Load the addresses."""
        return (await self._addresses(info)).address

    @strawberry.field(description="The address that goods go to.")
    async def shipping_address(self, info: Info) -> JSON | None:
        """Load the addresses."""
        return _json((await self._addresses(info)).shipping_address)

    @strawberry.field(description="The address that bills go to.")
    async def billing_address(self, info: Info) -> JSON | None:
        """Load the addresses."""
        return _json((await self._addresses(info)).billing_address)

    @strawberry.field(description="The segments that you see and it is in, the newest first.")
    async def segments(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description=FIRST)] = None,
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
    ) -> Annotated["MemberSegmentConnection", strawberry.lazy("seggraph.api.member_segments")]:
        """A page of the segments."""
        from seggraph.api import member_segments  # segments have members, and members segments

        return await member_segments.page_of(
            info, self.kind, self.ordinal, request_of(first, after, None, None)
        )

    @strawberry.field(description="The members it is related to, in the order in which they came.")
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
        return [Member.of(view) for view in await caller_of(info).loaders.related.load(asked)]

    @strawberry.field(description="What the member did, the newest first.")
    async def events(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description=FIRST)] = None,
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
        names: Annotated[
            list[str] | None, strawberry.argument(description="Only events of these names, up to 100.")
        ] = None,
    ) -> EventConnection:
        """A page of the events."""
        request = request_of(first, after, None, None)
        return await events.page_of(info, self.kind, self.ordinal, names, request)

    @strawberry.field(description="What the member is worth, by its orders.")
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
        edges = [
            MemberEdge(cursor=cursor, node=Member.of(view))
            for cursor, view in zip(page.cursors, page.items, strict=True)
        ]
        return MemberConnection(edges=edges, page_info=PageInfo.of(page), list_=list_)


@strawberry.input(description="How a list of members is sorted.")
class MemberOrder:
    """A field of the catalogue and a direction."""

    field: str = strawberry.field(
        description="A well-known field or a number attribute; unset values come last."
    )
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")


@strawberry.input(
    description="A member to create or change. A field that is absent stays as it is; null clears it."
)
class MemberInput:
    """A row of upsertMembers."""

    external_id: str = strawberry.field(description="The id in your own system; unique within the kind.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The name.")
    domain: str | None = strawberry.field(default=strawberry.UNSET, description="The web domain.")
    email: str | None = strawberry.field(default=strawberry.UNSET, description="The email address.")
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="The phone number.")
    country: str | None = strawberry.field(default=strawberry.UNSET, description="The country.")
    city: str | None = strawberry.field(default=strawberry.UNSET, description="The city.")
    address: str | None = strawberry.field(default=strawberry.UNSET, description="The address on one line.")
    shipping_address: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="Where goods go: an object."
    )
    billing_address: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="Where bills go: an object."
    )
    revenue: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Yearly revenue, at most 4 decimals."
    )
    employees: int | None = strawberry.field(default=strawberry.UNSET, description="The number of employees.")
    industry: str | None = strawberry.field(default=strawberry.UNSET, description="The industry.")
    score: float | None = strawberry.field(default=strawberry.UNSET, description="The lead or fit score.")
    is_target: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is a target; true unless given."
    )
    attributes: JSON | None = strawberry.field(
        default=strawberry.UNSET,
        description="Custom attributes to set: an object that is merged; a null in it removes an attribute.",
    )
    tags: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The tags; they replace those there are."
    )
    consents: list[ConsentInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What the member said; channels that are absent stay as they are.",
    )


_ROW_FIELDS: Final = {
    field.name: "".join(part.title() if index else part for index, part in enumerate(field.name.split("_")))
    for field in fields(MemberInput)
}
"""The fields of MemberInput and their names in GraphQL, which are those the service knows."""


def row_of(row: MemberInput) -> Mapping[str, Any]:
    """A row as the service takes it: the fields that were given."""
    given: dict[str, Any] = {
        name: value
        for attribute, name in _ROW_FIELDS.items()
        if (value := getattr(row, attribute)) is not strawberry.UNSET
    }
    if given.get("consents"):
        given["consents"] = [(consent.channel, consent.state) for consent in given["consents"]]
    return given


@strawberry.input(description="Members to create or change, by their external ids.")
class UpsertMembersInput:
    """Input of upsertMembers."""

    kind: MemberKind = strawberry.field(description="What they all are.")
    members: list[MemberInput] = strawberry.field(description="Up to 1,000 of them, each external id once.")


@strawberry.type(description="What became of every row: created + updated + unchanged + rows with errors.")
class UpsertMembersPayload:
    """Payload of upsertMembers."""

    created: int = strawberry.field(default=0, description="Members that are new.")
    updated: int = strawberry.field(default=0, description="Members that changed.")
    unchanged: int = strawberry.field(default=0, description="Members that were so already.")
    row_errors: list[RowError] = strawberry.field(
        default_factory=list, description="Rows that were not stored."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was stored, if so."
    )


@strawberry.input(description="Tags to add to members and to remove from them.")
class TagMembersInput:
    """Input of tagMembers."""

    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Which members, by id."
    )
    kind: MemberKind | None = strawberry.field(
        default=None, description="The kind that externalIds or where is about."
    )
    external_ids: list[str] | None = strawberry.field(
        default=None, description="Which members, by external id, instead of by id."
    )
    where: CriteriaInput | None = strawberry.field(
        default=None, description="Which members: all of the kind that match criteria now, up to 100,000."
    )
    add: list[str] = strawberry.field(default_factory=list, description="Tags to add.")
    remove: list[str] = strawberry.field(default_factory=list, description="Tags to remove.")


@strawberry.type(description="How many members tagMembers changed.")
class TagMembersPayload:
    """Payload of tagMembers."""

    changed: int = strawberry.field(default=0, description="Members whose tags changed.")
    unchanged: int = strawberry.field(default=0, description="Members whose tags were so already.")
    not_found: list[str] = strawberry.field(
        default_factory=list, description="The ids and external ids that no member has."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What went wrong, if anything."
    )


@strawberry.input(description="What members said about channels.")
class SetConsentsInput:
    """Input of setConsents."""

    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Which members, by id."
    )
    kind: MemberKind | None = strawberry.field(
        default=None, description="The kind that externalIds or where is about."
    )
    external_ids: list[str] | None = strawberry.field(
        default=None, description="Which members, by external id, instead of by id."
    )
    where: CriteriaInput | None = strawberry.field(
        default=None, description="Which members: all of the kind that match criteria now, up to 100,000."
    )
    consents: list[ConsentInput] = strawberry.field(
        description="What to set; other channels stay as they are."
    )


@strawberry.type(description="How many members setConsents changed.")
class SetConsentsPayload:
    """Payload of setConsents."""

    changed: int = strawberry.field(default=0, description="Members whose consents changed.")
    unchanged: int = strawberry.field(default=0, description="Members whose consents were so already.")
    not_found: list[str] = strawberry.field(
        default_factory=list, description="The ids and external ids that no member has."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What went wrong, if anything."
    )


@strawberry.type
class MemberMutations:
    """The mutations of members."""

    @strawberry.mutation(
        description="Create or change up to 1,000 members. Good rows are stored, bad ones reported by index.",
        extensions=[ReportErrors(UpsertMembersPayload)],
    )
    async def upsert_members(self, info: Info, input: UpsertMembersInput) -> UpsertMembersPayload:
        """Upsert."""
        caller = caller_of(info)
        rows = [row_of(row) for row in input.members]
        report = await upserts.upsert(caller.services, caller.viewer, input.kind, rows)
        return UpsertMembersPayload(
            created=report.created,
            updated=report.updated,
            unchanged=report.unchanged,
            row_errors=[RowError.of(error) for error in report.row_errors],
        )

    @strawberry.mutation(
        description="Add and remove tags of up to 10,000 named members, or of all that match criteria.",
        extensions=[ReportErrors(TagMembersPayload)],
    )
    async def tag_members(self, info: Info, input: TagMembersInput) -> TagMembersPayload:
        """Tag."""
        caller = caller_of(info)
        selection, unknown = _selection(input)
        report = await member_edits.tag(
            caller.services, caller.viewer, selection, add=input.add, remove=input.remove
        )
        return TagMembersPayload(
            changed=report.changed,
            unchanged=report.unchanged,
            not_found=unknown + _not_found(report, selection),
        )

    @strawberry.mutation(
        description="Set what up to 10,000 named members, or all that match criteria, said about channels.",
        extensions=[ReportErrors(SetConsentsPayload)],
    )
    async def set_consents(self, info: Info, input: SetConsentsInput) -> SetConsentsPayload:
        """Set consents."""
        caller = caller_of(info)
        selection, unknown = _selection(input)
        consents = {consent.channel: consent.state for consent in input.consents}
        report = await member_edits.set_consents(caller.services, caller.viewer, selection, consents)
        return SetConsentsPayload(
            changed=report.changed,
            unchanged=report.unchanged,
            not_found=unknown + _not_found(report, selection),
        )


def _selection(input: TagMembersInput | SetConsentsInput) -> tuple[Selection, list[str]]:
    """The members that an input means, and the ids in it that can be no member's."""
    numbers, unknown = ids.known("Member", input.member_ids, path=("memberIds",))
    where = None if input.where is None else document_of(input.where)
    return Selection(numbers, input.kind, input.external_ids, where), unknown


def _not_found(report: EditReport, selection: Selection) -> list[str]:
    """What was not found, in the form in which it was given."""
    if selection.external_ids is not None:
        return report.not_found
    return [str(ids.encode("Member", int(number))) for number in report.not_found]

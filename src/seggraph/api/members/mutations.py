"""The mutations that change members: upserts, tags and consents."""

from decimal import Decimal
from typing import Final

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, RowError, UserError
from seggraph.api.base.scalars import JSON
from seggraph.api.criteria.criteria import ConsentInput, CriteriaInput, document_of
from seggraph.services.members import edits as member_edits
from seggraph.services.members import upserts
from seggraph.services.members.edits import EditReport
from seggraph.services.members.selections import Selection
from seggraph.transport import Row, row, with_rows
from seggraph.vocabulary import MemberKind

MAX_NAMED: Final = 1_000
"""Most members that a payload names."""


@row
@strawberry.input(
    description="A member to create or change. A field that is absent keeps its value; null removes it."
)
class MemberInput:
    """A row of upsertMembers."""

    external_id: str = strawberry.field(description="The id in your own system, unique within the kind.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The name of the member.")
    domain: str | None = strawberry.field(
        default=strawberry.UNSET, description="The domain of the website, like example.com."
    )
    email: str | None = strawberry.field(default=strawberry.UNSET, description="The email address.")
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="The phone number.")
    country: str | None = strawberry.field(default=strawberry.UNSET, description="The country.")
    city: str | None = strawberry.field(default=strawberry.UNSET, description="The city.")
    address: str | None = strawberry.field(
        default=strawberry.UNSET, description="The postal address on one line."
    )
    shipping_address: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="The shipping address, as an object."
    )
    billing_address: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="The billing address, as an object."
    )
    revenue: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="The yearly revenue, at most 4 decimals."
    )
    employees: int | None = strawberry.field(default=strawberry.UNSET, description="The number of employees.")
    industry: str | None = strawberry.field(default=strawberry.UNSET, description="The industry.")
    score: float | None = strawberry.field(
        default=strawberry.UNSET, description="The lead score or fit score."
    )
    is_target: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether the member is marked as a target; true for a new member by default.",
    )
    attributes: JSON | None = strawberry.field(
        default=strawberry.UNSET,
        description="The custom attributes to set: an object that is merged with the stored one; a null in"
        " it removes an attribute.",
    )
    tags: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The tags; they replace the stored ones."
    )
    consents: list[ConsentInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The consents to set; channels that are absent keep theirs.",
    )


def row_of(row: Row) -> Row:
    """A row as the service takes it: consents are pairs."""
    consents = row.get("consents")
    if not isinstance(consents, list):
        return row
    return {**row, "consents": [(consent["channel"], consent["state"]) for consent in consents]}


@with_rows
@strawberry.input(description="Members to create or change, by their external ids.")
class UpsertMembersInput:
    """Input of upsertMembers."""

    kind: MemberKind = strawberry.field(description="What they all are.")
    members: list[Row] = strawberry.field(
        graphql_type=list[MemberInput], description="Up to 1,000 of them, each external id once."
    )


@strawberry.type(description="What became of every row: created + updated + unchanged + rows with errors.")
class UpsertMembersPayload:
    """Payload of upsertMembers."""

    created: int = strawberry.field(default=0, description="Members that are new.")
    updated: int = strawberry.field(default=0, description="How many members changed.")
    unchanged: int = strawberry.field(default=0, description="How many members were already as requested.")
    row_errors: list[RowError] = strawberry.field(
        default_factory=list, description="Rows that were not stored."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was stored; empty on success."
    )


@strawberry.input
class MembersToEdit:
    """Which members a bulk edit is about; the inputs of the mutations add what is to be done."""

    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The global ids of the members, up to 10,000."
    )
    kind: MemberKind | None = strawberry.field(
        default=None, description="The kind of the members that `externalIds` or `where` selects."
    )
    external_ids: list[str] | None = strawberry.field(
        default=None, description="The external ids of the members, up to 10,000, instead of `memberIds`."
    )
    where: CriteriaInput | None = strawberry.field(
        default=None,
        description="Criteria, instead of ids: all members of the kind that match now, up to 100,000.",
    )


@strawberry.type
class EditPayload:
    """What became of the members of a bulk edit."""

    changed: int = strawberry.field(default=0, description="How many members changed.")
    unchanged: int = strawberry.field(default=0, description="How many members were already as requested.")
    not_found: list[str] = strawberry.field(
        default_factory=list, description="The given ids and external ids for which no member exists."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the input; empty on success."
    )


@strawberry.input(description="Tags to add to members and to remove from them.")
class TagMembersInput(MembersToEdit):
    """Input of tagMembers."""

    add: list[str] = strawberry.field(default_factory=list, description="Tags to add.")
    remove: list[str] = strawberry.field(default_factory=list, description="Tags to remove.")


@strawberry.type(description="How many members tagMembers changed.")
class TagMembersPayload(EditPayload):
    """Payload of tagMembers."""

    over_limit: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="Members who would have more than 500 tags: they stay as they were. At most 1,000 are named.",
    )


@strawberry.input(description="What members said about channels.")
class SetConsentsInput(MembersToEdit):
    """Input of setConsents."""

    consents: list[ConsentInput] = strawberry.field(
        description="What to set; other channels stay as they are."
    )


@strawberry.type(description="How many members setConsents changed.")
class SetConsentsPayload(EditPayload):
    """Payload of setConsents."""


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
            over_limit=[ids.encode("Member", number) for number in report.over_limit[:MAX_NAMED]],
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


def _selection(input: MembersToEdit) -> tuple[Selection, list[str]]:
    """The members that an input means, and the ids in it that can be no member's."""
    numbers, unknown = ids.known("Member", input.member_ids, path=("memberIds",))
    where = None if input.where is None else document_of(input.where)
    return Selection(numbers, input.kind, input.external_ids, where), unknown


def _not_found(report: EditReport, selection: Selection) -> list[str]:
    """What was not found, in the form in which it was given."""
    if selection.external_ids is not None:
        return report.not_found
    return [str(ids.encode("Member", int(number))) for number in report.not_found]

"""The mutations that change members: upserts, tags and consents."""

from decimal import Decimal
from typing import Any, Final

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, RowError, UserError
from seggraph.api.base.scalars import JSON
from seggraph.api.criteria.criteria import ConsentInput, CriteriaInput, document_of
from seggraph.api.members.bulk_edits import BulkEdit
from seggraph.member_fields import BY_NAME
from seggraph.services.members import edits as member_edits
from seggraph.services.members import upserts
from seggraph.services.members.edits import EditReport
from seggraph.services.members.selections import Selection
from seggraph.transport import Row, row, with_rows
from seggraph.vocabulary import MemberKind

MAX_NAMED: Final = 1_000
"""Most members that a payload names."""


def _optional(name: str) -> Any:
    """A field of MemberInput that may be absent, with the description of the table of member fields."""
    field = BY_NAME[name]
    description = field.input_description or field.description
    return strawberry.field(default=strawberry.UNSET, description=description)


@row
@strawberry.input(
    description="A member to create or change. A field that is absent keeps its value; null removes it."
)
class MemberInput:
    """A row of upsertMembers."""

    external_id: str = strawberry.field(description=BY_NAME["externalId"].description)
    name: str | None = _optional("name")
    first_name: str | None = _optional("firstName")
    last_name: str | None = _optional("lastName")
    salutation: str | None = _optional("salutation")
    domain: str | None = _optional("domain")
    email: str | None = _optional("email")
    phone: str | None = _optional("phone")
    country: str | None = _optional("country")
    city: str | None = _optional("city")
    postal_code: str | None = _optional("postalCode")
    state: str | None = _optional("state")
    address: str | None = _optional("address")
    shipping_address: JSON | None = _optional("shippingAddress")
    billing_address: JSON | None = _optional("billingAddress")
    revenue: Decimal | None = _optional("revenue")
    employees: int | None = _optional("employees")
    industry: str | None = _optional("industry")
    score: float | None = _optional("score")
    is_target: bool | None = _optional("isTarget")
    attributes: JSON | None = strawberry.field(
        default=strawberry.UNSET,
        description="The custom attributes to set: an object that is merged with the stored one; a null in"
        " it removes an attribute.",
    )
    tags: list[str] | None = _optional("tags")
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
@strawberry.input(description="The members to create or change, by their external ids.")
class UpsertMembersInput:
    """Input of upsertMembers."""

    kind: MemberKind = strawberry.field(description="The kind of the members.")
    members: list[Row] = strawberry.field(
        graphql_type=list[MemberInput], description="The members: up to 1,000, each external id once."
    )
    whole_rows: bool = strawberry.field(
        default=False,
        description="Whether a row with an error is not stored at all. By default everything else of it is stored;"
        " only an error in the external id or in the consents keeps the whole row from being stored.",
    )


@strawberry.type(
    description="The number of rows by result: created + updated + unchanged + rows that were not stored."
)
class UpsertMembersPayload:
    """Payload of upsertMembers."""

    created: int = strawberry.field(default=0, description="How many members were created.")
    updated: int = strawberry.field(default=0, description="How many members changed.")
    unchanged: int = strawberry.field(default=0, description="How many members were already as requested.")
    partial: int = strawberry.field(
        default=0, description="How many of these rows were stored without values that are not acceptable."
    )
    row_errors: list[RowError] = strawberry.field(
        default_factory=list,
        description="What is wrong with rows: those that were not stored, and values of others that were left out.",
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
        description="Criteria, instead of ids: all members of the kind that match now. More than 2,000 are"
        " edited in the background.",
    )
    in_background: bool = strawberry.field(
        default=False,
        description="Whether to edit also few members in the background. Ids must be those of one kind then.",
    )


@strawberry.type
class EditPayload:
    """What became of the members of a bulk edit."""

    changed: int = strawberry.field(default=0, description="How many members changed.")
    unchanged: int = strawberry.field(default=0, description="How many members were already as requested.")
    not_found: list[str] = strawberry.field(
        default_factory=list, description="The given ids and external ids for which no member exists."
    )
    bulk_edit: BulkEdit | None = strawberry.field(
        default=None,
        description="The edit in the background, which has the counts then: changed and unchanged are 0 here."
        " Null if the members were edited at once.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the input; empty on success."
    )


@strawberry.input(description="The members, and the tags to add and remove.")
class TagMembersInput(MembersToEdit):
    """Input of tagMembers."""

    add: list[str] = strawberry.field(default_factory=list, description="The tags to add.")
    remove: list[str] = strawberry.field(default_factory=list, description="The tags to remove.")


@strawberry.type(description="How many members tagMembers changed.")
class TagMembersPayload(EditPayload):
    """Payload of tagMembers."""

    over_limit: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="The members that would have more than 500 tags and were not changed. At most 1,000 are"
        " listed.",
    )


@strawberry.input(description="The members and the consents to set.")
class SetConsentsInput(MembersToEdit):
    """Input of setConsents."""

    consents: list[ConsentInput] = strawberry.field(
        description="The consents to set; channels that are absent keep theirs."
    )


@strawberry.type(description="How many members setConsents changed.")
class SetConsentsPayload(EditPayload):
    """Payload of setConsents."""


@strawberry.type
class MemberMutations:
    """The mutations of members."""

    @strawberry.mutation(
        description="Create or change up to 1,000 members. Valid rows are stored even if others have errors, and of a"
        " row with an error everything else.",
        extensions=[ReportErrors(UpsertMembersPayload)],
    )
    async def upsert_members(self, info: Info, input: UpsertMembersInput) -> UpsertMembersPayload:
        """Upsert."""
        caller = caller_of(info)
        rows = [row_of(row) for row in input.members]
        report = await upserts.upsert(
            caller.services, caller.viewer, input.kind, rows, whole_rows=input.whole_rows
        )
        return UpsertMembersPayload(
            created=report.created,
            updated=report.updated,
            unchanged=report.unchanged,
            partial=report.partial,
            row_errors=[RowError.of(error) for error in report.row_errors],
        )

    @strawberry.mutation(
        description="Add tags to members and remove tags from them: up to 10,000 by id, or all that match"
        " criteria. Many that match are edited in the background.",
        extensions=[ReportErrors(TagMembersPayload)],
    )
    async def tag_members(self, info: Info, input: TagMembersInput) -> TagMembersPayload:
        """Tag."""
        caller = caller_of(info)
        selection, unknown = _selection(input)
        report = await member_edits.tag(
            caller.services,
            caller.viewer,
            selection,
            add=input.add,
            remove=input.remove,
            in_background=input.in_background,
        )
        return TagMembersPayload(
            changed=report.changed,
            unchanged=report.unchanged,
            not_found=unknown + _not_found(report, selection),
            over_limit=[ids.encode("Member", number) for number in report.over_limit[:MAX_NAMED]],
            bulk_edit=BulkEdit.of_optional(report.bulk_edit),
        )

    @strawberry.mutation(
        description="Set consents of members: of up to 10,000 by id, or of all that match criteria. Many"
        " that match are edited in the background.",
        extensions=[ReportErrors(SetConsentsPayload)],
    )
    async def set_consents(self, info: Info, input: SetConsentsInput) -> SetConsentsPayload:
        """Set consents."""
        caller = caller_of(info)
        selection, unknown = _selection(input)
        consents = {consent.channel: consent.state for consent in input.consents}
        report = await member_edits.set_consents(
            caller.services, caller.viewer, selection, consents, in_background=input.in_background
        )
        return SetConsentsPayload(
            changed=report.changed,
            unchanged=report.unchanged,
            not_found=unknown + _not_found(report, selection),
            bulk_edit=BulkEdit.of_optional(report.bulk_edit),
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

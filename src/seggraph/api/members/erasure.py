"""Erasing members in the schema: the right to be forgotten."""

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.services.erasure import erasure
from seggraph.services.members.selections import Selection
from seggraph.vocabulary import MemberKind


@strawberry.input(description="The members to erase, by id or by external id.")
class MemberIdsInput:
    """Input of deleteMembers."""

    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The global ids of the members, up to 1,000."
    )
    kind: MemberKind | None = strawberry.field(
        default=None, description="The kind of the members that externalIds names."
    )
    external_ids: list[str] | None = strawberry.field(
        default=None, description="The external ids of the members, up to 10,000, instead of memberIds."
    )


@strawberry.type(description="How many records were erased together with the members.")
class ErasedCounts:
    """Counts of what is gone."""

    addresses: int = strawberry.field(default=0, description="How many members had a postal address.")
    events: int = strawberry.field(default=0, description="How many events were erased.")
    relations: int = strawberry.field(
        default=0, description="How many relations to other members were erased."
    )
    pending_relations: int = strawberry.field(
        default=0, description="How many relations to members that do not exist yet were erased."
    )
    segments: int = strawberry.field(
        default=0, description="How many memberships in segments were erased: pairs of member and segment."
    )
    history: int = strawberry.field(
        default=0,
        description="How many records of entering or exiting a segment were erased. The counts of the"
        " history stay.",
    )
    import_rows: int = strawberry.field(
        default=0, description="How many rejected rows of imports were erased."
    )
    import_files: int = strawberry.field(
        default=0,
        description="How many uploaded files that waited to be imported were deleted; their imports are"
        " cancelled.",
    )
    export_files: int = strawberry.field(
        default=0,
        description="How many exported files with members of the kind were deleted; their exports are"
        " expired.",
    )


@strawberry.type(description="How many members were erased, and what was erased with them.")
class DeleteMembersPayload:
    """Payload of deleteMembers."""

    deleted: int = strawberry.field(default=0, description="How many members were erased.")
    not_found: list[str] = strawberry.field(
        default_factory=list, description="The given ids and external ids for which no member exists."
    )
    erased: ErasedCounts = strawberry.field(
        default_factory=ErasedCounts, description="How many other records were erased with the members."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was erased; empty on success."
    )


@strawberry.type
class ErasureMutations:
    """The mutation that erases."""

    @strawberry.mutation(
        description="Erase members and all their data for ever (right to be forgotten).",
        extensions=[ReportErrors(DeleteMembersPayload)],
    )
    async def delete_members(self, info: Info, input: MemberIdsInput) -> DeleteMembersPayload:
        """Erase."""
        caller = caller_of(info)
        numbers, unknown = ids.known("Member", input.member_ids, path=("memberIds",))
        selection = Selection(numbers, input.kind, input.external_ids)
        report = await erasure.delete(caller.services, caller.viewer, selection)
        missing = report.not_found
        if selection.external_ids is None:
            missing = [str(ids.encode("Member", int(number))) for number in missing]
        return DeleteMembersPayload(
            deleted=report.deleted,
            not_found=unknown + missing,
            erased=ErasedCounts(
                addresses=report.erased.addresses,
                events=report.erased.events,
                relations=report.erased.relations,
                pending_relations=report.erased.pending_relations,
                segments=report.erased.memberships,
                history=report.erased.membership_changes,
                import_rows=report.erased.import_rows,
                import_files=report.erased.import_files,
                export_files=report.erased.export_files,
            ),
        )

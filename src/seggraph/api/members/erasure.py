"""Erasing members in the schema: the right to be forgotten."""

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.services.erasure import erasure
from seggraph.services.members.selections import Selection
from seggraph.vocabulary import MemberKind


@strawberry.input(description="Members, by id or by external id.")
class MemberIdsInput:
    """Input of deleteMembers."""

    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Which members, by id; up to 1,000."
    )
    kind: MemberKind | None = strawberry.field(default=None, description="The kind of the external ids.")
    external_ids: list[str] | None = strawberry.field(
        default=None, description="Which members, by external id, instead of by id; up to 10,000."
    )


@strawberry.type(description="What was erased along with members.")
class ErasedCounts:
    """Counts of what is gone."""

    addresses: int = strawberry.field(default=0, description="Members who had a postal address.")
    events: int = strawberry.field(default=0, description="Events.")
    relations: int = strawberry.field(default=0, description="Relations to other members.")
    pending_relations: int = strawberry.field(
        default=0, description="Relations that waited for someone who does not exist."
    )
    segments: int = strawberry.field(
        default=0, description="Memberships in segments: pairs of member and segment."
    )
    history: int = strawberry.field(
        default=0, description="Records of having entered or left a segment. How many did so stays known."
    )
    import_rows: int = strawberry.field(
        default=0, description="Rows about them that imports had not taken, and kept to be looked at."
    )
    import_files: int = strawberry.field(
        default=0,
        description="Uploaded files with them that waited to be imported; these imports are cancelled.",
    )
    export_files: int = strawberry.field(
        default=0,
        description="Exported files of members of their kind, which could be fetched; these exports are expired.",
    )


@strawberry.type(description="What deleteMembers erased.")
class DeleteMembersPayload:
    """Payload of deleteMembers."""

    deleted: int = strawberry.field(default=0, description="Members that are gone.")
    not_found: list[str] = strawberry.field(
        default_factory=list, description="The ids and external ids that no member has."
    )
    erased: ErasedCounts = strawberry.field(default_factory=ErasedCounts, description="What went with them.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was erased, if so."
    )


@strawberry.type
class ErasureMutations:
    """The mutation that erases."""

    @strawberry.mutation(
        description="Erase members and everything known about them, for ever: the right to be forgotten.",
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
                history=report.erased.moves,
                import_rows=report.erased.import_rows,
                import_files=report.erased.import_files,
                export_files=report.erased.export_files,
            ),
        )

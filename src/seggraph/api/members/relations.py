"""Relations in the schema: the mutation that relates members by their external ids."""

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, RowError, UserError
from seggraph.services.members import relations
from seggraph.transport import Row, row, with_rows
from seggraph.vocabulary import MemberKind


@row
@strawberry.input(
    description="A relation between two members to create or remove. docs/members.md lists the relations."
)
class RelationInput:
    """A row of relateMembers."""

    relation: str = strawberry.field(
        description="The name of the relation as the first member calls it, like `account` for a person or"
        " `deals` for an account."
    )
    from_kind: MemberKind = strawberry.field(description="The kind of the first member.")
    from_external_id: str = strawberry.field(
        description="The external id of the first member, which need not exist yet."
    )
    to_kind: MemberKind = strawberry.field(description="The kind of the second member.")
    to_external_id: str = strawberry.field(
        description="The external id of the second member, which need not exist yet."
    )
    remove: bool = strawberry.field(
        default=False, description="Whether to remove the relation instead of creating it."
    )


@with_rows
@strawberry.input(description="The relations to create or remove.")
class RelateMembersInput:
    """Input of relateMembers."""

    rows: list[Row] = strawberry.field(
        graphql_type=list[RelationInput], description="The relations: up to 1,000, each relation once."
    )


@strawberry.type(
    description="The number of rows by result: related + removed + unchanged + pending + rows with errors."
)
class RelateMembersPayload:
    """Payload of relateMembers."""

    related: int = strawberry.field(default=0, description="How many relations were created.")
    removed: int = strawberry.field(
        default=0, description="How many relations were removed, including pending ones."
    )
    unchanged: int = strawberry.field(default=0, description="How many rows changed nothing.")
    pending: int = strawberry.field(
        default=0, description="How many relations wait for a member that does not exist yet."
    )
    row_errors: list[RowError] = strawberry.field(
        default_factory=list, description="The rows that were not carried out."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type
class RelationMutations:
    """The mutations of relations."""

    @strawberry.mutation(
        description="Create or remove up to 1,000 relations between members, even before the members exist.",
        extensions=[ReportErrors(RelateMembersPayload)],
    )
    async def relate_members(self, info: Info, input: RelateMembersInput) -> RelateMembersPayload:
        """Relate."""
        caller = caller_of(info)
        report = await relations.relate(caller.services, caller.viewer, input.rows)
        return RelateMembersPayload(
            related=report.related,
            removed=report.removed,
            unchanged=report.unchanged,
            pending=report.pending,
            row_errors=[RowError.of(error) for error in report.row_errors],
        )

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
    description="Two members to relate, or whose relation is to end. docs/members.md lists the relations."
)
class RelationInput:
    """A row of relateMembers."""

    relation: str = strawberry.field(
        description="What the first member calls its relation to the second: a person's account, an account's deals."
    )
    from_kind: MemberKind = strawberry.field(description="What the first member is.")
    from_external_id: str = strawberry.field(description="The first member; it need not exist yet.")
    to_kind: MemberKind = strawberry.field(description="What the second member is.")
    to_external_id: str = strawberry.field(description="The second member; it need not exist yet.")
    remove: bool = strawberry.field(default=False, description="End the relation instead.")


@with_rows
@strawberry.input(description="Members to relate, by their external ids.")
class RelateMembersInput:
    """Input of relateMembers."""

    rows: list[Row] = strawberry.field(
        graphql_type=list[RelationInput], description="Up to 1,000 of them, each relation once."
    )


@strawberry.type(
    description="What became of every row: related + removed + unchanged + pending + rows with errors."
)
class RelateMembersPayload:
    """Payload of relateMembers."""

    related: int = strawberry.field(default=0, description="Pairs that are related now.")
    removed: int = strawberry.field(default=0, description="Relations that ended, pending ones among them.")
    unchanged: int = strawberry.field(default=0, description="Pairs that were so already.")
    pending: int = strawberry.field(
        default=0, description="Relations that wait for a member who does not exist yet."
    )
    row_errors: list[RowError] = strawberry.field(
        default_factory=list, description="Rows that were not carried out."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type
class RelationMutations:
    """The mutations of relations."""

    @strawberry.mutation(
        description="Relate up to 1,000 pairs of members, also before they exist, or end their relations.",
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

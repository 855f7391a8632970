"""The payloads that several mutations answer with: of one segment, and of whatever was deleted."""

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import UserError
from seggraph.api.segments.differences import PreviewDiff
from seggraph.api.segments.segments import Segment
from seggraph.services.segments import differences as segment_differences
from seggraph.services.segments.edits import Edit


@strawberry.type(description="Something that its author should know, though it was done.")
class Warning:
    """A remark on what a mutation did."""

    code: str = strawberry.field(
        description="What it is about, for programs: CAMPAIGN_AFFECTED, when an ACTIVE campaign uses the segment."
    )
    message: str = strawberry.field(description="What it is about, for people.")
    path: list[str] | None = strawberry.field(
        default=None, description="What in the input has this consequence: keys and indexes from its root."
    )


@strawberry.type(description="A segment as the mutation left it, or why nothing was done.")
class SegmentPayload:
    """Payload of the mutations of one segment."""

    segment: Segment | None = strawberry.field(default=None, description="The segment.")
    warnings: list[Warning] = strawberry.field(default_factory=list, description="What to know about it.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was done, if so."
    )
    edit: strawberry.Private[Edit | None] = None

    @strawberry.field(
        description="Who enters and who leaves by this edit of an ACTIVE segment; evaluated only when asked for."
        " Null for what moves nobody, and when it takes longer than a preview may."
    )
    async def diff(self, info: Info) -> PreviewDiff | None:
        """Evaluate the difference."""
        if self.edit is None:
            return None
        caller = caller_of(info)
        found = await segment_differences.of_edit(caller.services, caller.viewer, self.edit)
        if found is None:
            return None
        return PreviewDiff.of(found.kind, found.before, found.after)


@strawberry.type(description="What was deleted, or why nothing was.")
class DeletePayload:
    """Payload of the mutations that delete one object."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id that the object had."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was deleted, if so."
    )

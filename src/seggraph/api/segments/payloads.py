"""What mutations of one segment answer with."""

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import UserError
from seggraph.api.base.payloads import Warning
from seggraph.api.segments.differences import PreviewDiff
from seggraph.api.segments.segments import Segment
from seggraph.services.segments import differences
from seggraph.services.segments.edits import Edit


@strawberry.type(description="The segment as the mutation left it, or the errors.")
class SegmentPayload:
    """Payload of the mutations of one segment."""

    segment: Segment | None = strawberry.field(
        default=None, description="The segment; null if there are errors."
    )
    warnings: list[Warning] = strawberry.field(
        default_factory=list, description="Warnings about what the mutation did."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )
    edit: strawberry.Private[Edit | None] = None

    @strawberry.field(
        description="How this edit changes the members of an ACTIVE segment. Null if it changes none, or if"
        " the evaluation takes longer than a preview may."
    )
    async def diff(self, info: Info) -> PreviewDiff | None:
        """Evaluate the difference."""
        if self.edit is None:
            return None
        caller = caller_of(info)
        difference = await differences.of_edit(caller.services, caller.viewer, self.edit)
        if difference is None:
            return None
        return PreviewDiff.of(difference.kind, difference.before, difference.after)

"""Previews in the schema: what unsaved criteria would match."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.payloads import Warning
from seggraph.api.criteria.criteria import CriteriaInput, criteria_of
from seggraph.api.events.events import CustomerValue
from seggraph.api.members.members import Member
from seggraph.api.reach.reach import Reach
from seggraph.api.segments.differences import PreviewDiff, SampleSize, sample_of
from seggraph.errors import Required
from seggraph.services.members.lists import MemberList
from seggraph.services.previews import previews
from seggraph.services.previews.previews import Preview
from seggraph.vocabulary import MemberKind, SegmentPurpose


@strawberry.input(description="The criteria to preview without saving them.")
class PreviewSegmentInput:
    """Input of previewSegment."""

    kind: MemberKind = strawberry.field(description="The kind of the members.")
    purpose: SegmentPurpose | None = strawberry.field(
        default=None,
        description="The purpose of the segment, which decides the channels that the total reach counts.",
    )
    criteria: CriteriaInput | None = strawberry.field(default=None, description="The criteria to evaluate.")
    criteria_text: str | None = strawberry.field(
        default=None, description="The criteria as text, instead of `criteria`; see docs/criteria-text.md."
    )


@strawberry.type(description="The members that criteria would select now.")
class SegmentPreview:
    """A preview; with errors it says nothing else."""

    member_count: int | None = strawberry.field(
        default=None, description="How many members match; null beside errors."
    )
    reach: Reach | None = strawberry.field(
        default=None, description="How many of the matching members can be contacted; null beside errors."
    )
    sentence: str | None = strawberry.field(
        default=None, description="The criteria as a sentence for people; null beside errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the criteria; empty on success."
    )
    warnings: list[Warning] = strawberry.field(
        default_factory=list,
        description="What the criteria ask for and nobody has: an event that was never recorded, a property or"
        " value that is not there. They count all the same.",
    )
    preview: strawberry.Private[Preview | None] = None

    @strawberry.field(description="Some of the matching members, oldest first.")
    async def sample(self, info: Info, first: SampleSize = None) -> list[Member]:
        """Read a few members."""
        if self.preview is None:
            return []
        return await sample_of(info, MemberList(self.preview.kind, audience=self.preview.members), first)

    @strawberry.field(description="The customer value of the matching members; null beside errors.")
    async def value(self, info: Info) -> CustomerValue | None:
        """Add up the orders."""
        if self.preview is None:
            return None
        return CustomerValue.of(await previews.value(caller_of(info).viewer, self.preview))

    @strawberry.field(
        description="How the members of a segment would change if it had these criteria.",
        extensions=[ReportErrors(PreviewDiff)],
    )
    async def diff(
        self,
        info: Info,
        segment_id: Annotated[
            strawberry.ID, strawberry.argument(description="The global id of the segment to compare with.")
        ],
    ) -> PreviewDiff:
        """Compare with the members of a segment."""
        if self.preview is None:
            return PreviewDiff()
        number = ids.decode("Segment", segment_id, path=("segmentId",))
        before = await previews.members_before(caller_of(info).viewer, self.preview, number)
        return PreviewDiff.of(self.preview.kind, before, self.preview.members)

    @staticmethod
    def of(preview: Preview) -> "SegmentPreview":
        """The preview as the service computed it."""
        return SegmentPreview(
            member_count=len(preview.members),
            reach=Reach.of_preview(preview),
            sentence=preview.sentence,
            warnings=[Warning.about_criteria(warning) for warning in preview.warnings],
            preview=preview,
        )


@strawberry.type
class PreviewQueries:
    """The query of previews."""

    @strawberry.field(
        description="Evaluate criteria now without saving them.",
        extensions=[ReportErrors(SegmentPreview)],
    )
    async def preview_segment(self, info: Info, input: PreviewSegmentInput) -> SegmentPreview:
        """Preview."""
        caller = caller_of(info)
        given = criteria_of(input.criteria, input.criteria_text)
        if given is None:
            raise Required("Give the criteria to preview.", path=("criteria",))
        preview = await previews.preview(caller.services, caller.viewer, input.kind, given, input.purpose)
        return SegmentPreview.of(preview)

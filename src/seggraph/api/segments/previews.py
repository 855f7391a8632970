"""Previews in the schema: what unsaved criteria would match."""

from collections.abc import Iterable
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.payloads import Warning
from seggraph.api.base.scalars import JSON
from seggraph.api.criteria.criteria import CriteriaInput, criteria_of, shown, text_shown
from seggraph.api.events.events import CustomerValue
from seggraph.api.members.distributions import BucketCount, Distribution, FieldName, distribution_of
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
    segment_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The segment that the criteria are to be saved in: it must not come to depend on itself, and"
        " `diffToSaved` compares with it.",
    )


@strawberry.type(description="A part of the criteria, and how many members it matches by itself.")
class CriteriaNodeCount:
    """A node of the tree."""

    path: list[str] = strawberry.field(
        description="Where the part is in the canonical tree: keys and indexes, like all, 0; empty for the whole."
    )
    member_count: int = strawberry.field(description="How many members of the kind match this part.")


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
    criteria: JSON | None = strawberry.field(
        default=None, description="The criteria as a JSON tree in canonical form; null beside errors."
    )
    criteria_text: str | None = strawberry.field(
        default=None,
        description="The criteria as text, as it is written for the same tree everywhere; null beside errors.",
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

    @strawberry.field(description="How the values of a field are distributed over the matching members.")
    async def distribution(self, info: Info, field: FieldName, buckets: BucketCount = None) -> Distribution:
        """Count the values."""
        if self.preview is None:
            return Distribution()
        kind, members = self.preview.kind, self.preview.members
        viewer = caller_of(info).viewer
        return await distribution_of(viewer, kind, members, field, buckets)

    @strawberry.field(
        description="How many members each part of the tree matches by itself: the first 50 parts, the whole first"
        " and the parts of a group behind it."
    )
    def node_counts(self) -> list[CriteriaNodeCount]:
        """What the preview counted, since this was asked for."""
        nodes = [] if self.preview is None else self.preview.nodes
        return [
            CriteriaNodeCount(path=[str(part) for part in node.path], member_count=node.member_count)
            for node in nodes
        ]

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

    @strawberry.field(
        description="How the members of the segment in `segmentId` of the input would change if these criteria were"
        " saved; null without such a segment, and beside errors."
    )
    async def diff_to_saved(self, info: Info) -> PreviewDiff | None:
        """Compare with the members of the segment."""
        if self.preview is None or self.preview.segment_id is None:
            return None
        number = self.preview.segment_id
        before = await previews.members_before(caller_of(info).viewer, self.preview, number)
        return PreviewDiff.of(self.preview.kind, before, self.preview.members)

    @staticmethod
    def of(preview: Preview) -> "SegmentPreview":
        """The preview as the service computed it."""
        return SegmentPreview(
            member_count=len(preview.members),
            reach=Reach.of_preview(preview),
            sentence=preview.sentence,
            criteria=shown(preview.document),
            criteria_text=text_shown(preview.document, preview.segment_names),
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
        segment_id = None
        if input.segment_id is not None:
            segment_id = ids.decode("Segment", input.segment_id, path=("segmentId",))
        preview = await previews.preview(
            caller.services,
            caller.viewer,
            input.kind,
            given,
            input.purpose,
            segment_id=segment_id,
            counts_nodes=_asks_for(info, "nodeCounts"),
        )
        return SegmentPreview.of(preview)


def _asks_for(info: Info, name: str) -> bool:
    """Whether the operation asks for a field of the answer, by itself or in a fragment."""
    return _named(info.selected_fields, name)


def _named(selections: Iterable[object], name: str) -> bool:
    return any(
        getattr(one, "name", None) == name or _named(getattr(one, "selections", ()), name)
        for one in selections
    )

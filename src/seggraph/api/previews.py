"""Previews in the schema: what unsaved criteria would match."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.context import caller_of
from seggraph.api.criteria import CriteriaInput, criteria_of
from seggraph.api.errors import ReportErrors, UserError
from seggraph.api.members import Member
from seggraph.api.segments import Reach
from seggraph.errors import Required
from seggraph.services import members, previews
from seggraph.services.members import BY_ORDINAL, MemberList
from seggraph.services.paging import PageRequest
from seggraph.services.previews import Preview
from seggraph.vocabulary import MemberKind, ReachStatus, SegmentPurpose

DEFAULT_SAMPLE = 10
SAMPLE_SIZE = f"How many, up to 1,000; {DEFAULT_SAMPLE} unless given."


@strawberry.input(description="Criteria to try without saving them.")
class PreviewSegmentInput:
    """Input of previewSegment."""

    kind: MemberKind = strawberry.field(description="The kind of the members.")
    purpose: SegmentPurpose | None = strawberry.field(
        default=None, description="What the segment is for; it decides the total reach."
    )
    criteria: CriteriaInput | None = strawberry.field(default=None, description="The criteria.")
    criteria_text: str | None = strawberry.field(
        default=None, description="The same as text, instead: docs/criteria-text.md."
    )


def _unknown_reach() -> Reach:
    return Reach(
        status=ReachStatus.NONE,
        total=None,
        email=None,
        direct_mail=None,
        sms=None,
        phone=None,
        push=None,
        as_of=None,
        progress=None,
        error=None,
    )


@strawberry.type(description="What criteria would match now.")
class SegmentPreview:
    """A preview; with errors it is empty."""

    member_count: int = strawberry.field(default=0, description="How many members match.")
    reach: Reach = strawberry.field(
        default_factory=_unknown_reach, description="How many of them can be contacted."
    )
    sentence: str = strawberry.field(default="", description="The criteria in words.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the criteria."
    )
    preview: strawberry.Private[Preview | None] = None

    @strawberry.field(description="Some of the members that match, those who came first.")
    async def sample(
        self,
        info: Info,
        first: Annotated[int | None, strawberry.argument(description=SAMPLE_SIZE)] = None,
    ) -> list[Member]:
        """Read a few members."""
        if self.preview is None:
            return []
        page = await members.list_page(
            caller_of(info).viewer,
            MemberList(self.preview.kind, audience=self.preview.members),
            BY_ORDINAL,
            PageRequest(first=DEFAULT_SAMPLE if first is None else first),
        )
        return [Member.of(view) for view in page.items]

    @staticmethod
    def of(preview: Preview) -> "SegmentPreview":
        """The preview as the service computed it."""
        counts = preview.reach
        return SegmentPreview(
            member_count=len(preview.members),
            reach=Reach(
                status=ReachStatus.READY,
                total=counts.total,
                email=counts.email,
                direct_mail=counts.direct_mail,
                sms=counts.sms,
                phone=counts.phone,
                push=counts.push,
                as_of=preview.as_of,
                progress=None,
                error=None,
            ),
            sentence=preview.sentence,
            preview=preview,
        )


@strawberry.type
class PreviewQueries:
    """The query of previews."""

    @strawberry.field(
        description="What criteria would match now, without saving them.",
        extensions=[ReportErrors(SegmentPreview)],
    )
    async def preview_segment(self, info: Info, input: PreviewSegmentInput) -> SegmentPreview:
        """Preview."""
        caller = caller_of(info)
        given = criteria_of(input.criteria, input.criteria_text)
        if given is None:
            raise Required("Give the criteria to preview.", path=("criteria",))
        found = await previews.preview(caller.services, caller.viewer, input.kind, given, input.purpose)
        return SegmentPreview.of(found)

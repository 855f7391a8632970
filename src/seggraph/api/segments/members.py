"""Membership by hand in the schema: adding members to segments and removing them."""

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.scalars import as_int
from seggraph.api.criteria.criteria import CriteriaInput, document_of
from seggraph.api.segments.segments import Segment
from seggraph.errors import Invalid
from seggraph.services.members.selections import Selection
from seggraph.services.segments import manual_membership
from seggraph.services.segments.manual_membership import HandReport
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import MemberKind, SegmentPurpose, SegmentType, Visibility


@strawberry.input(description="A STATIC segment that is made for the members, and ACTIVE at once.")
class NewSegmentInput:
    """What is asked of a segment that has no criteria."""

    name: str = strawberry.field(
        description="The name: 1 to 200 characters, unique in the workspace; case is ignored."
    )
    kind: MemberKind = strawberry.field(description="The kind of its members.")
    purpose: SegmentPurpose | None = strawberry.field(default=None, description="What it is for.")
    description: str | None = strawberry.field(
        default=None, description="A description of up to 2,000 characters."
    )
    visibility: Visibility | None = strawberry.field(
        default=None,
        description="Who may see the segment; default WORKSPACE. Segments of team members are always PRIVATE.",
    )


@strawberry.input(
    description="Members, by exactly one of memberIds, externalIds and where, and segments of one kind."
)
class SegmentMembersInput:
    """Input of addSegmentMembers and removeSegmentMembers."""

    segment_ids: list[strawberry.ID] = strawberry.field(
        description="Up to 100 segments; none if there is only a newSegment."
    )
    new_segment: NewSegmentInput | None = strawberry.field(
        default=None, description="A segment to make for the members; only for addSegmentMembers."
    )
    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Up to 10,000 members, by id."
    )
    external_ids: list[str] | None = strawberry.field(
        default=None, description="Up to 10,000 members, by external id in the kind of the segments."
    )
    where: CriteriaInput | None = strawberry.field(
        default=None, description="All members that match criteria now, however many."
    )


@strawberry.type(
    description="What became of every pair of a member and a segment: changed + alreadyDone are all of them."
)
class SegmentMembersPayload:
    """Payload of addSegmentMembers and removeSegmentMembers."""

    changed: int = strawberry.field(
        default=0, description="Pairs of which a link or a block changed, whether or not the member moved."
    )
    already_done: int = strawberry.field(default=0, description="Pairs that were so already.")
    not_found: list[str] = strawberry.field(
        default_factory=list, description="The ids and external ids that no member of the kind has."
    )
    segments: list[Segment] = strawberry.field(
        default_factory=list, description="The segments as the mutation left them, a new one last."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type
class SegmentMemberMutations:
    """The mutations of memberships."""

    @strawberry.mutation(
        description="Add members to segments by hand: only a hand removes them again. Static drafts get ACTIVE.",
        extensions=[ReportErrors(SegmentMembersPayload)],
    )
    async def add_segment_members(self, info: Info, input: SegmentMembersInput) -> SegmentMembersPayload:
        """Add."""
        caller = caller_of(info)
        selection, unknown = _selection(input)
        report = await manual_membership.add(
            caller.services,
            caller.viewer,
            ids.decode_all("Segment", input.segment_ids, path=("segmentIds",)),
            selection,
            new_segment=None if input.new_segment is None else _draft(input.new_segment),
        )
        return _payload(report, selection, unknown)

    @strawberry.mutation(
        description="Remove members from segments by hand: criteria and playbooks of now do not add them again.",
        extensions=[ReportErrors(SegmentMembersPayload)],
    )
    async def remove_segment_members(self, info: Info, input: SegmentMembersInput) -> SegmentMembersPayload:
        """Remove."""
        if input.new_segment is not None:
            raise Invalid("A new segment has nobody to remove.", path=("newSegment",))
        caller = caller_of(info)
        selection, unknown = _selection(input)
        numbers = ids.decode_all("Segment", input.segment_ids, path=("segmentIds",))
        report = await manual_membership.remove(caller.services, caller.viewer, numbers, selection)
        return _payload(report, selection, unknown)


def _selection(input: SegmentMembersInput) -> tuple[Selection, list[str]]:
    """The members that an input means, and the ids in it that can be no member's."""
    numbers, unknown = ids.known("Member", input.member_ids, path=("memberIds",))
    where = None if input.where is None else document_of(input.where)
    return Selection(member_ids=numbers, external_ids=input.external_ids, where=where), unknown


def _draft(input: NewSegmentInput) -> SegmentDraft:
    return SegmentDraft(
        name=input.name,
        kind=input.kind,
        type=SegmentType.STATIC,
        purpose=input.purpose,
        description=input.description,
        visibility=input.visibility or Visibility.WORKSPACE,
    )


def _payload(report: HandReport, selection: Selection, unknown: list[str]) -> SegmentMembersPayload:
    not_found = report.not_found
    if selection.member_ids is not None:
        not_found = [str(ids.encode("Member", int(number))) for number in not_found]
    return SegmentMembersPayload(
        changed=as_int(report.changed),
        already_done=as_int(report.already_done),
        not_found=unknown + not_found,
        segments=[Segment.of(view) for view in report.segments],
    )

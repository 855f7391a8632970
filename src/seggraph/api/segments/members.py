"""Manual membership in the schema: adding members to segments and removing them."""

from collections.abc import Awaitable, Callable, Sequence

import strawberry
from strawberry.types import Info

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.scalars import as_int
from seggraph.api.criteria.criteria import CriteriaInput, document_of
from seggraph.api.segments.segments import Segment
from seggraph.context import Context
from seggraph.errors import Invalid
from seggraph.services.members.selections import Selection
from seggraph.services.segments import blocked_members, manual_membership
from seggraph.services.segments.manual_membership import ManualReport
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import MemberKind, SegmentPurpose, SegmentType, Visibility


@strawberry.input(description="A STATIC segment to create for the members. It is ACTIVE at once.")
class NewSegmentInput:
    """What is asked of a segment that has no criteria."""

    name: str = strawberry.field(
        description="The name: 1 to 200 characters, unique in the workspace; case is ignored."
    )
    kind: MemberKind = strawberry.field(description="The kind of the members.")
    purpose: SegmentPurpose | None = strawberry.field(default=None, description="The purpose of the segment.")
    description: str | None = strawberry.field(
        default=None, description="A description of up to 2,000 characters."
    )
    visibility: Visibility | None = strawberry.field(
        default=None,
        description="Who may see the segment; default WORKSPACE. Segments of team members are always PRIVATE.",
    )


@strawberry.input(
    description="Segments of one kind, and members given by exactly one of memberIds, externalIds and where."
)
class SegmentMembersInput:
    """Input of addSegmentMembers, removeSegmentMembers and unblockSegmentMembers."""

    segment_ids: list[strawberry.ID] = strawberry.field(
        description="The segments, up to 100; empty if there is only a newSegment."
    )
    new_segment: NewSegmentInput | None = strawberry.field(
        default=None, description="A segment to create for the members; only for addSegmentMembers."
    )
    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The global ids of the members, up to 10,000."
    )
    external_ids: list[str] | None = strawberry.field(
        default=None,
        description="The external ids of the members, of the kind of the segments, up to 10,000.",
    )
    where: CriteriaInput | None = strawberry.field(
        default=None, description="Criteria: all members that match now, without a limit."
    )


@strawberry.type(
    description="The number of pairs of a member and a segment by result: changed + alreadyDone."
)
class SegmentMembersPayload:
    """Payload of addSegmentMembers, removeSegmentMembers and unblockSegmentMembers."""

    changed: int = strawberry.field(
        default=0,
        description="How many pairs changed. A member may stay in the segment, or out of it, because of"
        " another source.",
    )
    already_done: int = strawberry.field(default=0, description="How many pairs were already as requested.")
    not_found: list[str] = strawberry.field(
        default_factory=list,
        description="The given ids and external ids for which no member of the kind exists.",
    )
    segments: list[Segment] = strawberry.field(
        default_factory=list, description="The segments as the mutation left them; a new segment comes last."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type
class SegmentMemberMutations:
    """The mutations of memberships."""

    @strawberry.mutation(
        description="Add members to segments manually. They stay until they are removed manually, whatever"
        " criteria say. STATIC drafts become ACTIVE.",
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
        description="Remove members from segments manually. The criteria and playbooks of the segments do"
        " not add them again.",
        extensions=[ReportErrors(SegmentMembersPayload)],
    )
    async def remove_segment_members(self, info: Info, input: SegmentMembersInput) -> SegmentMembersPayload:
        """Remove."""
        return await _changed(info, "removeSegmentMembers", manual_membership.remove, input)

    @strawberry.mutation(
        description="Give members that were removed manually back to the criteria and playbooks of segments."
        " Those that match enter with the next refresh. Segment.blockedMembers lists them.",
        extensions=[ReportErrors(SegmentMembersPayload)],
    )
    async def unblock_segment_members(self, info: Info, input: SegmentMembersInput) -> SegmentMembersPayload:
        """Unblock."""
        return await _changed(info, "unblockSegmentMembers", blocked_members.unblock, input)


async def _changed(
    info: Info,
    mutation: str,
    change: Callable[[Context, Viewer, Sequence[int], Selection], Awaitable[ManualReport]],
    input: SegmentMembersInput,
) -> SegmentMembersPayload:
    """The payload of a mutation that makes no segment."""
    if input.new_segment is not None:
        raise Invalid(f"{mutation} cannot create a segment: leave newSegment out.", path=("newSegment",))
    caller = caller_of(info)
    selection, unknown = _selection(input)
    numbers = ids.decode_all("Segment", input.segment_ids, path=("segmentIds",))
    report = await change(caller.services, caller.viewer, numbers, selection)
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


def _payload(report: ManualReport, selection: Selection, unknown: list[str]) -> SegmentMembersPayload:
    not_found = report.not_found
    if selection.member_ids is not None:
        not_found = [str(ids.encode("Member", int(number))) for number in not_found]
    return SegmentMembersPayload(
        changed=as_int(report.changed),
        already_done=as_int(report.already_done),
        not_found=unknown + not_found,
        segments=[Segment.of(view) for view in report.segments],
    )

"""The mutations of segments."""

from datetime import timedelta
from typing import Any

import strawberry
from strawberry.types import Info

from seggraph.api import ids
from seggraph.api.context import caller_of
from seggraph.api.criteria import CriteriaInput, criteria_of
from seggraph.api.errors import ReportErrors, UserError
from seggraph.api.scalars import DurationText
from seggraph.api.segments import Segment
from seggraph.criteria import Duration
from seggraph.errors import Invalid
from seggraph.services import segments
from seggraph.services.segments import SegmentDraft
from seggraph.vocabulary import MemberKind, SegmentPurpose, SegmentType, Visibility


@strawberry.type(description="Something that its author should know, though it was done.")
class Warning:
    """A remark on what a mutation did."""

    code: str = strawberry.field(description="What it is about, for programs.")
    message: str = strawberry.field(description="What it is about, for people.")


@strawberry.type(description="A segment as the mutation left it, or why nothing was done.")
class SegmentPayload:
    """Payload of the mutations of one segment."""

    segment: Segment | None = strawberry.field(default=None, description="The segment.")
    warnings: list[Warning] = strawberry.field(default_factory=list, description="What to know about it.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was done, if so."
    )


@strawberry.input(description="Which segment.")
class SegmentIdInput:
    """Input of the mutations that need nothing else."""

    id: strawberry.ID = strawberry.field(description="The segment.")


@strawberry.input(description="A segment to create.")
class CreateSegmentInput:
    """Input of createSegment."""

    name: str = strawberry.field(
        description="1 to 200 characters; unique in the workspace, whatever the case."
    )
    kind: MemberKind = strawberry.field(description="The kind of its members.")
    type: SegmentType = strawberry.field(description="DYNAMIC by criteria, STATIC by imports and hands.")
    purpose: SegmentPurpose | None = strawberry.field(default=None, description="What it is for.")
    description: str | None = strawberry.field(default=None, description="In words, up to 2,000 characters.")
    criteria: CriteriaInput | None = strawberry.field(default=None, description="Who is in it, if DYNAMIC.")
    criteria_text: str | None = strawberry.field(
        default=None, description="The same as text, instead: docs/criteria-text.md."
    )
    visibility: Visibility | None = strawberry.field(
        default=None, description="WORKSPACE unless given; team members' segments are always PRIVATE."
    )
    hidden_from_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Users that do not see it."
    )
    sync_interval: DurationText | None = strawberry.field(
        default=None, description="How often all of it is computed anew: PT5M to P31D; PT4H unless given."
    )
    activate: bool | None = strawberry.field(
        default=None, description="Whether it is ACTIVE at once; unless given, if it has criteria."
    )


@strawberry.input(description="What to change of a segment. A field that is absent stays as it is.")
class UpdateSegmentInput:
    """Input of updateSegment."""

    id: strawberry.ID = strawberry.field(description="The segment.")
    version: int | None = strawberry.field(
        default=None, description="The version you edited: if someone else changed it since, nothing is done."
    )
    name: str | None = strawberry.field(default=strawberry.UNSET, description="1 to 200 characters.")
    description: str | None = strawberry.field(default=strawberry.UNSET, description="Null clears it.")
    criteria: CriteriaInput | None = strawberry.field(
        default=strawberry.UNSET, description="New criteria void the calculation at work and start another."
    )
    criteria_text: str | None = strawberry.field(
        default=strawberry.UNSET, description="The same as text, instead: docs/criteria-text.md."
    )
    visibility: Visibility | None = strawberry.field(default=strawberry.UNSET, description="Who sees it.")
    hidden_from_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Users that do not see it; these and no others."
    )
    sync_interval: DurationText | None = strawberry.field(
        default=strawberry.UNSET, description="How often all of it is computed anew; null for every PT4H."
    )


@strawberry.type
class SegmentMutations:
    """The mutations of segments."""

    @strawberry.mutation(
        description="Create a segment. With criteria it is ACTIVE and being calculated when this answers.",
        extensions=[ReportErrors(SegmentPayload)],
    )
    async def create_segment(self, info: Info, input: CreateSegmentInput) -> SegmentPayload:
        """Create."""
        caller = caller_of(info)
        draft = SegmentDraft(
            name=input.name,
            kind=input.kind,
            type=input.type,
            purpose=input.purpose,
            description=input.description,
            criteria=criteria_of(input.criteria, input.criteria_text),
            visibility=input.visibility or Visibility.WORKSPACE,
            hidden_from=_user_ids(input.hidden_from_ids),
            sync_interval=_interval(input.sync_interval),
            activate=input.activate,
        )
        view = await segments.create(caller.services, caller.viewer, draft)
        return SegmentPayload(segment=Segment.of(view))

    @strawberry.mutation(description="Change a segment.", extensions=[ReportErrors(SegmentPayload)])
    async def update_segment(self, info: Info, input: UpdateSegmentInput) -> SegmentPayload:
        """Update."""
        caller = caller_of(info)
        view = await segments.update(
            caller.services,
            caller.viewer,
            ids.decode("Segment", input.id),
            _changes(input),
            version=input.version,
        )
        return SegmentPayload(segment=Segment.of(view))

    @strawberry.mutation(
        description="Make a draft ACTIVE and have it calculated.", extensions=[ReportErrors(SegmentPayload)]
    )
    async def activate_segment(self, info: Info, input: SegmentIdInput) -> SegmentPayload:
        """Activate."""
        caller = caller_of(info)
        view = await segments.activate(caller.services, caller.viewer, ids.decode("Segment", input.id))
        return SegmentPayload(segment=Segment.of(view))

    @strawberry.mutation(
        description="Have an ACTIVE segment calculated anew; a calculation at work goes on.",
        extensions=[ReportErrors(SegmentPayload)],
    )
    async def recalculate_segment(self, info: Info, input: SegmentIdInput) -> SegmentPayload:
        """Recalculate."""
        caller = caller_of(info)
        view = await segments.recalculate(caller.services, caller.viewer, ids.decode("Segment", input.id))
        return SegmentPayload(segment=Segment.of(view))


def _changes(input: UpdateSegmentInput) -> dict[str, Any]:
    """What is given, as the service takes it."""
    given = {
        name: getattr(input, name)
        for name in ("name", "description", "visibility")
        if getattr(input, name) is not strawberry.UNSET
    }
    if any(one is not strawberry.UNSET for one in (input.criteria, input.criteria_text)):
        given["criteria"] = criteria_of(input.criteria, input.criteria_text)
    if input.hidden_from_ids is not strawberry.UNSET:
        given["hidden_from"] = _user_ids(input.hidden_from_ids)
    if input.sync_interval is not strawberry.UNSET:
        given["sync_interval"] = _interval(input.sync_interval)
    return given


def _user_ids(global_ids: list[strawberry.ID] | None) -> list[int]:
    return ids.decode_all("User", global_ids or [], path=("hiddenFromIds",))


def _interval(text: DurationText | None) -> timedelta | None:
    """The interval; months and years have no fixed length, and so no place here."""
    if text is None:
        return None
    duration = Duration.parse(text)
    if duration.months:
        raise Invalid(
            "A sync interval is given in days, hours or minutes, like PT4H.", path=("syncInterval",)
        )
    return timedelta(days=duration.days, seconds=float(duration.seconds))

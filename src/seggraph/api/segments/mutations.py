"""The mutations of segments."""

from datetime import timedelta
from typing import Any, Protocol

import strawberry
from strawberry.types import Info

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.api.base.context import Caller, caller_of
from seggraph.api.base.errors import ReportErrors
from seggraph.api.base.payloads import DeletePayload, Warning
from seggraph.api.base.scalars import DurationText
from seggraph.api.criteria.criteria import CriteriaInput, criteria_of, criteria_warnings_of
from seggraph.api.segments.payloads import SegmentPayload
from seggraph.api.segments.segments import Segment
from seggraph.context import Context
from seggraph.criteria import Duration
from seggraph.errors import Invalid
from seggraph.services.segments import clones as segment_clones
from seggraph.services.segments import edits as segment_edits
from seggraph.services.segments import lifecycle as segment_life
from seggraph.services.segments import segments
from seggraph.services.segments import usages as segment_usages
from seggraph.services.segments.edits import Edit
from seggraph.services.segments.segments import SegmentDraft
from seggraph.services.segments.usages import UserType
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import MemberKind, SegmentPurpose, SegmentType, Visibility


@strawberry.input(description="The segment that the mutation is about.")
class SegmentIdInput:
    """Input of the mutations that need nothing else."""

    id: strawberry.ID = strawberry.field(description="The global id of the segment.")
    version: int | None = strawberry.field(
        default=None,
        description="The version that you have seen. If it is no longer current, the answer is CONFLICT.",
    )


@strawberry.input(description="The segment to copy, and the name of the copy.")
class CloneSegmentInput:
    """Input of cloneSegment."""

    id: strawberry.ID = strawberry.field(description="The global id of the original segment.")
    name: str = strawberry.field(
        description="The name of the copy: 1 to 200 characters, unique in the workspace; case is ignored."
    )
    version: int | None = strawberry.field(
        default=None,
        description="The version that you have seen. If it is no longer current, the answer is CONFLICT.",
    )


@strawberry.input(description="The segment to create.")
class CreateSegmentInput:
    """Input of createSegment."""

    name: str = strawberry.field(
        description="The name: 1 to 200 characters, unique in the workspace; case is ignored."
    )
    kind: MemberKind = strawberry.field(description="The kind of the members.")
    type: SegmentType = strawberry.field(
        description="Whether criteria (DYNAMIC), or imports and manual changes (STATIC), select the members."
    )
    purpose: SegmentPurpose | None = strawberry.field(default=None, description="The purpose of the segment.")
    description: str | None = strawberry.field(
        default=None, description="A description of up to 2,000 characters."
    )
    criteria: CriteriaInput | None = strawberry.field(
        default=None, description="The criteria that select the members; for DYNAMIC segments only."
    )
    criteria_text: str | None = strawberry.field(
        default=None, description="The criteria as text, instead of `criteria`; see docs/criteria-text.md."
    )
    visibility: Visibility | None = strawberry.field(
        default=None,
        description="Who may see the segment; default WORKSPACE. Segments of team members are always PRIVATE.",
    )
    hidden_from_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The users that the segment is hidden from; administrators and leaders cannot be.",
    )
    sync_interval: DurationText | None = strawberry.field(
        default=None,
        description="How often the whole segment is calculated again: PT5M to P31D, default PT4H.",
    )
    activate: bool | None = strawberry.field(
        default=None, description="Whether to activate the segment at once; default: true if it has criteria."
    )
    label_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The labels of the segment, up to 20."
    )
    folder_id: strawberry.ID | None = strawberry.field(default=None, description="The folder to put it into.")


@strawberry.input(description="The changes of a segment. A field that is absent stays as it is.")
class UpdateSegmentInput:
    """Input of updateSegment."""

    id: strawberry.ID = strawberry.field(description="The global id of the segment.")
    version: int | None = strawberry.field(
        default=None,
        description="The version that your edit is based on. If it is no longer current, the answer is"
        " CONFLICT.",
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new name: 1 to 200 characters."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new value; null removes it."
    )
    criteria: CriteriaInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="The new criteria. A running calculation is discarded, and a new one starts. A draft becomes"
        " ACTIVE, unless `activate` is false.",
    )
    criteria_text: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The criteria as text, instead of `criteria`; see docs/criteria-text.md.",
    )
    kind: MemberKind | None = strawberry.field(
        default=strawberry.UNSET,
        description="The kind of the members; only for a draft that nothing uses.",
    )
    type: SegmentType | None = strawberry.field(
        default=strawberry.UNSET, description="The type of the segment; only for a draft."
    )
    purpose: SegmentPurpose | None = strawberry.field(
        default=strawberry.UNSET,
        description="The purpose; null for none. For a STATIC segment only while it is a draft.",
    )
    visibility: Visibility | None = strawberry.field(
        default=strawberry.UNSET, description="Who may see the segment."
    )
    hidden_from_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The users that the segment is hidden from; they replace the present ones. Administrators and"
        " leaders cannot be.",
    )
    sync_interval: DurationText | None = strawberry.field(
        default=strawberry.UNSET,
        description="How often the whole segment is calculated again; null for every PT4H.",
    )
    label_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The labels of the segment, up to 20; they replace the present ones.",
    )
    folder_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The folder to put it into; null for none."
    )
    activate: bool = strawberry.field(
        default=True,
        description="Whether a draft that is given criteria becomes ACTIVE. It has no effect on other segments"
        " and edits.",
    )


@strawberry.type
class SegmentMutations:
    """The mutations of segments."""

    @strawberry.mutation(
        description="Create a segment. With criteria it becomes ACTIVE, and its calculation has started when"
        " the mutation returns.",
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
            label_ids=_label_ids(input.label_ids),
            folder_id=_folder_id(input.folder_id),
        )
        view = await segments.create(caller.services, caller.viewer, draft)
        warnings = await criteria_warnings_of(info, draft.kind, draft.criteria)
        return SegmentPayload(segment=Segment.of(view), warnings=warnings)

    @strawberry.mutation(
        description="Change a segment. Its status decides what can be changed; see docs/segments.md.",
        extensions=[ReportErrors(SegmentPayload)],
    )
    async def update_segment(self, info: Info, input: UpdateSegmentInput) -> SegmentPayload:
        """Update."""
        caller = caller_of(info)
        changes = _changes(input)
        edit = await segment_edits.update(
            caller.services,
            caller.viewer,
            ids.decode("Segment", input.id),
            changes,
            version=input.version,
            activate=input.activate,
        )
        warnings = [
            *await _warnings(caller, edit),
            *await criteria_warnings_of(info, edit.segment.kind, changes.get("criteria")),
        ]
        return SegmentPayload(segment=Segment.of(edit.segment), warnings=warnings, edit=edit)

    @strawberry.mutation(
        description="Activate a draft and start its calculation. A segment that is already ACTIVE does not"
        " change.",
        extensions=[ReportErrors(SegmentPayload)],
    )
    async def activate_segment(self, info: Info, input: SegmentIdInput) -> SegmentPayload:
        """Activate."""
        return await _done(info, segments.activate, input)

    @strawberry.mutation(
        description="Start a calculation of the whole ACTIVE segment. If one is already running, it"
        " continues.",
        extensions=[ReportErrors(SegmentPayload)],
    )
    async def recalculate_segment(self, info: Info, input: SegmentIdInput) -> SegmentPayload:
        """Recalculate."""
        return await _done(info, segments.recalculate, input)

    @strawberry.mutation(
        description="Pause an ACTIVE segment: it keeps its members, and is neither calculated nor delivered.",
        extensions=[ReportErrors(SegmentPayload)],
    )
    async def pause_segment(self, info: Info, input: SegmentIdInput) -> SegmentPayload:
        """Pause."""
        return await _done(info, segment_life.pause, input)

    @strawberry.mutation(
        description="Resume a PAUSED segment: it becomes ACTIVE and its calculation starts.",
        extensions=[ReportErrors(SegmentPayload)],
    )
    async def resume_segment(self, info: Info, input: SegmentIdInput) -> SegmentPayload:
        """Resume."""
        return await _done(info, segment_life.resume, input)

    @strawberry.mutation(
        description="Archive a segment that nothing uses. Otherwise the error SEGMENT_IN_USE names what uses"
        " it.",
        extensions=[ReportErrors(SegmentPayload)],
    )
    async def archive_segment(self, info: Info, input: SegmentIdInput) -> SegmentPayload:
        """Archive."""
        return await _done(info, segment_life.archive, input)

    @strawberry.mutation(
        description="Take a segment out of the archive: it becomes ACTIVE and its calculation starts.",
        extensions=[ReportErrors(SegmentPayload)],
    )
    async def unarchive_segment(self, info: Info, input: SegmentIdInput) -> SegmentPayload:
        """Unarchive."""
        return await _done(info, segment_life.unarchive, input)

    @strawberry.mutation(
        description="Copy a segment that you may see. The copy shows the numbers of the original until its"
        " own calculation ends.",
        extensions=[ReportErrors(SegmentPayload)],
    )
    async def clone_segment(self, info: Info, input: CloneSegmentInput) -> SegmentPayload:
        """Clone."""
        caller = caller_of(info)
        number = ids.decode("Segment", input.id)
        view = await segment_clones.clone(
            caller.services, caller.viewer, number, input.name, version=input.version
        )
        return SegmentPayload(segment=Segment.of(view))

    @strawberry.mutation(
        description="Delete a draft or an archived segment that nothing uses. Its members stay in the"
        " workspace.",
        extensions=[ReportErrors(DeletePayload)],
    )
    async def delete_segment(self, info: Info, input: SegmentIdInput) -> DeletePayload:
        """Delete."""
        caller = caller_of(info)
        number = ids.decode("Segment", input.id)
        await segment_life.delete(caller.services, caller.viewer, number, version=input.version)
        return DeletePayload(deleted_id=ids.encode("Segment", number))


class _Step(Protocol):
    """A service that takes a segment from one status to another."""

    async def __call__(
        self, context: Context, viewer: Viewer, segment_id: int, *, version: int | None
    ) -> SegmentView: ...


async def _done(info: Info, step: _Step, input: SegmentIdInput) -> SegmentPayload:
    """The payload of a step in a segment's life."""
    caller = caller_of(info)
    number = ids.decode("Segment", input.id)
    view = await step(caller.services, caller.viewer, number, version=input.version)
    return SegmentPayload(segment=Segment.of(view))


async def _warnings(caller: Caller, edit: Edit) -> list[Warning]:
    """One for each ACTIVE campaign whose audience an edit changes, as far as the caller sees them."""
    if edit.before is None:
        return []
    usages = (await segment_usages.of_segments(caller.viewer, [edit.segment.id]))[edit.segment.id]
    campaigns = {usage.id: usage for usage in usages if usage.type is UserType.CAMPAIGN and usage.needs}
    named = [usage.name for usage in campaigns.values() if usage.visible]
    messages = [f'The campaign "{name}" is active, and uses this segment.' for name in named]
    if unnamed := len(campaigns) - len(named):
        messages.append(f"{unnamed} active campaigns that you may not see use this segment.")
    return [Warning(code="CAMPAIGN_AFFECTED", message=message, path=["id"]) for message in messages]


def _changes(input: UpdateSegmentInput) -> dict[str, Any]:
    """What is given, as the service takes it."""
    given = {
        name: getattr(input, name)
        for name in ("name", "description", "kind", "type", "purpose", "visibility")
        if getattr(input, name) is not strawberry.UNSET
    }
    if any(form is not strawberry.UNSET for form in (input.criteria, input.criteria_text)):
        given["criteria"] = criteria_of(input.criteria, input.criteria_text)
    if input.hidden_from_ids is not strawberry.UNSET:
        given["hidden_from"] = _user_ids(input.hidden_from_ids)
    if input.label_ids is not strawberry.UNSET:
        given["label_ids"] = _label_ids(input.label_ids)
    if input.folder_id is not strawberry.UNSET:
        given["folder_id"] = _folder_id(input.folder_id)
    if input.sync_interval is not strawberry.UNSET:
        given["sync_interval"] = _interval(input.sync_interval)
    return given


def _user_ids(global_ids: list[strawberry.ID] | None) -> list[int]:
    return ids.decode_all("User", global_ids or [], path=("hiddenFromIds",))


def _label_ids(global_ids: list[strawberry.ID] | None) -> list[int]:
    return ids.decode_all("Label", global_ids or [], path=("labelIds",))


def _folder_id(global_id: strawberry.ID | None) -> int | None:
    return None if global_id is None else ids.decode("Folder", global_id, path=("folderId",))


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

"""Playbooks in the schema: the type, its connection, and the mutations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.base.payloads import DeletePayload, Warning
from seggraph.api.base.scalars import JSON
from seggraph.api.criteria.criteria import (
    CriteriaInput,
    criteria_of,
    criteria_warnings_of,
    may_show,
    shown,
    text_shown,
)
from seggraph.api.segments.segments import Segment
from seggraph.api.users.viewer import KeyName, User, load_key_name, load_user
from seggraph.services.criteria import documents as criteria_documents
from seggraph.services.criteria import texts as criteria_texts
from seggraph.services.playbooks import playbooks
from seggraph.services.playbooks import views as playbook_views
from seggraph.services.playbooks.playbooks import PlaybookDraft
from seggraph.services.playbooks.views import PlaybookFilter, PlaybookView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import MemberKind, PlaybookStatus, Visibility

TEXT = "The criteria as text, instead of `criteria`; see docs/criteria-text.md."


@strawberry.type(description="A rule that adds the members that match its criteria to segments.")
class Playbook(Node):
    """A playbook."""

    name: str = strawberry.field(description="The name. It is unique in the workspace; case is ignored.")
    kind: MemberKind = strawberry.field(description="The kind of the members that the playbook adds.")
    status: PlaybookStatus = strawberry.field(
        description="Whether the playbook follows its criteria (ACTIVE), or is PAUSED."
    )
    visibility: Visibility = strawberry.field(
        description="Who may see the playbook. Playbooks of team members are PRIVATE."
    )
    version: int = strawberry.field(
        description="The number of edits so far. Send it with an edit to get CONFLICT if the object was"
        " edited in between."
    )
    created_at: datetime = strawberry.field(description="When it was created.")
    last_modified_at: datetime = strawberry.field(description="When it was last changed.")
    view: strawberry.Private[PlaybookView]

    @strawberry.field(
        description="The criteria as a sentence for people; null if a field that they use was deleted."
    )
    @awaits_loaders
    async def criteria_sentence(self, info: Info) -> str | None:
        """Describe the criteria in words."""
        if not await may_show(info, self.kind, self.view.criteria):
            return None
        catalogue = await caller_of(info).loaders.catalogue.by_kind.load(self.kind)
        return None if catalogue is None else criteria_documents.sentence(self.view.criteria, catalogue)

    @strawberry.field(
        description="The criteria as text, as createPlaybook and updatePlaybook accept it; null if they"
        " refer to a segment that you may not see."
    )
    @awaits_loaders
    async def criteria_text(self, info: Info) -> str | None:
        """Write the criteria."""
        if not await may_show(info, self.kind, self.view.criteria):
            return None
        return text_shown(self.view.criteria, await self._segment_names(info))

    @strawberry.field(
        description="The criteria as a JSON tree in canonical form; an empty object if they ask about personal"
        " data that you may not read. The id of a segment that you may not see is null."
    )
    @awaits_loaders
    async def criteria(self, info: Info) -> JSON:
        """Show the criteria."""
        if not await may_show(info, self.kind, self.view.criteria):
            return JSON({})
        return shown(self.view.criteria, await self._segment_names(info))

    async def _segment_names(self, info: Info) -> dict[int, str]:
        """What the segments in the criteria are called, of those that the viewer sees."""
        wanted = sorted(criteria_texts.segments_of(self.view.criteria))
        seen = await caller_of(info).loaders.segments.by_id.load_many(wanted)
        return {segment.id: segment.name for segment in seen if segment is not None}

    @strawberry.field(
        description="The segments that the playbook adds members to, of those that you may see."
    )
    @awaits_loaders
    async def segments(self, info: Info) -> list[Segment]:
        """Load the segments."""
        loaders = caller_of(info).loaders
        fed = await loaders.playbooks.segment_ids.load(self.view.id)
        return [Segment.of(view) for view in await loaders.segments.by_id.load_many(fed) if view is not None]

    @strawberry.field(
        description="The user who created it; null if an API key did, or if the user was deleted."
    )
    @awaits_loaders
    async def created_by(self, info: Info) -> User | None:
        """Load the user."""
        return await load_user(info, self.view.created_by_id)

    @strawberry.field(
        description="The API key that created it; null if a user did, or if the key was deleted."
    )
    @awaits_loaders
    async def created_by_key(self, info: Info) -> KeyName | None:
        """Load the name of the key."""
        return await load_key_name(info, self.view.created_by_key_id)

    @staticmethod
    def of(view: PlaybookView) -> "Playbook":
        """The playbook as the service reads it."""
        return Playbook(
            id=ids.encode("Playbook", view.id),
            name=view.name,
            kind=view.kind,
            status=view.status,
            visibility=view.visibility,
            version=view.version,
            created_at=view.created_at,
            last_modified_at=view.last_modified_at,
            view=view,
        )


@strawberry.type(description="A page of the playbooks that you may see, newest first.")
class PlaybookConnection(CountedConnection[Playbook, Edge[Playbook]]):
    """A page of the list."""


@strawberry.type(description="The playbook as the mutation left it, or the errors.")
class PlaybookPayload:
    """Payload of the mutations of one playbook."""

    playbook: Playbook | None = strawberry.field(
        default=None, description="The playbook; null if there are errors."
    )
    warnings: list[Warning] = strawberry.field(
        default_factory=list,
        description="What the criteria ask for and nobody has, like an event that was never recorded.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )

    @staticmethod
    def of(view: PlaybookView, warnings: Sequence[Warning] = ()) -> "PlaybookPayload":
        """The payload of what was done."""
        return PlaybookPayload(playbook=Playbook.of(view), warnings=list(warnings))


@strawberry.input(description="The playbook to create. It is ACTIVE at once.")
class CreatePlaybookInput:
    """Input of createPlaybook."""

    name: str = strawberry.field(
        description="The name: 1 to 200 characters, unique in the workspace; case is ignored."
    )
    kind: MemberKind = strawberry.field(description="The kind of the members that the playbook adds.")
    criteria: CriteriaInput | None = strawberry.field(
        default=None, description="The criteria that select the members to add."
    )
    criteria_text: str | None = strawberry.field(default=None, description=TEXT)
    add_to_segment_ids: list[strawberry.ID] = strawberry.field(
        description="The segments that the playbook adds members to: 1 to 100 of the same kind, STATIC or"
        " DYNAMIC."
    )


@strawberry.input(description="The changes of a playbook. A field that is absent stays as it is.")
class UpdatePlaybookInput:
    """Input of updatePlaybook."""

    id: strawberry.ID = strawberry.field(description="The global id of the playbook.")
    version: int | None = strawberry.field(
        default=None,
        description="The version that your edit is based on. If it is no longer current, the answer is"
        " CONFLICT.",
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new name: 1 to 200 characters."
    )
    criteria: CriteriaInput | None = strawberry.field(
        default=strawberry.UNSET, description="The criteria that select the members to add from now on."
    )
    criteria_text: str | None = strawberry.field(default=strawberry.UNSET, description=TEXT)
    add_to_segment_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The segments that the playbook adds members to; other segments that you may see are"
        " removed from it.",
    )


@strawberry.input(description="The playbook that the mutation is about.")
class PlaybookIdInput:
    """Input of the mutations that need nothing else."""

    id: strawberry.ID = strawberry.field(description="The global id of the playbook.")


@strawberry.type
class PlaybookQueries:
    """The queries of playbooks."""

    @strawberry.field(description="A playbook by its global id; null if there is none that you may see.")
    async def playbook(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The global id of the playbook.")],
    ) -> Playbook | None:
        """Find a playbook."""
        number = ids.find("Playbook", id)
        if number is None:
            return None
        view = await caller_of(info).loaders.playbooks.by_id.load(number)
        return None if view is None else Playbook.of(view)

    @strawberry.field(description="The playbooks that you may see, newest first.")
    async def playbooks(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Return only playbooks whose name contains these words, in any order; case is ignored."
            ),
        ] = None,
        kinds: Annotated[
            list[MemberKind] | None,
            strawberry.argument(description="Return only playbooks that add members of these kinds."),
        ] = None,
        statuses: Annotated[
            list[PlaybookStatus] | None,
            strawberry.argument(description="Return only playbooks in these statuses."),
        ] = None,
    ) -> PlaybookConnection:
        """A page of playbooks."""
        filter_ = PlaybookFilter(kinds, statuses, search)
        request = request_of(first, after, last, before)
        viewer = caller_of(info).viewer
        page = await playbook_views.list_page(viewer, filter_, request)
        return PlaybookConnection.of(page, Playbook.of, lambda: playbook_views.count(viewer, filter_))


@strawberry.type
class PlaybookMutations:
    """The mutations of playbooks."""

    @strawberry.mutation(
        description="Create a playbook. Its segments are calculated again, and STATIC drafts among them"
        " become ACTIVE.",
        extensions=[ReportErrors(PlaybookPayload)],
    )
    async def create_playbook(self, info: Info, input: CreatePlaybookInput) -> PlaybookPayload:
        """Create."""
        caller = caller_of(info)
        draft = PlaybookDraft(
            name=input.name,
            kind=input.kind,
            criteria=criteria_of(input.criteria, input.criteria_text),
            add_to_segment_ids=_segment_ids(input.add_to_segment_ids),
        )
        view = await playbooks.create(caller.services, caller.viewer, draft)
        return PlaybookPayload.of(view, await criteria_warnings_of(info, draft.kind, draft.criteria))

    @strawberry.mutation(
        description="Change a playbook. The segments that it affects are calculated again.",
        extensions=[ReportErrors(PlaybookPayload)],
    )
    async def update_playbook(self, info: Info, input: UpdatePlaybookInput) -> PlaybookPayload:
        """Update."""
        caller = caller_of(info)
        number = ids.decode("Playbook", input.id)
        changes = _changes(input)
        view = await playbooks.update(caller.services, caller.viewer, number, changes, version=input.version)
        return PlaybookPayload.of(view, await criteria_warnings_of(info, view.kind, changes.get("criteria")))

    @strawberry.mutation(
        description="Pause a playbook. The members that it added stay, and it adds no others.",
        extensions=[ReportErrors(PlaybookPayload)],
    )
    async def pause_playbook(self, info: Info, input: PlaybookIdInput) -> PlaybookPayload:
        """Pause."""
        caller = caller_of(info)
        number = ids.decode("Playbook", input.id)
        return PlaybookPayload.of(await playbooks.pause(caller.services, caller.viewer, number))

    @strawberry.mutation(
        description="Resume a paused playbook. Its segments are calculated again.",
        extensions=[ReportErrors(PlaybookPayload)],
    )
    async def resume_playbook(self, info: Info, input: PlaybookIdInput) -> PlaybookPayload:
        """Resume."""
        caller = caller_of(info)
        number = ids.decode("Playbook", input.id)
        return PlaybookPayload.of(await playbooks.resume(caller.services, caller.viewer, number))

    @strawberry.mutation(
        description="Delete a playbook. Members that no other source adds exit its segments.",
        extensions=[ReportErrors(DeletePayload)],
    )
    async def delete_playbook(self, info: Info, input: PlaybookIdInput) -> DeletePayload:
        """Delete."""
        caller = caller_of(info)
        await playbooks.delete(caller.services, caller.viewer, ids.decode("Playbook", input.id))
        return DeletePayload(deleted_id=input.id)


def _changes(input: UpdatePlaybookInput) -> dict[str, Any]:
    """What is given, as the service takes it."""
    given: dict[str, Any] = {}
    if input.name is not strawberry.UNSET:
        given["name"] = input.name
    if any(form is not strawberry.UNSET for form in (input.criteria, input.criteria_text)):
        given["criteria"] = criteria_of(input.criteria, input.criteria_text)
    if input.add_to_segment_ids is not strawberry.UNSET:
        given["add_to_segment_ids"] = _segment_ids(input.add_to_segment_ids or [])
    return given


def _segment_ids(global_ids: list[strawberry.ID]) -> list[int]:
    return ids.decode_all("Segment", global_ids, path=("addToSegmentIds",))

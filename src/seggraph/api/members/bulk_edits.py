"""Bulk edits in the schema: the type and its connection, queries, the mutation that cancels one, the subscription."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import Caller, caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.base.scalars import as_int
from seggraph.api.members.members import Consent
from seggraph.api.reach.reach import RunError
from seggraph.api.users.viewer import User
from seggraph.events import BulkEditProgressed, Fact
from seggraph.services.members import bulk_edits
from seggraph.services.members.attribute_changing import AttributeChanging, UseBefore
from seggraph.services.members.bulk_edits import BulkEditView
from seggraph.services.members.edit_actions import ConsentSetting, Tagging
from seggraph.vocabulary import (
    AttributeChangeType,
    AttributeType,
    BulkEditAction,
    BulkEditStatus,
    MemberKind,
    ReachStatus,
)


@strawberry.type(description="A segment that uses a changed attribute, and what the change did to it.")
class ChangedSegment:
    """A part of AttributeChange."""

    segment_id: strawberry.ID = strawberry.field(description="The global id of the segment.")
    member_count_before: int = strawberry.field(
        description="How many members the segment had when the change began."
    )
    member_count: int = strawberry.field(description="How many members it has now.")
    reach_status: ReachStatus = strawberry.field(
        description="Whether it is computed: READY if `memberCount` is from after the change."
    )


@strawberry.type(description="What a bulk edit does to a custom attribute.")
class AttributeChange:
    """A part of BulkEdit."""

    type: AttributeChangeType = strawberry.field(description="What is done.")
    name: str = strawberry.field(description="The name that the attribute has after the change.")
    former_name: str | None = strawberry.field(
        description="The name that it had before, or the attribute that is merged into it; null for other changes."
    )
    from_type: AttributeType | None = strawberry.field(description="The type before the change.")
    to_type: AttributeType | None = strawberry.field(
        description="The type after the change; null if it stays."
    )
    lost_count: int = strawberry.field(
        description="How many values had to be removed, or gave way in a merge."
    )
    is_undoing: bool = strawberry.field(description="Whether this takes back a change that was cancelled.")
    uses: strawberry.Private[list[UseBefore]]

    @strawberry.field(description="The segments that use the attribute and that you may see.")
    async def segments(self, info: Info) -> list[ChangedSegment]:
        """Load the segments."""
        before = {use.segment_id: use.member_count for use in self.uses}
        found = await caller_of(info).loaders.segments.by_id.load_many(list(before))
        return [
            ChangedSegment(
                segment_id=ids.encode("Segment", view.id),
                member_count_before=as_int(before[view.id]),
                member_count=as_int(view.member_count),
                reach_status=view.reach_status,
            )
            for view in found
            if view is not None
        ]

    @classmethod
    def of(cls, changing: AttributeChanging) -> Self:
        """The change as the service reads it."""
        return cls(
            type=changing.change,
            name=changing.name,
            former_name=changing.former,
            from_type=changing.from_type,
            to_type=changing.to_type,
            lost_count=as_int(changing.cleared),
            is_undoing=changing.is_undoing,
            uses=changing.uses,
        )


@strawberry.type(
    description="An edit of many members that runs in the background, portion by portion. It can be looked at"
    " for 30 days after its end."
)
class BulkEdit(Node):
    """A bulk edit."""

    status: BulkEditStatus = strawberry.field(description="The status of the edit.")
    action: BulkEditAction = strawberry.field(description="What is done to each member.")
    kind: MemberKind = strawberry.field(description="The kind of the members.")
    added_tags: list[str] = strawberry.field(
        description="The tags that are added; empty unless the action is TAG_MEMBERS."
    )
    removed_tags: list[str] = strawberry.field(
        description="The tags that are removed; empty unless the action is TAG_MEMBERS."
    )
    consents: list[Consent] = strawberry.field(
        description="The consents that are set; empty unless the action is SET_CONSENTS."
    )
    attribute_change: AttributeChange | None = strawberry.field(
        description="What is done to an attribute; null unless the action is CHANGE_ATTRIBUTE."
    )
    total: int = strawberry.field(description="How many members were selected when the edit was started.")
    done: int = strawberry.field(description="How many members were dealt with so far.")
    progress: float = strawberry.field(description="The progress, from 0 to 1.")
    changed: int = strawberry.field(description="How many members changed so far.")
    unchanged: int = strawberry.field(description="How many members were already as requested.")
    deleted: int = strawberry.field(description="How many members were deleted before it was their turn.")
    over_limit_count: int = strawberry.field(
        description="How many members did not change because they would have more than 500 tags."
    )
    over_limit: list[strawberry.ID] = strawberry.field(
        description="The members that did not change because they would have more than 500 tags. At most"
        " 1,000 are listed."
    )
    error: RunError | None = strawberry.field(
        description="Why the edit failed; null unless the status is FAILED."
    )
    created_at: datetime = strawberry.field(description="When the edit was started.")
    finished_at: datetime | None = strawberry.field(description="When the edit ended; null before.")
    created_by_id: strawberry.Private[int | None]

    @strawberry.field(description="Who started the edit; null for an API key.")
    async def created_by(self, info: Info) -> User | None:
        """Load the user."""
        if self.created_by_id is None:
            return None
        view = await caller_of(info).loaders.users.by_id.load(self.created_by_id)
        return None if view is None else User.of(view)

    @classmethod
    def of(cls, view: BulkEditView) -> Self:
        """The bulk edit as the service reads it."""
        does = view.does
        return cls(
            id=ids.encode("BulkEdit", view.id),
            status=view.status,
            action=view.action,
            kind=view.kind,
            added_tags=does.add if isinstance(does, Tagging) else [],
            removed_tags=does.remove if isinstance(does, Tagging) else [],
            consents=[Consent(channel=channel, state=state) for channel, state in does.consents.items()]
            if isinstance(does, ConsentSetting)
            else [],
            attribute_change=AttributeChange.of(does) if isinstance(does, AttributeChanging) else None,
            total=as_int(view.total),
            done=as_int(view.done),
            progress=view.progress,
            changed=as_int(view.changed),
            unchanged=as_int(view.unchanged),
            deleted=as_int(view.not_found),
            over_limit_count=as_int(view.over_limit_count),
            over_limit=[ids.encode("Member", number) for number in view.over_limit],
            error=RunError.of(view.error_code, view.error_message, view.error_at),
            created_at=view.created_at,
            finished_at=view.finished_at,
            created_by_id=view.created_by_id,
        )

    @classmethod
    def of_optional(cls, view: BulkEditView | None) -> Self | None:
        """The bulk edit, if there is one."""
        return None if view is None else cls.of(view)


@strawberry.type(description="A page of the bulk edits of the workspace.")
class BulkEditConnection(CountedConnection[BulkEdit, Edge[BulkEdit]]):
    """A page of the list."""


@strawberry.type(description="The bulk edit as the mutation left it, or the errors.")
class BulkEditPayload:
    """Payload of cancelBulkEdit and of the mutations that change attributes."""

    bulk_edit: BulkEdit | None = strawberry.field(
        default=None, description="The bulk edit; null if there are errors, or if none is needed."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors in the input; empty on success."
    )


@strawberry.input(description="The bulk edit to cancel.")
class BulkEditIdInput:
    """Input of cancelBulkEdit."""

    id: strawberry.ID = strawberry.field(description="The global id of the bulk edit.")


@strawberry.type
class BulkEditQueries:
    """The queries of bulk edits."""

    @strawberry.field(description="A bulk edit of members by its global id; null if there is none.")
    async def bulk_edit(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The global id of the bulk edit.")],
    ) -> BulkEdit | None:
        """Find a bulk edit."""
        number = ids.find("BulkEdit", id)
        if number is None:
            return None
        views = await bulk_edits.get_many(caller_of(info).viewer, [number])
        return BulkEdit.of(views[number]) if number in views else None

    @strawberry.field(description="The bulk edits of members in the workspace, newest first.")
    async def bulk_edits(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> BulkEditConnection:
        """A page of bulk edits."""
        viewer = caller_of(info).viewer
        page = await bulk_edits.list_page(viewer, request_of(first, after, last, before))
        return BulkEditConnection.of(page, BulkEdit.of, lambda: bulk_edits.count(viewer))


@strawberry.type
class BulkEditMutations:
    """The mutation of bulk edits."""

    @strawberry.mutation(
        description="Stop a bulk edit. Members that were edited before stay as they are.",
        extensions=[ReportErrors(BulkEditPayload)],
    )
    async def cancel_bulk_edit(self, info: Info, input: BulkEditIdInput) -> BulkEditPayload:
        """Cancel."""
        caller = caller_of(info)
        view = await bulk_edits.cancel(caller.services, caller.viewer, ids.decode("BulkEdit", input.id))
        return BulkEditPayload(bulk_edit=BulkEdit.of(view))


@strawberry.type
class BulkEditSubscriptions:
    """The subscription of bulk edits."""

    @strawberry.subscription(
        description="A bulk edit as it is now, and again after each progress. The subscription ends when the"
        " edit does."
    )
    async def bulk_edit_events(
        self,
        info: Info,
        bulk_edit_id: Annotated[
            strawberry.ID, strawberry.argument(description="The global id of the bulk edit.")
        ],
    ) -> AsyncGenerator[BulkEdit, None]:
        """Snapshot, then progress. The place in the stream is taken first, so that nothing falls between."""
        caller = caller_of(info)
        number = ids.decode("BulkEdit", bulk_edit_id, path=("bulkEditId",))
        await _current(caller, number)
        async with caller.hub.subscribe(
            caller.viewer.workspace_id, None, lambda fact: _is_about(fact, number)
        ) as subscription:
            view = await _current(caller, number)
            yield BulkEdit.of(view)
            if view.is_over:
                return
            async for _ in subscription:
                view = await _current(caller, number)
                yield BulkEdit.of(view)
                if view.is_over:
                    return


def _is_about(fact: Fact, edit_id: int) -> bool:
    return isinstance(fact, BulkEditProgressed) and fact.bulk_edit_id == edit_id


async def _current(caller: Caller, edit_id: int) -> BulkEditView:
    return await bulk_edits.get(caller.viewer, edit_id)

"""Labels of segments in the schema: the type, the list, and the mutations."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.base.payloads import DeletePayload
from seggraph.services.labels import labels
from seggraph.services.labels.labels import LabelView
from seggraph.transport.compiled.loading import awaits_loaders


@strawberry.type(description="A word of the workspace that segments are marked with.")
class Label(Node):
    """A label."""

    name: str = strawberry.field(description="The name. It is unique in the workspace; case is ignored.")
    color: str | None = strawberry.field(
        description="A color for display, like #2f80ed; null if none is chosen."
    )
    created_at: datetime = strawberry.field(description="When the label was created.")
    view: strawberry.Private[LabelView]

    @strawberry.field(
        description="How many segments have the label, of those that you may see, without archived ones."
    )
    @awaits_loaders
    async def segment_count(self, info: Info) -> int:
        """Count for all labels at once."""
        return await caller_of(info).loaders.labels.segment_counts.load(self.view.id)

    @staticmethod
    def of(view: LabelView) -> "Label":
        """The label as the service reads it."""
        return Label(
            id=ids.encode("Label", view.id),
            name=view.name,
            color=view.color,
            created_at=view.created_at,
            view=view,
        )


@strawberry.type(description="A page of the labels of the workspace.")
class LabelConnection(CountedConnection[Label, Edge[Label]]):
    """A page of the list."""


@strawberry.input(description="The label to create.")
class CreateLabelInput:
    """Input of createLabel."""

    name: str = strawberry.field(
        description="The name: 1 to 200 characters, unique in the workspace; case is ignored."
    )
    color: str | None = strawberry.field(default=None, description="A color for display, like #2f80ed.")


@strawberry.input(description="The changes of a label. A field that is absent stays as it is.")
class UpdateLabelInput:
    """Input of updateLabel."""

    id: strawberry.ID = strawberry.field(description="The global id of the label.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new name: 1 to 200 characters."
    )
    color: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new color; null removes it."
    )


@strawberry.input(description="The label to delete.")
class LabelIdInput:
    """Input of deleteLabel."""

    id: strawberry.ID = strawberry.field(description="The global id of the label.")


@strawberry.type(description="The label as the mutation left it, or the errors.")
class LabelPayload:
    """Payload of createLabel and updateLabel."""

    label: Label | None = strawberry.field(default=None, description="The label; null if there are errors.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type
class LabelQueries:
    """The query of labels."""

    @strawberry.field(description="The labels of the workspace, by name.")
    async def labels(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Return only labels whose name contains these words, in any order; case is ignored."
            ),
        ] = None,
    ) -> LabelConnection:
        """A page of labels."""
        viewer = caller_of(info).viewer
        page = await labels.list_page(viewer, search, request_of(first, after, last, before))
        return LabelConnection.of(page, Label.of, lambda: labels.count(viewer, search))


@strawberry.type
class LabelMutations:
    """The mutations of labels."""

    @strawberry.mutation(
        description="Create a label. updateSegment and labelSegments put it on segments.",
        extensions=[ReportErrors(LabelPayload)],
    )
    async def create_label(self, info: Info, input: CreateLabelInput) -> LabelPayload:
        """Create."""
        caller = caller_of(info)
        view = await labels.create(caller.services, caller.viewer, input.name, input.color)
        return LabelPayload(label=Label.of(view))

    @strawberry.mutation(
        description="Change the name or the color of a label, for all segments that have it.",
        extensions=[ReportErrors(LabelPayload)],
    )
    async def update_label(self, info: Info, input: UpdateLabelInput) -> LabelPayload:
        """Update."""
        caller = caller_of(info)
        given: dict[str, Any] = {
            name: getattr(input, name)
            for name in ("name", "color")
            if getattr(input, name) is not strawberry.UNSET
        }
        view = await labels.update(caller.services, caller.viewer, ids.decode("Label", input.id), given)
        return LabelPayload(label=Label.of(view))

    @strawberry.mutation(
        description="Delete a label. Segments that have it lose it, and nothing else.",
        extensions=[ReportErrors(DeletePayload)],
    )
    async def delete_label(self, info: Info, input: LabelIdInput) -> DeletePayload:
        """Delete."""
        caller = caller_of(info)
        await labels.delete(caller.services, caller.viewer, ids.decode("Label", input.id))
        return DeletePayload(deleted_id=input.id)

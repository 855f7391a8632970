"""Saved views in the schema: the type, the list, and the mutations."""

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
from seggraph.api.users.viewer import User, load_user
from seggraph.services.saved_views import saved_views
from seggraph.services.saved_views.saved_views import SavedView as View
from seggraph.services.saved_views.saved_views import SavedViewDraft
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import SavedViewList

STATE = (
    "What your client needs to show the list so again, such as the search part of the address of its page: up to"
    " 8,000 characters. The server only keeps it."
)


@strawberry.type(
    description="A list with filters, search, order and columns, as somebody wants to see it again."
)
class SavedView(Node):
    """A saved view."""

    list: SavedViewList = strawberry.field(description="The list that it is a view of.")
    name: str = strawberry.field(
        description="The name. It is unique among the views of its list and creator."
    )
    state: str = strawberry.field(description=STATE)
    is_shared: bool = strawberry.field(description="Whether everybody in the workspace sees it.")
    created_at: datetime = strawberry.field(description="When it was saved first.")
    modified_at: datetime = strawberry.field(description="When it was changed last.")
    view: strawberry.Private[View]

    @strawberry.field(description="The user who saved it; null if the user was deleted.")
    @awaits_loaders
    async def created_by(self, info: Info) -> User | None:
        """Load the user."""
        return await load_user(info, self.view.created_by_id)

    @strawberry.field(description="Whether it is your own.")
    def is_mine(self, info: Info) -> bool:
        """Compare the users."""
        return self.view.created_by_id == caller_of(info).viewer.user_id

    @staticmethod
    def of(view: View) -> "SavedView":
        """The view as the service reads it."""
        return SavedView(
            id=ids.encode("SavedView", view.id),
            list=view.list,
            name=view.name,
            state=view.state,
            is_shared=view.is_shared,
            created_at=view.created_at,
            modified_at=view.modified_at,
            view=view,
        )


@strawberry.type(description="A page of saved views.")
class SavedViewConnection(CountedConnection[SavedView, Edge[SavedView]]):
    """A page of the list."""


@strawberry.input(description="The view to save.")
class CreateSavedViewInput:
    """Input of createSavedView."""

    list: SavedViewList = strawberry.field(description="The list that it is a view of.")
    name: str = strawberry.field(
        description="The name: 1 to 200 characters, unique among your views of the list; case is ignored."
    )
    state: str = strawberry.field(description=STATE)
    is_shared: bool = strawberry.field(
        default=False, description="true: everybody in the workspace sees it; false: only you."
    )


@strawberry.input(description="The changes of a saved view. A field that is absent stays as it is.")
class UpdateSavedViewInput:
    """Input of updateSavedView."""

    id: strawberry.ID = strawberry.field(description="The global id of the saved view.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new name: 1 to 200 characters."
    )
    state: str | None = strawberry.field(default=strawberry.UNSET, description=STATE)
    is_shared: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="true: everybody in the workspace sees it; false: only its creator.",
    )


@strawberry.input(description="The saved view to delete.")
class SavedViewIdInput:
    """Input of deleteSavedView."""

    id: strawberry.ID = strawberry.field(description="The global id of the saved view.")


@strawberry.type(description="The saved view as the mutation left it, or the errors.")
class SavedViewPayload:
    """Payload of createSavedView and updateSavedView."""

    saved_view: SavedView | None = strawberry.field(
        default=None, description="The saved view; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type
class SavedViewQueries:
    """The query of saved views."""

    @strawberry.field(description="Your saved views, and those that others share, by name.")
    async def saved_views(
        self,
        info: Info,
        lists: Annotated[
            list[SavedViewList] | None, strawberry.argument(description="Views of these lists; default: all.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> SavedViewConnection:
        """A page of saved views."""
        viewer = caller_of(info).viewer
        page = await saved_views.list_page(viewer, lists, request_of(first, after, last, before))
        return SavedViewConnection.of(page, SavedView.of, lambda: saved_views.count(viewer, lists))


@strawberry.type
class SavedViewMutations:
    """The mutations of saved views."""

    @strawberry.mutation(
        description="Save a view of a list. Users have up to 200; API keys have none.",
        extensions=[ReportErrors(SavedViewPayload)],
    )
    async def create_saved_view(self, info: Info, input: CreateSavedViewInput) -> SavedViewPayload:
        """Save."""
        draft = SavedViewDraft(input.list, input.name, input.state, input.is_shared)
        return SavedViewPayload(
            saved_view=SavedView.of(await saved_views.create(caller_of(info).viewer, draft))
        )

    @strawberry.mutation(
        description="Rename a saved view, change what it shows, share it or keep it to its creator. Admins and leaders"
        " may change what others share.",
        extensions=[ReportErrors(SavedViewPayload)],
    )
    async def update_saved_view(self, info: Info, input: UpdateSavedViewInput) -> SavedViewPayload:
        """Change."""
        given: dict[str, Any] = {
            name: value
            for name, value in (("name", input.name), ("state", input.state), ("is_shared", input.is_shared))
            if value is not strawberry.UNSET and value is not None
        }
        view_id = ids.decode("SavedView", input.id)
        view = await saved_views.update(caller_of(info).viewer, view_id, given)
        return SavedViewPayload(saved_view=SavedView.of(view))

    @strawberry.mutation(
        description="Delete a saved view. Admins and leaders may delete what others share.",
        extensions=[ReportErrors(DeletePayload)],
    )
    async def delete_saved_view(self, info: Info, input: SavedViewIdInput) -> DeletePayload:
        """Delete."""
        await saved_views.delete(caller_of(info).viewer, ids.decode("SavedView", input.id))
        return DeletePayload(deleted_id=input.id)

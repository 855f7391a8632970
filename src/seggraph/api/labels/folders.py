"""Folders of segments in the schema: the type, the list, and the mutations."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.base.payloads import DeletePayload
from seggraph.services.labels import folders
from seggraph.services.labels.folders import FolderView
from seggraph.transport.compiled.loading import awaits_loaders


@strawberry.type(description="A folder of segments, within another one or at the top.")
class Folder(Node):
    """A folder."""

    name: str = strawberry.field(
        description="The name. It is unique in the folder around it; case is ignored."
    )
    created_at: datetime = strawberry.field(description="When the folder was created.")
    view: strawberry.Private[FolderView]

    @strawberry.field(description="The folder that this one is in; null at the top.")
    @awaits_loaders
    async def parent(self, info: Info) -> "Folder | None":
        """Load it for all folders at once."""
        if self.view.parent_id is None:
            return None
        view = await caller_of(info).loaders.labels.folders.load(self.view.parent_id)
        return None if view is None else Folder.of(view)

    @strawberry.field(
        description="How many segments are in the folder itself, of those that you may see, without archived"
        " ones."
    )
    @awaits_loaders
    async def segment_count(self, info: Info) -> int:
        """Count for all folders at once."""
        return await caller_of(info).loaders.labels.folder_counts.load(self.view.id)

    @staticmethod
    def of(view: FolderView) -> "Folder":
        """The folder as the service reads it."""
        return Folder(id=ids.encode("Folder", view.id), name=view.name, created_at=view.created_at, view=view)


@strawberry.type(description="A page of the folders of the workspace.")
class FolderConnection(CountedConnection[Folder, Edge[Folder]]):
    """A page of the list."""


@strawberry.input(description="The folder to create.")
class CreateFolderInput:
    """Input of createFolder."""

    name: str = strawberry.field(
        description="The name: 1 to 200 characters, unique in the folder around it; case is ignored."
    )
    parent_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The folder that it is in; null for the top. Up to 6 are inside one another.",
    )


@strawberry.input(description="The changes of a folder. A field that is absent stays as it is.")
class UpdateFolderInput:
    """Input of updateFolder."""

    id: strawberry.ID = strawberry.field(description="The global id of the folder.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new name: 1 to 200 characters."
    )
    parent_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The folder to put it into; null for the top."
    )


@strawberry.input(description="The folder to delete.")
class FolderIdInput:
    """Input of deleteFolder."""

    id: strawberry.ID = strawberry.field(description="The global id of the folder.")


@strawberry.type(description="The folder as the mutation left it, or the errors.")
class FolderPayload:
    """Payload of createFolder and updateFolder."""

    folder: Folder | None = strawberry.field(
        default=None, description="The folder; null if there are errors."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type
class FolderQueries:
    """The query of folders."""

    @strawberry.field(description="All folders of the workspace, by name; `parent` makes a tree of them.")
    async def folders(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> FolderConnection:
        """A page of folders."""
        viewer = caller_of(info).viewer
        page = await folders.list_page(viewer, request_of(first, after, last, before))
        return FolderConnection.of(page, Folder.of, lambda: folders.count(viewer))


@strawberry.type
class FolderMutations:
    """The mutations of folders."""

    @strawberry.mutation(
        description="Create a folder. updateSegment and putSegmentsIntoFolder put segments into it.",
        extensions=[ReportErrors(FolderPayload)],
    )
    async def create_folder(self, info: Info, input: CreateFolderInput) -> FolderPayload:
        """Create."""
        caller = caller_of(info)
        view = await folders.create(caller.services, caller.viewer, input.name, _parent(input.parent_id))
        return FolderPayload(folder=Folder.of(view))

    @strawberry.mutation(
        description="Rename a folder, or put it, with everything in it, into another one.",
        extensions=[ReportErrors(FolderPayload)],
    )
    async def update_folder(self, info: Info, input: UpdateFolderInput) -> FolderPayload:
        """Update."""
        caller = caller_of(info)
        given: dict[str, Any] = {} if input.name is strawberry.UNSET else {"name": input.name}
        if input.parent_id is not strawberry.UNSET:
            given["parent_id"] = _parent(input.parent_id)
        view = await folders.update(caller.services, caller.viewer, ids.decode("Folder", input.id), given)
        return FolderPayload(folder=Folder.of(view))

    @strawberry.mutation(
        description="Delete a folder. The segments and folders in it go to the folder around it, or to the top.",
        extensions=[ReportErrors(DeletePayload)],
    )
    async def delete_folder(self, info: Info, input: FolderIdInput) -> DeletePayload:
        """Delete."""
        caller = caller_of(info)
        await folders.delete(caller.services, caller.viewer, ids.decode("Folder", input.id))
        return DeletePayload(deleted_id=input.id)


def _parent(global_id: str | None) -> int | None:
    return None if global_id is None else ids.decode("Folder", global_id, path=("parentId",))

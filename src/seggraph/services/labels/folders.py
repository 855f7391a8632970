"""Folders of segments: a tree of bounded depth, in which each segment has at most one place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from seggraph.access import (
    VISIBLE_SEGMENT,
    Viewer,
    require_label_management,
    require_write,
    visibility_arguments,
)
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Invalid, NameTaken, NotFound, TooMany
from seggraph.events import FolderChanged
from seggraph.services.audit import audit
from seggraph.values.names import clean_name, name_key
from seggraph.vocabulary import AuditAction, AuditSubject

MAX_FOLDERS: Final = 500
"""Most folders of a workspace."""
MAX_DEPTH: Final = 6
"""Most folders inside one another."""

SELECT: Final = """
    SELECT f.id, f.name, f.parent_id, f.created_at /*keys*/ FROM folders f WHERE f.workspace_id = $1
"""

COUNT: Final = "SELECT count(*) FROM folders f WHERE f.workspace_id = $1"

BY_NAME: Final = Order("name", (Key("f.name_key", "text"), Key("f.id", "bigint")), descending=False)

# Nobody else changes the tree until the unit ends.
HOLD: Final = "SELECT id FROM workspaces WHERE id = $1 FOR NO KEY UPDATE"

TREE: Final = "SELECT id, name, parent_id, created_at FROM folders WHERE workspace_id = $1"

CREATE: Final = """
    INSERT INTO folders (workspace_id, name, name_key, parent_id, created_at)
    VALUES ($1, $2, $3, $4, now()) RETURNING id
"""

EDIT: Final = (
    "UPDATE folders SET name = $3, name_key = $4, parent_id = $5 WHERE workspace_id = $1 AND id = $2"
)

DELETE: Final = (
    "UPDATE segments SET folder_id = $3 WHERE workspace_id = $1 AND folder_id = $2",
    "UPDATE folders SET parent_id = $3 WHERE workspace_id = $1 AND parent_id = $2",
)

REMOVE: Final = "DELETE FROM folders WHERE workspace_id = $1 AND id = $2"

SEGMENT_COUNTS: Final = f"""
    SELECT s.folder_id, count(*) AS count FROM segments s
    WHERE {VISIBLE_SEGMENT} AND s.folder_id = ANY($4) AND s.status <> 'ARCHIVED' GROUP BY s.folder_id
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class FolderView:
    """A folder as it is read."""

    id: int
    name: str
    parent_id: int | None
    created_at: datetime


def view_of(row: asyncpg.Record) -> FolderView:
    """The folder of a row."""
    return FolderView(row["id"], row["name"], row["parent_id"], row["created_at"])


async def list_page(viewer: Viewer, request: PageRequest) -> Page[FolderView]:
    """A page of all folders of the workspace, by name. Raises BadCursor, TooMany."""
    async with database() as connection:
        return await fetch_page(connection, SELECT, (viewer.workspace_id,), BY_NAME, request, view_of)


async def count(viewer: Viewer) -> int:
    """How many folders the workspace has."""
    async with database() as connection:
        found: int = await connection.fetchval(COUNT, viewer.workspace_id)
    return found


async def get_many(viewer: Viewer, folder_ids: Sequence[int]) -> dict[int, FolderView]:
    """Those of the folders that the workspace has, by id."""
    async with database() as connection:
        rows = await connection.fetch(f"{SELECT} AND f.id = ANY($2)", viewer.workspace_id, list(folder_ids))
    return {row["id"]: view_of(row) for row in rows}


async def segment_counts(viewer: Viewer, folder_ids: Sequence[int]) -> dict[int, int]:
    """How many segments that the viewer sees are in each folder itself, without archived ones."""
    async with database() as connection:
        rows = await connection.fetch(SEGMENT_COUNTS, *visibility_arguments(viewer), list(folder_ids))
    return {row["folder_id"]: row["count"] for row in rows}


async def create(context: Context, viewer: Viewer, name: str, parent_id: int | None) -> FolderView:
    """Create a folder. Raises Forbidden, Required, TooLong, Invalid, NotFound, NameTaken, TooMany."""
    require_write(viewer)
    cleaned = clean_name(name, "folder")
    async with begin() as unit:
        tree = await _hold(unit, viewer)
        if len(tree) >= MAX_FOLDERS:
            raise TooMany(f"A workspace has at most {MAX_FOLDERS} folders: delete one first.")
        _require_place(tree, None, parent_id)
        try:
            folder_id = await unit.connection.fetchval(
                CREATE, viewer.workspace_id, cleaned, name_key(cleaned), parent_id
            )
        except asyncpg.UniqueViolationError as error:
            raise _name_taken(cleaned) from error
        return await _noted(context, unit, viewer, AuditAction.CREATED, None, folder_id)


async def update(context: Context, viewer: Viewer, folder_id: int, given: Mapping[str, Any]) -> FolderView:
    """Change what is given of: name, parent_id (None: the top). Raises like `create`."""
    require_label_management(viewer)
    async with begin() as unit:
        tree = await _hold(unit, viewer)
        before = _require(tree, folder_id)
        name = clean_name(given["name"], "folder") if "name" in given else before.name
        parent_id = given.get("parent_id", before.parent_id)
        _require_place(tree, folder_id, parent_id)
        try:
            await unit.connection.execute(
                EDIT, viewer.workspace_id, folder_id, name, name_key(name), parent_id
            )
        except asyncpg.UniqueViolationError as error:
            raise _name_taken(name) from error
        return await _noted(context, unit, viewer, AuditAction.EDITED, before, folder_id)


async def delete(context: Context, viewer: Viewer, folder_id: int) -> None:
    """Delete a folder: what is in it goes to the folder around it. Raises Forbidden, NotFound, NameTaken."""
    require_label_management(viewer)
    async with begin() as unit:
        before = _require(await _hold(unit, viewer), folder_id)
        try:
            for statement in DELETE:
                await unit.connection.execute(statement, viewer.workspace_id, folder_id, before.parent_id)
        except asyncpg.UniqueViolationError as error:
            message = "The folder around it has a folder of the same name as one in it: rename that first."
            raise NameTaken(message, path=("id",)) from error
        await unit.connection.execute(REMOVE, viewer.workspace_id, folder_id)
        subject = audit.Subject(AuditSubject.FOLDER, folder_id, before.name)
        was = audit.described(before, "name", "parent_id")
        await audit.record(unit, viewer, AuditAction.DELETED, subject, was)
        context.publish(unit, [_changed(viewer, folder_id)])


async def require(unit: UnitOfWork, viewer: Viewer, folder_id: int | None) -> None:
    """Raise NotFound for a folder that the workspace does not have; one that there is stays until the unit ends."""
    if folder_id is None:
        return
    row = await unit.connection.fetchrow(
        f"{SELECT} AND f.id = $2 FOR KEY SHARE", viewer.workspace_id, folder_id
    )
    if row is None:
        raise NotFound("There is no such folder.", path=("folderId",))


async def _hold(unit: UnitOfWork, viewer: Viewer) -> dict[int, FolderView]:
    """All folders of the workspace; nobody else changes the tree."""
    await unit.connection.execute(HOLD, viewer.workspace_id)
    rows = await unit.connection.fetch(TREE, viewer.workspace_id)
    return {row["id"]: view_of(row) for row in rows}


def _require(tree: Mapping[int, FolderView], folder_id: int) -> FolderView:
    if folder_id not in tree:
        raise NotFound("There is no such folder.", path=("id",))
    return tree[folder_id]


def _require_place(tree: Mapping[int, FolderView], folder_id: int | None, parent_id: int | None) -> None:
    """Raise NotFound, Invalid or TooMany unless a folder, or a new one, may be in another one."""
    depth, above = 0, parent_id
    while above is not None:
        if above not in tree:
            raise NotFound("There is no such folder.", path=("parentId",))
        if above == folder_id:
            raise Invalid("A folder cannot be in itself: choose another one.", path=("parentId",))
        depth, above = depth + 1, tree[above].parent_id
    height = 1 if folder_id is None else _height(tree, folder_id)
    if depth + height > MAX_DEPTH:
        raise TooMany(f"At most {MAX_DEPTH} folders are inside one another.", path=("parentId",))


def _height(tree: Mapping[int, FolderView], folder_id: int) -> int:
    """How many folders are inside one another here, this one included."""
    below = (_height(tree, one.id) for one in tree.values() if one.parent_id == folder_id)
    return 1 + max(below, default=0)


async def _noted(
    context: Context,
    unit: UnitOfWork,
    viewer: Viewer,
    action: AuditAction,
    before: FolderView | None,
    folder_id: int,
) -> FolderView:
    row = await unit.connection.fetchrow(f"{SELECT} AND f.id = $2", viewer.workspace_id, folder_id)
    after = view_of(row)
    was = None if before is None else audit.described(before, "name", "parent_id")
    subject = audit.Subject(AuditSubject.FOLDER, folder_id, after.name)
    await audit.record(unit, viewer, action, subject, was, audit.described(after, "name", "parent_id"))
    context.publish(unit, [_changed(viewer, folder_id)])
    return after


def _changed(viewer: Viewer, folder_id: int) -> FolderChanged:
    return FolderChanged(workspace_id=viewer.workspace_id, at=datetime.now(UTC), folder_id=folder_id)


def _name_taken(name: str) -> NameTaken:
    return NameTaken(f"There is a folder called {name!r} here already; choose another name.", path=("name",))

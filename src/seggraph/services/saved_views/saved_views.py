"""Saved views: a list as somebody wants to see it again, for themselves or for everybody in the workspace.

What is kept is text of the client, such as the search part of the address of its page. The server does not read it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from seggraph.access import VISIBLE_SAVED_VIEW, Viewer, require_saved_view_change, require_write
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Forbidden, Invalid, NameTaken, NotFound, TooLong, TooMany
from seggraph.services.audit import audit
from seggraph.values.attribute_values import storable_text
from seggraph.values.names import clean_name, name_key
from seggraph.vocabulary import AuditAction, AuditSubject, SavedViewList

MAX_OF_USER: Final = 200
"""Most saved views of one user in a workspace."""
MAX_STATE: Final = 8_000
"""Longest state of a view, in characters: about the longest address that servers take."""

COLUMNS: Final = "v.id, v.list, v.name, v.state, v.is_shared, v.created_by_id, v.created_at, v.modified_at"

SELECT: Final = f"SELECT {COLUMNS} /*keys*/ FROM saved_views v WHERE {VISIBLE_SAVED_VIEW}"  # noqa: S608

OF_LISTS: Final = " AND ($3::text[] IS NULL OR v.list = ANY($3))"

COUNT: Final = f"SELECT count(*) FROM saved_views v WHERE {VISIBLE_SAVED_VIEW}{OF_LISTS}"  # noqa: S608

BY_NAME: Final = Order("name", (Key("v.name_key", "text"), Key("v.id", "bigint")), descending=False)

# Two views of one user do not count each other out.
HOLD_USER: Final = """
    SELECT FROM workspace_users WHERE workspace_id = $1 AND user_id = $2 FOR NO KEY UPDATE
"""

COUNT_OF_USER: Final = "SELECT count(*) FROM saved_views WHERE workspace_id = $1 AND created_by_id = $2"

CREATE: Final = f"""
    INSERT INTO saved_views AS v
      (workspace_id, created_by_id, list, name, name_key, state, is_shared, created_at, modified_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, now(), now()) RETURNING {COLUMNS}
"""  # noqa: S608

EDIT: Final = f"""
    UPDATE saved_views v SET name = $2, name_key = $3, state = $4, is_shared = $5, modified_at = now()
    WHERE v.workspace_id = $6 AND v.id = $1 RETURNING {COLUMNS}
"""  # noqa: S608

DELETE: Final = "DELETE FROM saved_views WHERE workspace_id = $1 AND id = $2"

AUDITED: Final = ("list", "name", "state", "is_shared")


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved view as it is read."""

    id: int
    list: SavedViewList
    name: str
    state: str
    is_shared: bool
    created_by_id: int
    created_at: datetime
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class SavedViewDraft:
    """What a new view is made of."""

    list: SavedViewList
    name: str
    state: str
    is_shared: bool


def view_of(row: asyncpg.Record) -> SavedView:
    """The saved view of a row."""
    return SavedView(
        row["id"],
        SavedViewList(row["list"]),
        row["name"],
        row["state"],
        row["is_shared"],
        row["created_by_id"],
        row["created_at"],
        row["modified_at"],
    )


async def list_page(
    viewer: Viewer, lists: Sequence[SavedViewList] | None, request: PageRequest
) -> Page[SavedView]:
    """A page of the views that the viewer sees, by name, of some lists or of all. Raises BadCursor, TooMany."""
    arguments = (viewer.workspace_id, viewer.user_id, lists)
    async with database() as connection:
        return await fetch_page(connection, SELECT + OF_LISTS, arguments, BY_NAME, request, view_of)


async def count(viewer: Viewer, lists: Sequence[SavedViewList] | None) -> int:
    """How many views the viewer sees, of some lists or of all."""
    async with database() as connection:
        found: int = await connection.fetchval(COUNT, viewer.workspace_id, viewer.user_id, lists)
    return found


async def get_many(viewer: Viewer, view_ids: Sequence[int]) -> dict[int, SavedView]:
    """Those of the views that the viewer sees, by id."""
    async with database() as connection:
        rows = await connection.fetch(
            f"{SELECT} AND v.id = ANY($3)", viewer.workspace_id, viewer.user_id, list(view_ids)
        )
    return {row["id"]: view_of(row) for row in rows}


async def create(viewer: Viewer, draft: SavedViewDraft) -> SavedView:
    """Save a view. Raises Forbidden, Required, TooLong, Invalid, NameTaken, TooMany."""
    require_write(viewer)
    if viewer.user_id is None:
        raise Forbidden("Saved views belong to users, and an API key is none.")
    name, state = clean_name(draft.name, "saved view"), _clean_state(draft.state)
    async with begin() as unit:
        await unit.connection.execute(HOLD_USER, viewer.workspace_id, viewer.user_id)
        has = await unit.connection.fetchval(COUNT_OF_USER, viewer.workspace_id, viewer.user_id)
        if has >= MAX_OF_USER:
            raise TooMany(f"A user has at most {MAX_OF_USER} saved views: delete one first.")
        try:
            row = await unit.connection.fetchrow(
                CREATE,
                viewer.workspace_id,
                viewer.user_id,
                draft.list,
                name,
                name_key(name),
                state,
                draft.is_shared,
            )
        except asyncpg.UniqueViolationError as error:
            raise _name_taken(name) from error
        return await _noted(unit, viewer, AuditAction.CREATED, None, view_of(row))


async def update(viewer: Viewer, view_id: int, given: Mapping[str, Any]) -> SavedView:
    """Change what is given of: name, state, is_shared. Raises like `create`, and NotFound."""
    async with begin() as unit:
        before = await _hold(unit, viewer, view_id)
        name = clean_name(given["name"], "saved view") if "name" in given else before.name
        state = _clean_state(given["state"]) if "state" in given else before.state
        is_shared = given.get("is_shared", before.is_shared)
        try:
            row = await unit.connection.fetchrow(
                EDIT, view_id, name, name_key(name), state, is_shared, viewer.workspace_id
            )
        except asyncpg.UniqueViolationError as error:
            raise _name_taken(name) from error
        return await _noted(unit, viewer, AuditAction.EDITED, before, view_of(row))


async def delete(viewer: Viewer, view_id: int) -> None:
    """Delete a view. Raises Forbidden, NotFound."""
    async with begin() as unit:
        before = await _hold(unit, viewer, view_id)
        await unit.connection.execute(DELETE, viewer.workspace_id, view_id)
        subject = audit.Subject(AuditSubject.SAVED_VIEW, view_id, before.name)
        await audit.record(unit, viewer, AuditAction.DELETED, subject, audit.described(before, *AUDITED))


async def _hold(unit: UnitOfWork, viewer: Viewer, view_id: int) -> SavedView:
    """The view, which nobody else changes until the unit ends. Raises NotFound, Forbidden."""
    require_write(viewer)
    row = await unit.connection.fetchrow(
        f"{SELECT} AND v.id = $3 FOR UPDATE", viewer.workspace_id, viewer.user_id, view_id
    )
    if row is None:
        raise NotFound("There is no such saved view.", path=("id",))
    view = view_of(row)
    require_saved_view_change(viewer, created_by_id=view.created_by_id)
    return view


async def _noted(
    unit: UnitOfWork, viewer: Viewer, action: AuditAction, before: SavedView | None, after: SavedView
) -> SavedView:
    was = None if before is None else audit.described(before, *AUDITED)
    subject = audit.Subject(AuditSubject.SAVED_VIEW, after.id, after.name)
    await audit.record(unit, viewer, action, subject, was, audit.described(after, *AUDITED))
    return after


def _clean_state(state: str) -> str:
    if len(state) > MAX_STATE:
        raise TooLong(f"The state of a view has at most {MAX_STATE:,} characters.", path=("state",))
    if not storable_text(state, MAX_STATE):
        raise Invalid("The state of a view is text without the character NUL.", path=("state",))
    return state


def _name_taken(name: str) -> NameTaken:
    message = f"There is a view of this list called {name!r} already; choose another name."
    return NameTaken(message, path=("name",))

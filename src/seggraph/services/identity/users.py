"""Reading the users of a workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.values.names import require_searchable
from seggraph.vocabulary import Role

NAMED: Final = "coalesce(wu.name, u.name)"
"""What a workspace calls a user `u` of its own, `wu`."""

VALUES: Final = f"""
    u.id, {NAMED} AS name, coalesce(wu.email, u.email) AS email, wu.role, wu.deactivated_at IS NULL AS active,
    u.subject
"""

OF_WORKSPACE: Final = "users u JOIN workspace_users wu ON wu.user_id = u.id"

READ: Final = f"SELECT {VALUES} FROM {OF_WORKSPACE} WHERE wu.workspace_id = $1 AND u.id = ANY($2)"  # noqa: S608

JOINED: Final = f"""
    SELECT {VALUES} FROM {OF_WORKSPACE} WHERE wu.workspace_id = {{row}}.workspace_id AND u.id = {{key}}
"""  # noqa: S608 - constants only, here and below
"""The user of the workspace of a row whose id the row has as its key."""

FILTER: Final = f"""
    wu.workspace_id = $1 AND ($2::text[] IS NULL OR wu.role = ANY($2))
    AND ($3::boolean IS NULL OR (wu.deactivated_at IS NULL) = $3)
    AND ($4::text IS NULL OR lower({NAMED} || ' ' || coalesce(wu.email, u.email)) LIKE $4)
"""

PAGE: Final = f"SELECT {VALUES} /*keys*/ FROM {OF_WORKSPACE} WHERE {FILTER}"  # noqa: S608
COUNT: Final = f"SELECT count(*) FROM {OF_WORKSPACE} WHERE {FILTER}"  # noqa: S608

OLDEST_FIRST: Final = Order("user", (Key("u.id", "bigint"),))

COLUMNS: Final = ("id", "name", "email", "role", "active", "subject")


@dataclass(frozen=True, slots=True)
class UserView:
    """A user of the workspace. `subject` is None for one who was invited and has not signed in yet."""

    id: int
    name: str
    email: str
    role: Role
    active: bool = True
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class UserList:
    """Which users a list has; None does not narrow it."""

    search: str | None = None
    roles: Sequence[Role] | None = None
    active: bool | None = None

    def arguments(self) -> tuple[Any, ...]:
        """The values of $2 to $4 in FILTER. Raises Invalid for a search that cannot be."""
        wanted = (self.search or "").strip().lower()
        require_searchable(wanted)
        for character in "\\%_":
            wanted = wanted.replace(character, "\\" + character)
        return self.roles, self.active, f"%{wanted}%" if wanted else None


async def get_many(viewer: Viewer, user_ids: Sequence[int]) -> dict[int, UserView]:
    """Those of the users that belong to the workspace, by id, deactivated ones too."""
    async with database() as connection:
        rows = await connection.fetch(READ, viewer.workspace_id, list(user_ids))
    return {row["id"]: view_of(row) for row in rows}


async def list_page(viewer: Viewer, list_: UserList, request: PageRequest) -> Page[UserView]:
    """A page of the users of the workspace, the oldest first. Raises BadCursor, Invalid, TooMany."""
    arguments = (viewer.workspace_id, *list_.arguments())
    async with database() as connection:
        return await fetch_page(connection, PAGE, arguments, OLDEST_FIRST, request, view_of)


async def count(viewer: Viewer, list_: UserList) -> int:
    """How many users the whole list has."""
    async with database() as connection:
        total: int = await connection.fetchval(COUNT, viewer.workspace_id, *list_.arguments())
    return total


def view_of(row: asyncpg.Record) -> UserView:
    """The view of a row of VALUES."""
    name, email, role = row["name"], row["email"], Role(row["role"])
    return UserView(row["id"], name, email, role, active=row["active"], subject=row["subject"])

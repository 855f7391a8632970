"""Reading the users of a workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.vocabulary import Role

READ: Final = """
    SELECT u.id, u.name, u.email, wu.role FROM users u JOIN workspace_users wu ON wu.user_id = u.id
    WHERE wu.workspace_id = $1 AND u.id = ANY($2)
"""

JOINED: Final = """
    SELECT u.id, u.name, u.email, wu.role FROM users u JOIN workspace_users wu ON wu.user_id = u.id
    WHERE wu.workspace_id = {row}.workspace_id AND u.id = {key}
"""
"""The user of the workspace of a row whose id the row has as its key."""

COLUMNS: Final = ("id", "name", "email", "role")


@dataclass(frozen=True, slots=True)
class UserView:
    """A user of the workspace."""

    id: int
    name: str
    email: str
    role: Role


async def get_many(viewer: Viewer, user_ids: Sequence[int]) -> dict[int, UserView]:
    """Those of the users that belong to the workspace, by id."""
    async with database() as connection:
        rows = await connection.fetch(READ, viewer.workspace_id, list(user_ids))
    return {row["id"]: UserView(row["id"], row["name"], row["email"], Role(row["role"])) for row in rows}

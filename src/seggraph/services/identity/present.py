"""From a user or API key that is known to the viewer that they are now: for what they left behind, such as links."""

from ipaddress import ip_network
from typing import Final

import asyncpg

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.errors import NotFound
from seggraph.vocabulary import ApiKeyScope, Role

USER: Final = """
    SELECT user_id AS id, role FROM workspace_users
    WHERE workspace_id = $1 AND user_id = $2 AND deactivated_at IS NULL
"""

KEY: Final = """
    SELECT id, workspace_id, scope, networks FROM api_keys
    WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
"""


async def find(workspace_id: int, who: str) -> Viewer:
    """The viewer behind `Viewer.who`, with their present rights. Raises NotFound for who has none any more."""
    kind, _, digits = who.partition("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18) or kind not in ("user", "key"):
        raise _gone()
    async with database() as connection:
        row = await connection.fetchrow(USER if kind == "user" else KEY, workspace_id, int(digits))
    if row is None:
        raise _gone()
    return of_user(workspace_id, row) if kind == "user" else of_key(row)


def of_user(workspace_id: int, row: asyncpg.Record) -> Viewer:
    """The viewer of a row with the id and the role of a user of a workspace."""
    role = Role(row["role"])
    scope = ApiKeyScope.ADMIN if role is Role.ADMIN else ApiKeyScope.WRITE
    return Viewer(workspace_id, role, scope, user_id=row["id"])


def of_key(row: asyncpg.Record) -> Viewer:
    """The viewer of a row with id, workspace_id, scope and networks of an API key."""
    scope = ApiKeyScope(row["scope"])
    role = Role.ADMIN if scope is ApiKeyScope.ADMIN else Role.LEADER
    networks = None if row["networks"] is None else tuple(map(ip_network, row["networks"]))
    return Viewer(row["workspace_id"], role, scope, api_key_id=row["id"], networks=networks)


def _gone() -> NotFound:
    return NotFound(
        "There is no such file, or who asked for it has no access any more: ask for a new address."
    )

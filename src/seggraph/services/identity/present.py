"""From a user or API key that is known to the viewer that they are now: for what they left behind, such as links."""

from functools import lru_cache
from ipaddress import ip_network
from typing import Final

import asyncpg
import orjson

from seggraph.access import LeastRoles, Viewer
from seggraph.database.connections import database
from seggraph.errors import NotFound
from seggraph.vocabulary import ApiKeyScope, Role

LEAST_ROLES: Final = "(SELECT w.least_roles FROM workspaces w WHERE w.id = {workspace}) AS least_roles"
"""What a workspace has chosen of LeastRoles: JSON with a role by name."""

USER: Final = f"""
    SELECT user_id AS id, role, {LEAST_ROLES.format(workspace="workspace_id")} FROM workspace_users
    WHERE workspace_id = $1 AND user_id = $2 AND deactivated_at IS NULL
"""  # noqa: S608 - constants only

KEY: Final = f"""
    SELECT id, workspace_id, scope, networks, {LEAST_ROLES.format(workspace="workspace_id")} FROM api_keys
    WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
"""  # noqa: S608 - constants only

CHOSEN: Final = "SELECT least_roles FROM workspaces WHERE id = $1"


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
    """The viewer of a row with the id, the role and least_roles of a user of a workspace."""
    role = Role(row["role"])
    scope = ApiKeyScope.ADMIN if role is Role.ADMIN else ApiKeyScope.WRITE
    return Viewer(
        workspace_id, role, scope, user_id=row["id"], least_roles=least_roles_of(row["least_roles"])
    )


def of_key(row: asyncpg.Record) -> Viewer:
    """The viewer of a row with id, workspace_id, scope, networks and least_roles of an API key."""
    scope = ApiKeyScope(row["scope"])
    role = Role.ADMIN if scope is ApiKeyScope.ADMIN else Role.LEADER
    networks = None if row["networks"] is None else tuple(map(ip_network, row["networks"]))
    return Viewer(
        row["workspace_id"],
        role,
        scope,
        api_key_id=row["id"],
        networks=networks,
        least_roles=least_roles_of(row["least_roles"]),
    )


async def least_roles(workspace_id: int) -> LeastRoles:
    """What a workspace has chosen about roles: for what acts later for somebody."""
    async with database() as connection:
        return least_roles_of(await connection.fetchval(CHOSEN, workspace_id))


@lru_cache(maxsize=1_000)
def least_roles_of(chosen: str) -> LeastRoles:
    """The roles of the column; what was not chosen is as usual."""
    return LeastRoles(**{name: Role(role) for name, role in orjson.loads(chosen).items()})


def _gone() -> NotFound:
    return NotFound(
        "There is no such file, or who asked for it has no access any more: ask for a new address."
    )

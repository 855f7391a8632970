"""The rows of users and of their places in workspaces, within a unit of work: what all that changes them shares."""

from typing import Final

from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import LastAdministrator, NotFound
from seggraph.services.identity.users import OF_WORKSPACE, VALUES, UserView, view_of
from seggraph.vocabulary import Role

HOLD: Final = "SELECT id FROM workspaces WHERE id = $1 FOR NO KEY UPDATE"

FIND: Final = f"SELECT {VALUES} FROM {OF_WORKSPACE} WHERE wu.workspace_id = $1 AND u.id = $2"  # noqa: S608

OTHER_ADMIN: Final = """
    SELECT EXISTS (SELECT FROM workspace_users
      WHERE workspace_id = $1 AND user_id <> $2 AND role = 'ADMIN' AND deactivated_at IS NULL)
"""

ADMINS: Final = """
    SELECT count(*) FROM workspace_users WHERE workspace_id = $1 AND role = 'ADMIN' AND deactivated_at IS NULL
"""

ADD_USER: Final = """
    INSERT INTO users (subject, name, email, created_at) VALUES ($1, $2, $3, now())
    ON CONFLICT (subject) DO UPDATE SET subject = EXCLUDED.subject RETURNING id
"""

ADD_TO_WORKSPACE: Final = """
    INSERT INTO workspace_users (workspace_id, user_id, role, name, email) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (workspace_id, user_id) DO NOTHING RETURNING user_id
"""

SET_ROLE: Final = """
    UPDATE workspace_users SET role = $3, role_as_of = $4 WHERE workspace_id = $1 AND user_id = $2
"""


async def lock(unit: UnitOfWork, workspace_id: int) -> None:
    """Let changes of the users of a workspace go one after the other. Raises NotFound for no workspace."""
    if await unit.connection.fetchval(HOLD, workspace_id) is None:
        raise NotFound("There is no such workspace.", path=("workspace",))


async def get(unit: UnitOfWork, workspace_id: int, user_id: int) -> UserView:
    """A user of a workspace. Raises NotFound."""
    row = await unit.connection.fetchrow(FIND, workspace_id, user_id)
    if row is None:
        raise NotFound("There is no such user.", path=("id",))
    return view_of(row)


async def require_other_admin(unit: UnitOfWork, workspace_id: int, user_id: int) -> None:
    """Raise LastAdministrator unless someone else administers the workspace, which is locked."""
    if not await unit.connection.fetchval(OTHER_ADMIN, workspace_id, user_id):
        raise LastAdministrator(
            "This is the last administrator who can sign in: make another user ADMIN first.", path=("id",)
        )


async def count_admins(unit: UnitOfWork, workspace_id: int) -> int:
    """How many administrators of a workspace, which is locked, can sign in."""
    count: int = await unit.connection.fetchval(ADMINS, workspace_id)
    return count


async def add(
    unit: UnitOfWork, workspace_id: int, *, subject: str | None, name: str, email: str, role: Role
) -> int | None:
    """The id of the user who now belongs to a workspace; None if they did already."""
    user_id = await unit.connection.fetchval(ADD_USER, subject, name, email)
    added: int | None = await unit.connection.fetchval(
        ADD_TO_WORKSPACE, workspace_id, user_id, role, name, email
    )
    return added

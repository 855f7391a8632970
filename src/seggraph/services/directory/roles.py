"""The roles that groups of the identity provider have: users get the highest one of their groups.

The rule itself is that of tokens (`provisioning.role_of_groups`). A user without any group that has a role has the
default role of the settings, or is a TEAM_MEMBER: to be announced by the identity provider is to be let in.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import LastAdministrator
from seggraph.events import UserChanged
from seggraph.services.audit import audit
from seggraph.services.identity import provisioning, user_rows
from seggraph.services.identity.users import UserView
from seggraph.settings import Settings
from seggraph.vocabulary import AuditAction, AuditSubject, Role

GROUPS_OF: Final = """
    SELECT m.user_id, array_agg(g.display_name) || array_remove(array_agg(g.external_id), NULL) AS groups
    FROM directory_memberships m JOIN directory_groups g ON g.id = m.group_id AND g.workspace_id = $1
    WHERE m.workspace_id = $1 AND m.user_id = ANY($2) GROUP BY m.user_id
"""

AUDITED: Final = ("name", "role", "active")

Roles = Mapping[int, Role | None]
"""The role that the groups of a user have, by user id; None if they have none."""


def usual(settings: Settings) -> Role:
    """The role of a user without any group that has a role."""
    return provisioning.default_role(settings) or Role.TEAM_MEMBER


async def of_groups(context: Context, unit: UnitOfWork, viewer: Viewer, user_ids: Collection[int]) -> Roles:
    """The roles that users have by their groups now."""
    rows = await unit.connection.fetch(GROUPS_OF, viewer.workspace_id, list(user_ids))
    groups = {row["user_id"]: row["groups"] for row in rows}
    return {
        user_id: provisioning.role_of_groups(context.settings, groups.get(user_id, ()))
        for user_id in user_ids
    }


async def follow(context: Context, unit: UnitOfWork, viewer: Viewer, before: Roles) -> None:
    """Give users the roles of their groups after a change of these; `before` are those that they had by them.

    Who had no role by groups and has none now keeps what an administrator gave. Raises LastAdministrator.
    """
    now = await of_groups(context, unit, viewer, before.keys())
    admins = await user_rows.count_admins(unit, viewer.workspace_id)
    for user_id, earlier in before.items():
        role = now[user_id]
        if role is None and earlier is not None:
            role = usual(context.settings)
        view = await user_rows.get(unit, viewer.workspace_id, user_id)
        if role is not None and role is not view.role:
            await unit.connection.execute(
                user_rows.SET_ROLE, viewer.workspace_id, user_id, role, datetime.now(UTC)
            )
            await note(context, unit, viewer, view, user_id)
    await require_admin_left(unit, viewer, admins)


async def require_admin_left(unit: UnitOfWork, viewer: Viewer, before: int) -> None:
    """Raise LastAdministrator if there were administrators before, and are none now."""
    if before and not await user_rows.count_admins(unit, viewer.workspace_id):
        raise LastAdministrator(
            "The last administrator who can sign in stays: make another user ADMIN first."
        )


async def note(
    context: Context, unit: UnitOfWork, viewer: Viewer, before: UserView | None, user_id: int
) -> None:
    """Write a change of a user to the audit log, and publish it."""
    after = await user_rows.get(unit, viewer.workspace_id, user_id)
    was = None if before is None else audit.described(before, *AUDITED)
    now = audit.described(after, *AUDITED)
    action = AuditAction.CREATED if before is None else AuditAction.EDITED
    await audit.record(unit, viewer, action, audit.Subject(AuditSubject.USER, user_id, after.name), was, now)
    changed = UserChanged(
        workspace_id=viewer.workspace_id,
        at=datetime.now(UTC),
        user_id=user_id,
        previous_role=before.role if before is not None and before.role is not after.role else None,
    )
    context.publish(unit, [changed])

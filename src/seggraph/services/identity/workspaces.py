"""Workspaces: reading them, and setting up new ones."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from seggraph.access import LeastRoles, Viewer
from seggraph.database.unit_of_work import begin
from seggraph.errors import Invalid, NotFound, Required
from seggraph.models import User, Workspace, WorkspaceUser
from seggraph.services.audit import audit
from seggraph.values.time_zones import is_time_zone
from seggraph.vocabulary import ApiKeyScope, AuditAction, AuditSubject, ConsentPolicy, Role

MAX_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class WorkspaceView:
    """A workspace as it is read."""

    id: int
    name: str
    time_zone: str
    consent_policy: ConsentPolicy
    currency: str
    phone_region: str | None
    event_retention_days: int | None
    created_at: datetime
    least_roles: LeastRoles


async def get(viewer: Viewer) -> WorkspaceView:
    """The viewer's workspace."""
    return _view(await Workspace.get(id=viewer.workspace_id))


async def create(
    name: str, *, time_zone: str = "UTC", policy: ConsentPolicy = ConsentPolicy.OPT_OUT
) -> WorkspaceView:
    """Set up a workspace. For operators: no viewer may. Raises Required, Invalid."""
    if not name.strip():
        raise Required("Give the workspace a name.", path=("name",))
    if not is_time_zone(time_zone):
        raise Invalid(
            f"{time_zone!r} is no time zone of the IANA list, like Europe/Berlin.", path=("timeZone",)
        )
    async with begin():
        return _view(
            await Workspace.create(
                name=name.strip()[:MAX_NAME], time_zone=str(ZoneInfo(time_zone)), consent_policy=policy
            )
        )


async def ensure_user(workspace_id: int, *, subject: str, name: str, email: str, role: Role) -> int:
    """Make a user belong to a workspace in a role, creating the user if need be; returns the user's id."""
    operator = Viewer(workspace_id, Role.ADMIN, ApiKeyScope.ADMIN)
    async with begin() as unit:
        await require(workspace_id)
        user, _ = await User.get_or_create(subject=subject, defaults={"name": name, "email": email})
        before = await WorkspaceUser.get_or_none(workspace_id=workspace_id, user_id=user.id)
        await WorkspaceUser.update_or_create(
            workspace_id=workspace_id, user_id=user.id, defaults={"role": role}
        )
        action = AuditAction.CREATED if before is None else AuditAction.EDITED
        if before is None or before.role != role:
            was = None if before is None else {"role": before.role}
            entry = audit.Subject(AuditSubject.USER, user.id, user.name)
            await audit.record(unit, operator, action, entry, was, {"role": role})
        return int(user.id)


def new_secret() -> str:
    """A secret for signing tokens: 256 random bits."""
    return secrets.token_urlsafe(32)


def _view(row: Workspace) -> WorkspaceView:
    return WorkspaceView(
        row.id,
        row.name,
        row.time_zone,
        ConsentPolicy(row.consent_policy),
        row.currency,
        row.phone_region,
        row.event_retention_days,
        row.created_at,
        LeastRoles(**{name: Role(role) for name, role in row.least_roles.items()}),
    )


async def exists(workspace_id: int) -> bool:
    """Whether there is such a workspace."""
    return await Workspace.exists(id=workspace_id)


async def require(workspace_id: int) -> None:
    """Raise NotFound unless the workspace exists."""
    if not await exists(workspace_id):
        raise NotFound("There is no such workspace.", path=("workspace",))

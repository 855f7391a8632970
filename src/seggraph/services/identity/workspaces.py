"""Workspaces, their users and API keys: reading them, and setting up new ones."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from tortoise.exceptions import IntegrityError

from seggraph.access import Viewer, require_admin
from seggraph.database.unit_of_work import begin
from seggraph.errors import Invalid, NameTaken, NotFound, Required, TooLong, TooMany
from seggraph.models import ApiKey, User, Workspace, WorkspaceUser
from seggraph.services.audit import audit
from seggraph.services.identity.authentication import digest, new_api_key
from seggraph.values.time_zones import is_time_zone
from seggraph.vocabulary import ApiKeyScope, AuditAction, AuditSubject, ConsentPolicy, Role

MAX_NAME: Final = 200
REVOKE: Final = """
    UPDATE api_keys SET revoked_at = now() WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL
    RETURNING revoked_at
"""
HINT_LENGTH: Final = 15
MAX_KEYS: Final = 1_000
"""Most API keys that a workspace may have, revoked ones too."""


@dataclass(frozen=True, slots=True)
class WorkspaceView:
    """A workspace as it is read."""

    id: int
    name: str
    time_zone: str
    consent_policy: ConsentPolicy
    currency: str
    event_retention_days: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """An API key as it is read: never the key itself."""

    id: int
    name: str
    hint: str
    scope: ApiKeyScope
    created_at: datetime
    created_by_id: int | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


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


async def create_api_key(
    viewer: Viewer, *, name: str, scope: ApiKeyScope, expires_at: datetime | None
) -> tuple[ApiKeyView, str]:
    """Create an API key; the second of the pair is the key itself, which is nowhere kept.

    Raises Forbidden, Required, Invalid, TooLong, TooMany, NameTaken.
    """
    require_admin(viewer)
    cleaned = " ".join(name.split())
    if not cleaned:
        raise Required("Give the key a name that says what it is for.", path=("name",))
    if not cleaned.isprintable():
        raise Invalid("A name may not hold control or invisible characters.", path=("name",))
    if len(cleaned) > MAX_NAME:
        raise TooLong(f"A name has at most {MAX_NAME} characters.", path=("name",))
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Invalid("The key would have expired already.", path=("expiresAt",))
    key = new_api_key()
    try:
        async with begin() as unit:
            if await ApiKey.filter(workspace_id=viewer.workspace_id).count() >= MAX_KEYS:
                raise TooMany(f"A workspace has at most {MAX_KEYS} API keys, revoked ones too.")
            row = await ApiKey.create(
                workspace_id=viewer.workspace_id,
                name=cleaned,
                hint=key[:HINT_LENGTH],
                digest=digest(key),
                scope=scope,
                created_by_id=viewer.user_id,
                expires_at=expires_at,
            )
            subject = audit.Subject(AuditSubject.API_KEY, row.id, cleaned)
            audited = {"scope": scope, "hint": row.hint, "expires_at": expires_at}
            await audit.record(unit, viewer, AuditAction.CREATED, subject, after=audited)
    except IntegrityError as error:
        raise NameTaken("There is a key of this name already.", path=("name",)) from error
    return _key_view(row), key


async def list_api_keys(viewer: Viewer) -> list[ApiKeyView]:
    """The workspace's API keys, the newest first, revoked ones too; MAX_KEYS at most. Raises Forbidden."""
    require_admin(viewer)
    rows = await ApiKey.filter(workspace_id=viewer.workspace_id).order_by("-id").limit(MAX_KEYS)
    return [_key_view(row) for row in rows]


async def get_api_keys(viewer: Viewer, key_ids: Sequence[int]) -> dict[int, ApiKeyView]:
    """Those of the API keys that the workspace has, by id; none for anybody but administrators."""
    if not key_ids or (viewer.role, viewer.scope) != (Role.ADMIN, ApiKeyScope.ADMIN):
        return {}
    rows = await ApiKey.filter(workspace_id=viewer.workspace_id, id__in=list(key_ids))
    return {row.id: _key_view(row) for row in rows}


async def revoke_api_key(viewer: Viewer, key_id: int) -> ApiKeyView:
    """Make an API key worthless from now on; doing it again changes nothing. Raises Forbidden, NotFound."""
    require_admin(viewer)
    async with begin() as unit:
        revoked_at = await unit.connection.fetchval(REVOKE, viewer.workspace_id, key_id)
        row = await ApiKey.get_or_none(id=key_id, workspace_id=viewer.workspace_id)
        if row is None:
            raise NotFound("There is no such API key.", path=("id",))
        if revoked_at is not None:
            subject = audit.Subject(AuditSubject.API_KEY, key_id, row.name)
            audited = {"revoked_at": revoked_at}
            await audit.record(unit, viewer, AuditAction.REVOKED, subject, after=audited)
    return _key_view(row)


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
        row.event_retention_days,
        row.created_at,
    )


def _key_view(row: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        row.id,
        row.name,
        row.hint,
        ApiKeyScope(row.scope),
        row.created_at,
        row.created_by_id,
        row.expires_at,
        row.revoked_at,
        row.last_used_at,
    )


async def require(workspace_id: int) -> None:
    """Raise NotFound unless the workspace exists."""
    if not await Workspace.exists(id=workspace_id):
        raise NotFound("There is no such workspace.", path=("workspace",))

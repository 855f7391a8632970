"""From the verified claims of a token to the user of the workspace: known, invited, or made on the spot.

- A user who is known by the subject signs in, unless they are deactivated.
- A person who was invited by email becomes known when a token has that address and says that it is verified; one whom
  the identity provider announced (SCIM), also when the subject is their `externalId` or `userName`.
- If the settings say so, a person with a group that has a role becomes a user, and groups decide the role from then on.
  A token that is older than the present role does not change it: it would bring back what was taken away since.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import SeggraphError
from seggraph.events import UserChanged, outbox
from seggraph.services.audit import audit
from seggraph.services.identity import present, user_rows
from seggraph.settings import Settings
from seggraph.values.attribute_values import storable_text
from seggraph.values.emails import MAX_EMAIL, is_email, tidied
from seggraph.values.names import MAX_NAME, clean_name
from seggraph.vocabulary import ApiKeyScope, AuditAction, AuditSubject, Role

MAX_SUBJECT: Final = 255
MAX_JTI: Final = 255
MAX_GROUPS: Final = 1_000
"""Most groups of a token that are looked at."""

FIND: Final = f"""
    SELECT u.id, wu.role, wu.role_as_of, wu.tokens_after, wu.deactivated_at,
      {present.LEAST_ROLES.format(workspace="wu.workspace_id")},
      EXISTS (SELECT FROM withdrawn_tokens t WHERE t.workspace_id = wu.workspace_id AND t.user_id = u.id
        AND t.jti = $3) AS is_withdrawn
    FROM users u JOIN workspace_users wu ON wu.user_id = u.id WHERE u.subject = $1 AND wu.workspace_id = $2
"""  # noqa: S608 - constants only

INVITED: Final = """
    SELECT u.id, wu.deactivated_at FROM users u JOIN workspace_users wu ON wu.user_id = u.id
    WHERE wu.workspace_id = $1 AND u.subject IS NULL AND (wu.external_id = $3 OR lower(wu.user_name) = lower($3)
      OR lower(coalesce(wu.email, u.email)) = lower($2))
    ORDER BY wu.external_id = $3 DESC NULLS LAST, lower(wu.user_name) = lower($3) DESC NULLS LAST, u.id LIMIT 1
"""

FIND_PERSON: Final = "SELECT id FROM users WHERE subject = $1"
BECOME_KNOWN: Final = "UPDATE users SET subject = $2 WHERE id = $1"
"""An invitation becomes the person."""

BECOME_PERSON: Final = (
    "UPDATE directory_memberships SET user_id = $3 WHERE workspace_id = $1 AND user_id = $2",
    "UPDATE segment_hidings SET user_id = $3 WHERE workspace_id = $1 AND user_id = $2",
    "UPDATE workspace_users SET user_id = $3 WHERE workspace_id = $1 AND user_id = $2",
)
"""An invitation of a person who is known from another workspace."""

FORGET_INVITATION: Final = "DELETE FROM users WHERE id = $1 AND subject IS NULL"


async def user_of(settings: Settings, workspace_id: int, claims: Mapping[str, Any]) -> asyncpg.Record | None:
    """The row of FIND for the person that verified claims are about, also a deactivated one; None for no user."""
    subject = claims.get(settings.jwt_subject_claim)
    if not isinstance(subject, str) or not storable_text(subject, MAX_SUBJECT):
        return None
    row = await _find(subject, workspace_id, claims)
    wanted = role_of(settings, claims)
    if row is None:
        row = await _admit(settings, workspace_id, subject, claims, wanted)
    elif row["deactivated_at"] is None and wanted is not None and wanted != row["role"]:
        issued_at = _issued_at(claims)
        if issued_at is not None and issued_at >= (row["role_as_of"] or issued_at):
            await _change_role(workspace_id, row["id"], wanted, issued_at)
            row = await _find(subject, workspace_id, claims)
    return row


def role_of(settings: Settings, claims: Mapping[str, Any]) -> Role | None:
    """The highest role of the groups in a token; None if it has none, or provisioning is off."""
    if not settings.jwt_provisioning:
        return None
    groups = claims.get(settings.jwt_groups_claim)
    named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    role = role_of_groups(settings, [group for group in named[:MAX_GROUPS] if isinstance(group, str)])
    return default_role(settings) if role is None else role


def role_of_groups(settings: Settings, groups: Iterable[str]) -> Role | None:
    """The highest role that groups have, by their names or ids; None if none of them has one."""
    roles = {settings.jwt_group_roles.get(group) for group in groups}
    return next((role for role in Role if role.value in roles), None)


def default_role(settings: Settings) -> Role | None:
    """The role of who has no group with a role; None for nobody's."""
    return None if settings.jwt_default_role is None else Role(settings.jwt_default_role)


async def _find(subject: str, workspace_id: int, claims: Mapping[str, Any]) -> asyncpg.Record | None:
    jti = claims.get("jti")
    known = jti if isinstance(jti, str) and storable_text(jti, MAX_JTI) else None
    async with database() as connection:
        return await connection.fetchrow(FIND, subject, workspace_id, known)


async def _admit(
    settings: Settings, workspace_id: int, subject: str, claims: Mapping[str, Any], role: Role | None
) -> asyncpg.Record | None:
    """Let somebody in who is not known yet, if they were invited or have a role by their groups."""
    email = _verified_email(claims)
    announced = workspace_id, email, subject
    async with database() as connection:  # who is not expected at all keeps nobody waiting
        if role is None and await connection.fetchrow(INVITED, *announced) is None:
            return None
    async with begin() as unit:
        try:
            await user_rows.lock(unit, workspace_id)
        except SeggraphError:  # a token of another installation, with a workspace that is not here
            return None
        invited = await unit.connection.fetchrow(INVITED, *announced)
        if invited is not None and invited["deactivated_at"] is not None:
            return None
        if invited is not None:
            await _accept_invitation(unit, workspace_id, subject, invited["id"])
        elif role is not None:
            await _create(unit, workspace_id, subject, claims, email, role)
        else:
            return None
    return await _find(subject, workspace_id, claims)


async def _accept_invitation(unit: UnitOfWork, workspace_id: int, subject: str, invited: int) -> None:
    """Make the person with this subject the one who was invited."""
    person = await unit.connection.fetchval(FIND_PERSON, subject)
    if person is None:
        await unit.connection.execute(BECOME_KNOWN, invited, subject)
    else:
        for statement in BECOME_PERSON:
            await unit.connection.execute(statement, workspace_id, invited, person)
        await unit.connection.execute(FORGET_INVITATION, invited)
    outbox.keep(unit, [_changed(workspace_id, person or invited)])


async def _create(
    unit: UnitOfWork,
    workspace_id: int,
    subject: str,
    claims: Mapping[str, Any],
    email: str | None,
    role: Role,
) -> None:
    name = _name(claims, email, subject)
    user_id = await user_rows.add(
        unit, workspace_id, subject=subject, name=name, email=email or "", role=role
    )
    if user_id is not None:
        whose = workspace_id, user_id
        await unit.connection.execute(user_rows.SET_ROLE, *whose, role, _issued_at(claims))
        await _record(unit, workspace_id, AuditAction.CREATED, user_id, None, role)


async def _change_role(workspace_id: int, user_id: int, role: Role, as_of: datetime) -> None:
    """Give a user the role of their groups: the identity provider has the last word, also on administrators."""
    async with begin() as unit:
        await user_rows.lock(unit, workspace_id)
        before = await user_rows.get(unit, workspace_id, user_id)
        if before.role is not role:
            await unit.connection.execute(user_rows.SET_ROLE, workspace_id, user_id, role, as_of)
            await _record(unit, workspace_id, AuditAction.EDITED, user_id, before.role, role)


async def _record(
    unit: UnitOfWork, workspace_id: int, action: AuditAction, user_id: int, before: Role | None, after: Role
) -> None:
    """Note what the identity provider said in the audit log, as what the user did by signing in."""
    user = Viewer(workspace_id, after, ApiKeyScope.WRITE, user_id=user_id)
    view = await user_rows.get(unit, workspace_id, user_id)
    subject = audit.Subject(AuditSubject.USER, user_id, view.name)
    was = None if before is None else {"role": before}
    await audit.record(unit, user, action, subject, was, {"role": after, "by": "identity provider"})
    outbox.keep(unit, [_changed(workspace_id, user_id, before)])


def _changed(workspace_id: int, user_id: int, previous_role: Role | None = None) -> UserChanged:
    return UserChanged(
        workspace_id=workspace_id, at=datetime.now(UTC), user_id=user_id, previous_role=previous_role
    )


def _issued_at(claims: Mapping[str, Any]) -> datetime | None:
    """When a token was issued; None if it does not say."""
    issued_at = claims.get("iat")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
        return None
    return datetime.fromtimestamp(issued_at, UTC)


def _verified_email(claims: Mapping[str, Any]) -> str | None:
    """The address of a token whose provider says that it belongs to the person."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    return tidied(email) if storable_text(email, MAX_EMAIL) and is_email(email) else None


def _name(claims: Mapping[str, Any], email: str | None, subject: str) -> str:
    """What to call somebody, by their token."""
    for candidate in (claims.get("name"), (email or "").partition("@")[0], subject, "user"):
        try:
            if isinstance(candidate, str):
                return clean_name(candidate[:MAX_NAME], "user")
        except SeggraphError:
            continue
    return "user"

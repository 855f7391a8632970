"""Users as an identity provider manages them: announced, changed, deactivated, deleted.

A user who is announced becomes known by the first token whose subject is their `externalId` or `userName`, or whose
verified email address is theirs. One who was deleted keeps what they made, and is there again when announced again.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from seggraph.access import Viewer, require_provisioning
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Duplicate, Invalid, NotFound, Required, TooMany
from seggraph.services.directory import roles
from seggraph.services.directory.conditions import Slice, condition
from seggraph.services.identity import user_rows
from seggraph.services.identity.users import OF_WORKSPACE
from seggraph.services.workspaces.users import MAX_USERS
from seggraph.values.attribute_values import storable_text
from seggraph.values.emails import MAX_EMAIL, is_email, tidied
from seggraph.values.names import MAX_NAME, clean_name

MAX_USER_NAME: Final = 320
MAX_EXTERNAL_ID: Final = 255

EMAIL: Final = "coalesce(wu.email, u.email)"
USER_NAME: Final = f"coalesce(wu.user_name, nullif({EMAIL}, ''), u.subject, u.id::text)"
"""What a user is called by: who was not announced has an address, or the subject of their tokens."""

VALUES: Final = f"""
    u.id, {USER_NAME} AS user_name, wu.external_id, coalesce(wu.name, u.name) AS name, wu.given_name, wu.family_name,
    {EMAIL} AS email, wu.deactivated_at IS NULL AS active, u.created_at,
    coalesce(wu.updated_at, u.created_at) AS updated_at,
    ARRAY(SELECT (g.id, g.display_name) FROM directory_memberships m JOIN directory_groups g
          ON g.id = m.group_id AND g.workspace_id = wu.workspace_id
          WHERE m.workspace_id = wu.workspace_id AND m.user_id = u.id ORDER BY g.id) AS groups
"""  # noqa: S608 - constants only, here and below

THERE: Final = f"FROM {OF_WORKSPACE} WHERE wu.workspace_id = $1 AND wu.removed_at IS NULL"
SELECT: Final = f"SELECT {VALUES} {THERE}"
COUNT: Final = f"SELECT count(*) {THERE}"

COLUMNS: Final = {
    "id": "u.id = {}",
    "userName": f"lower({USER_NAME}) = lower({{}})",
    "externalId": "wu.external_id = {}",
    "displayName": "lower(coalesce(wu.name, u.name)) = lower({})",
    "emails": f"lower({EMAIL}) = lower({{}})",
    "active": "(wu.deactivated_at IS NULL) = {}",
}
"""What a list may be narrowed by."""

TAKEN: Final = f"""
    SELECT u.id, wu.removed_at IS NOT NULL AS is_removed, lower({USER_NAME}) = lower($2) AS is_named_so
    FROM {OF_WORKSPACE}
    WHERE wu.workspace_id = $1 AND u.id IS DISTINCT FROM $4
      AND (lower({USER_NAME}) = lower($2) OR ($3 <> '' AND lower({EMAIL}) = lower($3)))
    ORDER BY wu.removed_at IS NOT NULL, lower({USER_NAME}) = lower($2) DESC, u.id LIMIT 1
"""  # noqa: S608 - constants only, here and above

COUNT_ALL: Final = "SELECT count(*) FROM workspace_users WHERE workspace_id = $1"

STORE: Final = """
    UPDATE workspace_users SET user_name = $3, external_id = $4, name = $5, given_name = $6, family_name = $7,
      email = $8, deactivated_at = CASE WHEN $9 THEN NULL ELSE coalesce(deactivated_at, now()) END,
      removed_at = NULL, updated_at = clock_timestamp()
    WHERE workspace_id = $1 AND user_id = $2
"""

REMOVE: Final = """
    UPDATE workspace_users SET removed_at = now(), updated_at = clock_timestamp(),
      deactivated_at = coalesce(deactivated_at, now())
    WHERE workspace_id = $1 AND user_id = $2
"""
LEAVE: Final = "DELETE FROM directory_memberships WHERE workspace_id = $1 AND user_id = $2"


@dataclass(frozen=True, slots=True)
class DirectoryUser:
    """A user as the identity provider sees them; `groups` are ids and names."""

    id: int
    user_name: str
    external_id: str | None
    name: str
    given_name: str | None
    family_name: str | None
    email: str
    active: bool
    created_at: datetime
    updated_at: datetime
    groups: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class UserDraft:
    """What the identity provider says about a user."""

    user_name: str
    external_id: str | None = None
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    active: bool = True


async def list_slice(
    viewer: Viewer, equal: Sequence[tuple[str, Any]], part: Slice
) -> tuple[list[DirectoryUser], int]:
    """A part of the users whose attributes are equal to values, the oldest first, and how many there are in all."""
    require_provisioning(viewer)
    narrowed, values = condition(COLUMNS, equal, 2)
    offset, limit = part.limits
    async with database() as connection:
        total: int = await connection.fetchval(COUNT + narrowed, viewer.workspace_id, *values)
        text = f"{SELECT}{narrowed} ORDER BY u.id OFFSET {offset} LIMIT {limit}"
        rows = await connection.fetch(text, viewer.workspace_id, *values)
    return [_view(row) for row in rows], total


async def get(viewer: Viewer, user_id: int) -> DirectoryUser:
    """A user. Raises Forbidden, NotFound."""
    found, _ = await list_slice(viewer, [("id", user_id)], Slice())
    if not found:
        raise _missing()
    return found[0]


async def create(context: Context, viewer: Viewer, draft: UserDraft) -> DirectoryUser:
    """Let somebody sign in. Raises Forbidden, Required, Invalid, TooMany, Duplicate."""
    require_provisioning(viewer)
    cleaned = _cleaned(draft)
    async with begin() as unit:
        await user_rows.lock(unit, viewer.workspace_id)
        taken = await _find_taken(unit, viewer, cleaned, None)
        if taken is not None:
            before = await user_rows.get(unit, viewer.workspace_id, taken)
            user_id = taken
        else:
            before = None
            user_id = await _add(context, unit, viewer, cleaned)
        await _store(unit, viewer, user_id, cleaned)
        if before is not None:
            usual = roles.usual(context.settings)
            await unit.connection.execute(
                user_rows.SET_ROLE, viewer.workspace_id, user_id, usual, datetime.now(UTC)
            )
        await roles.note(context, unit, viewer, before, user_id)
        return await _read(unit, viewer, user_id)


async def change(
    context: Context, viewer: Viewer, user_id: int, decide: Callable[[DirectoryUser], Awaitable[UserDraft]]
) -> DirectoryUser:
    """Make a user what `decide` says of the one that is there, while nobody else changes users.

    Raises Forbidden, NotFound, Required, Invalid, Duplicate, LastAdministrator, and what `decide` raises.
    """
    require_provisioning(viewer)
    async with begin() as unit:
        await user_rows.lock(unit, viewer.workspace_id)
        cleaned = _cleaned(await decide(await _read(unit, viewer, user_id)))
        before = await user_rows.get(unit, viewer.workspace_id, user_id)
        if await _find_taken(unit, viewer, cleaned, user_id) is not None:
            raise Duplicate(
                "Another user, who was deleted, has this userName or address.", path=("userName",)
            )
        admins = await user_rows.count_admins(unit, viewer.workspace_id)
        await _store(unit, viewer, user_id, cleaned)
        await roles.require_admin_left(unit, viewer, admins)
        await roles.note(context, unit, viewer, before, user_id)
        return await _read(unit, viewer, user_id)


async def delete(context: Context, viewer: Viewer, user_id: int) -> None:
    """Let a user sign in no more, and show them no more here. Raises Forbidden, NotFound, LastAdministrator."""
    require_provisioning(viewer)
    async with begin() as unit:
        await user_rows.lock(unit, viewer.workspace_id)
        await _read(unit, viewer, user_id)
        before = await user_rows.get(unit, viewer.workspace_id, user_id)
        admins = await user_rows.count_admins(unit, viewer.workspace_id)
        for statement in (REMOVE, LEAVE):
            await unit.connection.execute(statement, viewer.workspace_id, user_id)
        await roles.require_admin_left(unit, viewer, admins)
        await roles.note(context, unit, viewer, before, user_id)


async def _add(context: Context, unit: UnitOfWork, viewer: Viewer, draft: UserDraft) -> int:
    if await unit.connection.fetchval(COUNT_ALL, viewer.workspace_id) >= MAX_USERS:
        raise TooMany(f"A workspace has at most {MAX_USERS} users, deactivated ones too.")
    user_id = await user_rows.add(
        unit,
        viewer.workspace_id,
        subject=None,
        name=draft.name or draft.user_name,
        email=draft.email or "",
        role=roles.usual(context.settings),
    )
    assert user_id is not None  # noqa: S101 - a user without a subject is always a new one
    return user_id


async def _find_taken(unit: UnitOfWork, viewer: Viewer, draft: UserDraft, own_id: int | None) -> int | None:
    """The user who was deleted and had the same userName or address. Raises Duplicate for one who is there."""
    given = viewer.workspace_id, draft.user_name, draft.email or "", own_id
    row = await unit.connection.fetchrow(TAKEN, *given)
    if row is None:
        return None
    if not row["is_removed"]:
        what = ("userName", "userName") if row["is_named_so"] else ("email address", "emails")
        raise Duplicate(f"The workspace has a user with this {what[0]} already.", path=(what[1],))
    found: int = row["id"]
    return found


async def _store(unit: UnitOfWork, viewer: Viewer, user_id: int, draft: UserDraft) -> None:
    values = draft.user_name, draft.external_id, draft.name, draft.given_name, draft.family_name
    await unit.connection.execute(
        STORE, viewer.workspace_id, user_id, *values, draft.email or "", draft.active
    )


async def _read(unit: UnitOfWork, viewer: Viewer, user_id: int) -> DirectoryUser:
    row = await unit.connection.fetchrow(f"{SELECT} AND u.id = $2", viewer.workspace_id, user_id)
    if row is None:
        raise _missing()
    return _view(row)


def _view(row: asyncpg.Record) -> DirectoryUser:
    values = {one.name: row[one.name] for one in fields(DirectoryUser)}
    values["groups"] = tuple((group[0], group[1]) for group in row["groups"])
    return DirectoryUser(**values)


def _missing() -> NotFound:
    return NotFound("There is no such user.", path=("id",))


def _cleaned(draft: UserDraft) -> UserDraft:
    """The draft with texts that can be stored; the name of a person is made of what there is."""
    user_name = (draft.user_name or "").strip()
    if not user_name:
        raise Required("A user needs a userName.", path=("userName",))
    if not storable_text(user_name, MAX_USER_NAME):
        raise Invalid(f"A userName is a text of at most {MAX_USER_NAME} characters.", path=("userName",))
    email = (draft.email or "").strip() or (user_name if is_email(user_name) else "")
    if email and not (storable_text(email, MAX_EMAIL) and is_email(email)):
        raise Invalid("This is not an email address; one looks like ada@example.com.", path=("emails",))
    given, family = (_short(part) for part in (draft.given_name, draft.family_name))
    whole = " ".join(part for part in (given, family) if part)
    name = clean_name((draft.name or "").strip() or whole or user_name[:MAX_NAME], "user")
    external_id = (draft.external_id or "").strip() or None
    if external_id is not None and not storable_text(external_id, MAX_EXTERNAL_ID):
        raise Invalid(f"An externalId has at most {MAX_EXTERNAL_ID} characters.", path=("externalId",))
    return UserDraft(
        user_name, external_id, name, given, family, tidied(email) if email else None, draft.active
    )


def _short(text: str | None) -> str | None:
    cleaned = (text or "").strip()
    if cleaned and not storable_text(cleaned, MAX_NAME):
        raise Invalid(f"A part of a name has at most {MAX_NAME} characters.", path=("name",))
    return cleaned or None

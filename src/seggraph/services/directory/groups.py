"""Groups of the identity provider: their members get the roles that their names have."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from seggraph.access import Viewer, require_provisioning
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Duplicate, Invalid, NotFound, Required, TooMany
from seggraph.services.audit import audit
from seggraph.services.directory import roles
from seggraph.services.directory.conditions import Slice, condition
from seggraph.services.identity import user_rows
from seggraph.services.workspaces.users import MAX_USERS
from seggraph.values.attribute_values import storable_text
from seggraph.vocabulary import AuditAction, AuditSubject

MAX_NAME: Final = 255
MAX_GROUPS: Final = 1_000
"""Most groups of a workspace."""

MEMBERS: Final = """
    ARRAY(SELECT (u.id, coalesce(wu.name, u.name)) FROM directory_memberships m JOIN users u ON u.id = m.user_id
          JOIN workspace_users wu ON wu.workspace_id = g.workspace_id AND wu.user_id = u.id
          WHERE m.workspace_id = g.workspace_id AND m.group_id = g.id ORDER BY u.id)
"""
VALUES: Final = "g.id, g.display_name, g.external_id, g.created_at, g.updated_at"
COUNT: Final = "SELECT count(*) FROM directory_groups g WHERE g.workspace_id = $1"

COLUMNS: Final = {
    "id": "g.id = {}",
    "displayName": "lower(g.display_name) = lower({})",
    "externalId": "g.external_id = {}",
}
"""What a list may be narrowed by."""

TAKEN: Final = """
    SELECT EXISTS (SELECT FROM directory_groups
      WHERE workspace_id = $1 AND lower(display_name) = lower($2) AND id IS DISTINCT FROM $3)
"""

CREATE: Final = """
    INSERT INTO directory_groups (workspace_id, display_name, external_id, created_at, updated_at)
    VALUES ($1, $2, $3, now(), now()) RETURNING id
"""

STORE: Final = """
    UPDATE directory_groups SET display_name = $3, external_id = $4, updated_at = clock_timestamp()
    WHERE workspace_id = $1 AND id = $2
"""

KNOWN: Final = """
    SELECT user_id FROM workspace_users WHERE workspace_id = $1 AND user_id = ANY($2) AND removed_at IS NULL
"""
JOIN: Final = """
    INSERT INTO directory_memberships (workspace_id, group_id, user_id) SELECT $1, $2, unnest($3::bigint[])
    ON CONFLICT (group_id, user_id) DO NOTHING
"""
LEAVE: Final = """
    DELETE FROM directory_memberships WHERE workspace_id = $1 AND group_id = $2 AND user_id = ANY($3)
"""
DELETE: Final = "DELETE FROM directory_groups WHERE workspace_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class DirectoryGroup:
    """A group; `members` are ids and names of users, and empty if they were not asked for."""

    id: int
    display_name: str
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    members: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """What the identity provider says about a group."""

    display_name: str
    external_id: str | None = None
    member_ids: Sequence[int] = ()


async def list_slice(
    viewer: Viewer, equal: Sequence[tuple[str, Any]], part: Slice, *, with_members: bool = True
) -> tuple[list[DirectoryGroup], int]:
    """A part of the groups whose attributes are equal to values, the oldest first, and how many there are in all."""
    require_provisioning(viewer)
    narrowed, values = condition(COLUMNS, equal, 2)
    offset, limit = part.limits
    async with database() as connection:
        total: int = await connection.fetchval(COUNT + narrowed, viewer.workspace_id, *values)
        text = f"{_select(with_members=with_members)}{narrowed} ORDER BY g.id OFFSET {offset} LIMIT {limit}"
        rows = await connection.fetch(text, viewer.workspace_id, *values)
    return [_view(row) for row in rows], total


async def get(viewer: Viewer, group_id: int, *, with_members: bool = True) -> DirectoryGroup:
    """A group. Raises Forbidden, NotFound."""
    found, _ = await list_slice(viewer, [("id", group_id)], Slice(), with_members=with_members)
    if not found:
        raise _missing()
    return found[0]


async def create(context: Context, viewer: Viewer, draft: GroupDraft) -> DirectoryGroup:
    """Make a group. Raises Forbidden, Required, Invalid, TooMany, Duplicate, LastAdministrator."""
    require_provisioning(viewer)
    name, external_id = _cleaned(draft)
    async with begin() as unit:
        await user_rows.lock(unit, viewer.workspace_id)
        if await unit.connection.fetchval(COUNT, viewer.workspace_id) >= MAX_GROUPS:
            raise TooMany(f"A workspace has at most {MAX_GROUPS} groups.")
        await _require_free(unit, viewer, name, None)
        group_id = await unit.connection.fetchval(CREATE, viewer.workspace_id, name, external_id)
        after = await _fill(context, unit, viewer, group_id, draft)
        await _record(unit, viewer, AuditAction.CREATED, None, after)
    return after


async def change(
    context: Context,
    viewer: Viewer,
    group_id: int,
    decide: Callable[[DirectoryGroup], Awaitable[GroupDraft]],
) -> DirectoryGroup:
    """Make a group what `decide` says of the one that is there, while nobody else changes users and groups.

    Raises as `create`, NotFound, and what `decide` raises.
    """
    require_provisioning(viewer)
    async with begin() as unit:
        await user_rows.lock(unit, viewer.workspace_id)
        before = await _read(unit, viewer, group_id)
        draft = await decide(before)
        name, external_id = _cleaned(draft)
        await _require_free(unit, viewer, name, group_id)
        after = await _fill(context, unit, viewer, group_id, draft, (name, external_id))
        await _record(unit, viewer, AuditAction.EDITED, before, after)
    return after


async def delete(context: Context, viewer: Viewer, group_id: int) -> None:
    """Delete a group; its members stay users. Raises Forbidden, NotFound, LastAdministrator."""
    require_provisioning(viewer)
    async with begin() as unit:
        await user_rows.lock(unit, viewer.workspace_id)
        before = await _read(unit, viewer, group_id)
        had = await roles.of_groups(context, unit, viewer, [user_id for user_id, _ in before.members])
        await unit.connection.execute(DELETE, viewer.workspace_id, group_id)
        await roles.follow(context, unit, viewer, had)
        await _record(unit, viewer, AuditAction.DELETED, before, None)


async def _fill(
    context: Context,
    unit: UnitOfWork,
    viewer: Viewer,
    group_id: int,
    draft: GroupDraft,
    names: tuple[str, str | None] | None = None,
) -> DirectoryGroup:
    """Store the names, if given, and exactly these members of a group; their roles follow."""
    before = await _read(unit, viewer, group_id)
    was, wanted = {user_id for user_id, _ in before.members}, set(draft.member_ids)
    known = await unit.connection.fetch(KNOWN, viewer.workspace_id, list(wanted))
    if len(known) != len(wanted):
        raise Invalid("One of the members is no user of the workspace.", path=("members",))
    is_renamed = names is not None and names != (before.display_name, before.external_id)
    touched = was | wanted if is_renamed else was ^ wanted
    had = await roles.of_groups(context, unit, viewer, sorted(touched))
    if names is not None:
        await unit.connection.execute(STORE, viewer.workspace_id, group_id, *names)
    await unit.connection.execute(LEAVE, viewer.workspace_id, group_id, sorted(was - wanted))
    await unit.connection.execute(JOIN, viewer.workspace_id, group_id, sorted(wanted - was))
    await roles.follow(context, unit, viewer, had)
    return await _read(unit, viewer, group_id)


async def _require_free(unit: UnitOfWork, viewer: Viewer, name: str, own_id: int | None) -> None:
    if await unit.connection.fetchval(TAKEN, viewer.workspace_id, name, own_id):
        raise Duplicate("The workspace has a group with this displayName already.", path=("displayName",))


async def _read(unit: UnitOfWork, viewer: Viewer, group_id: int) -> DirectoryGroup:
    row = await unit.connection.fetchrow(
        f"{_select(with_members=True)} AND g.id = $2", viewer.workspace_id, group_id
    )
    if row is None:
        raise _missing()
    return _view(row)


async def _record(
    unit: UnitOfWork,
    viewer: Viewer,
    action: AuditAction,
    before: DirectoryGroup | None,
    after: DirectoryGroup | None,
) -> None:
    """Write a change to the audit log: of the members their number, for their roles have entries of their own."""
    was, now = (
        None if group is None else {"name": group.display_name, "member_count": len(group.members)}
        for group in (before, after)
    )
    group = after or before
    subject = audit.Subject(AuditSubject.GROUP, None, None if group is None else group.display_name)
    await audit.record(unit, viewer, action, subject, was, now)


def _select(*, with_members: bool) -> str:
    members = MEMBERS if with_members else "NULL"
    return f"SELECT {VALUES}, {members} AS members FROM directory_groups g WHERE g.workspace_id = $1"  # noqa: S608


def _view(row: asyncpg.Record) -> DirectoryGroup:
    members = tuple((member[0], member[1]) for member in row["members"] or ())
    values = row["id"], row["display_name"], row["external_id"], row["created_at"], row["updated_at"]
    return DirectoryGroup(*values, members)


def _missing() -> NotFound:
    return NotFound("There is no such group.", path=("id",))


def _cleaned(draft: GroupDraft) -> tuple[str, str | None]:
    name, external_id = (draft.display_name or "").strip(), (draft.external_id or "").strip() or None
    if not name:
        raise Required("A group needs a displayName.", path=("displayName",))
    for text, path in ((name, "displayName"), (external_id or "x", "externalId")):
        if not storable_text(text, MAX_NAME):
            raise Invalid(f"This is a text of at most {MAX_NAME} characters.", path=(path,))
    if len(draft.member_ids) > MAX_USERS:
        raise TooMany(f"A group has at most {MAX_USERS} members.", path=("members",))
    return name, external_id

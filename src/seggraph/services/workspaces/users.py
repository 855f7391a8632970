"""Users as administrators deal with them: invited or created, given a role, deactivated, signed out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from seggraph.access import Viewer, require_admin
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Duplicate, Invalid, NotFound, Required, TooMany
from seggraph.events import Fact, PlaybookChanged, UserChanged
from seggraph.services.audit import audit
from seggraph.services.identity import user_rows
from seggraph.services.identity.users import UserView
from seggraph.services.segments import rows as segment_rows
from seggraph.values.attribute_values import storable_text
from seggraph.values.emails import MAX_EMAIL, is_email, tidied
from seggraph.values.names import clean_name
from seggraph.vocabulary import AuditAction, AuditSubject, Role, Visibility

MAX_SUBJECT: Final = 255
MAX_USERS: Final = 10_000
"""Most users of a workspace, deactivated ones too."""

COUNT: Final = "SELECT count(*) FROM workspace_users WHERE workspace_id = $1"

SAME_EMAIL: Final = """
    SELECT EXISTS (SELECT FROM workspace_users wu JOIN users u ON u.id = wu.user_id
      WHERE wu.workspace_id = $1 AND lower(coalesce(wu.email, u.email)) = lower($2))
"""

EDIT: Final = """
    UPDATE workspace_users SET role = $3::text, name = $4,
      role_as_of = CASE WHEN role = $3::text THEN role_as_of ELSE now() END,
      deactivated_at = CASE WHEN $5 THEN NULL ELSE coalesce(deactivated_at, now()) END,
      removed_at = CASE WHEN $5 THEN NULL ELSE removed_at END,
      tokens_after = CASE WHEN $6 THEN now() ELSE tokens_after END
    WHERE workspace_id = $1 AND user_id = $2
"""

PRIVATE_SEGMENTS: Final = """
    SELECT id FROM segments WHERE workspace_id = $1 AND created_by_id = $2 AND visibility = 'PRIVATE'
"""

HAND_OVER_SEGMENTS: Final = """
    UPDATE segments SET created_by_id = $3, version = version + 1
    WHERE workspace_id = $1 AND created_by_id = $2 AND visibility = 'PRIVATE' RETURNING id
"""

UNHIDE: Final = """
    DELETE FROM segment_hidings WHERE workspace_id = $1 AND user_id = $2 AND segment_id = ANY($3)
"""
"""Nobody has a segment of their own hidden from them."""

HAND_OVER_PLAYBOOKS: Final = """
    UPDATE playbooks SET created_by_id = $3, version = version + 1
    WHERE workspace_id = $1 AND created_by_id = $2 AND visibility = 'PRIVATE' RETURNING id
"""

AUDITED: Final = ("name", "role", "active")
"""What the audit log shows of a user."""


@dataclass(frozen=True, slots=True)
class UserDraft:
    """A user to create: by the subject of their tokens, or invited by an email address, or both."""

    role: Role
    subject: str | None = None
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class UserChange:
    """A user as a change left them, and how many private segments and playbooks were handed over."""

    user: UserView
    segments: int = 0
    playbooks: int = 0


async def create(context: Context, viewer: Viewer, draft: UserDraft) -> UserView:
    """Let a person sign in to the workspace. Raises Forbidden, Required, Invalid, TooLong, TooMany, Duplicate."""
    require_admin(viewer)
    subject, email = _clean_subject(draft.subject), _clean_email(draft.email)
    if subject is None and email is None:
        raise Required("Say who: give the subject of their tokens, or an email address.", path=("subject",))
    email = email or (tidied(subject) if subject is not None and is_email(subject) else "")
    called = email.partition("@")[0].replace(".", " ").title()
    name = clean_name(draft.name or called or subject, "user")
    async with begin() as unit:
        await user_rows.lock(unit, viewer.workspace_id)
        if await unit.connection.fetchval(COUNT, viewer.workspace_id) >= MAX_USERS:
            raise TooMany(f"A workspace has at most {MAX_USERS} users, deactivated ones too.")
        if email and await unit.connection.fetchval(SAME_EMAIL, viewer.workspace_id, email):
            raise _exists("email address", ("email",))
        user_id = await user_rows.add(
            unit, viewer.workspace_id, subject=subject, name=name, email=email, role=draft.role
        )
        if user_id is None:
            raise _exists("subject", ("subject",))
        after = await user_rows.get(unit, viewer.workspace_id, user_id)
        await _record(unit, viewer, AuditAction.CREATED, None, after)
        context.publish(unit, [_changed(viewer, after)])
    return after


async def update(context: Context, viewer: Viewer, user_id: int, given: Mapping[str, Any]) -> UserChange:
    """Change what is given of: name, role, active; `sign_out` withdraws their tokens, `hand_over_to` names a user.

    Who hands over keeps nothing private: segments and playbooks belong to the other user then. Raises Forbidden,
    NotFound, Invalid, LastAdministrator.
    """
    require_admin(viewer)
    async with begin() as unit:
        await user_rows.lock(unit, viewer.workspace_id)
        before = await user_rows.get(unit, viewer.workspace_id, user_id)
        name = before.name if given.get("name") is None else clean_name(given["name"], "user")
        role, active = given.get("role") or before.role, given.get("active")
        active = before.active if active is None else active
        was_admin = before.active and before.role is Role.ADMIN
        if was_admin and not (active and role is Role.ADMIN):
            await user_rows.require_other_admin(unit, viewer.workspace_id, user_id)
        signs_out = bool(given.get("sign_out"))
        await unit.connection.execute(EDIT, viewer.workspace_id, user_id, role, name, active, signs_out)
        segments, playbooks = await _hand_over(context, unit, viewer, user_id, given.get("hand_over_to"))
        after = await user_rows.get(unit, viewer.workspace_id, user_id)
        more = {"segments_handed_over": segments or None, "playbooks_handed_over": playbooks or None}
        more["signed_out"] = signs_out or None
        await _record(unit, viewer, AuditAction.EDITED, before, after, **more)
        context.publish(unit, [_changed(viewer, after, before)])
    return UserChange(after, segments, playbooks)


async def _hand_over(
    context: Context, unit: UnitOfWork, viewer: Viewer, user_id: int, to_id: int | None
) -> tuple[int, int]:
    """Give what is private of a user to another one; returns how many segments and playbooks."""
    if to_id is None:
        return 0, 0
    if to_id == user_id:
        raise Invalid("Name another user to hand over to.", path=("handOverPrivateTo",))
    try:
        heir = await user_rows.get(unit, viewer.workspace_id, to_id)
    except NotFound as error:
        raise NotFound(error.message, path=("handOverPrivateTo",)) from error
    if not heir.active:
        raise Invalid("This user is deactivated; hand over to another one.", path=("handOverPrivateTo",))
    whom = viewer.workspace_id, user_id, to_id
    private = await unit.connection.fetch(PRIVATE_SEGMENTS, viewer.workspace_id, user_id)
    held = await segment_rows.hold_any(unit, viewer.workspace_id, [row["id"] for row in private])
    segments = [row["id"] for row in await unit.connection.fetch(HAND_OVER_SEGMENTS, *whom)]
    playbooks = [row["id"] for row in await unit.connection.fetch(HAND_OVER_PLAYBOOKS, *whom)]
    await unit.connection.execute(UNHIDE, viewer.workspace_id, to_id, segments)
    at, workspace_id = datetime.now(UTC), viewer.workspace_id
    facts: list[Fact] = [segment_rows.seen_by_others(workspace_id, one, ()) for one in held.values()]
    facts += [
        PlaybookChanged(
            workspace_id=workspace_id,
            at=at,
            playbook_id=one,
            visibility=Visibility.PRIVATE,
            created_by_id=to_id,
            is_deleted=False,
        )
        for one in playbooks
    ]
    context.publish(unit, facts)
    return len(segments), len(playbooks)


async def _record(
    unit: UnitOfWork,
    viewer: Viewer,
    action: AuditAction,
    before: UserView | None,
    after: UserView,
    **more: object,
) -> None:
    was = None if before is None else audit.described(before, *AUDITED)
    subject = audit.Subject(AuditSubject.USER, after.id, after.name)
    noted = {name: value for name, value in more.items() if value is not None}
    await audit.record(unit, viewer, action, subject, was, audit.described(after, *AUDITED) | noted)


def _changed(viewer: Viewer, after: UserView, before: UserView | None = None) -> UserChanged:
    return UserChanged(
        workspace_id=viewer.workspace_id,
        at=datetime.now(UTC),
        user_id=after.id,
        previous_role=before.role if before is not None and before.role is not after.role else None,
    )


def _exists(what: str, path: tuple[str, ...]) -> Duplicate:
    return Duplicate(
        f"The workspace has a user with this {what} already; updateUser changes or activates them.", path=path
    )


def _clean_subject(subject: str | None) -> str | None:
    if subject is None or not subject.strip():
        return None
    if not storable_text(subject.strip(), MAX_SUBJECT):
        raise Invalid(f"A subject is a text of at most {MAX_SUBJECT} characters.", path=("subject",))
    return subject.strip()


def _clean_email(email: str | None) -> str | None:
    if email is None or not email.strip():
        return None
    cleaned = email.strip()
    if not storable_text(cleaned, MAX_EMAIL) or not is_email(cleaned):
        raise Invalid("This is not an email address; one looks like ada@example.com.", path=("email",))
    return tidied(cleaned)

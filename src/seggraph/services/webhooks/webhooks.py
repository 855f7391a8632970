"""Webhooks as an administrator deals with them: made, changed, paused, given another secret, deleted.

A secret is shown once, when it is made; afterwards only its end can be seen. What is sent to a webhook is
`webhook_messages`, how it is sent is `webhook_runs`, and how that went is `webhook_attempts`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg

from seggraph import webhook_signatures
from seggraph.access import Viewer, is_admin, require_admin
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Invalid, NotFound, Required, TooMany
from seggraph.files import secrets
from seggraph.http_client import AddressRefused
from seggraph.services.audit import audit
from seggraph.values.names import clean_description
from seggraph.values.urls import address_of
from seggraph.vocabulary import AuditAction, AuditSubject, Topic, WebhookStatus

MAX_WEBHOOKS: Final = 20
GRACE_SECONDS: Final = 86_400
"""For how long messages are signed with the previous secret too."""


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A webhook as it is read: the columns of models.webhooks.Webhook that administrators see."""

    id: int
    url: str
    description: str | None
    topics: list[Topic]
    status: WebhookStatus
    status_reason: str | None
    secret_hint: str
    previous_until: datetime | None
    failures: int
    failing_since: datetime | None
    retry_at: datetime | None
    created_by_id: int | None
    created_by_key_id: int | None
    created_at: datetime
    last_modified_at: datetime


COLUMNS: Final = ", ".join(field.name for field in fields(WebhookView))

SELECT: Final = f"SELECT {COLUMNS} FROM webhooks WHERE workspace_id = $1"  # noqa: S608 - constants only

LOCK_WORKSPACE: Final = "SELECT id FROM workspaces WHERE id = $1 FOR NO KEY UPDATE"

COUNT: Final = "SELECT count(*) FROM webhooks WHERE workspace_id = $1"

NEW_ID: Final = "SELECT nextval(pg_get_serial_sequence('webhooks', 'id'))"

CREATE: Final = """
    INSERT INTO webhooks (id, workspace_id, url, description, topics, secret, secret_hint, created_by_id,
      created_by_key_id)
    VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9)
"""

EDIT: Final = """
    UPDATE webhooks SET url = $3, description = $4, topics = $5, last_modified_at = now()
    WHERE workspace_id = $1 AND id = $2
"""

SET_STATUS: Final = """
    UPDATE webhooks SET status = $3, status_reason = NULL, failures = 0, failing_since = NULL, retry_at = NULL,
      last_modified_at = now()
    WHERE workspace_id = $1 AND id = $2 AND status <> $3
"""

ROTATE: Final = """
    UPDATE webhooks SET previous_secret = secret,
      previous_until = clock_timestamp() + make_interval(secs => $3), secret = $4, secret_hint = $5,
      last_modified_at = now()
    WHERE workspace_id = $1 AND id = $2
"""

RENEW: Final = """
    UPDATE webhooks SET secret = $3, secret_hint = $4, previous_secret = NULL, previous_until = NULL
    WHERE workspace_id = $1 AND id = $2
"""

DELETE: Final = (
    "DELETE FROM webhook_attempts WHERE workspace_id = $1 AND webhook_id = $2",
    "DELETE FROM webhook_messages WHERE workspace_id = $1 AND webhook_id = $2",
    "DELETE FROM webhooks WHERE workspace_id = $1 AND id = $2",
)


@dataclass(frozen=True, slots=True)
class WebhookDraft:
    """A webhook to make."""

    url: str
    topics: Sequence[Topic]
    description: str | None = None


async def create(context: Context, viewer: Viewer, draft: WebhookDraft) -> tuple[WebhookView, str]:
    """Make a webhook; returns it with its secret, which is shown only now.

    Raises Forbidden, Required, Invalid (a URL that may not be called), TooLong, TooMany.
    """
    require_admin(viewer)
    topics = _clean_topics(draft.topics)
    description = clean_description(draft.description)
    await _require_callable(context, draft.url)
    secret = webhook_signatures.new_secret()
    async with begin() as unit:
        await unit.connection.execute(LOCK_WORKSPACE, viewer.workspace_id)
        if await unit.connection.fetchval(COUNT, viewer.workspace_id) >= MAX_WEBHOOKS:
            raise TooMany(f"A workspace has at most {MAX_WEBHOOKS} webhooks; delete one that is not needed.")
        webhook_id: int = await unit.connection.fetchval(NEW_ID)
        await unit.connection.execute(
            CREATE,
            viewer.workspace_id,
            webhook_id,
            draft.url,
            description,
            topics,
            secrets.encrypt(context.settings, secret, purpose=purpose_of(webhook_id)),
            secrets.hint(secret),
            viewer.user_id,
            viewer.api_key_id,
        )
        view = await _read_back(unit, viewer, webhook_id)
        await _audit(unit, viewer, AuditAction.CREATED, None, view)
        return view, secret


async def update(
    context: Context, viewer: Viewer, webhook_id: int, given: Mapping[str, Any]
) -> tuple[WebhookView, str | None]:
    """Change what is given of: url, topics, description. What waits is sent to the new URL.

    When the address changes, the secret does too, for who had the old address knows the old one. Returns the webhook,
    and the new secret, which is shown only now. Raises NotFound, and like `create`.
    """
    require_admin(viewer)
    before = await get(viewer, webhook_id)
    url = given.get("url", before.url)
    topics = _clean_topics(given["topics"] or ()) if "topics" in given else list(before.topics)
    description = clean_description(given.get("description", before.description))
    if not url:
        raise Required("A webhook needs a URL.", path=("url",))
    if url != before.url:
        await _require_callable(context, url)
    async with begin() as unit:
        before = await _held(unit, viewer, webhook_id)
        await unit.connection.execute(EDIT, viewer.workspace_id, webhook_id, url, description, topics)
        secret = None
        if address_of(url) != address_of(before.url):
            secret = webhook_signatures.new_secret()
            sealed = secrets.encrypt(context.settings, secret, purpose=purpose_of(webhook_id))
            await unit.connection.execute(
                RENEW, viewer.workspace_id, webhook_id, sealed, secrets.hint(secret)
            )
        after = await _read_back(unit, viewer, webhook_id)
        await _audit(unit, viewer, AuditAction.EDITED, before, after)
        return after, secret


async def pause(viewer: Viewer, webhook_id: int) -> WebhookView:
    """Send nothing for now: messages wait, for as long as they are kept. Raises Forbidden, NotFound."""
    return await _set_status(viewer, webhook_id, WebhookStatus.PAUSED)


async def resume(viewer: Viewer, webhook_id: int) -> WebhookView:
    """Send again, what waited first; also to a webhook that was disabled. Raises Forbidden, NotFound."""
    return await _set_status(viewer, webhook_id, WebhookStatus.ACTIVE)


async def rotate_secret(context: Context, viewer: Viewer, webhook_id: int) -> tuple[WebhookView, str]:
    """Give a webhook another secret, which is shown only now. For GRACE_SECONDS messages are signed with both.

    Raises Forbidden, NotFound.
    """
    require_admin(viewer)
    secret = webhook_signatures.new_secret()
    sealed = secrets.encrypt(context.settings, secret, purpose=purpose_of(webhook_id))
    async with begin() as unit:
        before = await _read_back(unit, viewer, webhook_id)
        await unit.connection.execute(
            ROTATE,
            viewer.workspace_id,
            webhook_id,
            float(GRACE_SECONDS),
            sealed,
            secrets.hint(secret),
        )
        after = await _read_back(unit, viewer, webhook_id)
        await _audit(unit, viewer, AuditAction.EDITED, before, after)
        return after, secret


async def delete(viewer: Viewer, webhook_id: int) -> None:
    """Delete a webhook with its messages and the log of its attempts. Raises Forbidden, NotFound."""
    require_admin(viewer)
    async with begin() as unit:
        before = await _read_back(unit, viewer, webhook_id)
        for statement in DELETE:
            await unit.connection.execute(statement, viewer.workspace_id, webhook_id)
        await _audit(unit, viewer, AuditAction.DELETED, before, None)


async def list_all(viewer: Viewer) -> list[WebhookView]:
    """The workspace's webhooks, the newest first; MAX_WEBHOOKS at most. Raises Forbidden."""
    require_admin(viewer)
    async with database() as connection:
        rows = await connection.fetch(f"{SELECT} ORDER BY id DESC", viewer.workspace_id)
    return [_view(row) for row in rows]


async def get(viewer: Viewer, webhook_id: int) -> WebhookView:
    """One webhook. Raises NotFound, also for users that are no administrators."""
    found = await get_many(viewer, [webhook_id])
    if webhook_id not in found:
        raise NotFound("There is no such webhook.", path=("id",))
    return found[webhook_id]


async def get_many(viewer: Viewer, webhook_ids: Sequence[int]) -> dict[int, WebhookView]:
    """Those of the webhooks that the workspace has, by id; none for anybody but administrators."""
    if not webhook_ids or not is_admin(viewer):
        return {}
    async with database() as connection:
        rows = await connection.fetch(f"{SELECT} AND id = ANY($2)", viewer.workspace_id, list(webhook_ids))
    return {row["id"]: _view(row) for row in rows}


def purpose_of(webhook_id: int) -> str:
    """What the secrets of a webhook are encrypted for."""
    return f"webhook {webhook_id}"


async def _set_status(viewer: Viewer, webhook_id: int, status: WebhookStatus) -> WebhookView:
    require_admin(viewer)
    async with begin() as unit:
        before = await _read_back(unit, viewer, webhook_id)
        await unit.connection.execute(SET_STATUS, viewer.workspace_id, webhook_id, status)
        after = await _read_back(unit, viewer, webhook_id)
        if before.status is not status:
            action = AuditAction.PAUSED if status is WebhookStatus.PAUSED else AuditAction.RESUMED
            await _audit(unit, viewer, action, before, after)
        return after


async def _held(unit: UnitOfWork, viewer: Viewer, webhook_id: int) -> WebhookView:
    """The webhook, which nobody else changes until the unit of work ends. Raises NotFound."""
    row = await unit.connection.fetchrow(f"{SELECT} AND id = $2 FOR UPDATE", viewer.workspace_id, webhook_id)
    if row is None:
        raise NotFound("There is no such webhook.", path=("id",))
    return _view(row)


async def _read_back(unit: UnitOfWork, viewer: Viewer, webhook_id: int) -> WebhookView:
    row = await unit.connection.fetchrow(f"{SELECT} AND id = $2", viewer.workspace_id, webhook_id)
    if row is None:
        raise NotFound("There is no such webhook.", path=("id",))
    return _view(row)


async def _audit(
    unit: UnitOfWork,
    viewer: Viewer,
    action: AuditAction,
    before: WebhookView | None,
    after: WebhookView | None,
) -> None:
    """Write who did what; of the URL only the host, for a path may be a secret."""
    view = after or before
    await audit.record(unit, viewer, action, audited_as(view), _audited(before), _audited(after))


def audited_as(view: WebhookView | None) -> audit.Subject:
    """What the audit log calls a webhook: by its host, since a whole URL may hold secrets."""
    return audit.Subject(AuditSubject.WEBHOOK, None if view is None else view.id, _audited(view).get("host"))


def _audited(view: WebhookView | None) -> dict[str, Any]:
    if view is None:
        return {}
    return {
        "host": urlsplit(view.url).hostname,
        "description": view.description,
        "topics": list(view.topics),
        "status": view.status,
        "hint": view.secret_hint,
    }


def _clean_topics(topics: Sequence[Topic]) -> list[Topic]:
    if not topics:
        raise Required("Name at least one topic.", path=("topics",))
    return sorted(set(topics), key=list(Topic).index)


async def _require_callable(context: Context, url: str) -> None:
    try:
        await context.outgoing.check(url)
    except AddressRefused as error:
        raise Invalid(error.message, path=("url",)) from error


def _view(row: asyncpg.Record) -> WebhookView:
    values: dict[str, Any] = {field.name: row[field.name] for field in fields(WebhookView)}
    values["topics"] = [Topic(topic) for topic in values["topics"]]
    values["status"] = WebhookStatus(values["status"])
    return WebhookView(**values)

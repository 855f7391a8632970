"""What users do with destinations: create, change, delete and list them. A secret is never shown again.

Administrators and leaders manage destinations; only administrators set secrets, and see the signing secret once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import orjson

from seggraph import webhook_signatures
from seggraph.access import Viewer, is_admin, require_admin, require_destination_management
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.destinations import templates
from seggraph.destinations.definition import DestinationOptions
from seggraph.destinations.registry import definition_of
from seggraph.errors import NameTaken, NotFound, SegmentInUse, StaleVersion, TooMany
from seggraph.files import secrets
from seggraph.services.audit import audit
from seggraph.services.destinations.adapters import environment_of, purpose
from seggraph.values.names import clean_name, name_key
from seggraph.values.urls import Address, address_of
from seggraph.vocabulary import AuditAction, AuditSubject, Channel

MAX_DESTINATIONS: Final = 100

INSERT: Final = """
    INSERT INTO destinations (workspace_id, name, name_key, type, channel, url, header_name, mapping, auth_secret,
      auth_hint, signing_secret, created_by_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (workspace_id, name_key) DO NOTHING RETURNING id
"""

UPDATE: Final = """
    UPDATE destinations SET name = $3, name_key = $4, channel = $5, url = $6, header_name = $7, mapping = $8,
      auth_secret = $9, auth_hint = $10, signing_secret = $11, version = version + 1
    WHERE workspace_id = $1 AND id = $2
"""

SEND_ANEW: Final = """
    UPDATE deliveries SET channel = $3, resend = resend OR $4,
      retry_at = NULL WHERE workspace_id = $1 AND destination_id = $2
    RETURNING id, claims
"""

NOTE: Final = """
    INSERT INTO delivery_changes (workspace_id, delivery_id)
    SELECT workspace_id, id FROM deliveries
    WHERE workspace_id = $1 AND destination_id = $2 AND status IN ('NOT_SENT', 'BUILDING', 'ACTIVE')
"""

HOLD: Final = "SELECT * FROM destinations WHERE workspace_id = $1 AND id = $2 FOR UPDATE"

TAKEN: Final = (
    "SELECT EXISTS (SELECT FROM destinations WHERE workspace_id = $1 AND name_key = $2 AND id <> $3)"
)

COUNT: Final = "SELECT count(*) FROM destinations WHERE workspace_id = $1"

ATTRIBUTES: Final = "SELECT DISTINCT name FROM attributes WHERE workspace_id = $1"

HELD: Final = """
    SELECT s.name FROM deliveries d JOIN segments s ON s.id = d.segment_id
    WHERE d.workspace_id = $1 AND d.destination_id = $2
      AND (d.status <> 'INACTIVE' OR d.wish = 'EMPTY') ORDER BY s.id LIMIT 10
"""

DELETE: Final = (
    """
    DELETE FROM chunks WHERE workspace_id = $1 AND role IN (41, 42, 43)
      AND owner_id IN (SELECT id FROM deliveries WHERE workspace_id = $1 AND destination_id = $2)
    """,
    "DELETE FROM destinations WHERE workspace_id = $1 AND id = $2",
)


@dataclass(frozen=True, slots=True)
class DestinationDraft:
    """A destination to make. `auth_secret` is a bearer token, or the value of the header `header_name`."""

    name: str
    type: str
    channel: Channel | None = None
    url: str | None = None
    header_name: str | None = None
    mapping: Mapping[str, Any] | None = None
    auth_secret: str | None = None


@dataclass(frozen=True, slots=True)
class DestinationView:
    """A destination as it is read."""

    id: int
    name: str
    type: str
    channel: Channel | None
    url: str | None
    header_name: str | None
    mapping: Mapping[str, Any]
    auth_hint: str | None
    version: int
    created_by_id: int | None
    created_at: datetime

    @property
    def origin(self) -> str | None:
        """Scheme and host of the URL: what everyone may see, for path and query may be secrets."""
        if self.url is None:
            return None
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class Saved:
    """A destination as it was saved, and its signing secret if that is new and the viewer may see it, once.

    `auth_secret_dropped` says that its address changed, so that the secret for the old one is not kept.
    """

    view: DestinationView
    signing_secret: str | None = None
    auth_secret_dropped: bool = False


SELECT: Final = f"""
    SELECT {", ".join(field.name for field in fields(DestinationView))} FROM destinations WHERE workspace_id = $1
"""  # noqa: S608 - constants only


async def create(context: Context, viewer: Viewer, draft: DestinationDraft) -> Saved:
    """Make a destination.

    Raises Forbidden, Required, Invalid (URL, header, folder), NotFound (a field that the mapping reads), NameTaken,
    TooMany.
    """
    require_destination_management(viewer)
    if draft.auth_secret is not None:
        require_admin(viewer, path=("authSecret",))
    name = clean_name(draft.name, "destination")
    await _require_possible(context, viewer, draft)
    secret = webhook_signatures.new_secret()
    workspace_id = viewer.workspace_id
    async with begin() as unit:
        if await unit.connection.fetchval(COUNT, workspace_id) >= MAX_DESTINATIONS:
            raise TooMany(f"A workspace has at most {MAX_DESTINATIONS} destinations; delete one first.")
        auth, hint = _sealed(context, workspace_id, draft.auth_secret)
        sealed = secrets.encrypt(context.settings, secret, purpose=purpose(workspace_id, "signing"))
        number = await unit.connection.fetchval(
            INSERT,
            workspace_id,
            name,
            name_key(name),
            draft.type,
            _channel(draft),
            draft.url,
            draft.header_name,
            orjson.dumps(_mapping(draft)).decode(),
            auth,
            hint,
            sealed,
            viewer.user_id,
        )
        if number is None:
            raise _taken()
        view = await _read(unit.connection, workspace_id, number)
        await _noted(unit, viewer, AuditAction.CREATED, view, None, _audited(view))
    return Saved(view, _shown(viewer, secret))


async def update(
    context: Context,
    viewer: Viewer,
    destination_id: int,
    changes: Mapping[str, Any],
    *,
    version: int | None = None,
    new_signing_secret: bool = False,
) -> Saved:
    """Change a destination: `changes` are fields of DestinationDraft but for its type.

    After a change of the mapping or the URL all members are sent again. A secret is for the address that it was given
    for: when the address changes, it is dropped unless it is given anew. Raises like `create`, and StaleVersion.
    """
    require_destination_management(viewer)
    if "auth_secret" in changes or new_signing_secret:
        require_admin(viewer, path=("authSecret",) if "auth_secret" in changes else ("newSigningSecret",))
    before = await get(viewer, destination_id)
    given = {name: value for name, value in changes.items() if name != "auth_secret"}
    draft = DestinationDraft(**{**_values(before), **given, "auth_secret": changes.get("auth_secret")})
    name = clean_name(draft.name, "destination")
    await _require_possible(context, viewer, draft)
    secret = webhook_signatures.new_secret() if new_signing_secret else None
    workspace_id = viewer.workspace_id
    async with begin() as unit:
        row = await unit.connection.fetchrow(HOLD, workspace_id, destination_id)
        if row is None or row["version"] != (before.version if version is None else version):
            raise StaleVersion(
                "Someone changed this destination; read it again and repeat your change.", path=("version",)
            )
        if await unit.connection.fetchval(TAKEN, workspace_id, name_key(name), destination_id):
            raise _taken()
        auth, hint = row["auth_secret"], row["auth_hint"]
        is_dropped = False
        if "auth_secret" in changes:
            auth, hint = _sealed(context, workspace_id, draft.auth_secret)
        elif auth is not None and _recipient(before) != _recipient(draft):
            auth, hint, is_dropped = None, None, True
        sealed = row["signing_secret"]
        if secret is not None:
            sealed = secrets.encrypt(context.settings, secret, purpose=purpose(workspace_id, "signing"))
        await unit.connection.execute(
            UPDATE,
            workspace_id,
            destination_id,
            name,
            name_key(name),
            _channel(draft),
            draft.url,
            draft.header_name,
            orjson.dumps(_mapping(draft)).decode(),
            auth,
            hint,
            sealed,
        )
        view = await _read(unit.connection, workspace_id, destination_id)
        await _send_anew(context, unit, before, view, workspace_id)
        noted = {"signing_secret_is_new": True} if new_signing_secret else {}
        if is_dropped:
            noted["auth_secret_is_dropped"] = True
        await _noted(unit, viewer, AuditAction.EDITED, view, _audited(before), _audited(view) | noted)
    return Saved(view, None if secret is None else _shown(viewer, secret), is_dropped)


async def delete(context: Context, viewer: Viewer, destination_id: int) -> None:
    """Delete a destination that no segment is delivered to. Raises Forbidden, NotFound, SegmentInUse."""
    require_destination_management(viewer)
    view = await get(viewer, destination_id)
    async with begin() as unit:
        await unit.connection.fetchrow(HOLD, viewer.workspace_id, destination_id)
        held = await unit.connection.fetch(HELD, viewer.workspace_id, destination_id)
        if held:
            raise SegmentInUse(
                f"Segments are delivered there: {len(held)} or more. Deactivate their deliveries first.",
                path=("id",),
            )
        for statement in DELETE:
            await unit.connection.execute(statement, viewer.workspace_id, destination_id)
        await _noted(unit, viewer, AuditAction.DELETED, view, _audited(view), None)


async def _noted(
    unit: UnitOfWork,
    viewer: Viewer,
    action: AuditAction,
    view: DestinationView,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Write an entry in the audit log."""
    subject = audit.Subject(AuditSubject.DESTINATION, view.id, view.name)
    await audit.record(unit, viewer, action, subject, before, after)


def _audited(view: DestinationView) -> dict[str, Any]:
    """What the audit log says of a destination: of the URL only the host, for a path may be a secret."""
    described = audit.described(view, "name", "type", "channel", "header_name", "mapping", "auth_hint")
    return described | {"host": None if view.url is None else urlsplit(view.url).hostname}


async def get(viewer: Viewer, destination_id: int) -> DestinationView:
    """One destination of the workspace. Raises NotFound."""
    views = await get_many(viewer, [destination_id])
    if destination_id not in views:
        raise NotFound("There is no such destination.", path=("id",))
    return views[destination_id]


async def get_many(viewer: Viewer, destination_ids: Sequence[int]) -> dict[int, DestinationView]:
    """Those of the destinations that are the workspace's, by id."""
    async with database() as connection:
        rows = await connection.fetch(
            f"{SELECT} AND id = ANY($2)", viewer.workspace_id, list(destination_ids)
        )
    return {row["id"]: _view(row) for row in rows}


async def list_all(viewer: Viewer) -> list[DestinationView]:
    """All destinations of the workspace, by name; there are MAX_DESTINATIONS at most."""
    async with database() as connection:
        rows = await connection.fetch(f"{SELECT} ORDER BY name_key", viewer.workspace_id)
    return [_view(row) for row in rows]


async def _require_possible(context: Context, viewer: Viewer, draft: DestinationDraft) -> None:
    """Raise Required, Invalid or NotFound unless the destination can be called."""
    options = DestinationOptions(draft.channel, draft.url, draft.header_name, draft.auth_secret)
    await definition_of(draft.type).settings(options).check(environment_of(context))
    async with database() as connection:
        rows = await connection.fetch(ATTRIBUTES, viewer.workspace_id)
    templates.compile(_mapping(draft), {row["name"] for row in rows})


async def _send_anew(
    context: Context, unit: UnitOfWork, before: DestinationView, after: DestinationView, workspace_id: int
) -> None:
    """Send members again if the mapping, the URL or the channel changed."""
    changed = (before.url, before.mapping) != (after.url, after.mapping)
    if not changed and before.channel == after.channel:
        return
    rows = await unit.connection.fetch(SEND_ANEW, workspace_id, after.id, after.channel, changed)
    await unit.connection.execute(NOTE, workspace_id, after.id)
    for row in rows:
        context.deliver(unit, row["id"], claim=row["claims"])


def _recipient(of: DestinationView | DestinationDraft) -> tuple[Address | None, str]:
    """Where the secret is sent to, and under which name."""
    return address_of(of.url), (of.header_name or "Authorization").lower()


def _channel(draft: DestinationDraft) -> Channel | None:
    return definition_of(draft.type).channel or draft.channel


def _mapping(draft: DestinationDraft) -> Mapping[str, Any]:
    return templates.DEFAULT if draft.mapping is None else draft.mapping


def _sealed(context: Context, workspace_id: int, secret: str | None) -> tuple[bytes | None, str | None]:
    if secret is None:
        return None, None
    sealed = secrets.encrypt(context.settings, secret, purpose=purpose(workspace_id, "auth"))
    return sealed, secrets.hint(secret)


def _shown(viewer: Viewer, secret: str) -> str | None:
    """The signing secret for an administrator; others have to ask one."""
    return secret if is_admin(viewer) else None


def _values(view: DestinationView) -> dict[str, Any]:
    names = ("name", "type", "channel", "url", "header_name", "mapping")
    return {name: getattr(view, name) for name in names}


def _taken() -> NameTaken:
    return NameTaken("Another destination has this name; choose another one.", path=("name",))


async def _read(connection: asyncpg.Connection, workspace_id: int, destination_id: int) -> DestinationView:
    return _view(await connection.fetchrow(f"{SELECT} AND id = $2", workspace_id, destination_id))


def _view(row: asyncpg.Record) -> DestinationView:
    values: dict[str, Any] = {field.name: row[field.name] for field in fields(DestinationView)}
    values["channel"] = None if row["channel"] is None else Channel(row["channel"])
    values["mapping"] = orjson.loads(row["mapping"])
    return DestinationView(**values)

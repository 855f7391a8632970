"""API keys as administrators deal with them: made, changed, rotated, revoked, listed, and named as creators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any, Final

import asyncpg
from tortoise.exceptions import IntegrityError

from seggraph.access import Viewer, is_admin, require_admin
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import BadTransition, Invalid, NameTaken, NotFound, Required, TooLong, TooMany
from seggraph.models import ApiKey
from seggraph.services.audit import audit
from seggraph.services.identity.authentication import digest, new_api_key
from seggraph.vocabulary import ApiKeyScope, AuditAction, AuditSubject

MAX_NAME: Final = 200
HINT_LENGTH: Final = 15
MAX_KEYS: Final = 1_000
"""Most API keys that a workspace may have, revoked ones too."""
MAX_NETWORKS: Final = 50
LONGEST_OVERLAP: Final = timedelta(days=30)
"""For how long the key before may work after a rotation, at most."""
USUAL_OVERLAP: Final = timedelta(days=1)

HOLD: Final = "SELECT id FROM api_keys WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE"

REVOKE: Final = """
    UPDATE api_keys SET revoked_at = now() WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL
    RETURNING revoked_at
"""

EDIT: Final = """
    UPDATE api_keys SET name = $3, networks = $4, expires_at = $5 WHERE workspace_id = $1 AND id = $2
"""

ROTATE: Final = """
    UPDATE api_keys SET previous_digest = digest, previous_until = now() + $5::interval, digest = $3, hint = $4,
      rotated_at = now()
    WHERE workspace_id = $1 AND id = $2
"""

NAMES: Final = "SELECT id, name FROM api_keys WHERE workspace_id = $1 AND id = ANY($2)"


@dataclass(frozen=True, slots=True)
class ApiKeyDraft:
    """An API key to make."""

    name: str
    scope: ApiKeyScope
    expires_at: datetime | None = None
    networks: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """An API key as it is read: never the key itself."""

    id: int
    name: str
    hint: str
    scope: ApiKeyScope
    networks: list[str] | None
    created_at: datetime
    created_by_id: int | None
    created_by_key_id: int | None
    expires_at: datetime | None
    revoked_at: datetime | None
    rotated_at: datetime | None
    previous_until: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApiKeyName:
    """What an API key is called: all that others than administrators see of it."""

    id: int
    name: str


AUDITED: Final = ("name", "scope", "hint", "networks", "expires_at")
"""What the audit log shows of a key."""


async def create(viewer: Viewer, draft: ApiKeyDraft) -> tuple[ApiKeyView, str]:
    """Make an API key; the second of the pair is the key itself, which is nowhere kept.

    Raises Forbidden, Required, Invalid, TooLong, TooMany, NameTaken.
    """
    require_admin(viewer)
    name, networks = _clean_name(draft.name), _clean_networks(draft.networks)
    _require_ahead(draft.expires_at)
    key = new_api_key()
    try:
        async with begin() as unit:
            if await ApiKey.filter(workspace_id=viewer.workspace_id).count() >= MAX_KEYS:
                raise TooMany(f"A workspace has at most {MAX_KEYS} API keys, revoked ones too.")
            row = await ApiKey.create(
                workspace_id=viewer.workspace_id,
                name=name,
                hint=key[:HINT_LENGTH],
                digest=digest(key),
                scope=draft.scope,
                networks=networks,
                created_by_id=viewer.user_id,
                created_by_key_id=viewer.api_key_id,
                expires_at=draft.expires_at,
            )
            view = _view(row)
            await _record(unit, viewer, AuditAction.CREATED, None, view)
    except IntegrityError as error:
        raise _name_taken() from error
    return view, key


async def update(viewer: Viewer, key_id: int, given: Mapping[str, Any]) -> ApiKeyView:
    """Change what is given of: name, networks, expires_at. The scope stays: a key for more is another key.

    Raises Forbidden, NotFound, BadTransition (revoked), Required, Invalid, TooLong, TooMany, NameTaken.
    """
    require_admin(viewer)
    try:
        async with begin() as unit:
            before = await _hold(unit, viewer, key_id)
            name = _clean_name(given["name"]) if given.get("name") is not None else before.name
            networks = _clean_networks(given["networks"]) if "networks" in given else before.networks
            expires_at = given.get("expires_at", before.expires_at)
            if "expires_at" in given:
                _require_ahead(expires_at)
            await unit.connection.execute(EDIT, viewer.workspace_id, key_id, name, networks, expires_at)
            after = await _read(viewer, key_id)
            await _record(unit, viewer, AuditAction.EDITED, before, after)
    except asyncpg.UniqueViolationError as error:
        raise _name_taken() from error
    return after


async def rotate(
    viewer: Viewer, key_id: int, *, overlap: timedelta = USUAL_OVERLAP
) -> tuple[ApiKeyView, str]:
    """Give a key another secret, and let the one before work for a while: none, for an overlap of zero.

    Of more rotations within the overlap, only the last secret before this one works on. The second of the pair is the
    key itself. Raises Forbidden, NotFound, BadTransition (revoked), Invalid.
    """
    require_admin(viewer)
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Invalid(
            f"The old secret may work for up to {LONGEST_OVERLAP.days} days more.", path=("oldWorksFor",)
        )
    key = new_api_key()
    async with begin() as unit:
        before = await _hold(unit, viewer, key_id)
        hint = key[:HINT_LENGTH]
        await unit.connection.execute(ROTATE, viewer.workspace_id, key_id, digest(key), hint, overlap)
        after = await _read(viewer, key_id)
        await _record(unit, viewer, AuditAction.ROTATED, before, after)
    return after, key


async def revoke(viewer: Viewer, key_id: int) -> ApiKeyView:
    """Make an API key worthless from now on; doing it again changes nothing. Raises Forbidden, NotFound."""
    require_admin(viewer)
    async with begin() as unit:
        revoked_at = await unit.connection.fetchval(REVOKE, viewer.workspace_id, key_id)
        view = await _read(viewer, key_id)
        if revoked_at is not None:
            subject = audit.Subject(AuditSubject.API_KEY, key_id, view.name)
            audited = {"revoked_at": revoked_at}
            await audit.record(unit, viewer, AuditAction.REVOKED, subject, after=audited)
    return view


async def list_all(viewer: Viewer) -> list[ApiKeyView]:
    """The workspace's API keys, the newest first, revoked ones too; MAX_KEYS at most. Raises Forbidden."""
    require_admin(viewer)
    rows = await ApiKey.filter(workspace_id=viewer.workspace_id).order_by("-id").limit(MAX_KEYS)
    return [_view(row) for row in rows]


async def get_many(viewer: Viewer, key_ids: Sequence[int]) -> dict[int, ApiKeyView]:
    """Those of the API keys that the workspace has, by id; none for anybody but administrators."""
    if not key_ids or not is_admin(viewer):
        return {}
    rows = await ApiKey.filter(workspace_id=viewer.workspace_id, id__in=list(key_ids))
    return {row.id: _view(row) for row in rows}


async def names(viewer: Viewer, key_ids: Sequence[int]) -> dict[int, ApiKeyName]:
    """What those of the API keys are called that the workspace has, by id: everybody sees who made something."""
    async with database() as connection:
        rows = await connection.fetch(NAMES, viewer.workspace_id, list(key_ids))
    return {row["id"]: ApiKeyName(row["id"], row["name"]) for row in rows}


async def _hold(unit: UnitOfWork, viewer: Viewer, key_id: int) -> ApiKeyView:
    """A key, its row held until the unit ends. Raises NotFound, BadTransition for one that is revoked."""
    await unit.connection.execute(HOLD, viewer.workspace_id, key_id)
    view = await _read(viewer, key_id)
    if view.revoked_at is not None:
        raise BadTransition("This API key is revoked, and stays so: create another one.", path=("id",))
    return view


async def _read(viewer: Viewer, key_id: int) -> ApiKeyView:
    """A key as the unit of work sees it. Raises NotFound."""
    row = await ApiKey.get_or_none(id=key_id, workspace_id=viewer.workspace_id)
    if row is None:
        raise NotFound("There is no such API key.", path=("id",))
    return _view(row)


async def _record(
    unit: UnitOfWork, viewer: Viewer, action: AuditAction, before: ApiKeyView | None, after: ApiKeyView
) -> None:
    audited = AUDITED if action is not AuditAction.ROTATED else ("hint", "previous_until")
    was = None if before is None else audit.described(before, *audited)
    subject = audit.Subject(AuditSubject.API_KEY, after.id, after.name)
    await audit.record(unit, viewer, action, subject, was, audit.described(after, *audited))


def _clean_name(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned:
        raise Required("Give the key a name that says what it is for.", path=("name",))
    if not cleaned.isprintable():
        raise Invalid("A name may not hold control or invisible characters.", path=("name",))
    if len(cleaned) > MAX_NAME:
        raise TooLong(f"A name has at most {MAX_NAME} characters.", path=("name",))
    return cleaned


def _clean_networks(networks: Sequence[str] | None) -> list[str] | None:
    """Networks in their usual form, each once; None for everywhere."""
    if networks is None:
        return None
    if not networks:
        raise Required("Give at least one network, or null for everywhere.", path=("networks",))
    if len(networks) > MAX_NETWORKS:
        raise TooMany(f"A key has at most {MAX_NETWORKS} networks.", path=("networks",))
    cleaned: dict[str, None] = {}
    for index, text in enumerate(networks):
        try:
            network = ip_network(text.strip())
            if "%" in text:  # the zone of an address means something on one machine only
                raise ValueError(text)
            cleaned[str(network)] = None
        except ValueError as error:
            message = (
                "A network is an address without a zone, or one with the length of its prefix and no bits behind"
                " it, like 203.0.113.0/24."
            )
            raise Invalid(message, path=("networks", index)) from error
    return list(cleaned)


def _require_ahead(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Invalid("The key would have expired already.", path=("expiresAt",))


def _name_taken() -> NameTaken:
    return NameTaken("There is a key of this name already.", path=("name",))


def _view(row: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scope=ApiKeyScope(row.scope),
        networks=None if row.networks is None else list(row.networks),
        created_at=row.created_at,
        created_by_id=row.created_by_id,
        created_by_key_id=row.created_by_key_id,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        rotated_at=row.rotated_at,
        previous_until=row.previous_until,
        last_used_at=row.last_used_at,
    )

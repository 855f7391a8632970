"""From credentials to a viewer: JSON Web Tokens of users, and API keys."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import jwt

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.errors import Unauthenticated
from seggraph.services.identity import present, provisioning, workspaces
from seggraph.services.identity.refusals import SignInRefused
from seggraph.services.identity.signing_keys import signing_keys
from seggraph.settings import Settings

API_KEY_PREFIX: Final = "sgk_live_"
NAMED_CHARACTERS: Final = 6
"""How many characters of a secret say which key is meant: too few to help to guess it."""
MAX_CREDENTIAL_LENGTH: Final = 8_192
CLOCK_LEEWAY_SECONDS: Final = 10
MAX_WORKSPACE_DIGITS: Final = 18
WORKSPACE_CLAIM: Final = "workspace"
"""The claim that names the workspace: by its bare number, not by its id in the API."""


# any workspace: the digest of the key is the credential; the workspace is read here
FIND_KEY = f"""
    SELECT id, workspace_id, scope, networks, {present.LEAST_ROLES.format(workspace="workspace_id")},
      coalesce(last_used_at < now() - interval '1 minute', true) AS used_anew, revoked_at IS NOT NULL AS is_revoked,
      least(expires_at, CASE WHEN digest <> $1 THEN coalesce(previous_until, '-infinity') END) AS valid_until, now()
    FROM api_keys WHERE digest = $1 OR previous_digest = $1
"""  # noqa: S608 - constants only


# any workspace: the key is the one that was just authenticated
KEY_USED = """
    UPDATE api_keys SET last_used_at = now()
    WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""


async def authenticate(settings: Settings, authorization: str | None) -> Viewer:
    """The viewer of an `Authorization` value: `Bearer` and a token or an API key.

    Raises Unauthenticated when it is missing, malformed, wrong, expired, revoked, or for a workspace that the
    user does not belong to. The answer never says which user or workspace exists.
    """
    scheme, _, credential = (authorization or "").strip().partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise Unauthenticated("Send an Authorization header: Bearer, a space, and a token or an API key.")
    if len(credential) > MAX_CREDENTIAL_LENGTH or not credential.isascii():
        raise Unauthenticated("The token is longer than a token can be, or not of ASCII characters.")
    if credential.startswith(API_KEY_PREFIX):
        return await _by_api_key(credential)
    return await _by_token(settings, credential)


def names_of(authorization: str | None) -> list[str]:
    """Whom credentials are meant to be of, without their being checked: the beginning of a key, or a subject."""
    credential = (authorization or "").strip().partition(" ")[2].strip()
    if credential.startswith(API_KEY_PREFIX):
        return [f"key {credential[: len(API_KEY_PREFIX) + NAMED_CHARACTERS]}"]
    if not credential or len(credential) > MAX_CREDENTIAL_LENGTH:
        return []
    try:
        claims = jwt.decode(credential, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError):
        return []
    subject = claims.get("sub")
    return [f"user {digest(subject)}"] if isinstance(subject, str) else []


async def _by_api_key(key: str) -> Viewer:
    async with database() as connection:
        row = await connection.fetchrow(FIND_KEY, digest(key))
        reason = None if row is None else _reason(row)
        if row is not None and reason is None and row["used_anew"]:
            await connection.execute(KEY_USED, row["id"])
    message = "This API key does not exist, has expired or was revoked."
    if row is None:
        raise Unauthenticated(message)
    if reason is not None:
        raise SignInRefused(message, workspace_id=row["workspace_id"], api_key_id=row["id"], reason=reason)
    return replace(present.of_key(row), valid_until=row["valid_until"])


def _reason(row: asyncpg.Record) -> str | None:
    """Why a key does not work; None if it does."""
    if row["is_revoked"]:
        return "REVOKED"
    return "EXPIRED" if row["valid_until"] is not None and row["valid_until"] <= row["now"] else None


async def _by_token(settings: Settings, token: str) -> Viewer:
    claims = await _claims(settings, token)
    workspace_id = _workspace_number(claims[WORKSPACE_CLAIM])
    row = await provisioning.user_of(settings, workspace_id, claims)
    if row is None or row["deactivated_at"] is not None:
        message = "The token's user does not belong to the token's workspace."
        if row is None and not await workspaces.exists(workspace_id):
            raise Unauthenticated(message)
        reason, user_id = ("NOT_A_USER", None) if row is None else ("DEACTIVATED", row["id"])
        raise SignInRefused(message, workspace_id=workspace_id, reason=reason, user_id=user_id)
    is_old = row["tokens_after"] is not None and not _is_issued_after(claims, row["tokens_after"])
    if is_old or row["is_withdrawn"]:
        raise SignInRefused(
            "The token was withdrawn; sign in again.",
            workspace_id=workspace_id,
            reason="WITHDRAWN",
            user_id=row["id"],
        )
    return replace(present.of_user(workspace_id, row), valid_until=_expiry(claims))


def _expiry(claims: Mapping[str, Any]) -> datetime | None:
    """When a token that was verified stops being accepted; None for one beyond the calendar."""
    try:
        return datetime.fromtimestamp(float(claims["exp"]), UTC) + timedelta(seconds=CLOCK_LEEWAY_SECONDS)
    except (OverflowError, OSError, ValueError):
        return None


def _is_issued_after(claims: Mapping[str, Any], instant: datetime) -> bool:
    """Whether a token says that it was issued after an instant; one that does not say when was not."""
    issued_at = claims.get("iat")
    return isinstance(issued_at, int | float) and issued_at > instant.timestamp()


def _workspace_number(claim: object) -> int:
    """The workspace that a token names: its number, as a number or as text."""
    text = str(claim) if isinstance(claim, str | int) and not isinstance(claim, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_WORKSPACE_DIGITS):
        raise Unauthenticated(f"The token's claim '{WORKSPACE_CLAIM}' is not the number of a workspace.")
    return int(text)


async def _claims(settings: Settings, token: str) -> Mapping[str, Any]:
    """The verified claims of a token."""
    try:
        key, algorithms = await _verification_key(settings, token)
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=algorithms,
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
            leeway=CLOCK_LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud", settings.jwt_subject_claim, WORKSPACE_CLAIM]},
        )
    except jwt.ExpiredSignatureError as error:
        raise Unauthenticated("The token has expired; sign in again.") from error
    except (jwt.PyJWTError, ValueError, TypeError) as error:  # TypeError: a key of another algorithm
        raise Unauthenticated("The token is not valid here.") from error
    return claims


async def _verification_key(settings: Settings, token: str) -> tuple[Any, list[str]]:
    if settings.jwt_jwks_url is not None:
        key_id = jwt.get_unverified_header(token).get("kid")
        if not isinstance(key_id, str):
            raise Unauthenticated("The token does not say by its `kid` which key it was signed with.")
        signing_key = await signing_keys(settings.jwt_jwks_url).find(key_id)
        return signing_key.key, ["RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA"]
    if settings.jwt_secret is not None:
        return settings.jwt_secret.get_secret_value(), ["HS256"]
    raise Unauthenticated("This server accepts API keys only: it has neither a token secret nor a JWKS URL.")


def issue_token(settings: Settings, *, subject: str, workspace_id: int, lifetime: timedelta) -> str:
    """A token of our own for a user, signed with the secret.

    Raises ValueError if the settings have no secret: an identity provider then issues the tokens.
    """
    if settings.jwt_secret is None:
        raise ValueError("no SEGGRAPH_JWT_SECRET is set, so tokens come from your identity provider")
    now = datetime.now(UTC)
    claims = {
        "sub": subject,
        WORKSPACE_CLAIM: str(workspace_id),
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "iat": now,
        "jti": secrets.token_urlsafe(16),
        "exp": now + lifetime,
    }
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm="HS256")


def new_api_key() -> str:
    """A new key of 256 random bits, with the prefix that secret scanners know."""
    return API_KEY_PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()

"""Withdrawing single tokens before they expire, by their `jti`. All tokens of a user: `users.update`."""

from datetime import UTC, datetime
from typing import Final

from seggraph.access import Viewer, require_admin
from seggraph.database.unit_of_work import begin
from seggraph.errors import Invalid, TooMany
from seggraph.services.audit import audit
from seggraph.services.identity import user_rows
from seggraph.services.identity.provisioning import MAX_JTI
from seggraph.services.identity.users import UserView
from seggraph.values.attribute_values import storable_text
from seggraph.vocabulary import AuditAction, AuditSubject

MAX_TOKENS: Final = 10_000
"""Most tokens of a workspace that are withdrawn and have not expired."""

FORGET: Final = "DELETE FROM withdrawn_tokens WHERE workspace_id = $1 AND expires_at <= now()"
COUNT: Final = "SELECT count(*) FROM withdrawn_tokens WHERE workspace_id = $1"

KEEP: Final = """
    INSERT INTO withdrawn_tokens AS t (workspace_id, user_id, jti, expires_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (workspace_id, user_id, jti) DO UPDATE SET expires_at = greatest(t.expires_at, EXCLUDED.expires_at)
"""


async def withdraw(viewer: Viewer, user_id: int, jti: str, expires_at: datetime) -> UserView:
    """Refuse a token of a user from now on; doing it again changes nothing.

    It is remembered until `expires_at`, the `exp` of the token: then it is refused anyway. Raises Forbidden, NotFound,
    Invalid, TooMany.
    """
    require_admin(viewer)
    if not jti or not storable_text(jti, MAX_JTI):
        raise Invalid(f"The `jti` of a token has 1 to {MAX_JTI} characters.", path=("jti",))
    if expires_at <= datetime.now(UTC):
        raise Invalid("The token has expired already: it is refused anyway.", path=("expiresAt",))
    whose = viewer.workspace_id, user_id
    async with begin() as unit:
        await user_rows.lock(unit, viewer.workspace_id)
        user = await user_rows.get(unit, *whose)
        await unit.connection.execute(FORGET, viewer.workspace_id)
        if await unit.connection.fetchval(COUNT, viewer.workspace_id) >= MAX_TOKENS:
            raise TooMany(
                f"At most {MAX_TOKENS:,} tokens are withdrawn one by one: sign the user out instead."
            )
        await unit.connection.execute(KEEP, *whose, jti, expires_at)
        subject = audit.Subject(AuditSubject.USER, user_id, user.name)
        after = {"jti": jti, "expires_at": expires_at}
        await audit.record(unit, viewer, AuditAction.WITHDRAWN, subject, after=after)
    return user

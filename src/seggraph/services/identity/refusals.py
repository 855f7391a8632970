"""Sign-ins that are refused although the credentials belong to a workspace: its administrators see them in the log.

A key that was never made, and a token that nobody signed, belong to no workspace: they are counted with the requests
that got 401. A token that has expired is no attempt, but what happens to every session.
"""

import asyncpg
import structlog

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.errors import SeggraphError, Unauthenticated
from seggraph.services.audit import audit, repeated
from seggraph.vocabulary import ApiKeyScope, AuditAction, AuditSubject, Role

log = structlog.get_logger()


class SignInRefused(Unauthenticated):
    """Credentials of a workspace that do not let anybody in; `reason` says why, for the audit log."""

    def __init__(
        self,
        message: str,
        *,
        workspace_id: int,
        reason: str,
        user_id: int | None = None,
        api_key_id: int | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.whose = Viewer(
            workspace_id, Role.TEAM_MEMBER, ApiKeyScope.INGEST, user_id=user_id, api_key_id=api_key_id
        )


async def note(context: Context, whose: Viewer, reason: str) -> None:
    """Write to the audit log that a sign-in was refused: once an hour for the same credentials and reason."""
    if whose.api_key_id is not None:
        subject = audit.Subject(AuditSubject.API_KEY, whose.api_key_id)
    elif whose.user_id is not None:
        subject = audit.Subject(AuditSubject.USER, whose.user_id)
    else:
        subject = audit.Subject(AuditSubject.WORKSPACE, whose.workspace_id)
    try:
        await repeated.record(context, whose, AuditAction.SIGN_IN_REFUSED, subject, {"reason": reason})
    except (SeggraphError, asyncpg.PostgresError, OSError) as error:  # the answer is the refusal all the same
        log.warning("refusal_not_audited", reason=f"{type(error).__name__}: {error}")

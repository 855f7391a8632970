"""Trying a destination out: one call that changes no list there, and its outcome for the user who sets it up."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from seggraph.access import Viewer, require_destination_management
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.destinations.destination import DestinationFailure, Unavailable
from seggraph.files.secrets import SecretUnreadable
from seggraph.services.audit import audit
from seggraph.services.destinations import adapters, destinations
from seggraph.services.destinations.destinations import DestinationView
from seggraph.vocabulary import AuditAction, AuditSubject

GRACE_SECONDS: Final = 1.0
"""For how much longer than one call a test may take: a folder has no time limit of its own."""

ROW: Final = f"""
    SELECT {adapters.COLUMNS} FROM destinations WHERE workspace_id = $1 AND id = $2
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class Tried:
    """How a test went: `reason` says what is wrong, and is None if nothing is."""

    at: datetime
    seconds: float
    status_code: int | None
    reason: str | None


async def run(context: Context, viewer: Viewer, destination_id: int) -> tuple[DestinationView, Tried]:
    """Call a destination once, as a delivery would, in the time that one call may take.

    Raises Forbidden, NotFound. Whatever goes wrong outside is an answer and no error.
    """
    require_destination_management(viewer)
    view = await destinations.get(viewer, destination_id)
    at, begun = datetime.now(UTC), time.monotonic()
    status_code, reason = await _outcome(context, viewer, destination_id)
    tried = Tried(at, time.monotonic() - begun, status_code, reason)
    subject = audit.Subject(AuditSubject.DESTINATION, destination_id, view.name)
    audited = {"ok": reason is None, "status_code": status_code}
    async with begin() as unit:
        await audit.record(unit, viewer, AuditAction.TESTED, subject, after=audited)
    return view, tried


async def _outcome(context: Context, viewer: Viewer, destination_id: int) -> tuple[int | None, str | None]:
    """The status of the answer, and what is wrong."""
    seconds = context.settings.outgoing_seconds
    async with database() as connection:
        row = await connection.fetchrow(ROW, viewer.workspace_id, destination_id)
    if row is None:
        return None, "The destination was deleted."
    try:
        adapter = adapters.adapter(context, row, viewer.workspace_id, destination_id, None)
        async with asyncio.timeout(seconds + GRACE_SECONDS):
            return await adapter.test(), None
    except DestinationFailure as error:
        redirects = error.status is not None and 300 <= error.status < 400
        passes = isinstance(error, Unavailable) and not redirects
        advice = " Try again; if it stays so, ask the operator of the destination." if passes else ""
        return error.status, error.message + advice
    except SecretUnreadable as error:
        return None, error.message
    except TimeoutError:
        return None, f"There was no answer within {seconds:g} seconds; ask the operator of the destination."

"""Audit entries of what can be repeated without end: reads, and attempts that fail. The log cannot be filled with them.

In a process, the same of the same user or key is written once an hour. Reads are counted: one entry for an hour in
which somebody reads lists of members beyond MANY_MEMBERS.
"""

from collections.abc import Mapping
from typing import Any, Final

from seggraph.access import ReadTally, Viewer
from seggraph.context import Context
from seggraph.database.unit_of_work import begin
from seggraph.database.whole_operations import apart
from seggraph.services.audit import audit
from seggraph.vocabulary import AuditAction, AuditSubject

MANY_MEMBERS: Final = 1_000
"""Who reads more members with personal data than this within an hour is named in the log."""


async def record(
    context: Context,
    viewer: Viewer,
    action: AuditAction,
    subject: audit.Subject,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry, unless the viewer did the same to the same object in the last hour."""
    key = (viewer.workspace_id, viewer.who, action, subject.kind, subject.id, *(after or {}).values())
    if key in context.audited_lately:
        return
    await apart(_record(viewer, action, subject, after))
    context.audited_lately[key] = True


def tally_of(context: Context, viewer: Viewer) -> ReadTally:
    """What counts the reads of a viewer."""
    key = viewer.workspace_id, viewer.who
    tally = context.read_tallies.get(key)
    if tally is None:
        tally = context.read_tallies[key] = ReadTally()
    return tally


async def count_read(viewer: Viewer, member_count: int) -> None:
    """Count members that a list shows to a viewer, with their personal data."""
    tally = viewer.tally
    if tally is None or not viewer.sees_personal_data:
        return
    tally.member_count += member_count
    if tally.member_count > MANY_MEMBERS and not tally.is_audited:
        tally.is_audited = True
        counted = {"member_count": tally.member_count}
        try:
            await apart(
                _record(viewer, AuditAction.READ_IN_BULK, audit.Subject(AuditSubject.MEMBER), counted)
            )
        except BaseException:  # a client that leaves: the next read writes it
            tally.is_audited = False
            raise


async def _record(
    viewer: Viewer, action: AuditAction, subject: audit.Subject, after: Mapping[str, Any] | None
) -> None:
    async with begin() as unit:
        await audit.record(unit, viewer, action, subject, after=after)

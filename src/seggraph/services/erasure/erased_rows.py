"""Deleting the rows of members and all that is stored with them, in one transaction for some members at a time.

The transaction holds, in this order: the population, so that no refresh is at work; the workspace's members alone, so
that nobody writes or relates them; its events alone; the members.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import from_bytes, to_bytes
from seggraph.context import Context
from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.files import uploads
from seggraph.services.catalogue import value_counts
from seggraph.services.changes import delivery_changes, populations
from seggraph.services.erasure import erasures, import_erasure
from seggraph.services.erasure.erasures import Erased
from seggraph.services.events import events
from seggraph.services.exports import exports
from seggraph.services.members import relations
from seggraph.services.suppressions import suppressions
from seggraph.vocabulary import MemberKind

HOLD_MEMBERS: Final = """
    SELECT id, kind, ordinal, external_id, email, domain FROM members WHERE workspace_id = $1 AND id = ANY($2)
    ORDER BY id FOR UPDATE
"""

DELETE_MEMBERS: Final = "DELETE FROM members WHERE workspace_id = $1 AND id = ANY($2)"

DELETE_ADDRESSES: Final = "DELETE FROM member_addresses WHERE workspace_id = $1 AND member_id = ANY($2)"

DIRTY: Final = """
    SELECT id, ordinals FROM dirty_batches WHERE workspace_id = $1 AND kind = $2 ORDER BY id FOR UPDATE
"""

REWRITE_DIRTY: Final = "UPDATE dirty_batches SET ordinals = $3 WHERE workspace_id = $1 AND id = $2"

DELETE_DIRTY: Final = "DELETE FROM dirty_batches WHERE workspace_id = $1 AND id = ANY($2)"


@dataclass(frozen=True, slots=True)
class Request:
    """Who erases members of which kind. Of imports only those are looked at that were at work since an instant."""

    context: Context
    viewer: Viewer
    kind: MemberKind
    since: datetime


async def delete(request: Request, ids: Sequence[int], erasure_id: int | None, before: Erased) -> int | None:
    """Delete members; returns the id of the erasure that knows them, or None if there were none.

    `erasure_id` is that of an erasure to which they are added; `before` is what went before the members.
    """
    context, viewer, kind = request.context, request.viewer, request.kind
    async with begin() as unit:
        # The deletion raises the version of the data, which a refresh raises too: so it comes first of all.
        await populations.lock(unit.connection, viewer.workspace_id, kind)
        await lock_exclusive(unit.connection, LockSpace.MEMBERS, viewer.workspace_id)
        members = await unit.connection.fetch(HOLD_MEMBERS, viewer.workspace_id, list(ids))
        if not members:
            return erasure_id
        erased = before + await _delete_rows(unit, request, members)
        files = await exports.withdraw(context, unit, viewer.workspace_id, kind)
        for file in files:
            unit.after_commit(partial(asyncio.to_thread, uploads.remove, context.settings, file))
        erased += Erased(export_files=len(files))
        ordinals = BitMap(row["ordinal"] for row in members)
        return await erasures.start_or_extend(unit, viewer, kind, erasure_id, ordinals, erased)


async def _delete_rows(unit: UnitOfWork, request: Request, members: Sequence[asyncpg.Record]) -> Erased:
    connection, workspace_id, kind = unit.connection, request.viewer.workspace_id, request.kind
    ids = [row["id"] for row in members]
    keys = {row["ordinal"]: row["external_id"] for row in members}
    event_count = await events.erase(connection, workspace_id, kind, list(keys))
    related, pending = await relations.erase(
        request.context,
        unit,
        workspace_id,
        kind,
        ordinals=list(keys),
        external_ids=list(keys.values()),
    )
    await suppressions.forget(connection, workspace_id, ids)
    addresses = await connection.execute(DELETE_ADDRESSES, workspace_id, ids)
    await connection.execute(DELETE_MEMBERS, workspace_id, ids)
    await value_counts.fold_within(connection, workspace_id, kind)
    await forget_changes(connection, workspace_id, kind, BitMap(keys))
    await delivery_changes.erase(connection, workspace_id, kind, keys)
    traces = import_erasure.traces_of(kind, members)
    rejected = await import_erasure.forget(connection, workspace_id, kind, traces, since=request.since)
    return Erased(_count(addresses), event_count, related, pending, import_rows=rejected)


async def forget_changes(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: BitMap
) -> None:
    """Take ordinals out of what a refresh is to look at: there is nothing to look at."""
    emptied = []
    for row in await connection.fetch(DIRTY, workspace_id, kind):
        before = from_bytes(row["ordinals"])
        left = before - ordinals
        if not left:
            emptied.append(row["id"])
        elif left != before:
            await connection.execute(REWRITE_DIRTY, workspace_id, row["id"], to_bytes(left))
    if emptied:
        await connection.execute(DELETE_DIRTY, workspace_id, emptied)


def _count(status: str) -> int:
    """The number of rows in PostgreSQL's answer to a statement."""
    return int(status.rsplit(" ", 1)[1])

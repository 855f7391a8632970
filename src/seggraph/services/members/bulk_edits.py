"""Edits of many members as a person deals with them: started, watched, cancelled.

What a worker does with one is in `bulk_edit_runs`. Everybody in the workspace sees them; who started one, and who
manages all segments, may cancel it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import orjson
from pyroaring import BitMap

from seggraph.access import Viewer, require_bulk_edit_cancellation, require_write
from seggraph.audiences import from_bytes, to_bytes
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.leases import RELEASE_LEASE
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import BadTransition, NotFound, TooMany
from seggraph.events import BulkEditProgressed
from seggraph.services.audit import audit
from seggraph.services.members.attribute_changing import AttributeChanging
from seggraph.services.members.edit_actions import ConsentSetting, EditAction, Tagging, restored
from seggraph.vocabulary import AuditAction, AuditSubject, BulkEditAction, BulkEditStatus, MemberKind

MAX_RUNNING: Final = 20
"""Most bulk edits of a workspace that run or wait at once."""

CREATE: Final = """
    INSERT INTO bulk_edits (workspace_id, kind, action, edit, status, ordinals, total, created_by_id, created_at,
      position, changed, unchanged, not_found, over_limit_count, over_limit, attempts)
    SELECT $1, $2, $3, $4, 'RUNNING', $5, $6, $7, now(), -1, 0, 0, 0, 0, '{}', 0
    WHERE (SELECT count(*) FROM bulk_edits WHERE workspace_id = $1 AND status = 'RUNNING') < $8
    RETURNING id
"""

CANCEL: Final = f"""
    UPDATE bulk_edits SET status = 'CANCELLED', ordinals = '', finished_at = clock_timestamp(), {RELEASE_LEASE}
    WHERE workspace_id = $1 AND id = $2 AND status = 'RUNNING'
"""  # noqa: S608 - constants only

RUNNING: Final = """
    SELECT id, ordinals FROM bulk_edits WHERE workspace_id = $1 AND kind = $2 AND status = 'RUNNING'
    ORDER BY id FOR NO KEY UPDATE
"""

SET_ORDINALS: Final = "UPDATE bulk_edits SET ordinals = $3 WHERE workspace_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class BulkEditDraft:
    """An edit of many members of a kind."""

    kind: MemberKind
    ordinals: BitMap
    action: EditAction


@dataclass(frozen=True, slots=True)
class BulkEditView:
    """A bulk edit as it is read.

    `not_found` members were deleted before it was their turn; `over_limit` has the ids of the first of those that did
    not change because they would have too many tags.
    """

    id: int
    kind: MemberKind
    action: BulkEditAction
    edit: dict[str, Any]
    status: BulkEditStatus
    total: int
    changed: int
    unchanged: int
    not_found: int
    over_limit_count: int
    over_limit: list[int]
    error_code: str | None
    error_message: str | None
    error_at: datetime | None
    created_by_id: int | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def done(self) -> int:
        """How many members it has dealt with."""
        return self.changed + self.unchanged + self.not_found + self.over_limit_count

    @property
    def progress(self) -> float:
        """How far it is, from 0 to 1."""
        return self.done / self.total if self.total else 1.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status is not BulkEditStatus.RUNNING

    @property
    def does(self) -> Tagging | ConsentSetting | AttributeChanging:
        """What it does to each member."""
        return restored(self.action, self.edit)


SELECT: Final = f"""
    SELECT {", ".join(f"b.{field.name}" for field in fields(BulkEditView))} /*keys*/ FROM bulk_edits b
    WHERE b.workspace_id = $1
"""  # noqa: S608 - constants only

COUNT: Final = "SELECT count(*) FROM bulk_edits WHERE workspace_id = $1"

NEWEST_FIRST: Final = Order("bulkEdit.id", (Key("b.id", "bigint"),), descending=True)


async def start(context: Context, viewer: Viewer, draft: BulkEditDraft) -> BulkEditView:
    """Have members edited by a worker. Raises Forbidden, and TooMany if too many edits are running."""
    require_write(viewer)
    async with begin() as unit:
        return await start_within(context, unit, viewer, draft)


async def start_within(
    context: Context, unit: UnitOfWork, viewer: Viewer, draft: BulkEditDraft
) -> BulkEditView:
    """Have members edited by a worker, from the end of the unit on. Raises TooMany if too many edits are running."""
    action = draft.action
    edit_id = await unit.connection.fetchval(
        CREATE,
        viewer.workspace_id,
        draft.kind,
        action.kind,
        orjson.dumps(action.stored()).decode(),
        to_bytes(draft.ordinals),
        len(draft.ordinals),
        viewer.user_id,
        MAX_RUNNING,
    )
    if edit_id is None:
        message = f"{MAX_RUNNING} bulk edits are running; wait until one is over, or cancel one."
        raise TooMany(message, path=())
    audited = {"action": action.kind, "kind": draft.kind.name, "total": len(draft.ordinals)}
    subject = audit.Subject(AuditSubject.BULK_EDIT, edit_id)
    await audit.record(unit, viewer, AuditAction.CREATED, subject, after=audited | action.stored())
    context.run_bulk_edit(unit, edit_id)
    return view_of(await unit.connection.fetchrow(f"{SELECT} AND b.id = $2", viewer.workspace_id, edit_id))


async def get(viewer: Viewer, edit_id: int) -> BulkEditView:
    """One bulk edit. Raises NotFound."""
    views = await get_many(viewer, [edit_id])
    if edit_id not in views:
        raise NotFound("There is no such bulk edit.", path=("id",))
    return views[edit_id]


async def get_many(viewer: Viewer, edit_ids: Sequence[int]) -> dict[int, BulkEditView]:
    """Those of the bulk edits that the workspace has, by id."""
    if not edit_ids:
        return {}
    async with database() as connection:
        rows = await connection.fetch(f"{SELECT} AND b.id = ANY($2)", viewer.workspace_id, list(edit_ids))
    return {row["id"]: view_of(row) for row in rows}


async def list_page(viewer: Viewer, request: PageRequest) -> Page[BulkEditView]:
    """A page of the bulk edits of the workspace, the newest first."""
    async with database() as connection:
        return await fetch_page(connection, SELECT, [viewer.workspace_id], NEWEST_FIRST, request, view_of)


async def count(viewer: Viewer) -> int:
    """How many bulk edits the workspace has."""
    async with database() as connection:
        return int(await connection.fetchval(COUNT, viewer.workspace_id))


async def cancel(context: Context, viewer: Viewer, edit_id: int) -> BulkEditView:
    """Stop a bulk edit; what it changed stays. Raises NotFound, Forbidden, and BadTransition if it is over."""
    before = await get(viewer, edit_id)
    require_bulk_edit_cancellation(viewer, created_by_id=before.created_by_id)
    if before.action is BulkEditAction.CHANGE_ATTRIBUTE:
        message = "Values of an attribute are being changed; take it back by cancelAttributeChange."
        raise BadTransition(message, path=("id",))
    async with begin() as unit:
        await stop(context, unit, viewer, before)
    return await get(viewer, edit_id)


async def stop(context: Context, unit: UnitOfWork, viewer: Viewer, edit: BulkEditView) -> None:
    """Take an edit from its worker. Raises BadTransition if it is over."""
    done: str = await unit.connection.execute(CANCEL, viewer.workspace_id, edit.id)
    if done == "UPDATE 0":
        raise BadTransition("The bulk edit is over.", path=("id",))
    subject = audit.Subject(AuditSubject.BULK_EDIT, edit.id)
    await audit.record(unit, viewer, AuditAction.CANCELLED, subject, {"done": edit.done})
    context.publish(unit, [progressed(viewer.workspace_id, edit.id)])


async def forget(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: BitMap
) -> None:
    """Take erased members out of the edits that are running: they count as not found there."""
    for row in await connection.fetch(RUNNING, workspace_id, kind):
        before = from_bytes(row["ordinals"])
        if before.intersect(ordinals):
            await connection.execute(SET_ORDINALS, workspace_id, row["id"], to_bytes(before - ordinals))


def progressed(workspace_id: int, edit_id: int) -> BulkEditProgressed:
    """The fact that a bulk edit came further, or is over."""
    return BulkEditProgressed(workspace_id=workspace_id, at=datetime.now(UTC), bulk_edit_id=edit_id)


def view_of(row: asyncpg.Record) -> BulkEditView:
    """The view of a row of SELECT."""
    values: dict[str, Any] = {field.name: row[field.name] for field in fields(BulkEditView)}
    values["kind"] = MemberKind(row["kind"])
    values["action"] = BulkEditAction(row["action"])
    values["status"] = BulkEditStatus(row["status"])
    values["edit"] = orjson.loads(row["edit"])
    return BulkEditView(**values)

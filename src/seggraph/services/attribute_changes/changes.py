"""Changing attributes that members have: begun in one short transaction, and carried out by a worker.

With that transaction the catalogue is another: criteria, lists, exports and deliveries read each member as it will be,
also who was not dealt with yet, and what named the attribute names it anew. So nobody sees half a change.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

import asyncpg
import orjson
from pyroaring import BitMap

from seggraph.access import Viewer, require_attribute_change, require_bulk_edit_cancellation, require_write
from seggraph.context import Context
from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import AttributeInUse, BadTransition, NotFound, WrongType
from seggraph.services.attribute_changes import drafts, effects, following, plans, uses
from seggraph.services.attribute_changes.drafts import AttributeChangeDraft
from seggraph.services.attribute_changes.plans import Planned
from seggraph.services.attribute_changes.uses import UserType
from seggraph.services.audit import audit
from seggraph.services.catalogue import catalogues, value_counts
from seggraph.services.members import bulk_edits
from seggraph.services.members.attribute_changing import AttributeChanging
from seggraph.services.members.bulk_edits import BulkEditDraft, BulkEditView
from seggraph.vocabulary import (
    AttributeChangeType,
    AuditAction,
    AuditSubject,
    BulkEditAction,
    BulkEditStatus,
    MemberKind,
    NotConvertible,
)

CHANGE: Final = """
    UPDATE attributes SET name = $4, type = $5, change = $6, is_personal = is_personal OR $7
    WHERE workspace_id = $1 AND kind = $2 AND name = $3
"""

GO: Final = """
    INSERT INTO attributes (workspace_id, kind, name, type, is_personal, hidden, change)
    VALUES ($1, $2, $3, $4, $5, true, $6)
    ON CONFLICT (workspace_id, kind, name) DO UPDATE SET change = EXCLUDED.change
"""

STAY: Final = "UPDATE attributes SET change = NULL WHERE workspace_id = $1 AND kind = $2 AND name = $3"

FORGET: Final = (
    "DELETE FROM attributes WHERE workspace_id = $1 AND kind = $2 AND name = $3 AND change ? 'becomes'"
)

NEXT_VERSION: Final = """
    UPDATE populations SET catalogue_version = catalogue_version + 1 WHERE workspace_id = $1 AND kind = $2
"""


async def begin_change(context: Context, viewer: Viewer, draft: AttributeChangeDraft) -> BulkEditView:
    """Change an attribute, from now on for all who read it; a worker then changes what is stored.

    Raises Forbidden, NotFound, Required, Invalid, NameTaken; WrongType when values would be lost and that was not
    asked for; AttributeInUse when something stands against it; BadTransition while it is being changed or imported.
    """
    require_write(viewer)
    async with begin() as unit:
        await lock_exclusive(unit.connection, LockSpace.ATTRIBUTES, viewer.workspace_id, kind=draft.kind)
        since, _ = await unit.connection.fetchrow(plans.BEFORE_NOW, viewer.workspace_id)
        planned = await plans.plan(unit.connection, viewer, draft)
        await _require_free(unit.connection, viewer, draft.kind, planned)
        await _require_harmless(unit.connection, viewer, draft, planned)
        ordinals, lost = await _held(unit, viewer, draft.kind, planned, since)
        if lost and _refuses_loss(draft):
            raise _would_lose(draft, lost)
        changing = replace(planned.changing, cleared=lost)
        return await _write(context, unit, viewer, draft.kind, replace(planned, changing=changing), ordinals)


async def cancel(context: Context, viewer: Viewer, edit_id: int) -> BulkEditView | None:
    """Take a change back that is at work or failed: what was converted is converted back, a name is the one before.

    A deletion stops, and the attribute is there again with the values that it still has. Values that were removed
    stay so. Returns the bulk edit that does it, or None if there is nothing to do. Raises NotFound, Forbidden and
    BadTransition.
    """
    view = await _get(viewer, edit_id)
    changing = _changing(view)
    if changing.change is AttributeChangeType.MERGE:
        raise BadTransition("Nobody can tell merged values apart; let it come to its end.", path=("id",))
    if changing.is_undoing:
        raise BadTransition("The change is being taken back already.", path=("id",))
    async with begin() as unit:
        connection, key = unit.connection, (viewer.workspace_id, view.kind)
        await lock_exclusive(connection, LockSpace.ATTRIBUTES, viewer.workspace_id, kind=view.kind)
        await _hold_all(unit, viewer)  # before the row of the edit: a portion at work holds them the same way
        await _stop(context, unit, viewer, view)
        if changing.change is AttributeChangeType.DELETE:
            await connection.execute(STAY, *key, changing.name)
            await connection.execute(NEXT_VERSION, *key)
            return None
        back = _reversed(changing)
        planned = await plans.planned(connection, viewer, view.kind, back, changing.name)
        values = await drafts.read_values(connection, *key, back)
        if back.former is not None:
            await connection.execute(FORGET, *key, back.name)
        return await _write(context, unit, viewer, view.kind, planned, BitMap(values.ordinals))


async def resume(context: Context, viewer: Viewer, edit_id: int) -> BulkEditView:
    """Have a worker go on with a change that failed. Raises NotFound, Forbidden, BadTransition."""
    view = await _get(viewer, edit_id)
    changing = _changing(view)
    if view.status is not BulkEditStatus.FAILED:
        raise BadTransition("Only a change that failed can be resumed.", path=("id",))
    async with begin() as unit:
        await lock_exclusive(unit.connection, LockSpace.ATTRIBUTES, viewer.workspace_id, kind=view.kind)
        await _require_at_work(unit.connection, viewer, view.kind, changing)
        values = await drafts.read_values(unit.connection, viewer.workspace_id, view.kind, changing)
        draft = BulkEditDraft(view.kind, BitMap(values.ordinals), changing)
        return await bulk_edits.start_within(context, unit, viewer, draft)


async def _require_free(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, planned: Planned
) -> None:
    """Raise BadTransition while one of the attributes is being changed already, or filled by an import."""
    names = [name for name in (planned.changing.name, planned.changing.former) if name is not None]
    catalogue = await catalogues.load(connection, viewer.workspace_id, kind)
    for name in names:
        found = catalogue.find(name)
        if found is not None and found.being_changed is not None:
            raise BadTransition(f"{name} is being changed; wait until that is over.", path=("name",))
    if await uses.is_being_imported(connection, viewer.workspace_id, kind, names):
        message = "An import that fills the attribute is at work; wait until it is over, or cancel it."
        raise BadTransition(message, path=("name",))


async def _require_harmless(
    connection: asyncpg.Connection, viewer: Viewer, draft: AttributeChangeDraft, planned: Planned
) -> None:
    """Raise AttributeInUse or Forbidden when something that uses the attribute stands against its change."""
    found, change = planned.uses, planned.changing.change
    if change is AttributeChangeType.DELETE:
        found = [use for use in found if use.type is not UserType.IMPORT_TEMPLATE]
        if found:
            message = f"{draft.name} is used by {uses.listed(found)}. Take it out of them first."
            raise AttributeInUse(message, path=("name",))
        return
    require_attribute_change(viewer, [use.shown for use in found if not use.own])
    shared = [use for use in found if use.is_shared]
    if shared and planned.changing.former is not None:
        message = f"{uses.listed(shared)} gets members of several kinds with an attribute {draft.name}."
        raise AttributeInUse(message, path=("name",))
    broken = [use for use in found if await effects.problem(connection, viewer, draft.kind, planned, use)]
    if broken and not draft.allow_broken:
        message = f"The criteria of {uses.listed(broken)} would not be valid. Edit them, or set allowBroken."
        raise AttributeInUse(message, path=("change",))


def _refuses_loss(draft: AttributeChangeDraft) -> bool:
    return draft.change is AttributeChangeType.CONVERT and draft.not_convertible is NotConvertible.REFUSE


def _would_lose(draft: AttributeChangeDraft, lost: int) -> WrongType:
    message = (
        f"{lost:,} values of {draft.name} have no equal {draft.to_type}. attributeChangePreview shows them; with"
        " notConvertible: CLEAR they are removed."
    )
    return WrongType(message, path=("change", "toType"))


async def _held(
    unit: UnitOfWork, viewer: Viewer, kind: MemberKind, planned: Planned, since: datetime
) -> tuple[BitMap, int]:
    """The members that have the attribute, and how many values would be lost; from here on nobody changes members.

    All are looked at before, while others still may; then those that changed since.
    """
    connection, key = unit.connection, (viewer.workspace_id, kind, planned.changing)
    earlier = await drafts.read_values(connection, *key)
    await _hold_all(unit, viewer)
    later = await drafts.read_values(connection, *key, since)
    # A value that was among the earlier ones and changed since may be counted twice, and one that is gone still: then
    # all are counted once more.
    if later.lost:
        earlier = await drafts.read_values(connection, *key)
        return BitMap(earlier.ordinals), earlier.lost
    return BitMap(earlier.ordinals) | BitMap(later.ordinals), earlier.lost


async def _hold_all(unit: UnitOfWork, viewer: Viewer) -> None:
    """Wait until nobody writes members or refreshes audiences, and keep everybody from it until the unit ends."""
    for kind in MemberKind:
        await lock_exclusive(unit.connection, LockSpace.POPULATION, viewer.workspace_id, kind=kind)
    await lock_exclusive(unit.connection, LockSpace.MEMBERS, viewer.workspace_id)


async def _write(
    context: Context,
    unit: UnitOfWork,
    viewer: Viewer,
    kind: MemberKind,
    planned: Planned,
    ordinals: BitMap,
) -> BulkEditView:
    """Store the catalogue after the change, have everything follow, and have a worker change the members."""
    changing, before = planned.changing, planned.before
    key = (viewer.workspace_id, kind)
    becomes = None if changing.change is AttributeChangeType.DELETE else changing.name
    going = _going(becomes, changing)
    if changing.change is AttributeChangeType.DELETE:
        await unit.connection.execute(GO, *key, changing.name, before.type, before.is_personal, going)
        await following.forget(unit, viewer, planned.uses, changing.name)
    else:
        of_type = changing.to_type or before.type
        moved = changing.name if changing.change is AttributeChangeType.MERGE else before.name
        arguments = (moved, changing.name, of_type, changing.document, before.is_personal)
        await unit.connection.execute(CHANGE, *key, *arguments)
    if changing.former is not None:
        await unit.connection.execute(GO, *key, changing.former, before.type, before.is_personal, going)
        names = changing.former, changing.name
        await following.rename(context, unit, viewer, kind, planned.uses, *names)
    for name in (changing.name, changing.former):
        if name is not None:
            await value_counts.estimate_from_now(unit.connection, *key, name)
    await unit.connection.execute(NEXT_VERSION, *key)
    await following.drop_indexes(unit, viewer, kind, [changing.name, changing.former or changing.name])
    await following.compute(context, unit, viewer, kind, planned.uses)
    await _note(unit, viewer, kind, planned)
    return await bulk_edits.start_within(context, unit, viewer, BulkEditDraft(kind, ordinals, changing))


def _going(becomes: str | None, changing: AttributeChanging) -> str:
    """The change of an attribute that goes out of the catalogue, as JSON; a deleted one goes out of members too."""
    return orjson.dumps({"becomes": becomes} | ({} if becomes else orjson.loads(changing.document))).decode()


async def _note(unit: UnitOfWork, viewer: Viewer, kind: MemberKind, planned: Planned) -> None:
    changing, before = planned.changing, planned.before
    goes = changing.change in (AttributeChangeType.DELETE, AttributeChangeType.MERGE)
    after = {"name": changing.name, "type": changing.to_type or before.type}
    await audit.record(
        unit,
        viewer,
        AuditAction.DELETED if goes else AuditAction.EDITED,
        audit.Subject(AuditSubject.ATTRIBUTE, name=f"{kind.name} {before.name}"),
        {"name": before.name, "type": before.type},
        None if changing.change is AttributeChangeType.DELETE else after,
    )


def _reversed(changing: AttributeChanging) -> AttributeChanging:
    if changing.change is AttributeChangeType.RENAME:
        return replace(changing, name=changing.former or "", former=changing.name, is_undoing=True)
    back = {"from_type": changing.to_type, "to_type": changing.from_type, "cleared": 0}
    return replace(changing, is_undoing=True, **back)  # type: ignore[arg-type]


async def _get(viewer: Viewer, edit_id: int) -> BulkEditView:
    view = await bulk_edits.get(viewer, edit_id)
    require_bulk_edit_cancellation(viewer, created_by_id=view.created_by_id)
    if view.action is not BulkEditAction.CHANGE_ATTRIBUTE:
        raise NotFound("There is no such change of an attribute.", path=("id",))
    return view


def _changing(view: BulkEditView) -> AttributeChanging:
    does = view.does
    if not isinstance(does, AttributeChanging):
        raise TypeError("a bulk edit of another action")
    return does


async def _stop(context: Context, unit: UnitOfWork, viewer: Viewer, view: BulkEditView) -> None:
    """Take the change from its worker. Raises BadTransition when it is over."""
    if view.status is BulkEditStatus.FAILED:
        await _require_at_work(unit.connection, viewer, view.kind, _changing(view))
        return
    await bulk_edits.stop(context, unit, viewer, view)


async def _require_at_work(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, changing: AttributeChanging
) -> None:
    """Raise BadTransition unless the catalogue waits for this change."""
    row = await connection.fetchval(
        "SELECT change FROM attributes WHERE workspace_id = $1 AND kind = $2 AND name = $3",
        viewer.workspace_id,
        kind,
        changing.name,
    )
    is_deletion = changing.change is AttributeChangeType.DELETE
    expected = _going(None, changing) if is_deletion else changing.document
    if row is None or orjson.loads(row) != orjson.loads(expected):
        raise BadTransition("The change is over, or was taken back.", path=("id",))

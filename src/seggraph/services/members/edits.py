"""Bulk edits of members: few are edited at once, and many by a worker, portion by portion (`bulk_edits`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer, require_write
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.errors import Invalid
from seggraph.services.audit import audit
from seggraph.services.members import bulk_edits, edit_actions, selections
from seggraph.services.members.bulk_edits import BulkEditDraft, BulkEditView
from seggraph.services.members.edit_actions import ConsentSetting, EditAction, Tagging
from seggraph.services.members.selections import Selection
from seggraph.vocabulary import AuditAction, AuditSubject, Channel, ConsentState, MemberKind

AT_ONCE: Final = 2_000
"""Most members that a call edits at once by criteria: what one transaction rewrites in some tenths of a second."""

BY_ORDINAL: Final = "SELECT id FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3)"


@dataclass(frozen=True, slots=True)
class EditReport:
    """How many members changed, how many were so already, and which were asked for but do not exist.

    `over_limit` are the ids of members that did not change because they would have too many tags. With a `bulk_edit`
    nothing has changed yet: a worker edits the members, and counts them there.
    """

    changed: int
    unchanged: int
    not_found: list[str]
    over_limit: list[int] = field(default_factory=list)
    bulk_edit: BulkEditView | None = None


async def tag(
    context: Context,
    viewer: Viewer,
    selection: Selection,
    *,
    add: Sequence[str],
    remove: Sequence[str],
    in_background: bool = False,
) -> EditReport:
    """Add tags to members and remove tags from them.

    A member who would have more than MAX_TAGS stays as it is and is named in the report. Raises Forbidden,
    Required, Invalid, TooLong, TooMany, and CriteriaError for criteria.
    """
    require_write(viewer)
    return await _edit(context, viewer, selection, Tagging.of(add, remove), in_background)


async def set_consents(
    context: Context,
    viewer: Viewer,
    selection: Selection,
    consents: Mapping[Channel, ConsentState],
    *,
    in_background: bool = False,
) -> EditReport:
    """Set what members said about channels; other channels stay. Raises Forbidden, Required, Invalid, TooMany,
    and CriteriaError for criteria.
    """
    require_write(viewer)
    return await _edit(context, viewer, selection, ConsentSetting.of(consents), in_background)


async def _edit(
    context: Context, viewer: Viewer, selection: Selection, action: EditAction, in_background: bool
) -> EditReport:
    chosen = await selections.evaluated(context, viewer, selection)
    if in_background or (chosen.matched is not None and len(chosen.matched) > AT_ONCE):
        return await _leave_to_worker(context, viewer, chosen, action)
    async with begin() as unit:
        ids, not_found = await _select(unit.connection, viewer, chosen)
        edited = await action.apply(unit.connection, viewer.workspace_id, ids)
        await edit_actions.mark(context, unit, viewer.workspace_id, edited.rows, action.names)
        if edited.rows:
            audited = {"action": action.kind, "member_count": len(edited.rows)} | action.stored()
            subject = audit.Subject(AuditSubject.MEMBER)
            await audit.record(unit, viewer, AuditAction.EDITED, subject, after=audited)
    unchanged = len(ids) - len(edited.rows) - len(edited.over_limit)
    return EditReport(len(edited.rows), unchanged, not_found, edited.over_limit)


async def _leave_to_worker(
    context: Context, viewer: Viewer, selection: Selection, action: EditAction
) -> EditReport:
    kind, ordinals, not_found = selection.kind, selection.matched, list[str]()
    if ordinals is None or kind is None:
        kind, ordinals, not_found = await _named(viewer, selection)
    view = await bulk_edits.start(context, viewer, BulkEditDraft(kind, ordinals, action))
    return EditReport(0, 0, not_found, bulk_edit=view)


async def _named(viewer: Viewer, selection: Selection) -> tuple[MemberKind, BitMap, list[str]]:
    """The members that ids name, who must be of one kind to be edited in the background."""
    async with database() as connection:
        named = await selections.find_named(connection, viewer, _of_any_kind(selection))
    kinds = {kind for _, kind, _ in named.rows}
    if len(kinds) > 1:
        message = "Members that are edited in the background must be of one kind."
        raise Invalid(message, path=("memberIds",))
    kind = kinds.pop() if kinds else selection.kind or MemberKind.PERSON
    return kind, BitMap(ordinal for _, _, ordinal in named.rows), named.not_found


def _of_any_kind(selection: Selection) -> Selection:
    """Ids may name members of any kind."""
    return selection if selection.external_ids is not None else replace(selection, kind=None)


async def _select(
    connection: asyncpg.Connection, viewer: Viewer, selection: Selection
) -> tuple[list[int], list[str]]:
    """The ids of the members that exist, and the given ids that no member has."""
    if selection.matched is not None:
        ordinals = list(selection.matched)
        rows = await connection.fetch(BY_ORDINAL, viewer.workspace_id, selection.kind, ordinals)
        return [row["id"] for row in rows], []
    named = await selections.find_named(connection, viewer, _of_any_kind(selection))
    return [member_id for member_id, _, _ in named.rows], named.not_found

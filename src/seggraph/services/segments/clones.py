"""Cloning a segment: another one with the same definition, settings and members, which goes its own way from there.

The clone shows the members and the numbers of the original, as of their instant, until its own are computed. What
playbooks hold in the original is not copied to a DYNAMIC clone, for no playbook feeds it; a STATIC one keeps all
members, as it is a copy of a list.
"""

from typing import Final

from seggraph.access import Viewer, require_write
from seggraph.audiences import ChunkStore
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.services.computations import computations
from seggraph.services.memberships import deltas
from seggraph.services.memberships.deltas import MembershipDelta, Recording
from seggraph.services.memberships.membership import Membership
from seggraph.services.reach import reach
from seggraph.services.rules import segment_references
from seggraph.services.segments import lifecycle, rows, segments
from seggraph.services.segments.views import SegmentView
from seggraph.values.names import clean_name, name_key
from seggraph.vocabulary import (
    AuditAction,
    RunTrigger,
    SegmentStatus,
    SegmentTransition,
    SegmentType,
    SourceKind,
    Visibility,
)

CLONE: Final = f"""
    INSERT INTO segments (workspace_id, name, name_key, description, kind, type, status, purpose, origin,
      visibility, criteria, sync_interval_seconds, version, {computations.NEW_COLUMNS},
      created_by_id, created_by_key_id, created_at, last_action, last_modified_by_id, last_modified_by_key_id,
      last_modified_at, folder_id)
    SELECT workspace_id, $3, $4, description, kind, type, 'DRAFT', purpose, $5, $6, criteria,
      sync_interval_seconds, 1, {computations.NEW_VALUES}, $7, $8, now(), 'CLONED', $7, $8, now(), folder_id
    FROM segments WHERE workspace_id = $1 AND id = $2
    ON CONFLICT (workspace_id, name_key) DO NOTHING
    RETURNING id
"""  # noqa: S608 - constants only

HIDE: Final = """
    INSERT INTO segment_hidings (workspace_id, segment_id, user_id)
    SELECT workspace_id, $3, user_id FROM segment_hidings
    WHERE workspace_id = $1 AND segment_id = $2 AND user_id IS DISTINCT FROM $4
"""

COPY_LABELS: Final = """
    INSERT INTO segment_labels (workspace_id, segment_id, label_id)
    SELECT workspace_id, $3, label_id FROM segment_labels WHERE workspace_id = $1 AND segment_id = $2
"""

COPY_NUMBERS: Final = f"""
    UPDATE segments c
    SET as_of = o.as_of, member_count = $4, {", ".join(f"{name} = o.{name}" for name in reach.COLUMNS)}
    FROM segments o WHERE o.workspace_id = $1 AND o.id = $2 AND c.workspace_id = $1 AND c.id = $3
"""  # noqa: S608 - constants only


async def clone(
    context: Context, viewer: Viewer, segment_id: int, name: str, *, version: int | None = None
) -> SegmentView:
    """Clone any segment that the viewer sees: a draft to a draft, any other to an ACTIVE one that is computed.

    The clone is the viewer's. Raises NotFound, Forbidden, StaleVersion, NameTaken, BadTransition (its criteria
    refer to an archived segment) and what is wrong with a name.
    """
    require_write(viewer)
    cleaned = clean_name(name, "segment")
    async with begin() as unit:
        original = await rows.hold_visible(unit, viewer, segment_id)
        lifecycle.require_version(original, version)
        lifecycle.require_possible(original, SegmentTransition.CLONE)
        clone_id = await _insert(unit, viewer, original, cleaned)
        created = rows.status_changed(viewer.workspace_id, clone_id, 0, SegmentStatus.DRAFT, None)
        context.publish(unit, [created])
        if original.status is not SegmentStatus.DRAFT:
            await segment_references.require_live(unit.connection, viewer, original.criteria)
            await _copy_members(unit, viewer, original, clone_id)
            await rows.compute(context, unit, viewer.workspace_id, clone_id, SegmentStatus.DRAFT)
        of = {"cloned_from_id": original.id}
        return await rows.noted(unit, viewer, AuditAction.CLONED, None, clone_id, later=of)


async def _insert(unit: UnitOfWork, viewer: Viewer, original: SegmentView, name: str) -> int:
    """The id of the clone: a draft with its sources, hidden from the same users as the original."""
    clone_id: int | None = await unit.connection.fetchval(
        CLONE,
        viewer.workspace_id,
        original.id,
        name,
        name_key(name),
        segments.origin_of(viewer),
        original.visibility if viewer.manages_all else Visibility.PRIVATE,
        viewer.user_id,
        viewer.api_key_id,
    )
    if clone_id is None:
        raise segments.name_taken(name)
    await segments.create_sources(unit, viewer.workspace_id, clone_id, original.type)
    await unit.connection.execute(HIDE, viewer.workspace_id, original.id, clone_id, viewer.user_id)
    await unit.connection.execute(COPY_LABELS, viewer.workspace_id, original.id, clone_id)
    return clone_id


async def _copy_members(unit: UnitOfWork, viewer: Viewer, original: SegmentView, clone_id: int) -> None:
    """Give the clone what its sources would have, the history of one entry, and the numbers until its own are there."""
    connection, workspace_id = unit.connection, viewer.workspace_id
    memberships = await deltas.read_memberships(connection, workspace_id, [original.id, clone_id])
    copy = memberships[clone_id]
    _copy_links(memberships[original.id], copy, original.type)
    change = copy.change()
    store = ChunkStore(connection, workspace_id)
    await deltas.write(store, connection, workspace_id, [copy.stored(change)])
    entered = change.entered
    delta = MembershipDelta(clone_id, 0, change, reach.NO_REACH, reach_known=False)
    if entered:
        at = await connection.fetchval("SELECT clock_timestamp()")
        how = Recording(RunTrigger.MANUAL, at, adds_numbers=False)
        await deltas.record(connection, workspace_id, original.kind, [delta], how)
    await connection.execute(COPY_NUMBERS, workspace_id, original.id, clone_id, len(entered))


def _copy_links(original: Membership, copy: Membership, type_: SegmentType) -> None:
    """Links and blocks go to the source of their kind; what only playbooks hold in a STATIC one becomes manual."""
    for source_id, kind in original.kinds.items():
        if kind != SourceKind.PLAYBOOK:
            target = copy.source(kind)
            copy.links_after[target] = original.links[source_id]
            copy.blocks_after[target] = original.blocks[source_id]
    if type_ is SegmentType.STATIC:
        manual = copy.source(SourceKind.MANUAL)
        copy.links_after[manual] = copy.links_after[manual] | (original.members - copy.members_after)

"""Members that criteria and playbooks must not add to a segment, because a person removed them: listed, and unblocked.

The blocks of a playbook that does not add to the segment any more count too: they hold when it comes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer, require_write
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.paging import Page, PageRequest
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.models.audiences import ChunkRole
from seggraph.services.audit import audit
from seggraph.services.changes import changes
from seggraph.services.members import orders, selections
from seggraph.services.members import pages as member_pages
from seggraph.services.members.lists import MemberList
from seggraph.services.members.selections import Selection
from seggraph.services.memberships import deltas
from seggraph.services.memberships.membership import BLOCKABLE, NO_CHANGE
from seggraph.services.segments import manual_membership
from seggraph.services.segments.manual_membership import ManualReport
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import AuditAction, AuditSubject, MemberKind, SegmentStatus, SourceKind

BLOCKING: Final = """
    SELECT id, segment_id, kind, playbook_id, false AS is_former FROM sources
    WHERE workspace_id = $1 AND segment_id = ANY($2) AND kind = ANY($3)
    UNION ALL
    SELECT id, segment_id, 'PLAYBOOK', playbook_id, true FROM former_sources
    WHERE workspace_id = $1 AND segment_id = ANY($2)
    ORDER BY id
"""

FORMER: Final = """
    SELECT id, segment_id FROM former_sources WHERE workspace_id = $1 AND segment_id = ANY($2) ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Block:
    """A source that must not add some members: its kind, the playbook if it is one, and these members."""

    kind: SourceKind
    playbook_id: int | None
    ordinals: BitMap


@dataclass(frozen=True, slots=True)
class BlockedPage:
    """A page of the blocked members of a segment, and what blocks them."""

    page: Page[object]
    members: BitMap
    blocks: Sequence[Block]


async def list_page(viewer: Viewer, segment: SegmentView, request: PageRequest) -> BlockedPage:
    """A page of the blocked members of a segment that the viewer was found to see, oldest first. Raises BadCursor."""
    async with database() as connection:
        blocks = await _blocks(connection, viewer.workspace_id, segment.id)
    members = BitMap.union(BitMap(), *(block.ordinals for block in blocks))
    list_ = MemberList(segment.kind, audience=members)
    page = await member_pages.list_page(viewer, list_, orders.BY_ORDINAL, request)
    return BlockedPage(page, members, blocks)


async def _blocks(connection: asyncpg.Connection, workspace_id: int, segment_id: int) -> list[Block]:
    rows = await connection.fetch(BLOCKING, workspace_id, [segment_id], sorted(BLOCKABLE))
    owners = [_owner(row) for row in rows]
    found = await ChunkStore(connection, workspace_id).read_many(owners)
    return [
        Block(SourceKind(row["kind"]), row["playbook_id"], found[owner])
        for row, owner in zip(rows, owners, strict=True)
        if found[owner]
    ]


def _owner(row: asyncpg.Record) -> ChunkOwner:
    return ChunkOwner(ChunkRole.FORMER_BLOCKS if row["is_former"] else ChunkRole.BLOCKS, row["id"])


async def unblock(
    context: Context, viewer: Viewer, segment_ids: Sequence[int], selection: Selection
) -> ManualReport:
    """Let the criteria and playbooks of segments add members again; those that match enter with the next refresh.

    Members who are not blocked stay as they are. Raises like `manual_membership.remove`.
    """
    require_write(viewer)
    kind = await manual_membership.kind_of(viewer, segment_ids, None)
    chosen = await selections.evaluated(context, viewer, replace(selection, kind=kind))
    async with begin() as unit:
        held = await manual_membership.hold_open(unit, viewer, segment_ids)
        ordinals, not_found = await manual_membership.resolve(unit.connection, viewer, kind, chosen)
        freed = await _free(context, unit, viewer, kind, held, ordinals) if ordinals else {}
        for segment in held:
            counts = {
                "asked_for_count": len(ordinals),
                "changed_count": len(freed.get(segment.id, ())),
            }
            subject = audit.Subject(AuditSubject.SEGMENT, segment.id, segment.name)
            await audit.record(unit, viewer, AuditAction.MEMBERS_UNBLOCKED, subject, after=counts)
        changed = sum(map(len, freed.values()))
        return await manual_membership.report(unit, viewer, held, ordinals, changed, not_found)


async def _free(
    context: Context,
    unit: UnitOfWork,
    viewer: Viewer,
    kind: MemberKind,
    held: Sequence[SegmentView],
    ordinals: BitMap,
) -> Mapping[int, BitMap]:
    """Take the blocks of these members away, and have the rules look at them; returns whom each segment freed."""
    connection, workspace_id = unit.connection, viewer.workspace_id
    segment_ids = [segment.id for segment in held]
    memberships = await deltas.read_memberships(
        connection, workspace_id, segment_ids, within_ordinals=ordinals
    )
    freed: dict[int, BitMap] = {}
    store = ChunkStore(connection, workspace_id)
    stored, names = [], set[str]()
    for segment in held:
        membership = memberships[segment.id]
        membership.unblock(ordinals)
        freed[segment.id] = membership.touched
        stored.append(membership.stored(NO_CHANGE))
        if segment.status is SegmentStatus.ACTIVE:
            names |= {f"{changes.TIME}{source_id}" for source_id in membership.blocks_after}
    await deltas.write(store, connection, workspace_id, stored)
    rows = await connection.fetch(FORMER, workspace_id, segment_ids)
    owners = {ChunkOwner(ChunkRole.FORMER_BLOCKS, row["id"]): row["segment_id"] for row in rows}
    found = await store.read_many(list(owners), within_ordinals=ordinals)
    await store.write({owner: (blocked, blocked - ordinals) for owner, blocked in found.items()})
    if names:
        looked_at = BitMap.union(BitMap(), *freed.values())
        await changes.mark(context, unit, workspace_id, kind, looked_at, names)
    for owner, segment_id in owners.items():
        freed[segment_id] |= found[owner] & ordinals
    return freed

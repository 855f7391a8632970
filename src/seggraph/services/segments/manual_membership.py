"""Manual membership: adding members to segments and removing them, one or many at a time.

A call is one transaction that holds the rows of its segments, as a run does when it applies its result: what is
computed at the same time comes before or after it, and reads links and blocks as it left them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer, require_segment_management, require_write, visibility_arguments
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import BadTransition, Forbidden, Invalid, NotFound, Required, SeggraphError, TooMany
from seggraph.models.audiences import ChunkRole
from seggraph.services.audit import audit
from seggraph.services.changes import populations
from seggraph.services.customer_value import audience_values
from seggraph.services.members import selections
from seggraph.services.members.selections import Selection
from seggraph.services.memberships import deltas
from seggraph.services.memberships.deltas import MembershipDelta, Recording
from seggraph.services.memberships.membership import NO_CHANGE, Membership, MembershipChange, StoredChange
from seggraph.services.reach import reach
from seggraph.services.reach.addresses import Addresses, AudienceChange, Sharing
from seggraph.services.reach.reach import Reachable
from seggraph.services.rules import segment_references
from seggraph.services.segments import lifecycle, segments, views
from seggraph.services.segments import rows as segment_rows
from seggraph.services.segments.segments import SegmentDraft
from seggraph.services.segments.views import SELECT, SegmentView, view_of
from seggraph.vocabulary import (
    AuditAction,
    AuditSubject,
    MemberKind,
    ReachStatus,
    RunTrigger,
    SegmentStatus,
    SegmentType,
)

MAX_SEGMENTS: Final = 100
"""Most segments of one call."""

HOLD: Final = f"{SELECT} AND s.id = ANY($4) ORDER BY s.id FOR NO KEY UPDATE OF s"

MANUAL_CHANGES: Final[Mapping[AuditAction, Callable[[Membership, BitMap], None]]] = {
    AuditAction.MEMBERS_ADDED: Membership.add_manually,
    AuditAction.MEMBERS_REMOVED: Membership.remove_manually,
}
"""How each action changes one membership: it sets the links and blocks after."""


@dataclass(frozen=True, slots=True)
class ManualReport:
    """What a call did. `changed` and `already_done` count pairs of a member and a segment.

    A pair changed when a link or a block of it did, whether or not the member entered or exited. `segments` are as the
    call left them, the new one last.
    """

    changed: int
    already_done: int
    not_found: list[str]
    segments: list[SegmentView]


async def add(
    context: Context,
    viewer: Viewer,
    segment_ids: Sequence[int],
    selection: Selection,
    *,
    new_segment: SegmentDraft | None = None,
) -> ManualReport:
    """Link members manually to segments of one kind, and to a STATIC one that is made for them.

    A STATIC draft becomes ACTIVE by it. Blocks on other sources stay as they are. Raises NotFound, Forbidden,
    BadTransition (a segment that takes nobody), Invalid (kinds differ), Required, TooMany, NameTaken,
    CriteriaError.
    """
    require_write(viewer)
    kind = await kind_of(viewer, segment_ids, new_segment)
    chosen = await selections.evaluated(context, viewer, replace(selection, kind=kind))
    async with begin() as unit:
        held = await hold_open(unit, viewer, segment_ids)
        ordinals, not_found = await resolve(unit.connection, viewer, kind, chosen)
        drafts = [segment.id for segment in held if segment.status is SegmentStatus.DRAFT and ordinals]
        for segment_id in drafts:
            await segment_rows.activate(context, unit, viewer, segment_id)
        if new_segment is not None:
            held.append(await _make(context, unit, viewer, new_segment))
        after = await _read(unit, viewer, held) if drafts else held
        changed = await _change(context, unit, viewer, kind, after, ordinals, AuditAction.MEMBERS_ADDED)
        return await report(unit, viewer, held, ordinals, changed, not_found)


async def remove(
    context: Context, viewer: Viewer, segment_ids: Sequence[int], selection: Selection
) -> ManualReport:
    """Take every link of members away and block them on the CRITERIA and PLAYBOOK sources that exist now.

    Members who are not in a segment are blocked there all the same: they will not be added. Raises like `add`.
    """
    require_write(viewer)
    kind = await kind_of(viewer, segment_ids, None)
    chosen = await selections.evaluated(context, viewer, replace(selection, kind=kind))
    async with begin() as unit:
        held = await hold_open(unit, viewer, segment_ids)
        ordinals, not_found = await resolve(unit.connection, viewer, kind, chosen)
        changed = await _change(context, unit, viewer, kind, held, ordinals, AuditAction.MEMBERS_REMOVED)
        return await report(unit, viewer, held, ordinals, changed, not_found)


async def fill(
    context: Context, unit: UnitOfWork, viewer: Viewer, segment: SegmentView, ordinals: BitMap
) -> None:
    """Link members manually to a segment that the unit of work has just made."""
    await _change(context, unit, viewer, segment.kind, [segment], ordinals, AuditAction.MEMBERS_ADDED)


async def fill_from_file(
    context: Context,
    unit: UnitOfWork,
    viewer: Viewer,
    segment_id: int,
    ordinals: BitMap,
    *,
    replaces: bool,
    activates: bool,
    removes: bool = False,
) -> None:
    """Link the members of an imported file to a STATIC segment, besides those of earlier files or in their place.

    With `removes` they leave the segment, as when somebody removes them.

    An ACTIVE segment has them when the unit ends. A draft keeps them for its activation, or is activated if
    `activates`. Raises NotFound, Forbidden, Invalid for a DYNAMIC segment, and BadTransition for one that is paused or
    archived.
    """
    [segment] = await _hold(unit, viewer, [segment_id])
    require_takes_files(segment.type, segment.status)
    # Those erased since they were stored are left out; an erasure that comes now waits for the segment's row.
    ordinals = await selections.existing(unit.connection, viewer, segment.kind, ordinals)
    if segment.status is SegmentStatus.DRAFT and activates:
        await segment_rows.activate(context, unit, viewer, segment_id)
        [segment] = await _read(unit, viewer, [segment])
        await segment_rows.noted(unit, viewer, AuditAction.ACTIVATED, None, segment_id)
    memberships = await deltas.read_memberships(unit.connection, viewer.workspace_id, [segment_id])
    membership = memberships[segment_id]
    if removes:
        membership.remove_manually(ordinals)
    else:
        membership.import_file(ordinals, replace=replaces)
    store = ChunkStore(unit.connection, viewer.workspace_id)
    if segment.status is SegmentStatus.DRAFT:
        await deltas.write(store, unit.connection, viewer.workspace_id, [membership.stored(NO_CHANGE)])
        return
    change = membership.change()
    await deltas.write(store, unit.connection, viewer.workspace_id, [membership.stored(change)])
    if change:
        reached = await _reached(unit.connection, viewer, segment.kind, change.ordinals)
        delta = await _delta(store, segment, change, reached)
        await _record(context, unit, viewer, segment.kind, [delta])


def require_takes_files(type_: str, status: str) -> None:
    """Raise Invalid for a DYNAMIC segment, and BadTransition for one that is paused or archived."""
    if type_ != SegmentType.STATIC:
        raise Invalid("Criteria fill this segment; only a static one is filled by imports.")
    if status not in (SegmentStatus.DRAFT, SegmentStatus.ACTIVE):
        raise BadTransition(f"The segment is {status}: resume or unarchive it first.")


async def kind_of(viewer: Viewer, segment_ids: Sequence[int], new_segment: SegmentDraft | None) -> MemberKind:
    """The kind that all the segments have. Raises NotFound, Required, TooMany and Invalid."""
    if not segment_ids and new_segment is None:
        raise Required("Say which segments.", path=("segmentIds",))
    if len(set(segment_ids)) > MAX_SEGMENTS:
        raise TooMany(f"Give at most {MAX_SEGMENTS} segments at once.", path=("segmentIds",))
    if new_segment is not None and new_segment.type is not SegmentType.STATIC:
        raise Invalid("A segment that is made for given members is STATIC.", path=("newSegment", "type"))
    found = await views.get_many(viewer, segment_ids)
    kind = None if new_segment is None else new_segment.kind
    for index, segment_id in enumerate(segment_ids):
        if segment_id not in found:
            raise NotFound("There is no such segment.", path=("segmentIds", index))
        kind = kind or found[segment_id].kind
        if found[segment_id].kind is not kind:
            message = f"All the segments must be of one kind: this one holds {found[segment_id].kind.name}"
            raise Invalid(f"{message}, another {kind.name}.", path=("segmentIds", index))
    if kind is None:
        raise Required("Say which segments.", path=("segmentIds",))
    return kind


async def _hold(unit: UnitOfWork, viewer: Viewer, segment_ids: Sequence[int]) -> list[SegmentView]:
    """The segments in the order given, their rows held, if the viewer may change all of them."""
    wanted = list(dict.fromkeys(segment_ids))
    rows = await unit.connection.fetch(HOLD, *visibility_arguments(viewer), sorted(wanted))
    found = {row["id"]: view_of(row) for row in rows}
    for index, segment_id in enumerate(wanted):
        if segment_id not in found:
            raise NotFound("There is no such segment.", path=("segmentIds", index))
        try:
            require_segment_management(viewer, created_by_id=found[segment_id].created_by_id)
        except Forbidden as error:
            raise Forbidden(error.message, path=("segmentIds", index)) from error
    return [found[segment_id] for segment_id in wanted]


async def hold_open(unit: UnitOfWork, viewer: Viewer, segment_ids: Sequence[int]) -> list[SegmentView]:
    """Hold segments that take manual changes, if the viewer may change all of them.

    Raises NotFound, Forbidden and BadTransition.
    """
    held = await _hold(unit, viewer, segment_ids)
    for index, segment in enumerate(held):
        _require_open(segment, index)
    return held


def _require_open(segment: SegmentView, index: int) -> None:
    """Raise BadTransition, or Forbidden for a default segment, unless the segment takes manual changes."""
    path = ("segmentIds", index)
    lifecycle.require_own(segment, path=path)
    match segment.status:
        case SegmentStatus.PAUSED:
            raise BadTransition("A paused segment does not change; resume it first.", path=path)
        case SegmentStatus.ARCHIVED:
            raise BadTransition("An archived segment does not change; unarchive it first.", path=path)
        case SegmentStatus.DRAFT if segment.type is SegmentType.DYNAMIC:
            raise BadTransition("A dynamic draft holds nobody; give it criteria first.", path=path)


async def _make(context: Context, unit: UnitOfWork, viewer: Viewer, draft: SegmentDraft) -> SegmentView:
    """The new segment, ACTIVE. What is wrong with it is reported below `newSegment`."""
    try:
        return await segments.create_within(context, unit, viewer, replace(draft, activate=True))
    except SeggraphError as error:
        error.path = ("newSegment", *error.path)
        raise


async def resolve(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, selection: Selection
) -> tuple[BitMap, list[str]]:
    """The ordinals of the members that are there while the segments are held, and what names none.

    Deleting a member takes it out of the segments: so the deletion waits for this unit, or is seen by it.
    """
    if selection.matched is not None:
        return await selections.existing(connection, viewer, kind, selection.matched), []
    named = await selections.find_named(connection, viewer, selection)
    return BitMap(ordinal for _, _, ordinal in named.rows), named.not_found


async def _change(
    context: Context,
    unit: UnitOfWork,
    viewer: Viewer,
    kind: MemberKind,
    held: Sequence[SegmentView],
    ordinals: BitMap,
    action: AuditAction,
) -> int:
    """Add or remove the members in all the segments; returns how many pairs of a member and a segment changed."""
    if not ordinals:
        return 0
    connection = unit.connection
    memberships = await deltas.read_memberships(
        connection, viewer.workspace_id, [segment.id for segment in held], within_ordinals=ordinals
    )
    stored: list[StoredChange] = []
    changes: dict[int, MembershipChange] = {}
    for segment_id, membership in memberships.items():
        MANUAL_CHANGES[action](membership, ordinals)
        changes[segment_id] = membership.change()
        stored.append(membership.stored(changes[segment_id]))
    store = ChunkStore(connection, viewer.workspace_id)
    await deltas.write(store, connection, viewer.workspace_id, stored)
    moved = BitMap.union(BitMap(), *(change.ordinals for change in changes.values()))
    reached = await _reached(connection, viewer, kind, moved)
    changed = [segment for segment in held if changes[segment.id]]
    found = [await _delta(store, segment, changes[segment.id], reached) for segment in changed]
    await _record(context, unit, viewer, kind, found)
    for segment in held:
        counts = {"asked_for_count": len(ordinals), "changed_count": len(memberships[segment.id].touched)}
        subject = audit.Subject(AuditSubject.SEGMENT, segment.id, segment.name)
        await audit.record(unit, viewer, action, subject, after=counts)
    return sum(len(membership.touched) for membership in memberships.values())


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom each channel reaches among the members that move, and those with whom they share addresses."""

    reachable: Reachable
    sharing: Sharing


async def _reached(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, ordinals: BitMap
) -> Reached:
    """What is to be known of members that move to count them.

    Read while the segments are held: a refresh that has changed it and waits for them corrects their numbers
    from what it was before, which is what is read here.
    """
    population_id = await populations.ensure(connection, viewer.workspace_id, kind)
    owners = reach.owners(population_id)
    store = ChunkStore(connection, viewer.workspace_id)
    sharing = await Addresses(connection, store, viewer.workspace_id, kind).sharing(population_id, ordinals)
    wanted = ordinals | sharing.ordinals
    found = await store.read_many(list(owners.values()), within_ordinals=wanted)
    return Reached({place: found[owner] & wanted for place, owner in owners.items()}, sharing)


async def _delta(
    store: ChunkStore, segment: SegmentView, change: MembershipChange, reached: Reached
) -> MembershipDelta:
    """The delta of a segment. The reach follows only where it is known: elsewhere a run is to count it anew."""
    known = segment.reach_status is ReachStatus.READY
    reach_change = reach.NO_REACH
    if known:
        gained = reach.count(change.entered, reached.reachable, segment.purpose)
        reach_change = gained - reach.count(change.exited, reached.reachable, segment.purpose)
        sharers, after = reached.sharing.ordinals, change.entered
        if sharers:
            owner = ChunkOwner(ChunkRole.MEMBERS, segment.id)
            after = after | (await store.read_held([owner], sharers))[owner]
        audience_change = AudienceChange((after - change.entered) | change.exited, after)
        reach_change += reached.sharing.change(audience_change, reached.reachable, reached.reachable)
    return MembershipDelta(segment.id, segment.requested_revision, change, reach_change, known)


async def _record(
    context: Context, unit: UnitOfWork, viewer: Viewer, kind: MemberKind, found: Sequence[MembershipDelta]
) -> None:
    """Write runs and numbers, and publish. What criteria were evaluated on stays as of its instant."""
    if not found:
        return
    connection, workspace_id = unit.connection, viewer.workspace_id
    at: datetime = await connection.fetchval("SELECT clock_timestamp()")
    recorded = await deltas.record(connection, workspace_id, kind, found, Recording(RunTrigger.MANUAL, at))
    audience_values.follow(context, unit, workspace_id, kind, deltas.entries_and_exits(found))
    context.publish(unit, deltas.facts_of(workspace_id, recorded, at))
    await segment_references.mark_followers(context, unit, workspace_id, kind, found)


async def _read(unit: UnitOfWork, viewer: Viewer, held: Sequence[SegmentView]) -> list[SegmentView]:
    """The segments as the unit has made them so far, in their order."""
    ids = [segment.id for segment in held]
    rows = await unit.connection.fetch(f"{SELECT} AND s.id = ANY($4)", *visibility_arguments(viewer), ids)
    found = {row["id"]: view_of(row) for row in rows}
    return [found[segment_id] for segment_id in ids]


async def report(
    unit: UnitOfWork,
    viewer: Viewer,
    held: Sequence[SegmentView],
    ordinals: BitMap,
    changed: int,
    not_found: list[str],
) -> ManualReport:
    """What a call did, with the segments as they are now."""
    already_done = len(held) * len(ordinals) - changed
    return ManualReport(changed, already_done, not_found, await _read(unit, viewer, held))

"""Erasing members: the right to be forgotten. Nothing of a member stays, and its ordinal is never given again.

One transaction holds, in this order: the workspace's members alone, so that nobody writes or relates them; its
events alone; the members; the population's turn to refresh; the rows of all its segments. A run that is at work
gets the ordinals to evaluate again when it applies its result, and then finds no member. What stays are
numbers: how many entered and left a segment, and when.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer, require_write
from seggraph.audiences import DELTA_CHUNK, ChunkOwner, ChunkStore, from_bytes, split, to_bytes
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.files import uploads
from seggraph.models.audiences import ChunkRole
from seggraph.services.audit import audit
from seggraph.services.catalogue import value_counts
from seggraph.services.changes import delivery_changes, populations
from seggraph.services.erasure import import_erasure
from seggraph.services.erasure.import_erasure import Traces
from seggraph.services.events import events
from seggraph.services.exports import exports
from seggraph.services.members import relations, selections
from seggraph.services.members.selections import Named, Selection
from seggraph.services.memberships import attribution, deltas
from seggraph.services.memberships.deltas import MembershipDelta, Recording
from seggraph.services.memberships.membership import MembershipChange
from seggraph.services.reach import reach
from seggraph.services.reach.reach import NO_REACH, Reachable
from seggraph.services.suppressions import suppressions
from seggraph.vocabulary import AuditAction, AuditSubject, MemberKind, ReachStatus, RunTrigger, SegmentPurpose

CHUNKS_AT_ONCE: Final = 500
"""How many chunks of history are looked at before the next ones are read."""

READ_MEMBERS: Final = """
    SELECT external_id, email, domain FROM members WHERE workspace_id = $1 AND id = ANY($2)
"""

HOLD_MEMBERS: Final = """
    SELECT id, kind, ordinal, external_id, email, domain FROM members WHERE workspace_id = $1 AND id = ANY($2)
    ORDER BY id FOR UPDATE
"""

DELETE_MEMBERS: Final = "DELETE FROM members WHERE workspace_id = $1 AND id = ANY($2)"

DELETE_ADDRESSES: Final = "DELETE FROM member_addresses WHERE workspace_id = $1 AND member_id = ANY($2)"

HOLD_SEGMENTS: Final = """
    SELECT id, purpose, status, requested_revision, computed_revision, reach_status, reach_total
    FROM segments WHERE workspace_id = $1 AND kind = $2 ORDER BY id FOR NO KEY UPDATE
"""

HISTORY: Final = """
    SELECT id, roaring, causes FROM run_chunks WHERE workspace_id = $1 AND segment_id = ANY($2) AND chunk = ANY($3)
"""

REWRITE_HISTORY: Final = """
    UPDATE run_chunks c SET roaring = t.roaring, cardinality = t.cardinality, causes = t.causes
    FROM unnest($2::bigint[], $3::bytea[], $4::int[], $5::bytea[]) AS t(id, roaring, cardinality, causes)
    WHERE c.workspace_id = $1 AND c.id = t.id
"""

DELETE_HISTORY: Final = "DELETE FROM run_chunks WHERE workspace_id = $1 AND id = ANY($2)"

RUNS_TO_CHANGE: Final = """
    SELECT r.id, r.refreshed, r.status = 'RUNNING' AS running FROM runs r
    WHERE r.workspace_id = $1 AND r.segment_id = ANY($2) AND (r.status = 'RUNNING' OR r.refreshed IS NOT NULL)
    ORDER BY r.id FOR NO KEY UPDATE
"""

SET_REFRESHED: Final = "UPDATE runs SET refreshed = $3 WHERE workspace_id = $1 AND id = $2"

DIRTY: Final = """
    SELECT id, ordinals FROM dirty_batches WHERE workspace_id = $1 AND kind = $2 ORDER BY id FOR UPDATE
"""

REWRITE_DIRTY: Final = "UPDATE dirty_batches SET ordinals = $3 WHERE workspace_id = $1 AND id = $2"

DELETE_DIRTY: Final = "DELETE FROM dirty_batches WHERE workspace_id = $1 AND id = $2"

SET_REACH: Final = f"UPDATE segments SET {reach.assigned(3)} WHERE workspace_id = $1 AND id = $2"  # noqa: S608

NOW: Final = "SELECT clock_timestamp()"


@dataclass(frozen=True, slots=True)
class Erased:
    """What went with the members: rows, bits of audiences (`memberships`) and of their history (`moves`).

    `import_rows` are rows that imports had rejected, `import_files` files that waited and are withdrawn,
    `export_files` those that could be fetched and may have shown the members.
    """

    addresses: int = 0
    events: int = 0
    relations: int = 0
    pending_relations: int = 0
    memberships: int = 0
    membership_changes: int = 0
    import_rows: int = 0
    import_files: int = 0
    export_files: int = 0

    def __add__(self, other: "Erased") -> "Erased":
        """The sums."""
        return Erased(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Erased)))


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """How many members were erased, what was asked for but does not exist, and what went with them."""

    deleted: int
    not_found: list[str]
    erased: Erased


async def delete(context: Context, viewer: Viewer, selection: Selection) -> ErasureReport:
    """Erase members that are named by id or by external id, in one transaction.

    Raises Forbidden, Required, Invalid, TooMany.
    """
    require_write(viewer)
    selection.validate()
    waiting = await _waiting_files(context, viewer, selection)
    async with begin() as unit:
        connection = unit.connection
        since = await connection.fetchval(NOW)
        named = await selections.find_named(connection, viewer, selection)
        erased, exported = Erased(), list[str]()
        for kind, ids in _by_kind(
            named
        ).items():  # before anybody is kept waiting, for there may be millions of rows
            traces = await _traces(connection, viewer.workspace_id, kind, ids)
            rows = await import_erasure.forget(connection, viewer.workspace_id, kind, traces)
            erased += Erased(import_rows=rows)
        await lock_exclusive(connection, LockSpace.MEMBERS, viewer.workspace_id)
        named = await selections.find_named(connection, viewer, selection)
        for kind, ids in _by_kind(named).items():
            erased += await _Erasing(context, unit, viewer.workspace_id, kind).run(ids, since)
            exported += await exports.withdraw(context, unit, viewer.workspace_id, kind)
        erased += Erased(export_files=len(exported))
        files = await import_erasure.withdraw(connection, viewer.workspace_id, waiting)
        if named.rows:
            counts = {"member_count": len(named.rows)} | asdict(erased)
            subject = audit.Subject(AuditSubject.MEMBER)
            await audit.record(unit, viewer, AuditAction.ERASED, subject, counts)
    for file in (*files, *exported):
        await asyncio.to_thread(uploads.remove, context.settings, file)
    return ErasureReport(len(named.rows), named.not_found, erased + Erased(import_files=len(files)))


async def _waiting_files(context: Context, viewer: Viewer, selection: Selection) -> list[int]:
    """The imports whose files wait and name one of the members: they are read before anything is held."""
    found: list[int] = []
    async with database() as connection:
        named = await selections.find_named(connection, viewer, selection)
        for kind, ids in _by_kind(named).items():
            traces = await _traces(connection, viewer.workspace_id, kind, ids)
            found += await import_erasure.waiting_with(
                context.settings, connection, viewer.workspace_id, kind, traces
            )
    return found


def _by_kind(named: Named) -> dict[MemberKind, list[int]]:
    """The ids of the members that were found, by kind, in the order in which kinds are held."""
    kinds = sorted({kind for _, kind, _ in named.rows})
    return {kind: [number for number, of_kind, _ in named.rows if of_kind is kind] for kind in kinds}


async def _traces(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ids: Sequence[int]
) -> Traces:
    return import_erasure.traces_of(kind, await connection.fetch(READ_MEMBERS, workspace_id, list(ids)))


class _Erasing:
    """Erasing members of one kind."""

    def __init__(self, context: Context, unit: UnitOfWork, workspace_id: int, kind: MemberKind) -> None:
        self._context = context
        self._unit = unit
        self._connection: asyncpg.Connection = unit.connection
        self._workspace_id = workspace_id
        self._kind = kind
        self._ordinals = BitMap()

    async def run(self, ids: Sequence[int], since: datetime) -> Erased:
        """Erase the rows, then the bits; returns what there was.

        Of imports only those are looked at that were at work since an instant.
        """
        members = await self._connection.fetch(HOLD_MEMBERS, self._workspace_id, list(ids))
        self._ordinals = BitMap(row["ordinal"] for row in members)
        event_count = await events.erase(
            self._connection, self._workspace_id, self._kind, list(self._ordinals)
        )
        related, pending = await relations.erase(
            self._context,
            self._unit,
            self._workspace_id,
            self._kind,
            ordinals=list(self._ordinals),
            external_ids=[row["external_id"] for row in members],
        )
        # Before the members are deleted: that raises the version of the data, which the holder of the lock raises too.
        await populations.lock(self._connection, self._workspace_id, self._kind)
        await suppressions.forget(self._connection, self._workspace_id, ids)
        addresses = await self._connection.execute(DELETE_ADDRESSES, self._workspace_id, list(ids))
        await self._connection.execute(DELETE_MEMBERS, self._workspace_id, list(ids))
        await value_counts.fold_within(self._connection, self._workspace_id, self._kind)
        memberships, changes = await self._erase_bits()
        await self._erase_dirty()
        keys = {row["ordinal"]: row["external_id"] for row in members}
        await delivery_changes.erase(self._connection, self._workspace_id, self._kind, keys)
        traces = import_erasure.traces_of(self._kind, members)
        rows = await import_erasure.forget(
            self._connection, self._workspace_id, self._kind, traces, since=since
        )
        return Erased(_count(addresses), event_count, related, pending, memberships, changes, rows)

    async def _erase_bits(self) -> tuple[int, int]:
        """Take the bits out of every audience and its history; returns how many of each there were."""
        segments = await self._connection.fetch(HOLD_SEGMENTS, self._workspace_id, self._kind)
        segment_ids = [row["id"] for row in segments]
        before, after = await self._erase_reachable()
        deltas_found = await self._erase_links(segments, before)
        await self._leave_to_runs(segment_ids)
        changes = await self._erase_history(segment_ids)
        at = await self._connection.fetchval(NOW)
        await self._record(deltas_found, at)
        await self._count_anew([row for row in segments if not _in_step(row)], deltas_found, after)
        return sum(len(delta.exited) for delta in deltas_found), changes

    async def _erase_reachable(self) -> tuple[Reachable, Reachable]:
        """Correct the reachable audiences; returns their chunks as they were, and as they are."""
        population_id = await populations.ensure(self._connection, self._workspace_id, self._kind)
        store = ChunkStore(self._connection, self._workspace_id)
        owners = reach.owners(population_id)
        found = await store.read_many(list(owners.values()), within_ordinals=self._ordinals)
        await store.write({owner: (bitmap, bitmap - self._ordinals) for owner, bitmap in found.items()})
        await store.fold(list(found), within_ordinals=self._ordinals)
        before = {place: found[owner] for place, owner in owners.items()}
        return before, {place: bitmap - self._ordinals for place, bitmap in before.items()}

    async def _erase_links(
        self, segments: Sequence[asyncpg.Record], reachable: Reachable
    ) -> list[MembershipDelta]:
        """Correct links, blocks and members of every segment; returns those that lost someone."""
        memberships = await deltas.read_memberships(
            self._connection,
            self._workspace_id,
            [row["id"] for row in segments],
            within_ordinals=self._ordinals,
        )
        changes: dict[ChunkOwner, tuple[BitMap, BitMap]] = {}
        deltas_found = []
        for row in segments:
            membership = memberships[row["id"]]
            membership.forget(self._ordinals)
            # Links that a run is still to make members of, or the other way round, are left to it.
            members = (membership.members, membership.members - self._ordinals)
            changes |= membership.source_changes() | {ChunkOwner(ChunkRole.MEMBERS, row["id"]): members}
            gone = membership.members & self._ordinals
            if gone:
                live = _in_step(row)
                lost = reach.count(gone, reachable, _purpose(row)) if live else NO_REACH
                change = MembershipChange(BitMap(), gone, None)
                deltas_found.append(
                    MembershipDelta(
                        row["id"], row["computed_revision"], change, NO_REACH - lost, reach_known=live
                    )
                )
        store = ChunkStore(self._connection, self._workspace_id)
        await store.write(changes)
        await store.fold(list(changes), within_ordinals=self._ordinals)
        return deltas_found

    async def _record(self, deltas_found: Sequence[MembershipDelta], at: datetime) -> None:
        """Keep that so many left, but not who, and publish it."""
        how = Recording(RunTrigger.MANUAL, at, keeps_members=False)
        recorded = await deltas.record(self._connection, self._workspace_id, self._kind, deltas_found, how)
        self._context.publish(self._unit, deltas.facts_of(self._workspace_id, recorded, at))

    async def _count_anew(
        self,
        segments: Sequence[asyncpg.Record],
        deltas_found: Sequence[MembershipDelta],
        reachable: Reachable,
    ) -> None:
        """Count the reach of segments that no refresh keeps up to date: their numbers cannot be corrected."""
        lost = {delta.segment_id for delta in deltas_found}
        wanted = [row for row in segments if row["id"] in lost and row["reach_total"] is not None]
        if not wanted:
            return
        store = ChunkStore(self._connection, self._workspace_id)
        population_id = await populations.ensure(self._connection, self._workspace_id, self._kind)
        audiences = reach.owners(population_id)
        members = {row["id"]: ChunkOwner(ChunkRole.MEMBERS, row["id"]) for row in wanted}
        found = await store.read_many([*audiences.values(), *members.values()])
        everywhere = {place: found[owner] for place, owner in audiences.items()}
        for row in wanted:
            counts = reach.count(found[members[row["id"]]], everywhere, _purpose(row))
            await self._connection.execute(SET_REACH, self._workspace_id, row["id"], *counts.values())

    async def _leave_to_runs(self, segment_ids: Sequence[int]) -> None:
        """Have runs at work evaluate the ordinals again, and forget those that were left to runs that are over."""
        for run in await self._connection.fetch(RUNS_TO_CHANGE, self._workspace_id, list(segment_ids)):
            known = BitMap() if run["refreshed"] is None else from_bytes(run["refreshed"])
            left = to_bytes(known | self._ordinals) if run["running"] else None
            await self._connection.execute(SET_REFRESHED, self._workspace_id, run["id"], left)

    async def _erase_history(self, segment_ids: Sequence[int]) -> int:
        """Take the bits out of the history of entries and exits; returns how many there were.

        All the chunks that may hold one are looked at, some at a time.
        """
        numbers = [DELTA_CHUNK, *split(self._ordinals)]
        history = await self._connection.cursor(HISTORY, self._workspace_id, list(segment_ids), numbers)
        erased = 0
        while rows := await history.fetch(CHUNKS_AT_ONCE):
            chunks = [(row, from_bytes(row["roaring"])) for row in rows]
            found = [(row, bitmap) for row, bitmap in chunks if bitmap.intersect(self._ordinals)]
            erased += sum(bitmap.intersection_cardinality(self._ordinals) for _, bitmap in found)
            await self._rewrite(found)
        return erased

    async def _rewrite(self, chunks: Iterable[tuple[asyncpg.Record, BitMap]]) -> None:
        kept: list[tuple[Any, ...]] = []
        emptied: list[int] = []
        for row, bitmap in chunks:
            left = bitmap - self._ordinals
            if left:
                attributed = attribution.without(row["causes"], bitmap, left)
                kept.append((row["id"], to_bytes(left), len(left), attributed))
            else:
                emptied.append(row["id"])
        if kept:
            await self._connection.execute(REWRITE_HISTORY, self._workspace_id, *zip(*kept, strict=True))
        if emptied:
            await self._connection.execute(DELETE_HISTORY, self._workspace_id, emptied)

    async def _erase_dirty(self) -> None:
        """Take the ordinals out of what is to be looked at: there is nothing to look at."""
        for row in await self._connection.fetch(DIRTY, self._workspace_id, self._kind):
            ordinals = from_bytes(row["ordinals"])
            left = ordinals - self._ordinals
            if not left:
                await self._connection.execute(DELETE_DIRTY, self._workspace_id, row["id"])
            elif left != ordinals:
                await self._connection.execute(REWRITE_DIRTY, self._workspace_id, row["id"], to_bytes(left))


def _in_step(row: asyncpg.Record) -> bool:
    """Whether a refresh keeps the segment's numbers up to date."""
    return bool(
        row["status"] == "ACTIVE"
        and row["reach_status"] == ReachStatus.READY
        and row["requested_revision"] == row["computed_revision"]
    )


def _purpose(row: asyncpg.Record) -> SegmentPurpose | None:
    return None if row["purpose"] is None else SegmentPurpose(row["purpose"])


def _count(status: str) -> int:
    """The number of rows in PostgreSQL's answer to a statement."""
    return int(status.rsplit(" ", 1)[1])

"""Taking the ordinals of deleted members out of audiences and their history, some segments at a time.

Each portion is a transaction that holds the rows of its segments. A run that is at work gets the ordinals to evaluate
again when it applies its result, and then finds no member; every later run and refresh finds none either. So what a
portion has left stays without them. A segment that is made of others meanwhile is found by the last portion, before
which nobody who reads audiences to copy them is at work.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkCache, ChunkOwner, ChunkStore, from_bytes, split, to_bytes
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.models.audiences import ChunkRole
from seggraph.services.changes import delivery_changes, populations
from seggraph.services.customer_value import audience_values, member_orders
from seggraph.services.erasure import erased_rows, erasures, scrubbing
from seggraph.services.erasure.erasures import Erased, Erasure
from seggraph.services.erasure.portions import patiently
from seggraph.services.members import bulk_edits
from seggraph.services.memberships import attribution, deltas, history_spans
from seggraph.services.memberships.deltas import MembershipDelta, Recording
from seggraph.services.memberships.history_spans import Windows
from seggraph.services.memberships.membership import MembershipChange
from seggraph.services.reach import reach
from seggraph.services.reach.addresses import Addresses, AudienceChange
from seggraph.services.reach.reach import NO_REACH, Reachable, ReachCounts
from seggraph.vocabulary import ReachStatus, RunTrigger, SegmentPurpose

CHUNKS_AT_ONCE: Final = 512
"""How many chunks of segments one portion reads: 4 MB at most."""

CACHE_BYTES: Final = 16 * 2**20
"""Chunks that an erasure has read and may need again: those of a portion's segments, and of the population."""

HISTORY_AT_ONCE: Final = 500
"""How many rows of history are read at once: 4 MB at most."""

HISTORY_IN_PORTION: Final = 2_000
"""About how many rows of history a portion reads, of one segment at least."""

FIRST_SEGMENTS: Final = 32
"""The history of how many segments the first portion reads; the next ones as many as the rows of the last one say."""

HOLD_SEGMENTS: Final = """
    SELECT id, purpose, status, requested_revision, computed_revision, reach_status, reach_total
    FROM segments WHERE workspace_id = $1 AND kind = $2 AND id > $3 AND id <= $4 ORDER BY id LIMIT $5 FOR NO KEY UPDATE
"""

NEWEST: Final = 2**63 - 1
"""Beyond every segment."""

HISTORY: Final = """
    SELECT id, roaring, causes FROM run_chunks
    WHERE workspace_id = $1 AND segment_id = ANY($2) AND chunk = ANY($3) AND NOT is_spanned
    UNION ALL
    SELECT c.id, c.roaring, c.causes
    FROM unnest($2::bigint[]) AS s(id) CROSS JOIN unnest($4::bigint[], $5::bigint[]) AS w(first, last)
    CROSS JOIN LATERAL (
      SELECT min(applied) AS applied FROM runs WHERE workspace_id = $1 AND segment_id = s.id AND applied >= w.last
    ) next
    JOIN run_chunks c ON c.workspace_id = $1 AND c.segment_id = s.id AND c.chunk = ANY($3)
      AND c.applied >= w.first AND c.applied <= coalesce(next.applied, w.last) AND c.is_spanned
"""
"""What of the history of segments can hold one of the members: see `history_spans`. A row may come twice."""

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

SET_REACH: Final = f"UPDATE segments SET {reach.assigned(3)} WHERE workspace_id = $1 AND id = $2"  # noqa: S608

NOW: Final = "SELECT clock_timestamp()"


async def erase(context: Context, erasure: Erasure) -> Erased:
    """Take the ordinals out of every audience, and complete the erasure; returns all that went with its members.

    Doing it again, or by two processes at once, changes nothing more. Raises RetryLater.
    """
    erasing = _ErasingAudiences(context, erasure, await _reachable(erasure))
    in_bitmaps = 0
    erased = None
    while erased is None:
        while (segment_id := await patiently(partial(erasing.memberships, in_bitmaps))) is not None:
            in_bitmaps = segment_id
        windows = await _windows(erasure)
        in_history = 0
        portion = partial(erasing.history, windows, in_bitmaps)
        while (segment_id := await patiently(partial(portion, in_history))) is not None:
            in_history = segment_id
        erased = await patiently(partial(erasing.end, windows, in_bitmaps))
    return erased


async def _reachable(erasure: Erasure) -> Reachable:
    """Which of the ordinals were reached: their bits stay in the reachable audiences until the end."""
    async with database() as connection:
        population_id = await populations.ensure(connection, erasure.workspace_id, erasure.kind)
        owners = reach.owners(population_id)
        store = ChunkStore(connection, erasure.workspace_id)
        found = await store.read_many(list(owners.values()), within_ordinals=erasure.ordinals)
    return {place: found[owner] & erasure.ordinals for place, owner in owners.items()}


async def _windows(erasure: Erasure) -> Windows:
    """Where in the history the ordinals are. No audience has them any more, so no later place will."""
    async with begin() as unit:
        return await history_spans.find(unit.connection, erasure.workspace_id, erasure.kind, erasure.ordinals)


class _ErasingAudiences:
    """Erasing ordinals from the audiences of one population."""

    def __init__(self, context: Context, erasure: Erasure, reachable: Reachable) -> None:
        self._context = context
        self._erasure = erasure
        self._reachable = reachable
        self._cache = ChunkCache(CACHE_BYTES)
        self._chunks = sorted(split(erasure.ordinals))
        self._segments_at_once = max(1, CHUNKS_AT_ONCE // (2 * len(self._chunks)))
        self._histories_at_once = FIRST_SEGMENTS

    async def memberships(self, after: int) -> int | None:
        """Erase from the links, blocks and members of the next segments; returns the last one, None without any."""
        async with begin() as unit:
            segments = await self._hold(unit.connection, after, self._segments_at_once)
            if not segments:
                return None
            found, are_left = await self._erase_bits(unit.connection, segments)
            await self._leave_to_runs(unit.connection, [row["id"] for row in segments])
            await self._record(unit, found)
            await self._count_anew(unit.connection, segments, found)
            lost = sum(len(delta.exited) for delta in found)
            await erasures.touch(unit, self._erasure, memberships=lost, leaves_bits=are_left)
        return int(segments[-1]["id"])

    async def history(self, windows: Windows, up_to: int, after: int) -> int | None:
        """Erase from the history of the next segments; returns the last one, None without any.

        Only of segments `up_to` the last one whose audience was corrected before the windows were found. Their rows
        are held so that no compaction writes again what it has read before.
        """
        async with begin() as unit:
            held = await self._hold(unit.connection, after, self._histories_at_once, up_to)
            if not held:
                return None
            segments = [row["id"] for row in held]
            row_count, changes = await self._erase_history(unit.connection, segments, windows)
            await erasures.touch(unit, self._erasure, changes=changes)
        fitting = len(segments) * HISTORY_IN_PORTION // max(row_count, 1)
        self._histories_at_once = max(1, min(fitting, 8 * self._histories_at_once, CHUNKS_AT_ONCE))
        return int(segments[-1])

    async def end(self, windows: Windows, after: int) -> Erased | None:
        """Erase what is kept of the whole population, and end the erasure.

        None if there are further segments, or if the history that was read is noted otherwise by now.
        """
        workspace_id, kind, ordinals = self._erasure.workspace_id, self._erasure.kind, self._erasure.ordinals
        async with begin() as unit:
            connection = unit.connection
            await populations.lock(connection, workspace_id, kind)
            await lock_exclusive(connection, LockSpace.MEMBERS, workspace_id)
            if await self._hold(connection, after, 1):
                return None
            if not await history_spans.erase(connection, workspace_id, kind, ordinals, windows):
                return None
            population_id = await populations.ensure(connection, workspace_id, kind)
            owners = list(reach.owners(population_id).values())
            store = ChunkStore(connection, workspace_id)
            await store.erase(owners, ordinals)
            await Addresses(connection, store, workspace_id, kind).forget(population_id, ordinals)
            await bulk_edits.forget(connection, workspace_id, kind, ordinals)
            await erased_rows.forget_changes(connection, workspace_id, kind, ordinals)
            await delivery_changes.erase_bits(connection, workspace_id, kind, ordinals)
            await lock_exclusive(connection, LockSpace.ORDER_VALUES, workspace_id, kind=kind)
            await member_orders.erase(connection, workspace_id, kind, ordinals)
            return await erasures.end(unit, self._erasure) or self._erasure.erased

    async def _hold(
        self, connection: asyncpg.Connection, after: int, limit: int, up_to: int = NEWEST
    ) -> list[asyncpg.Record]:
        """The next segments, held."""
        rows: list[asyncpg.Record] = await connection.fetch(
            HOLD_SEGMENTS, self._erasure.workspace_id, self._erasure.kind, after, up_to, limit
        )
        return rows

    async def _erase_bits(
        self, connection: asyncpg.Connection, segments: Sequence[asyncpg.Record]
    ) -> tuple[list[MembershipDelta], bool]:
        """Correct links, blocks and members; returns what those segments lost that lost someone, and whether bytes of
        large chunks are left to be scrubbed.

        Links that a run is still to make members of, or the other way round, are left to it.
        """
        workspace_id, ordinals = self._erasure.workspace_id, self._erasure.ordinals
        owners = await scrubbing.owners_of(connection, workspace_id, [row["id"] for row in segments])
        store = ChunkStore(connection, workspace_id, self._cache)
        erased, are_left = await store.take_out(owners, ordinals)
        gone = {row["id"]: erased.get(ChunkOwner(ChunkRole.MEMBERS, row["id"])) for row in segments}
        lost = await self._lost_reach(connection, store, [row for row in segments if _in_step(row)], gone)
        found = [
            MembershipDelta(
                row["id"],
                row["computed_revision"],
                MembershipChange(BitMap(), ordinals_gone, None),
                lost.get(row["id"], NO_REACH),
                reach_known=_in_step(row),
            )
            for row in segments
            if (ordinals_gone := gone[row["id"]])
        ]
        return found, are_left

    async def _lost_reach(
        self,
        connection: asyncpg.Connection,
        store: ChunkStore,
        segments: Sequence[asyncpg.Record],
        gone: Mapping[int, BitMap | None],
    ) -> dict[int, ReachCounts]:
        """By how much the reach of segments changes that refreshes keep up to date."""
        population_id = await populations.ensure(connection, self._erasure.workspace_id, self._erasure.kind)
        addresses = Addresses(connection, store, self._erasure.workspace_id, self._erasure.kind)
        sharing = await addresses.sharing(population_id, self._erasure.ordinals)
        sharers, reachable = sharing.ordinals, self._reachable
        left: Mapping[ChunkOwner, BitMap] = {}
        if sharers:
            owners = reach.owners(population_id)
            found = await store.read_held(list(owners.values()), sharers | self._erasure.ordinals)
            reachable = {place: found[owner] for place, owner in owners.items()}
            left = await store.read_held(
                [ChunkOwner(ChunkRole.MEMBERS, row["id"]) for row in segments if gone[row["id"]]], sharers
            )
        counter, nobody = reach.ReachCounter(reachable), BitMap()
        lost = {}
        for row in segments:
            ordinals = gone[row["id"]]
            if ordinals:
                after = left.get(ChunkOwner(ChunkRole.MEMBERS, row["id"]), nobody)
                numbers = counter.change(nobody, ordinals, _purpose(row))
                addresses_lost = sharing.numbers(
                    AudienceChange(after | ordinals, after), reachable, reachable
                )
                lost[row["id"]] = ReachCounts(*numbers, *addresses_lost)
        return lost

    async def _record(self, unit: UnitOfWork, found: Sequence[MembershipDelta]) -> None:
        """Keep that so many left, but not who, and publish it."""
        workspace_id = self._erasure.workspace_id
        at: datetime = await unit.connection.fetchval(NOW)
        how = Recording(RunTrigger.MANUAL, at, keeps_members=False)
        recorded = await deltas.record(unit.connection, workspace_id, self._erasure.kind, found, how)
        entries = deltas.entries_and_exits(found)
        audience_values.follow(self._context, unit, workspace_id, self._erasure.kind, entries)
        self._context.publish(unit, deltas.facts_of(workspace_id, recorded, at))

    async def _count_anew(
        self,
        connection: asyncpg.Connection,
        segments: Sequence[asyncpg.Record],
        found: Sequence[MembershipDelta],
    ) -> None:
        """Count the reach of segments that no refresh keeps up to date: their numbers cannot be corrected."""
        lost = {delta.segment_id for delta in found}
        wanted = [
            row
            for row in segments
            if row["id"] in lost and row["reach_total"] is not None and not _in_step(row)
        ]
        if not wanted:
            return
        workspace_id = self._erasure.workspace_id
        store = ChunkStore(connection, workspace_id)
        population_id = await populations.ensure(connection, workspace_id, self._erasure.kind)
        owners = reach.owners(population_id)
        addresses = Addresses(connection, store, workspace_id, self._erasure.kind)
        audiences = await store.read_many(list(owners.values()))
        everywhere = {place: audiences[owner] for place, owner in owners.items()}
        for row in wanted:
            members = await store.read(ChunkOwner(ChunkRole.MEMBERS, row["id"]))
            counts = reach.count(members, everywhere, _purpose(row))
            counts += await addresses.count(population_id, members, everywhere)
            await connection.execute(SET_REACH, workspace_id, row["id"], *counts.values())

    async def _leave_to_runs(self, connection: asyncpg.Connection, segment_ids: Sequence[int]) -> None:
        """Have runs at work evaluate the ordinals again, and forget those that were left to runs that are over."""
        workspace_id, ordinals = self._erasure.workspace_id, self._erasure.ordinals
        for run in await connection.fetch(RUNS_TO_CHANGE, workspace_id, list(segment_ids)):
            known = BitMap() if run["refreshed"] is None else from_bytes(run["refreshed"])
            left = to_bytes(known | ordinals) if run["running"] else None
            await connection.execute(SET_REFRESHED, workspace_id, run["id"], left)

    async def _erase_history(
        self, connection: asyncpg.Connection, segment_ids: Sequence[int], windows: Windows
    ) -> tuple[int, int]:
        """Take the bits out of the entries and exits of segments; returns how many rows were read, and bits taken."""
        places = windows.chunks, windows.first, windows.last
        history = await connection.cursor(HISTORY, self._erasure.workspace_id, list(segment_ids), *places)
        row_count = erased = 0
        rewritten: set[int] = set()
        while rows := await history.fetch(HISTORY_AT_ONCE):
            row_count += len(rows)
            erased += await self._rewrite(connection, rows, rewritten)
        return row_count, erased

    async def _rewrite(
        self, connection: asyncpg.Connection, rows: Iterable[asyncpg.Record], rewritten: set[int]
    ) -> int:
        """Write rows again without the bits, but none that were `rewritten`; returns how many bits they had."""
        workspace_id, ordinals = self._erasure.workspace_id, self._erasure.ordinals
        kept: list[tuple[Any, ...]] = []
        emptied: list[int] = []
        erased = 0
        for row in rows:
            bitmap = from_bytes(row["roaring"])
            left = bitmap - ordinals
            if len(left) == len(bitmap) or row["id"] in rewritten:
                continue
            rewritten.add(row["id"])
            erased += len(bitmap) - len(left)
            if not left:
                emptied.append(row["id"])
            else:
                kept.append(
                    (row["id"], to_bytes(left), len(left), attribution.without(row["causes"], bitmap, left))
                )
        if kept:
            await connection.execute(REWRITE_HISTORY, workspace_id, *zip(*kept, strict=True))
        if emptied:
            await connection.execute(DELETE_HISTORY, workspace_id, emptied)
        return erased


def _in_step(row: Mapping[str, Any]) -> bool:
    """Whether a refresh keeps the segment's numbers up to date."""
    return bool(
        row["status"] == "ACTIVE"
        and row["reach_status"] == ReachStatus.READY
        and row["requested_revision"] == row["computed_revision"]
    )


def _purpose(row: Mapping[str, Any]) -> SegmentPurpose | None:
    return None if row["purpose"] is None else SegmentPurpose(row["purpose"])

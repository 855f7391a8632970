"""Refreshing: members that changed are looked at again, and every audience that holds or lost them is corrected.

The cost follows what changed and not how much there is: one statement evaluates every segment's criteria, and
who is reachable, over the changed ordinals alone. Refreshes of one population take turns (an advisory lock), so
a later look is never overwritten by an earlier one. A segment that is being computed is left alone: its run is
told which ordinals changed, and evaluates them anew when it applies its result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import orjson
import structlog
from pyroaring import BitMap

from seggraph.audiences import ChunkStore, from_bytes, to_bytes
from seggraph.criteria import Checked, check, parse
from seggraph.engines import Engine
from seggraph.errors import SeggraphError
from seggraph.services import catalogues, populations, reach, shifts
from seggraph.services.context import Context
from seggraph.services.reach import Reachable
from seggraph.services.shifts import Membership, Outcome
from seggraph.vocabulary import Channel, MemberKind, ReachStatus, RunTrigger, SegmentPurpose, SourceKind
from seggraph.work import Work, begin

log = structlog.get_logger()

BATCHES_AT_ONCE: Final = 64
"""Most dirty batches that one transaction takes."""
LOCK_SPACE: Final = 0x5E66_0000
"""The first key of the advisory locks of populations; the second is made of workspace and kind."""

LOCK = "SELECT pg_advisory_xact_lock($1, hashint8($2))"

TAKE = """
    DELETE FROM dirty_batches WHERE id IN (
      SELECT id FROM dirty_batches WHERE workspace_id = $1 AND kind = $2
      ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
    ) RETURNING ordinals
"""

LIVE_SEGMENTS = """
    SELECT id, type, purpose, criteria, requested_revision, computed_revision FROM segments
    WHERE workspace_id = $1 AND kind = $2 AND status = 'ACTIVE' ORDER BY id
"""

HOLD = """
    SELECT id, requested_revision, computed_revision, reach_status FROM segments
    WHERE workspace_id = $1 AND id = ANY($2) AND status = 'ACTIVE' ORDER BY id FOR NO KEY UPDATE
"""

RUNNING = """
    SELECT id, refreshed FROM runs WHERE workspace_id = $1 AND segment_id = ANY($2) AND status = 'RUNNING'
    ORDER BY id FOR NO KEY UPDATE
"""


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """An ACTIVE segment as a refresh evaluates it; one that is STATIC has no criteria."""

    id: int
    revision: int
    purpose: SegmentPurpose | None
    criteria: Checked | None


async def drain(context: Context, workspace_id: int, kind: MemberKind) -> int:
    """Refresh until no member of the population is dirty; returns how many members were looked at."""
    await context.jobs.refresh_begins(workspace_id, kind)
    looked_at = 0
    while refreshed := await refresh_once(context, workspace_id, kind):
        looked_at += refreshed
    return looked_at


async def refresh_once(context: Context, workspace_id: int, kind: MemberKind) -> int:
    """Refresh the members of the oldest dirty batches, in one transaction; returns how many they are."""
    async with begin() as unit:
        await unit.connection.execute(LOCK, LOCK_SPACE + int(kind), workspace_id)
        batches = await unit.connection.fetch(TAKE, workspace_id, kind, BATCHES_AT_ONCE)
        ordinals = BitMap.union(BitMap(), *(from_bytes(row["ordinals"]) for row in batches))
        if ordinals:
            await _Refresh(context, unit, workspace_id, kind, ordinals).run()
        return len(ordinals)


class _Refresh:
    """One refresh: what is found about the changed ordinals, and how the audiences follow."""

    def __init__(
        self, context: Context, unit: Work, workspace_id: int, kind: MemberKind, ordinals: BitMap
    ) -> None:
        self._context = context
        self._unit = unit
        self._connection: asyncpg.Connection = unit.connection
        self._workspace_id = workspace_id
        self._kind = kind
        self._ordinals = ordinals
        self._at = datetime.now(UTC)

    async def run(self) -> None:
        """Evaluate the ordinals, then correct the reachable audiences and every segment."""
        self._at = await self._connection.fetchval("SELECT now()")
        segments = await self._live_segments()
        matched, reachable = await self._evaluate(self._context.engine, segments)
        reachable_before = await self._write_reachable(reachable)
        current = await self._hold(segments)
        found = await self._shift_all(current, matched, reachable_before, reachable)
        await self._record(found)

    async def _live_segments(self) -> list[LiveSegment]:
        catalogue = await catalogues.load(self._connection, self._workspace_id, self._kind)
        rows = await self._connection.fetch(LIVE_SEGMENTS, self._workspace_id, self._kind)
        return [segment for row in rows if (segment := _live(row, catalogue)) is not None]

    async def _evaluate(
        self, engine: Engine, segments: Sequence[LiveSegment]
    ) -> tuple[dict[int, BitMap], Reachable]:
        """Which of the ordinals each DYNAMIC segment's criteria match, and which each channel reaches."""
        surroundings = await populations.describe(self._connection, self._workspace_id, self._kind)
        dynamic = [segment for segment in segments if segment.criteria is not None]
        trees = reach.criteria(surroundings.policy)
        found = await engine.evaluate(
            self._connection,
            surroundings.population,
            [*trees, *(segment.criteria for segment in dynamic if segment.criteria is not None)],
            as_of=self._at,
            zone=surroundings.zone,
            ordinals=self._ordinals,
            timeout_seconds=self._context.settings.statement_timeout_seconds,
        )
        matched = {segment.id: bitmap for segment, bitmap in zip(dynamic, found[len(trees) :], strict=True)}
        return matched, dict(zip(Channel, found[: len(trees)], strict=True))

    async def _write_reachable(self, reachable: Reachable) -> Reachable:
        """Correct the population's reachable audiences; returns what they said of the ordinals before."""
        population_id = await populations.ensure(self._connection, self._workspace_id, self._kind)
        store = ChunkStore(self._connection, self._workspace_id)
        owners = {channel: reach.owner(channel, population_id) for channel in Channel}
        before = await store.read_many(list(owners.values()), near=self._ordinals)
        await store.write(
            {
                owner: (before[owner], (before[owner] - self._ordinals) | reachable[channel])
                for channel, owner in owners.items()
            }
        )
        return {channel: before[owner] & self._ordinals for channel, owner in owners.items()}

    async def _hold(self, segments: Sequence[LiveSegment]) -> list[LiveSegment]:
        """Hold the rows of the segments; those that are computed as they were evaluated are returned.

        Of the others, the ones with a run at work have it told; and whichever run comes later begins after
        the change, and sees it.
        """
        rows = await self._connection.fetch(HOLD, self._workspace_id, [segment.id for segment in segments])
        held = {row["id"]: row for row in rows}
        computing = [row["id"] for row in rows if row["requested_revision"] != row["computed_revision"]]
        if computing:
            await self._tell_runs(computing)
        return [
            segment
            for segment in segments
            if segment.id in held
            and held[segment.id]["reach_status"] == ReachStatus.READY
            and held[segment.id]["computed_revision"] == segment.revision
            and held[segment.id]["requested_revision"] == segment.revision
        ]

    async def _tell_runs(self, segment_ids: list[int]) -> None:
        for run in await self._connection.fetch(RUNNING, self._workspace_id, segment_ids):
            known = BitMap() if run["refreshed"] is None else from_bytes(run["refreshed"])
            await self._connection.execute(
                "UPDATE runs SET refreshed = $2 WHERE id = $1", run["id"], to_bytes(known | self._ordinals)
            )

    async def _shift_all(
        self,
        segments: Sequence[LiveSegment],
        matched: dict[int, BitMap],
        reachable_before: Reachable,
        reachable: Reachable,
    ) -> list[Outcome]:
        """Correct the memberships; returns the segments of which a number changed, and how."""
        memberships = await shifts.read_memberships(
            self._connection, self._workspace_id, [segment.id for segment in segments], near=self._ordinals
        )
        changes: dict[Any, tuple[BitMap, BitMap]] = {}
        found: list[Outcome] = []
        for segment in segments:
            membership = memberships[segment.id]
            if segment.criteria is not None:
                source = membership.source(SourceKind.CRITERIA)
                membership.link(source, matched[segment.id], among=self._ordinals)
            changes |= membership.chunk_changes
            before, after = self._near(membership)
            reach_change = reach.count(after, reachable, segment.purpose) - reach.count(
                before, reachable_before, segment.purpose
            )
            if before != after or any(reach_change.values()):
                found.append(
                    Outcome(segment.id, segment.revision, after - before, before - after, reach_change)
                )
        await ChunkStore(self._connection, self._workspace_id).write(changes)
        return found

    def _near(self, membership: Membership) -> tuple[BitMap, BitMap]:
        return membership.members & self._ordinals, membership.members_after & self._ordinals

    async def _record(self, found: Sequence[Outcome]) -> None:
        """Write runs, moves and numbers, and publish."""
        if not found:
            return
        all_shifts = await shifts.record(
            self._connection, self._workspace_id, RunTrigger.REFRESH, found, self._at
        )
        await shifts.write_moves(self._connection, self._workspace_id, all_shifts)
        await shifts.write_numbers(self._connection, self._workspace_id, all_shifts, self._at)
        facts = await shifts.facts_of(
            self._connection, self._workspace_id, self._kind, all_shifts, datetime.now(UTC)
        )
        self._context.publish(self._unit, facts)


def _live(row: asyncpg.Record, catalogue: Any) -> LiveSegment | None:
    """The segment of a row; None for one whose criteria no longer hold, which its next run will report."""
    criteria: Checked | None = None
    if row["type"] == "DYNAMIC":
        try:
            criteria = check(parse(orjson.loads(row["criteria"])), catalogue)
        except SeggraphError as error:
            log.warning("criteria_not_evaluated", segment_id=row["id"], reason=error.message)
            return None
    purpose = None if row["purpose"] is None else SegmentPurpose(row["purpose"])
    return LiveSegment(row["id"], row["requested_revision"], purpose, criteria)

"""Refreshing: members that changed are looked at again, and every audience that holds or lost them is corrected.

The cost follows what changed and not how much there is: one statement evaluates every segment's criteria, and
who is reachable, over the changed ordinals alone. Refreshes of one population take turns (an advisory lock), so
a later look is never overwritten by an earlier one. A segment that is being computed is left alone: its run is
told which ordinals changed, and evaluates them anew when it applies its result. A segment whose criteria cannot
be evaluated here is handed to a run of its own, which reports why, and holds up nobody else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import orjson
import structlog
from pyroaring import BitMap

from seggraph.audiences import ChunkStore, from_bytes, to_bytes
from seggraph.criteria import Checked, check, parse
from seggraph.criteria.catalogue import Catalogue
from seggraph.errors import RetryLater, SeggraphError
from seggraph.events import ReachChanged
from seggraph.runtime import PASSING, database
from seggraph.services import (
    catalogues,
    populations,
    reach,
    rules,
    segment_references,
    shifts,
    suppressed_members,
    value_counts,
)
from seggraph.services.context import Context
from seggraph.services.populations import Surroundings
from seggraph.services.reach import Reachable
from seggraph.services.rules import Rule
from seggraph.services.shifts import Membership, Outcome
from seggraph.vocabulary import MemberKind, ReachStatus, RunTrigger, SegmentPurpose
from seggraph.work import Work, begin

log = structlog.get_logger()

BATCHES_AT_ONCE: Final = 64
"""Most dirty batches that one transaction takes."""
MEMBERS_AT_ONCE: Final = 20_000
"""Most members that one transaction looks at; the rest of its batches waits for the next."""
TOGETHER_SECONDS: Final = 10.0
"""Longest time that the criteria of all segments may take together; beyond it they are tried one by one."""
APART_SECONDS: Final = 2.0
"""Longest time that one segment's criteria may take then."""
LOCK_SPACE: Final = 0x5E66_0000
"""The first key of the advisory locks of populations; the second is made of workspace and kind."""

LOCK = "SELECT pg_advisory_xact_lock($1, hashint8($2))"

NEWEST = "SELECT max(id) FROM dirty_batches WHERE workspace_id = $1 AND kind = $2"

TAKE = """
    SELECT id, ordinals, changed, created_at FROM dirty_batches
    WHERE workspace_id = $1 AND kind = $2 AND ($3::bigint IS NULL OR id <= $3)
    ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED
"""

REMOVE = "DELETE FROM dirty_batches WHERE id = ANY($1)"

KEEP_REST = "UPDATE dirty_batches SET ordinals = $2, changed = $3, created_at = $4 WHERE id = $1"

COLUMNS: Final = "id, purpose, requested_revision, computed_revision, reach_status"

ACTIVE = (
    f"SELECT {COLUMNS} FROM segments WHERE workspace_id = $1 AND kind = $2 AND status = 'ACTIVE' ORDER BY id"  # noqa: S608
)

HOLD = f"{ACTIVE} FOR NO KEY UPDATE"

RUNNING = """
    SELECT id, refreshed FROM runs WHERE workspace_id = $1 AND segment_id = ANY($2) AND status = 'RUNNING'
    ORDER BY id FOR NO KEY UPDATE
"""

RUN_ANEW = """
    UPDATE segments SET requested_revision = requested_revision + 1, lease_holder = NULL, lease_until = NULL,
      attempts = 0, retry_at = NULL, progress = 0, reach_status = 'CALCULATING'
    WHERE workspace_id = $1 AND id = ANY($2) RETURNING id, requested_revision
"""


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """A segment that is READY, as a refresh evaluates it, with the rules that fill it."""

    id: int
    revision: int
    purpose: SegmentPurpose | None
    rules: tuple[Rule, ...]


Matched = Mapping[Rule, BitMap]
"""Which of the ordinals a rule matches; a rule is absent if it could not be evaluated. An edit makes another one."""


async def drain(context: Context, workspace_id: int, kind: MemberKind) -> int:
    """Refresh the members of a population that are dirty now; returns how many were looked at.

    When it returns, no refresh is at work that began before: its batches would be there still.
    """
    looked_at = 0
    async with database() as connection:
        newest = await connection.fetchval(NEWEST, workspace_id, kind)
    while newest is not None and (refreshed := await refresh_once(context, workspace_id, kind, up_to=newest)):
        looked_at += refreshed
    return looked_at


async def answer_nudge(context: Context, workspace_id: int, kind: MemberKind) -> int:
    """What a nudge asks for: at least one look, so that the next change nudges again, then all that is dirty."""
    looked_at = await refresh_once(context, workspace_id, kind)
    if looked_at:
        looked_at += await drain(context, workspace_id, kind)
    await value_counts.fold(workspace_id, kind)
    return looked_at


async def refresh_once(
    context: Context, workspace_id: int, kind: MemberKind, *, up_to: int | None = None
) -> int:
    """Refresh the members of the oldest dirty batches, in one transaction; returns how many they are.

    Only batches with ids `up_to` this one are taken, so that changes that keep coming do not keep it going.
    """
    async with begin() as unit:
        await take_turn(unit.connection, workspace_id, kind)
        # After the lock, so that no more than one more waits for it; before the look, so that no change is missed.
        await context.jobs.refresh_begins(workspace_id, kind)
        ordinals = await _take(unit.connection, workspace_id, kind, up_to)
        if ordinals:
            await _Refresh(context, unit, workspace_id, kind, ordinals).run()
        return len(ordinals)


async def take_turn(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> None:
    """Keep the population from being refreshed until the caller's transaction ends."""
    await connection.execute(LOCK, LOCK_SPACE + int(kind), workspace_id)


async def _take(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, up_to: int | None
) -> BitMap:
    """The members of the oldest batches. What is too many stays dirty, under the last batch's id."""
    batches = await connection.fetch(TAKE, workspace_id, kind, up_to, BATCHES_AT_ONCE)
    ordinals = BitMap.union(BitMap(), *(from_bytes(row["ordinals"]) for row in batches))
    ids = [row["id"] for row in batches]
    if rest := ordinals[MEMBERS_AT_ONCE:]:
        changed = sorted({name for row in batches for name in row["changed"]})
        since = min(row["created_at"] for row in batches)
        await connection.execute(KEEP_REST, ids.pop(), to_bytes(rest), changed, since)
    if ids:
        await connection.execute(REMOVE, ids)
    return ordinals[:MEMBERS_AT_ONCE]


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
        self._at: datetime
        self._surroundings: Surroundings
        self._catalogue: Catalogue

    async def run(self) -> None:
        """Evaluate the ordinals, then correct the reachable audiences and every segment."""
        self._at = await self._connection.fetchval("SELECT clock_timestamp()")
        self._surroundings = await populations.describe(self._connection, self._workspace_id, self._kind)
        self._catalogue = await catalogues.load(self._connection, self._workspace_id, self._kind)
        rows = await self._connection.fetch(ACTIVE, self._workspace_id, self._kind)
        evaluated = _rules_of(await self._ready(rows))
        matched, reachable = await self._evaluate(evaluated)
        reachable_before = await self._write_reachable(reachable)
        current = await self._hold()
        # Those that a run finished in the meantime: it may not have seen the change.
        late = [rule for rule in _rules_of(current) if rule not in evaluated]
        matched = {**matched, **await self._evaluate_apart(late)}
        failed = [one for one in current if not all(rule in matched for rule in one.rules)]
        await self._run_anew([segment.id for segment in failed])
        fit = [segment for segment in current if segment not in failed]
        await self._record(await self._shift_all(fit, matched, reachable_before, reachable))

    async def _evaluate(self, found: Sequence[Rule]) -> tuple[Matched, Reachable]:
        """Which of the ordinals each rule matches, and which each channel reaches: in one go.

        If that fails, the rules are tried one by one.
        """
        trees = reach.criteria(self._surroundings.policy)
        checked = self._checked(found)
        suppressed = await suppressed_members.find(
            self._connection, self._workspace_id, self._kind, self._ordinals
        )
        answers = await self._try([*trees, *checked.values()], TOGETHER_SECONDS)
        if answers is not None:
            matched: Matched = dict(zip(checked, answers[len(trees) :], strict=True))
            return matched, reach.staged(answers[: len(trees)], suppressed)
        answers = await self._ask(trees, self._context.settings.statement_timeout_seconds)
        return await self._evaluate_apart(found), reach.staged(answers, suppressed)

    async def _evaluate_apart(self, found: Sequence[Rule]) -> Matched:
        """Which of the ordinals match, rule by rule; those that fail are absent."""
        matched: dict[Rule, BitMap] = {}
        for rule, criteria in self._checked(found).items():
            if answers := await self._try([criteria], APART_SECONDS):
                matched[rule] = answers[0]
        return matched

    def _checked(self, found: Sequence[Rule]) -> dict[Rule, Checked]:
        """The criteria by rule; those that do not hold any more are absent."""
        checked: dict[Rule, Checked] = {}
        for rule in found:
            try:
                checked[rule] = check(parse(orjson.loads(rule.document)), self._catalogue)
            except SeggraphError as error:
                log.warning(
                    "criteria_do_not_hold",
                    segment_id=rule.segment_id,
                    source_id=rule.source_id,
                    reason=error.message,
                )
        return checked

    async def _try(self, criteria: Sequence[Checked], seconds: float) -> list[BitMap] | None:
        """What `_ask` answers, or None if it failed for a reason of the criteria's own."""
        try:
            async with self._connection.transaction():
                return await self._ask(
                    criteria, min(seconds, self._context.settings.statement_timeout_seconds)
                )
        except (RetryLater, *PASSING):
            raise
        except (
            Exception
        ) as error:  # whatever it was, it must not keep the other segments' members from moving
            log.warning(
                "refresh_not_evaluated", trees=len(criteria), reason=f"{type(error).__name__}: {error}"
            )
            return None

    async def _ask(self, criteria: Sequence[Checked], seconds: float) -> list[BitMap]:
        return await self._context.engine.evaluate(
            self._connection,
            self._surroundings.population,
            criteria,
            as_of=self._at,
            zone=self._surroundings.zone,
            ordinals=self._ordinals,
            timeout_seconds=seconds,
        )

    async def _write_reachable(self, reachable: Reachable) -> Reachable:
        """Correct the population's reachable audiences; returns what they said of the ordinals before."""
        population_id = await populations.ensure(self._connection, self._workspace_id, self._kind)
        store = ChunkStore(self._connection, self._workspace_id)
        owners = reach.owners(population_id)
        before = await store.read_many(list(owners.values()), near=self._ordinals)
        await store.write(
            {
                owner: (before[owner], (before[owner] - self._ordinals) | reachable[place])
                for place, owner in owners.items()
            }
        )
        return {place: before[owner] & self._ordinals for place, owner in owners.items()}

    async def _hold(self) -> list[LiveSegment]:
        """Hold the rows of all ACTIVE segments, and return the READY ones.

        Of the others, the ones with a run at work have it told; and whichever run comes later begins after
        the change, and sees it.
        """
        rows = await self._connection.fetch(HOLD, self._workspace_id, self._kind)
        current = await self._ready(rows)
        known = {segment.id for segment in current}
        computing = [row["id"] for row in rows if row["id"] not in known]
        if computing:
            await self._tell_runs(computing)
        return current

    async def _tell_runs(self, segment_ids: list[int]) -> None:
        for run in await self._connection.fetch(RUNNING, self._workspace_id, segment_ids):
            known = BitMap() if run["refreshed"] is None else from_bytes(run["refreshed"])
            await self._connection.execute(
                "UPDATE runs SET refreshed = $2 WHERE id = $1", run["id"], to_bytes(known | self._ordinals)
            )

    async def _run_anew(self, segment_ids: Sequence[int]) -> None:
        """Ask for runs of segments that could not be refreshed: a run has more time, and says what is wrong."""
        if not segment_ids:
            return
        facts = []
        for row in await self._connection.fetch(RUN_ANEW, self._workspace_id, segment_ids):
            self._context.recompute(self._unit, row["id"], row["requested_revision"])
            facts.append(
                ReachChanged(
                    workspace_id=self._workspace_id,
                    at=datetime.now(UTC),
                    segment_id=row["id"],
                    revision=row["requested_revision"],
                    reach_status=ReachStatus.CALCULATING,
                )
            )
        self._context.publish(self._unit, facts)

    async def _shift_all(
        self,
        segments: Sequence[LiveSegment],
        matched: Matched,
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
            for rule in segment.rules:
                membership.link(rule.source_id, matched[rule], among=self._ordinals)
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
        await segment_references.mark_followers(
            self._context, self._unit, self._workspace_id, self._kind, all_shifts
        )

    async def _ready(self, rows: Sequence[asyncpg.Record]) -> list[LiveSegment]:
        """Those of the segments whose numbers are what was last asked for, and their rules as they are now."""
        ready = [
            row
            for row in rows
            if row["reach_status"] == ReachStatus.READY
            and row["requested_revision"] == row["computed_revision"]
        ]
        ids = [row["id"] for row in ready]
        found = await rules.of_segments(self._connection, self._workspace_id, ids)
        return [
            LiveSegment(
                row["id"],
                row["requested_revision"],
                None if row["purpose"] is None else SegmentPurpose(row["purpose"]),
                tuple(found[row["id"]]),
            )
            for row in ready
        ]


def _rules_of(segments: Sequence[LiveSegment]) -> list[Rule]:
    return [rule for segment in segments for rule in segment.rules]

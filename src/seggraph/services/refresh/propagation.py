"""What one refresh does: from the members that changed, through the rules that read the changes, to the last segment.

Only rules that read what changed are asked, about the changed members alone. Segments that refer to others of their
kind come after these, level by level, with the members who entered or exited there; members of another kind are
marked for a refresh of theirs. A segment that is being computed is left alone: its run gets the changed members, and
evaluates them again when it applies its result. A segment whose rules cannot be evaluated here gets a run of its own,
which reports why; the other segments do not wait for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import sub
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes, to_bytes
from seggraph.context import Context
from seggraph.criteria import fields_read
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.models.audiences import ChunkRole
from seggraph.services.changes import changes
from seggraph.services.computations import computations
from seggraph.services.customer_value import audience_values
from seggraph.services.memberships import deltas
from seggraph.services.memberships.deltas import MembershipDelta, Recording
from seggraph.services.memberships.membership import NO_CHANGE, MembershipChange
from seggraph.services.reach import reach
from seggraph.services.reach.addresses import (
    Addresses,
    AudienceChange,
    Readdressed,
    Sharing,
    addresses_reached,
    shared_owners,
)
from seggraph.services.reach.reach import Place, Reachable, ReachCounts
from seggraph.services.refresh import corrections, drift
from seggraph.services.refresh.corrections import RuleAnswer, SegmentSources
from seggraph.services.rules import dependencies, rules
from seggraph.services.rules.dependencies import PassedOn, Reader
from seggraph.services.rules.rule_answers import RuleEvaluator
from seggraph.services.rules.rules import Rule
from seggraph.vocabulary import ConsentPolicy, RunTrigger, SegmentPurpose

REACH_READS: Final = frozenset(
    {changes.CREATED, changes.SUPPRESSIONS, "address"}.union(
        *(
            dependencies.names(fields_read(tree))
            for policy in ConsentPolicy
            for tree in reach.criteria(policy)
        )
    )
)
"""The names of the changes after which a member may be reachable otherwise."""

HOLD: Final = """
    SELECT id, purpose, requested_revision AS revision,
      reach_status = 'READY' AND requested_revision = computed_revision AS ready
    FROM segments WHERE workspace_id = $1 AND kind = $2 AND status = 'ACTIVE' AND id = ANY($3) ORDER BY id
    FOR NO KEY UPDATE
"""

HOLD_ALL: Final = HOLD.replace("AND id = ANY($3)", "")

RUNNING = """
    SELECT id, segment_id, refreshed FROM runs
    WHERE workspace_id = $1 AND segment_id = ANY($2) AND status = 'RUNNING' ORDER BY id FOR NO KEY UPDATE
"""

# any workspace: RUNNING read and locked the run in this workspace
LEAVE_TO_RUN = "UPDATE runs SET refreshed = $2 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class DirtyBatch:
    """Members, and the names of what changed in them."""

    ordinals: BitMap
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReachDelta:
    """How some members could be reached, before this refresh and after it."""

    ordinals: BitMap
    before: Reachable
    after: Reachable
    readdressed: Readdressed

    @property
    def differing(self) -> BitMap:
        """The members who are reached by other channels now, or by another address that others may share."""
        places = (self.before[place] ^ self.after[place] for place in self.before)
        return BitMap.union(self.readdressed.differing, *places)


class Propagation:
    """One refresh. `wanted` has by source the members about whom its rule is still to be asked."""

    def __init__(
        self,
        context: Context,
        unit: UnitOfWork,
        evaluator: RuleEvaluator,
        batches: Sequence[DirtyBatch],
        population_id: int,
    ) -> None:
        self._context = context
        self._unit = unit
        self._connection: asyncpg.Connection = unit.connection
        self._workspace_id = evaluator.population_settings.population.workspace_id
        self._kind = evaluator.population_settings.population.kind
        self._evaluator = evaluator
        self._store = ChunkStore(self._connection, self._workspace_id, context.chunk_cache)
        self._batches = batches
        self._population_id = population_id
        self._reachable = reach.owners(population_id)
        self._wanted: dict[int, BitMap] = {}
        self._matched: dict[Rule, BitMap] = {}
        self._readers: dict[int, list[Reader]] = {}
        self._changes: dict[int, MembershipChange] = {}
        self._failed: set[int] = set()

    async def run(self) -> None:
        """Ask the rules that the batches concern, then correct who is reachable and every segment."""
        await self._find_readers()
        levels = _levels(self._readers)
        if levels:
            await self._ask_before_holding(levels[0])
        reach_delta = await self._correct_reachable()
        differing = reach_delta.differing
        if not levels and not differing:
            return
        held = await self._hold(None if differing else list(self._readers))
        for level in levels:
            await self._correct([held[segment_id] for segment_id in level if segment_id in held])
        await self._run_anew()
        await self._record([row for row in held.values() if row["ready"]], reach_delta, differing)
        await self._pass_on_changes()

    async def _find_readers(self) -> None:
        """Find what the batches concern, fill `wanted`, and pass on to related members what concerns them."""
        by_name: dict[str, list[int]] = {}
        for place, batch in enumerate(self._batches):
            for name in dependencies.with_implied(batch.names):
                by_name.setdefault(name, []).append(place)
        found = await dependencies.find(self._connection, self._workspace_id, self._kind, by_name)
        unions: dict[frozenset[int], BitMap] = {}
        for reader in found.readers:
            self._readers.setdefault(reader.segment_id, []).append(reader)
            if reader.names:
                places = frozenset(place for name in reader.names for place in by_name[name])
                if places not in unions:
                    unions[places] = self._union(places)
                self._wanted[reader.source_id] = unions[places]
        await self._pass_on(found.passed_on, {name: self._union(by_name[name]) for name in found.passed_on})

    def _union(self, places: Iterable[int]) -> BitMap:
        """The members of some of the batches."""
        return BitMap.union(BitMap(), *(self._batches[place].ordinals for place in places))

    async def _pass_on(self, passed_on: PassedOn, changed: Mapping[str, BitMap]) -> None:
        """Mark the members who are related to changed ones, if a rule about them reads what changed there."""
        for name, passings in passed_on.items():
            for passing in passings:
                ordinals = await dependencies.related(
                    self._connection, self._workspace_id, passing.direction, list(changed[name])
                )
                await changes.mark(
                    self._context,
                    self._unit,
                    self._workspace_id,
                    passing.direction.kind,
                    ordinals,
                    [passing.there],
                )

    async def _ask_before_holding(self, segment_ids: Iterable[int]) -> None:
        """Ask the rules of the first level, which takes longest, before others have to wait for the segments' rows."""
        ready = (
            segment_id
            for segment_id in segment_ids
            if all(reader.ready for reader in self._readers[segment_id])
        )
        await self._ask(rule for segment_id in ready for rule in self._rules_of(segment_id))

    async def _ask(self, needed: Iterable[Rule]) -> None:
        """Ask those of the rules that have not been asked yet."""
        wanted = {rule: self._wanted[rule.source_id] for rule in needed if rule not in self._matched}
        if wanted:
            self._matched |= await self._evaluator.rules(wanted)

    async def _correct_reachable(self) -> ReachDelta:
        """Correct the population's reachable audiences for the members whose reach may have changed."""
        concerned = (place for place, batch in enumerate(self._batches) if batch.names & REACH_READS)
        ordinals = self._union(concerned)
        if not ordinals:
            empty = {place: BitMap() for place in reach.PLACES}
            return ReachDelta(ordinals, empty, empty, Readdressed())
        after = await self._evaluator.reachable(ordinals)
        stored = await self._stored_reachable(ordinals)
        changed = {
            self._reachable[place]: (bitmap, after[place])
            for place, bitmap in stored.items()
            if bitmap != after[place]
        }
        if changed:
            await self._store.write(changed)
        readdressed = await self._addresses().correct(self._population_id, ordinals)
        return ReachDelta(ordinals, stored, after, readdressed)

    def _addresses(self) -> Addresses:
        return Addresses(self._connection, self._store, self._workspace_id, self._kind)

    async def _stored_reachable(self, within_ordinals: BitMap) -> Reachable:
        stored = await self._store.read_held(list(self._reachable.values()), within_ordinals)
        return {place: stored[owner] for place, owner in self._reachable.items()}

    async def _hold(self, segment_ids: Sequence[int] | None) -> dict[int, asyncpg.Record]:
        """Hold the rows of ACTIVE segments, of all if None is given: while reach is corrected no segment may change."""
        if segment_ids is None:
            rows = await self._connection.fetch(HOLD_ALL, self._workspace_id, self._kind)
        else:
            rows = await self._connection.fetch(HOLD, self._workspace_id, self._kind, segment_ids)
        return {row["id"]: row for row in rows}

    async def _correct(self, level: Sequence[asyncpg.Record]) -> None:
        """Correct the segments of a level. Segments that refer to them are in later levels."""
        await self._leave_to_runs([row["id"] for row in level if not row["ready"]])
        segment_ids = [row["id"] for row in level if row["ready"] and self._rules_of(row["id"])]
        # Of every source, for one that had no rule when it was read may have one now.
        sources = (reader.source_id for segment_id in segment_ids for reader in self._readers[segment_id])
        wanted_by_any = (self._wanted[source_id] for source_id in sources if source_id in self._wanted)
        # By identity: most rules are asked about one and the same members.
        within = BitMap.union(BitMap(), *{id(ordinals): ordinals for ordinals in wanted_by_any}.values())
        stored = await corrections.read(
            self._store, self._connection, self._workspace_id, segment_ids, within
        )
        wanted = await self._as_they_are_now({row["id"]: row["revision"] for row in level}, stored)
        # Not asked yet: those of later levels, and of segments that a run finished or an edit changed meanwhile.
        await self._ask(rule for of_segment in wanted.values() for rule in of_segment)
        self._failed |= {
            segment_id
            for segment_id, of_segment in wanted.items()
            if not self._matched.keys() >= set(of_segment)
        }
        answers = {
            segment_id: {rule.source_id: self._answer(rule) for rule in of_segment}
            for segment_id, of_segment in wanted.items()
            if of_segment and segment_id not in self._failed
        }
        changes = await corrections.correct(
            self._store, self._connection, self._workspace_id, stored, answers
        )
        self._want_followers(changes)
        self._changes |= changes

    def _answer(self, rule: Rule) -> RuleAnswer:
        return RuleAnswer(self._wanted[rule.source_id], self._matched[rule])

    def _want_followers(self, changes: Mapping[int, MembershipChange]) -> None:
        """Have the rules that refer to changed segments asked about the members who entered or exited there."""
        referring = (
            reader for of_segment in self._readers.values() for reader in of_segment if reader.referred_to
        )
        for reader in referring:
            for segment_id in changes.keys() & reader.referred_to:
                before = self._wanted.get(reader.source_id, BitMap())
                self._wanted[reader.source_id] = before | changes[segment_id].ordinals

    def _rules_of(self, segment_id: int) -> list[Rule]:
        """The rules of a segment, as they were found, that are to be asked about anyone."""
        found = (reader.rule for reader in self._readers[segment_id])
        return [rule for rule in found if rule and self._wanted.get(rule.source_id)]

    async def _as_they_are_now(
        self, revisions: Mapping[int, int], stored: Mapping[int, SegmentSources]
    ) -> dict[int, list[Rule]]:
        """The rules that are to be asked about anyone, read again where an edit may have come before the hold."""
        editions = {
            source_id: edition
            for sources in stored.values()
            for source_id, edition in sources.editions.items()
        }
        changed = {
            segment_id
            for segment_id in stored
            for reader in self._readers[segment_id]
            if reader.revision != revisions[segment_id] or reader.edition != editions.get(reader.source_id)
        }
        found = {segment_id: self._rules_of(segment_id) for segment_id in stored}
        if changed:
            anew = await rules.of_segments(self._connection, self._workspace_id, sorted(changed))
            for segment_id, of_segment in anew.items():
                found[segment_id] = [rule for rule in of_segment if self._wanted.get(rule.source_id)]
        return found

    async def _leave_to_runs(self, computing: Iterable[int]) -> None:
        """Have the runs at work evaluate the members again. Any later run begins after the change."""
        left = {
            segment_id: BitMap.union(
                BitMap(), *(self._wanted[rule.source_id] for rule in self._rules_of(segment_id))
            )
            for segment_id in computing
        }
        left = {segment_id: ordinals for segment_id, ordinals in left.items() if ordinals}
        if not left:
            return
        await drift.exclude_from_drift(self._connection, self._workspace_id, left)
        for run in await self._connection.fetch(RUNNING, self._workspace_id, list(left)):
            known = BitMap() if run["refreshed"] is None else from_bytes(run["refreshed"])
            refreshed = to_bytes(known | left[run["segment_id"]])
            await self._connection.execute(LEAVE_TO_RUN, run["id"], refreshed)

    async def _run_anew(self) -> None:
        """Ask for runs of segments that could not be refreshed: a run has more time, and says what is wrong."""
        if self._failed:
            failed = sorted(self._failed)
            await computations.request(self._context, self._unit, self._workspace_id, failed)

    async def _record(
        self, ready: Sequence[asyncpg.Record], reach_delta: ReachDelta, differing: BitMap
    ) -> None:
        """Record and publish the segments of which members or numbers changed."""
        found = await self._deltas(ready, reach_delta, differing)
        if not found:
            return
        at = self._evaluator.at
        how = Recording(RunTrigger.REFRESH, at, as_of=at)
        recorded = await deltas.record(self._connection, self._workspace_id, self._kind, found, how)
        entries = deltas.entries_and_exits(found)
        audience_values.follow(self._context, self._unit, self._workspace_id, self._kind, entries)
        facts = deltas.facts_of(self._workspace_id, recorded, datetime.now(UTC))
        self._context.publish(self._unit, facts)

    async def _deltas(
        self, ready: Sequence[asyncpg.Record], reach_delta: ReachDelta, differing: BitMap
    ) -> list[MembershipDelta]:
        """How each segment's members and reach changed; segments of which nothing did are absent."""
        parts = (part for change in self._changes.values() for part in (change.entered, change.exited))
        within = BitMap.union(differing, *parts)
        if not within:
            return []
        sharing, after = await self._known_of(within, reach_delta.readdressed)
        sharers = sharing.ordinals
        if not differing and sharing.is_one_each:
            return self._deltas_of_entries(ready, after)
        before = {
            place: (bitmap - reach_delta.ordinals) | (reach_delta.before[place] & (within | sharers))
            for place, bitmap in after.items()
        }
        live = [row for row in ready if row["id"] not in self._failed]
        members = await self._members_within(live, differing | sharers)
        found = []
        now, then = reach.ReachCounter(after), reach.ReachCounter(before)
        for row in live:
            change = self._changes.get(row["id"], NO_CHANGE)
            present = members.get(row["id"], BitMap())
            stay = (present & differing) - change.entered
            if not stay and not change:
                continue
            purpose = None if row["purpose"] is None else SegmentPurpose(row["purpose"])
            gained, lost = stay | change.entered, stay | change.exited
            present = present | change.entered
            audience_change = AudienceChange((present - change.entered) | change.exited, present)
            counted = map(sub, now.numbers(gained, purpose), then.numbers(lost, purpose))
            reach_change = [*counted, *sharing.numbers(audience_change, before, after)]
            if change or any(reach_change):
                found.append(MembershipDelta(row["id"], row["revision"], change, ReachCounts(*reach_change)))
        return found

    def _deltas_of_entries(
        self, ready: Iterable[asyncpg.Record], reachable: Reachable
    ) -> list[MembershipDelta]:
        """The same where nobody is reached otherwise, and nobody who enters or exits shares an address."""
        counter = reach.ReachCounter(reachable)
        found = []
        for row in ready:
            change = self._changes.get(row["id"])
            if change is not None and row["id"] not in self._failed:
                purpose = None if row["purpose"] is None else SegmentPurpose(row["purpose"])
                counted = counter.change(change.entered, change.exited, purpose)
                reach_change = ReachCounts(*counted, *addresses_reached(counted))
                found.append(MembershipDelta(row["id"], row["revision"], change, reach_change))
        return found

    async def _known_of(
        self, ordinals: BitMap, readdressed: Readdressed
    ) -> tuple[Sharing, dict[Place, BitMap]]:
        """With whom members share their addresses, and at which steps of reach they all are."""
        shared, reachable = shared_owners(self._population_id), self._reachable
        stored = await self._store.read_held([*shared.values(), *reachable.values()], ordinals)
        marked = {sort: stored[owner] for sort, owner in shared.items()}
        sharing = await self._addresses().sharing_of(marked, readdressed)
        others = sharing.ordinals - ordinals
        if others:
            further = await self._store.read_held(list(reachable.values()), others)
            stored = {owner: stored[owner] | further[owner] for owner in reachable.values()}
        return sharing, {place: stored[owner] for place, owner in reachable.items()}

    async def _members_within(
        self, segments: Sequence[asyncpg.Record], ordinals: BitMap
    ) -> dict[int, BitMap]:
        """Which of the ordinals are in each of the segments."""
        if not ordinals:
            return {}
        owners = {row["id"]: ChunkOwner(ChunkRole.MEMBERS, row["id"]) for row in segments}
        stored = await self._store.read_held(list(owners.values()), ordinals)
        return {segment_id: stored[owner] for segment_id, owner in owners.items()}

    async def _pass_on_changes(self) -> None:
        """Mark members who are related to those that entered or exited, if rules about them refer to the segment."""
        if not self._changes:
            return
        by_name = {changes.of_segment(segment_id): change for segment_id, change in self._changes.items()}
        found = await dependencies.find_passed_on(self._connection, self._workspace_id, self._kind, by_name)
        await self._pass_on(found, {name: by_name[name].ordinals for name in found})


def _levels(readers: Mapping[int, Iterable[Reader]]) -> list[list[int]]:
    """The segments, so that each comes in a later level than those of them that it refers to."""
    edges = {
        segment_id: {other for reader in of_segment for other in reader.referred_to}
        for segment_id, of_segment in readers.items()
    }
    levels: list[list[int]] = []
    while edges:
        free = [segment_id for segment_id, referred in edges.items() if not referred & edges.keys()]
        # References never go round in circles; if they did, the segments of the circle would be one level.
        level = sorted(free or edges)
        levels.append(level)
        for segment_id in level:
            del edges[segment_id]
    return levels

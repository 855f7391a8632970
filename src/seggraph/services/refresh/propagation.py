"""What one refresh does: from the members that changed, through the rules that this concerns, to the last segment.

Only rules that read what changed are asked, about the changed members alone. Segments that refer to others of their
kind come after them, level by level, with those who moved there; what concerns members of another kind is passed on
to these. A segment that is being computed is left alone: its run is told which members changed, and looks at them
anew when it applies its result. A segment whose rules cannot be evaluated here is handed to a run of its own, which
reports why, and holds up nobody else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
from seggraph.services.memberships import deltas
from seggraph.services.memberships.deltas import FoundDelta
from seggraph.services.reach import reach
from seggraph.services.reach.reach import Reachable
from seggraph.services.refresh import corrections, drift
from seggraph.services.refresh.corrections import Answer, Links, Moved
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

TELL = "UPDATE runs SET refreshed = $2 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Batch:
    """Members, and the names of what changed in them."""

    ordinals: BitMap
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReachDelta:
    """Some members, and who of them could be reached how, before this refresh and after it."""

    ordinals: BitMap
    before: Reachable
    after: Reachable

    @property
    def differing(self) -> BitMap:
        """Those of them who are reached otherwise now."""
        places = (self.before[place] ^ self.after[place] for place in self.before)
        return BitMap.union(BitMap(), *places)


class Propagation:
    """One refresh. `wanted` has, by source, the members that its rule is still to be asked about."""

    def __init__(
        self,
        context: Context,
        unit: UnitOfWork,
        asking: RuleEvaluator,
        batches: Sequence[Batch],
        population_id: int,
    ) -> None:
        self._context = context
        self._unit = unit
        self._connection: asyncpg.Connection = unit.connection
        self._workspace_id = asking.population_settings.population.workspace_id
        self._kind = asking.population_settings.population.kind
        self._asking = asking
        self._batches = batches
        self._reachable = reach.owners(population_id)
        self._wanted: dict[int, BitMap] = {}
        self._matched: dict[Rule, BitMap] = {}
        self._readers: dict[int, list[Reader]] = {}
        self._moved: dict[int, Moved] = {}
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
        await self._pass_on_moves()

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
        """Mark those who are related to members that changed, if a rule about them reads what changed there."""
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
        """Ask the rules of the first level, which takes longest, before anyone has to wait for the rows."""
        ready = (one for one in segment_ids if all(reader.ready for reader in self._readers[one]))
        await self._ask(rule for one in ready for rule in self._rules_of(one))

    async def _ask(self, some: Iterable[Rule]) -> None:
        """Ask those of the rules that have not been asked."""
        late = {rule: self._wanted[rule.source_id] for rule in some if rule not in self._matched}
        if late:
            self._matched |= await self._asking.rules(late)

    async def _correct_reachable(self) -> ReachDelta:
        """Correct the population's reachable audiences for those of whom it may be another."""
        concerned = (place for place, batch in enumerate(self._batches) if batch.names & REACH_READS)
        ordinals = self._union(concerned)
        if not ordinals:
            nobody = {place: BitMap() for place in reach.PLACES}
            return ReachDelta(ordinals, nobody, nobody)
        after = await self._asking.reachable(ordinals)
        stored = await self._stored_reachable(ordinals)
        changed = {
            self._reachable[place]: (bitmap, after[place])
            for place, bitmap in stored.items()
            if bitmap != after[place]
        }
        if changed:
            await ChunkStore(self._connection, self._workspace_id).write(changed)
        return ReachDelta(ordinals, stored, after)

    async def _stored_reachable(self, near: BitMap) -> Reachable:
        store = ChunkStore(self._connection, self._workspace_id)
        stored = await store.read_held(list(self._reachable.values()), near)
        return {place: stored[owner] for place, owner in self._reachable.items()}

    async def _hold(self, segment_ids: Sequence[int] | None) -> dict[int, asyncpg.Record]:
        """Hold the rows of ACTIVE segments, of all if None is given: nobody may join one whose reach is corrected."""
        if segment_ids is None:
            rows = await self._connection.fetch(HOLD_ALL, self._workspace_id, self._kind)
        else:
            rows = await self._connection.fetch(HOLD, self._workspace_id, self._kind, segment_ids)
        return {row["id"]: row for row in rows}

    async def _correct(self, level: Sequence[asyncpg.Record]) -> None:
        """Correct the segments of a level. Those that refer to them come after, with the members who moved."""
        await self._tell_runs([row["id"] for row in level if not row["ready"]])
        segment_ids = [row["id"] for row in level if row["ready"] and self._rules_of(row["id"])]
        # Of every source, for one that had no rule when it was found may have one now.
        sources = (reader.source_id for one in segment_ids for reader in self._readers[one])
        near = BitMap.union(BitMap(), *(self._wanted.get(source_id, BitMap()) for source_id in sources))
        stored = await corrections.read(self._connection, self._workspace_id, segment_ids, near)
        wanted = await self._as_they_are_now({row["id"]: row["revision"] for row in level}, stored)
        # Not asked yet: those of later levels, and of segments that a run finished or an edit changed meanwhile.
        await self._ask(rule for some in wanted.values() for rule in some)
        self._failed |= {one for one, some in wanted.items() if not self._matched.keys() >= set(some)}
        answers = {
            segment_id: {
                rule.source_id: Answer(self._wanted[rule.source_id], self._matched[rule]) for rule in some
            }
            for segment_id, some in wanted.items()
            if some and segment_id not in self._failed
        }
        moved = await corrections.correct(self._connection, self._workspace_id, stored, answers)
        for reader in (one for some in self._readers.values() for one in some):
            for segment_id in moved.keys() & reader.referred_to:
                before = self._wanted.get(reader.source_id, BitMap())
                self._wanted[reader.source_id] = before | moved[segment_id].all
        self._moved |= moved

    def _rules_of(self, segment_id: int) -> list[Rule]:
        """The rules of a segment, as they were found, that are to be asked about anyone."""
        found = (reader.rule for reader in self._readers[segment_id])
        return [rule for rule in found if rule and self._wanted.get(rule.source_id)]

    async def _as_they_are_now(self, revisions: Mapping[int, int], stored: Links) -> dict[int, list[Rule]]:
        """The rules that are to be asked about anyone, read again where an edit may have come before the hold."""
        editions = {one.source_id: one.edition for some in stored.values() for one in some}
        changed = {
            segment_id
            for segment_id in stored
            for reader in self._readers[segment_id]
            if reader.revision != revisions[segment_id] or reader.edition != editions.get(reader.source_id)
        }
        found = {segment_id: self._rules_of(segment_id) for segment_id in stored}
        if changed:
            anew = await rules.of_segments(self._connection, self._workspace_id, sorted(changed))
            for segment_id, some in anew.items():
                found[segment_id] = [rule for rule in some if self._wanted.get(rule.source_id)]
        return found

    async def _tell_runs(self, computing: Iterable[int]) -> None:
        """Have the runs at work look at the members again. Whichever run comes later begins after the change."""
        told = {
            segment_id: BitMap.union(
                BitMap(), *(self._wanted[rule.source_id] for rule in self._rules_of(segment_id))
            )
            for segment_id in computing
        }
        ids = [segment_id for segment_id, ordinals in told.items() if ordinals]
        if not ids:
            return
        await drift.exclude_from_drift(self._connection, self._workspace_id, {one: told[one] for one in ids})
        for run in await self._connection.fetch(RUNNING, self._workspace_id, ids):
            known = BitMap() if run["refreshed"] is None else from_bytes(run["refreshed"])
            await self._connection.execute(TELL, run["id"], to_bytes(known | told[run["segment_id"]]))

    async def _run_anew(self) -> None:
        """Ask for runs of segments that could not be refreshed: a run has more time, and says what is wrong."""
        if self._failed:
            failed = sorted(self._failed)
            await computations.request(self._context, self._unit, self._workspace_id, failed)

    async def _record(
        self, ready: Sequence[asyncpg.Record], reach_delta: ReachDelta, differing: BitMap
    ) -> None:
        """Write runs, moves and numbers of the segments of which a number changed, and publish."""
        found = await self._outcomes(ready, reach_delta, differing)
        if not found:
            return
        at = self._asking.at
        recorded, ids = await deltas.record(
            self._connection, self._workspace_id, self._kind, RunTrigger.REFRESH, found, at, as_of=at
        )
        self._context.publish(
            self._unit, deltas.facts_of(self._workspace_id, recorded, ids, datetime.now(UTC))
        )

    async def _outcomes(
        self, ready: Sequence[asyncpg.Record], reach_delta: ReachDelta, differing: BitMap
    ) -> list[FoundDelta]:
        """How each segment's members and reach changed; those of which nothing did are absent."""
        moved = BitMap.union(BitMap(), *(one.all for one in self._moved.values()))
        near = moved | differing
        if not near:
            return []
        after = await self._stored_reachable(near)
        before = {
            place: (bitmap - reach_delta.ordinals) | (reach_delta.before[place] & near)
            for place, bitmap in after.items()
        }
        live = [row for row in ready if row["id"] not in self._failed]
        staying = await self._members_among(live, differing)
        found = []
        for row in live:
            one = self._moved.get(row["id"]) or Moved(BitMap(), BitMap())
            stay = staying.get(row["id"], BitMap()) - one.entered
            if not stay and not one.all:
                continue
            purpose = None if row["purpose"] is None else SegmentPurpose(row["purpose"])
            gained, lost = stay | one.entered, stay | one.exited
            change = reach.count(gained, after, purpose) - reach.count(lost, before, purpose)
            if one.all or any(change.values()):
                outcome = FoundDelta(
                    row["id"], row["revision"], one.entered, one.exited, change, causes=one.causes
                )
                found.append(outcome)
        return found

    async def _members_among(self, segments: Sequence[asyncpg.Record], ordinals: BitMap) -> dict[int, BitMap]:
        """Which of the ordinals are in each of the segments."""
        if not ordinals:
            return {}
        owners = {row["id"]: ChunkOwner(ChunkRole.MEMBERS, row["id"]) for row in segments}
        store = ChunkStore(self._connection, self._workspace_id)
        stored = await store.read_held(list(owners.values()), ordinals)
        return {segment_id: stored[owner] for segment_id, owner in owners.items()}

    async def _pass_on_moves(self) -> None:
        """Mark members of whichever kind that are related to those who moved, if rules about them refer to it."""
        if not self._moved:
            return
        changed = {changes.of_segment(one): moved.all for one, moved in self._moved.items()}
        found = await dependencies.find_passed_on(self._connection, self._workspace_id, self._kind, changed)
        await self._pass_on(found, changed)


def _levels(readers: Mapping[int, Iterable[Reader]]) -> list[list[int]]:
    """The segments, so that each comes in a later level than those of them that it refers to."""
    edges = {one: {other for reader in some for other in reader.referred_to} for one, some in readers.items()}
    levels: list[list[int]] = []
    while edges:
        # Were there a circle, which nobody can save, its segments would all be in one level.
        level = sorted(one for one, referred in edges.items() if not referred & edges.keys()) or sorted(edges)
        levels.append(level)
        for segment_id in level:
            del edges[segment_id]
    return levels

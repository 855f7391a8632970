"""One evaluation: the predicates of a plan in one scan, its look-ups in few statements, then set algebra on bitmaps."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final, TypeAlias

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.criteria.nodes import All
from seggraph.criteria.relations import Direction
from seggraph.criteria.sentences.describe import describe
from seggraph.criteria.sql.predicates import is_of_one_row
from seggraph.criteria.typed import Checked, EventTest, RelatedTest, SequenceTest
from seggraph.engines import sequence_lookup
from seggraph.engines.boundaries import MAX_BOUNDARY_STATEMENTS, BoundaryCache
from seggraph.engines.caches import BoundedCache
from seggraph.engines.fetching import Limits, bitmaps, cost_of, fetch, limited, masked
from seggraph.engines.leaf_cache import ConditionAnswer, Recall
from seggraph.engines.planner import (
    EVERYONE,
    Known,
    Leaf,
    Plan,
    PlanCache,
    RowPredicate,
    TableLookup,
    are_few,
    lookup_of_last_event,
    plan,
    union,
)
from seggraph.engines.population import Population
from seggraph.engines.sequence_lookup import SequenceLookup
from seggraph.engines.statements import (
    BLOCK_BITS,
    MAX_MASKED,
    EvaluationTime,
    Others,
    Statement,
    StatementCache,
    TableQuery,
    blocks_statement,
    cached_row_statements,
    in_blocks_statement,
    masked_statement,
    observation_statement,
    question_statements,
    row_statements,
    row_statements_within,
    table_queries,
)
from seggraph.errors import CriteriaTooExpensive
from seggraph.models.audiences import ChunkRole

_FIND_FORWARD = """
    SELECT DISTINCT to_ordinal FROM relations
    WHERE workspace_id = $1 AND relation = $2 AND from_ordinal = ANY($3::int[])
"""
_FIND_BACKWARD = """
    SELECT DISTINCT from_ordinal FROM relations
    WHERE workspace_id = $1 AND relation = $2 AND to_ordinal = ANY($3::int[])
"""

Wanted: TypeAlias = Mapping[Leaf, BitMap | None]
"""The leaves to answer, each with the members it has to be answered for. None stands for all members."""

Ask: TypeAlias = Callable[[Population, Wanted], Awaitable[dict[Leaf, ConditionAnswer]]]


MAX_PLANS: Final = 1_000
"""Most trees whose terms are cached: every refresh evaluates the same ones."""

MAX_ROW_STATEMENTS: Final = 64
"""Most sets of predicates whose statements about given members are cached."""


@dataclass(frozen=True, slots=True)
class EngineCaches:
    """What an engine remembers between evaluations. Nothing in it can be out of date.

    A plan follows from the criteria alone, and a statement has no ordinals and no instant in it until it is used.
    """

    plans: PlanCache = field(default_factory=lambda: BoundedCache(MAX_PLANS))
    rows: StatementCache = field(default_factory=lambda: BoundedCache(MAX_ROW_STATEMENTS))
    boundaries: BoundaryCache = field(default_factory=lambda: BoundedCache(MAX_BOUNDARY_STATEMENTS))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation: connection, time, limits and caches, and the segments whose members the caller gave."""

    connection: asyncpg.Connection
    time: EvaluationTime
    audiences: Mapping[int, BitMap]
    limits: Limits
    caches: EngineCaches = field(default_factory=EngineCaches)
    recall: Recall | None = None

    async def run(
        self, population: Population, criteria: Sequence[Checked], ordinals: BitMap | None
    ) -> list[BitMap]:
        """The members that satisfy each tree. Predicates come first, then look-ups for members that still matter."""
        terms = self._plan(criteria).terms
        rows = [term for term in terms if isinstance(term, RowPredicate)]
        is_of_rows = len(rows) == len(terms)
        if ordinals is not None and is_of_rows and all(map(_is_predicate, rows)):
            return await self._of_rows(population, rows, ordinals)
        segments = await self._segments(population, Plan(terms).segment_ids, ordinals)
        recall = None if self.recall is None or ordinals is not None else self.recall.about(population)
        known = Known({}, segments)
        known = known.with_found(_cached_for_all(recall, known.missing(terms)))
        for ask, is_due in (
            (self._rows, _is_predicate),
            (self._answers, _is_question),
            (self._everyone, None),
        ):
            missing = {
                leaf: within_ordinals
                for leaf, within_ordinals in known.missing(terms).items()
                if is_due is None or is_due(leaf)
            }
            known = known.with_found(await self._find(population, missing, ordinals, ask, recall))
        if is_of_rows:
            return [known.members(term).copy() for term in terms]
        return await asyncio.to_thread(lambda: [known.members(term).copy() for term in terms])

    async def _of_rows(
        self, population: Population, rows: Sequence[RowPredicate], ordinals: BitMap
    ) -> list[BitMap]:
        """The same for predicates about given members: a refresh asks a thousand such rules."""
        found = await self._rows(population, dict.fromkeys(rows, ordinals))
        # Equal predicates have one answer, which callers may change.
        is_each_once = len(found) == len(rows)
        return [found[row].members if is_each_once else found[row].members.copy() for row in rows]

    def _plan(self, criteria: Sequence[Checked]) -> Plan:
        """The plan. If answers are cached, each condition is a leaf of its own, unless there are too many."""
        if self.recall is not None:
            apart = plan(criteria, apart=True, cache=self.caches.plans)
            if len(apart.rows) <= MAX_MASKED:
                return apart
        return plan(criteria, cache=self.caches.plans)

    async def _find(
        self,
        population: Population,
        missing: Wanted,
        ordinals: BitMap | None,
        ask: Ask,
        recall: Recall | None,
    ) -> dict[Leaf, BitMap]:
        """Answer the missing leaves, for as few members as needed when these are few, and cache the answers."""
        found: dict[Leaf, BitMap] = {}
        before: dict[Leaf, ConditionAnswer] = {}
        lacking: dict[Leaf, BitMap | None] = {}
        for leaf, wanted in missing.items():
            within_ordinals = ordinals if wanted is None else wanted
            cached = None if recall is None else _cached_answer(recall, leaf)
            if cached is not None:
                before[leaf], within_ordinals = cached, cached.lacks(within_ordinals)
            if within_ordinals is not None and not within_ordinals:
                found[leaf] = BitMap() if cached is None else cached.members
            else:
                lacking[leaf] = within_ordinals if ordinals is not None or are_few(within_ordinals) else None
        try:
            answers = await ask(population, lacking) if lacking else {}
        except CriteriaTooExpensive as error:
            costliest = await self._costliest(population, lacking)
            raise CriteriaTooExpensive(f"{error.message} The costliest condition: {costliest}") from error
        for leaf, answer in answers.items():
            if leaf in before:
                answer = before[leaf].extended(answer.members, answer.within_ordinals)
            if recall is not None:
                _cache_answer(recall, leaf, answer)
            found[leaf] = answer.members
        return found

    async def _costliest(self, population: Population, wanted: Wanted) -> str:
        """The condition whose own statement is estimated to cost most, as a sentence."""
        costs: list[tuple[float, Checked]] = []
        for leaf, within_ordinals in wanted.items():
            match leaf:
                case RowPredicate(criteria):
                    rows = [RowPredicate(criteria)]
                    [statement] = await self._row_statements(population, rows, within_ordinals)
                    costs.append((await cost_of(self.connection, statement), criteria))
                case TableLookup(question, _, also):
                    criterion: Checked = All((question, *also)) if also else question
                    costs.append((await self._cost(population, leaf, within_ordinals), criterion))
        return describe(max(costs, key=itemgetter(0))[1])

    async def _cost(
        self, population: Population, lookup: TableLookup, within_ordinals: BitMap | None
    ) -> float:
        """The estimated cost of a look-up by itself."""
        table_query = TableQuery((lookup,), within_ordinals)
        related = await self._related(population, [table_query])
        [(statement, _)] = question_statements(population, [table_query], self.time, related)
        return await cost_of(self.connection, statement)

    async def _rows(self, population: Population, wanted: Wanted) -> dict[Leaf, ConditionAnswer]:
        """Answer predicates over the rows of members, in as few scans as possible."""
        leaves = [leaf for leaf in wanted if isinstance(leaf, RowPredicate)]
        within_ordinals = union(wanted.values())
        found: list[BitMap] = []
        if within_ordinals is None and 1 < len(leaves) <= MAX_MASKED:
            criteria = [leaf.criteria for leaf in leaves]
            groups = await self._fetch(masked_statement(population, criteria, self.time))
            found = await masked(groups, len(leaves))
        else:
            for statement in await self._row_statements(population, leaves, within_ordinals):
                found += await self._fetch_row(statement)
        return {leaf: ConditionAnswer(one, within_ordinals) for leaf, one in zip(leaves, found, strict=True)}

    async def _row_statements(
        self, population: Population, rows: Sequence[RowPredicate], within_ordinals: BitMap | None
    ) -> list[Statement]:
        # In a thread: 500 conditions take a tenth of a second to become SQL.
        if within_ordinals is None:
            return await asyncio.to_thread(lambda: list(row_statements(population, rows, self.time)))
        found = within_ordinals, self.caches.rows
        cached = cached_row_statements(population, rows, self.time, *found)
        if cached is not None:
            return cached
        return await asyncio.to_thread(row_statements_within, population, rows, self.time, *found)

    async def _everyone(self, population: Population, wanted: Wanted) -> dict[Leaf, ConditionAnswer]:
        """All members that exist. The ordinals of a block without gaps are not sent one by one."""
        within_ordinals = union(wanted.values())
        if within_ordinals is not None:
            return await self._rows(population, wanted)
        found = BitMap()
        holed: list[int] = []
        for count, first, last in await self._fetch(blocks_statement(population, self.time)):
            if count > last - first:
                found.add_range(first, last + 1)
            else:
                holed.append(first >> BLOCK_BITS)
        if holed:
            [rest] = await self._fetch_row(in_blocks_statement(population, holed, self.time))
            found |= rest
        return {leaf: ConditionAnswer(found) for leaf in wanted}

    async def _answers(self, population: Population, wanted: Wanted) -> dict[Leaf, ConditionAnswer]:
        """Answer the look-ups."""
        lookup = {
            leaf: within_ordinals for leaf, within_ordinals in wanted.items() if isinstance(leaf, TableLookup)
        }
        sequences_found = await self._sequences(population, lookup)
        lookup = {leaf: within for leaf, within in lookup.items() if leaf not in sequences_found}
        cheapest = {
            leaf: await self._cheapest(population, leaf, within_ordinals)
            for leaf, within_ordinals in lookup.items()
        }
        needed = table_queries({cheapest[leaf]: within_ordinals for leaf, within_ordinals in lookup.items()})
        related = await self._related(population, needed)
        asked_within = {
            question: table_query.within_ordinals
            for table_query in needed
            for question in table_query.questions
        }
        answers: dict[Leaf, ConditionAnswer] = {}
        building = question_statements(population, needed, self.time, related)
        for statement, questions in await asyncio.to_thread(list, building):
            found = await self._fetch_row(statement)
            answers |= {
                question: ConditionAnswer(one, asked_within[question])
                for question, one in zip(questions, found, strict=True)
            }
        return sequences_found | {leaf: answers[cheapest[leaf]] for leaf in lookup}

    async def _sequences(
        self, population: Population, lookup: Mapping[TableLookup, BitMap | None]
    ) -> dict[Leaf, ConditionAnswer]:
        """Answer the sequences that are asked for all members and would take long as one statement."""
        large = {
            leaf: leaf.question
            for leaf, within_ordinals in lookup.items()
            if within_ordinals is None
            and isinstance(leaf.question, SequenceTest)
            and not leaf.question.is_of_totals
            and await self._cost(population, leaf, None) > sequence_lookup.PLAIN_COST
        }
        if not large:
            return {}
        seconds = self.limits.timeout_seconds
        async with nullcontext() if self.limits.are_set else limited(self.connection, seconds):
            found = SequenceLookup(self.connection, population, self.time, Limits(seconds, are_set=True))
            return {leaf: ConditionAnswer(await found.members(test)) for leaf, test in large.items()}

    async def _cheapest(
        self, population: Population, lookup: TableLookup, within_ordinals: BitMap | None
    ) -> TableLookup:
        """The cheaper of two equal look-ups. For single members both cost the same."""
        other = lookup_of_last_event(lookup) if within_ordinals is None else None
        if other is None:
            return lookup
        before, after = [await self._cost(population, one, None) for one in (lookup, other)]
        return other if after < before else lookup

    async def observe(
        self, population: Population, ordinal: int, questions: Sequence[EventTest | RelatedTest]
    ) -> list[Any]:
        """What each question sees of a member: its aggregate or count."""
        within_ordinals = BitMap([ordinal])
        related = await self._related(
            population, [TableQuery((TableLookup(one),), within_ordinals) for one in questions]
        )
        statement = observation_statement(population, ordinal, questions, self.time, related)
        [row] = await self._fetch(statement)
        return list(row)

    async def _segments(
        self, population: Population, segment_ids: Set[int], ordinals: BitMap | None
    ) -> dict[int, BitMap]:
        """The members of segments: as the caller gave them, otherwise from the chunk store."""
        found = {one: self.audiences[one] for one in segment_ids if one in self.audiences}
        owners = {one: ChunkOwner(ChunkRole.MEMBERS, one) for one in segment_ids if one not in found}
        if owners:
            store = ChunkStore(self.connection, population.workspace_id)
            stored = await store.read_many(list(owners.values()), within_ordinals=ordinals)
            found |= {one: stored[owner] for one, owner in owners.items()}
        if ordinals is None:
            return found
        return {one: members & ordinals for one, members in found.items()}

    async def _related(self, population: Population, lookup: Sequence[TableQuery]) -> dict[Others, BitMap]:
        """The related members that satisfy criteria which the row of a member does not answer alone."""
        found: dict[Others, BitMap] = {}
        for table_query in lookup:
            question = table_query.questions[0].question
            if not isinstance(question, RelatedTest) or question.where is None:
                continue
            if is_of_one_row(question.where):
                continue
            direction = question.direction
            others = Population(population.workspace_id, direction.other_kind)
            within_ordinals = None
            if table_query.within_ordinals is not None:
                within_ordinals = await self._related_to(
                    population.workspace_id, direction, table_query.within_ordinals
                )
            if within_ordinals is not None and not within_ordinals:
                members = BitMap()
            else:
                [members] = await self.run(others, [question.where], within_ordinals)
            key = (direction.other_kind, question.where)
            found[key] = found.get(key, BitMap()) | members
        return found

    async def _related_to(self, workspace_id: int, direction: Direction, ordinals: BitMap) -> BitMap:
        """The members at the other end of a relation of these members."""
        find = _FIND_FORWARD if direction.forward else _FIND_BACKWARD
        rows = await self.connection.fetch(find, workspace_id, int(direction.type), list(ordinals))
        return BitMap(row[0] for row in rows)

    async def _fetch(self, statement: Statement) -> list[asyncpg.Record]:
        return await fetch(self.connection, statement, self.limits)

    async def _fetch_row(self, statement: Statement) -> list[BitMap]:
        [row] = await self._fetch(statement)
        return await bitmaps(row)


def _is_predicate(leaf: Leaf) -> bool:
    return isinstance(leaf, RowPredicate) and leaf.criteria != EVERYONE


def _is_question(leaf: Leaf) -> bool:
    return isinstance(leaf, TableLookup)


def _cached_for_all(recall: Recall | None, leaves: Iterable[Leaf]) -> dict[Leaf, BitMap]:
    """The cached answers for all members. They restrict the members that other leaves have to be answered for."""
    if recall is None:
        return {}
    cached = {leaf: _cached_answer(recall, leaf) for leaf in leaves}
    return {
        leaf: one.members for leaf, one in cached.items() if one is not None and one.within_ordinals is None
    }


def _cached_answer(recall: Recall, leaf: Leaf) -> ConditionAnswer | None:
    match leaf:
        case TableLookup(question, negated, ()):
            return recall.find(question, negated=negated)
        case RowPredicate(criteria):
            return recall.find(criteria, negated=False)
    return None


def _cache_answer(recall: Recall, leaf: Leaf, answer: ConditionAnswer) -> None:
    """Cache the answer to a single condition."""
    match leaf:
        case TableLookup(question, negated, ()):
            recall.add(question, answer, negated=negated)
        case RowPredicate(criteria):
            recall.add(criteria, answer, negated=False)

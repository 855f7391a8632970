"""One evaluation: a plan's predicates in one scan, its questions in one statement, then the algebra of bitmaps."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, TypeAlias

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.criteria.nodes import All
from seggraph.criteria.relations import Direction
from seggraph.criteria.sentences.describe import describe
from seggraph.criteria.sql.predicates import is_of_one_row
from seggraph.criteria.typed import Checked, EventTest, RelatedTest
from seggraph.engines.fetching import Limits, bitmaps, cost_of, fetch, masked
from seggraph.engines.leaf_cache import Answer, Recall
from seggraph.engines.planner import EVERYONE, Asked, Known, Leaf, Plan, Row, asked_of_last, plan, union
from seggraph.engines.population import Population
from seggraph.engines.statements import (
    BLOCK_BITS,
    MAX_MASKED,
    Inquiry,
    Moment,
    Others,
    Statement,
    blocks_statement,
    in_blocks_statement,
    inquiries,
    kept_row_statements,
    masked_statement,
    observation_statement,
    question_statements,
    row_statements,
)
from seggraph.errors import CriteriaTooExpensive
from seggraph.models.audiences import ChunkRole

MAX_AMONG: Final = 20_000
"""What is missing is found out about single members as long as there are no more of them than this ..."""

AMONG_SHARE: Final = 16
"""... or than one of so many of all: each then costs more than in a scan, and the scan of the others is saved."""

_FIND_FORWARD = """
    SELECT DISTINCT to_ordinal FROM relations
    WHERE workspace_id = $1 AND relation = $2 AND from_ordinal = ANY($3::int[])
"""
_FIND_BACKWARD = """
    SELECT DISTINCT from_ordinal FROM relations
    WHERE workspace_id = $1 AND relation = $2 AND to_ordinal = ANY($3::int[])
"""

Wanted: TypeAlias = Mapping[Leaf, BitMap | None]
"""What is to be found out, and about whom; None stands for everybody."""

Ask: TypeAlias = Callable[[Population, Wanted], Awaitable[dict[Leaf, Answer]]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One call: where it reads, as of when, which segments it is told the members of, and what it knows already."""

    connection: asyncpg.Connection
    moment: Moment
    audiences: Mapping[int, BitMap]
    limits: Limits
    recall: Recall | None = None

    async def run(
        self, population: Population, criteria: Sequence[Checked], ordinals: BitMap | None
    ) -> list[BitMap]:
        """Who satisfies each of the trees: predicates first, then questions, asked about those who still matter."""
        terms = self._plan(criteria).terms
        segments = await self._segments(population, Plan(terms).segment_ids, ordinals)
        recall = None if self.recall is None or ordinals is not None else self.recall.about(population)
        known = Known({}, segments)
        known = known.with_found(_known_of_everybody(recall, known.missing(terms)))
        for ask, is_due in (
            (self._rows, _is_predicate),
            (self._answers, _is_question),
            (self._everyone, None),
        ):
            missing = {
                leaf: among for leaf, among in known.missing(terms).items() if is_due is None or is_due(leaf)
            }
            known = known.with_found(await self._find(population, missing, ordinals, ask, recall))
        if all(isinstance(term, Row) for term in terms):
            return [known.members(term).copy() for term in terms]
        return await asyncio.to_thread(lambda: [known.members(term).copy() for term in terms])

    def _plan(self, criteria: Sequence[Checked]) -> Plan:
        """The plan; if answers are kept, with one for each condition unless these are too many."""
        if self.recall is not None:
            apart = plan(criteria, apart=True)
            if len(apart.rows) <= MAX_MASKED:
                return apart
        return plan(criteria)

    async def _find(
        self,
        population: Population,
        missing: Wanted,
        ordinals: BitMap | None,
        ask: Ask,
        recall: Recall | None,
    ) -> dict[Leaf, BitMap]:
        """Find out what is missing, about no more members than needed when these are few, and keep it."""
        found: dict[Leaf, BitMap] = {}
        before: dict[Leaf, Answer] = {}
        lacking: dict[Leaf, BitMap | None] = {}
        for leaf, wanted in missing.items():
            among = ordinals if wanted is None else wanted
            kept = None if recall is None else _kept(recall, leaf)
            if kept is not None:
                before[leaf], among = kept, kept.lacks(among)
            if among is not None and not among:
                found[leaf] = BitMap() if kept is None else kept.members
            else:
                lacking[leaf] = among if ordinals is not None or _are_few(among) else None
        try:
            answers = await ask(population, lacking) if lacking else {}
        except CriteriaTooExpensive as error:
            costliest = await self._costliest(population, lacking)
            raise CriteriaTooExpensive(f"{error.message} The costliest condition: {costliest}") from error
        for leaf, answer in answers.items():
            if leaf in before:
                answer = before[leaf].extended(answer.members, answer.among)
            if recall is not None:
                _keep(recall, leaf, answer)
            found[leaf] = answer.members
        return found

    async def _costliest(self, population: Population, wanted: Wanted) -> str:
        """The condition, in words, whose own statement is estimated to cost most."""
        costs: list[tuple[float, Checked]] = []
        for leaf, among in wanted.items():
            match leaf:
                case Row(criteria):
                    [statement] = row_statements(population, [Row(criteria)], self.moment, among)
                    costs.append((await cost_of(self.connection, statement), criteria))
                case Asked(question, _, also):
                    criterion: Checked = All((question, *also)) if also else question
                    costs.append((await self._cost(population, leaf, among), criterion))
        return describe(max(costs, key=itemgetter(0))[1])

    async def _cost(self, population: Population, asked: Asked, among: BitMap | None) -> float:
        """What a question by itself is estimated to cost."""
        inquiry = Inquiry((asked,), among)
        related = await self._related(population, [inquiry])
        [(statement, _)] = question_statements(population, [inquiry], self.moment, related)
        return await cost_of(self.connection, statement)

    async def _rows(self, population: Population, wanted: Wanted) -> dict[Leaf, Answer]:
        """Evaluate predicates over the rows of members, all of them in as few scans as can be."""
        leaves = [leaf for leaf in wanted if isinstance(leaf, Row)]
        among = union(wanted.values())
        found: list[BitMap] = []
        if among is None and 1 < len(leaves) <= MAX_MASKED:
            criteria = [leaf.criteria for leaf in leaves]
            groups = await self._fetch(masked_statement(population, criteria, self.moment))
            found = await masked(groups, len(leaves))
        else:
            for statement in await self._row_statements(population, leaves, among):
                found += await self._fetch_row(statement)
        return {leaf: Answer(one, among) for leaf, one in zip(leaves, found, strict=True)}

    async def _row_statements(
        self, population: Population, rows: Sequence[Row], among: BitMap | None
    ) -> list[Statement]:
        if among is not None:
            kept = kept_row_statements(population, rows, self.moment, among)
            if kept is not None:
                return kept
        # In a thread: 500 conditions take a tenth of a second to become SQL.
        return await asyncio.to_thread(lambda: list(row_statements(population, rows, self.moment, among)))

    async def _everyone(self, population: Population, wanted: Wanted) -> dict[Leaf, Answer]:
        """All members there are. Blocks of ordinals in which nobody is missing need not be sent one by one."""
        among = union(wanted.values())
        if among is not None:
            return await self._rows(population, wanted)
        found = BitMap()
        holed: list[int] = []
        for count, first, last in await self._fetch(blocks_statement(population, self.moment)):
            if count > last - first:
                found.add_range(first, last + 1)
            else:
                holed.append(first >> BLOCK_BITS)
        if holed:
            [rest] = await self._fetch_row(in_blocks_statement(population, holed, self.moment))
            found |= rest
        return {leaf: Answer(found) for leaf in wanted}

    async def _answers(self, population: Population, wanted: Wanted) -> dict[Leaf, Answer]:
        """Put the questions to the tables that answer them."""
        asked = {leaf: among for leaf, among in wanted.items() if isinstance(leaf, Asked)}
        cheapest = {leaf: await self._cheapest(population, leaf, among) for leaf, among in asked.items()}
        needed = inquiries({cheapest[leaf]: among for leaf, among in asked.items()})
        related = await self._related(population, needed)
        amongs = {question: inquiry.among for inquiry in needed for question in inquiry.questions}
        answers: dict[Leaf, Answer] = {}
        building = question_statements(population, needed, self.moment, related)
        for statement, questions in await asyncio.to_thread(list, building):
            found = await self._fetch_row(statement)
            answers |= {
                question: Answer(one, amongs[question])
                for question, one in zip(questions, found, strict=True)
            }
        return {leaf: answers[cheapest[leaf]] for leaf in asked}

    async def _cheapest(self, population: Population, asked: Asked, among: BitMap | None) -> Asked:
        """The question put so that it costs less. Of single members either way is a look-up."""
        other = asked_of_last(asked) if among is None else None
        if other is None:
            return asked
        before, after = [await self._cost(population, one, None) for one in (asked, other)]
        return other if after < before else asked

    async def observe(
        self, population: Population, ordinal: int, questions: Sequence[EventTest | RelatedTest]
    ) -> list[Any]:
        """What each question sees of a member."""
        among = BitMap([ordinal])
        related = await self._related(population, [Inquiry((Asked(one),), among) for one in questions])
        statement = observation_statement(population, ordinal, questions, self.moment, related)
        [row] = await self._fetch(statement)
        return list(row)

    async def _segments(
        self, population: Population, segment_ids: Set[int], ordinals: BitMap | None
    ) -> dict[int, BitMap]:
        """The members of segments: those told, and of the others what the chunk store has."""
        found = {one: self.audiences[one] for one in segment_ids if one in self.audiences}
        owners = {one: ChunkOwner(ChunkRole.MEMBERS, one) for one in segment_ids if one not in found}
        if owners:
            store = ChunkStore(self.connection, population.workspace_id)
            stored = await store.read_many(list(owners.values()), near=ordinals)
            found |= {one: stored[owner] for one, owner in owners.items()}
        if ordinals is None:
            return found
        return {one: members & ordinals for one, members in found.items()}

    async def _related(self, population: Population, asked: Sequence[Inquiry]) -> dict[Others, BitMap]:
        """Who satisfies the criteria on related members that are more than one row's."""
        found: dict[Others, BitMap] = {}
        for inquiry in asked:
            question = inquiry.questions[0].question
            if not isinstance(question, RelatedTest) or question.where is None:
                continue
            if is_of_one_row(question.where):
                continue
            direction = question.direction
            others = Population(population.workspace_id, direction.other_kind)
            near = None
            if inquiry.among is not None:
                near = await self._related_to(population.workspace_id, direction, inquiry.among)
            if near is not None and not near:
                members = BitMap()
            else:
                [members] = await self.run(others, [question.where], near)
            key = (direction.other_kind, question.where)
            found[key] = found.get(key, BitMap()) | members
        return found

    async def _related_to(self, workspace_id: int, direction: Direction, ordinals: BitMap) -> BitMap:
        """Those at the other end of a relation of these members."""
        find = _FIND_FORWARD if direction.forward else _FIND_BACKWARD
        rows = await self.connection.fetch(find, workspace_id, int(direction.type), list(ordinals))
        return BitMap(row[0] for row in rows)

    async def _fetch(self, statement: Statement) -> list[asyncpg.Record]:
        return await fetch(self.connection, statement, self.limits)

    async def _fetch_row(self, statement: Statement) -> list[BitMap]:
        [row] = await self._fetch(statement)
        return await bitmaps(row)


def _are_few(members: BitMap | None) -> bool:
    """Whether it is worth while to ask about single members: of dense ordinals the largest says how many exist."""
    return members is not None and (len(members) <= MAX_AMONG or len(members) * AMONG_SHARE <= members.max())


def _is_predicate(leaf: Leaf) -> bool:
    return isinstance(leaf, Row) and leaf.criteria != EVERYONE


def _is_question(leaf: Leaf) -> bool:
    return isinstance(leaf, Asked)


def _known_of_everybody(recall: Recall | None, leaves: Iterable[Leaf]) -> dict[Leaf, BitMap]:
    """The answers that are kept about everybody: they say whom the others need to be asked about."""
    if recall is None:
        return {}
    kept = {leaf: _kept(recall, leaf) for leaf in leaves}
    return {leaf: one.members for leaf, one in kept.items() if one is not None and one.among is None}


def _kept(recall: Recall, leaf: Leaf) -> Answer | None:
    match leaf:
        case Asked(question, negated, ()):
            return recall.find(question, negated=negated)
        case Row(criteria):
            return recall.find(criteria, negated=False)
    return None


def _keep(recall: Recall, leaf: Leaf, answer: Answer) -> None:
    """Keep the answer to a single condition."""
    match leaf:
        case Asked(question, negated, ()):
            recall.keep(question, answer, negated=negated)
        case Row(criteria):
            recall.keep(criteria, answer, negated=False)

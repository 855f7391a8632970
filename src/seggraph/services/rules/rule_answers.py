"""What rules answer about members that changed: rules about the same members are evaluated by one statement.

A rule that fails must not hold up the other rules: if evaluating many together fails, each is evaluated alone, and
the one that fails stays without an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
import structlog
from pyroaring import BitMap

from seggraph.context import CheckedDocument, Context
from seggraph.criteria import Checked
from seggraph.database.connections import PASSING
from seggraph.engines import EvaluationRequest, limited
from seggraph.errors import RetryLater, SeggraphError
from seggraph.services.catalogue import catalogues
from seggraph.services.changes.populations import PopulationSettings
from seggraph.services.reach import reach, suppressed_members
from seggraph.services.reach.reach import Reachable
from seggraph.services.rules.rules import Rule

log = structlog.get_logger()

TOGETHER_SECONDS: Final = 10.0
"""Longest time that rules may take together; beyond it they are asked one by one."""
APART_SECONDS: Final = 2.0
"""Longest time that one rule may take then."""
MAX_GROUPS: Final = 6
"""Most sets of members about which rules are asked separately; more are asked about all of them."""
Question = tuple[Sequence[Checked], BitMap]
"""Criteria, and the members about whom they are asked."""

Matched = Mapping[Rule, BitMap]
"""Which members a rule matches, of those it was asked about and perhaps others; absent if it could not be evaluated."""


async def checked(
    context: Context,
    connection: asyncpg.Connection,
    population_settings: PopulationSettings,
    rules: Sequence[Rule],
) -> dict[Rule, Checked]:
    """The criteria of rules, ready to be evaluated; those that are not valid any more are absent."""
    population = population_settings.population
    known, catalogue = context.checked_criteria, None
    trees: dict[Rule, Checked] = {}
    for rule in rules:
        key = (population.workspace_id, population.kind, rule.document)
        if (document := known.get(key)) is None:
            catalogue = catalogue or await catalogues.load(
                connection, population.workspace_id, population.kind
            )
            try:
                document = CheckedDocument(rule.checked(catalogue), len(rule.document))
            except SeggraphError as error:
                log.warning("rule_invalid", source_id=rule.source_id, reason=error.message)
                continue
            if document.characters <= known.maxsize:
                known[key] = document
        trees[rule] = document.tree
    return trees


class NotAnswered(Exception):
    """What was asked together could not be evaluated, and the transaction is void: ask one by one in another."""


@dataclass(frozen=True, slots=True)
class RuleEvaluator:
    """Evaluates rules about members of a population as the caller's transaction sees them, at one instant.

    Unless it is `one_by_one` a failure raises NotAnswered: savepoints would cost as much as the answers.
    """

    context: Context
    connection: asyncpg.Connection
    population_settings: PopulationSettings
    at: datetime
    one_by_one: bool = False

    async def rules(self, wanted: Mapping[Rule, BitMap]) -> Matched:
        """Which of the members that each rule is asked about it matches."""
        trees = await checked(self.context, self.connection, self.population_settings, list(wanted))
        groups = _grouped({rule: wanted[rule] for rule in trees})
        matched: dict[Rule, BitMap] = {}
        if self.one_by_one:
            for ordinals, rule in ((ordinals, rule) for ordinals, group in groups for rule in group):
                if (found := await self._alone(trees[rule], ordinals)) is not None:
                    matched[rule] = found
        elif groups:
            questions = [([trees[rule] for rule in group], ordinals) for ordinals, group in groups]
            for (_, group), answer in zip(groups, await self._together(questions), strict=True):
                matched |= zip(group, answer, strict=True)
        return matched

    async def reachable(self, ordinals: BitMap) -> Reachable:
        """Which of the members stand at each step to being reached."""
        population = self.population_settings.population
        trees = reach.criteria(self.population_settings.policy)
        if self.one_by_one:
            found = await self._ask(trees, ordinals, self.context.settings.statement_timeout_seconds)
        else:
            [found] = await self._together([(trees, ordinals)])
        suppressed = await suppressed_members.find(
            self.connection, population.workspace_id, population.kind, ordinals
        )
        return reach.staged(found, suppressed)

    async def _together(self, questions: Sequence[Question]) -> list[list[BitMap]]:
        """The members that satisfy each of the criteria, question by question."""
        seconds = min(TOGETHER_SECONDS, self.context.settings.statement_timeout_seconds)
        try:
            async with limited(self.connection, seconds):
                return [
                    await self._ask(criteria, ordinals, seconds, is_limited=True)
                    for criteria, ordinals in questions
                ]
        except (RetryLater, *PASSING):
            raise
        except Exception as error:
            raise NotAnswered from error

    async def _alone(self, criteria: Checked, ordinals: BitMap) -> BitMap | None:
        """The members that satisfy criteria, or None if evaluating these criteria failed."""
        limit = min(APART_SECONDS, self.context.settings.statement_timeout_seconds)
        try:
            async with self.connection.transaction():
                [found] = await self._ask([criteria], ordinals, limit)
        except (RetryLater, *PASSING):
            raise
        except Exception as error:  # whatever it was, the other segments must not wait for it
            log.warning("refresh_not_evaluated", reason=f"{type(error).__name__}: {error}")
            return None
        return found

    async def _ask(
        self, criteria: Sequence[Checked], ordinals: BitMap, seconds: float, *, is_limited: bool = False
    ) -> list[BitMap]:
        return await self.context.engine.evaluate(
            self.connection,
            EvaluationRequest(
                self.population_settings.population,
                criteria,
                as_of=self.at,
                zone=self.population_settings.zone,
                within_ordinals=ordinals,
                timeout_seconds=seconds,
                is_limited=is_limited,
            ),
        )


def _grouped(wanted: Mapping[Rule, BitMap]) -> list[tuple[BitMap, list[Rule]]]:
    """The rules by the members they are asked about, so that what is asked of few is not asked about many."""
    groups: dict[bytes, tuple[BitMap, list[Rule]]] = {}
    group_of: dict[
        int, list[Rule]
    ] = {}  # by the identity of a bitmap: most rules are asked about the same one
    for rule, ordinals in wanted.items():
        if not ordinals:
            continue
        if id(ordinals) not in group_of:
            group_of[id(ordinals)] = groups.setdefault(ordinals.serialize(), (ordinals, []))[1]
        group_of[id(ordinals)].append(rule)
    if len(groups) <= MAX_GROUPS:
        return list(groups.values())
    union = BitMap.union(*(ordinals for ordinals, _ in groups.values()))
    return [(union, [rule for _, group in groups.values() for rule in group])]

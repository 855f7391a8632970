"""What rules say about members that changed: rules about the same members are evaluated in one go.

One rule that fails must not keep the members of the others from moving: if evaluating many together fails, all is
done again with each asked by itself, and the one that fails is left without an answer.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import asyncpg
import structlog
from pyroaring import BitMap

from seggraph.context import Context
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
MAX_KEPT: Final = 4_000_000
"""Most characters of criteria that are kept checked, over all workspaces of the process."""

Question = tuple[Sequence[Checked], BitMap]
"""Criteria, and whom they are asked about."""

Matched = Mapping[Rule, BitMap]
"""Which members a rule matches, of those it was asked about and perhaps others; absent if it could not be evaluated."""


@dataclass(slots=True)
class CheckedCriteria:
    """Criteria that were checked, the ones last used: a process meets the same few with every refresh.

    What was found to hold stays so: attributes are added, but neither removed nor given other types.
    """

    kept: OrderedDict[tuple[int, int, str], Checked] = field(default_factory=OrderedDict)
    characters: int = 0

    async def of(
        self, connection: asyncpg.Connection, population_settings: PopulationSettings, rules: Sequence[Rule]
    ) -> dict[Rule, Checked]:
        """The criteria of rules, ready to be evaluated; those that do not hold any more are absent."""
        population, catalogue = population_settings.population, None
        found: dict[Rule, Checked] = {}
        for rule in rules:
            key = (population.workspace_id, int(population.kind), rule.document)
            if (tree := self.kept.get(key)) is None:
                catalogue = catalogue or await catalogues.load(
                    connection, population.workspace_id, population.kind
                )
                try:
                    tree = self._keep(key, rule.checked(catalogue))
                except SeggraphError as error:
                    log.warning("rule_does_not_hold", source_id=rule.source_id, reason=error.message)
                    continue
            self.kept.move_to_end(key)
            found[rule] = tree
        return found

    def _keep(self, key: tuple[int, int, str], tree: Checked) -> Checked:
        self.kept[key] = tree
        self.characters += len(key[2])
        while self.characters > MAX_KEPT and len(self.kept) > 1:
            (_, _, document), _ = self.kept.popitem(last=False)
            self.characters -= len(document)
        return tree


_checked: Final = CheckedCriteria()


async def checked(
    connection: asyncpg.Connection, population_settings: PopulationSettings, rules: Sequence[Rule]
) -> dict[Rule, Checked]:
    """The criteria of rules, ready to be evaluated; those that do not hold any more are absent."""
    return await _checked.of(connection, population_settings, rules)


class NotAnswered(Exception):
    """What was asked together could not be evaluated, and the transaction is void: ask one by one in another."""


@dataclass(frozen=True, slots=True)
class RuleEvaluator:
    """RuleEvaluator about members of a population as they are in the caller's transaction, at one instant.

    Unless it is `one_by_one` a failure raises NotAnswered: savepoints would cost as much as the answers.
    """

    context: Context
    connection: asyncpg.Connection
    population_settings: PopulationSettings
    at: datetime
    one_by_one: bool = False

    async def rules(self, wanted: Mapping[Rule, BitMap]) -> Matched:
        """Which of the members that each rule is asked about it matches."""
        checked = await _checked.of(self.connection, self.population_settings, list(wanted))
        groups = _grouped({rule: wanted[rule] for rule in checked})
        matched: dict[Rule, BitMap] = {}
        if self.one_by_one:
            for ordinals, rule in ((ordinals, rule) for ordinals, group in groups for rule in group):
                if (found := await self._alone(checked[rule], ordinals)) is not None:
                    matched[rule] = found
        elif groups:
            questions = [([checked[rule] for rule in group], ordinals) for ordinals, group in groups]
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
        """Who satisfies each of the criteria, question by question."""
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
        """Who satisfies criteria, or None if that failed for a reason of their own."""
        limit = min(APART_SECONDS, self.context.settings.statement_timeout_seconds)
        try:
            async with self.connection.transaction():
                [found] = await self._ask([criteria], ordinals, limit)
        except (RetryLater, *PASSING):
            raise
        except (
            Exception
        ) as error:  # whatever it was, it must not keep the other segments' members from moving
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
    for rule, ordinals in wanted.items():
        if ordinals:
            groups.setdefault(ordinals.serialize(), (ordinals, []))[1].append(rule)
    if len(groups) <= MAX_GROUPS:
        return list(groups.values())
    union = BitMap.union(*(ordinals for ordinals, _ in groups.values()))
    return [(union, [rule for _, group in groups.values() for rule in group])]

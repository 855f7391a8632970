"""Ticks: time passes, and rules whose windows end with it look again at the members concerned.

For each population that has such rules a row says until when time has passed for them. A tick finds the members that
the rules may answer differently about since then, and marks them as changed for these rules; the refresh does the
rest. Whatever is evaluated meanwhile is as of a later instant, and so never behind the tick. Workers share the
populations: one at a time takes a row, and after an outage the next tick goes on where the last one ended.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import structlog
from pyroaring import BitMap

from seggraph.context import Context
from seggraph.criteria import Checked
from seggraph.database.connections import PASSING, database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.engines import EvaluationRequest
from seggraph.errors import RetryLater
from seggraph.services.changes import changes, populations
from seggraph.services.changes.populations import PopulationSettings
from seggraph.services.computations import computations
from seggraph.services.rules import dependencies, rule_answers, rules
from seggraph.services.rules.rules import Rule
from seggraph.vocabulary import MemberKind

log = structlog.get_logger()

AT_ONCE: Final = 500
"""Most populations that one tick visits."""
LONGEST: Final = timedelta(hours=6)
"""How much time passes in one transaction; what is more, after an outage, passes in several."""
SET_BACK: Final = timedelta(minutes=1)
"""How much time passes again when the database's clock was set back."""
TOGETHER_SECONDS: Final = 10.0
"""Longest time that looking for the members of all rules may take; beyond it each rule is tried by itself."""
APART_SECONDS: Final = 2.0
"""Longest time that one rule may take then."""
SHARE: Final = 9
"""How many times as long as a tick took a population then rests at least: time takes a tenth of the server at most."""

# The instant from which on a new population's rules are followed is before any run of theirs took its snapshot.
BEGIN = """
    INSERT INTO ticks (workspace_id, kind, ticked_at)
    SELECT d.workspace_id, d.kind, min(coalesce(r.started_at, now()))
    FROM dependencies d
    JOIN sources o ON o.id = d.source_id JOIN segments s ON s.id = o.segment_id AND s.status = 'ACTIVE'
    CROSS JOIN LATERAL (SELECT max(started_at) AS started_at FROM runs
      WHERE workspace_id = d.workspace_id AND segment_id = s.id AND trigger = 'FULL') r
    WHERE d.name IN ('time', '*') AND d.relation IS NULL
      AND NOT EXISTS (SELECT FROM ticks t WHERE t.workspace_id = d.workspace_id AND t.kind = d.kind)
    GROUP BY d.workspace_id, d.kind
    ON CONFLICT DO NOTHING
"""

# any workspace: time passes in all of them: the due ones are looked for
DUE = "SELECT workspace_id, kind FROM ticks WHERE next_at <= clock_timestamp() ORDER BY next_at LIMIT $1"

TAKE = """
    SELECT ticked_at, clock_timestamp() AS now FROM ticks
    WHERE workspace_id = $1 AND kind = $2 AND next_at <= clock_timestamp() FOR UPDATE SKIP LOCKED
"""

ADVANCE = """
    UPDATE ticks SET ticked_at = $3,
      next_at = CASE WHEN $3 < $4::timestamptz THEN clock_timestamp() ELSE clock_timestamp()
        + greatest(make_interval(secs => $5), (clock_timestamp() - $4::timestamptz) * $6) END
    WHERE workspace_id = $1 AND kind = $2
"""

END = "DELETE FROM ticks WHERE workspace_id = $1 AND kind = $2"


async def tick(context: Context) -> int:
    """Let time pass for every population whose turn it is; returns how often a rule has to look at a member again.

    Raises RetryLater while PostgreSQL is away.
    """
    async with database() as connection:
        await connection.fetch(BEGIN)  # fetched so that it is planned once
        due = await connection.fetch(DUE, AT_ONCE)
    marked = 0
    for row in due:
        workspace_id, kind = row["workspace_id"], MemberKind(row["kind"])
        try:
            is_behind = True
            while is_behind:
                found, is_behind = await _pass(context, workspace_id, kind)
                marked += found
        except RetryLater:
            raise
        except Exception:  # one population must not stop time for the others
            log.warning("tick_failed", workspace_id=workspace_id, kind=kind.name, exc_info=True)
    return marked


async def _pass(context: Context, workspace_id: int, kind: MemberKind) -> tuple[int, bool]:
    """Let time pass for a population, in one transaction, unless another worker does so.

    Returns how often a rule has to look at a member again, and whether more time is to pass at once.
    """
    async with begin() as unit:
        connection = unit.connection
        # The clock is read before the rules: a rule that is not seen yet has its first snapshot later.
        row = await connection.fetchrow(TAKE, workspace_id, kind)
        if row is None:
            return 0, False
        timed = await _timed(connection, workspace_id, kind)
        if not timed:
            await connection.execute(END, workspace_id, kind)
            return 0, False
        now: datetime = row["now"]
        after = row["ticked_at"] if row["ticked_at"] <= now else now - SET_BACK
        until = min(now, after + LONGEST)
        population_settings = await populations.describe(connection, workspace_id, kind)
        passing = _Passing(context, connection, population_settings, after, until)
        found = await passing.moved(timed)
        await _mark(context, unit, population_settings, found)
        lost = {rule.segment_id for rule in timed if rule not in found}
        if lost:
            # A run says what is wrong, or finds what a tick could not.
            await computations.sync_soon(connection, workspace_id, sorted(lost))
        seconds = context.settings.tick_seconds
        await connection.execute(ADVANCE, workspace_id, kind, until, now, seconds, SHARE)
        return sum(map(len, found.values())), until < now


async def _timed(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> list[Rule]:
    """The rules of ACTIVE segments that time alone may make answer otherwise."""
    sources = await dependencies.timed(connection, workspace_id, kind)
    found = await rules.of_segments(connection, workspace_id, sorted(set(sources.values())))
    return [rule for of_segment in found.values() for rule in of_segment if rule.source_id in sources]


async def _mark(
    context: Context, unit: UnitOfWork, population_settings: PopulationSettings, found: Mapping[Rule, BitMap]
) -> None:
    """Mark the members for the rules that look at them again; the rules that look at the same ones as one change."""
    groups: dict[bytes, tuple[BitMap, set[str]]] = {}
    for rule, ordinals in found.items():
        _, names = groups.setdefault(ordinals.serialize(), (ordinals, set()))
        names.add(f"{changes.TIME}{rule.source_id}")
    population = population_settings.population
    for ordinals, names in groups.values():
        await changes.mark(context, unit, population.workspace_id, population.kind, ordinals, names)


class _Passing:
    """Some time that passes for a population."""

    def __init__(
        self,
        context: Context,
        connection: asyncpg.Connection,
        population_settings: PopulationSettings,
        after: datetime,
        until: datetime,
    ) -> None:
        self._context = context
        self._connection = connection
        self._settings = population_settings
        self._after = after
        self._until = until

    async def moved(self, timed: Sequence[Rule]) -> dict[Rule, BitMap]:
        """The members that each rule may answer differently about; rules for which that is not known are absent.

        A rule that is not valid any more has none.
        """
        checked = await rule_answers.checked(self._context, self._connection, self._settings, timed)
        found = {rule: BitMap() for rule in timed if rule not in checked}
        together = await self._try(list(checked), checked, TOGETHER_SECONDS)
        if together is not None:
            return found | together
        for rule in checked:
            found |= await self._try([rule], checked, APART_SECONDS) or {}
        return found

    async def _try(
        self, asked: Sequence[Rule], checked: Mapping[Rule, Checked], seconds: float
    ) -> dict[Rule, BitMap] | None:
        """The members that these rules may answer differently about, or None if that failed because of the rules."""
        try:
            async with self._connection.transaction():
                found = await self._context.engine.moved_by_time(
                    self._connection,
                    EvaluationRequest(
                        self._settings.population,
                        [checked[rule] for rule in asked],
                        as_of=self._until,
                        zone=self._settings.zone,
                        timeout_seconds=min(seconds, self._context.settings.statement_timeout_seconds),
                    ),
                    since=self._after,
                )
        except (RetryLater, *PASSING):
            raise
        except Exception as error:  # whatever it was, it must not stop time for the other rules
            reason = f"{type(error).__name__}: {error}"
            log.warning("tick_not_evaluated", rules=[rule.source_id for rule in asked], reason=reason)
            return None
        return dict(zip(asked, found, strict=True))

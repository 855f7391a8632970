"""Refreshing: members that changed are evaluated again, and every audience that they enter or leave is corrected.

The cost follows what changed and not how much there is. Refreshes of one population run one after the other (an
advisory lock), so that an earlier result never overwrites a later one. What one refresh does is in `propagation`.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Final

import asyncpg
import structlog
from pyroaring import BitMap

from seggraph.audiences import from_bytes, to_bytes
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.services.catalogue import value_counts
from seggraph.services.changes import changes, delivery_changes, populations
from seggraph.services.memberships import history_spans
from seggraph.services.refresh.propagation import DirtyBatch, Propagation
from seggraph.services.rules.rule_answers import NotAnswered, RuleEvaluator
from seggraph.vocabulary import MemberKind

log = structlog.get_logger()

BATCHES_AT_ONCE: Final = 64
"""Most dirty batches that one transaction takes."""
MEMBERS_AT_ONCE: Final = 20_000
"""Most members that one transaction looks at; the rest of its batches waits for the next."""
LOOK_SECONDS: Final = 2.0
"""How long the answer to one nudge goes on while changes keep coming; less than the nudge lives."""
NEWEST = "SELECT max(id) FROM dirty_batches WHERE workspace_id = $1 AND kind = $2"

LAST_LOOK: Final = f"""
    SELECT EXISTS (SELECT FROM dirty_batches WHERE workspace_id = $1 AND kind = $2), {value_counts.IS_FOLDABLE},
      {history_spans.IS_JOINABLE}
"""  # noqa: S608 - constants only

TAKE: Final = """
    WITH taken AS (
      DELETE FROM dirty_batches WHERE id = ANY(ARRAY(
        SELECT id FROM dirty_batches WHERE workspace_id = $1 AND kind = $2 AND ($3::bigint IS NULL OR id <= $3)
        ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED))
      RETURNING id, ordinals, changed, created_at
    )
    SELECT t.*, clock_timestamp() AS at, w.time_zone, w.consent_policy,
      (SELECT p.id FROM populations p WHERE p.workspace_id = $1 AND p.kind = $2) AS population_id,
      EXISTS (SELECT FROM deliveries d WHERE d.workspace_id = $1 AND d.kind = $2) AS is_delivered
    FROM taken t JOIN workspaces w ON w.id = $1 ORDER BY t.id
"""

PUT_BACK = """
    INSERT INTO dirty_batches (workspace_id, kind, id, ordinals, changed, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


async def drain(context: Context, workspace_id: int, kind: MemberKind) -> int:
    """Refresh the members of a population that are dirty now; returns how many were looked at.

    When it returns, every refresh that began before is over: otherwise its batches would still be there.
    """
    looked_at = 0
    newest = await _newest(workspace_id, kind)
    while newest is not None and (refreshed := await refresh_once(context, workspace_id, kind, up_to=newest)):
        looked_at += refreshed
    return looked_at


async def answer_nudge(context: Context, workspace_id: int, kind: MemberKind) -> int:
    """Answer a nudge: refresh until nothing is dirty. Changes that come meanwhile need no nudge of their own.

    After LOOK_SECONDS another job does the rest. The last look comes when the next change may nudge again, so that no
    change is missed between the two.
    """
    looked_at, until = 0, monotonic() + LOOK_SECONDS
    while refreshed := await refresh_once(context, workspace_id, kind):
        looked_at += refreshed
        if monotonic() >= until or await _newest(workspace_id, kind) is None:
            break
    await context.jobs.refresh_ends(workspace_id, kind)
    async with database() as connection:
        is_dirty, is_foldable, is_joinable = await connection.fetchrow(LAST_LOOK, workspace_id, kind)
    if is_dirty:
        await context.jobs.refresh_population(workspace_id, kind)
    if is_foldable:
        await value_counts.fold(workspace_id, kind)
    if is_joinable:
        await history_spans.join(workspace_id, kind)
    return looked_at


async def _newest(workspace_id: int, kind: MemberKind) -> int | None:
    """The id of the newest dirty batch of a population, if there is any."""
    async with database() as connection:
        newest: int | None = await connection.fetchval(NEWEST, workspace_id, kind)
    return newest


async def refresh_once(
    context: Context, workspace_id: int, kind: MemberKind, *, up_to: int | None = None
) -> int:
    """Refresh the members of the oldest dirty batches, in one transaction; returns how many they are.

    Only batches with ids `up_to` this one are taken, so that changes that keep coming do not keep it going.
    """
    try:
        return await _refresh(context, workspace_id, kind, up_to, one_by_one=False)
    except NotAnswered as error:
        log.warning("refresh_one_by_one", reason=f"{type(error.__cause__).__name__}: {error.__cause__}")
        return await _refresh(context, workspace_id, kind, up_to, one_by_one=True)


async def _refresh(
    context: Context, workspace_id: int, kind: MemberKind, up_to: int | None, *, one_by_one: bool
) -> int:
    async with begin() as unit:
        await populations.lock(unit.connection, workspace_id, kind)
        rows = await unit.connection.fetch(TAKE, workspace_id, kind, up_to, BATCHES_AT_ONCE)
        if not rows:
            return 0
        batches = await _batches(unit.connection, workspace_id, kind, rows)
        about = rows[0]
        population_settings = populations.population_settings(about, workspace_id, kind)
        evaluator = RuleEvaluator(context, unit.connection, population_settings, about["at"], one_by_one)
        population_id = about["population_id"] or await populations.ensure(
            unit.connection, workspace_id, kind
        )
        await Propagation(context, unit, evaluator, batches, population_id).run()
        if about["is_delivered"]:
            changed = {batch.names: batch.ordinals for batch in batches}
            await delivery_changes.note(context, unit, workspace_id, kind, changed)
        return len(BitMap.union(BitMap(), *(batch.ordinals for batch in batches)))


async def _batches(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, rows: Sequence[asyncpg.Record]
) -> list[DirtyBatch]:
    """The batches that were taken, those with the same names of changes as one. What is too many is put back."""
    taken: dict[frozenset[str], BitMap] = {}
    rest: list[tuple[object, ...]] = []
    room = MEMBERS_AT_ONCE
    for row in rows:
        ordinals = from_bytes(row["ordinals"])
        part = ordinals[:room]
        if part:
            names = frozenset(row["changed"]) or frozenset({changes.CREATED})
            taken[names] = taken.get(names, BitMap()) | part
            room -= len(part)
        if len(part) < len(ordinals):
            left = to_bytes(ordinals - part)
            rest.append((workspace_id, kind, row["id"], left, row["changed"], row["created_at"]))
    if rest:
        await connection.executemany(PUT_BACK, rest)
    return [DirtyBatch(ordinals, names) for names, ordinals in taken.items()]

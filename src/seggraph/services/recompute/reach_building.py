"""Building the audiences of the steps of reach anew, for a whole population.

Refreshes keep them up to date member by member. Only another consent policy changes them for everybody: it asks for
new ones, and has every ACTIVE segment computed again; the first of these runs builds them.
"""

from typing import Final

import asyncpg

from seggraph.audiences import ChunkStore
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.engines import EvaluationRequest
from seggraph.services.changes import populations
from seggraph.services.reach import reach, suppressed_members
from seggraph.services.reach.addresses import Addresses
from seggraph.vocabulary import MemberKind

REQUESTED: Final = """
    SELECT requested_reach FROM populations
    WHERE workspace_id = $1 AND kind = $2 AND built_reach < requested_reach
"""

BUILT: Final = "UPDATE populations SET built_reach = $3 WHERE workspace_id = $1 AND kind = $2"


async def ensure_built(context: Context, workspace_id: int, kind: MemberKind) -> None:
    """Build the population's audiences if that was asked for and is not done yet."""
    async with database() as connection:
        if await connection.fetchval(REQUESTED, workspace_id, kind) is None:
            return
    async with begin() as unit:
        await populations.lock(unit.connection, workspace_id, kind)
        # Read before the policy is: if that changes now, they will be built once more.
        requested = await unit.connection.fetchval(REQUESTED, workspace_id, kind)
        if requested is not None:
            await _build(context, unit.connection, workspace_id, kind)
            await unit.connection.execute(BUILT, workspace_id, kind, requested)


async def _build(
    context: Context, connection: asyncpg.Connection, workspace_id: int, kind: MemberKind
) -> None:
    """Members that change while it scans are dirty, and refreshed when the lock is released."""
    population_settings = await populations.describe(connection, workspace_id, kind)
    found = await context.engine.evaluate(
        connection,
        EvaluationRequest(
            population_settings.population,
            reach.criteria(population_settings.policy),
            as_of=await connection.fetchval("SELECT clock_timestamp()"),
            zone=population_settings.zone,
            timeout_seconds=context.settings.statement_timeout_seconds,
        ),
    )
    reachable = reach.staged(found, await suppressed_members.find(connection, workspace_id, kind))
    store = ChunkStore(connection, workspace_id)
    population_id = await populations.ensure(connection, workspace_id, kind)
    owners = reach.owners(population_id)
    before = await store.read_many(list(owners.values()))
    await store.write({owner: (before[owner], reachable[place]) for place, owner in owners.items()})
    await Addresses(connection, store, workspace_id, kind).build(population_id)

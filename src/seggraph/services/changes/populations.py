"""Populations as computations need them: whose members, in which zone, reachable under which policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.engines import Population
from seggraph.vocabulary import ConsentPolicy, MemberKind

FIND = "SELECT id FROM populations WHERE workspace_id = $1 AND kind = $2"

MAKE = (
    "INSERT INTO populations (workspace_id, kind) VALUES ($1, $2) ON CONFLICT (workspace_id, kind) DO NOTHING"
)

DESCRIBE = "SELECT time_zone, consent_policy FROM workspaces WHERE id = $1"


@dataclass(frozen=True, slots=True)
class PopulationSettings:
    """What evaluating a population depends on besides its members."""

    population: Population
    zone: ZoneInfo
    policy: ConsentPolicy


async def describe(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> PopulationSettings:
    """The population_settings of a population."""
    return population_settings(await connection.fetchrow(DESCRIBE, workspace_id), workspace_id, kind)


def population_settings(row: Mapping[str, Any], workspace_id: int, kind: MemberKind) -> PopulationSettings:
    """The population_settings of a population of the workspace that a row describes."""
    return PopulationSettings(
        Population(workspace_id, kind), ZoneInfo(row["time_zone"]), ConsentPolicy(row["consent_policy"])
    )


async def ensure(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> int:
    """The id of a population, whose row is made if it has none yet: the owner of its reachable audiences."""
    found = await connection.fetchval(FIND, workspace_id, kind)
    if found is None:
        await connection.execute(MAKE, workspace_id, kind)
        # A second statement: it sees the row also when another transaction made it while this one waited.
        found = await connection.fetchval(FIND, workspace_id, kind)
    return int(found)


async def lock(connection: asyncpg.Connection, workspace_id: int, kind: MemberKind) -> None:
    """Keep others from refreshing the population until the caller's transaction ends."""
    await lock_exclusive(connection, LockSpace.POPULATION, workspace_id, kind=kind)

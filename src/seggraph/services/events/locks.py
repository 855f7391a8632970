"""Who may write events of a workspace at the same time: recorders together, whoever removes events alone.

Recording only adds, so recorders go side by side and meet at single rows, which they take in one order. Removing
has to know the events that remain: it waits for the recorders, and they for it. Each transaction takes one of
the two locks once, before it reads or writes any event, and nothing that it waits for afterwards is held by
someone who waits for these; so nobody deadlocks.
"""

from typing import Final

import asyncpg

LOCK_SPACE: Final = 0x5E66_0100
"""The first key of the advisory locks; the second is made of the workspace."""

TOGETHER: Final = "SELECT pg_advisory_xact_lock_shared($1, hashint8($2))"
ALONE: Final = "SELECT pg_advisory_xact_lock($1, hashint8($2))"


async def hold_together(connection: asyncpg.Connection, workspace_id: int) -> None:
    """Keep others from removing events of the workspace until this transaction ends."""
    await connection.execute(TOGETHER, LOCK_SPACE, workspace_id)


async def hold_alone(connection: asyncpg.Connection, workspace_id: int) -> None:
    """Keep others from recording or removing events of the workspace until this transaction ends."""
    await connection.execute(ALONE, LOCK_SPACE, workspace_id)

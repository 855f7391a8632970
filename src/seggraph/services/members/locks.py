"""Who may make and relate members of a workspace at the same time: all of them together, whoever erases alone.

Whoever creates or changes a member, or relates it to another, takes the shared lock before any row; so nobody
who is erased is related or written again in the meantime, and writers and an eraser cannot deadlock.
"""

from typing import Final

import asyncpg

LOCK_SPACE: Final = 0x5E66_0200
"""The first key of the advisory locks; the second is made of the workspace."""

TOGETHER: Final = "SELECT pg_advisory_xact_lock_shared($1, hashint8($2))"
ALONE: Final = "SELECT pg_advisory_xact_lock($1, hashint8($2))"


async def hold_together(connection: asyncpg.Connection, workspace_id: int) -> None:
    """Keep others from erasing members of the workspace until this transaction ends."""
    await connection.execute(TOGETHER, LOCK_SPACE, workspace_id)


async def hold_alone(connection: asyncpg.Connection, workspace_id: int) -> None:
    """Keep others from creating, relating or erasing members of the workspace until this transaction ends."""
    await connection.execute(ALONE, LOCK_SPACE, workspace_id)

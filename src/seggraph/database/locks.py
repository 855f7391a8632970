"""Advisory locks: every space of locks, and the order in which one transaction takes them.

A lock is of a workspace, or of one kind of member in a workspace, and it lasts until the transaction ends. A
transaction that takes several locks takes them in the order of `LockSpace`, top down; it takes no lock of a space
above one that it holds. So two transactions never wait for each other. Row locks of segments come before
SEGMENT_REFERENCES.
"""

from enum import IntEnum
from typing import Final

import asyncpg

MIGRATIONS: Final = 0x5E66_4A9F
"""The key of the session lock under which one process migrates. It belongs to the database, not to a workspace."""

SORT_INDEXES: Final = 0x5E66_4AA0
"""The key of the session lock under which one process at a time makes or drops an index of members."""


class LockSpace(IntEnum):
    """The first key of an advisory lock, in the order of locking. The second key is a hash of the workspace.

    In a space whose locks are of one kind of member, the kind is added to the first key.
    """

    ATTRIBUTES = 0x5E66_0500
    """Of one kind. Exclusive for creating attributes: the number of attributes is limited."""
    POPULATION = 0x5E66_0000
    """Of one kind. Exclusive for a refresh, building reach, changing suppressions and erasing: one at a time."""
    MEMBERS = 0x5E66_0200
    """Shared for creating, changing and relating members. Exclusive for erasing members."""
    RELATIONS = 0x5E66_0300
    """Exclusive for relating members: calls that relate go one after the other."""
    EVENTS = 0x5E66_0100
    """Shared for recording events. Exclusive for correcting and removing events."""
    EVENT_NAMES = 0x5E66_0A00
    """Exclusive for recording an event under a new name: the number of names is limited."""
    VALUE_COUNTS = 0x5E66_0400
    """Of one kind. Exclusive for adding up the changes of value counts."""
    SEGMENT_REFERENCES = 0x5E66_0600
    """Exclusive for saving references to segments. Shared for changing memberships."""
    ORDER_VALUES = 0x5E66_0700
    """Of one kind. Shared for adding membership changes to the values of segments, at the end of the transaction that
    makes them. Exclusive for adding orders, and for computing values anew."""
    EXPORTS = 0x5E66_0B00
    """Exclusive for asking for an export: the number of those that are being written is limited."""
    PARTITIONS = 0x5E66_03FF
    """Exclusive for making partitions of events. It is taken for workspace 0, that is for all."""


EXCLUSIVE: Final = "SELECT pg_advisory_xact_lock($1, hashint8($2))"
SHARED: Final = "SELECT pg_advisory_xact_lock_shared($1, hashint8($2))"
TRY_EXCLUSIVE: Final = "SELECT pg_try_advisory_xact_lock($1, hashint8($2))"


async def lock_exclusive(
    connection: asyncpg.Connection, space: LockSpace, workspace_id: int, *, kind: int = 0
) -> None:
    """Wait until no other transaction holds the lock, shared or exclusive, and hold it until this one ends."""
    await connection.execute(EXCLUSIVE, space + kind, workspace_id)


async def lock_shared(
    connection: asyncpg.Connection, space: LockSpace, workspace_id: int, *, kind: int = 0
) -> None:
    """Wait until no transaction holds the lock exclusively, and share it until this one ends."""
    await connection.execute(SHARED, space + kind, workspace_id)


async def try_lock_session(connection: asyncpg.Connection, key: int) -> bool:
    """Hold a lock until `unlock_session`, or the end of the connection, if no other connection holds it."""
    held: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", key)
    return held


async def unlock_session(connection: asyncpg.Connection, key: int) -> None:
    """Release a lock that `try_lock_session` took."""
    await connection.execute("SELECT pg_advisory_unlock($1)", key)


async def try_lock_exclusive(
    connection: asyncpg.Connection, space: LockSpace, workspace_id: int, *, kind: int = 0
) -> bool:
    """Hold the lock exclusively until the transaction ends if no other one holds it; return whether it is held."""
    held: bool = await connection.fetchval(TRY_EXCLUSIVE, space + kind, workspace_id)
    return held


def shared_lock_column(space: LockSpace, workspace: str) -> str:
    """A column of a SELECT that takes the shared lock when the row is read; `workspace` is an SQL expression."""
    return f"pg_advisory_xact_lock_shared({int(space)}, hashint8({workspace}))"

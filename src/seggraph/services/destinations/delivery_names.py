"""What lists are called outside: they are made under the names of their segments, and renamed after them.

A name is noted before the call that gives it and settled after the answer, so that a call whose answer was lost is
made again. A destination that does not rename lists is asked once for each name.
"""

from typing import Any, Final

import asyncpg

# any workspace: the delivery is the one whose lease this worker holds
MAKE: Final = """
    UPDATE deliveries SET sequence = sequence + 1, list_name = coalesce(list_name, $2) WHERE id = $1
    RETURNING sequence, list_name
"""
"""A call with the same key says the same again: a list that was made, and whose answer was lost, has the first name."""

# any workspace: the delivery is the one whose lease this worker holds
NOT_MADE: Final = "UPDATE deliveries SET list_name = NULL WHERE id = $1 AND list_id IS NULL"

# any workspace: the delivery is the one whose lease this worker holds
RENAME: Final = """
    UPDATE deliveries SET sequence = sequence + 1, list_name = NULL, refused_name = NULL WHERE id = $1
    RETURNING sequence
"""

# any workspace: the delivery is the one whose lease this worker holds
SETTLE: Final = "UPDATE deliveries SET list_name = $2, refused_name = $3 WHERE id = $1"


def is_old(row: Any) -> bool:
    """Whether a list has another name than its segment, by a row of `delivery_claims.HOLD`."""
    return row["segment_name"] not in (row["list_name"], row["refused_name"])


async def make(connection: asyncpg.Connection, delivery_id: int, name: str) -> tuple[int, str]:
    """The sequence of the call that makes the list, and the name that it is to say."""
    row = await connection.fetchrow(MAKE, delivery_id, name)
    return row["sequence"], row["list_name"]


async def not_made(connection: asyncpg.Connection, delivery_id: int) -> None:
    """The destination refused to make the list: it may be made under another name."""
    await connection.execute(NOT_MADE, delivery_id)


async def rename(connection: asyncpg.Connection, delivery_id: int) -> int:
    """The sequence of a call that renames the list; until it is settled, the name of the list is unknown."""
    sequence: int = await connection.fetchval(RENAME, delivery_id)
    return sequence


async def settle(
    connection: asyncpg.Connection, delivery_id: int, name: str | None, *, refused: str | None = None
) -> None:
    """The list has this name now; `refused` is one that it was not given."""
    await connection.execute(SETTLE, delivery_id, name, refused)

"""What each member's orders add to the values of its segments, and which members' orders changed since.

`member_orders` is what was added so far. `order_changes` are bitmaps of members whose orders changed since: a trigger
writes them with the dirty batch of the change, in its transaction. An order of the coming day is such a change too,
which is due at its time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import from_bytes, to_bytes
from seggraph.services.customer_value.customer_values import LATENCY_DAYS, ORDER, OrderSums
from seggraph.vocabulary import MemberKind

ADDED: Final = """
    SELECT ordinal, orders, revenue, latency_days FROM member_orders
    WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3::int[])
"""

NOW: Final = f"""
    SELECT ordinal, count AS orders, sum AS revenue, {LATENCY_DAYS} AS latency_days FROM (
      SELECT t.ordinal, f.* FROM event_totals t CROSS JOIN LATERAL (
        SELECT t.count, t.sum, t.first_at, t.last_at WHERE t.last_at <= $5
        UNION ALL
        SELECT count(*), coalesce(sum(e.value), 0), min(e.occurred_at), max(e.occurred_at) FROM events e
        WHERE t.last_at > $5 AND e.workspace_id = $1 AND e.kind = $2 AND e.ordinal = t.ordinal AND e.name = $4
          AND e.occurred_at BETWEEN t.first_at AND $5
        HAVING count(*) > 0
      ) f
      WHERE t.workspace_id = $1 AND t.kind = $2 AND t.name = $4 AND t.ordinal = ANY($3::int[])
    ) totals
"""  # noqa: S608 - a constant

AHEAD: Final = """
    SELECT t.ordinal, e.at FROM event_totals t CROSS JOIN LATERAL (
      SELECT min(e.occurred_at) AS at FROM events e
      WHERE e.workspace_id = $1 AND e.kind = $2 AND e.ordinal = t.ordinal AND e.name = $4 AND e.occurred_at > $5
        AND e.occurred_at <= t.last_at
    ) e
    WHERE t.workspace_id = $1 AND t.kind = $2 AND t.name = $4 AND t.ordinal = ANY($3::int[]) AND t.last_at > $5
"""

ADD: Final = """
    INSERT INTO member_orders AS o (workspace_id, kind, ordinal, orders, revenue, latency_days)
    SELECT $1, $2, * FROM unnest($3::int[], $4::bigint[], $5::numeric[], $6::numeric[])
    ON CONFLICT (workspace_id, kind, ordinal) DO UPDATE SET orders = EXCLUDED.orders, revenue = EXCLUDED.revenue,
      latency_days = EXCLUDED.latency_days
"""

REMOVE: Final = "DELETE FROM member_orders WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3::int[])"

CHANGED: Final = """
    SELECT id, kind, ordinals, due_at FROM order_changes
    WHERE workspace_id = $1 AND kind = ANY($2::smallint[]) AND due_at <= $3 ORDER BY id LIMIT $4
"""

NOTE_CHANGES: Final = """
    INSERT INTO order_changes (workspace_id, kind, ordinals, due_at) VALUES ($1, $2, $3, $4)
"""

FORGET_CHANGES: Final = "DELETE FROM order_changes WHERE workspace_id = $1 AND id = ANY($2)"

HOLD_CHANGES: Final = """
    SELECT id, ordinals FROM order_changes WHERE workspace_id = $1 AND kind = $2 ORDER BY id FOR UPDATE
"""

REWRITE_CHANGES: Final = "UPDATE order_changes SET ordinals = $3 WHERE workspace_id = $1 AND id = $2"

MAX_CHANGES: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class OrderChanges:
    """Members of a kind whose orders changed, by the rows that say so, and since when."""

    ids: list[int]
    ordinals: BitMap
    since: datetime


async def changes(
    connection: asyncpg.Connection,
    workspace_id: int,
    kinds: Iterable[MemberKind],
    as_of: datetime,
    *,
    limit: int = MAX_CHANGES,
) -> dict[MemberKind, OrderChanges]:
    """The changes that are due, by kind; kinds without any are absent."""
    found: dict[MemberKind, OrderChanges] = {}
    wanted = [int(kind) for kind in kinds]
    for row in await connection.fetch(CHANGED, workspace_id, wanted, as_of, limit):
        kind = MemberKind(row["kind"])
        of_kind = found.setdefault(kind, OrderChanges([], BitMap(), row["due_at"]))
        of_kind.ids.append(row["id"])
        of_kind.ordinals.update(from_bytes(row["ordinals"]))
    return found


async def note_changes(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: BitMap, due_at: datetime
) -> None:
    """Note that the orders of members change at an instant."""
    await connection.execute(NOTE_CHANGES, workspace_id, kind, to_bytes(ordinals), due_at)


async def forget_changes(connection: asyncpg.Connection, workspace_id: int, ids: Sequence[int]) -> None:
    """Forget changes that were added."""
    await connection.execute(FORGET_CHANGES, workspace_id, list(ids))


async def added(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: BitMap
) -> dict[int, OrderSums]:
    """What was added of members so far; members without orders are absent."""
    rows = await connection.fetch(ADDED, workspace_id, kind, list(ordinals))
    return {row["ordinal"]: _sums(row) for row in rows}


async def now(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: BitMap, as_of: datetime
) -> dict[int, OrderSums]:
    """What is to be added of members by their orders up to an instant; members without orders are absent."""
    rows = await connection.fetch(NOW, workspace_id, kind, list(ordinals), ORDER, as_of)
    return {row["ordinal"]: _sums(row) for row in rows}


async def ahead(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: BitMap, as_of: datetime
) -> dict[int, datetime]:
    """When the next order of members counts that lies ahead of an instant; members without one are absent."""
    rows = await connection.fetch(AHEAD, workspace_id, kind, list(ordinals), ORDER, as_of)
    return {row["ordinal"]: row["at"] for row in rows if row["at"] is not None}


async def write(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    before: Mapping[int, OrderSums],
    after: Mapping[int, OrderSums],
) -> None:
    """Make what was added of members, which was the first, the second."""
    rows = [
        (ordinal, sums.orders, sums.revenue, sums.latency_days)
        for ordinal, sums in after.items()
        if before.get(ordinal) != sums
    ]
    if rows:
        await connection.execute(ADD, workspace_id, kind, *zip(*rows, strict=True))
    gone = [ordinal for ordinal in before if ordinal not in after]
    if gone:
        await connection.execute(REMOVE, workspace_id, kind, gone)


async def erase(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: BitMap
) -> None:
    """Forget members who are in no segment any more. The caller holds the values of the kind alone."""
    await connection.execute(REMOVE, workspace_id, kind, list(ordinals))
    emptied = []
    for row in await connection.fetch(HOLD_CHANGES, workspace_id, kind):
        before = from_bytes(row["ordinals"])
        left = before - ordinals
        if not left:
            emptied.append(row["id"])
        elif len(left) != len(before):
            await connection.execute(REWRITE_CHANGES, workspace_id, row["id"], to_bytes(left))
    if emptied:
        await forget_changes(connection, workspace_id, emptied)


def differences(before: Mapping[int, OrderSums], after: Mapping[int, OrderSums]) -> dict[int, OrderSums]:
    """What is to be added for each member whose orders differ."""
    nothing = OrderSums()
    found = {
        ordinal: after.get(ordinal, nothing) - before.get(ordinal, nothing)
        for ordinal in before.keys() | after.keys()
    }
    return {ordinal: sums for ordinal, sums in found.items() if sums != nothing}


def total(by_member: Mapping[int, OrderSums], members: Iterable[int]) -> OrderSums:
    """The sums over members."""
    buyers = orders = repeat_buyers = 0
    revenue, latency_days = Decimal(0), Decimal(0)
    for ordinal in members:
        sums = by_member.get(ordinal)
        if sums is not None:
            buyers += sums.buyers
            orders += sums.orders
            revenue += sums.revenue
            repeat_buyers += sums.repeat_buyers
            latency_days += sums.latency_days
    return OrderSums(buyers, orders, revenue, repeat_buyers, latency_days)


def _sums(row: asyncpg.Record) -> OrderSums:
    return OrderSums(1, row["orders"], row["revenue"], int(row["orders"] > 1), row["latency_days"])

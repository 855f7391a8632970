"""The customer value of members and of audiences: what their events named `order` say, from the totals.

AOV = revenue / orders. CLV = revenue / members with at least one order. Latency = the mean, over members with two
or more orders, of (last - first) / (orders - 1), in days.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import in_block, to_sql_blocks
from seggraph.database.connections import database
from seggraph.vocabulary import MemberKind

ORDER: Final = "order"
"""The event whose value is the amount of an order."""

_CENTS = Decimal("0.0001")
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_OF_DAY = timedelta(days=1) // _MICROSECOND

TOTALS: Final = """
    SELECT m.kind, m.ordinal, f.count, f.sum, f.first_at, f.last_at
    FROM unnest($2::smallint[], $3::int[]) AS m(kind, ordinal)
    JOIN event_totals t
      ON t.workspace_id = $1 AND t.kind = m.kind AND t.name = $4 AND t.ordinal = m.ordinal
    CROSS JOIN LATERAL (
      SELECT t.count, t.sum, t.first_at, t.last_at WHERE t.last_at <= $5
      UNION ALL
      SELECT count(*), coalesce(sum(e.value), 0), min(e.occurred_at), max(e.occurred_at) FROM events e
      WHERE t.last_at > $5 AND e.workspace_id = $1 AND e.kind = m.kind AND e.ordinal = m.ordinal
        AND e.name = $4 AND e.occurred_at BETWEEN t.first_at AND $5
      HAVING count(*) > 0
    ) f
"""
"""Totals include events of the coming day, which do not count yet: members with such events are counted by event."""


LATENCY_DAYS: Final = """
    CASE WHEN count > 1 THEN round(extract(epoch FROM last_at - first_at) / (86400 * (count - 1)), 12) ELSE 0 END
"""
"""The mean time between a member's orders. It is exact, so that what was added can be subtracted again."""

SUMS: Final = f"""
    count(*) AS buyers, coalesce(sum(count), 0)::bigint AS orders, coalesce(sum(sum), 0) AS revenue,
    count(*) FILTER (WHERE count > 1) AS repeat_buyers, coalesce(sum({LATENCY_DAYS}), 0) AS latency_days
"""

OF_AUDIENCES: Final = f"""
    SELECT a.number, t.* FROM unnest($4::int[], $5::smallint[], $6::int[], $7::bytea[]) AS a(number, kind, first, bits)
    JOIN event_totals t ON t.workspace_id = $1 AND t.kind = a.kind AND t.name = $2
      AND {in_block("t.ordinal", "a")}
    UNION ALL
    SELECT a.number, t.* FROM unnest($8::int[], $9::smallint[], $10::int[]) AS a(number, kind, ordinal)
    JOIN event_totals t ON t.workspace_id = $1 AND t.kind = a.kind AND t.name = $2 AND t.ordinal = a.ordinal
"""  # noqa: S608 - constants only, here and below
"""The totals of the members of audiences: a bit for each ordinal where they are many, else by single ordinals."""

FROM_TOTALS: Final = f"""
    SELECT number, {SUMS}, count(*) FILTER (WHERE last_at > $3) AS ahead FROM ({OF_AUDIENCES}) t GROUP BY number
"""  # noqa: S608 - constants only, here and below

WITHOUT_AHEAD: Final = f"""
    SELECT number, {SUMS}, 0 AS ahead FROM (
      SELECT t.number, f.* FROM ({OF_AUDIENCES}) t CROSS JOIN LATERAL (
        SELECT t.count, t.sum, t.first_at, t.last_at WHERE t.last_at <= $3
        UNION ALL
        SELECT count(*), coalesce(sum(e.value), 0), min(e.occurred_at), max(e.occurred_at) FROM events e
        WHERE t.last_at > $3 AND e.workspace_id = $1 AND e.kind = t.kind AND e.ordinal = t.ordinal AND e.name = $2
          AND e.occurred_at BETWEEN t.first_at AND $3
        HAVING count(*) > 0
      ) f
    ) AS totals GROUP BY number
"""  # noqa: S608
"""Totals include events of the coming day, which do not count yet: members with such events are counted by event."""


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """The orders of one member: how many (at least one), their amount, the first and the last."""

    orders: int
    revenue: Decimal
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerValue:
    """The value of one member or of many; None where there is nothing to divide by."""

    revenue: Decimal
    orders: int
    average_order_value: Decimal | None
    customer_lifetime_value: Decimal | None
    order_latency_days: float | None
    as_of: datetime


@dataclass(frozen=True, slots=True)
class OrderSums:
    """What the orders of many members add up to; sums of disjoint audiences can be added.

    `latency_days` is the sum, over the `repeat_buyers` with two or more orders, of their mean time between orders.
    """

    buyers: int = 0
    orders: int = 0
    revenue: Decimal = Decimal(0)
    repeat_buyers: int = 0
    latency_days: Decimal = Decimal(0)

    def __add__(self, other: "OrderSums") -> "OrderSums":
        """The sums of both audiences."""
        return OrderSums(
            self.buyers + other.buyers,
            self.orders + other.orders,
            self.revenue + other.revenue,
            self.repeat_buyers + other.repeat_buyers,
            self.latency_days + other.latency_days,
        )

    def value(self, as_of: datetime) -> CustomerValue:
        """The customer value that these sums make."""
        return CustomerValue(
            revenue=self.revenue,
            orders=self.orders,
            average_order_value=_share(self.revenue, self.orders),
            customer_lifetime_value=_share(self.revenue, self.buyers),
            order_latency_days=float(self.latency_days / self.repeat_buyers) if self.repeat_buyers else None,
            as_of=as_of,
        )

    def __sub__(self, other: "OrderSums") -> "OrderSums":
        """The sums without those of a part."""
        return OrderSums(
            self.buyers - other.buyers,
            self.orders - other.orders,
            self.revenue - other.revenue,
            self.repeat_buyers - other.repeat_buyers,
            self.latency_days - other.latency_days,
        )

    @staticmethod
    def of(totals: OrderTotals) -> "OrderSums":
        """What one buyer adds."""
        if totals.orders == 1:
            return OrderSums(1, 1, totals.revenue)
        microseconds = (totals.last_at - totals.first_at) // _MICROSECOND
        latency = Decimal(microseconds) / (_MICROSECONDS_OF_DAY * (totals.orders - 1))
        return OrderSums(1, totals.orders, totals.revenue, 1, latency)


def value_of(totals: Iterable[OrderTotals], as_of: datetime) -> CustomerValue:
    """The customer value of the members with these orders; members without orders are left out."""
    return reduce(OrderSums.__add__, map(OrderSums.of, totals), OrderSums()).value(as_of)


def _share(amount: Decimal, parts: int) -> Decimal | None:
    return (amount / parts).quantize(_CENTS, ROUND_HALF_UP) if parts else None


async def of_members(
    viewer: Viewer, members: Sequence[tuple[MemberKind, int]]
) -> dict[tuple[MemberKind, int], CustomerValue]:
    """The value of each member, given by kind and ordinal, as of now."""
    as_of = datetime.now(UTC)
    kinds, ordinals = [int(kind) for kind, _ in members], [ordinal for _, ordinal in members]
    async with database() as connection:
        rows = await connection.fetch(TOTALS, viewer.workspace_id, kinds, ordinals, ORDER, as_of)
    found = {
        (MemberKind(row["kind"]), row["ordinal"]): OrderTotals(
            row["count"], row["sum"], row["first_at"], row["last_at"]
        )
        for row in rows
    }
    return {member: value_of([found[member]] if member in found else [], as_of) for member in members}


Audience = tuple[MemberKind, BitMap]
"""Members of a kind, by their ordinals."""


async def of_audience(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, members: BitMap, as_of: datetime
) -> CustomerValue:
    """The value of an audience as of an instant not before now, as the connection sees the events."""
    [sums] = await sums_of(connection, workspace_id, [(kind, members)], as_of=as_of)
    return sums.value(as_of)


async def sums_of(
    connection: asyncpg.Connection, workspace_id: int, audiences: Sequence[Audience], *, as_of: datetime
) -> list[OrderSums]:
    """The sums of each audience, in one statement however many there are.

    One more is needed in the rare case that members of some have orders that lie ahead of `as_of`.
    """
    rows = await _fetch(connection, FROM_TOTALS, workspace_id, dict(enumerate(audiences)), as_of)
    late = {number: audiences[number] for number, row in rows.items() if row["ahead"]}
    if late:
        exact = await _fetch(connection, WITHOUT_AHEAD, workspace_id, late, as_of)
        rows = {number: row for number, row in rows.items() if number not in late} | exact
    return [sums_in(rows[number]) if number in rows else OrderSums() for number in range(len(audiences))]


def sums_in(row: Mapping[str, Any]) -> OrderSums:
    """The sums that a row has."""
    return OrderSums(row["buyers"], row["orders"], row["revenue"], row["repeat_buyers"], row["latency_days"])


async def _fetch(
    connection: asyncpg.Connection,
    statement: str,
    workspace_id: int,
    audiences: Mapping[int, Audience],
    as_of: datetime,
) -> dict[int, asyncpg.Record]:
    """The rows of audiences by their numbers; those without orders are absent."""
    if not audiences:
        return {}
    blocks, singles = await asyncio.to_thread(_columns, audiences)
    rows = await connection.fetch(statement, workspace_id, ORDER, as_of, *blocks, *singles)
    return {row["number"]: row for row in rows}


def _columns(audiences: Mapping[int, Audience]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Audiences as OF_AUDIENCES takes them."""
    blocks: list[list[Any]] = [[], [], [], []]
    singles: list[list[Any]] = [[], [], []]
    for number, (kind, members) in audiences.items():
        form = to_sql_blocks(members)
        blocks[0] += [number] * len(form.firsts)
        blocks[1] += [int(kind)] * len(form.firsts)
        blocks[2] += form.firsts
        blocks[3] += form.bits
        singles[0] += [number] * len(form.singles)
        singles[1] += [int(kind)] * len(form.singles)
        singles[2] += form.singles
    return blocks, singles

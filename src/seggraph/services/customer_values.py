"""The customer value of members: what their events named `order` say, from the totals.

AOV = revenue / orders. CLV = revenue / members with at least one order. Latency = the mean, over members with two
or more orders, of (last - first) / (orders - 1), in days.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from seggraph.runtime import database
from seggraph.services.policy import Viewer
from seggraph.vocabulary import MemberKind

ORDER: Final = "order"
"""The event whose value is the amount of an order."""

_CENTS = Decimal("0.0001")
_DAY = timedelta(days=1)

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
"""Totals include the events of the coming day, which do not count yet: who has such is counted from the events."""


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


def value_of(totals: Iterable[OrderTotals], as_of: datetime) -> CustomerValue:
    """The customer value of the members with these orders; members without orders are left out."""
    buyers = list(totals)
    revenue = sum((one.revenue for one in buyers), Decimal(0))
    orders = sum(one.orders for one in buyers)
    latencies = [(one.last_at - one.first_at) / _DAY / (one.orders - 1) for one in buyers if one.orders > 1]
    return CustomerValue(
        revenue=revenue,
        orders=orders,
        average_order_value=_share(revenue, orders),
        customer_lifetime_value=_share(revenue, len(buyers)),
        order_latency_days=sum(latencies) / len(latencies) if latencies else None,
        as_of=as_of,
    )


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

"""The customer value of audiences equals a direct computation over the raw orders, to the cent."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.unit_of_work import snapshot
from seggraph.services.customer_value import customer_values
from seggraph.services.customer_value.customer_values import CustomerValue
from seggraph.services.events import events
from seggraph.services.members import upserts
from seggraph.vocabulary import MemberKind

PERSON, ACCOUNT = MemberKind.PERSON, MemberKind.ACCOUNT

Order = tuple[datetime, Decimal | None]
"""When, and for how much."""


def naive_value(orders_of: dict[int, list[Order]], members: BitMap, as_of: datetime) -> tuple[Any, ...]:
    """Revenue, orders, AOV, CLV and latency by the words of the formulas, over the raw rows."""
    buyers = {
        member: found
        for member in members
        if (found := [order for order in orders_of.get(member, []) if order[0] <= as_of])
    }
    amounts = [amount or Decimal(0) for found in buyers.values() for _, amount in found]
    revenue = sum(amounts, Decimal(0))
    gaps = []
    for found in buyers.values():
        if len(found) >= 2:
            instants = [at for at, _ in found]
            gaps.append((max(instants) - min(instants)).total_seconds() / 86_400 / (len(found) - 1))

    def per(parts: int) -> Decimal | None:
        return (revenue / parts).quantize(Decimal("0.01"), ROUND_HALF_UP) if parts else None

    return revenue, len(amounts), per(len(amounts)), per(len(buyers)), sum(gaps) / len(gaps) if gaps else None


def assert_equal(value: CustomerValue, expected: Sequence[Any]) -> None:
    """Money is equal to the cent, latency to a millionth of a day."""
    revenue, orders, average, lifetime, latency = expected
    assert (value.revenue, value.orders) == (revenue, orders)
    for shown, right in ((value.average_order_value, average), (value.customer_lifetime_value, lifetime)):
        assert (shown is None) == (right is None)
        assert shown is None or abs(shown - right) <= Decimal("0.0051")
    assert value.order_latency_days == (None if latency is None else pytest.approx(latency, abs=1e-6))


@pytest.mark.parametrize("seed", range(3))
async def test_the_value_of_audiences_equals_a_direct_computation(
    context: Context, viewer: Viewer, seed: int
) -> None:
    random = Random(seed)
    now = datetime.now(UTC)
    for kind in (PERSON, ACCOUNT):
        rows = [{"externalId": f"m{number}"} for number in range(40)]
        assert (await upserts.upsert(context, viewer, kind, rows)).row_errors == []
    orders: dict[MemberKind, dict[int, list[Order]]] = {PERSON: defaultdict(list), ACCOUNT: defaultdict(list)}
    given = []
    for number in range(400):
        kind, ordinal = random.choice((PERSON, ACCOUNT)), random.randrange(30)
        at = now - timedelta(seconds=random.randrange(-80_000, 40_000_000))
        amount = random.choice((None, Decimal(random.randrange(-50_000, 200_000)) / 100))
        name = "visit" if random.random() < 0.2 else "order"
        external_id = f"o{number}"
        given.append(
            {"kind": kind, "memberExternalId": f"m{ordinal}", "name": name, "occurredAt": at, "value": amount}
            | {"externalId": external_id}
        )
        is_deleted = number % 10 == 0
        if name == "order" and not is_deleted:
            orders[kind][ordinal].append((at, amount))
    assert (await events.record(context, viewer, given)).row_errors == []
    await events.delete(context, viewer, [f"o{number}" for number in range(0, 400, 10)])
    audiences = [
        (kind, BitMap(random.sample(range(40), size))) for kind in (PERSON, ACCOUNT) for size in (0, 1, 7, 40)
    ]

    as_of = datetime.now(UTC)
    async with snapshot() as connection:
        sums = await customer_values.sums_of(connection, viewer.workspace_id, audiences, as_of=as_of)
        alone = [
            await customer_values.of_audience(connection, viewer.workspace_id, kind, members, as_of)
            for kind, members in audiences
        ]

    assert [one.value(as_of) for one in sums] == alone
    for (kind, members), value in zip(audiences, alone, strict=True):
        assert_equal(value, naive_value(orders[kind], members, as_of))
    assert any(value.orders > 100 for value in alone)

"""The events of a member, page by page, and the customer value that its orders say."""

from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.paging import PageRequest
from seggraph.services.customer_value import customer_values
from seggraph.services.events import member_events
from tests.services.recording import ACCOUNT, NOW, PERSON, event, record


async def test_pages_of_events_are_the_newest_first_and_complete(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    # given events of two members, many at the same instant
    rows = [
        event(
            kind=(PERSON, ACCOUNT)[number % 2],
            name=f"n{number % 3}",
            occurredAt=NOW - timedelta(days=number // 9 * 20),
            properties={"number": number},
        )
        for number in range(60)
    ]
    await record(context, ann, *rows)
    both = [(PERSON, 0), (ACCOUNT, 0)]

    # when the first member's list is read page by page
    seen: list[member_events.EventView] = []
    request = PageRequest(first=7)
    while True:
        found = await member_events.pages(ann, both, None, request)
        page = found[PERSON, 0]
        seen += page.items
        if not page.has_next:
            break
        assert len(page.items) == 7
        request = PageRequest(first=7, after=page.cursors[-1])

    # then every event came once, the newest first
    assert sorted(one.properties["number"] for one in seen) == list(range(0, 60, 2))
    assert [(one.occurred_at, one.id) for one in seen] == sorted(
        ((one.occurred_at, one.id) for one in seen), reverse=True
    )
    some = (await member_events.pages(ann, both, ("n1",), PageRequest()))[ACCOUNT, 0]
    assert {one.name for one in some.items} == {"n1"}
    assert len(some.items) == 10
    assert await member_events.counts(ann, both, None) == {(PERSON, 0): 30, (ACCOUNT, 0): 30}
    assert await member_events.counts(ann, both, ("n1",)) == {(PERSON, 0): 10, (ACCOUNT, 0): 10}


async def test_customer_value_leaves_out_orders_that_are_yet_to_come(context: Context, ann: Viewer) -> None:
    rows = [
        event(value=Decimal("10.00"), occurredAt=NOW - timedelta(days=12)),
        event(value=Decimal("20.01"), occurredAt=NOW - timedelta(days=6)),
        event(value=None, occurredAt=NOW - timedelta(days=3)),
        event(name="refund", value=Decimal(100)),
        event(value=Decimal(1000), occurredAt=NOW + timedelta(hours=5)),
        event(kind=ACCOUNT, value=Decimal(1000), occurredAt=NOW + timedelta(hours=5)),
    ]
    await record(context, ann, *rows)

    found = await customer_values.of_members(ann, [(PERSON, 0), (ACCOUNT, 0), (PERSON, 99)])

    value = found[PERSON, 0]
    assert (value.revenue, value.orders) == (Decimal("30.01"), 3)
    assert value.average_order_value == Decimal("10.0033")
    assert value.customer_lifetime_value == Decimal("30.0100")
    assert value.order_latency_days == pytest.approx(4.5)
    for empty in (found[ACCOUNT, 0], found[PERSON, 99]):
        assert (empty.revenue, empty.orders) == (Decimal(0), 0)
        assert empty.average_order_value is None
        assert empty.customer_lifetime_value is None
        assert empty.order_latency_days is None

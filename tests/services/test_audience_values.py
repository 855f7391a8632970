"""The kept value of segments: right after every change, as cheap as it says, and brought up to date by itself."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.customer_value import audience_values, customer_values
from seggraph.services.events import events
from seggraph.services.members.selections import Selection
from seggraph.services.refresh import refresh
from seggraph.services.segments import manual_membership
from seggraph.services.segments.views import SegmentView
from tests.product import working
from tests.services.computing import ACCOUNT, country, put, ready_segment

NOW = datetime.now(UTC)


async def order(context: Context, viewer: Viewer, member: str, value: str, *, days: int = 1) -> None:
    """An order of an account, whose external id is the member's with the value."""
    given: dict[str, Any] = {"kind": ACCOUNT, "memberExternalId": member, "name": "order"}
    given |= {"occurredAt": NOW - timedelta(days=days), "value": Decimal(value)}
    report = await events.record(context, viewer, [given | {"externalId": f"{member}:{value}"}])
    assert report.row_errors == []


async def revenue(viewer: Viewer, *segments: SegmentView) -> list[Decimal]:
    """The revenue of segments as a reader has it."""
    found = await audience_values.of_segments(viewer, [segment.id for segment in segments])
    return [found[segment.id].revenue for segment in segments]


async def up_to_date(viewer: Viewer, *, keep_seconds: float = 0) -> int:
    return await audience_values.bring_up_to_date(viewer.workspace_id, ACCOUNT, keep_seconds=keep_seconds)


@pytest.fixture
async def german(context: Context, viewer: Viewer) -> SegmentView:
    """Two German accounts and a French one; the first German has ordered for 10."""
    rows = [
        {"externalId": one, "country": country} for one, country in (("a", "DE"), ("b", "DE"), ("c", "FR"))
    ]
    await put(context, viewer, *rows)
    await order(context, viewer, "a", "10")
    return await ready_segment(context, viewer, country("DE"))


async def test_a_reader_of_small_segments_has_every_order_refund_and_move(
    context: Context, viewer: Viewer, german: SegmentView
) -> None:
    french = await ready_segment(context, viewer, country("FR"), name="French")
    assert await revenue(viewer, german, french) == [Decimal(10), Decimal(0)]

    assert await up_to_date(viewer) == 2
    assert await up_to_date(viewer) == 0, "nothing is due when nothing changed"

    await order(context, viewer, "b", "32.50")
    assert await revenue(viewer, german, french) == [Decimal("42.50"), Decimal(0)], "before any refresh"
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert await revenue(viewer, german, french) == [Decimal("42.50"), Decimal(0)], "after it too"
    assert await up_to_date(viewer) == 2

    await order(context, viewer, "b", "-2.50")
    await events.delete(context, viewer, ["a:10"])
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert await revenue(viewer, german) == [Decimal("30.00")], "a negative order and a deleted one"
    assert await up_to_date(viewer) == 2

    everybody = Selection(kind=ACCOUNT, external_ids=["b"])
    await manual_membership.remove(context, viewer, [german.id], everybody)
    assert await revenue(viewer, german) == [Decimal(0)], "who left takes the orders along"


async def test_the_value_of_a_large_segment_is_kept_with_its_instant(
    context: Context, viewer: Viewer, german: SegmentView, monkeypatch: pytest.MonkeyPatch
) -> None:
    await up_to_date(viewer)
    kept = (await audience_values.of_segments(viewer, [german.id]))[german.id]
    await order(context, viewer, "b", "5")
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    monkeypatch.setattr(audience_values, "AT_ONCE_MEMBERS", 1)

    assert (await audience_values.of_segments(viewer, [german.id]))[german.id] == kept
    assert await up_to_date(viewer, keep_seconds=60) == 0, "a minute has not passed"
    assert await up_to_date(viewer) == 1

    found = (await audience_values.of_segments(viewer, [german.id]))[german.id]
    assert found.revenue == Decimal(15)
    assert found.as_of > kept.as_of


async def test_the_sweeper_has_values_made(
    context: Context, viewer: Viewer, german: SegmentView, connection: asyncpg.Connection
) -> None:
    kept = "SELECT revenue, orders FROM segment_values"
    async with working(context), asyncio.timeout(120):
        while (row := await connection.fetchrow(kept)) is None:  # noqa: ASYNC110 - a worker's doing
            await asyncio.sleep(0.02)

    assert tuple(row) == (Decimal(10), 1)


async def test_many_values_take_as_many_statements_as_one(
    context: Context, viewer: Viewer, german: SegmentView, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = [await ready_segment(context, viewer, country("FR"), name=f"French {n}") for n in range(5)]
    calls = []
    real = customer_values._fetch

    async def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return await real(*arguments)

    monkeypatch.setattr(customer_values, "_fetch", counted)
    await revenue(viewer, german)
    for_one, calls[:] = len(calls), []
    await revenue(viewer, german, *more)

    assert len(calls) == for_one

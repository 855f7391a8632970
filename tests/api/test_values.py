"""The customer value of segments as a client meets it: exact, live, sortable, and of those who see the segment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from seggraph.access import Viewer
from seggraph.services.customer_value import value_upkeep
from seggraph.vocabulary import MemberKind, Role
from tests.api.test_campaigns import answer, members, segment
from tests.api.test_reach import quiet
from tests.conftest import new_viewer
from tests.product import Product

NOW = datetime.now(UTC).replace(microsecond=0)

VALUE = """
    query ($id: ID!) { segment(id: $id) { value {
      revenue orders averageOrderValue customerLifetimeValue orderLatencyDays asOf } } }
"""

ORDERED = """
    query ($field: SegmentOrderField!, $after: String) {
      segments(first: 1, after: $after, orderBy: {field: $field, direction: DESC}) {
        nodes { name } pageInfo { endCursor } } }
"""


async def order(product: Product, member: str, value: str, *, days: int) -> None:
    event = {"kind": "PERSON", "memberExternalId": member, "name": "order", "value": value}
    event |= {"occurredAt": (NOW - timedelta(days=days)).isoformat(), "externalId": f"{member}-{value}"}
    query = "mutation ($e: [EventInput!]!) { recordEvents(input: {events: $e}) { accepted rowErrors { message } } }"
    assert await answer(product, query, e=[event]) == {"accepted": 1, "rowErrors": []}


async def value(product: Product, segment_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await answer(product, VALUE, id=segment_id))["value"]
    assert found.pop("asOf") is not None
    return found


async def test_the_value_of_a_segment(
    product: Product, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await members(product)
    german, french = await segment(product, "German", "DE"), await segment(product, "French", "FR")
    nobody = await segment(product, "Nobody", None)
    await order(product, "a", "10.01", days=30)
    await order(product, "a", "20.00", days=10)
    await order(product, "b", "0.02", days=5)
    await order(product, "c", "25", days=5)
    await order(product, "d", "99", days=-1)

    expected = {
        "revenue": "30.03", "orders": 3, "averageOrderValue": "10.01", "customerLifetimeValue": "15.015",
        "orderLatencyDays": 20.0,
    }  # fmt: skip
    assert await value(product, german) == expected
    assert (await value(product, french))["revenue"] == "25", "an order of tomorrow does not count yet"
    assert await value(product, nobody) == {
        "revenue": "0", "orders": 0, "averageOrderValue": None, "customerLifetimeValue": None,
        "orderLatencyDays": None,
    }  # fmt: skip

    await order(product, "a", "-20.00", days=9)
    delete = "mutation ($ids: [String!]!) { deleteEvents(input: {externalIds: $ids}) { deleted } }"
    assert await answer(product, delete, ids=["b-0.02"]) == {"deleted": 1}
    found = await value(product, german)
    assert (found["revenue"], found["orders"], found["customerLifetimeValue"]) == ("10.01", 3, "10.01")
    assert found["orderLatencyDays"] == 10.5

    await quiet(connection)
    await value_upkeep.bring_up_to_date(
        viewer.workspace_id, MemberKind.PERSON
    )  # lists are sorted by what is kept
    for field, names in (("REVENUE", ["French", "German"]), ("ORDERS", ["German", "French"])):
        seen, after = [], None
        for _ in range(2):
            page = await answer(product, ORDERED, field=field, after=after)
            seen += [node["name"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
        assert seen == names
    for field in ("AVERAGE_ORDER_VALUE", "CUSTOMER_LIFETIME_VALUE"):
        assert (await answer(product, ORDERED, field=field))["nodes"] == [{"name": "French"}]

    hide = "mutation ($i: UpdateSegmentInput!) { updateSegment(input: $i) { errors { message } } }"
    assert (await answer(product, hide, i={"id": german, "visibility": "PRIVATE"}))["errors"] == []
    bob = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    stranger = await new_viewer("Other")
    for other, sees in ((bob, french), (stranger, None)):
        async with product.server.sign_in(other) as client:
            assert (await client.run(VALUE, id=german))["segment"] is None
            if sees:
                assert (await value(client, sees))["revenue"] == "25"

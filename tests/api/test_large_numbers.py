"""Numbers that GraphQL's Int cannot say: the answer says the largest Int, and the whole number beside it."""

from typing import Any

import asyncpg

from seggraph.api.base.scalars import MAX_INT
from tests.api.test_campaigns import members, segment
from tests.api.test_destinations import eventually
from tests.api.test_reach import quiet
from tests.api.test_values import order
from tests.product import Product

EXPORT = "mutation ($id: ID!) { createExport(input: {segmentId: $id}) { export { id } errors { message } } }"
READ = """
query ($segment: ID!, $export: ID!) {
  segment(id: $segment) {
    value { orders ordersExact }
    sizeHistory(interval: MONTH) { entered exited }
    membershipChanges { totalCount }
  }
  export(id: $export) { fileSize fileSizeExact }
  memberByExternalId(kind: PERSON, externalId: "a") { value { orders ordersExact } }
}"""


async def test_no_number_is_too_large_for_an_answer(product: Product, connection: asyncpg.Connection) -> None:
    # given orders, a file and a history that are far larger than a test can make them
    await members(product)
    await order(product, "a", "10", days=3)
    german = await segment(product, "German", "DE")
    await quiet(connection)
    export = (await product.run(EXPORT, id=german))["createExport"]["export"]["id"]
    ready = "SELECT count(*) = 1 FROM exports WHERE status = 'READY'"
    await eventually(lambda: connection.fetchval(ready))
    await connection.execute("UPDATE exports SET file_size = 5000000001")
    await connection.execute("UPDATE event_totals SET count = 3000000001 WHERE name = 'order'")
    await connection.execute("UPDATE member_orders SET orders = 3000000001")
    await connection.execute(f"UPDATE runs SET entered = {MAX_INT}, exited = {MAX_INT}")
    await connection.execute(
        """INSERT INTO runs (workspace_id, segment_id, revision, trigger, status, started_at, finished_at, entered,
             exited, applied, member_count)
           SELECT workspace_id, segment_id, revision, 'REFRESH', status, started_at, finished_at, 7, 7,
             nextval('runs_applied'), member_count FROM runs WHERE applied IS NOT NULL"""
    )

    # when they are asked for, and no worker has just kept the value that it read before
    found: dict[str, Any] = {}

    async def are_told() -> bool:
        await connection.execute("DELETE FROM segment_values")
        found.update(await product.run(READ, segment=german, export=export))
        return bool(found["segment"]["value"]["ordersExact"] != "1")

    await eventually(are_told)

    # then each says what it can, and what it is
    orders = {"orders": MAX_INT, "ordersExact": "3000000001"}
    assert found["segment"]["value"] == orders
    assert found["memberByExternalId"]["value"] == orders
    assert found["export"] == {"fileSize": MAX_INT, "fileSizeExact": "5000000001"}
    assert found["segment"]["sizeHistory"][-1] == {"entered": MAX_INT, "exited": MAX_INT}
    assert found["segment"]["membershipChanges"]["totalCount"] == 2

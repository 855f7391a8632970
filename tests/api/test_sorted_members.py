"""Sorted lists of members as a client meets them: by dates, with an index that comes by itself, with totals."""

import asyncio
from typing import Any

import asyncpg
import pytest

from seggraph.services.members import lists, sort_indexes
from tests.product import PATIENCE_SECONDS, Product

UPSERT = """
    mutation ($m: [MemberInput!]!) { upsertMembers(input: {kind: ACCOUNT, members: $m}) { rowErrors { message } } }
"""
SEGMENT = """
    mutation { createSegment(input: {
      name: "All", kind: ACCOUNT, type: DYNAMIC, criteria: {attribute: {field: "externalId", op: IS_SET}}
    }) { segment { id } errors { message } } }
"""
LISTS = """
    query ($segment: ID!, $by: MemberOrder, $search: String) {
      members(kind: ACCOUNT, orderBy: $by, search: $search, first: 3) {
        totalCount totalCountIsEstimate nodes { externalId }
      }
      segment(id: $segment) {
        memberCount
        members(orderBy: $by, search: $search, first: 3) {
          totalCount totalCountIsEstimate nodes { externalId }
        }
      }
    }
"""
COUNT = 12


async def filled(product: Product) -> str:
    """Accounts with dates; returns the id of a segment of all of them."""
    rows = [
        {
            "externalId": f"a{number:02}",
            "name": f"Account {number}",
            "attributes": {"since": f"2026-01-{20 - number:02}"} if number % 4 else {},
        }
        for number in range(COUNT)
    ]
    assert (await product.run(UPSERT, m=rows))["upsertMembers"]["rowErrors"] == []
    made = (await product.run(SEGMENT))["createSegment"]
    assert made["errors"] == []
    segment: str = made["segment"]["id"]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await read(product, segment))["segment"]["memberCount"] < COUNT:  # noqa: ASYNC110 - a worker computes
            await asyncio.sleep(0.02)
    return segment


async def read(product: Product, segment: str, **given: Any) -> dict[str, Any]:
    """The two lists."""
    return await product.run(LISTS, segment=segment, **given)


async def test_lists_are_sorted_by_dates_before_and_after_the_index_is_there(
    product: Product, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "FEW", 2)
    segment = await filled(product)
    by = {"field": "since", "direction": "DESC"}
    expected = [{"externalId": name} for name in ("a01", "a02", "a03")]
    before = await read(product, segment, by=by)
    assert await connection.fetchval("SELECT count(*) FROM sort_indexes") == 0

    # when the kind has so many members that an index helps, the worker makes it when a list asks for it
    monkeypatch.setattr(sort_indexes, "FROM_MEMBERS", 1)
    assert await read(product, segment, by=by) == before
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await connection.fetchval("SELECT count(*) FROM sort_indexes WHERE status = 'READY'"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    after = await read(product, segment, by=by)

    assert after == before
    for list_ in (after["members"], after["segment"]["members"]):
        assert list_ == {"totalCount": COUNT, "totalCountIsEstimate": False, "nodes": expected}


async def test_the_total_of_a_large_search_is_an_estimate_and_says_so(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = await filled(product)
    exact = await read(product, segment, search="account")
    monkeypatch.setattr(lists, "FEW", 2)
    monkeypatch.setattr(lists, "FEW_FOUND", 2)
    estimated = await read(product, segment, search="account")
    few = await read(product, segment, search="account 11")

    for answer, is_estimate in ((exact, False), (estimated, True)):
        for list_ in (answer["members"], answer["segment"]["members"]):
            assert (list_["totalCount"], list_["totalCountIsEstimate"]) == (COUNT, is_estimate)
    assert few["members"] == {
        "totalCount": 1,
        "totalCountIsEstimate": False,
        "nodes": [{"externalId": "a11"}],
    }


async def test_what_has_no_order_is_refused(product: Product) -> None:
    segment = await filled(product)
    for field in ("tags", "address", "nothing"):
        answer = await product.raw(LISTS, segment=segment, by={"field": field})
        [error] = [one for one in answer["errors"] if one["path"] == ["members"]]
        assert error["extensions"]["code"] == "CRITERIA_INVALID"
        assert "DATETIME" in error["message"]

"""Upserts as clients make them: merging, counting, side by side; and previews that agree with everything else."""

import asyncio
import random
from typing import Any

import pytest

from tests.api.test_subscriptions import EVENTS
from tests.product import Product

UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: ACCOUNT, members: $members}) {
        created updated unchanged rowErrors { code } errors { code }
      }
    }
"""
MEMBER = """
    { memberByExternalId(kind: ACCOUNT, externalId: "a") {
        name attributes tags isTarget address shippingAddress revenue consents { channel state } } }
"""


async def upsert(client: Product, *members: dict[str, Any]) -> dict[str, Any]:
    report: dict[str, Any] = (await client.run(UPSERT, members=list(members)))["upsertMembers"]
    return report


def counts(created: int = 0, updated: int = 0, unchanged: int = 0) -> dict[str, Any]:
    return {"created": created, "updated": updated, "unchanged": unchanged, "rowErrors": [], "errors": []}


async def test_absent_stays_null_clears_and_attributes_merge(product: Product) -> None:
    row = {
        "externalId": "a",
        "name": "Name",
        "revenue": "10.50",
        "address": "Street 1",
        "shippingAddress": {"city": "Ulm"},
        "tags": ["b", "a", "a"],
        "attributes": {"plan": "gold", "seats": 5},
        "consents": [{"channel": "SMS", "state": "GRANTED"}],
    }
    assert await upsert(product, row) == counts(created=1)
    assert await upsert(product, row) == counts(unchanged=1)
    assert await upsert(product, {"externalId": "a"}) == counts(unchanged=1)
    change = {
        "externalId": "a",
        "name": None,
        "address": None,
        "attributes": {"plan": None, "since": "2026-01-01"},
    }
    assert await upsert(product, change) == counts(updated=1)
    assert await upsert(product, change) == counts(unchanged=1)

    member = (await product.run(MEMBER))["memberByExternalId"]

    assert {one["channel"]: one["state"] for one in member.pop("consents")} == {
        "EMAIL": "UNKNOWN",
        "DIRECT_MAIL": "UNKNOWN",
        "SMS": "GRANTED",
        "PHONE": "UNKNOWN",
        "PUSH": "UNKNOWN",
    }
    assert member == {
        "name": None,
        "attributes": {"seats": 5, "since": "2026-01-01"},
        "tags": ["a", "b"],
        "isTarget": True,
        "address": None,
        "shippingAddress": {"city": "Ulm"},
        "revenue": "10.5",
    }


async def test_upserts_side_by_side_lose_nothing(product: Product) -> None:
    # given eight clients that write overlapping members, each an attribute of its own
    batches = [
        [
            {"externalId": str(number), "attributes": {f"by{start}": True}}
            for number in range(start, start + 50)
        ]
        for start in range(0, 80, 10)
    ]
    for batch in batches[::2]:
        batch.reverse()

    reports = await asyncio.gather(*(upsert(product, *batch) for batch in batches))

    assert sum(report["created"] for report in reports) == 120
    assert sum(report["updated"] for report in reports) == 8 * 50 - 120
    found = await product.run(
        "{ members(kind: ACCOUNT, first: 1000) { totalCount nodes { externalId attributes } } }"
    )
    assert found["members"]["totalCount"] == 120
    for node in found["members"]["nodes"]:
        starts = [start for start in range(0, 80, 10) if start <= int(node["externalId"]) < start + 50]
        assert node["attributes"] == {f"by{start}": True for start in starts}


PREVIEW = """
    query ($criteria: CriteriaInput!) {
      previewSegment(input: {kind: ACCOUNT, criteria: $criteria}) {
        memberCount reach { total email directMail } sample(first: 1000) { id } errors { code message }
      }
      members(kind: ACCOUNT, where: $criteria, first: 1000) { totalCount nodes { id } }
    }
"""
CREATE = """
    mutation ($name: String!, $criteria: CriteriaInput!) {
      createSegment(input: {name: $name, kind: ACCOUNT, type: DYNAMIC, criteria: $criteria}) {
        segment { id } errors { code }
      }
    }
"""
SEGMENT = """
    query ($id: ID!) {
      segment(id: $id) {
        memberCount reach { total email directMail } members(first: 1000) { totalCount nodes { id } }
      }
    }
"""
LEAVES: list[dict[str, Any]] = [
    {"attribute": {"field": "country", "op": "IN", "values": ["DE", "AT"]}},
    {"attribute": {"field": "employees", "op": "GT", "value": 40}},
    {"attribute": {"field": "plan", "op": "EQ", "value": "gold"}},
    {"attribute": {"field": "plan", "op": "IS_NOT_SET"}},
    {"tags": {"op": "HAS_ANY", "values": ["vip"]}},
    {"consent": {"channel": "EMAIL", "state": "DENIED"}},
]


def random_criteria(chance: random.Random, depth: int) -> dict[str, Any]:
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(LEAVES)
    if chance.random() < 0.3:
        return {"not": random_criteria(chance, depth - 1)}
    parts = [random_criteria(chance, depth - 1) for _ in range(chance.randint(1, 3))]
    return {chance.choice(["all", "any"]): parts}


@pytest.mark.parametrize("seed", [1, 2])
async def test_preview_list_and_segment_agree(product: Product, seed: int) -> None:
    chance = random.Random(seed)
    await upsert(
        product,
        *(
            {
                "externalId": str(number),
                "country": chance.choice(["DE", "AT", "US", None]),
                "employees": chance.choice([None, *range(100)]),
                "email": chance.choice([None, f"m{number}@example.com"]),
                "address": chance.choice([None, "Street"]),
                "tags": chance.choice([[], ["vip"], ["vip", "old"]]),
                "attributes": chance.choice([{}, {"plan": "gold"}, {"plan": "free"}]),
                "consents": [{"channel": "EMAIL", "state": chance.choice(["GRANTED", "DENIED", "UNKNOWN"])}],
            }
            for number in range(200)
        ),
    )
    for number in range(4):
        criteria = random_criteria(chance, 3)
        tried = await product.run(PREVIEW, criteria=criteria)
        preview, listed = tried["previewSegment"], tried["members"]
        made = (await product.run(CREATE, name=f"S{number}", criteria=criteria))["createSegment"]
        async with product.subscribe(EVENTS, ids=[made["segment"]["id"]]) as events:
            while (await events.next())["segment"]["reach"]["status"] != "READY":
                pass
        segment = (await product.run(SEGMENT, id=made["segment"]["id"]))["segment"]

        assert preview["errors"] == []
        assert preview["memberCount"] == listed["totalCount"] == segment["memberCount"], criteria
        assert preview["reach"] == segment["reach"], criteria
        assert preview["sample"] == listed["nodes"] == segment["members"]["nodes"], criteria


PARTS = """
    mutation ($members: [MemberInput!]!, $whole: Boolean) {
      upsertMembers(input: {kind: ACCOUNT, members: $members, wholeRows: $whole}) {
        created updated unchanged partial rowErrors { index path isStored } errors { code }
      }
    }
"""
BROKEN: list[dict[str, Any]] = [
    {"externalId": "a", "email": "a@example.com", "attributes": {"seats": "many", "plan": "gold", "\x01": 1}},
    {"externalId": "b", "email": "no address", "employees": -1, "name": "B"},
    {"externalId": " ", "name": "nobody"},
    {"externalId": "c", "name": "C"},
    {"externalId": "c", "name": "again"},
]


async def test_a_bad_value_costs_a_row_nothing_else(product: Product) -> None:
    await upsert(product, {"externalId": "a", "attributes": {"seats": 5}})

    report = (await product.run(PARTS, members=BROKEN))["upsertMembers"]

    assert {key: report[key] for key in ("created", "updated", "unchanged", "partial", "errors")} == {
        "created": 2,
        "updated": 1,
        "unchanged": 0,
        "partial": 2,
        "errors": [],
    }
    errors = {(one["index"], one["path"][0], one["path"][-1], one["isStored"]) for one in report["rowErrors"]}
    assert {error for error in errors if error[:2] != (0, "attributes")} == {
        (1, "email", "email", True),
        (1, "employees", "employees", True),
        (2, "externalId", "externalId", False),
        (4, "externalId", "externalId", False),
    }
    assert [error[3] for error in errors if error[:2] == (0, "attributes")] == [True, True]
    found = (await product.run("{ members(kind: ACCOUNT) { nodes { externalId name email attributes } } }"))[
        "members"
    ]["nodes"]
    assert found == [
        {
            "externalId": "a",
            "name": None,
            "email": "a@example.com",
            "attributes": {"seats": 5, "plan": "gold"},
        },
        {"externalId": "b", "name": "B", "email": None, "attributes": {}},
        {"externalId": "c", "name": "C", "email": None, "attributes": {}},
    ]


async def test_rows_may_be_all_or_nothing(product: Product) -> None:
    await upsert(product, {"externalId": "a", "attributes": {"seats": 5}})

    report = (await product.run(PARTS, members=BROKEN, whole=True))["upsertMembers"]

    assert (report["created"], report["updated"], report["partial"]) == (1, 0, 0)
    assert {(one["index"], one["isStored"]) for one in report["rowErrors"]} == {
        (index, False) for index in (0, 1, 2, 4)
    }
    found = (await product.run("{ members(kind: ACCOUNT) { nodes { externalId email } } }"))["members"][
        "nodes"
    ]
    assert [(one["externalId"], one["email"]) for one in found] == [("a", None), ("c", None)]

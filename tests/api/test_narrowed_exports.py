"""Exports of whom a channel reaches, of distinct addresses, by criteria and with values; complete lists of segments."""

import csv
import io
import json
from typing import Any

import asyncpg

from tests.api.test_exports import CREATE, EVERYONE, UPSERT, exported, fetched, people
from tests.api.world import called
from tests.product import Product

ROWS = [
    {
        "externalId": "a",
        "email": "ann@example.com",
        "phone": "+49301",
        "consents": [{"channel": "EMAIL", "state": "GRANTED"}],
    },
    {"externalId": "b", "email": "Ann@Example.com", "consents": [{"channel": "EMAIL", "state": "GRANTED"}]},
    {"externalId": "c", "email": "bob@example.com", "consents": [{"channel": "EMAIL", "state": "DENIED"}]},
    {"externalId": "d", "email": "eve@example.com", "consents": [{"channel": "EMAIL", "state": "GRANTED"}]},
    {"externalId": "e", "name": "Nobody", "attributes": {"plan": "gold"}},
    {"externalId": "f", "email": "sup@example.com", "consents": [{"channel": "EMAIL", "state": "GRANTED"}]},
]


async def rows_of(product: Product, **draft: Any) -> list[dict[str, str]]:
    """The rows of an export."""
    ready = await exported(product, format="PLAIN_CSV", **draft)
    assert (ready["status"], ready["error"]) == ("READY", None)
    rows = list(csv.DictReader(io.StringIO((await fetched(ready["url"])).text, newline="")))
    assert ready["total"] == len(rows)
    return rows


async def names_of(product: Product, **draft: Any) -> list[str]:
    """The external ids of the members of an export."""
    return [row["externalId"] for row in await rows_of(product, columns=["externalId"], **draft)]


async def test_only_whom_a_channel_reaches_and_one_for_each_address(product: Product) -> None:
    assert (await product.run(UPSERT, i={"kind": "PERSON", "members": ROWS}))["upsertMembers"][
        "rowErrors"
    ] == []
    await called(product, "suppressAddresses", "changed", channel="EMAIL", addresses=["SUP@example.com"])

    assert await names_of(product, kind="PERSON") == ["a", "b", "c", "d", "e", "f"]
    assert await names_of(product, kind="PERSON", channel="EMAIL") == ["a", "b", "d"]
    assert await names_of(product, kind="PERSON", channel="EMAIL", distinctAddresses=True) == ["a", "d"]
    assert await names_of(product, kind="PERSON", channel="DIRECT_MAIL") == []
    # and so of a segment, in every form
    segment = await called(
        product,
        "createSegment",
        "segment { id }",
        name="All",
        kind="PERSON",
        type="DYNAMIC",
        criteria=EVERYONE,
    )
    await product.run("query ($id: ID!) { segment(id: $id) { id } }", id=segment["segment"]["id"])
    given = {"segmentId": segment["segment"]["id"], "channel": "EMAIL", "distinctAddresses": True}
    while not await names_of(product, segmentId=given["segmentId"]):
        pass  # it is being computed
    assert await names_of(product, **given) == ["a", "d"]


async def test_members_by_criteria_without_a_segment(
    product: Product, connection: asyncpg.Connection
) -> None:
    await product.run(UPSERT, i={"kind": "PERSON", "members": ROWS})
    where = {
        "any": [
            {"attribute": {"field": "plan", "op": "EQ", "value": "gold"}},
            {"attribute": {"field": "externalId", "op": "EQ", "value": "c"}},
        ]
    }

    assert await names_of(product, kind="PERSON", where=where) == ["c", "e"]
    assert await names_of(product, kind="ACCOUNT") == []
    wrong: list[tuple[dict[str, Any], str, list[str]]] = [
        ({}, "REQUIRED", ["segmentId"]),
        ({"where": where}, "REQUIRED", ["segmentId"]),
        (
            {"kind": "PERSON", "where": {"attribute": {"field": "nope", "op": "IS_SET"}}},
            "CRITERIA_INVALID",
            ["where", "attribute", "field"],
        ),
        ({"kind": "PERSON", "distinctAddresses": True}, "REQUIRED", ["channel"]),
        ({"kind": "PERSON", "distinctAddresses": True, "channel": "PUSH"}, "REQUIRED", ["channel"]),
        ({"content": "SEGMENTS", "channel": "SMS"}, "INVALID", ["channel"]),
        ({"content": "SEGMENTS", "kind": "PERSON"}, "INVALID", ["kind"]),
    ]
    for given, code, path in wrong:
        payload = (await product.run(CREATE, i=given))["createExport"]
        assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, path)], given
    made = await called(product, "createSegment", "segment { id }", name="All", kind="PERSON", type="STATIC")
    segment = made["segment"]["id"]
    payload = (await product.run(CREATE, i={"segmentId": segment, "kind": "PERSON"}))["createExport"]
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("INVALID", ["kind"])]
    assert await connection.fetchval("SELECT count(*) FROM exports WHERE status <> 'READY'") == 0
    # and the audit log has what was asked for
    entries = await connection.fetch(
        "SELECT after::text FROM audit_entries WHERE subject = 'EXPORT' ORDER BY id"
    )
    assert json.loads(entries[0]["after"])["where"] == where


async def test_what_members_ordered_and_a_complete_list_of_segments(product: Product) -> None:
    segment = await people(product, 3)
    await product.run(
        """mutation { recordEvents(input: {events: [
          {kind: PERSON, memberExternalId: "p0000", name: "order", occurredAt: "2026-01-01T00:00:00Z", value: 10.5},
          {kind: PERSON, memberExternalId: "p0000", name: "order", occurredAt: "2026-01-02T00:00:00Z", value: 2}
        ]}) { accepted errors { message } } }"""
    )
    rows = await rows_of(product, segmentId=segment, columns=["externalId", "value.orders", "value.revenue"])
    assert [tuple(row.values()) for row in rows] == [
        ("p0000", "2", "12.5"),
        ("p0001", "", ""),
        ("p0002", "", ""),
    ]
    campaign = await called(
        product, "createCampaign", "campaign { id }", name="Spring", channel="EMAIL", segmentIds=[segment]
    )
    await called(
        product,
        "recordCampaignMetrics",
        "rowErrors { message }",
        rows=[
            {
                "campaignId": campaign["campaign"]["id"],
                "segmentId": segment,
                "day": "2026-01-01",
                "spend": "12.50",
                "impressions": 100,
                "clicks": 5,
                "conversions": 1,
            }
        ],
    )

    [row] = [row for row in await rows_of(product, content="SEGMENTS") if row["name"] == "Everyone"]

    expected = {
        "id": segment,
        "criteria": "externalId IS SET",
        "campaigns": "Spring",
        "memberCount": "3",
        "value.orders": "2",
        "value.revenue": "12.5",
        "spend": "12.5",
        "impressions": "100",
        "clicks": "5",
        "conversions": "1",
    }
    assert {name: row[name] for name in expected} == expected
    listed = await exported(
        product, content="SEGMENTS", format="JSON_LINES", columns=["id", "campaigns", "spend"]
    )
    lines = [json.loads(line) for line in (await fetched(listed["url"])).text.splitlines()]
    assert {"id": segment, "campaigns": ["Spring"], "spend": 12.5} in lines

"""Every kind of condition through the API: what it matches, what it says, what is refused, and who follows whom."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seggraph.context import Context
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Product, Server, working

NOW = datetime.now(UTC)

UPSERT = """
    mutation ($kind: MemberKind!, $members: [MemberInput!]!) {
      upsertMembers(input: {kind: $kind, members: $members}) { rowErrors { code } errors { code } }
    }
"""
RECORD = """
    mutation ($events: [EventInput!]!) {
      recordEvents(input: {events: $events}) { accepted rowErrors { code message } errors { code message } }
    }
"""
PREVIEW = """
    query ($criteria: CriteriaInput!, $kind: MemberKind! = PERSON) {
      previewSegment(input: {kind: $kind, criteria: $criteria}) {
        memberCount sentence sample(first: 10) { externalId } errors { code message path }
      }
    }
"""
CREATE = """
    mutation ($name: String!, $criteria: CriteriaInput, $kind: MemberKind! = PERSON, $type: SegmentType! = DYNAMIC) {
      createSegment(input: {name: $name, kind: $kind, type: $type, criteria: $criteria}) {
        segment { id criteria criteriaSentence } errors { code message path }
      }
    }
"""
UPDATE = """
    mutation ($id: ID!, $criteria: CriteriaInput) {
      updateSegment(input: {id: $id, criteria: $criteria}) { segment { id } errors { code message path } }
    }
"""
COUNT = "query ($id: ID!) { segment(id: $id) { memberCount reach { status } freshness { pendingChanges } } }"


def event(
    member: str, name: str, days_ago: float, value: str | None = None, **properties: Any
) -> dict[str, Any]:
    at = (NOW - timedelta(days=days_ago)).isoformat()
    given = {
        "kind": "PERSON",
        "memberExternalId": member,
        "name": name,
        "occurredAt": at,
        "properties": properties,
    }
    return given if value is None else given | {"value": value}


@pytest.fixture
async def shop(product: Product) -> Product:
    """Ada ordered twice and visited before, Bob visited once, Eve did nothing."""
    people = [{"externalId": name, "country": "US"} for name in ("ada", "bob", "eve")]
    await product.run(UPSERT, kind="PERSON", members=people)
    events = [
        event("ada", "visit", 9),
        event("ada", "order", 8, "100", plan="pro"),
        event("ada", "order", 2, "30.5", plan="free"),
        event("bob", "visit", 40),
        event("bob", "visit", -0.5),
    ]
    recorded = (await product.run(RECORD, events=events))["recordEvents"]
    assert recorded == {"accepted": 5, "rowErrors": [], "errors": []}
    return product


async def matched(product: Product, criteria: dict[str, Any]) -> list[str]:
    preview = (await product.run(PREVIEW, criteria=criteria))["previewSegment"]
    assert preview["errors"] == []
    found = sorted(member["externalId"] for member in preview["sample"])
    assert preview["memberCount"] == len(found)
    return found


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({"event": {"name": "order"}}, ["ada"]),
        ({"event": {"name": "order", "op": "EQ", "value": 0}}, ["bob", "eve"]),
        ({"event": {"name": "order", "op": "EQ", "value": 1, "within": {"last": "P5D"}}}, ["ada"]),
        ({"event": {"name": "order", "aggregate": "SUM", "value": 130.5}}, ["ada"]),
        ({"event": {"name": "order", "aggregate": "SUM", "op": "LT", "value": 1}}, ["bob", "eve"]),
        ({"event": {"name": "order", "aggregate": "AVG", "op": "BETWEEN", "value": [65, 66]}}, ["ada"]),
        ({"event": {"name": "order", "aggregate": "MAX", "op": "LT", "value": 1000}}, ["ada"]),
        ({"event": {"name": "visit", "op": "EQ", "value": 1}}, ["ada", "bob"]),
        ({"event": {"name": "visit", "aggregate": "LAST_AT", "op": "WITHIN_LAST", "value": "P30D"}}, ["ada"]),
        ({"event": {"name": "visit", "aggregate": "DISTINCT_DAYS", "op": "LTE", "value": 0}}, ["eve"]),
        (
            {"event": {"name": "order", "where": [{"field": "plan", "op": "EQ", "value": "pro"}]}},
            ["ada"],
        ),
        ({"event": {"name": "order", "where": [{"field": "plan", "op": "GT", "value": 1}]}}, []),
        ({"sequence": {"steps": [{"name": "visit"}, {"name": "order"}], "within": "P2D"}}, ["ada"]),
        ({"sequence": {"steps": [{"name": "visit"}, {"name": "order"}], "within": "PT1H"}}, []),
        ({"sequence": {"steps": [{"name": "order"}, {"name": "visit"}]}}, []),
        ({"sample": {"percent": 100}}, ["ada", "bob", "eve"]),
        ({"sample": {"percent": 0, "seed": "a"}}, []),
        ({"related": {"relation": "account", "op": "EQ", "count": 0}}, ["ada", "bob", "eve"]),
        ({"all": [{"not": {"event": {"name": "order"}}}, {"event": {"name": "visit"}}]}, ["bob"]),
    ],
)
async def test_conditions_match(shop: Product, criteria: dict[str, Any], expected: list[str]) -> None:
    assert await matched(shop, criteria) == expected


@pytest.mark.parametrize(
    ("criteria", "code", "path"),
    [
        (
            {"event": {"name": "x", "aggregate": "DISTINCT_DAYS", "value": 1.5}},
            "CRITERIA_INVALID",
            ["event", "value"],
        ),
        ({"event": {"name": "x", "value": -1}}, "CRITERIA_INVALID", ["event", "value"]),
        ({"sample": {"percent": 101}}, "CRITERIA_INVALID", ["sample", "percent"]),
        ({"segment": {"op": "IN", "id": "nothing"}}, "CRITERIA_INVALID", ["segment", "id"]),
        ({"related": {"relation": "wives"}}, "CRITERIA_INVALID", ["related", "relation"]),
    ],
)
async def test_mistakes_have_their_path(
    shop: Product, criteria: dict[str, Any], code: str, path: list[str]
) -> None:
    preview = (await shop.run(PREVIEW, criteria=criteria))["previewSegment"]
    assert [(error["code"], error["path"][-2:]) for error in preview["errors"]] == [(code, path)]


async def test_a_segment_follows_the_one_it_refers_to(context: Context, shop: Product) -> None:
    """Through two segments: who enters the first is in the third without anyone asking."""
    async with working(context):
        # given
        first = await created(shop, "Spenders", {"attribute": {"field": "city", "op": "EQ", "value": "Rome"}})
        second = await created(shop, "Not spenders", {"segment": {"op": "NOT_IN", "id": first}})
        third = await created(shop, "Both", {"segment": {"op": "IN", "id": second}})
        await settled(shop, {first: 0, second: 3, third: 3})

        # when
        await shop.run(UPSERT, kind="PERSON", members=[{"externalId": "bob", "city": "Rome"}])

        # then
        await settled(shop, {first: 1, second: 2, third: 2})


async def created(product: Product, name: str, criteria: dict[str, Any]) -> str:
    payload = (await product.run(CREATE, name=name, criteria=criteria))["createSegment"]
    assert payload["errors"] == []
    assert payload["segment"]["criteria"] == criteria
    found: str = payload["segment"]["id"]
    return found


async def settled(product: Product, counts: dict[str, int]) -> None:
    """Wait until the segments have so many members."""
    seen: dict[str, int] = {}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while seen != counts:
            await asyncio.sleep(0.02)
            seen = {id_: (await product.run(COUNT, id=id_))["segment"]["memberCount"] for id_ in counts}


async def test_circles_strangers_and_other_kinds_are_refused(server: Server, shop: Product) -> None:
    # given
    first = await created(shop, "First", {"all": []})
    second = await created(shop, "Second", {"segment": {"op": "IN", "id": first}})
    accounts = (await shop.run(CREATE, name="Accounts", criteria={"all": []}, kind="ACCOUNT"))[
        "createSegment"
    ]
    stranger = await new_viewer("Others")

    # when
    async with server.sign_in(stranger) as other:
        foreign = (await other.run(PREVIEW, criteria={"segment": {"op": "IN", "id": first}}))[
            "previewSegment"
        ]
    circle = (
        await shop.run(UPDATE, id=first, criteria={"all": [{"not": {"segment": {"op": "IN", "id": second}}}]})
    )["updateSegment"]
    itself = (await shop.run(UPDATE, id=first, criteria={"segment": {"op": "IN", "id": first}}))[
        "updateSegment"
    ]
    wrong = (
        await shop.run(UPDATE, id=second, criteria={"segment": {"op": "IN", "id": accounts["segment"]["id"]}})
    )["updateSegment"]

    # then
    assert [error["code"] for error in foreign["errors"]] == ["CRITERIA_INVALID"]
    assert circle["errors"] == [
        {
            "code": "SEGMENT_CYCLE",
            "message": 'These criteria would depend on themselves: "Second" leads back to this segment.',
            "path": ["criteria", "all", "0", "not", "segment", "id"],
        }
    ]
    assert [error["code"] for error in itself["errors"]] == ["SEGMENT_CYCLE"]
    assert [(error["code"], error["message"]) for error in wrong["errors"]] == [
        ("CRITERIA_INVALID", '"Accounts" holds ACCOUNT, here a segment of PERSON is needed.')
    ]

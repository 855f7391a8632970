"""Why a member is in a segment: each part's truth, the value seen, and what holds it."""

from typing import Any

from tests.product import Product

UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: ACCOUNT, members: $members}) { created errors { code } }
    }
"""

CREATE = """
    mutation ($criteria: CriteriaInput!) {
      createSegment(input: {name: "Rich Germans", kind: ACCOUNT, type: DYNAMIC, criteria: $criteria}) {
        segment { id } errors { code message }
      }
    }
"""

EXPLAIN = """
    query ($segment: ID!, $member: ID!) {
      segment(id: $segment) {
        explain(memberId: $member) {
          isMember
          sources { kind linked blocked since }
          criteria { sentence matches actual children { sentence matches actual children { matches actual } } }
        }
      }
    }
"""

CRITERIA: dict[str, Any] = {
    "all": [
        {"attribute": {"field": "country", "op": "EQ", "value": "DE"}},
        {"attribute": {"field": "seats", "op": "GT", "value": 10}},
        {"not": {"tags": {"op": "HAS_ANY", "values": ["churned"]}}},
    ]
}


async def member_id(product: Product, external_id: str) -> str:
    query = "query ($id: String!) { memberByExternalId(kind: ACCOUNT, externalId: $id) { id } }"
    found = await product.run(query, id=external_id)
    identifier: str = found["memberByExternalId"]["id"]
    return identifier


async def explained(product: Product, segment: str, external_id: str) -> dict[str, Any]:
    member = await member_id(product, external_id)
    answer = await product.run(EXPLAIN, segment=segment, member=member)
    explanation: dict[str, Any] = answer["segment"]["explain"]
    return explanation


async def segment_of_rich_germans(product: Product) -> str:
    rows = [
        {"externalId": "in", "country": "DE", "attributes": {"seats": 25}},
        {"externalId": "poor", "country": "DE", "attributes": {"seats": 2}, "tags": ["churned"]},
        {"externalId": "unset", "country": "DE"},
    ]
    await product.run(UPSERT, members=rows)
    created = (await product.run(CREATE, criteria=CRITERIA))["createSegment"]
    assert created["errors"] == []
    segment: str = created["segment"]["id"]
    async with product.subscribe(
        "subscription ($ids: [ID!]) { segmentEvents(segmentIds: $ids) { __typename segment { reach { status } } } }",
        ids=[segment],
    ) as events:
        while (await events.next())["segment"]["reach"]["status"] != "READY":
            pass
    return segment


async def test_a_member_is_explained_by_its_source_and_the_values_seen(product: Product) -> None:
    segment = await segment_of_rich_germans(product)

    explanation = await explained(product, segment, "in")

    assert explanation["isMember"] is True
    by_kind = {source["kind"]: source for source in explanation["sources"]}
    assert (by_kind["CRITERIA"]["linked"], by_kind["CRITERIA"]["blocked"]) == (True, False)
    assert by_kind["CRITERIA"]["since"] is not None
    assert by_kind["MANUAL"] == {"kind": "MANUAL", "linked": False, "blocked": False, "since": None}
    parts = explanation["criteria"]["children"]
    assert [(part["matches"], part["actual"]) for part in parts] == [(True, "DE"), (True, 25), (True, None)]
    assert parts[2]["children"] == [{"matches": False, "actual": []}]


async def test_for_a_member_that_is_not_in_the_explanation_shows_what_is_missing(product: Product) -> None:
    segment = await segment_of_rich_germans(product)

    poor = await explained(product, segment, "poor")
    unset = await explained(product, segment, "unset")

    assert poor["isMember"] is False
    assert poor["criteria"]["matches"] is False
    assert [part["matches"] for part in poor["criteria"]["children"]] == [True, False, False]
    assert poor["criteria"]["children"][2]["children"] == [{"matches": True, "actual": ["churned"]}]
    assert [(part["matches"], part["actual"]) for part in unset["criteria"]["children"]][1] == (False, None)


async def test_a_member_of_another_kind_or_of_nowhere_is_refused(product: Product) -> None:
    segment = await segment_of_rich_germans(product)
    query = 'mutation { upsertMembers(input: {kind: PERSON, members: [{externalId: "p"}]}) { created } }'
    await product.run(query)
    person = await product.run('{ memberByExternalId(kind: PERSON, externalId: "p") { id } }')

    other = await product.raw(EXPLAIN, segment=segment, member=person["memberByExternalId"]["id"])
    nobody = await product.raw(EXPLAIN, segment=segment, member="TWVtYmVyOjk5OTk5OTk")

    assert other["errors"][0]["extensions"] == {"code": "INVALID", "path": ["memberId"]}
    assert nobody["errors"][0]["extensions"]["code"] == "NOT_FOUND"

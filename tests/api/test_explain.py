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
    # the rest of the segment is there
    for refused in (other, nobody):
        assert refused["errors"][0]["path"] == ["segment", "explain"]
        assert refused["data"] == {"segment": {"explain": None}}


WINDOW = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}

BEHAVIOUR: dict[str, Any] = {
    "all": [
        {"event": {"name": "order", "aggregate": "SUM", "op": "GT", "value": 100}},
        {"event": {"name": "order", "aggregate": "LAST_AT", "op": "AFTER", "value": "2026-01-01"}},
        {"event": {"name": "visit", "value": 3, "within": WINDOW}},
        {"sequence": {"steps": [{"name": "visit"}, {"name": "order"}, {"name": "refund"}], "within": "P30D"}},
        {"related": {"relation": "deals", "where": {"event": {"name": "won"}}, "count": 2}},
        {"any": [{"tags": {"op": "HAS_ANY", "values": ["vip"]}}, {"sample": {"percent": 0}}]},
    ]
}
"""Nothing of it holds for an account that did nothing."""


async def account_that_did_a_little(product: Product) -> None:
    """Its order of 2.50 followed a visit; one of its two deals was won."""
    await product.run(UPSERT, members=[{"externalId": "busy"}, {"externalId": "idle"}])
    await product.run(
        "mutation ($rows: [RelationInput!]!) { relateMembers(input: {rows: $rows}) { pending } }",
        rows=[
            {
                "relation": "deals",
                "fromKind": "ACCOUNT",
                "fromExternalId": "busy",
                "toKind": "DEAL",
                "toExternalId": deal,
            }
            for deal in ("won", "open")
        ],
    )
    await product.run(
        'mutation { upsertMembers(input: {kind: DEAL, members: [{externalId: "won"}, {externalId: "open"}]}) '
        "{ created } }"
    )
    events = [("ACCOUNT", "busy", "visit", "01", None), ("ACCOUNT", "busy", "order", "02", "2.50")]
    await product.run(
        "mutation ($events: [EventInput!]!) { recordEvents(input: {events: $events}) { accepted } }",
        events=[
            {
                "kind": kind,
                "memberExternalId": member,
                "name": name,
                "occurredAt": f"2026-01-{day}T12:00:00Z",
                "value": value,
            }
            for kind, member, name, day, value in [*events, ("DEAL", "won", "won", "03", None)]
        ],
    )


async def test_behaviour_is_explained_by_what_was_counted_and_what_is_missing(product: Product) -> None:
    # given a segment by behaviour that also refers to another one
    await account_that_did_a_little(product)
    listed = await product.run(
        'mutation { createSegment(input: {name: "Listed", kind: ACCOUNT, type: STATIC}) { segment { id } } }'
    )
    inner = listed["createSegment"]["segment"]["id"]
    criteria = {"all": [*BEHAVIOUR["all"], {"segment": {"op": "NOT_IN", "id": inner}}]}
    created = (await product.run(CREATE, criteria=criteria))["createSegment"]
    assert created["errors"] == []
    segment = created["segment"]["id"]
    query = EXPLAIN.replace("isMember", "isMember missing")

    async def explanation(external_id: str) -> dict[str, Any]:
        member = await member_id(product, external_id)
        found: dict[str, Any] = (await product.run(query, segment=segment, member=member))["segment"][
            "explain"
        ]
        return found

    # when
    busy, idle = await explanation("busy"), await explanation("idle")

    # then each condition says what it saw
    assert [(part["matches"], part["actual"]) for part in busy["criteria"]["children"]] == [
        (False, 2.5),
        (True, "2026-01-02T12:00:00+00:00"),
        (False, 1),
        (False, 2),
        (False, 1),
        (False, None),
        (True, False),
    ]
    assert [part["actual"] for part in idle["criteria"]["children"]] == [0, None, 0, 0, 0, None, False]
    # and what is missing is said in words: each of it, and of an `any` one
    assert (busy["isMember"], idle["isMember"]) == (False, False)
    assert busy["missing"] == [
        'Members where the sum of the values of events "order" is more than 100.',
        'Members where the number of events "visit" from 2026-01-01 00:00:00 UTC until before'
        " 2026-02-01 00:00:00 UTC is at least 3.",
        'Members where the member had the event "visit" and later the event "order" and later the event "refund",'
        " all within 30 days.",
        'Members where the number of related members, deals (where the member had the event "won"), is at least 2.',
        'Members where the member has any of the tags "vip" or the member is in the sample of 0 %.',
    ]
    assert len(idle["missing"]) == 6
    assert (
        busy["criteria"]["children"][6]["sentence"]
        == 'Members where the member is not in the segment "Listed".'
    )

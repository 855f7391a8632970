"""Criteria that ask for what is not there have warnings, and the catalogue of events says what there is."""

from datetime import UTC, datetime
from typing import Any

from tests.product import Product

UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: PERSON, members: $members}) { created errors { message } }
    }
"""
RECORD = """
    mutation ($events: [EventInput!]!) {
      recordEvents(input: {events: $events}) { accepted rowErrors { message } errors { message } }
    }
"""
WARNED = "warnings { code message path suggestion }"
PREVIEW = f"""
    query ($criteria: CriteriaInput, $text: String) {{
      previewSegment(input: {{kind: PERSON, criteria: $criteria, criteriaText: $text}}) {{
        memberCount errors {{ message }} {WARNED}
      }}
    }}
"""
CATALOGUE = """
    query ($search: String) {
      eventNames(kind: PERSON, search: $search) { name count lastAt properties { name type count examples } }
    }
"""
NOW = datetime.now(UTC).replace(microsecond=0)


async def fill(product: Product) -> None:
    members = [
        {"externalId": str(n), "country": ["DE", "FR"][n % 2], "tags": ["vip"], "attributes": {"plan": "pro"}}
        for n in range(4)
    ]
    assert (await product.run(UPSERT, members=members))["upsertMembers"]["created"] == 4
    order = {"name": "order", "kind": "PERSON", "occurredAt": NOW.isoformat()}
    events: list[dict[str, Any]] = [
        {**order, "memberExternalId": str(n), "properties": {"amount": n, "channel": "web", "sizes": ["L"]}}
        for n in range(3)
    ]
    events.append({**order, "name": "page_view", "memberExternalId": "3", "properties": {"amount": "12"}})
    done = (await product.run(RECORD, events=events))["recordEvents"]
    assert done == {"accepted": 4, "rowErrors": [], "errors": []}


async def warned(product: Product, criteria: Any) -> list[tuple[str, str, str | None]]:
    given = {"text": criteria} if isinstance(criteria, str) else {"criteria": criteria}
    preview = (await product.run(PREVIEW, **given))["previewSegment"]
    assert preview["errors"] == []
    return [(one["code"], "/".join(one["path"]), one["suggestion"]) for one in preview["warnings"]]


async def test_criteria_are_warned_about(product: Product) -> None:
    await fill(product)

    def event(**more: Any) -> dict[str, Any]:
        return {"event": {"name": "order", **more}}

    def condition(field: str, op: str, value: Any) -> dict[str, Any]:
        return {"field": field, "op": op, "value": value}

    where = "criteria/event/where/0/field"
    cases: list[tuple[Any, list[tuple[str, str, str | None]]]] = [
        (
            {"event": {"name": "odrer", "op": "EQ", "value": 0}},
            [("EVENT_UNKNOWN", "criteria/event/name", "order")],
        ),
        ("COUNT(EVENT 'Order') = 0", [("EVENT_UNKNOWN", "criteriaText", "order")]),
        ("COUNT(EVENT 'zzz') = 0", [("EVENT_UNKNOWN", "criteriaText", None)]),
        (event(where=[condition("chanel", "EQ", "web")]), [("PROPERTY_UNKNOWN", where, "channel")]),
        (event(where=[condition("channel", "EQ", "web")]), []),
        (event(where=[condition("amount", "GT", 5)]), []),
        (event(where=[condition("amount", "EQ", "5")]), [("TYPE_NEVER_MATCHES", where, None)]),
        (event(where=[condition("channel", "EQ", True)]), [("TYPE_NEVER_MATCHES", where, None)]),
        (event(where=[{"field": "sizes", "op": "HAS_ANY", "values": ["L"]}]), []),
        (event(where=[{"field": "channel", "op": "IS_SET"}]), []),
        (event(aggregate="SUM", of="amonut", value=3), [("PROPERTY_UNKNOWN", "criteria/event/of", "amount")]),
        (event(aggregate="SUM", of="channel", value=3), [("TYPE_NEVER_MATCHES", "criteria/event/of", None)]),
        (
            {"all": [{"not": {"attribute": condition("country", "EQ", "DDE")}}, {"any": [event()]}]},
            [("VALUE_UNKNOWN", "criteria/all/0/not/attribute/value", "DE")],
        ),
        (
            {"attribute": {"field": "country", "op": "IN", "values": ["DE", "XQ"]}},
            [("VALUE_UNKNOWN", "criteria/attribute/values", None)],
        ),
        (
            {"attribute": condition("plan", "EQ", "prо")},
            [("VALUE_UNKNOWN", "criteria/attribute/value", "pro")],
        ),
        (
            {"tags": {"op": "HAS_ANY", "values": ["VIP", "vip"]}},
            [("VALUE_UNKNOWN", "criteria/tags/values", "vip")],
        ),
        ({"tags": {"op": "HAS_NONE", "values": ["nobody"]}}, []),
        ({"attribute": condition("name", "EQ", "Nobody")}, []),
        (
            {"attribute": condition("name", "EQ", " Ada")},
            [("VALUE_UNKNOWN", "criteria/attribute/value", "Ada")],
        ),
        (
            {"attribute": condition("country", "EQ", "")},
            [("VALUE_UNKNOWN", "criteria/attribute/value", None)],
        ),
        (
            {"attribute": condition("country", "EQ", "DE ")},
            [("VALUE_UNKNOWN", "criteria/attribute/value", "DE")],
        ),
        (
            {"sequence": {"steps": [{"name": "order"}, {"name": "pageview"}]}},
            [("EVENT_UNKNOWN", "criteria/sequence/steps/1/name", "page_view")],
        ),
        (
            {"related": {"relation": "account", "where": {"event": {"name": "order"}}}},
            [("EVENT_UNKNOWN", "criteria/related/where/event/name", None)],
        ),
    ]
    for criteria, expected in cases:
        assert await warned(product, criteria) == expected, criteria


async def test_what_is_saved_is_warned_about(product: Product) -> None:
    await fill(product)
    criteria = {"event": {"name": "odrer"}}
    made = await product.run(
        f"""mutation ($c: CriteriaInput!) {{
          createSegment(input: {{name: "S", kind: PERSON, type: DYNAMIC, criteria: $c}}) {{
            segment {{ id version }} errors {{ message }} {WARNED} }}
        }}""",
        c=criteria,
    )
    segment = made["createSegment"]["segment"]
    made |= await product.run(
        f"""mutation ($c: CriteriaInput!, $s: ID!) {{
          createPlaybook(input: {{name: "P", kind: PERSON, criteria: $c, addToSegmentIds: [$s]}}) {{
            playbook {{ id }} errors {{ message }} {WARNED} }}
        }}""",
        c=criteria,
        s=segment["id"],
    )
    expected = {
        "code": "EVENT_UNKNOWN",
        "message": "No PERSON has ever done 'odrer'; did you mean 'order'?",
        "path": ["criteria", "event", "name"],
        "suggestion": "order",
    }
    assert made["createSegment"]["warnings"] == [expected]
    assert made["createPlaybook"]["warnings"] == [expected]

    changed = await product.run(
        f"""mutation ($s: ID!, $v: Int!, $p: ID!) {{
          updateSegment(input: {{id: $s, version: $v, criteriaText: "COUNT(EVENT 'odrer') > 0"}}) {{
            errors {{ message }} {WARNED} }}
          updatePlaybook(input: {{id: $p, name: "Q"}}) {{ errors {{ message }} {WARNED} }}
        }}""",
        s=segment["id"],
        v=segment["version"],
        p=made["createPlaybook"]["playbook"]["id"],
    )
    assert changed["updateSegment"] == {"errors": [], "warnings": [{**expected, "path": ["criteriaText"]}]}
    assert changed["updatePlaybook"] == {"errors": [], "warnings": []}


async def test_the_catalogue_of_events(product: Product) -> None:
    assert (await product.run(CATALOGUE))["eventNames"] == []
    await fill(product)

    found = (await product.run(CATALOGUE))["eventNames"]

    assert [(one["name"], one["count"]) for one in found] == [("order", 3), ("page_view", 1)]
    assert found[0]["lastAt"] == NOW.isoformat().replace("+00:00", "Z")
    assert sorted(found[0]["properties"], key=lambda one: one["name"]) == [
        {"name": "amount", "type": "NUMBER", "count": 3, "examples": ["0", "1", "2"]},
        {"name": "channel", "type": "STRING", "count": 3, "examples": ["web"]},
        {"name": "sizes", "type": "LIST", "count": 3, "examples": ['["L"]']},
    ]
    assert [one["name"] for one in (await product.run(CATALOGUE, search="VIEW"))["eventNames"]] == [
        "page_view"
    ]

    # properties may be personal data
    made = await product.run(
        'mutation { createApiKey(input: {name: "bi", scope: READ_WITHOUT_PERSONAL_DATA}) { secret } }'
    )
    async with product.server.connect(made["createApiKey"]["secret"]) as reader:
        assert [one["properties"] for one in (await reader.run(CATALOGUE))["eventNames"]] == [[], []]

"""Values that a GraphQL type refuses in one row of a bulk input: that row's error, and the others are stored."""

from typing import Any

import pytest

from seggraph.services.events import names as event_names
from tests.product import Product

UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: ACCOUNT, members: $members}) {
        created updated unchanged rowErrors { index code message path } errors { code }
      }
    }
"""
UPSERT_BY_INPUT = """
    mutation ($input: UpsertMembersInput!) {
      upsertMembers(input: $input) { created rowErrors { index code path } errors { code } }
    }
"""
RECORD = """
    mutation ($events: [EventInput!]!) {
      recordEvents(input: {events: $events}) {
        accepted duplicates rowErrors { index code message path } errors { code }
      }
    }
"""
RELATE = """
    mutation ($rows: [RelationInput!]!) {
      relateMembers(input: {rows: $rows}) { pending rowErrors { index code path } errors { code } }
    }
"""
EXTERNAL_IDS = "{ members(kind: ACCOUNT) { nodes { externalId revenue tags consents { channel state } } } }"


def mistakes(report: dict[str, Any]) -> list[tuple[int, str, list[str] | None]]:
    return [(error["index"], error["code"], error["path"]) for error in report["rowErrors"]]


async def test_a_refused_value_is_the_error_of_its_row(product: Product) -> None:
    rows = [
        {"externalId": "good", "revenue": "12.50", "tags": "single", "score": 3},
        {"externalId": "money", "revenue": "abc"},
        {"externalId": "text", "name": 5, "employees": "many"},
        {"externalId": "consent", "consents": [{"channel": "PIGEON", "state": "GRANTED"}]},
        {"externalId": "half", "consents": [{"channel": "SMS", "state": "DENIED"}, {"channel": "EMAIL"}]},
        {"externalId": "json", "attributes": [1]},
        {"externalId": "tags", "tags": ["a", {}]},
        {"externalId": None, "name": "Nobody"},
        {"name": "Nobody either"},
        {"externalId": "also good", "consents": [{"channel": "SMS", "state": "GRANTED"}]},
    ]

    report = (await product.run(UPSERT, members=rows))["upsertMembers"]

    assert (report["created"], report["errors"]) == (6, [])
    assert mistakes(report) == [
        (1, "INVALID", ["revenue"]),
        (2, "INVALID", ["name"]),
        (2, "INVALID", ["employees"]),
        (3, "INVALID", ["consents", "0", "channel"]),
        (4, "INVALID", ["consents", "1"]),
        (5, "INVALID", ["attributes"]),
        (6, "INVALID", ["tags", "1"]),
        (7, "REQUIRED", ["externalId"]),
        (8, "REQUIRED", ["externalId"]),
    ]
    assert "a decimal is a text like 1250.50" in report["rowErrors"][0]["message"]
    assert "PIGEON" in report["rowErrors"][3]["message"]
    good, *others, also_good = (await product.run(EXTERNAL_IDS))["members"]["nodes"]
    assert [one["externalId"] for one in others] == ["money", "text", "json", "tags"]
    assert all(one["revenue"] is None and one["tags"] == [] for one in others)
    assert (good["externalId"], good["revenue"], good["tags"]) == ("good", "12.5", ["single"])
    assert {"channel": "SMS", "state": "GRANTED"} in also_good["consents"]


async def test_rows_inside_the_input_variable_are_read_the_same(product: Product) -> None:
    given = {"kind": "ACCOUNT", "members": [{"externalId": "a"}, {"externalId": "b", "revenue": "x"}]}

    report = (await product.run(UPSERT_BY_INPUT, input=given))["upsertMembers"]

    assert (report["created"], report["errors"]) == (2, [])
    assert mistakes(report) == [(1, "INVALID", ["revenue"])]


async def test_rows_written_in_the_document_are_stored(product: Product) -> None:
    report = await product.run("""
        mutation {
          upsertMembers(input: {kind: ACCOUNT, members: [
            {externalId: "a", revenue: "2.50", consents: [{channel: SMS, state: GRANTED}]}
          ]}) { created rowErrors { code } errors { code } }
        }
    """)

    assert report["upsertMembers"] == {"created": 1, "rowErrors": [], "errors": []}
    (stored,) = (await product.run(EXTERNAL_IDS))["members"]["nodes"]
    assert stored["revenue"] == "2.5"


async def test_refused_values_of_events_and_relations(product: Product) -> None:
    await product.run(UPSERT, members=[{"externalId": "a"}])
    event = {
        "kind": "ACCOUNT",
        "memberExternalId": "a",
        "name": "order",
        "occurredAt": "2026-01-31T09:30:00Z",
        "value": "10.50",
    }
    events = [
        event,
        event | {"occurredAt": "yesterday"},
        event | {"value": "much"},
        event | {"kind": "COMPANY"},
        event | {"properties": "none"},
        {name: event[name] for name in event if name != "occurredAt"},
        event | {"memberExternalId": 7},
    ]

    recorded = (await product.run(RECORD, events=events))["recordEvents"]
    pair = {"relation": "account", "fromKind": "PERSON", "fromExternalId": "p", "toKind": "ACCOUNT"}
    related = await product.run(
        RELATE,
        rows=[pair | {"toExternalId": "a"}, pair | {"toExternalId": "b", "fromKind": "HUMAN"}, pair],
    )

    assert (recorded["accepted"], recorded["duplicates"], recorded["errors"]) == (1, 0, [])
    assert mistakes(recorded) == [
        (1, "INVALID", ["occurredAt"]),
        (2, "INVALID", ["value"]),
        (3, "INVALID", ["kind"]),
        (4, "INVALID", ["properties"]),
        (5, "REQUIRED", ["occurredAt"]),
        (6, "INVALID", ["memberExternalId"]),
    ]
    assert related["relateMembers"]["pending"] == 1
    assert mistakes(related["relateMembers"]) == [
        (1, "INVALID", ["fromKind"]),
        (2, "REQUIRED", ["toExternalId"]),
    ]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([{"externalId": "a"}, {"externalId": "b", "revenu": "1"}], "revenu"),
        ([{"externalId": "a"}, "b"], "MemberInput"),
        ([{"externalId": "a"}, None], "null"),
        (None, "null"),
    ],
)
async def test_an_input_of_another_shape_is_refused_whole(
    product: Product, members: Any, message: str
) -> None:
    answer = await product.raw(UPSERT, members=members)

    assert "data" not in answer or answer["data"] is None
    assert message in answer["errors"][0]["message"]
    assert (await product.run(EXTERNAL_IDS))["members"]["nodes"] == []


TAG = """
    mutation ($input: TagMembersInput!) {
      tagMembers(input: $input) { changed unchanged notFound overLimit errors { code } }
    }
"""


async def test_nobody_gets_more_tags_than_a_member_has(product: Product) -> None:
    full = [f"tag {number}" for number in range(500)]
    await product.run(UPSERT, members=[{"externalId": "full", "tags": full}, {"externalId": "empty"}])
    ids = {
        node["externalId"]: node["id"]
        for node in (await product.run("{ members(kind: ACCOUNT) { nodes { id externalId } } }"))["members"][
            "nodes"
        ]
    }
    both = {"kind": "ACCOUNT", "externalIds": ["full", "empty"]}

    added = (await product.run(TAG, input=both | {"add": ["one more", "tag 1"]}))["tagMembers"]
    swapped = (await product.run(TAG, input=both | {"add": ["instead"], "remove": ["tag 0"]}))["tagMembers"]

    assert added == {"changed": 1, "unchanged": 0, "notFound": [], "overLimit": [ids["full"]], "errors": []}
    assert swapped == {"changed": 2, "unchanged": 0, "notFound": [], "overLimit": [], "errors": []}
    full_one, empty_one = (await product.run(EXTERNAL_IDS))["members"]["nodes"]
    assert set(full_one["tags"]) == {*full, "instead"} - {"tag 0"}
    assert empty_one["tags"] == ["instead", "one more", "tag 1"]


async def test_names_of_events_are_not_data(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_names, "MAX_EVENT_NAMES", 2)
    await product.run(UPSERT, members=[{"externalId": "a"}])
    event = {"kind": "ACCOUNT", "memberExternalId": "a", "occurredAt": "2026-01-31T09:30:00Z"}

    first = await product.run(RECORD, events=[event | {"name": "order"}])
    names = ["visit", "order", "zebra", "visit"]
    second = (await product.run(RECORD, events=[event | {"name": name} for name in names]))["recordEvents"]
    third = (await product.run(RECORD, events=[event | {"name": "zebra"}]))["recordEvents"]

    assert first["recordEvents"]["accepted"] == 1
    assert (second["accepted"], mistakes(second)) == (3, [(2, "TOO_LARGE", ["name"])])
    assert (third["accepted"], mistakes(third)) == (0, [(0, "TOO_LARGE", ["name"])])
    assert "properties" in third["rowErrors"][0]["message"]

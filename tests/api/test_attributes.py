"""The attribute catalogue and value suggestions through the API; counts are right whatever was written before."""

import json
import random
from collections import Counter
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.catalogue import catalogues, value_counts
from seggraph.services.members import edits as member_edits
from seggraph.services.members import upserts
from seggraph.services.members.selections import Selection
from seggraph.vocabulary import ApiKeyScope, MemberKind, Role
from tests.conftest import new_viewer
from tests.product import Product, Server

UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: ACCOUNT, members: $members}) {
        created updated rowErrors { index code message path } errors { code }
      }
    }
"""

DECLARE = """
    mutation ($input: DeclareAttributeInput!) {
      declareAttribute(input: $input) {
        attribute { name type label description hidden isCustom } errors { code message path }
      }
    }
"""

UPDATE = """
    mutation ($input: UpdateAttributeInput!) {
      updateAttribute(input: $input) {
        attribute { name type label description hidden } errors { code message path }
      }
    }
"""

FIELDS = """
    query ($search: String, $hidden: Boolean = false) {
      criteriaFields(kind: ACCOUNT, search: $search, includeHidden: $hidden) {
        name label type group operators example memberCount isCustom hidden
      }
    }
"""

SUGGEST = """
    query ($field: String!, $search: String, $first: Int) {
      valueSuggestions(kind: ACCOUNT, field: $field, search: $search, first: $first) { value count exact }
    }
"""


@pytest.fixture
async def client(server: Server, viewer: Viewer) -> Any:
    """A signed-in client; no worker is running, so nothing is added up unless a test does."""
    async with server.sign_in(viewer) as product:
        yield product


async def upsert(client: Product, *members: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await client.run(UPSERT, members=list(members)))["upsertMembers"]
    return answer


async def suggest(client: Product, field: str, **given: Any) -> list[tuple[Any, int]]:
    found = (await client.run(SUGGEST, field=field, **given))["valueSuggestions"]
    assert all(one["exact"] for one in found)
    return [(one["value"], one["count"]) for one in found]


async def test_an_attribute_is_declared_labelled_and_hidden(client: Product) -> None:
    # when an attribute is declared before anyone has it
    wanted = {
        "kind": "ACCOUNT",
        "name": "plan",
        "type": "STRING",
        "label": "Plan",
        "description": "What they pay for.",
    }
    declared = (await client.run(DECLARE, input=wanted))["declareAttribute"]
    expected = {
        "name": "plan",
        "type": "STRING",
        "label": "Plan",
        "description": "What they pay for.",
        "hidden": False,
        "isCustom": True,
    }
    assert declared == {"attribute": expected, "errors": []}

    # then a value that does not fit is that row's error, and tells the type
    answer = await upsert(
        client,
        {"externalId": "a", "attributes": {"plan": 5}},
        {"externalId": "b", "attributes": {"plan": "gold"}},
    )
    assert answer["created"] == 2
    [error] = answer["rowErrors"]
    assert (error["index"], error["code"], error["path"]) == (0, "WRONG_TYPE", ["attributes", "plan"])
    assert "STRING" in error["message"]

    # and builders are offered it with an example of the members' own and how many have it
    [field] = (await client.run(FIELDS, search="PLAN"))["criteriaFields"]
    assert field["group"] == "CUSTOM"
    assert field["example"] == "gold"
    assert field["memberCount"] == 1
    assert "STARTS_WITH" in field["operators"]

    # when it is relabelled and hidden, it is not offered any more, but is there
    changed = (
        await client.run(UPDATE, input={"kind": "ACCOUNT", "name": "plan", "label": None, "hidden": True})
    )["updateAttribute"]
    assert changed["errors"] == []
    assert changed["attribute"]["label"] == "plan"
    assert changed["attribute"]["description"] == "What they pay for."
    assert (await client.run(FIELDS, search="plan"))["criteriaFields"] == []
    assert [
        one["name"] for one in (await client.run(FIELDS, search="plan", hidden=True))["criteriaFields"]
    ] == ["plan"]
    assert await suggest(client, "plan") == [("gold", 1)]


async def test_declaring_and_describing_change_neither_type_nor_name(client: Product) -> None:
    wanted = {"kind": "ACCOUNT", "name": "plan", "type": "STRING"}
    await client.run(DECLARE, input=wanted)

    # declaring it again is fine with the same type only
    again = (await client.run(DECLARE, input=wanted | {"label": "Plan"}))["declareAttribute"]
    assert again["attribute"]["label"] == "Plan"
    other = (await client.run(DECLARE, input=wanted | {"type": "NUMBER"}))["declareAttribute"]
    assert other["attribute"] is None
    assert [(one["code"], one["path"]) for one in other["errors"]] == [("NAME_TAKEN", ["type"])]
    assert "STRING" in other["errors"][0]["message"]

    changed = await client.run(UPDATE, input={"kind": "ACCOUNT", "name": "plan", "type": "NUMBER"})
    assert [(one["code"], one["path"]) for one in changed["updateAttribute"]["errors"]] == [
        ("INVALID", ["type"])
    ]
    missing = await client.run(UPDATE, input={"kind": "ACCOUNT", "name": "plans", "label": "x"})
    assert [one["code"] for one in missing["updateAttribute"]["errors"]] == ["NOT_FOUND"]
    known = await client.run(UPDATE, input={"kind": "ACCOUNT", "name": "country", "hidden": True})
    assert [one["code"] for one in known["updateAttribute"]["errors"]] == ["INVALID"]
    [plan] = (await client.run(FIELDS, search="plan"))["criteriaFields"]
    assert (plan["type"], plan["label"]) == ("STRING", "Plan")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "REQUIRED"),
        ("x" * 101, "TOO_LONG"),
        ("nul\0", "INVALID"),
        (" spaces ", "INVALID"),
        ("two\nlines", "INVALID"),
        ("country", "INVALID"),
        ("tags", "INVALID"),
        ("externalId", "INVALID"),
    ],
)
async def test_names_that_no_attribute_may_have(client: Product, name: str, code: str) -> None:
    declared = (await client.run(DECLARE, input={"kind": "ACCOUNT", "name": name, "type": "STRING"}))[
        "declareAttribute"
    ]
    assert [(one["code"], one["path"]) for one in declared["errors"]] == [(code, ["name"])]

    answer = await upsert(client, {"externalId": "a", "attributes": {name: "x"}}, {"externalId": "b"})
    assert answer["created"] == 2
    [error] = answer["rowErrors"]
    assert (error["index"], error["code"], error["path"][0]) == (0, code, "attributes")
    assert len(error["message"]) < 200


@pytest.mark.parametrize("name", ["it's", 'say "hi"', "a.b", "a->>'b'", "$1", "naïve 名前", "{}", "%s\\"])
async def test_odd_names_work_everywhere(client: Product, name: str) -> None:
    answer = await upsert(
        client,
        {"externalId": "a", "attributes": {name: "gold", "n": 1}},
        {"externalId": "b", "attributes": {name: "gold"}},
    )
    assert (answer["created"], answer["rowErrors"]) == (2, [])

    [field] = [one for one in (await client.run(FIELDS))["criteriaFields"] if one["name"] == name]
    assert (field["example"], field["memberCount"]) == ("gold", 2)
    assert await suggest(client, name, search="GO") == [("gold", 2)]


async def test_there_are_so_many_attributes_and_no_more(
    client: Product, connection: asyncpg.Connection
) -> None:
    # given as many attributes as there may be, in rows of 100 new ones each, and then a thousand more
    limit = catalogues.MAX_ATTRIBUTES
    rows = [
        {"externalId": f"a{n}", "attributes": {f"x{100 * n + i}": i for i in range(100)}}
        for n in range(limit // 100 + 10)
    ]
    answer = await upsert(client, *rows)

    # then the attributes that are too many are errors, of which few are listed for a row
    assert answer["created"] == limit // 100 + 10
    assert {error["code"] for error in answer["rowErrors"]} == {"TOO_LARGE"}
    assert len({error["index"] for error in answer["rowErrors"]}) == 10
    assert len(answer["rowErrors"]) == 10 * upserts.MAX_ROW_ERRORS
    assert "81 more values" in answer["rowErrors"][-1]["message"]
    assert await connection.fetchval("SELECT count(*) FROM attributes") == limit
    declared = await client.run(DECLARE, input={"kind": "ACCOUNT", "name": "more", "type": "STRING"})
    assert [one["code"] for one in declared["declareAttribute"]["errors"]] == ["TOO_LARGE"]

    # and what exists still works, also with other kinds
    assert (await upsert(client, {"externalId": "z", "attributes": {"x1": 2}}))["created"] == 1


async def test_a_row_of_100_000_attributes_is_one_error(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    row = {"externalId": "a", "attributes": {f"x{n}": n for n in range(100_000)}}

    report = await upserts.upsert(context, viewer, MemberKind.ACCOUNT, [row, {"externalId": "b"}])

    assert (report.created, len(report.row_errors)) == (2, 1)
    assert await connection.fetchval("SELECT count(*) FROM attributes") <= catalogues.MAX_ATTRIBUTES


async def test_suggestions_of_every_type(client: Product, server: Server, viewer: Viewer) -> None:
    await upsert(
        client,
        {
            "externalId": "a",
            "country": "DE",
            "tags": ["vip", "new"],
            "attributes": {"ok": True, "l": ["x", "y"]},
        },
        {"externalId": "b", "country": "DE", "tags": ["vip"], "attributes": {"ok": False, "l": ["x", "x"]}},
        {"externalId": "c", "country": "Denmark", "isTarget": False, "attributes": {"ok": True, "n": 5}},
        {"externalId": "d", "name": "Nobody", "attributes": {"day": "2026-01-31", "l": []}},
    )

    assert await suggest(client, "country") == [("DE", 2), ("DK", 1)]  # Denmark is stored as its code
    assert await suggest(client, "country", search="de", first=1) == [("DE", 2)]
    assert await suggest(client, "country", search="DK") == [("DK", 1)]
    assert await suggest(client, "country", search="%") == []
    assert await suggest(client, "country", search="E") == []
    assert await suggest(client, "tags") == [("vip", 2), ("new", 1)]
    assert await suggest(client, "ok") == [(True, 2), (False, 1)]
    assert await suggest(client, "l") == [("x", 2), ("y", 1)]
    assert await suggest(client, "isTarget") == [(True, 3), (False, 1)]
    assert await suggest(client, "hasAddress") == [(False, 4)]
    for none in ("name", "n", "day", "revenue", "createdAt", "address"):
        assert await suggest(client, none) == []

    fields = {one["name"]: one for one in (await client.run(FIELDS))["criteriaFields"]}
    expected = {"externalId": 4, "country": 3, "name": 1, "email": 0, "ok": 3, "l": 3, "n": 1, "day": 1}
    assert {name: fields[name]["memberCount"] for name in expected} == expected
    assert fields["createdAt"]["memberCount"] == 4
    assert fields["address"]["memberCount"] is None

    # and what cannot be asked says so
    for given, code in (
        ({"field": "contry"}, "CRITERIA_INVALID"),
        ({"field": "country", "first": 101}, "TOO_LARGE"),
        ({"field": "country", "search": "x" * 201}, "INVALID"),
        ({"field": "country", "search": "\0"}, "INVALID"),
    ):
        failed = await client.raw(SUGGEST, **given)
        assert failed["errors"][0]["extensions"]["code"] == code

    # and another workspace knows nothing of it
    async with server.sign_in(await new_viewer("Other")) as stranger:
        assert await suggest(stranger, "country") == []
        assert (await stranger.run(FIELDS, search="country"))["criteriaFields"][0]["memberCount"] == 0


async def test_counts_are_right_after_any_history(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    """Random upserts, tags and removals, added up now and then, against a count of the members themselves."""
    chance = random.Random(7)
    kind = MemberKind.ACCOUNT

    def row() -> dict[str, Any]:
        return {
            "externalId": f"a{chance.randrange(40)}",
            "country": chance.choice(["DE", "US", "", None]),
            "attributes": {
                "plan": chance.choice(["gold", "silver", "gold's", None]),
                "flags": chance.choice([["x"], ["x", "y", "x"], [], None]),
                "ok": chance.choice([True, False, None]),
            },
        }

    for _ in range(60):
        match chance.randrange(5):
            case 0 | 1:
                rows = list({one["externalId"]: one for one in (row() for _ in range(12))}.values())
                await upserts.upsert(context, viewer, kind, rows)
            case 2:
                some = Selection(kind=kind, external_ids=[f"a{chance.randrange(40)}" for _ in range(5)])
                add, remove = chance.sample(["vip", "new", "old"], 2)
                await member_edits.tag(context, viewer, some, add=[add], remove=[remove])
            case 3:
                gone = chance.randrange(40)
                await connection.execute("DELETE FROM members WHERE external_id = $1", f"a{gone}")
            case _:
                await value_counts.fold(viewer.workspace_id, kind)
        await _assert_right(viewer, connection)
    await value_counts.fold(viewer.workspace_id, kind)
    assert await connection.fetchval("SELECT count(*) FROM value_deltas") == 0
    assert await connection.fetchval("SELECT count(*) FROM value_counts WHERE count <= 0") == 0
    await _assert_right(viewer, connection)


async def _assert_right(viewer: Viewer, connection: asyncpg.Connection) -> None:
    expected: dict[str, Counter[Any]] = {
        name: Counter() for name in ("country", "plan", "flags", "ok", "tags")
    }
    members = await connection.fetch(
        "SELECT country, tags, attributes ->> 'plan' AS plan, (attributes -> 'ok')::boolean AS ok,"
        " ARRAY(SELECT DISTINCT jsonb_array_elements_text(attributes -> 'flags')) AS flags FROM members"
    )
    for member in members:
        for name, counter in expected.items():
            value = member[name]
            counter.update(value if isinstance(value, list) else [value] if value is not None else [])
    for name, counter in expected.items():
        known = await connection.fetchval("SELECT count(*) FROM attributes WHERE name = $1", name)
        if name in ("country", "tags") or known:
            found = await value_counts.suggest(viewer, MemberKind.ACCOUNT, name)
            assert {one.value: one.count for one in found} == dict(counter), name
    counts = (await value_counts.member_counts(viewer, [MemberKind.ACCOUNT]))[MemberKind.ACCOUNT]
    assert counts.get("external_id", 0) == len(members)
    assert counts.get("country", 0) == sum(member["country"] is not None for member in members)
    assert counts.get("attributes.plan", 0) == sum(member["plan"] is not None for member in members)


async def test_a_field_of_too_many_values_is_estimated(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a field with more different values than are counted one by one
    monkeypatch.setattr(value_counts, "MAX_VALUES", 20)
    kind = MemberKind.ACCOUNT
    rows = [
        {"externalId": f"a{n}", "attributes": {"note": "same" if n % 2 else f"note {n}", "plan": "gold"}}
        for n in range(100)
    ]
    await upserts.upsert(context, viewer, kind, rows)
    await value_counts.fold(viewer.workspace_id, kind)

    # then its values are not kept, and are estimated, which for so few members is exact
    [best, *_] = found = await value_counts.suggest(viewer, kind, "note", first=100)
    assert (best.value, best.count, best.exact) == ("same", 50, False)
    assert len(found) == 51
    assert [
        one.value for one in await value_counts.suggest(viewer, kind, "note", search="NOTE 1", first=1)
    ] == ["note 10"]
    assert await connection.fetchval("SELECT count(*) FROM value_counts WHERE field = 'attributes.note'") == 0
    assert await value_counts.suggest(viewer, kind, "plan") == [
        value_counts.SuggestedValue("gold", 100, exact=True)
    ]

    # and writing on adds nothing for it, while it stays known how many have it
    await upserts.upsert(context, viewer, kind, [{"externalId": "z", "attributes": {"note": "new"}}])
    assert await connection.fetchval("SELECT count(*) FROM value_deltas WHERE value = 'new'") == 0
    counts = (await value_counts.member_counts(viewer, [kind]))[kind]
    assert counts["attributes.note"] == 101


async def test_a_reader_may_not_change_the_catalogue(
    context: Context, viewer: Viewer, server: Server
) -> None:
    from seggraph.criteria import AttributeDefinition
    from seggraph.errors import Forbidden
    from seggraph.services.catalogue import attributes
    from seggraph.vocabulary import AttributeType

    reader = Viewer(viewer.workspace_id, Role.TEAM_MEMBER, ApiKeyScope.READ)
    with pytest.raises(Forbidden):
        await attributes.declare(
            context, reader, MemberKind.ACCOUNT, AttributeDefinition("plan", AttributeType.STRING)
        )
    with pytest.raises(Forbidden):
        await attributes.update(context, reader, MemberKind.ACCOUNT, "plan", hidden=True)


DECLARE_ALL = """
    mutation ($i: DeclareAttributesInput!) { declareAttributes(input: $i) {
      created updated unchanged rowErrors { index code message path } errors { code path } } }
"""


async def declared(client: Product, file: str | None = None, **given: Any) -> dict[str, Any]:
    """What declareAttributes answers, to a list or to a file."""
    if file is None:
        answer: dict[str, Any] = (await client.run(DECLARE_ALL, i=given))["declareAttributes"]
        return answer
    operations = {"query": DECLARE_ALL, "variables": {"i": {"file": None, **given}}}
    response = await client.http.post(
        "/graphql",
        data={"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.i.file"]})},
        files={"0": ("attributes", file.encode(), "text/plain")},
        headers={"Apollo-Require-Preflight": "1"},
    )
    found: dict[str, Any] = response.json()["data"]["declareAttributes"]
    return found


async def test_many_are_declared_at_once_and_again_nothing_changes(client: Product) -> None:
    rows: list[dict[str, Any]] = [
        {"name": "plan", "type": "STRING", "label": "Plan"},
        {"name": "zip", "type": "STRING", "kind": "PERSON", "isPersonal": True},
        {"name": "country", "type": "STRING"},
        {"name": "plan", "type": "NUMBER"},
        {"name": " x", "type": "NUMBER"},
    ]
    first = await declared(client, attributes=rows, kind="ACCOUNT")
    assert (first["created"], first["updated"], first["unchanged"]) == (2, 0, 0)
    assert [(one["index"], one["code"], one["path"]) for one in first["rowErrors"]] == [
        (2, "INVALID", ["name"]),
        (3, "INVALID", ["name"]),
        (4, "INVALID", ["name"]),
    ]
    again = await declared(client, attributes=[rows[0] | {"label": "The plan"}, rows[1]], kind="ACCOUNT")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 1, 1)
    other = await declared(client, attributes=[rows[0] | {"type": "NUMBER"}], kind="ACCOUNT")
    assert [(one["code"], one["path"]) for one in other["rowErrors"]] == [("NAME_TAKEN", ["type"])]


async def test_attributes_are_declared_by_a_file(client: Product) -> None:
    table = "\ufeffkind;name;type;label;isPersonal\naccount;plan;string;Plan;\nperson;zip;text;;yes\n;n;NUMBER;;no\n"
    answer = await declared(client, table)
    assert (answer["created"], answer["errors"]) == (1, [])
    assert [(one["index"], one["code"], one["path"]) for one in answer["rowErrors"]] == [
        (1, "INVALID", ["type"]),
        (2, "REQUIRED", ["kind"]),
    ]
    listed = json.dumps([{"name": "plan", "type": "STRING"}, {"name": "n", "type": "NUMBER"}, {"nam": "x"}])
    answer = await declared(client, listed, kind="ACCOUNT")
    assert (answer["created"], answer["unchanged"]) == (1, 1)
    assert [(one["index"], one["code"], one["path"]) for one in answer["rowErrors"]] == [
        (2, "INVALID", ["nam"])
    ]

    for wrong in ("", "a,b\n1,2\n", "[1]", '{"name": "x"}', "[{", "name\n" + "x" * 3_000_000):
        answer = await declared(client, wrong)
        assert [one["path"] for one in answer["errors"]] == [["file"]], wrong[:20]
    assert [one["path"] for one in (await declared(client))["errors"]] == [["attributes"]]

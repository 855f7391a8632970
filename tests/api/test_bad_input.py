"""Mistakes of clients: each is an error with a code, a path and words, and nothing is stored."""

from typing import Any

import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.vocabulary import Role
from tests.conftest import new_viewer
from tests.product import Product, Server

CREATE = """
    mutation ($input: CreateSegmentInput!) {
      createSegment(input: $input) {
        segment { id name version status } errors { code message path ... on CriteriaError { reason } }
      }
    }
"""
UPDATE = """
    mutation ($input: UpdateSegmentInput!) {
      updateSegment(input: $input) { segment { id name version visibility criteria } errors { code message path } }
    }
"""
UPSERT = """
    mutation ($members: [MemberInput!]!) {
      upsertMembers(input: {kind: ACCOUNT, members: $members}) {
        created updated unchanged rowErrors { index code message path } errors { code path }
      }
    }
"""
PREVIEW = """
    query ($criteria: CriteriaInput) {
      previewSegment(input: {kind: ACCOUNT, criteria: $criteria}) {
        memberCount sentence reach { status total } sample { id }
        errors { code message path ... on CriteriaError { reason } }
      }
    }
"""
COUNT = "{ segments { totalCount } members(kind: ACCOUNT) { totalCount } }"

GERMAN = {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}


def segment(**given: Any) -> dict[str, Any]:
    return {"name": "Germans", "kind": "ACCOUNT", "type": "DYNAMIC", "criteria": GERMAN} | given


def nested(depth: int) -> dict[str, Any]:
    criteria: dict[str, Any] = GERMAN
    for _ in range(depth):
        criteria = {"not": criteria}
    return criteria


@pytest.fixture
async def client(server: Server, viewer: Viewer) -> Any:
    async with server.sign_in(viewer) as product:
        yield product


CRITERIA_MISTAKES = {
    "unknown field": (
        {"attribute": {"field": "shoeSize", "op": "EQ", "value": 1}},
        "CRITERIA_UNKNOWN_FIELD",
        ["criteria", "attribute", "field"],
    ),
    "operator of another type": (
        {"attribute": {"field": "employees", "op": "CONTAINS", "value": "1"}},
        "CRITERIA_BAD_OPERATOR",
        ["criteria", "attribute", "op"],
    ),
    "value of another type": (
        {"all": [GERMAN, {"attribute": {"field": "employees", "op": "GT", "value": "many"}}]},
        "CRITERIA_BAD_VALUE",
        ["criteria", "all", "1", "attribute", "value"],
    ),
    "too deep": (nested(21), "CRITERIA_TOO_DEEP", None),
    "too many leaves": ({"any": [GERMAN] * 501}, "CRITERIA_TOO_LARGE", None),
    "NUL in a value": (
        {"attribute": {"field": "country", "op": "EQ", "value": "\0"}},
        "CRITERIA_BAD_VALUE",
        ["criteria", "attribute", "value"],
    ),
}


@pytest.mark.parametrize("name", CRITERIA_MISTAKES)
async def test_mistakes_in_criteria_are_errors_with_a_path(client: Product, name: str) -> None:
    criteria, code, path = CRITERIA_MISTAKES[name]

    saved = (await client.run(CREATE, input=segment(criteria=criteria)))["createSegment"]
    tried = (await client.run(PREVIEW, criteria=criteria))["previewSegment"]

    for answer in (saved, tried):
        [error] = answer["errors"]
        assert error["code"] == "CRITERIA_INVALID"
        assert error["reason"] == code
        assert error["message"]
        assert path is None or error["path"] == path
    assert saved["segment"] is None
    assert tried["memberCount"] is None
    assert tried["reach"] is None
    assert (await client.run(COUNT))["segments"]["totalCount"] == 0


async def test_each_mistake_in_criteria_is_reported(client: Product) -> None:
    wrong = {"attribute": {"field": "shoeSize", "op": "EQ", "value": 1}}

    answer = await client.run(CREATE, input=segment(criteria={"any": [wrong, GERMAN, wrong]}))

    paths = [error["path"] for error in answer["createSegment"]["errors"]]
    assert paths == [
        ["criteria", "any", "0", "attribute", "field"],
        ["criteria", "any", "2", "attribute", "field"],
    ]


async def test_a_preview_needs_criteria(client: Product) -> None:
    answer = await client.run(PREVIEW)

    assert [(e["code"], e["path"]) for e in answer["previewSegment"]["errors"]] == [
        ("REQUIRED", ["criteria"])
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "REQUIRED"),
        (" \t\n ", "REQUIRED"),
        ("a\nb", "INVALID"),
        ("a\0b", "INVALID"),
        ("a\u200bb", "INVALID"),
        ("\x1b[31mred", "INVALID"),
        ("x" * 201, "TOO_LONG"),
    ],
)
async def test_a_name_that_no_segment_may_have(client: Product, name: str, code: str) -> None:
    answer = (await client.run(CREATE, input=segment(name=name)))["createSegment"]

    assert answer["segment"] is None
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [(code, ["name"])]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Top accounts", "top ACCOUNTS"),
        ("Top accounts", "  Top   accounts "),
        ("Straße", "STRASSE"),
        ("Café", "Cafe\u0301"),
        ("ﬁrms", "Firms"),
        ("\u1fb3", "\u0391\u0345"),
    ],
)
async def test_a_name_is_taken_whatever_its_case_and_form(client: Product, first: str, second: str) -> None:
    await client.run(CREATE, input=segment(name=first))

    answer = (await client.run(CREATE, input=segment(name=second)))["createSegment"]

    assert answer["segment"] is None
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [("NAME_TAKEN", ["name"])]
    assert (await client.run(COUNT))["segments"]["totalCount"] == 1


async def test_a_name_may_be_taken_in_another_workspace(client: Product, server: Server) -> None:
    await client.run(CREATE, input=segment())

    async with server.sign_in(await new_viewer("Other")) as other:
        answer = await other.run(CREATE, input=segment())

    assert answer["createSegment"]["errors"] == []


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"type": "STATIC"}, "INVALID", ["criteria"]),
        ({"criteria": None, "activate": True}, "REQUIRED", ["criteria"]),
        ({"syncInterval": "PT1M"}, "INVALID", ["syncInterval"]),
        ({"syncInterval": "P1M"}, "INVALID", ["syncInterval"]),
        ({"description": "x" * 2001}, "TOO_LONG", ["description"]),
        ({"description": "\0"}, "INVALID", ["description"]),
        ({"hiddenFromIds": ["rubbish"]}, "NOT_FOUND", ["hiddenFromIds", "0"]),
    ],
)
async def test_other_mistakes_in_a_segment(
    client: Product, given: dict[str, Any], code: str, path: list[str]
) -> None:
    answer = (await client.run(CREATE, input=segment(**given)))["createSegment"]

    assert [(error["code"], error["path"]) for error in answer["errors"]] == [(code, path)]
    assert (await client.run(COUNT))["segments"]["totalCount"] == 0


async def test_an_edit_of_an_old_version_changes_nothing(client: Product) -> None:
    created = (await client.run(CREATE, input=segment()))["createSegment"]["segment"]
    edit = {"id": created["id"], "version": created["version"]}
    first = (await client.run(UPDATE, input=edit | {"name": "First"}))["updateSegment"]

    second = (await client.run(UPDATE, input=edit | {"name": "Second"}))["updateSegment"]

    assert first["errors"] == []
    assert first["segment"]["version"] == 2
    assert [(error["code"], error["path"]) for error in second["errors"]] == [("CONFLICT", ["version"])]
    seen = await client.run("query ($id: ID!) { segment(id: $id) { name version } }", id=created["id"])
    assert seen["segment"] == {"name": "First", "version": 2}


async def test_an_edit_cannot_take_the_criteria_of_an_active_segment(client: Product) -> None:
    created = (await client.run(CREATE, input=segment()))["createSegment"]["segment"]

    answer = (await client.run(UPDATE, input={"id": created["id"], "criteria": None}))["updateSegment"]

    assert [(error["code"], error["path"]) for error in answer["errors"]] == [("REQUIRED", ["criteria"])]


async def test_an_edit_of_the_name_leaves_the_rest(client: Product) -> None:
    created = (await client.run(CREATE, input=segment()))["createSegment"]["segment"]

    answer = (await client.run(UPDATE, input={"id": created["id"], "name": "New"}))["updateSegment"]

    assert answer["errors"] == []
    assert answer["segment"]["name"] == "New"
    assert answer["segment"]["criteria"] == GERMAN


async def test_bad_rows_are_reported_and_good_rows_are_stored(client: Product) -> None:
    rows: list[dict[str, Any]] = [
        {"externalId": "good-1", "attributes": {"plan": "gold"}},
        {"externalId": "", "name": "Nobody"},
        {"externalId": "mail", "email": "not an address"},
        {"externalId": "good-1", "name": "Again"},
        {"externalId": "type", "attributes": {"plan": 5}},
        {"externalId": "object", "attributes": {"plan": {"nested": True}}},
        {"externalId": "reserved", "attributes": {"country": "DE"}},
        {"externalId": "nul", "name": "a\0b"},
        {"externalId": "nul inside", "shippingAddress": {"street": ["a\0b"]}},
        {"externalId": "big", "billingAddress": {"street": "x" * 4_000}},
        {"externalId": "long", "tags": ["x" * 101]},
        {"externalId": "money", "revenue": "1.23456"},
        {"externalId": "good-2", "revenue": "12.50", "attributes": {"plan": None}},
    ]

    report = (await client.run(UPSERT, members=rows))["upsertMembers"]

    assert (report["created"], report["updated"], report["unchanged"], report["errors"]) == (11, 0, 0, [])
    assert [(error["index"], error["code"], error["path"]) for error in report["rowErrors"]] == [
        (1, "REQUIRED", ["externalId"]),
        (2, "INVALID", ["email"]),
        (3, "DUPLICATE", ["externalId"]),
        (4, "WRONG_TYPE", ["attributes", "plan"]),
        (5, "WRONG_TYPE", ["attributes", "plan"]),
        (6, "INVALID", ["attributes", "country"]),
        (7, "INVALID", ["name"]),
        (8, "INVALID", ["shippingAddress"]),
        (9, "INVALID", ["billingAddress"]),
        (10, "TOO_LONG", ["tags"]),
        (11, "INVALID", ["revenue"]),
    ]
    assert all(error["message"] for error in report["rowErrors"])
    stored = await client.run("{ members(kind: ACCOUNT) { nodes { externalId } } }")
    assert [node["externalId"] for node in stored["members"]["nodes"]] == [
        row["externalId"] for index, row in enumerate(rows) if index not in (1, 3)
    ]


async def test_too_many_rows_are_refused_whole(client: Product) -> None:
    rows = [{"externalId": str(number)} for number in range(1_001)]

    report = (await client.run(UPSERT, members=rows))["upsertMembers"]

    assert [(error["code"], error["path"]) for error in report["errors"]] == [("TOO_LARGE", ["members"])]
    assert (await client.run(COUNT))["members"]["totalCount"] == 0


TAG = """
    mutation ($input: TagMembersInput!) {
      tagMembers(input: $input) { changed unchanged notFound errors { code path } }
    }
"""


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"add": ["x"]}, "REQUIRED", ["memberIds"]),
        ({"memberIds": [], "add": ["x"]}, "REQUIRED", ["memberIds"]),
        ({"externalIds": ["a"], "add": ["x"]}, "REQUIRED", ["kind"]),
        (
            {"externalIds": ["a"], "memberIds": ["b"], "kind": "ACCOUNT", "add": ["x"]},
            "INVALID",
            ["externalIds"],
        ),
        ({"externalIds": ["a"], "kind": "ACCOUNT"}, "REQUIRED", ["add"]),
        ({"externalIds": ["a"], "kind": "ACCOUNT", "add": ["x"], "remove": ["x"]}, "INVALID", ["remove"]),
        ({"externalIds": ["a"], "kind": "ACCOUNT", "remove": [" "]}, "REQUIRED", ["add"]),  # blank: none
    ],
)
async def test_mistakes_in_tagging(
    client: Product, given: dict[str, Any], code: str, path: list[str]
) -> None:
    answer = (await client.run(TAG, input=given))["tagMembers"]

    assert [(error["code"], error["path"]) for error in answer["errors"]] == [(code, path)]


async def test_members_that_are_not_there_are_named(client: Product) -> None:
    await client.run(UPSERT, members=[{"externalId": "a", "tags": ["old"]}])
    given = {"kind": "ACCOUNT", "externalIds": ["a", "b", "\0", "x" * 300], "add": ["new"], "remove": ["old"]}

    answer = (await client.run(TAG, input=given))["tagMembers"]
    by_id = (await client.run(TAG, input={"memberIds": ["rubbish"], "add": ["new"]}))["tagMembers"]

    assert answer == {"changed": 1, "unchanged": 0, "notFound": ["b", "\0", "x" * 300], "errors": []}
    assert by_id == {"changed": 0, "unchanged": 0, "notFound": ["rubbish"], "errors": []}
    again = (await client.run(TAG, input=given))["tagMembers"]
    assert (again["changed"], again["unchanged"]) == (0, 1)


async def test_half_a_surrogate_pair_is_no_json(client: Product) -> None:
    answer = await client.raw(COUNT + "# \ud800")

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_REQUEST"]


@pytest.mark.parametrize(
    ("text", "says"), [("\0", "U+0000"), ("x" * 300, "at most 200 characters, and this one 300")]
)
async def test_texts_that_nothing_can_have_find_nothing(client: Product, text: str, says: str) -> None:
    by_external_id = "query ($text: String!) { memberByExternalId(kind: ACCOUNT, externalId: $text) { id } }"
    assert await client.run(by_external_id, text=text) == {"memberByExternalId": None}

    for query in (
        "query ($text: String!) { members(kind: ACCOUNT, search: $text) { totalCount } }",
        "query ($text: String!) { segments(search: $text) { totalCount } }",
    ):
        [error, *_] = (await client.raw(query, text=text))["errors"]
        assert error["extensions"]["code"] == "INVALID"
        assert error["extensions"]["path"] == ["search"]
        assert says in error["message"]


async def test_criteria_that_take_too_long_are_an_error_of_the_payload(
    client: Product, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = context.settings.model_copy(update={"preview_timeout_seconds": 1e-3})
    monkeypatch.setattr(type(context), "settings", slow, raising=False)
    await client.run(
        UPSERT, members=[{"externalId": str(number), "name": "n" * 400} for number in range(1_000)]
    )
    leaves = [{"attribute": {"field": "name", "op": "CONTAINS", "value": f"x{n}"}} for n in range(400)]

    answer = (await client.run(PREVIEW, criteria={"any": leaves}))["previewSegment"]

    assert [error["code"] for error in answer["errors"]] == ["CRITERIA_TOO_SLOW"]
    assert answer["memberCount"] is None


async def test_team_members_make_private_segments_and_change_only_their_own(
    client: Product, server: Server, viewer: Viewer
) -> None:
    theirs = (await client.run(CREATE, input=segment()))["createSegment"]["segment"]["id"]
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)

    async with server.sign_in(member) as team_member:
        mine = (await team_member.run(CREATE, input=segment(name="Mine", visibility="WORKSPACE")))[
            "createSegment"
        ]
        own = mine["segment"]["id"]
        seen = await team_member.run("query ($id: ID!) { segment(id: $id) { visibility } }", id=own)
        opened = (await team_member.run(UPDATE, input={"id": own, "visibility": "WORKSPACE"}))[
            "updateSegment"
        ]
        foreign = (await team_member.run(UPDATE, input={"id": theirs, "name": "Taken over"}))["updateSegment"]

    assert seen["segment"]["visibility"] == "PRIVATE"
    assert [(error["code"], error["path"]) for error in opened["errors"]] == [("FORBIDDEN", ["visibility"])]
    assert [error["code"] for error in foreign["errors"]] == ["FORBIDDEN"]
    names = await client.run("{ segments(orderBy: {field: NAME}) { nodes { name visibility } } }")
    assert names["segments"]["nodes"] == [
        {"name": "Germans", "visibility": "WORKSPACE"},
        {"name": "Mine", "visibility": "PRIVATE"},
    ]


async def test_a_segment_is_hidden_from_those_it_is_hidden_from(
    client: Product, server: Server, viewer: Viewer
) -> None:
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    async with server.sign_in(member) as leader:
        leader_id = (await leader.run("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
        hidden = (await client.run(CREATE, input=segment(hiddenFromIds=[leader_id])))["createSegment"][
            "segment"
        ]["id"]

        seen = await leader.run(
            "query ($id: ID!) { segment(id: $id) { id } node(id: $id) { id } segments { totalCount } }",
            id=hidden,
        )
        edited = (await leader.run(UPDATE, input={"id": hidden, "name": "x"}))["updateSegment"]

    assert seen == {"segment": None, "node": None, "segments": {"totalCount": 0}}
    assert [error["code"] for error in edited["errors"]] == ["NOT_FOUND"]
    shown = await client.run("query ($id: ID!) { segment(id: $id) { hiddenFrom { id } } }", id=hidden)
    assert shown["segment"]["hiddenFrom"] == [{"id": leader_id}]

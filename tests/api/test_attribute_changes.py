"""The catalogue repaired: attributes get another type or name, are merged or deleted, while others read and write."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.models.imports import Import
from seggraph.services.catalogue import catalogues
from seggraph.services.members import bulk_edit_runs
from seggraph.settings import Settings
from seggraph.vocabulary import BulkEditStatus, ImportStatus, MemberKind, Role
from tests.api.test_bulk_edits import HALTED, over
from tests.api.world import called
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Product, Server, working
from tests.services.test_killed_worker import eventually, worker_process

CHANGE = """
    mutation ($i: ChangeAttributeInput!) { changeAttribute(input: $i) {
      bulkEdit { id status action total attributeChange {
        type name formerName fromType toType lostCount isUndoing segments { segmentId memberCountBefore }
      } }
      errors { code message path } } }
"""
PREVIEW = """
    query ($kind: MemberKind!, $name: String!, $change: AttributeChangeInput!, $thisWins: Boolean! = false) {
      attributeChangePreview(kind: $kind, name: $name, change: $change, thisWins: $thisWins) {
        change memberCount keptCount lostCount warnings lostValues { value other count externalId }
        uses { type id name memberCountBefore memberCountAfter problem } } }
"""
CANCEL = """
    mutation ($id: ID!) { cancelAttributeChange(input: {id: $id}) { bulkEdit { id } errors { code message path } } }
"""
RESUME = CANCEL.replace("cancel", "resume")
UPSERT = """
    mutation ($rows: [MemberInput!]!) { upsertMembers(input: {kind: ACCOUNT, members: $rows}) {
      created updated unchanged rowErrors { index code message path } errors { code message } } }
"""
LISTED = """
    query ($where: CriteriaInput, $orderBy: MemberOrder) {
      members(kind: ACCOUNT, first: 50, where: $where, orderBy: $orderBy) { nodes { externalId attributes } } }
"""
FIELDS = "{ criteriaFields(kind: ACCOUNT) { name type memberCount label isPersonal isCustom } }"
SEGMENT = "query ($id: ID!) { segment(id: $id) { memberCount criteriaText reach { status } } }"
COUNT = 3_000
FILL = """
    WITH made AS (INSERT INTO populations VALUES (DEFAULT, $1, 2, $2)), declared AS (
      INSERT INTO attributes (workspace_id, kind, name, type) VALUES ($1, 2, 'seats', 'STRING')
    )
    INSERT INTO members (workspace_id, kind, ordinal, external_id, tags, attributes)
    SELECT $1, 2, n, 'a' || n, '{}', jsonb_build_object('seats', n::text) FROM generate_series(0, $2 - 1) AS n
"""


@pytest.fixture
async def product(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    """The administrator. No worker is running."""
    async with server.sign_in(viewer) as client:
        yield client


@pytest.fixture
async def filled(product: Product, viewer: Viewer, connection: asyncpg.Connection) -> Product:
    """The administrator of 3,000 accounts, whose number of seats is a text."""
    await connection.execute(FILL, viewer.workspace_id, COUNT)
    return product


async def put(product: Product, **attributes: dict[str, Any]) -> list[dict[str, Any]]:
    """Accounts with these attributes, by external id; returns the errors of rows."""
    rows = [{"externalId": name, "attributes": given} for name, given in attributes.items()]
    answer = (await product.run(UPSERT, rows=rows))["upsertMembers"]
    assert answer["errors"] == []
    errors: list[dict[str, Any]] = answer["rowErrors"]
    return errors


async def preview(product: Product, name: str, **given: Any) -> dict[str, Any]:
    """What a change would do."""
    wins = given.pop("thisWins", False)
    found: dict[str, Any] = (
        await product.run(PREVIEW, kind="ACCOUNT", name=name, change=given, thisWins=wins)
    )["attributeChangePreview"]
    return found


async def asked(product: Product, name: str, change: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What changeAttribute answers."""
    given = {"kind": "ACCOUNT", "name": name, "change": change} | more
    answer: dict[str, Any] = (await product.run(CHANGE, i=given))["changeAttribute"]
    return answer


async def begun(product: Product, name: str, change: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The bulk edit of a change that was begun."""
    answer = await asked(product, name, change, **more)
    assert answer["errors"] == []
    edit: dict[str, Any] = answer["bulkEdit"]
    return edit


async def carried_out(context: Context, product: Product, edit: dict[str, Any]) -> dict[str, Any]:
    """The edit after a worker carried it out."""
    async with working(context):
        done = await over(product, edit["id"])
    assert done["status"] == "COMPLETED"
    return done


async def values(product: Product, **narrowed: Any) -> dict[str, Any]:
    """The attributes of the accounts, by external id."""
    nodes = (await product.run(LISTED, **narrowed))["members"]["nodes"]
    return {node["externalId"]: node["attributes"] for node in nodes}


async def fields(product: Product) -> dict[str, tuple[str, int]]:
    """The type of each attribute, and how many members have it."""
    found = (await product.run(FIELDS))["criteriaFields"]
    return {field["name"]: (field["type"], field["memberCount"]) for field in found if field["isCustom"]}


def is_(field: str, op: str, value: Any) -> dict[str, Any]:
    """A condition."""
    return {"attribute": {"field": field, "op": op, "value": value}}


async def segment_of(product: Product, name: str, criteria: dict[str, Any], **more: Any) -> str:
    """A segment with criteria."""
    given = {"name": name, "kind": "ACCOUNT", "type": "DYNAMIC", "criteria": criteria} | more
    return str((await called(product, "createSegment", "segment { id }", **given))["segment"]["id"])


async def counted(product: Product, segment: str, count: int) -> dict[str, Any]:
    """The segment when it has so many members."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found: dict[str, Any] = (await product.run(SEGMENT, id=segment))["segment"]
            if found["reach"]["status"] == "READY" and found["memberCount"] == count:
                return found
            await asyncio.sleep(0.05)


CONVERSIONS: list[tuple[Any, str, Any]] = [
    (2139, "STRING", "2139"),
    (1.5, "STRING", "1.5"),
    (True, "STRING", "true"),
    (["a"], "STRING", "a"),
    (["a", "b"], "STRING", None),
    ([], "STRING", None),
    ("2026-01-31", "STRING", "2026-01-31"),
    ("2139", "NUMBER", 2139),
    ("-12.5", "NUMBER", -12.5),
    ("1.50", "NUMBER", 1.5),
    ("0", "NUMBER", 0),
    ("0.0", "NUMBER", 0),
    ("9223372036854775807", "NUMBER", 9223372036854775807),
    ("9223372036854775808", "NUMBER", None),
    ("02139", "NUMBER", None),
    ("-0", "NUMBER", None),
    ("+5", "NUMBER", None),
    ("1e5", "NUMBER", None),
    ("1,234", "NUMBER", None),
    (" 5", "NUMBER", None),
    ("0.1234567890123456789", "NUMBER", None),
    ("SW1A 1AA", "NUMBER", None),
    ("", "NUMBER", None),
    (True, "NUMBER", 1),
    (["5"], "NUMBER", None),
    ("true", "BOOLEAN", True),
    ("FALSE", "BOOLEAN", False),
    ("maybe", "BOOLEAN", None),
    (0, "BOOLEAN", False),
    (2, "BOOLEAN", None),
    ("2026-01-31", "DATE", "2026-01-31"),
    ("2026-02-30", "DATE", None),
    ("31.01.2026", "DATE", None),
    ("2026-01-30T23:00:00.000000Z", "DATE", "2026-01-31"),
    ("2026-01-31T09:30:00.000000Z", "DATE", None),
    ("2026-01-31", "DATETIME", "2026-01-30T23:00:00.000000Z"),
    ("2026-01-31T09:30:00+02:00", "DATETIME", "2026-01-31T07:30:00.000000Z"),
    ("2026-01-31 09:30", "DATETIME", "2026-01-31T08:30:00.000000Z"),
    ("2026-01-31T25:00:00Z", "DATETIME", None),
    (5, "DATETIME", None),
    ("a", "STRING_LIST", ["a"]),
    ("", "STRING_LIST", None),
    (5, "STRING_LIST", ["5"]),
    (["a", "b"], "STRING_LIST", ["a", "b"]),
]


async def test_a_value_is_converted_only_if_the_result_says_the_same(connection: asyncpg.Connection) -> None:
    for value, type_, expected in CONVERSIONS:
        found = await connection.fetchval(
            "SELECT seggraph_converted($1::jsonb, $2, 'Europe/Berlin')", json.dumps(value), type_
        )
        made = None if found is None else json.loads(found)
        assert (made, type(made)) == (expected, type(expected)), (value, type_)
        if found is not None:  # what was converted stays as it is when it is converted again
            again = await connection.fetchval(
                "SELECT seggraph_converted($1::jsonb, $2, 'Europe/Berlin')", found, type_
            )
            assert again == found


async def test_nothing_is_lost_unless_that_was_asked_for(product: Product, context: Context) -> None:
    await put(
        product, e1={"zip": "27215"}, e3={"zip": "02139"}, e4={"zip": "SW1A 1AA"}, e5={"zip": "02139"}, e6={}
    )
    before = await values(product)

    # given a type that some values do not fit
    seen = await preview(product, "zip", toType="NUMBER")
    assert (seen["change"], seen["memberCount"], seen["keptCount"], seen["lostCount"]) == ("CONVERT", 4, 1, 3)
    assert [(lost["value"], lost["count"], lost["externalId"]) for lost in seen["lostValues"]] == [
        ("02139", 2, "e3"),
        ("SW1A 1AA", 1, "e4"),
    ]

    # then it is refused, and nothing is another
    refused = await asked(product, "zip", {"toType": "NUMBER"})
    assert refused["bulkEdit"] is None
    assert [(one["code"], one["path"]) for one in refused["errors"]] == [("WRONG_TYPE", ["change", "toType"])]
    assert "3 values" in refused["errors"][0]["message"]
    assert await values(product) == before
    assert await fields(product) == {"zip": ("STRING", 4)}

    # and who asks for it loses just these values
    edit = await begun(product, "zip", {"toType": "NUMBER"}, notConvertible="CLEAR")
    assert edit["attributeChange"]["lostCount"] == 3
    await carried_out(context, product, edit)
    assert await values(product) == {"e1": {"zip": 27215}, "e3": {}, "e4": {}, "e5": {}, "e6": {}}
    assert await fields(product) == {"zip": ("NUMBER", 1)}

    # and what a number had lost before is said
    seen = await preview(product, "zip", toType="STRING")
    assert "leading zeros" in seen["warnings"][0]
    assert (seen["keptCount"], seen["lostCount"]) == (1, 0)
    await carried_out(context, product, await begun(product, "zip", {"toType": "STRING"}))
    assert await put(product, e4={"zip": "SW1A 1AA"}, e3={"zip": "02139"}) == []
    assert (await values(product))["e3"] == {"zip": "02139"}
    suggested = await product.run('{ valueSuggestions(kind: ACCOUNT, field: "zip") { value count exact } }')
    assert [tuple(one.values()) for one in suggested["valueSuggestions"]] == [
        ("02139", 1, True),
        ("27215", 1, True),
        ("SW1A 1AA", 1, True),
    ]


async def test_everybody_sees_a_change_at_once_and_a_worker_makes_it_so(
    filled: Product, context: Context, connection: asyncpg.Connection
) -> None:
    async with working(context):
        texts = await segment_of(filled, "Texts", is_("seats", "STARTS_WITH", "29"))
        equal = await segment_of(filled, "Equal", is_("seats", "EQ", "5"))
        await counted(filled, texts, 111)
        await counted(filled, equal, 1)

    # given what the change would do to segments
    seen = await preview(filled, "seats", toType="NUMBER")
    assert (seen["keptCount"], seen["lostCount"]) == (COUNT, 0)
    effects = {use["name"]: use for use in seen["uses"]}
    assert effects["Texts"]["id"] == texts
    assert "STARTS_WITH" in effects["Texts"]["problem"]
    assert (effects["Equal"]["memberCountBefore"], effects["Equal"]["problem"]) == (
        1,
        effects["Equal"]["problem"],
    )

    # then it is refused because of one whose criteria would be wrong, by name
    refused = await asked(filled, "seats", {"toType": "NUMBER"})
    assert [(one["code"], one["path"]) for one in refused["errors"]] == [("ATTRIBUTE_IN_USE", ["change"])]
    assert '"Texts"' in refused["errors"][0]["message"]

    # when it is wanted all the same, before any worker has done anything
    edit = await begun(filled, "seats", {"toType": "NUMBER"}, allowBroken=True)
    change = edit["attributeChange"]
    assert (edit["action"], edit["total"]) == ("CHANGE_ATTRIBUTE", COUNT)
    assert (change["type"], change["fromType"], change["toType"]) == ("CONVERT", "STRING", "NUMBER")
    assert {one["segmentId"]: one["memberCountBefore"] for one in change["segments"]} == {
        texts: 111,
        equal: 1,
    }
    stored = "SELECT count(*) FROM members WHERE jsonb_typeof(attributes -> 'seats') = 'number'"
    assert await connection.fetchval(stored) == 0

    # then lists, criteria and orders see numbers
    assert await values(filled, where=is_("seats", "GT", 2_997)) == {
        "a2998": {"seats": 2998},
        "a2999": {"seats": 2999},
    }
    highest = await filled.run(
        """{ members(kind: ACCOUNT, first: 2, orderBy: {field: "seats", direction: DESC}) {
             nodes { attributes } } }"""
    )
    assert [node["attributes"] for node in highest["members"]["nodes"]] == [{"seats": 2999}, {"seats": 2998}]
    assert (await fields(filled))["seats"][0] == "NUMBER"
    # and writers meet the new type, also for members whose turn has not come
    errors = await put(filled, a7={"seats": "eight"}, a8={"seats": 80}, a9={"other": "x"}, new={"seats": 1})
    assert [(one["index"], one["code"], one["path"]) for one in errors] == [
        (0, "WRONG_TYPE", ["attributes", "seats"])
    ]
    assert (await values(filled, where=is_("externalId", "EQ", "a9")))["a9"] == {"seats": 9, "other": "x"}

    # when a worker has carried it out
    large = None
    async with working(context):
        done = await over(filled, edit["id"])
        large = await segment_of(filled, "Large", is_("seats", "GTE", 2_990))
        await counted(filled, large, 10)
    assert (done["status"], done["done"]) == ("COMPLETED", COUNT)
    assert await connection.fetchval(stored) == COUNT + 1
    # then each portion was a transaction of its own, and the catalogue is at rest
    assert await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM members") > 2
    assert await connection.fetchval("SELECT count(*) FROM attributes WHERE change IS NOT NULL") == 0
    assert await fields(filled) == {"seats": ("NUMBER", COUNT + 1), "other": ("STRING", 1)}
    # and the segment with wrong criteria keeps its members and says what is wrong
    failed = (
        await filled.run("query ($id: ID!) { segment(id: $id) { memberCount reach { status } } }", id=texts)
    )["segment"]
    assert failed == {"memberCount": 111, "reach": {"status": "FAILED"}}


async def test_another_worker_goes_on_after_one_was_killed(
    filled: Product, context: Context, settings: Settings, connection: asyncpg.Connection
) -> None:
    async with worker_process(settings) as process:
        holding = connection.transaction()
        await holding.start()
        await connection.execute("SELECT FROM members WHERE ordinal = 2000 FOR UPDATE")
        edit = await begun(filled, "seats", {"toType": "NUMBER"})
        await eventually(connection, HALTED)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await holding.rollback()
    kinds = "SELECT count(DISTINCT jsonb_typeof(attributes -> 'seats')) FROM members"
    assert await connection.fetchval(kinds) == 2
    # meanwhile all are read alike
    assert len(await values(filled, where=is_("seats", "LT", 50))) == 50

    done = await carried_out(context, filled, edit)
    assert (done["done"], done["changed"]) == (COUNT, COUNT)
    assert await connection.fetchval(kinds) == 1
    assert await connection.fetchval("SELECT count(*) FROM members WHERE version = 2") == COUNT


async def test_a_change_is_taken_back_in_the_middle(
    filled: Product, context: Context, connection: asyncpg.Connection
) -> None:
    edit = await begun(filled, "seats", {"toType": "NUMBER"})
    holding = connection.transaction()
    await holding.start()
    await connection.execute("SELECT FROM members WHERE ordinal = 2000 FOR UPDATE")
    async with working(context):
        await eventually(connection, HALTED)
        wrong = await filled.run(
            "mutation ($id: ID!) { cancelBulkEdit(input: {id: $id}) { errors { code message } } }",
            id=edit["id"],
        )
        assert "cancelAttributeChange" in wrong["cancelBulkEdit"]["errors"][0]["message"]
        await holding.rollback()
        answer = (await filled.run(CANCEL, id=edit["id"]))["cancelAttributeChange"]
        if answer["errors"]:  # it was over first
            assert [one["code"] for one in answer["errors"]] == ["BAD_TRANSITION"]
            return
        done = await over(filled, answer["bulkEdit"]["id"])
    assert done["status"] == "COMPLETED"
    assert await fields(filled) == {"seats": ("STRING", COUNT)}
    rows = await connection.fetch("SELECT ordinal, attributes ->> 'seats' AS seats FROM members")
    assert all(row["seats"] == str(row["ordinal"]) for row in rows)
    texts = "SELECT bool_and(jsonb_typeof(attributes -> 'seats') = 'string') FROM members"
    assert await connection.fetchval(texts) is True


async def test_a_change_that_failed_is_resumed_or_taken_back(
    filled: Product, context: Context, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failed(edit: dict[str, Any]) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(bulk_edit_runs, "IDS", "SELECT nothing FROM members WHERE $1 = $2 AND $3")
            _, number = ids.split(edit["id"]) or ("", 0)
            for _ in range(5):
                status = await bulk_edit_runs.run(context, int(number))
                await connection.execute("UPDATE bulk_edits SET retry_at = NULL")
            assert status is BulkEditStatus.FAILED

    edit = await begun(filled, "seats", {"toType": "NUMBER"})
    await failed(edit)
    # given a change that failed, all are read as numbers still, and no other change begins
    assert len(await values(filled, where=is_("seats", "LT", 10))) == 10
    other = await asked(filled, "seats", {"newName": "places"})
    assert [one["code"] for one in other["errors"]] == ["BAD_TRANSITION"]

    resumed = (await filled.run(RESUME, id=edit["id"]))["resumeAttributeChange"]
    assert resumed["errors"] == []
    await carried_out(context, filled, resumed["bulkEdit"])
    assert await fields(filled) == {"seats": ("NUMBER", COUNT)}
    for mutation in (RESUME, CANCEL):
        [answer] = (await filled.run(mutation, id=edit["id"])).values()
        assert [one["code"] for one in answer["errors"]] == ["BAD_TRANSITION"]

    edit = await begun(filled, "seats", {"newName": "places"})
    await failed(edit)
    answer = (await filled.run(CANCEL, id=edit["id"]))["cancelAttributeChange"]
    assert answer["errors"] == []
    await carried_out(context, filled, answer["bulkEdit"])
    assert await fields(filled) == {"seats": ("NUMBER", COUNT)}


async def test_what_names_an_attribute_follows_a_new_name(
    product: Product, context: Context, connection: asyncpg.Connection
) -> None:
    await put(product, a={"plan": "gold", "n": 1}, b={"plan": "free"}, c={})
    await called(
        product,
        "updateAttribute",
        "attribute { name }",
        kind="ACCOUNT",
        name="plan",
        label="Plan",
        isPersonal=True,
    )
    async with working(context):
        own = await segment_of(
            product, "Own", {"all": [is_("plan", "EQ", "gold"), {"not": is_("n", "EQ", 2)}]}
        )
        people = {"related": {"relation": "account", "where": is_("plan", "EQ", "gold")}}
        theirs = await segment_of(product, "People", people, kind="PERSON")
        static = await segment_of(product, "Fed", None, type="STATIC")  # type: ignore[arg-type]
        has_one = {"attribute": {"field": "plan", "op": "IS_SET"}}
        given = {"kind": "ACCOUNT", "criteria": has_one, "addToSegmentIds": [static]}
        await called(product, "createPlaybook", "playbook { id }", name="Feeds", **given)
        await called(
            product,
            "createDestination",
            "destination { id }",
            name="Hook",
            type="HTTP",
            url="https://93.184.216.34/hook",
            mapping={"email": "$email", "tier": "$attributes.plan"},
        )
        await counted(product, own, 1)
        await counted(product, static, 2)
        await counted(product, theirs, 0)
    await connection.execute(
        """INSERT INTO import_templates (workspace_id, kind, shape, file_name, columns, mapping, choices, uses)
           SELECT id, 2, 'x', 'f.csv', '[]', '[{"column": "Id", "field": "externalId"},
             {"column": "Plan", "field": "plan"}]', '{}', 1 FROM workspaces"""
    )

    seen = await preview(product, "plan", newName="tier")
    assert {(use["type"], use["name"]) for use in seen["uses"]} == {
        ("Segment", "Own"),
        ("Segment", "People"),
        ("Playbook", "Feeds"),
        ("Destination", "Hook"),
        ("ImportTemplate", "f.csv"),
    }
    assert [use["problem"] for use in seen["uses"]] == [None] * 5
    edit = await begun(product, "plan", {"newName": "tier"})

    # then all of it has the new name in one instant, before any member was changed
    assert (await product.run(SEGMENT, id=own))["segment"]["criteriaText"] == "tier = 'gold' AND NOT n = 2"
    assert "tier" in (await product.run(SEGMENT, id=theirs))["segment"]["criteriaText"]
    asked_for = json.loads(await connection.fetchval("SELECT criteria::text FROM playbooks"))
    assert asked_for == {"attribute": {"field": "tier", "op": "IS_SET"}}
    assert "$attributes.tier" in await connection.fetchval("SELECT mapping::text FROM destinations")
    assert '"tier"' in await connection.fetchval("SELECT mapping::text FROM import_templates")
    assert await values(product, where=is_("tier", "EQ", "gold")) == {"a": {"tier": "gold", "n": 1}}
    # and the old name is no attribute, nor made anew, while the values move
    [error] = await put(product, b={"plan": "x"})
    assert error["code"] == "INVALID"
    assert "'tier'" in error["message"]
    assert await put(product, b={"tier": None}, c={"tier": "new"}) == []

    async with working(context):
        assert (await over(product, edit["id"]))["status"] == "COMPLETED"
        await counted(product, own, 1)
        await counted(product, static, 2)
    assert await values(product) == {"a": {"tier": "gold", "n": 1}, "b": {}, "c": {"tier": "new"}}
    listed = (await product.run(FIELDS))["criteriaFields"]
    found = {field["name"]: field for field in listed if field["isCustom"]}
    assert set(found) == {"tier", "n"}
    assert (found["tier"]["memberCount"], found["tier"]["label"], found["tier"]["isPersonal"]) == (
        2,
        "Plan",
        True,
    )
    assert await connection.fetchval("SELECT count(*) FROM attributes") == 2
    # and a new name that is taken, or none, is refused
    for name, code in (
        ("n", "NAME_TAKEN"),
        ("country", "INVALID"),
        ("", "REQUIRED"),
        ("x" * 101, "TOO_LONG"),
    ):
        refused = await asked(product, "tier", {"newName": name})
        assert [(one["code"], one["path"]) for one in refused["errors"]] == [(code, ["change", "newName"])]


@pytest.mark.parametrize("this_wins", [False, True])
async def test_two_attributes_become_one(product: Product, context: Context, *, this_wins: bool) -> None:
    await put(
        product,
        a={"Plan": "gold", "plan": "free"},
        b={"Plan": "gold"},
        c={"plan": "free"},
        d={"Plan": "same", "plan": "same"},
    )
    segment = await segment_of(product, "Gold", is_("Plan", "EQ", "gold"))

    seen = await preview(product, "Plan", mergeInto="plan", thisWins=this_wins)
    assert (seen["change"], seen["memberCount"], seen["keptCount"], seen["lostCount"]) == ("MERGE", 3, 2, 1)
    assert [(lost["value"], lost["other"]) for lost in seen["lostValues"]] == [("gold", "free")]
    [use] = seen["uses"]
    assert (use["memberCountBefore"], use["memberCountAfter"]) == (2, 2 if this_wins else 1)

    edit = await begun(product, "Plan", {"mergeInto": "plan"}, thisWins=this_wins)
    expected = {
        "a": {"plan": "gold" if this_wins else "free"},
        "b": {"plan": "gold"},
        "c": {"plan": "free"},
        "d": {"plan": "same"},
    }
    assert await values(product) == expected
    refused = (await product.run(CANCEL, id=edit["id"]))["cancelAttributeChange"]
    assert [one["code"] for one in refused["errors"]] == ["BAD_TRANSITION"]
    async with working(context):
        await over(product, edit["id"])
        await counted(product, segment, 2 if this_wins else 1)
    assert await values(product) == expected
    assert await fields(product) == {"plan": ("STRING", 4)}
    # and two of different types are not one
    await put(product, a={"n": 5})
    refused = await asked(product, "n", {"mergeInto": "plan"})
    assert [(one["code"], one["path"]) for one in refused["errors"]] == [("INVALID", ["change", "mergeInto"])]


async def test_only_what_nothing_uses_is_deleted(
    product: Product, server: Server, context: Context, connection: asyncpg.Connection
) -> None:
    await put(product, a={"plan": "gold", "LastCallDate": "soon"}, b={"plan": "free"})
    viewer = product.viewer
    assert viewer is not None
    team = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    segment = await segment_of(
        product, "Gold", is_("plan", "EQ", "gold"), hiddenFromIds=[ids.encode("User", team.user_id or 0)]
    )

    refused = await asked(product, "plan", {"delete": True})
    assert [(one["code"], one["path"]) for one in refused["errors"]] == [("ATTRIBUTE_IN_USE", ["name"])]
    assert 'the segment "Gold"' in refused["errors"][0]["message"]
    async with server.sign_in(team) as theirs:
        refused = await asked(theirs, "plan", {"delete": True})
        assert "a segment that you may not see" in refused["errors"][0]["message"]
        assert "Gold" not in refused["errors"][0]["message"]
        seen = (await preview(theirs, "plan", toType="STRING_LIST"))["uses"]
        assert [(use["type"], use["id"], use["name"]) for use in seen] == [("Segment", None, None)]
        refused = await asked(theirs, "plan", {"newName": "tier"})
        assert [one["code"] for one in refused["errors"]] == ["FORBIDDEN"]
        assert "Gold" not in refused["errors"][0]["message"]

    # when nothing uses it any more, also a team member deletes it
    await called(product, "archiveSegment", "segment { id }", id=segment)
    await called(product, "deleteSegment", "deletedId", id=segment)
    async with server.sign_in(team) as theirs:
        edit = await begun(theirs, "plan", {"delete": True})
    assert await fields(product) == {"LastCallDate": ("STRING", 1)}
    assert await values(product) == {"a": {"LastCallDate": "soon"}, "b": {}}
    [error] = await put(product, a={"plan": "back"})
    assert error["code"] == "INVALID"
    declared = await product.run(
        'mutation { declareAttribute(input: {kind: ACCOUNT, name: "plan", type: NUMBER}) { errors { code path } } }'
    )
    assert declared["declareAttribute"]["errors"] == [{"code": "BAD_TRANSITION", "path": ["name"]}]
    # and it is there again when that is cancelled
    answer = (await product.run(CANCEL, id=edit["id"]))["cancelAttributeChange"]
    assert answer == {"bulkEdit": None, "errors": []}
    assert (await values(product))["b"] == {"plan": "free"}

    done = await carried_out(context, product, await begun(product, "plan", {"delete": True}))
    assert done["changed"] == 2
    assert await connection.fetchval("SELECT count(*) FROM members WHERE attributes ? 'plan'") == 0
    # and then another one may have the name
    assert await put(product, a={"plan": 5}) == []
    assert (await fields(product))["plan"] == ("NUMBER", 1)
    entries = await connection.fetch(
        "SELECT action FROM audit_entries WHERE subject = 'ATTRIBUTE' ORDER BY id"
    )
    assert [row["action"] for row in entries] == ["DELETED", "DELETED"]


async def test_what_is_no_change_is_said(product: Product, connection: asyncpg.Connection) -> None:
    await put(product, a={"plan": "gold"})
    for name, change, code, path in (
        ("nothing", {"toType": "NUMBER"}, "NOT_FOUND", ["name"]),
        ("country", {"delete": True}, "NOT_FOUND", ["name"]),
        ("plan", {}, "REQUIRED", ["change"]),
        ("plan", {"toType": "NUMBER", "delete": True}, "INVALID", ["change"]),
        ("plan", {"toType": "STRING"}, "INVALID", ["change", "toType"]),
        ("plan", {"mergeInto": "plan"}, "INVALID", ["change", "mergeInto"]),
        ("plan", {"mergeInto": "none"}, "NOT_FOUND", ["change", "mergeInto"]),
        ("plan\0", {"delete": True}, "NOT_FOUND", ["name"]),
    ):
        refused = await asked(product, name, change)
        assert [(one["code"], one["path"]) for one in refused["errors"]] == [(code, path)], (name, change)
    assert await connection.fetchval("SELECT count(*) FROM bulk_edits") == 0
    assert product.viewer is not None
    await Import.create(
        workspace_id=product.viewer.workspace_id,
        kind=MemberKind.ACCOUNT,
        status=ImportStatus.RUNNING,
        file="x",
        file_name="accounts.csv",
        file_size=1,
        file_sha256="x",
        file_encoding="utf-8",
        encoding="utf-8",
        delimiter=",",
        has_header=True,
        columns=[],
        suggestions=[],
        mapping=[{"column": "Plan", "field": "plan"}],
    )
    refused = await asked(product, "plan", {"newName": "tier"})
    assert [one["code"] for one in refused["errors"]] == ["BAD_TRANSITION"]


async def test_a_writer_who_read_the_catalogue_before_a_change_tries_again(
    product: Product, context: Context, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(product, a={"plan": "5"})
    read = catalogues.read_types

    async def outdated(*given: Any) -> catalogues.AttributeTypes:
        found = await read(*given)
        monkeypatch.setattr(catalogues, "read_types", read)
        await begun(product, "plan", {"toType": "NUMBER"})
        return found

    monkeypatch.setattr(catalogues, "read_types", outdated)
    answer = await product.raw(UPSERT, rows=[{"externalId": "a", "attributes": {"plan": "six"}}])
    assert [one["code"] for one in answer["data"]["upsertMembers"]["errors"]] == ["RETRY_LATER"]
    assert await values(product) == {"a": {"plan": 5}}

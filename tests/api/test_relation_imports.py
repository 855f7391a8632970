"""Relations and suppressions from files, and companies of people that become relations, as a client meets them."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.test_campaigns import answer
from tests.api.test_event_imports import EVENTS, rejected, suggested
from tests.api.test_imports import upload
from tests.product import Product

FILES = Path(__file__).parents[2] / "examples" / "files"

SUM = "added updated alreadyIn duplicate ignored failed merged removed pending"
IMPORT = f"""id status kind content relation channel reason read {SUM} partial related relatedNotFound relatedAmbiguous
    rejectedUrl error {{ code message }} mapping {{ column field }}
    suggestedMapping {{ column field confidence }} suggestedRelations {{ column field confidence }}
    columns {{ name samples interpreted ambiguities {{ setting }} }}"""
CREATE = f"""mutation ($i: CreateImportInput!) {{ createImport(input: $i) {{
    import {{ {IMPORT} }} errors {{ code message path }} }} }}"""
START = f"""mutation ($i: StartImportInput!) {{ startImport(input: $i) {{
    import {{ {IMPORT} }} errors {{ code message path }} }} }}"""
ACCOUNTS = """query ($kind: MemberKind!, $relation: String!) { members(kind: $kind, first: 20) { nodes { externalId
    related(relation: $relation) { externalId } } } }"""
SUPPRESSIONS = "{ suppressions(first: 50) { nodes { channel address reason suppressedAt } totalCount } }"
UPSERT = "mutation ($i: UpsertMembersInput!) { upsertMembers(input: $i) { rowErrors { message } } }"

PEOPLE = [
    {"externalId": "p1", "email": "ann@shop.example"},
    {"externalId": "p2", "email": "bo@shop.example"},
    {"externalId": "p3", "email": "twin@shop.example"},
    {"externalId": "p4", "email": "TWIN@shop.example"},
]
COMPANIES = [
    {"externalId": "a1", "name": "Acme", "domain": "acme.example"},
    {"externalId": "a2", "name": "Globex", "domain": "globex.example"},
    {"externalId": "a3", "name": "Twin", "domain": "one.example"},
    {"externalId": "a4", "name": "TWIN", "domain": "two.example"},
]


@pytest.fixture
async def members(product: Product) -> None:
    for kind, rows in (("PERSON", PEOPLE), ("ACCOUNT", COMPANIES)):
        assert await answer(product, UPSERT, i={"kind": kind, "members": rows}) == {"rowErrors": []}


async def created(product: Product, data: bytes | str, kind: str = "PERSON", **more: Any) -> dict[str, Any]:
    raw = data.encode() if isinstance(data, str) else data
    payload = (await upload(product, raw, kind, query=CREATE, **more)).json()["data"]["createImport"]
    assert payload["errors"] == []
    found: dict[str, Any] = payload["import"]
    return found


async def finished(product: Product, import_id: str, mapping: dict[str, str], **more: Any) -> dict[str, Any]:
    """The import as it is in the end; every row is accounted for."""
    pairs = [{"column": column, "field": field} for column, field in mapping.items()]
    return await over(product, import_id, pairs, **more)


async def over(product: Product, import_id: str, pairs: list[dict[str, str]], **more: Any) -> dict[str, Any]:
    """The same with pairs, which may name a column twice."""
    payload = await answer(product, START, i={"id": import_id, "mapping": pairs, **more})
    assert payload["errors"] == []
    query = EVENTS.replace(
        "alreadyIn", "pending related relatedNotFound relatedAmbiguous removed alreadyIn", 1
    )
    async with product.subscribe(query, id=import_id) as events:
        view: dict[str, Any] = await events.next()
        while view["status"] == "RUNNING":
            view = await events.next()
    assert view["status"] == "COMPLETED", view["error"]
    assert view["read"] == sum(view[name] for name in SUM.split())
    return view


def counts(view: dict[str, Any]) -> dict[str, int]:
    """The counts that are not zero."""
    names = f"read {SUM} partial related relatedNotFound relatedAmbiguous".split()
    return {name: view[name] for name in names if view[name]}


async def accounts(product: Product, kind: str = "PERSON", relation: str = "account") -> dict[str, list[str]]:
    page = await answer(product, ACCOUNTS, kind=kind, relation=relation)
    found = {
        one["externalId"]: sorted(other["externalId"] for other in one["related"]) for one in page["nodes"]
    }
    return {name: others for name, others in found.items() if others}


@pytest.mark.usefixtures("members")
async def test_people_and_accounts_are_related_by_a_file(product: Product) -> None:
    data = (
        "Contact Email,Company Domain\nann@shop.example,acme.example\nBO@shop.example,https://www.globex.example/x\n"
        "twin@shop.example,acme.example\nnobody@shop.example,acme.example\nann@shop.example,nowhere.example\n"
        "ann@shop.example,ACME.example\n,acme.example\nann@shop.example,\nTotal: 8,\n"
    )
    view = await created(product, data, content="RELATIONS")
    mapping = suggested(view)
    assert mapping == {"Contact Email": "memberEmail", "Company Domain": "relatedDomain"}
    expected = {"read": 9, "added": 2, "duplicate": 1, "ignored": 1, "failed": 5}
    dry = await finished(product, view["id"], mapping, relation="account", dryRun=True)
    assert counts(dry) == expected
    assert await accounts(product) == {}

    done = await finished(product, view["id"], mapping, relation="account")

    assert counts(done) == expected
    assert await accounts(product) == {"p1": ["a1"], "p2": ["a2"]}
    assert await rejected(done) == [
        ["4", "FAILED", "AMBIGUOUS"], ["5", "FAILED", "NOT_FOUND"], ["6", "FAILED", "NOT_FOUND"],
        ["7", "DUPLICATE", "DUPLICATE"], ["8", "FAILED", "REQUIRED"], ["9", "FAILED", "REQUIRED"],
        ["10", "IGNORED", "TOTALS"],
    ]  # fmt: skip
    again = await created(product, data, content="RELATIONS")
    assert [one["confidence"] for one in again["suggestedMapping"]] == [1.0, 1.0], "the mapping is kept"
    repeated = await finished(product, again["id"], mapping, relation="account")
    assert (repeated["added"], repeated["alreadyIn"]) == (0, 2)
    ending = await created(product, data, content="RELATIONS", remove=True)
    assert ending["relation"] == "account", "the mapping template keeps it"
    [template] = (await product.run("{ importTemplates { nodes { relation channel reason eventName } } }"))[
        "importTemplates"
    ]["nodes"]
    assert template == {"relation": "account", "channel": None, "reason": None, "eventName": None}
    ended = await finished(product, ending["id"], mapping, relation="account")
    assert (ended["removed"], ended["duplicate"], await accounts(product)) == (2, 1, {})


@pytest.mark.usefixtures("members")
async def test_relations_by_external_id_wait_for_members_unless_they_should_not(product: Product) -> None:
    data = (FILES / "relations-deals.csv").read_text()
    view = await created(product, data, "DEAL", content="RELATIONS")
    mapping = suggested(view)
    assert mapping == {
        "Deal ID": "memberExternalId",
        "Relation": "relation",
        "Related ID": "relatedExternalId",
    }
    strict = await finished(product, view["id"], mapping, createMissing=False, dryRun=True)
    assert counts(strict) == {"read": 4, "ignored": 4}
    done = await finished(product, view["id"], mapping)
    assert counts(done) == {"read": 4, "pending": 4}

    for kind, ids in (("DEAL", ["d-1", "d-2"]), ("ACCOUNT", ["acme", "globex"]), ("PRODUCT", ["sku-1"])):
        rows = [{"externalId": one} for one in ids]
        assert await answer(product, UPSERT, i={"kind": kind, "members": rows}) == {"rowErrors": []}

    assert await accounts(product, "DEAL") == {"d-1": ["acme"], "d-2": ["globex"]}
    assert await accounts(product, "DEAL", "products") == {"d-1": ["sku-1"], "d-2": ["sku-1"]}
    backwards = await created(product, "Account ID,Deal ID\nacme,d-2\n", "ACCOUNT", content="RELATIONS")
    done = await finished(product, backwards["id"], suggested(backwards), relation="deals")
    assert counts(done) == {"read": 1, "added": 1}
    assert await accounts(product, "DEAL") == {"d-1": ["acme"], "d-2": ["acme", "globex"]}


@pytest.mark.usefixtures("members")
async def test_the_company_of_a_person_becomes_a_relation_where_one_account_has_its_name(
    product: Product,
) -> None:
    """A4: chosen, never guessed; a dry run says how many companies have no account, or several."""
    data = (
        "Contact ID,First Name,Last Name,Company,Email\nc1,Ann,Example,acme,c1@example.com\n"
        "c2,Bo,Example,Twin,c2@example.com\nc3,Cy,Example,Initech,c3@example.com\nc4,Di,Example,,c4@example.com\n"
    )
    view = await created(product, data)
    assert view["suggestedRelations"] == [
        {"column": "Company", "field": "relations.account.name", "confidence": 0.5}
    ]
    assert suggested(view)["Company"] == "Company"
    chosen = view["suggestedMapping"] + view["suggestedRelations"]
    pairs = [{"column": one["column"], "field": one["field"]} for one in chosen]
    expected = {
        "read": 4,
        "added": 4,
        "partial": 2,
        "related": 1,
        "relatedNotFound": 1,
        "relatedAmbiguous": 1,
    }
    assert counts(await over(product, view["id"], pairs, dryRun=True)) == expected
    assert await accounts(product) == {}

    done = await over(product, view["id"], pairs)

    assert counts(done) == expected
    assert await accounts(product) == {"c1": ["a1"]}
    assert await rejected(done) == [["3", "PARTIAL", "AMBIGUOUS"], ["4", "PARTIAL", "NOT_FOUND"]]
    query = '{ members(kind: PERSON, search: "c2@example.com") { nodes { name attributes } } }'
    [second] = (await product.run(query))["members"]["nodes"]
    assert second == {"name": "Bo Example", "attributes": {"Company": "Twin"}}, (
        "the text stays where no account is"
    )
    again = await created(product, data)
    assert {one["field"] for one in again["suggestedMapping"]} >= {"Company", "relations.account.name"}

    by_id = await created(product, "Contact ID,Account ID\nc3,a2\nc4,zz\n")
    assert [one["field"] for one in by_id["suggestedRelations"]] == ["relations.account.externalId"]
    mapping = {"Contact ID": "externalId", "Account ID": "relations.account.externalId"}
    whole = await finished(product, by_id["id"], mapping, wholeRows=True)
    assert counts(whole) == {"read": 2, "alreadyIn": 1, "failed": 1, "related": 1}
    assert await accounts(product) == {"c1": ["a1"], "c3": ["a2"]}


@pytest.mark.usefixtures("members")
async def test_suppressions_are_imported_with_channel_and_reason(product: Product) -> None:
    data = (FILES / "suppressions.csv").read_text() + (
        "not an address,,Unsubscribed,2026-01-05\n,,Spam,\nzoe@shop.example,,because,2026-01-06\n"
        "ann@shop.example,,Bounced,2026-01-05\nlate@shop.example,,Bounced,2096-01-05\nTotal: 9,,,\n"
    )
    view = await created(product, data, content="SUPPRESSIONS")
    mapping = suggested(view)
    assert mapping == {"Email": "email", "Phone": "phone", "Reason": "reason", "Date": "suppressedAt"}
    expected = {"read": 10, "added": 6, "duplicate": 1, "ignored": 1, "failed": 2, "partial": 2}
    dry = await finished(product, view["id"], mapping, dryRun=True)
    assert counts(dry) == expected
    assert (await product.run(SUPPRESSIONS))["suppressions"]["totalCount"] == 0

    done = await finished(product, view["id"], mapping)

    assert counts(done) == expected
    assert await rejected(done) == [
        ["6", "FAILED", "INVALID"], ["7", "FAILED", "REQUIRED"], ["8", "PARTIAL", "INVALID"],
        ["9", "DUPLICATE", "DUPLICATE"], ["10", "PARTIAL", "INVALID"], ["11", "IGNORED", "TOTALS"],
    ]  # fmt: skip
    found = (await product.run(SUPPRESSIONS))["suppressions"]["nodes"]
    listed = {(one["channel"], one["address"]): (one["reason"], one["suppressedAt"][:10]) for one in found}
    assert listed[("EMAIL", "ann@shop.example")] == ("BOUNCE", "2026-01-02")
    assert listed[("EMAIL", "bo@xn--bcher-kva.example")] == ("COMPLAINT", "2026-01-03")
    assert (
        listed[("SMS", "+49 30 123456")]
        == listed[("PHONE", "+49 30 123456")]
        == ("UNSUBSCRIBE", "2026-01-04")
    )
    assert listed[("EMAIL", "zoe@shop.example")] == ("MANUAL", "2026-01-06")
    again = await created(product, data, content="SUPPRESSIONS")
    repeated = await finished(product, again["id"], mapping, reason="UNSUBSCRIBE")
    assert (repeated["added"], repeated["alreadyIn"]) == (0, 6)

    posted = await created(product, "Anschrift\n1 Ship St\n", content="SUPPRESSIONS")
    done = await finished(product, posted["id"], suggested(posted), channel="DIRECT_MAIL", reason="COMPLAINT")
    alike = await created(product, "anschrift\n2 Ship St\n", content="SUPPRESSIONS")
    assert (alike["channel"], alike["reason"]) == ("DIRECT_MAIL", "COMPLAINT"), "as the mapping template says"
    assert counts(done) == {"read": 1, "added": 1}
    by_channel = await created(
        product,
        "Email,Phone,Channel\nx@shop.example,+49 30 9,sms\ny@shop.example,,phone\n",
        content="SUPPRESSIONS",
    )
    done = await finished(product, by_channel["id"], suggested(by_channel))
    assert counts(done) == {"read": 2, "added": 1, "failed": 1}
    found = (await product.run(SUPPRESSIONS))["suppressions"]["nodes"]
    assert [
        (one["channel"], one["reason"]) for one in found if one["address"] in ("+49 30 9", "x@shop.example")
    ] == [("SMS", "MANUAL")]


@pytest.mark.usefixtures("members")
async def test_what_is_wrong_with_such_an_import_is_said(product: Product) -> None:
    relations = (await created(product, "a,b,c\nx,y,z\n", content="RELATIONS"))["id"]
    lists = (await created(product, "a,b,c\nx,y,z\n", content="SUPPRESSIONS"))["id"]
    people = (await created(product, "a,b,c\nx,y,z\n"))["id"]
    base = {"a": "memberExternalId", "b": "relatedExternalId"}
    wrong: list[tuple[str, dict[str, str], dict[str, Any], str, list[str]]] = [
        (relations, base, {}, "REQUIRED", ["mapping"]),
        (relations, {"a": "memberExternalId"}, {"relation": "account"}, "REQUIRED", ["mapping"]),
        (relations, {"b": "relatedName"}, {"relation": "account"}, "REQUIRED", ["mapping"]),
        (relations, base, {"relation": "boss"}, "INVALID", ["relation"]),
        (relations, base | {"c": "memberDomain"}, {"relation": "account"}, "INVALID", ["mapping", "2", "field"]),
        (relations, base | {"c": "email"}, {"relation": "account"}, "INVALID", ["mapping", "2", "field"]),
        (relations, base, {"relation": "account", "channel": "EMAIL"}, "INVALID", ["channel"]),
        (lists, {"c": "reason"}, {}, "REQUIRED", ["mapping"]),
        (lists, {"a": "email"}, {"channel": "PUSH"}, "INVALID", ["channel"]),
        (lists, {"a": "email"}, {"eventName": "x"}, "INVALID", ["eventName"]),
        (lists, {"a": "email"}, {"relation": "account"}, "INVALID", ["relation"]),
        (people, {"a": "externalId"}, {"reason": "BOUNCE"}, "INVALID", ["reason"]),
        (people, {"a": "externalId", "b": "relations.deals.name"}, {}, "INVALID", ["mapping", "1", "field"]),
        (people, {"a": "externalId", "b": "relations.account.name", "c": "relations.account.domain"}, {},
         "DUPLICATE", ["mapping", "2", "field"]),
    ]  # fmt: skip
    for import_id, mapping, more, code, path in wrong:
        pairs = [{"column": column, "field": field} for column, field in mapping.items()]
        payload = await answer(product, START, i={"id": import_id, "mapping": pairs, **more})
        assert payload["import"] is None
        assert (payload["errors"][0]["code"], payload["errors"][0]["path"]) == (code, path), (mapping, more)
    answered = (await upload(product, b"u\nx\n", content="SUPPRESSIONS", remove=True)).json()
    assert [one["path"] for one in answered["data"]["createImport"]["errors"]] == [["remove"]]


@pytest.mark.usefixtures("members")
async def test_files_that_name_an_erased_member_at_the_other_end_are_withdrawn(product: Product) -> None:
    related = await created(product, "Deal ID,Account ID\nd-1,a1\n", "DEAL", content="RELATIONS")
    other = await created(product, "Deal ID,Account ID\na1,a2\n", "DEAL", content="RELATIONS")
    listed = await created(product, "Email\nann@shop.example\n", content="SUPPRESSIONS")
    erase = "mutation ($i: MemberIdsInput!) { deleteMembers(input: $i) { deleted errors { message } } }"
    for kind, name in (("ACCOUNT", "a1"), ("PERSON", "p1")):
        erased = await answer(product, erase, i={"kind": kind, "externalIds": [name]})
        assert erased == {"deleted": 1, "errors": []}
    query = "query ($id: ID!) { import(id: $id) { status } }"
    found = [(await answer(product, query, id=one["id"]))["status"] for one in (related, other, listed)]
    assert found == ["CANCELLED", "UPLOADED", "CANCELLED"]

"""People, their addresses and phone numbers as clients send, ask for, import and export them."""

import csv
import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import asyncpg
import httpx
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.destinations.templates import compile
from seggraph.services.destinations import delivery_members
from seggraph.vocabulary import MemberKind
from tests.api.test_imports import created
from tests.product import Product, working

UPSERT = """
    mutation ($kind: MemberKind!, $members: [MemberInput!]!) {
      upsertMembers(input: {kind: $kind, members: $members}) {
        created updated unchanged partial rowErrors { index code path } errors { code } } }
"""
MEMBER = """
    query ($id: String!) { memberByExternalId(kind: PERSON, externalId: $id) {
      name firstName lastName salutation phone country city postalCode state address shippingAddress billingAddress
      tags attributes email } }
"""
REGION = """
    mutation ($region: String) { updateWorkspace(input: {phoneRegion: $region}) {
      workspace { phoneRegion } errors { code path } } }
"""
START = """
    mutation ($i: StartImportInput!) { startImport(input: $i) {
      import { id status } errors { code message path } } }
"""
IMPORT = """
    query ($id: ID!) { node(id: $id) { ... on Import {
      status read added updated alreadyIn failed partial rejectedUrl error { message } } } }
"""
ADDRESS = ("lines", "postalCode", "city", "state", "country")


async def upsert(client: Product, *members: dict[str, Any], kind: str = "PERSON") -> dict[str, Any]:
    report: dict[str, Any] = (await client.run(UPSERT, kind=kind, members=list(members)))["upsertMembers"]
    assert report["errors"] == []
    return report


async def person(client: Product, external_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.run(MEMBER, id=external_id))["memberByExternalId"]
    return found


async def found_by(client: Product, **attribute: Any) -> list[str]:
    """Whom criteria with one condition find."""
    answer = await client.run(
        "query ($w: CriteriaInput!) { members(kind: PERSON, where: $w) { nodes { externalId } } }",
        w={"attribute": attribute},
    )
    return [node["externalId"] for node in answer["members"]["nodes"]]


async def imported(
    product: Product,
    context: Context,
    text: str,
    *,
    kind: str = "PERSON",
    chosen: Mapping[str, str] = MappingProxyType({}),
    **start: Any,
) -> dict[str, Any]:
    """An import to its end, by the suggested mapping and what was chosen; with `suggested` as column to field."""
    view = await created(product, text.encode(), kind=kind)
    suggested = {one["column"]: one["field"] for one in view["suggestedMapping"]} | dict(chosen)
    mapping = [{"column": column, "field": field} for column, field in suggested.items()]
    started = await product.run(START, i={"id": view["id"], "mapping": mapping, **start})
    assert started["startImport"]["errors"] == []
    async with product.subscribe(
        "subscription ($id: ID!) { importEvents(importId: $id) { status } }", id=view["id"]
    ) as events:
        event = await events.next()
        while event["status"] not in ("COMPLETED", "FAILED"):
            event = await events.next()
    done: dict[str, Any] = (await product.run(IMPORT, id=view["id"]))["node"]
    assert done["status"] == "COMPLETED", done
    return done | {"suggested": suggested, "id": view["id"]}


async def test_the_name_falls_back_to_first_and_last_name_and_follows_them(product: Product) -> None:
    await upsert(product, {"externalId": "a", "firstName": " Ada ", "lastName": "Byron", "salutation": "Ms"})
    assert (await person(product, "a"))["name"] == "Ada Byron"

    # a change of a part changes the name
    assert (await upsert(product, {"externalId": "a", "lastName": "Lovelace"}))["updated"] == 1
    found = await person(product, "a")
    assert [found[key] for key in ("name", "firstName", "lastName", "salutation")] == [
        "Ada Lovelace", "Ada", "Lovelace", "Ms",
    ]  # fmt: skip

    # a name of its own stays
    await upsert(product, {"externalId": "a", "name": "The Countess"})
    await upsert(product, {"externalId": "a", "firstName": "Augusta Ada"})
    assert (await person(product, "a"))["name"] == "The Countess"

    # and goes again when it is taken away
    await upsert(product, {"externalId": "a", "name": None})
    assert (await person(product, "a"))["name"] == "Augusta Ada Lovelace"
    await upsert(product, {"externalId": "a", "firstName": None, "lastName": ""})
    assert (await person(product, "a"))["name"] is None

    # who had a name keeps it when the parts come later
    await upsert(product, {"externalId": "b", "name": "Grace Hopper"})
    assert (await upsert(product, {"externalId": "b", "firstName": "Grace", "lastName": "H."}))[
        "updated"
    ] == 1
    assert (await person(product, "b"))["name"] == "Grace Hopper"


async def test_people_are_found_sorted_and_suggested_by_their_new_fields(product: Product) -> None:
    await upsert(
        product,
        {
            "externalId": "a",
            "name": "The Countess",
            "firstName": "Ada",
            "lastName": "Lovelace",
            "state": "CA",
        },
        {"externalId": "b", "firstName": "Grace", "lastName": "Hopper", "postalCode": "02139", "state": "CA"},
    )

    assert await found_by(product, field="lastName", op="EQ", value="Lovelace") == ["a"]
    assert await found_by(product, field="postalCode", op="STARTS_WITH", value="02") == ["b"]
    listed = await product.run(
        """{ found: members(kind: PERSON, search: "ada lovelace") { nodes { externalId } }
             sorted: members(kind: PERSON, orderBy: {field: "lastName"}) { nodes { externalId } }
             states: valueSuggestions(kind: PERSON, field: "state") { value count exact }
             fields: criteriaFields(kind: PERSON) { name memberCount } }"""
    )
    assert [node["externalId"] for node in listed["found"]["nodes"]] == ["a"]
    assert [node["externalId"] for node in listed["sorted"]["nodes"]] == ["b", "a"]
    assert listed["states"] == [{"value": "CA", "count": 2, "exact": True}]
    counted = {field["name"]: field["memberCount"] for field in listed["fields"]}
    assert (counted["firstName"], counted["postalCode"], counted["salutation"]) == (2, 1, 0)


async def test_addresses_are_texts_or_objects_and_their_parts_can_be_asked(product: Product) -> None:
    await upsert(
        product,
        {"externalId": "text", "shippingAddress": "1 Ship St\n Floor 2 \n"},
        {
            "externalId": "object",
            "shippingAddress": {
                "lines": "2 Dock Rd",
                "city": " Bremen ",
                "country": "Deutschland",
                "gate": 5,
            },
            "billingAddress": {"postalCode": "04616", "state": ""},
        },
    )

    assert (await person(product, "text"))["shippingAddress"] == {"lines": ["1 Ship St", "Floor 2"]}
    found = await person(product, "object")
    assert found["shippingAddress"] == {
        "lines": ["2 Dock Rd"], "city": "Bremen", "country": "DE", "gate": 5,
    }  # fmt: skip
    assert found["billingAddress"] == {"postalCode": "04616"}
    assert await found_by(product, field="shippingAddress.city", op="EQ", value="Bremen") == ["object"]
    assert await found_by(product, field="shippingAddress.country", op="EQ", value="Alemania") == ["object"]
    assert await found_by(product, field="shippingAddress.lines", op="EQ", value="1 Ship St, Floor 2") == [
        "text"
    ]
    assert await found_by(product, field="billingAddress.postalCode", op="IS_SET") == ["object"]


async def test_a_segment_follows_a_part_of_an_address(product: Product, context: Context) -> None:
    await upsert(product, {"externalId": "a", "shippingAddress": {"city": "Bonn"}}, {"externalId": "b"})
    text = "\"shippingAddress.city\" = 'Ulm'"
    made = await product.run(
        """mutation ($c: String!) { createSegment(input: {name: "Ulm", kind: PERSON, type: DYNAMIC, criteriaText: $c}) {
             segment { id criteriaText criteriaSentence } errors { code message } } }""",
        c=text,
    )
    assert made["createSegment"]["errors"] == []
    segment = made["createSegment"]["segment"]
    assert segment["criteriaText"] == text
    assert "Shipping address: city is" in segment["criteriaSentence"]

    async with (
        working(context),
        product.subscribe(
            "subscription ($ids: [ID!]) { segmentEvents(segmentIds: $ids) { __typename segment { memberCount"
            " reach { status } } } }",
            ids=[segment["id"]],
        ) as events,
    ):
        event = await events.next()
        while event["segment"]["reach"]["status"] != "READY":
            event = await events.next()
        assert event["segment"]["memberCount"] == 0
        await upsert(product, {"externalId": "a", "shippingAddress": {"city": "Ulm"}})
        while event["segment"]["memberCount"] != 1:
            event = await events.next()
    explained = await product.run(
        """query ($id: ID!, $m: String!) { memberByExternalId(kind: PERSON, externalId: $m) { id }
             segment(id: $id) { members { nodes { externalId id } } } }""",
        id=segment["id"],
        m="a",
    )
    [node] = explained["segment"]["members"]["nodes"]
    told = await product.run(
        "query ($s: ID!, $m: ID!) { segment(id: $s) { explain(memberId: $m) { criteria { matches actual } } } }",
        s=segment["id"],
        m=node["id"],
    )
    assert told["segment"]["explain"]["criteria"] == {"matches": True, "actual": "Ulm"}


async def test_countries_have_one_code_and_criteria_find_old_and_new_spellings(
    product: Product, connection: asyncpg.Connection
) -> None:
    names = ["Germany", "deutschland", "Allemagne", "Alemania", "Alemanha", "DEU", "de", "Atlantis"]
    await upsert(product, *({"externalId": name, "country": name} for name in names))
    # and somebody who was stored before names became codes
    await connection.execute("UPDATE members SET country = 'Germany' WHERE external_id = 'DEU'")

    assert (await person(product, "Alemania"))["country"] == "DE"
    assert (await person(product, "Atlantis"))["country"] == "Atlantis"
    everybody = sorted(names[:-1])
    assert sorted(await found_by(product, field="country", op="EQ", value="Germany")) == everybody
    assert sorted(await found_by(product, field="country", op="IN", values=["Germany", "FR"])) == everybody
    assert await found_by(product, field="country", op="NE", value="Germany") == ["Atlantis"]
    preview = await product.run(
        """{ previewSegment(input: {kind: PERSON, criteriaText: "country = 'Alemania'"}) {
             memberCount warnings { code } } }"""
    )
    assert preview["previewSegment"] == {"memberCount": 6, "warnings": []}


@pytest.mark.parametrize(
    ("given", "region", "stored"),
    [
        ("+49 (0)30 123456", None, "+4930123456"),
        ("0049 30 123456", None, "+4930123456"),
        ("030 123456", None, "030 123456"),
        ("030 123456", "DE", "+4930123456"),
        ("3158170000", "CO", "+573158170000"),
        ("+49 30 123456 ext. 12", "US", "+4930123456;ext=12"),
        ("(212) 555-0123 x5", "US", "+12125550123;ext=5"),
        ("1-800-FLOWERS", "US", "1-800-FLOWERS"),
        ("030 1; 030 123456", "DE", "030 1; 030 123456"),
        ("+49 30 1", "DE", "+49 30 1"),
        ("call me", "DE", "call me"),
    ],
)
async def test_phone_numbers_have_one_form_and_other_texts_stay(
    product: Product, given: str, region: str | None, stored: str
) -> None:
    chosen = (await product.run(REGION, region=region))["updateWorkspace"]
    assert chosen == {"workspace": {"phoneRegion": region}, "errors": []}

    await upsert(product, {"externalId": "a", "phone": given})

    assert (await person(product, "a"))["phone"] == stored
    assert (await upsert(product, {"externalId": "a", "phone": stored}))["unchanged"] == 1
    assert await found_by(product, field="phone", op="EQ", value=stored) == ["a"]


async def test_a_region_that_there_is_not_is_refused_and_an_empty_one_takes_it_away(product: Product) -> None:
    refused = (await product.run(REGION, region="Germany"))["updateWorkspace"]
    assert refused["errors"] == [{"code": "INVALID", "path": ["phoneRegion"]}]
    await product.run(REGION, region="DE")
    assert (await product.run(REGION, region=None))["updateWorkspace"]["workspace"] == {"phoneRegion": "DE"}
    assert (await product.run(REGION, region=""))["updateWorkspace"]["workspace"] == {"phoneRegion": None}


SUPPRESS = """
    mutation ($a: [String!]!) { suppressAddresses(input: {channel: SMS, addresses: $a, reason: UNSUBSCRIBE}) {
      changed alreadyDone rowErrors { index } errors { code message } } }
"""
SUPPRESSED = """
    SELECT m.external_id FROM members m JOIN suppressions s ON s.workspace_id = m.workspace_id AND s.channel = 3
      AND s.digest = seggraph_address_digest(m.workspace_id, 'phone', seggraph_phone_key(m.phone))
    ORDER BY m.external_id
"""


async def test_a_suppressed_number_stays_so_in_whatever_form_it_comes_again(
    product: Product, connection: asyncpg.Connection
) -> None:
    # given numbers that were suppressed as they stood in the files then
    await upsert(product, {"externalId": "local", "phone": "030 123456"})
    given = ["030 123456", "+49 (0)30 765432"]
    first = (await product.run(SUPPRESS, a=given))["suppressAddresses"]
    assert first == {"changed": 2, "alreadyDone": 0, "rowErrors": [], "errors": []}

    # when the workspace says where it is, and members come in another form
    await product.run(REGION, region="DE")
    await upsert(
        product,
        {"externalId": "same", "phone": "+49 30 123456"},
        {"externalId": "brackets", "phone": "+4930765432"},
        {"externalId": "other", "phone": "030 999999"},
    )

    # then they are suppressed all the same, and a second time changes nothing
    found = [row["external_id"] for row in await connection.fetch(SUPPRESSED)]
    assert found == ["brackets", "local", "same"]
    again = (await product.run(SUPPRESS, a=given))["suppressAddresses"]
    assert (again["changed"], again["alreadyDone"]) == (0, 2)

    # and the erasure of a member leaves the number in no form
    await product.run(
        'mutation { deleteMembers(input: {kind: PERSON, externalIds: ["same"]}) { errors { code } } }'
    )
    shown = await connection.fetch(
        "SELECT address FROM suppressions WHERE address IS NOT NULL ORDER BY address"
    )
    assert [row["address"] for row in shown] == ["+49 (0)30 765432", "+4930765432"]


CONTACTS = (
    "Contact ID,Salutation,First Name,Last Name,Company,Email,Shipping Street,Shipping City,Shipping Zip,"
    "Shipping Country,Mailing Street,Address Line 2,Mailing City,Mailing Zip,Mailing Country,Mobile\n"
    "c1,Dr.,Ann,Example,Acme,c1@example.com,1 Ship St,Leipzig,04109,Germany,2 Home Rd,Flat 3,Halle,06108,Alemania,"
    "0341 123456\n"
)


async def test_a_file_of_contacts_goes_in_by_its_suggestions(product: Product, context: Context) -> None:
    await product.run(REGION, region="DE")

    async with working(context):
        done = await imported(product, context, CONTACTS)
        found = await person(product, "c1")
        # a later file with a single part leaves the others
        await imported(
            product,
            context,
            "Contact ID,Shipping City\nc1,Ulm\n",
        )
        after = await person(product, "c1")

    assert done["suggested"] == {
        "Contact ID": "externalId", "Salutation": "salutation", "First Name": "firstName", "Last Name": "lastName",
        "Company": "Company", "Email": "email", "Shipping Street": "shippingAddress.lines",
        "Shipping City": "shippingAddress.city", "Shipping Zip": "shippingAddress.postalCode",
        "Shipping Country": "shippingAddress.country", "Mailing Street": "address", "Address Line 2": "address.line2",
        "Mailing City": "city", "Mailing Zip": "postalCode", "Mailing Country": "country", "Mobile": "phone",
    }  # fmt: skip
    assert (done["added"], done["partial"]) == (1, 0)
    shipping = {"lines": ["1 Ship St"], "postalCode": "04109", "city": "Leipzig", "country": "DE"}
    assert found == {
        "name": "Ann Example", "firstName": "Ann", "lastName": "Example", "salutation": "Dr.",
        "phone": "+49341123456", "email": "c1@example.com", "address": "2 Home Rd, Flat 3", "city": "Halle",
        "postalCode": "06108", "state": None, "country": "DE", "shippingAddress": shipping, "billingAddress": None,
        "tags": [], "attributes": {"Company": "Acme"},
    }  # fmt: skip
    assert after["shippingAddress"] == shipping | {"city": "Ulm"}


async def test_only_phone_columns_are_read_as_numbers(product: Product, context: Context) -> None:
    await product.run(REGION, region="DE")

    async with working(context):
        await imported(product, context, "Contact ID,Name,Note,Phone\na,030 123456,030 123456,030 123456\n")

    found = await person(product, "a")
    assert (found["name"], found["attributes"]) == ("030 123456", {"Note": "030 123456"})
    assert found["phone"] == "+4930123456"


async def test_an_address_of_one_column_is_text_or_json(product: Product, context: Context) -> None:
    text = 'Contact ID,Shipping Address\nt,1 Ship St\nj,"{""city"": ""Bonn"", ""floor"": 2}"\nb,"{broken"\n'

    async with working(context):
        done = await imported(product, context, text)

    assert done["suggested"]["Shipping Address"] == "shippingAddress"
    assert (done["added"], done["failed"], done["partial"]) == (3, 0, 1)
    assert (await person(product, "t"))["shippingAddress"] == {"lines": ["1 Ship St"]}
    assert (await person(product, "j"))["shippingAddress"] == {"city": "Bonn", "floor": 2}
    assert (await person(product, "b"))["shippingAddress"] is None


async def test_a_mapping_names_parts_of_every_address(product: Product, context: Context) -> None:
    text = "k,s1,s2,c,z,bc\np,1 A St,Flat 2,Ulm,04109,Brasil\n"
    mapping = {
        "k": "externalId", "s1": "shippingAddress.lines", "s2": "shippingAddress.line2", "c": "address.city",
        "z": "address.postalCode", "bc": "billingAddress.country",
    }  # fmt: skip

    async with working(context):
        await imported(
            product,
            context,
            text,
            mapping=[{"column": column, "field": field} for column, field in mapping.items()],
            columns=[{"column": "s1", "phoneRegion": "US"}],
        )
    found = await person(product, "p")

    assert found["shippingAddress"] == {"lines": ["1 A St", "Flat 2"]}
    assert (found["city"], found["postalCode"], found["billingAddress"]) == (
        "Ulm",
        "04109",
        {"country": "BR"},
    )


async def test_the_region_of_a_column_is_chosen_and_shown(product: Product, context: Context) -> None:
    view = await created(product, b"Contact ID,Phone\na,3158170000\n", kind="PERSON")
    shown = await product.run(
        """query ($id: ID!) { node(id: $id) { ... on Import { columns { name reading
             usual: interpreted chosen: interpreted(reading: {column: "Phone", phoneRegion: "CO"}) } } } }""",
        id=view["id"],
    )
    [_, phone] = shown["node"]["columns"]
    assert phone["reading"]["phoneRegion"] is None
    assert (phone["usual"], phone["chosen"]) == (["3158170000"], ["+573158170000"])
    mapping = [{"column": "Contact ID", "field": "externalId"}, {"column": "Phone", "field": "phone"}]
    wrong = await product.run(
        START, i={"id": view["id"], "mapping": mapping, "columns": [{"column": "Phone", "phoneRegion": "XX"}]}
    )
    assert [(one["code"], one["path"]) for one in wrong["startImport"]["errors"]] == [
        ("INVALID", ["columns", "0", "phoneRegion"])
    ]


async def test_what_is_exported_imports_again_unchanged(product: Product, context: Context) -> None:
    await upsert(
        product,
        {
            "externalId": "a", "firstName": "Ada", "lastName": "Lovelace", "salutation": "Dr.", "phone": "030 123456",
            "country": "Germany", "postalCode": "04109", "state": "SN", "address": "1 A St",
            "shippingAddress": {"lines": ["1 Ship St", "Floor 2"], "city": "Ulm", "gate": {"n": 1}},
        },
    )  # fmt: skip
    before = await person(product, "a")
    made = await product.run(
        """mutation { createSegment(input: {name: "s", kind: PERSON, type: STATIC, activate: true}) {
             segment { id } } }"""
    )
    segment = made["createSegment"]["segment"]["id"]
    await product.run(
        """mutation ($s: ID!) { addSegmentMembers(input: {segmentIds: [$s], externalIds: ["a"]}) {
             errors { code } } }""",
        s=segment,
    )
    await product.run(REGION, region="DE")

    async with working(context):
        whole = await exported(product, segment)
        parts = await exported(
            product,
            segment,
            columns=["externalId", *(f"shippingAddress.{part}" for part in ADDRESS), "lastName"],
        )
        done = await imported(product, context, whole)

    assert (done["alreadyIn"], done["updated"], done["partial"]) == (1, 0, 0)
    assert await person(product, "a") == before
    [row] = csv.DictReader(io.StringIO(parts))
    assert row == {
        "externalId": "a", "shippingAddress.lines": "1 Ship St, Floor 2", "shippingAddress.postalCode": "",
        "shippingAddress.city": "Ulm", "shippingAddress.state": "", "shippingAddress.country": "",
        "lastName": "Lovelace",
    }  # fmt: skip


async def exported(product: Product, segment: str, **more: Any) -> str:
    """The text of a file of a segment's members."""
    made = await product.run(
        "mutation ($i: CreateExportInput!) { createExport(input: $i) { export { id } errors { code message } } }",
        i={"segmentId": segment, **more},
    )
    assert made["createExport"]["errors"] == []
    async with product.subscribe(
        "subscription ($id: ID!) { exportEvents(exportId: $id) { status url } }",
        id=made["createExport"]["export"]["id"],
    ) as events:
        event = await events.next()
        while event["status"] == "RUNNING":
            event = await events.next()
    async with httpx.AsyncClient() as client:
        return (await client.get(event["url"])).content.decode("utf-8-sig")


async def test_a_letter_needs_more_than_a_place(product: Product) -> None:
    await upsert(
        product,
        {"externalId": "place", "shippingAddress": {"city": "Ulm", "country": "DE"}, "postalCode": "89073"},
        {"externalId": "lines", "shippingAddress": {"lines": ["1 A St"], "city": "Ulm"}},
        {"externalId": "other", "shippingAddress": {"street": "1 A St"}},
        {"externalId": "text", "address": "1 A St"},
    )

    assert sorted(await found_by(product, field="hasAddress", op="EQ", value=True)) == [
        "lines",
        "other",
        "text",
    ]
    await upsert(product, {"externalId": "lines", "shippingAddress": {"city": "Ulm"}})
    assert sorted(await found_by(product, field="hasAddress", op="EQ", value=True)) == ["other", "text"]
    assert (await person(product, "place"))["shippingAddress"] == {"city": "Ulm", "country": "DE"}


async def test_all_texts_are_trimmed_and_an_empty_one_is_unset(product: Product) -> None:
    await upsert(
        product,
        {
            "externalId": " a ", "name": "  ", "tags": [" vip ", "", "vip"], "country": " ",
            "attributes": {"plan": " gold ", "note": "", "langs": [" de ", "", "fr"], "since": " 2026-01-31 "},
        },
    )  # fmt: skip

    found = await person(product, "a")
    assert (found["name"], found["country"], found["tags"]) == (None, None, ["vip"])
    assert found["attributes"] == {"plan": "gold", "langs": ["de", "fr"], "since": "2026-01-31"}
    assert (await upsert(product, {"externalId": "a", "attributes": {"plan": "   "}}))["updated"] == 1
    assert (await person(product, "a"))["attributes"] == {"langs": ["de", "fr"], "since": "2026-01-31"}
    types = await product.run("{ criteriaFields(kind: PERSON) { name type group } }")
    assert {one["name"]: one["type"] for one in types["criteriaFields"] if one["group"] == "CUSTOM"} == {
        "plan": "STRING", "langs": "STRING_LIST", "since": "DATE",
    }  # fmt: skip


async def test_criteria_with_white_space_or_nothing_say_that_they_find_nobody(product: Product) -> None:
    await upsert(product, {"externalId": "a", "country": "US", "attributes": {"plan": "gold"}})

    for field, value, similar in (("country", " US", "US"), ("country", "", None), ("plan", " gold", "gold")):
        preview = await product.run(
            """query ($f: String!, $v: JSON!) { previewSegment(input: {kind: PERSON, criteria: {attribute: {
                 field: $f, op: EQ, value: $v}}}) { memberCount warnings { code suggestion } } }""",
            f=field,
            v=value,
        )
        assert preview["previewSegment"] == {
            "memberCount": 0, "warnings": [{"code": "VALUE_UNKNOWN", "suggestion": similar}],
        }  # fmt: skip


@pytest.mark.parametrize("email", ["a@b.com;c@d.com", "mailto:x@y.com", "Ada <a@b.com>"])
async def test_an_address_that_is_not_one_is_reported(product: Product, email: str) -> None:
    report = await upsert(product, {"externalId": "a", "email": email, "firstName": "Ada"})

    assert report["rowErrors"] == [{"index": 0, "code": "INVALID", "path": ["email"]}]
    assert (report["created"], report["partial"]) == (1, 1)
    assert (await person(product, "a"))["email"] is None


async def test_the_addresses_in_cells_are_taken_and_the_others_noted(
    product: Product, context: Context
) -> None:
    text = "Contact ID,Email\na,a@b.com;c@d.com\nb,mailto:x@y.com\n"

    async with working(context):
        done = await imported(product, context, text)

    assert (done["added"], done["partial"]) == (2, 1)
    assert ((await person(product, "a"))["email"], (await person(product, "b"))["email"]) == (
        "a@b.com",
        "x@y.com",
    )


async def test_the_address_of_a_colleague_is_not_that_of_the_account(
    product: Product, context: Context
) -> None:
    text = "Company ID,Company Name,Website,Company Owner\nd1,Acme,acme1.example,rep@ours.example\n"

    async with working(context):
        await imported(product, context, text, kind="ACCOUNT")

    found = await product.run(
        'query { memberByExternalId(kind: ACCOUNT, externalId: "d1") { name domain email attributes } }'
    )
    assert found["memberByExternalId"] == {
        "name": "Acme", "domain": "acme1.example", "email": None,
        "attributes": {"Company Owner": "rep@ours.example"},
    }  # fmt: skip


async def test_a_destination_reads_names_and_parts_of_addresses(
    product: Product, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    mapping = {"first": "$firstName", "city": "$shippingAddress.city", "to": "$shippingAddress.lines"}
    created = """mutation ($m: JSON!) { createDestination(input: {name: "d", type: HTTP, mapping: $m,
        url: "https://93.184.216.34/hook"}) {
        errors { code path } } }"""
    made = await product.run(created, m=mapping)
    assert made["createDestination"]["errors"] == []
    refused = await product.run(created, m={"x": "$shippingAddress.planet"})
    assert refused["createDestination"]["errors"] == [{"code": "NOT_FOUND", "path": ["mapping", "x"]}]
    await upsert(
        product,
        {
            "externalId": "a",
            "firstName": "Ada",
            "shippingAddress": {"lines": ["1 A St", "Floor 2"], "city": "Ulm"},
        },
        {"externalId": "b"},
    )

    read = await delivery_members.read(
        connection, viewer.workspace_id, MemberKind.PERSON, [0, 1], compile(mapping, ())
    )

    assert [recipient.data for recipient in read.recipients] == [
        {"first": "Ada", "city": "Ulm", "to": "1 A St, Floor 2"},
        {"first": None, "city": None, "to": None},
    ]

"""Events and orders from files, as a client meets them: suggested, shown, imported, accounted for, imported again."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.test_campaigns import answer
from tests.api.test_imports import upload
from tests.product import Product

FILES = Path(__file__).parents[2] / "examples" / "files"

COUNTS = "read added updated alreadyIn duplicate ignored failed partial merged"
IMPORT = f"""id status content eventName {COUNTS} rejectedUrl error {{ code message }}
    mapping {{ column field }} suggestedMapping {{ column field confidence }}
    columns {{ name samples interpreted ambiguities {{ setting }} }}"""
CREATE = f"""mutation ($i: CreateImportInput!) {{ createImport(input: $i) {{
    import {{ {IMPORT} }} errors {{ code message path }} }} }}"""
START = f"""mutation ($i: StartImportInput!) {{ startImport(input: $i) {{
    import {{ {IMPORT} }} errors {{ code message path }} }} }}"""
EVENTS = f"subscription ($id: ID!) {{ importEvents(importId: $id) {{ {IMPORT} }} }}"
MEMBER = """query ($kind: MemberKind!) { members(kind: $kind, first: 10) { nodes { externalId
    value { revenue orders } events(first: 20) { nodes { name occurredAt value properties externalId } } } } }"""


@pytest.fixture
async def people(product: Product) -> None:
    rows = [
        {"externalId": f"c-100{number}", "email": f"{name}@shop.example"}
        for number, name in enumerate(("ann", "bo", "cy"), start=1)
    ]
    upsert = "mutation ($i: UpsertMembersInput!) { upsertMembers(input: $i) { rowErrors { message } } }"
    assert await answer(product, upsert, i={"kind": "PERSON", "members": rows}) == {"rowErrors": []}


async def created(product: Product, data: bytes | str, **more: Any) -> dict[str, Any]:
    raw = data.encode() if isinstance(data, str) else data
    payload = (await upload(product, raw, "PERSON", query=CREATE, **more)).json()["data"]["createImport"]
    assert payload["errors"] == []
    found: dict[str, Any] = payload["import"]
    return found


def suggested(view: dict[str, Any]) -> dict[str, str]:
    return {one["column"]: one["field"] for one in view["suggestedMapping"]}


async def finished(product: Product, import_id: str, mapping: dict[str, str], **more: Any) -> dict[str, Any]:
    """The import as it is in the end; every row is accounted for."""
    pairs = [{"column": column, "field": field} for column, field in mapping.items()]
    payload = await answer(product, START, i={"id": import_id, "mapping": pairs, **more})
    assert payload["errors"] == []
    async with product.subscribe(EVENTS, id=import_id) as events:
        view: dict[str, Any] = await events.next()
        while view["status"] == "RUNNING":
            view = await events.next()
    assert view["status"] == "COMPLETED", view["error"]
    assert view["read"] == sum(view[name] for name in COUNTS.split() if name not in ("read", "partial"))
    return view


def counts(view: dict[str, Any], *names: str) -> list[int]:
    return [view[name] for name in names]


async def members(product: Product) -> dict[str, dict[str, Any]]:
    page = await answer(product, MEMBER, kind="PERSON")
    return {one["externalId"]: one for one in page["nodes"]}


async def rejected(view: dict[str, Any]) -> list[list[str]]:
    async with httpx.AsyncClient() as anyone:
        content = (await anyone.get(view["rejectedUrl"])).content.decode("utf-8-sig")
    return [row[:3] for row in list(csv.reader(io.StringIO(content)))[1:]]


ORDERS: dict[str, tuple[list[int], dict[str, dict[str, str]]]] = {
    "shopify": ([3, 2, 1], {"c-1001": {"#1001": "69.9"}, "c-1002": {"#1002": "120"}}),
    "woocommerce": ([3, 2, 1], {"c-1001": {"2001": "44.8"}, "c-1002": {"2002": "120"}}),
    "magento": ([2, 2, 0], {"c-1001": {"000000101": "39.8"}, "c-1003": {"000000102": "1250"}}),
}


@pytest.mark.parametrize("shop", ORDERS)
@pytest.mark.usefixtures("people")
async def test_orders_of_a_shop_are_imported_as_it_exports_them(product: Product, shop: str) -> None:
    data = (FILES / f"orders-{shop}.csv").read_bytes()
    (read, added, merged), orders = ORDERS[shop]
    view = await created(product, data, content="ORDERS")
    mapping = suggested(view)
    mapping.pop("Customer User Id", None)  # of the shop, and no external id here
    dry = await finished(product, view["id"], mapping, dryRun=True)
    assert counts(dry, "read", "added", "merged", "failed") == [read, added, merged, 0]
    assert all(not one["events"]["nodes"] for one in (await members(product)).values())

    done = await finished(product, view["id"], mapping)

    assert counts(done, "read", "added", "merged", "failed") == [read, added, merged, 0]
    found = {
        number: {event["externalId"]: event["value"] for event in one["events"]["nodes"]}
        for number, one in (await members(product)).items()
        if one["events"]["nodes"]
    }
    assert found == orders
    again = await created(product, data, content="ORDERS")
    assert suggested(again) == mapping, "the mapping is kept"
    repeated = await finished(product, again["id"], mapping)
    assert counts(repeated, "added", "updated", "alreadyIn", "merged") == [0, 0, added, merged]


@pytest.mark.usefixtures("people")
async def test_the_lines_of_an_order_are_one_order_with_its_items(product: Product) -> None:
    view = await created(product, (FILES / "orders-shopify.csv").read_bytes(), content="ORDERS")
    mapping = suggested(view)
    known = {
        column: mapping[column]
        for column in ("Name", "Email", "Total", "Created at", "Lineitem sku", "Vendor")
    }
    assert known == {
        "Name": "externalId", "Email": "memberEmail", "Total": "value", "Created at": "occurredAt",
        "Lineitem sku": "items.sku", "Vendor": "properties.Vendor",
    }  # fmt: skip
    done = await finished(product, view["id"], mapping)
    assert done["partial"] == 1, "two vendors of one order are no property of it"
    assert await rejected(done) == [["2", "PARTIAL", "INVALID"]]
    [order] = (await members(product))["c-1001"]["events"]["nodes"]
    assert (order["name"], order["value"], order["occurredAt"]) == ("order", "69.9", "2026-01-05T09:11:12Z")
    assert order["properties"]["items"] == [
        {"quantity": 2, "name": "Trail shoe", "price": 25, "sku": "0012"},
        {"quantity": 1, "name": "Socks", "price": 14.9, "sku": "0044"},
    ]
    assert (order["properties"]["currency"], "Vendor" in order["properties"]) == ("EUR", False)


@pytest.mark.usefixtures("people")
async def test_an_order_without_a_total_is_the_sum_of_its_lines(product: Product) -> None:
    header = "Order ID,Email,Order Date,Product,Qty,Price\n"
    rows = "1,ann@shop.example,2026-01-05,Tea,3,1.10\n1,ann@shop.example,2026-01-05,Cup,1,4\n"
    view = await created(product, header + rows, content="ORDERS")
    done = await finished(product, view["id"], suggested(view))
    assert counts(done, "added", "merged") == [1, 1]
    ann = (await members(product))["c-1001"]
    assert Decimal(ann["value"]["revenue"]) == Decimal("7.3")

    corrected = rows.replace("1,4", "2,4")
    view = await created(product, header + corrected, content="ORDERS")
    done = await finished(product, view["id"], suggested(view))
    assert counts(done, "added", "updated", "merged") == [0, 1, 1]
    assert Decimal((await members(product))["c-1001"]["value"]["revenue"]) == Decimal("11.3")

    conflict = header.replace("Price", "Price,Total") + (
        "2,bo@shop.example,2026-01-05,Tea,3,1,3\n2,bo@shop.example,2026-01-05,Cup,1,4,4\n"
    )
    view = await created(product, conflict, content="ORDERS")
    done = await finished(product, view["id"], suggested(view))
    assert counts(done, "added", "failed") == [0, 2], "a line's amount is not taken for the order's"
    assert await rejected(done) == [["2", "FAILED", "INVALID"], ["3", "FAILED", "INVALID"]]


@pytest.mark.usefixtures("people")
async def test_lines_of_an_order_that_stand_apart_stop_the_import_before_it_stores(product: Product) -> None:
    rows = (
        "1,ann@shop.example,2026-01-05,1\n2,bo@shop.example,2026-01-05,2\n1,ann@shop.example,2026-01-05,4\n"
    )
    view = await created(product, f"Order ID,Email,Order Date,Line total\n{rows}", content="ORDERS")
    pairs = [{"column": column, "field": field} for column, field in suggested(view).items()]
    await answer(product, START, i={"id": view["id"], "mapping": pairs})
    async with product.subscribe(EVENTS, id=view["id"]) as events:
        while (seen := await events.next())["status"] == "RUNNING":
            pass
    assert (seen["status"], seen["error"]["code"], seen["added"]) == ("FAILED", "INVALID", 0)
    assert "line 4" in seen["error"]["message"]
    assert all(not one["events"]["nodes"] for one in (await members(product)).values())


@pytest.mark.usefixtures("people")
async def test_a_log_of_events_is_imported(product: Product) -> None:
    data = (FILES / "events.csv").read_text()
    view = await created(product, data, content="EVENTS")
    mapping = suggested(view)
    assert mapping == {
        "Event ID": "externalId", "User ID": "memberExternalId", "Event": "name", "Timestamp": "occurredAt",
        "Value": "value", "page": "properties.page", "seconds": "properties.seconds",
    }  # fmt: skip
    wrong = (
        "e-4,nobody,page_view,2026-01-05T10:00:00Z,,/,1\ne-5,c-1002,page_view,never,,/,1\n"
        "e-6,c-1002,page_view,2026-01-05 10:00,,/,1\ne-6,c-1002,page_view,2026-01-05 11:00,,/,1\n"
        "e-7,c-1002,page_view,2026-01-06 10:00,,/,1\ne-8,c-1002,,2026-01-06 10:00,,/,1\n,c-1002,x,2026-01-06,,/,1\n"
        "Total: 7,,,,,,\n"
    )
    view = await created(product, data + wrong, content="EVENTS")

    done = await finished(product, view["id"], mapping)

    assert counts(done, "read", "added", "duplicate", "ignored", "failed") == [11, 5, 1, 1, 4]
    assert await rejected(done) == [
        ["5", "FAILED", "NOT_FOUND"], ["6", "FAILED", "INVALID"], ["7", "DUPLICATE", "DUPLICATE"],
        ["10", "FAILED", "REQUIRED"], ["11", "FAILED", "REQUIRED"], ["12", "IGNORED", "TOTALS"],
    ]  # fmt: skip
    events = {one["externalId"]: one for one in (await members(product))["c-1001"]["events"]["nodes"]}
    assert events["e-2"] == {
        "name": "add_to_cart", "occurredAt": "2026-01-05T10:09:30Z", "value": "50", "externalId": "e-2",
        "properties": {"page": "/shoes/trail", "seconds": 40},
    }  # fmt: skip


@pytest.mark.usefixtures("people")
async def test_events_without_ids_are_not_doubled_by_the_same_file(product: Product) -> None:
    data = "email,when,score\nann@shop.example,23.02.2026 16:18,1\nann@shop.example,24.02.2026,2\n"
    mapping = {"email": "memberEmail", "when": "occurredAt", "score": "properties.score"}
    for expected in ([2, 0], [0, 2]):
        view = await created(product, data, content="EVENTS")
        done = await finished(product, view["id"], mapping, eventName="survey")
        assert counts(done, "added", "alreadyIn") == expected
    events = (await members(product))["c-1001"]["events"]["nodes"]
    assert sorted((one["name"], one["occurredAt"]) for one in events) == [
        ("survey", "2026-02-23T16:18:00Z"), ("survey", "2026-02-24T00:00:00Z"),
    ]  # fmt: skip


@pytest.mark.usefixtures("people")
async def test_what_is_wrong_with_a_mapping_of_events_is_said(product: Product) -> None:
    events = (await created(product, "u,t,n\nc-1001,2026-01-05,x\n", content="EVENTS"))["id"]
    orders = (await created(product, "u,t,n\nc-1001,2026-01-05,x\n", content="ORDERS"))["id"]
    people_ = (await created(product, "u,t,n\nc-1001,2026-01-05,x\n"))["id"]
    base = {"u": "memberExternalId", "t": "occurredAt"}
    wrong: list[tuple[str, dict[str, str], dict[str, Any], str, list[str]]] = [
        (events, base, {}, "REQUIRED", ["mapping"]),
        (events, base | {"t": "value"}, {"eventName": "x"}, "REQUIRED", ["mapping"]),
        (events, base | {"n": "items.name"}, {"eventName": "x"}, "INVALID", ["mapping", "2", "field"]),
        (events, base | {"n": "memberDomain"}, {"eventName": "x"}, "INVALID", ["mapping", "2", "field"]),
        (events, base | {"n": "properties."}, {"eventName": "x"}, "INVALID", ["mapping", "2", "field"]),
        (events, base | {"n": "occurredAt"}, {"eventName": "x"}, "DUPLICATE", ["mapping", "2", "field"]),
        (events, base | {"z": "value"}, {"eventName": "x"}, "NOT_FOUND", ["mapping", "2", "column"]),
        (events, base, {"eventName": " x"}, "INVALID", ["eventName"]),
        (orders, base, {}, "REQUIRED", ["mapping"]),
        (orders, base | {"n": "name"}, {}, "REQUIRED", ["mapping"]),
        (orders, base | {"n": "externalId"}, {"eventName": "x"}, "INVALID", ["eventName"]),
        (people_, {"u": "externalId"}, {"eventName": "x"}, "INVALID", ["eventName"]),
    ]
    for import_id, mapping, more, code, path in wrong:
        pairs = [{"column": column, "field": field} for column, field in mapping.items()]
        payload = await answer(product, START, i={"id": import_id, "mapping": pairs, **more})
        assert payload["import"] is None
        assert (payload["errors"][0]["code"], payload["errors"][0]["path"]) == (code, path), (mapping, more)
    answered = (await upload(product, b"u\nx\n", "PERSON", content="ORDERS", segmentId="U2VnbWVudDox")).json()
    assert [one["path"] for one in answered["data"]["createImport"]["errors"]] == [["segmentId"]]


@pytest.mark.usefixtures("people")
async def test_a_file_of_events_that_names_an_erased_member_is_withdrawn(product: Product) -> None:
    by_id = await created(product, (FILES / "events.csv").read_bytes(), content="EVENTS")
    by_email = await created(product, (FILES / "orders-shopify.csv").read_bytes(), content="ORDERS")
    other = await created(product, b"User ID,Event,Time\nc-1003,x,2026-01-01\n", content="EVENTS")
    erase = """mutation ($i: MemberIdsInput!) { deleteMembers(input: $i) { deleted errors { message } } }"""
    erased = await answer(product, erase, i={"kind": "PERSON", "externalIds": ["c-1001"]})
    assert erased == {"deleted": 1, "errors": []}
    query = "query ($id: ID!) { import(id: $id) { status columns { samples } } }"
    found = [await answer(product, query, id=one["id"]) for one in (by_id, by_email, other)]
    assert [one["status"] for one in found] == ["CANCELLED", "CANCELLED", "UPLOADED"]
    shown = {sample for one in found[:2] for column in one["columns"] for sample in column["samples"]}
    assert not shown & {"c-1001", "ann@shop.example"}

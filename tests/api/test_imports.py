"""Imports as a client meets them: a real multipart upload, progress over a socket, rejected rows by a signed URL."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from seggraph.context import Context
from tests.conftest import new_viewer
from tests.product import Product, Server

FIELDS = "id status read added updated alreadyIn duplicate ignored failed progress rejectedUrl error { code }"
CREATE = f"""
    mutation ($i: CreateImportInput!) {{ createImport(input: $i) {{
      import {{ {FIELDS} columns {{ name samples detectedType }} suggestedMapping {{ column field confidence }} }}
      errors {{ code message path }} }} }}
"""
START = f"""
    mutation ($i: StartImportInput!) {{ startImport(input: $i) {{
      import {{ {FIELDS} }} errors {{ code message path }} }} }}
"""
EVENTS = f"subscription ($id: ID!) {{ importEvents(importId: $id) {{ {FIELDS} }} }}"


async def upload(
    product: Product, data: bytes, kind: str = "ACCOUNT", *, query: str = CREATE, **more: Any
) -> httpx.Response:
    operations = {"query": query, "variables": {"i": {"file": None, "kind": kind, **more}}}
    return await product.http.post(
        "/graphql",
        data={"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.i.file"]})},
        files={"0": ("accounts.csv", data, "text/csv")},
        headers={"Apollo-Require-Preflight": "1"},
    )


async def created(product: Product, data: bytes, **more: Any) -> dict[str, Any]:
    answer = (await upload(product, data, **more)).json()
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["createImport"]
    assert payload["errors"] == []
    return dict(payload["import"])


async def test_a_file_is_uploaded_mapped_and_followed_to_its_end(product: Product) -> None:
    # given a file whose columns are known
    view = await created(
        product, "Website,Company\nhttps://www.acme.com,Äcme\nbad domain,B\nacme.com,A\n".encode()
    )
    assert view["status"] == "UPLOADED"
    assert view["progress"] is None
    assert view["columns"][0] == {
        "name": "Website",
        "samples": ["https://www.acme.com", "bad domain", "acme.com"],
        "detectedType": "STRING",
    }
    mapping = [{"column": one["column"], "field": one["field"]} for one in view["suggestedMapping"]]
    assert mapping == [{"column": "Website", "field": "domain"}, {"column": "Company", "field": "name"}]

    # when it is started while somebody watches
    async with product.subscribe(EVENTS, id=view["id"]) as events:
        assert (await events.next())["status"] == "UPLOADED"
        started = (await product.run(START, i={"id": view["id"], "mapping": mapping}))["startImport"]
        assert started["errors"] == []
        assert started["import"]["status"] == "RUNNING"
        event = await events.next()
        while event["status"] != "COMPLETED":
            event = await events.next()

    # then every row is accounted for
    assert {key: event[key] for key in ("read", "added", "duplicate", "failed", "progress")} == {
        "read": 3,
        "added": 1,
        "duplicate": 1,
        "failed": 1,
        "progress": 1.0,
    }

    # and the rows that were not taken can be fetched without signing in, but not with another signature
    async with httpx.AsyncClient() as anyone:
        response = await anyone.get(event["rejectedUrl"])
        forged = await anyone.get(
            event["rejectedUrl"][:-1] + ("0" if event["rejectedUrl"][-1] != "0" else "1")
        )
        late = await anyone.get(event["rejectedUrl"].replace("expires=1", "expires=0"))
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].startswith('attachment; filename="import-')
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row[:3] for row in rows[1:]] == [["3", "FAILED", "INVALID"], ["4", "DUPLICATE", "DUPLICATE"]]
    assert forged.status_code == late.status_code == 404

    # and a second start does nothing
    again = (await product.run(START, i={"id": view["id"], "mapping": mapping}))["startImport"]
    assert again["import"]["status"] == "COMPLETED"


async def test_start_without_a_key_says_what_to_map(product: Product) -> None:
    view = await created(product, b"a,b\n1,2\n")

    payload = (await product.run(START, i={"id": view["id"], "mapping": [{"column": "a", "field": "name"}]}))[
        "startImport"
    ]

    assert payload["import"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("REQUIRED", ["mapping"])]
    assert "Account Domain or Account ID" in payload["errors"][0]["message"]


@pytest.mark.parametrize(("data", "code"), [(b"", "REQUIRED"), (b"\x89PNG\r\n\x1a\n", "INVALID")])
async def test_a_file_that_is_no_csv_is_an_error_of_the_payload(
    product: Product, data: bytes, code: str
) -> None:
    payload = (await upload(product, data)).json()["data"]["createImport"]

    assert payload["import"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, ["file"])]


async def test_an_upload_needs_a_header_that_a_form_cannot_send(product: Product) -> None:
    response = await product.http.post("/graphql", files={"0": ("a.csv", b"id\na\n")})

    assert response.status_code == 400


async def test_imports_of_another_workspace_do_not_exist(
    product: Product, server: Server, context: Context
) -> None:
    view = await created(product, b"id\na\n")

    async with server.sign_in(await new_viewer("Other")) as stranger:
        found = await stranger.run(
            "query ($id: ID!) { import(id: $id) { id } node(id: $id) { id } imports { totalCount } }",
            id=view["id"],
        )
        payload = (await stranger.run(START, i={"id": view["id"], "mapping": []}))["startImport"]

    assert found == {"import": None, "node": None, "imports": {"totalCount": 0}}
    assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"]
    mine = await product.run(
        "query ($id: ID!) { import(id: $id) { id status } imports { totalCount nodes { id } } }",
        id=view["id"],
    )
    assert mine["import"] == {"id": view["id"], "status": "UPLOADED"}
    assert mine["imports"] == {"totalCount": 1, "nodes": [{"id": view["id"]}]}


async def test_a_running_import_can_be_cancelled(server: Server, context: Context) -> None:
    async with server.sign_in(await new_viewer("Nobody works here")) as client:
        view = await created(client, b"id\na\n")
        mapping = [{"column": "id", "field": "externalId"}]
        await client.run(START, i={"id": view["id"], "mapping": mapping})

        payload = (
            await client.run(
                "mutation ($id: ID!) { cancelImport(input: {id: $id}) { import { status } errors { code } } }",
                id=view["id"],
            )
        )["cancelImport"]

    assert payload == {"import": {"status": "CANCELLED"}, "errors": []}


READINGS = """
    mutation ($i: CreateImportInput!) { createImport(input: $i) {
      import { id skipLines delimiter columns {
        name samples confidence detectedType interpreted reading ambiguities { setting options message } }
        suggestedMapping { column field } }
      errors { code message path } } }
"""
CHOSEN = """
    query ($id: ID!) { import(id: $id) { columns { name
      german: interpreted(field: "revenue", reading: {column: "Revenue", decimal: ","})
      english: interpreted(field: "revenue", reading: {column: "Revenue", decimal: "."}) } } }
"""
TEMPLATES = (
    "{ importTemplates(first: 5) { totalCount nodes { id kind columns mapping { column field } choices } } }"
)


async def test_a_column_with_two_readings_is_shown_asked_and_remembered(product: Product) -> None:
    # given a file of which nobody can say what its numbers are
    data = b"sep=|\r\nId|Revenue|Since\r\na|1.250|23/04/2026\r\n"
    operations = {"query": READINGS, "variables": {"i": {"file": None, "kind": "ACCOUNT"}}}
    response = await product.http.post(
        "/graphql",
        data={"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.i.file"]})},
        files={"0": ("accounts.csv", data, "text/csv")},
        headers={"Apollo-Require-Preflight": "1"},
    )
    view = response.json()["data"]["createImport"]["import"]

    # then that is said, with what each column is read as
    assert (view["skipLines"], view["delimiter"]) == (1, "|")
    revenue, since = view["columns"][1:]
    assert revenue["ambiguities"] == [
        {
            "setting": "decimal",
            "options": [".", ","],
            "message": "The point may be the decimal sign, or may separate thousands.",
        }
    ]
    assert (revenue["samples"], revenue["confidence"]) == (["1.250"], 0.5)
    assert (since["interpreted"], since["reading"]["dateOrder"], since["detectedType"]) == (
        ["2026-04-23"],
        "DMY",
        "DATE",
    )

    # and each choice can be looked at
    shown = (await product.run(CHOSEN, id=view["id"]))["import"]["columns"][1]
    assert (shown["german"], shown["english"]) == (["1250"], ["1.250"])

    # when it is started without a choice it asks, and with one it runs
    mapping = [{"column": one["column"], "field": one["field"]} for one in view["suggestedMapping"]]
    refused = (await product.run(START, i={"id": view["id"], "mapping": mapping}))["startImport"]
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [("AMBIGUOUS", ["columns"])]
    columns = [{"column": "Revenue", "decimal": ","}]
    started = await product.run(START, i={"id": view["id"], "mapping": mapping, "columns": columns})
    assert started["startImport"]["errors"] == []

    # then the choice is kept for the next file, until it is forgotten
    [template] = (await product.run(TEMPLATES))["importTemplates"]["nodes"]
    assert (template["kind"], template["columns"]) == ("ACCOUNT", ["Id", "Revenue", "Since"])
    assert template["choices"] == {"Revenue": {"decimal": ","}}
    forgotten = await product.run(
        "mutation ($i: ImportTemplateIdInput!) { deleteImportTemplate(input: $i) { deletedId errors { code } } }",
        i={"id": template["id"]},
    )
    assert forgotten["deleteImportTemplate"] == {"deletedId": template["id"], "errors": []}
    assert (await product.run(TEMPLATES))["importTemplates"] == {"totalCount": 0, "nodes": []}


async def test_one_file_may_go_to_several_places_of_a_request(product: Product) -> None:
    query = """
        mutation ($a: CreateImportInput!, $b: CreateImportInput!, $file: Upload!) {
          a: createImport(input: $a) { import { columns { name samples } } }
          b: createImport(input: $b) { import { columns { name samples } } }
          c: createImport(input: {file: $file, kind: PERSON}) { import { columns { name samples } } }
          d: createImport(input: {file: $file, kind: PERSON}) { import { columns { name samples } } }
        }
    """
    variables = {key: {"file": None, "kind": "ACCOUNT"} for key in "ab"}
    operations = {"query": query, "variables": {**variables, "file": None}}
    places = ["variables.a.file", "variables.b.file", "variables.file"]
    columns = [{"name": "Website", "samples": ["acme.example"]}]
    data = b"Website\nacme.example\n"

    answer = await product.http.post(
        "/graphql",
        data={"operations": json.dumps(operations), "map": json.dumps({"0": places})},
        files={"0": ("accounts.csv", data, "text/csv")},
        headers={"Apollo-Require-Preflight": "1"},
    )

    assert answer.json()["data"] == {key: {"import": {"columns": columns}} for key in "abcd"}

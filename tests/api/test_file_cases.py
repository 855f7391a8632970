"""Small files that went wrong once, each by the number of its case, from the upload to the member that is read."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.api.test_event_imports import suggested
from tests.api.test_relation_imports import counts, created, finished
from tests.product import Product

MEMBER = """query ($kind: MemberKind!, $id: String!) { memberByExternalId(kind: $kind, externalId: $id) {
    externalId name email phone postalCode country tags attributes consents { channel state } } }"""


@dataclass(frozen=True)
class FileCase:
    """A file, and what a member of it has when it is imported as suggested, but for `mapping` and `settings`."""

    name: str
    data: str
    member: str
    expected: dict[str, Any]
    kind: str = "PERSON"
    mapping: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] | None = None


CASES = (
    FileCase(
        "A1: marks of a spreadsheet go when the whole column has them",
        "Customer ID,Email,Default Address Zip,Phone\n'9980000000001,a1@example.com,'04616,'+573158170000\n",
        "9980000000001",
        {"postalCode": "04616", "phone": "+573158170000", "email": "a1@example.com"},
    ),
    FileCase(
        "A5: consent by what the word says",
        "Id,Email Status\na5-1,subscribed\na5-2,unsubscribed\na5-3,cleaned\na5-4,pending\n",
        "a5-2",
        {"consents": [{"channel": "EMAIL", "state": "DENIED"}]},
        mapping={"Id": "externalId", "Email Status": "consentEmail"},
        counts={"read": 4, "added": 4},
    ),
    FileCase(
        "A9 and A10: a line sets the delimiter, and one separator divides tags",
        'sep=;\nId;Tags\na9;"ruta, gravel"\na10;"gravel, mtb"\n',
        "a9",
        {"tags": ["gravel", "ruta"]},
        mapping={"Id": "externalId", "Tags": "tags"},
    ),
    FileCase(
        "A11: a repeated name is a header",
        "id,Email,Phone,Phone\na11,a11@example.com,+493012345678,x\n",
        "a11",
        {"phone": "+493012345678", "attributes": {"Second": "x"}},
        mapping={"id": "externalId", "Email": "email", "Phone": "phone", "Phone (2)": "Second"},
    ),
    FileCase(
        "A13: an empty cell keeps what was there",
        "Id,Country\na11,\n",
        "a11",
        {"phone": "+493012345678", "attributes": {"Second": "x"}},
        mapping={"Id": "externalId", "Country": "phone"},
    ),
    FileCase(
        "A13: an empty cell clears when that is chosen, and a spelling of null is no text",
        "Id,Phone,Second\na11,,NULL\n",
        "a11",
        {"phone": None, "attributes": {}},
        mapping={"Id": "externalId", "Phone": "phone", "Second": "Second"},
        settings={
            "columns": [{"column": "Phone", "emptyClears": True}, {"column": "Second", "emptyClears": True}]
        },
    ),
    FileCase(
        "A16 and A17: a wrong value is left out, and the rest of its row is stored",
        "Id,Email,Since\na16,a16@example.com,2026-01-01\na17,a@b.example;c@d.example,2026-01-02\n"
        "a18,mailto:x@y.example,soon\n",
        "a17",
        {"email": "a@b.example", "attributes": {"Since": "2026-01-02"}},
        mapping={"Id": "externalId", "Email": "email", "Since": "Since"},
        settings={"columns": [{"column": "Since", "type": "DATE"}]},
        counts={"read": 3, "added": 3, "partial": 2},
    ),
    FileCase(
        "A7: a column without a value makes no attribute",
        "Id,Name,LastCallDate\na7,A,\n",
        "a7",
        {"name": "A", "attributes": {}},
        kind="ACCOUNT",
        mapping={"Id": "externalId", "Name": "name", "LastCallDate": "LastCallDate"},
    ),
    FileCase(
        "A7: the first value decides its type",
        "Id,LastCallDate\na7,2026-01-01\n",
        "a7",
        {"attributes": {"LastCallDate": "2026-01-01"}},
        kind="ACCOUNT",
        mapping={"Id": "externalId", "LastCallDate": "LastCallDate"},
    ),
)


async def test_files_that_went_wrong_once(product: Product) -> None:
    wrong: dict[str, Any] = {}
    for case in CASES:
        view = await created(product, case.data, case.kind)
        mapping = case.mapping or suggested(view)
        done = await finished(product, view["id"], mapping, **case.settings)
        if case.counts not in (None, counts(done)):
            wrong[f"{case.name}: counts"] = counts(done)
        member = (await product.run(MEMBER, kind=case.kind, id=case.member))["memberByExternalId"]
        member["tags"].sort()
        member["consents"] = [one for one in member["consents"] if one["state"] != "UNKNOWN"]
        found = {name: member[name] for name in case.expected}
        if found != case.expected:
            wrong[case.name] = found
    assert wrong == {}


async def test_one_file_goes_to_two_places_of_a_request(product: Product) -> None:
    """A20: both places have the file, from its beginning."""
    operations = {
        "query": """mutation ($a: CreateImportInput!, $b: CreateImportInput!) {
          a: createImport(input: $a) { import { encoding columns { samples } } errors { code } }
          b: createImport(input: $b) { import { encoding columns { samples } } errors { code } } }""",
        "variables": {name: {"file": None, "kind": "PERSON"} for name in "ab"},
    }
    response = await product.http.post(
        "/graphql",
        data={"operations": json.dumps(operations), "map": '{"0": ["variables.a.file", "variables.b.file"]}'},
        files={"0": ("people.csv", b"Id\np1\n", "text/csv")},
        headers={"Apollo-Require-Preflight": "1"},
    )

    data = response.json()["data"]
    assert (
        data["a"]
        == data["b"]
        == {
            "import": {"encoding": "utf-8", "columns": [{"samples": ["p1"]}]},
            "errors": [],
        }
    )

"""Imports: every row is accounted for, matched as promised, and nothing is half written."""

import csv
import io
from pathlib import Path

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.errors import (
    ErrorCode,
    NotFound,
    Problems,
    Required,
    SeggraphError,
)
from seggraph.files import uploads
from seggraph.services.imports import imports
from seggraph.services.imports import rejects as import_rejects
from seggraph.services.imports import runs as import_runs
from seggraph.services.imports.imports import ImportDraft
from seggraph.services.imports.mappings import Pair
from seggraph.services.members import members, upserts
from seggraph.services.members.members import MemberView
from seggraph.vocabulary import ImportStatus, MemberKind
from tests.conftest import new_viewer
from tests.services.importing import counts, imported, reading, uploaded

COMPANIES = Path(__file__).parent.parent / "data" / "companies.csv"
ACCOUNT, PERSON = MemberKind.ACCOUNT, MemberKind.PERSON


async def account(viewer: Viewer, external_id: str) -> MemberView:
    found = await members.find_by_external_id(viewer, ACCOUNT, external_id)
    assert found is not None
    return found


async def rejects(viewer: Viewer, import_id: int) -> list[list[str]]:
    data = b"".join([part async for part in import_rejects.stream(viewer.workspace_id, import_id)])
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


async def test_a_file_shows_its_columns_and_where_they_may_go(context: Context, viewer: Viewer) -> None:
    view = await uploaded(context, viewer, COMPANIES.read_bytes())

    assert view.status is ImportStatus.UPLOADED
    assert (view.file_encoding, view.delimiter, view.has_header) == ("utf-8", ",", True)
    assert [(column.name, column.detected_type) for column in view.columns] == [
        ("Symbol", "STRING"),
        ("Security", "STRING"),
        ("GICS Sector", "STRING"),
        ("GICS Sub-Industry", "STRING"),
        ("Headquarters Location", "STRING"),
        ("Date added", "DATE"),
        ("CIK", "NUMBER"),
        ("Founded", "STRING"),
    ]
    suggested = {one.column: (one.field, one.confidence) for one in view.suggestions}
    assert suggested["Symbol"] == ("externalId", 0.9)
    assert suggested["Security"] == ("name", 0.9)
    assert suggested["GICS Sector"] == ("industry", 0.9)
    assert suggested["GICS Sub-Industry"] == ("GICS Sub-Industry", 0.3)


async def test_a_public_list_of_companies_comes_in_whole_by_its_suggestions(
    context: Context, viewer: Viewer
) -> None:
    view = await uploaded(context, viewer, COMPANIES.read_bytes())
    mapping = {one.column: one.field for one in view.suggestions}

    first = await imported(context, viewer, COMPANIES.read_bytes(), mapping)
    again = await imported(context, viewer, COMPANIES.read_bytes(), mapping)

    assert counts(first) == {"read": 60, "added": 60}
    assert counts(again) == {"read": 60, "already_in": 60}
    company = await account(viewer, "MMM")
    assert (company.name, company.industry) == ("3M", "Industrials")
    assert company.attributes["Date added"] == "1957-03-04"
    assert company.attributes["CIK"] == 66740
    assert company.attributes["Headquarters Location"] == "Saint Paul, Minnesota"


@pytest.mark.parametrize(
    ("header", "cell", "field"),
    [
        ("Website", "https://www.acme.com/about", "domain"),
        ("Company", "Acme", "name"),
        ("Account ID", "a-1", "externalId"),
        ("Whatever", "ada@acme.com", "email"),
        ("Where", "acme.com", "domain"),
        ("companyName", "Acme", "name"),
        ("# of things", "7", "# of things"),
        ("Annual Revenue", "1,000.50", "revenue"),
    ],
)
async def test_columns_are_known_by_name_and_by_content(
    context: Context, viewer: Viewer, header: str, cell: str, field: str
) -> None:
    view = await uploaded(context, viewer, f'"{header}"\n"{cell}"\n', has_header=True)

    assert [one.field for one in view.suggestions] == [field]


async def test_a_file_without_a_header_has_numbered_columns(context: Context, viewer: Viewer) -> None:
    view = await imported(
        context, viewer, "acme.com;10\nglobex.com;20\n", {"Column 1": "domain", "Column 2": "employees"}
    )

    assert [column.name for column in view.columns] == ["Column 1", "Column 2"]
    assert counts(view) == {"read": 2, "added": 2}
    assert (await account(viewer, "acme.com")).employees == 10


async def test_accounts_are_found_by_their_normalised_domains(context: Context, viewer: Viewer) -> None:
    # given an account under an id of its own, and another without a domain
    await upserts.upsert(
        context,
        viewer,
        ACCOUNT,
        [{"externalId": "a1", "domain": "HTTPS://www.Acme.com/x"}, {"externalId": "b.com"}],
    )

    # when the same domains come in other dresses
    view = await imported(
        context,
        viewer,
        "Website,Company\nhttp://ACME.com:8080/jobs?x=1,Acme\nwww.b.com,B\nbücher.example,Books\nnonsense,N\n",
        {"Website": "domain", "Company": "name"},
    )

    # then they are those accounts, and the unknown one is made under its domain
    assert counts(view) == {"read": 4, "updated": 2, "added": 1, "failed": 1}
    acme = await account(viewer, "a1")
    assert (acme.name, acme.domain) == ("Acme", "acme.com")
    assert (await account(viewer, "b.com")).domain == "b.com"
    assert (await account(viewer, "xn--bcher-kva.example")).name == "Books"


async def test_people_are_found_by_email_whatever_its_case(context: Context, viewer: Viewer) -> None:
    await upserts.upsert(context, viewer, PERSON, [{"externalId": "p1", "email": "Ada@Example.com"}])

    view = await imported(
        context,
        viewer,
        "mail,city\nADA@example.COM,London\nbob@example.com,Paris\nbob@example.com,Rome\n",
        {"mail": "email", "city": "city"},
        PERSON,
    )

    assert counts(view) == {"read": 3, "updated": 1, "added": 1, "duplicate": 1}
    ada = await members.find_by_external_id(viewer, PERSON, "p1")
    assert ada is not None
    assert ada.city == "London"


async def test_rows_that_are_not_taken_can_be_looked_at(context: Context, viewer: Viewer) -> None:
    data = (
        "id,employees,mail\n"
        'a,1,\nb,many,\n,3,\na,4,\n"c\nd",5,\ne,6\nf,7,no mail\n=cmd,8,\ng,9,x@y.de,,\nh,10,,more\n'
    )

    view = await imported(
        context, viewer, data, {"id": "externalId", "employees": "employees", "mail": "email"}
    )

    assert counts(view) == {"read": 10, "added": 6, "duplicate": 1, "failed": 3}
    assert view.partial == 2
    header, *rows = await rejects(viewer, view.id)
    assert header == ["line", "outcome", "code", "reason", "id", "employees", "mail"]
    assert [row[:3] for row in rows] == [
        ["3", "PARTIAL", "INVALID"],
        ["4", "FAILED", "REQUIRED"],
        ["5", "DUPLICATE", "DUPLICATE"],
        ["8", "FAILED", "INVALID"],
        ["9", "PARTIAL", "INVALID"],
        ["12", "FAILED", "INVALID"],
    ]
    reason = "Stored without: employees: 'many' is no number with the decimal sign '.'."
    assert rows[0][3:] == [reason, "b", "many", ""]
    assert (await account(viewer, "b")).employees is None
    assert (await account(viewer, "f")).employees == 7
    assert (await account(viewer, "=cmd")).employees == 8


async def test_only_targets_that_exist_are_taken_when_missing_ones_are_not_made(
    context: Context, viewer: Viewer
) -> None:
    await upserts.upsert(
        context, viewer, ACCOUNT, [{"externalId": "a"}, {"externalId": "b", "isTarget": False}]
    )

    view = await imported(
        context,
        viewer,
        "id,city,new one\na,Rome,1\nb,Rome,1\nc,Rome,1\nc,Rome,2\n",
        {"id": "externalId", "city": "city"},
        create_missing=False,
        only_targets=True,
    )

    assert counts(view) == {"read": 4, "updated": 1, "ignored": 2, "duplicate": 1}
    assert [row[2] for row in (await rejects(viewer, view.id))[1:]] == [
        "NOT_TARGET",
        "NOT_FOUND",
        "DUPLICATE",
    ]
    assert await members.find_by_external_id(viewer, ACCOUNT, "c") is None
    assert (await account(viewer, "b")).city is None


async def test_a_dry_run_says_what_would_be_and_stores_nothing(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await upserts.upsert(context, viewer, ACCOUNT, [{"externalId": "a", "city": "Rome"}, {"externalId": "b"}])
    data = "id,city,plan\na,Rome,\nb,Rome,gold\nc,Rome,gold\nc,Rome,gold\n,x,\n"
    mapping = {"id": "externalId", "city": "city", "plan": "plan"}

    dry = await imported(context, viewer, data, mapping, dry_run=True)

    assert dry.status is ImportStatus.COMPLETED
    expected = {"read": 5, "added": 1, "updated": 1, "already_in": 1, "duplicate": 1, "failed": 1}
    assert counts(dry) == expected
    assert await members.find_by_external_id(viewer, ACCOUNT, "c") is None
    assert (await account(viewer, "b")).city is None
    assert await connection.fetchval("SELECT count(*) FROM attributes") == 0

    # and it may be started for good, which does what was said
    await imports.start(context, viewer, dry.id, [Pair(*pair) for pair in mapping.items()])
    await import_runs.run(context, dry.id)
    assert counts(await imports.get(viewer, dry.id)) == expected
    assert (await account(viewer, "c")).attributes == {"plan": "gold"}


async def test_a_second_start_does_nothing(context: Context, viewer: Viewer) -> None:
    done = await imported(context, viewer, "id\na\nb\n", {"id": "externalId"})

    again = await imports.start(context, viewer, done.id, [Pair("id", "externalId")])

    assert again == done
    assert await import_runs.run(context, done.id) is None


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ACCOUNT, "Account Domain or Account ID"),
        (PERSON, "email or to externalId"),
        (MemberKind.DEAL, "the deal's ID"),
    ],
)
async def test_start_says_what_to_map(context: Context, viewer: Viewer, kind: MemberKind, words: str) -> None:
    view = await uploaded(context, viewer, "a,b\n1,2\n", kind)

    with pytest.raises(Required) as raised:
        await imports.start(context, viewer, view.id, [Pair("a", "name")])

    assert words in raised.value.message
    assert raised.value.path == ("mapping",)
    assert (await imports.get(viewer, view.id)).status is ImportStatus.UPLOADED


@pytest.mark.parametrize(
    ("mapping", "codes"),
    [
        ([("a", "externalId"), ("gone", "name")], ["NOT_FOUND"]),
        ([("a", "externalId"), ("b", "externalId")], ["DUPLICATE"]),
        ([("a", "externalId"), ("b", "createdAt")], ["INVALID"]),
        ([("a", "externalId"), ("b", "attributes.name")], ["INVALID"]),
        ([("a", "externalId"), ("b", "x" * 101)], ["TOO_LONG"]),
        ([("a", "externalId"), ("b", "")], ["REQUIRED"]),
        ([("a", "name"), ("b", "name")], ["REQUIRED", "DUPLICATE"]),
        ([("a", "externalId"), *(("b", f"attribute {n}") for n in range(501))], ["TOO_LARGE"]),
    ],
)
async def test_a_mapping_that_cannot_be_is_refused(
    context: Context, viewer: Viewer, mapping: list[tuple[str, str]], codes: list[str]
) -> None:
    view = await uploaded(context, viewer, "a,b\n1,2\n", has_header=True)

    with pytest.raises(SeggraphError) as raised:
        await imports.start(context, viewer, view.id, [Pair(*pair) for pair in mapping])

    error = raised.value
    assert [one.code for one in (error.problems if isinstance(error, Problems) else (error,))] == codes


async def test_attribute_names_may_hold_quotes(context: Context, viewer: Viewer) -> None:
    name = 'it\'s a "plan"; DROP TABLE members --'

    view = await imported(context, viewer, "id,p\na,gold\n", {"id": "externalId", "p": name})

    assert counts(view) == {"read": 1, "added": 1}
    assert (await account(viewer, "a")).attributes == {name: "gold"}


async def test_a_new_attribute_gets_the_type_that_its_whole_column_fits(
    context: Context, viewer: Viewer
) -> None:
    rows = "".join(f"{n},{n},{n:05}\n" for n in range(1_500)) + "last,none,x\n"

    view = await imported(
        context, viewer, f"id,amount,zip\n{rows}", {"id": "externalId", "amount": "amount", "zip": "zip"}
    )

    assert counts(view) == {"read": 1_501, "added": 1_501}
    assert (await account(viewer, "7")).attributes == {"amount": "7", "zip": "00007"}


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "REQUIRED", "empty"),
        (b"\xef\xbb\xbf", "REQUIRED", "no rows"),
        (b"\n\n\n", "REQUIRED", "no rows"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "INVALID", "an image"),
        (b"PK\x03\x04" + b"x" * 100, "INVALID", "Excel"),
        (b"\x1f\x8b\x08" + b"x" * 100, "INVALID", "gzip"),
        (b"id,name\n1,a\0b\n", "INVALID", "NUL"),
        (b"\x01\x02\x03\x04\x05,\x06\n", "INVALID", "binary"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00\x00\xd8\x00\xd8", "INVALID", "UTF-16"),
        (b"a," * 1_001 + b"\n", "TOO_LARGE", "1000 columns"),
        (b'id\n"' + b"x" * 200_000 + b'"\n', "INVALID", "131,072"),
    ],
)
async def test_what_is_no_csv_is_refused_and_leaves_nothing(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, data: bytes, code: str, words: str
) -> None:
    with pytest.raises(SeggraphError) as raised:
        await uploaded(context, viewer, data)

    assert raised.value.code == code
    assert words in raised.value.message
    assert list(uploads.folder(context.settings).iterdir()) == []
    assert await connection.fetchval("SELECT count(*) FROM imports") == 0


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (b'"' + b"x" * 10_000_000 + b'"\n', "larger than 8 MiB"),
        (b'"' + b"x" * 200_000 + b'"\n', "131,072"),
        (b'"open\n' + b"later,1\n" * 50, "never closed"),
    ],
)
async def test_a_file_that_cannot_be_read_on_is_refused_before_anything_is_stored(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, tail: bytes, words: str
) -> None:
    head = b"id\n" + b"".join(b"%d\n" % number for number in range(60_000))

    view = await imported(context, viewer, head + tail, {"id": "externalId"})

    assert view.status is ImportStatus.FAILED
    assert view.error_code == ErrorCode.INVALID
    assert words in (view.error_message or "")
    assert counts(view) == {"read": 0}
    assert await connection.fetchval("SELECT count(*) FROM members") == 0


async def test_a_name_that_is_a_path_names_no_file(context: Context, viewer: Viewer) -> None:
    draft = ImportDraft("../../etc/pass\x00wd\n", ACCOUNT)
    view = await imports.create(context, viewer, reading(b"id\na\n"), draft)

    assert view.file_name == "passwd"
    assert [path.suffix for path in uploads.folder(context.settings).iterdir()] == [".csv"]


async def test_another_workspace_has_no_such_import(context: Context, viewer: Viewer) -> None:
    view = await uploaded(context, viewer, "id\na\n")
    other = await new_viewer("Other")

    for call in (
        imports.get(other, view.id),
        imports.start(context, other, view.id, [Pair("id", "externalId")]),
        imports.cancel(context, other, view.id),
    ):
        with pytest.raises(NotFound):
            await call
    assert (await imports.get(viewer, view.id)).status is ImportStatus.UPLOADED


async def test_a_cancelled_import_is_not_carried_out(context: Context, viewer: Viewer) -> None:
    view = await uploaded(context, viewer, "id\na\n")
    await imports.start(context, viewer, view.id, [Pair("id", "externalId")])

    cancelled = await imports.cancel(context, viewer, view.id)

    assert cancelled.status is ImportStatus.CANCELLED
    assert await import_runs.run(context, view.id) is None
    assert await members.find_by_external_id(viewer, ACCOUNT, "a") is None
    assert [path for path in uploads.folder(context.settings).iterdir() if path.suffix == ".csv"] == []

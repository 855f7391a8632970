"""What is exported imports again unchanged, whatever is in it."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.unit_of_work import snapshot
from seggraph.services.catalogue import catalogues
from seggraph.services.exports import columns as export_columns
from seggraph.services.exports import files as export_files
from seggraph.services.imports.mappings import Pair
from seggraph.services.members import upserts
from seggraph.vocabulary import Channel, ConsentState, ExportFormat, MemberKind
from tests.conftest import new_viewer
from tests.effort import tries
from tests.services.importing import counts, imported, uploaded

ACCOUNT = MemberKind.ACCOUNT
KEPT = (
    "SELECT external_id, name, domain, email, phone, country, city, industry, revenue, employees, score, is_target,"
    " tags, attributes::text, consent_email, consent_direct_mail, consent_sms, consent_phone, consent_push,"
    " a.address, a.shipping_address::text, a.billing_address::text"
    " FROM members m LEFT JOIN member_addresses a ON a.member_id = m.id WHERE m.workspace_id = $1 ORDER BY external_id"
)

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=15
) | st.sampled_from(
    [
        "=1+1",
        "-5",
        "'=x",
        "'s",
        "a\r\nb",
        '"',
        ";",
        "[1]",
        "{}",
        "@x",
        "+1",
        "+49 (0)30-12",
        "+a",
        "'+1",
        "true",
        "007",
    ]
)
tidy = texts.filter(lambda text: bool(text.strip()))
members_ = st.fixed_dictionaries(
    {"externalId": tidy},
    optional={
        "name": texts,
        "city": texts,
        "domain": st.sampled_from(["Acme.com", "no domain", "b.de"]),
        "revenue": st.decimals(-1000, 10**9, places=4),
        "employees": st.integers(0, 10**6),
        "score": st.floats(allow_nan=False, allow_infinity=False),
        "isTarget": st.booleans(),
        "tags": st.lists(tidy, max_size=3),
        "address": texts,
        "shippingAddress": st.dictionaries(st.sampled_from("ab"), texts, max_size=2),
        "consents": st.lists(
            st.tuples(st.sampled_from(list(Channel)), st.sampled_from(list(ConsentState))), max_size=2
        ),
        "attributes": st.fixed_dictionaries(
            {},
            optional={
                "text": texts | st.just(""),
                "=number": st.integers(-(2**60), 2**60) | st.floats(-1e29, 1e29),
                "flag": st.booleans(),
                "day": st.dates().map(str),
                "moment": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
                "list, of": st.lists(texts | st.just(""), max_size=3),
            },
        ),
    },
)
FIRST: dict[str, Any] = {
    "externalId": "first",
    "attributes": {
        "text": "x",
        "=number": 1,
        "flag": True,
        "day": "2026-01-31",
        "moment": "2026-01-31T00:00:00Z",
        "list, of": ["x"],
    },
}


async def exported(viewer: Viewer) -> bytes:
    file = io.BytesIO()
    async with snapshot() as connection:
        columns = export_columns.of_members(
            await catalogues.types(connection, viewer.workspace_id, ACCOUNT), None
        )
        audience = await export_files.audience_of(connection, viewer.workspace_id, ACCOUNT, None)
        export_files.begin_file(file, columns, ExportFormat.CSV)
        async for _ in export_files.write_members(
            connection, viewer.workspace_id, ACCOUNT, audience, columns, ExportFormat.CSV, file
        ):
            pass
    return file.getvalue()


@settings(
    deadline=None,
    max_examples=tries(8, 40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=st.lists(members_, max_size=12, unique_by=lambda row: str(row["externalId"]).strip()))
async def test_an_export_imports_again_unchanged(
    context: Context, connection: asyncpg.Connection, rows: list[dict[str, Any]]
) -> None:
    # given members with anything in them, and a workspace whose attributes have the same types
    viewer, copy = await new_viewer("One"), await new_viewer("Copy")
    report = await upserts.upsert(context, viewer, ACCOUNT, [FIRST, *rows])
    await upserts.upsert(context, copy, ACCOUNT, [FIRST])
    data = await exported(viewer)
    before = await connection.fetch(KEPT, viewer.workspace_id)

    # when the file is imported as it suggests, here and there
    suggested = (await uploaded(context, viewer, data)).suggestions
    mapping = {one.column: one.field for one in suggested}
    here = await imported(context, viewer, data, mapping)
    there = await imported(context, copy, data, mapping)

    # then nothing changes here, and there the same members are
    assert await connection.fetch("SELECT message FROM import_rejects") == []
    assert counts(here) == {"read": report.created, "already_in": report.created}
    assert there.failed == there.duplicate == 0
    assert await connection.fetch(KEPT, viewer.workspace_id) == before
    assert await connection.fetch(KEPT, copy.workspace_id) == before
    assert await exported(copy) == data


async def test_formulas_cannot_run(context: Context, viewer: Viewer) -> None:
    await upserts.upsert(
        context,
        viewer,
        ACCOUNT,
        [{"externalId": "=cmd|' /C calc'!A0", "name": "@SUM(1)", "revenue": Decimal(-5)}],
    )

    [header, row] = list(csv.reader(io.StringIO((await exported(viewer)).decode(), newline="")))

    found = dict(zip(header, row, strict=True))
    assert found["externalId"] == "'=cmd|' /C calc'!A0"
    assert found["name"] == "'@SUM(1)"
    assert found["revenue"] == "-5"


async def test_a_workspace_exports_its_own_members_only(context: Context, viewer: Viewer) -> None:
    await upserts.upsert(context, await new_viewer("Other"), ACCOUNT, [{"externalId": "theirs"}])
    await upserts.upsert(context, viewer, MemberKind.PERSON, [{"externalId": "a person"}])

    assert len((await exported(viewer)).splitlines()) == 1
    assert Pair("a", "b").attribute == "b"

"""Exports as a client meets them: asked for, watched over a socket, fetched by a signed address, thrown away."""

import asyncio
import csv
import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.leases import LeaseLost
from seggraph.database.unit_of_work import begin
from seggraph.files import uploads
from seggraph.services.exports import exports
from seggraph.services.exports import files as export_files
from seggraph.services.exports import runs as export_runs
from seggraph.services.exports.exports import ExportDraft
from seggraph.services.operations import sweeping
from seggraph.services.segments import segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import ExportContent, ExportStatus, MemberKind, Role, SegmentType, Visibility
from tests.conftest import new_viewer
from tests.product import Product, Server

FIELDS = """id status content format gzip columns total written progress asOf fileSize url expiresAt
  segment { name } error { code message }"""
CREATE = f"""
    mutation ($i: CreateExportInput!) {{ createExport(input: $i) {{
      export {{ {FIELDS} }} errors {{ code message path }} }} }}
"""
DISCARD = f"""
    mutation ($id: ID!) {{ discardExport(input: {{id: $id}}) {{ export {{ {FIELDS} }} errors {{ code path }} }} }}
"""
EVENTS = f"subscription ($id: ID!) {{ exportEvents(exportId: $id) {{ __typename {FIELDS} }} }}"
ONE = f"""
    query ($id: ID!) {{ export(id: $id) {{ {FIELDS} }} node(id: $id) {{ id }} exports {{ totalCount }} }}
"""
UPSERT = """
    mutation ($i: UpsertMembersInput!) { upsertMembers(input: $i) { created rowErrors { code } errors { code } } }
"""
SEGMENT = """
    mutation ($i: CreateSegmentInput!) { createSegment(input: $i) { segment { id } errors { code message } } }
"""
EVERYONE = {"attribute": {"field": "externalId", "op": "IS_SET"}}


async def people(product: Product, count: int) -> str:
    """A segment of so many people; returns its id."""
    rows = [
        {
            "externalId": f"p{number:04}",
            "name": f"=Name {number}",
            "email": f"p{number}@example.com",
            "revenue": "12.50",
            "tags": ["a", "b;c"] if number == 0 else [],
            "shippingAddress": {"city": "Köln"},
            "attributes": {"plan": "pro", "seats": number, "list": ["x", "y"]},
        }
        for number in range(count)
    ]
    answer = await product.run(UPSERT, i={"kind": "PERSON", "members": rows})
    assert answer["upsertMembers"]["created"] == count
    created = await product.run(
        SEGMENT, i={"name": "Everyone", "kind": "PERSON", "type": "DYNAMIC", "criteria": EVERYONE}
    )
    segment_id: str = created["createSegment"]["segment"]["id"]
    query = "query ($id: ID!) { segment(id: $id) { memberCount reach { status } } }"
    async with asyncio.timeout(120):
        while (found := (await product.run(query, id=segment_id))["segment"])["memberCount"] != count:
            assert found["reach"]["status"] != "FAILED"
            await asyncio.sleep(0.05)
    return segment_id


async def exported(product: Product, **draft: Any) -> dict[str, Any]:
    """An export that was followed to its end."""
    payload = (await product.run(CREATE, i=draft))["createExport"]
    assert payload["errors"] == []
    async with product.subscribe(EVENTS, id=payload["export"]["id"]) as events:
        event = await events.next()
        while event["status"] == "RUNNING":
            event = await events.next()
    return event


async def fetched(url: str) -> httpx.Response:
    async with httpx.AsyncClient() as anyone:
        return await anyone.get(url)


async def test_the_members_of_a_segment_in_each_form(
    product: Product, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_files, "BATCH_ROWS", 2)
    segment_id = await people(product, 5)

    # as CSV: all that an import takes, with formulas neutralise_formula
    ready = await exported(product, segmentId=segment_id)
    assert {key: ready[key] for key in ("status", "total", "written", "progress", "segment", "error")} == {
        "status": "READY",
        "total": 5,
        "written": 5,
        "progress": 1.0,
        "segment": {"name": "Everyone"},
        "error": None,
    }
    response = await fetched(ready["url"])
    assert response.status_code == 200
    assert len(response.content) == ready["fileSize"]
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["cache-control"] == "private, no-store"
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [row["externalId"] for row in rows] == ["p0000", "p0001", "p0002", "p0003", "p0004"]
    assert (
        rows[0]
        | {
            "name": "'=Name 0",
            "revenue": "12.5",
            "tags": '["a", "b;c"]',
            "shippingAddress": '{"city": "Köln"}',
            "plan": "pro",
            "seats": "0",
            "list": "x;y",
        }
        == rows[0]
    )

    # as CSV for programs: texts as they are
    ready = await exported(product, segmentId=segment_id, format="PLAIN_CSV", columns=["externalId", "name"])
    response = await fetched(ready["url"])
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].endswith('.csv"')
    assert response.text.splitlines()[:2] == ["externalId,name", "p0000,=Name 0"]

    # as JSON Lines: chosen columns in their types, compressed
    ready = await exported(
        product,
        segmentId=segment_id,
        format="JSON_LINES",
        gzip=True,
        columns=[
            "name",
            "externalId",
            "revenue",
            "shippingAddress",
            "tags",
            "isTarget",
            "seats",
            "attributes.plan",
        ],
    )
    response = await fetched(ready["url"])
    assert response.headers["content-type"] == "application/gzip"
    assert response.headers["content-disposition"].endswith('.jsonl.gz"')
    lines = gzip.decompress(response.content).decode().splitlines()
    assert len(lines) == 5
    assert json.loads(lines[0]) == {
        "name": "=Name 0",
        "externalId": "p0000",
        "revenue": 12.5,
        "shippingAddress": {"city": "Köln"},
        "tags": ["a", "b;c"],
        "isTarget": True,
        "attributes": {"seats": 0, "plan": "pro"},
    }

    # an address that was tampered with opens nothing, and a file that was thrown away is gone
    assert (await fetched(ready["url"][:-4] + "0000")).status_code == 404
    gone = (await product.run(DISCARD, id=ready["id"]))["discardExport"]
    assert (gone["export"]["status"], gone["export"]["url"], gone["errors"]) == ("EXPIRED", None, [])
    assert (await fetched(ready["url"])).status_code == 404
    found = await product.run(ONE, id=ready["id"])
    assert found["node"] == {"id": ready["id"]}
    assert found["exports"]["totalCount"] == 3


async def test_who_is_erased_is_in_no_file_any_more(product: Product, context: Context) -> None:
    # given a file that can be fetched, one that is being written, and a list of segments
    segment_id = await people(product, 3)
    ready = await exported(product, segmentId=segment_id)
    listed = await exported(product, content="SEGMENTS")
    files = context.settings.files_dir
    assert files is not None
    assert len(list(files.glob("*.export"))) == 2

    # when one of the members is erased
    query = """mutation { deleteMembers(input: {kind: PERSON, externalIds: ["p0001"]}) {
      deleted erased { exportFiles } errors { code } } }"""
    payload = (await product.run(query))["deleteMembers"]

    # then the first file is gone at once, and the list is not
    assert payload == {"deleted": 1, "erased": {"exportFiles": 1}, "errors": []}
    assert (await fetched(ready["url"])).status_code == 404
    assert (await product.run(ONE, id=ready["id"]))["export"]["status"] == "EXPIRED"
    assert len(list(files.glob("*.export"))) == 1
    assert (await fetched(listed["url"])).status_code == 200
    again = await exported(product, segmentId=segment_id)
    assert "p0001" not in (await fetched(again["url"])).text


async def test_an_erasure_makes_a_file_that_is_being_written_begin_anew(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment = await segments.create(
        context, viewer, SegmentDraft("All", MemberKind.PERSON, SegmentType.STATIC)
    )
    made = await exports.create(context, viewer, ExportDraft(ExportContent.MEMBERS, segment.id))
    claim = await export_runs._claim(context, made.id)
    assert claim is not None
    async with begin() as unit:
        assert await exports.withdraw(context, unit, viewer.workspace_id, MemberKind.PERSON) == []

    # whoever was at it has lost it, and leaves nothing behind; the next one writes it
    files = uploads.folder(context.settings)
    part = files / f"{'a' * 32}.part"
    part.touch()
    with pytest.raises(LeaseLost):
        await export_runs._finish(context, claim, part, f"{'a' * 32}.export", export_runs.Progress())
    assert list(files.glob("a*")) == []
    assert await export_runs.run(context, made.id) is ExportStatus.READY


async def test_the_list_of_segments_that_its_maker_sees(
    context: Context, product: Product, viewer: Viewer
) -> None:
    colleague = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    for name, hidden in (("=Shown", ()), ("Hidden", (colleague.user_id or 0,))):
        await segments.create(
            context, viewer, SegmentDraft(name, MemberKind.PERSON, SegmentType.STATIC, hidden_from=hidden)
        )
    await segments.create(
        context,
        viewer,
        SegmentDraft("Private", MemberKind.ACCOUNT, SegmentType.STATIC, visibility=Visibility.PRIVATE),
    )
    async with product.server.sign_in(colleague) as theirs:
        mine = await exported(product, content="SEGMENTS", filter={"kinds": ["PERSON"]})
        seen = await exported(theirs, content="SEGMENTS", columns=["name", "kind", "memberCount"])

        rows = list(csv.DictReader(io.StringIO((await fetched(mine["url"])).text)))
        assert [row["name"] for row in rows] == ["'=Shown", "Hidden"]
        assert (
            rows[0]
            | {"status": "DRAFT", "type": "STATIC", "memberCount": "0", "createdBy": rows[0]["createdBy"]}
            == rows[0]
        )
        assert (await fetched(seen["url"])).text == "name,kind,memberCount\n'=Shown,PERSON,0\n"

        # a list is its maker's alone: others may not see all that is in it
        assert (await theirs.run(ONE, id=mine["id"]))["export"] is None
        assert (await theirs.run(ONE, id=mine["id"]))["node"] is None
        assert (await theirs.run(DISCARD, id=mine["id"]))["discardExport"]["errors"] == [
            {"code": "NOT_FOUND", "path": ["id"]}
        ]
        assert (await product.run(ONE, id=seen["id"]))["export"] is None


@pytest.mark.parametrize(
    ("draft", "code", "path"),
    [
        ({}, "REQUIRED", ["segmentId"]),
        ({"segmentId": "other"}, "NOT_FOUND", ["segmentId"]),
        ({"segmentId": "mine", "columns": ["name", "nothing"]}, "NOT_FOUND", ["columns", "1"]),
        ({"segmentId": "mine", "columns": ["name", "name"]}, "DUPLICATE", ["columns", "1"]),
        ({"segmentId": "mine", "columns": []}, "TOO_LARGE", ["columns"]),
        ({"segmentId": "mine", "content": "SEGMENTS"}, "INVALID", ["segmentId"]),
        ({"content": "SEGMENTS", "columns": ["email"]}, "NOT_FOUND", ["columns", "0"]),
    ],
)
async def test_what_cannot_be_exported_says_why(
    context: Context, server: Server, viewer: Viewer, draft: dict[str, Any], code: str, path: list[str]
) -> None:
    mine = await segments.create(context, viewer, SegmentDraft("Mine", MemberKind.PERSON, SegmentType.STATIC))
    stranger = await new_viewer("Other")
    other = await segments.create(
        context, stranger, SegmentDraft("Other", MemberKind.PERSON, SegmentType.STATIC)
    )
    async with server.sign_in(viewer) as product:
        query = "{ segments { nodes { id } } }"
        ids = {"mine": (await product.run(query))["segments"]["nodes"][0]["id"]}
    async with server.sign_in(stranger) as product:
        ids["other"] = (await product.run(query))["segments"]["nodes"][0]["id"]
    assert mine != other

    async with server.sign_in(viewer) as product:
        given = draft | ({"segmentId": ids[draft["segmentId"]]} if "segmentId" in draft else {})
        payload = (await product.run(CREATE, i=given))["createExport"]

    assert payload["export"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, path)]


async def test_a_lost_worker_is_followed_by_another_and_old_files_expire(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given an export whose worker died while it wrote
    made = await exports.create(context, viewer, ExportDraft(ExportContent.SEGMENTS))
    await connection.execute(
        "UPDATE exports SET lease_holder = 'gone', lease_until = now() - interval '1 second', attempts = 1,"
        " created_at = now() - interval '1 minute'"
    )

    # when the sweeper asks again, another one writes it, and only one
    await sweeping.sweep(context)
    assert await export_runs.run(context, made.id) is ExportStatus.READY
    assert await export_runs.run(context, made.id) is None
    ready = await exports.get(viewer, made.id)
    assert ready.expires_at is not None
    assert timedelta(days=6) < ready.expires_at - datetime.now(UTC) < timedelta(days=8)
    files = context.settings.files_dir
    assert files is not None
    assert [path.name for path in files.glob("*.export")] == [ready.file]

    # and when its time is over, the file goes
    await connection.execute("UPDATE exports SET expires_at = now()")
    await sweeping.sweep(context)
    assert (await exports.get(viewer, made.id)).status is ExportStatus.EXPIRED
    assert list(files.glob("*.export")) + list(files.glob("*.part")) == []


async def test_an_export_that_keeps_failing_says_so(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment = await segments.create(
        context, viewer, SegmentDraft("Short-lived", MemberKind.PERSON, SegmentType.STATIC)
    )
    made = await exports.create(context, viewer, ExportDraft(ExportContent.MEMBERS, segment.id))
    await connection.execute("UPDATE exports SET segment_id = NULL")

    assert await export_runs.run(context, made.id) is ExportStatus.FAILED

    failed = await exports.get(viewer, made.id)
    assert (failed.error_code, failed.error_message) == ("NOT_FOUND", "The segment was deleted.")


async def test_phone_numbers_are_no_formulas(product: Product) -> None:
    segment_id = await people(product, 1)
    phones = {"externalId": "phones", "name": "+49 (0)30-12", "city": "+cmd|1", "country": "-1"}
    await product.run(
        """mutation ($m: MemberInput!) {
          upsertMembers(input: {kind: PERSON, members: [$m]}) { created errors { message } } }""",
        m=phones,
    )
    await product.run(
        """mutation ($s: ID!) {
          addSegmentMembers(input: {segmentIds: [$s], externalIds: ["phones"]}) { errors { message } } }""",
        s=segment_id,
    )
    files = {}
    for form in ("CSV", "PLAIN_CSV"):
        ready = await exported(
            product, segmentId=segment_id, format=form, columns=["name", "city", "country"]
        )
        files[form] = (await fetched(ready["url"])).text.splitlines()[-1]

    assert files == {"CSV": "+49 (0)30-12,'+cmd|1,'-1", "PLAIN_CSV": "+49 (0)30-12,+cmd|1,-1"}

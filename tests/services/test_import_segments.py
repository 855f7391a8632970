"""Imports into static segments: filled, added to and replaced by those whom the file names."""

import asyncio
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.errors import (
    BadTransition,
    Forbidden,
    Invalid,
    NotFound,
)
from seggraph.services.imports import imports
from seggraph.services.imports import runs as import_runs
from seggraph.services.imports.imports import StartSettings
from seggraph.services.imports.mappings import Pair
from seggraph.services.members import members, upserts
from seggraph.services.segments import segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.vocabulary import ImportStatus, MemberKind, Role, SegmentType
from tests.conftest import new_viewer
from tests.product import working
from tests.services.importing import counts, imported, uploaded

ACCOUNT, PERSON = MemberKind.ACCOUNT, MemberKind.PERSON


async def static_segment(context: Context, viewer: Viewer, name: str = "Static", **more: Any) -> int:
    draft = SegmentDraft(name=name, kind=ACCOUNT, type=SegmentType.STATIC, **more)
    return (await segments.create(context, viewer, draft)).id


async def ids_in(viewer: Viewer, segment_id: int, connection: asyncpg.Connection) -> set[str]:
    audience = await members.audience_of(viewer, [segment_id])
    rows = await connection.fetch("SELECT external_id FROM members WHERE ordinal = ANY($1)", list(audience))
    return {row["external_id"] for row in rows}


async def ready(connection: asyncpg.Connection, segment_id: int, revision: int) -> asyncpg.Record:
    async with asyncio.timeout(120):
        while True:
            row = await connection.fetchrow("SELECT * FROM segments WHERE id = $1", segment_id)
            if row["computed_revision"] >= revision and row["reach_status"] == "READY":
                return row
            await asyncio.sleep(0.02)


async def test_a_static_segment_is_filled_added_to_and_replaced(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment_id = await static_segment(context, viewer)
    how: dict[str, Any] = {"segment_id": segment_id, "only_targets": False, "activate": True}
    mapping = {"id": "externalId", "mail": "email"}

    async with working(context):
        first = await imported(context, viewer, "id,mail\na,a@x.de\nb,\n", mapping, **how)
        row = await ready(connection, segment_id, 1)
        assert (row["status"], row["member_count"], row["reach_email"]) == ("ACTIVE", 2, 1)

        added = await imported(context, viewer, "id,mail\nb,b@x.de\nc,\n", mapping, **how)
        assert await ids_in(viewer, segment_id, connection) == {"a", "b", "c"}

        replaced = await imported(context, viewer, "id,mail\nc,\nd,\n", mapping, **how, replace=True)

    assert counts(first) == {"read": 2, "added": 2}
    assert counts(added) == {"read": 2, "added": 1, "already_in": 1}
    assert counts(replaced) == {"read": 2, "added": 1, "already_in": 1}
    assert await ids_in(viewer, segment_id, connection) == {"c", "d"}
    runs = await connection.fetch("SELECT entered, exited FROM runs WHERE status = 'SUCCEEDED' ORDER BY id")
    assert [tuple(run) for run in runs if run["entered"] or run["exited"]] == [(2, 0), (1, 0), (1, 2)]


async def test_a_completed_import_is_in_its_segment_without_any_worker(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment_id = await static_segment(context, viewer, activate=True)

    view = await imported(
        context, viewer, "id\na\nb\n", {"id": "externalId"}, segment_id=segment_id, only_targets=False
    )

    assert view.status is ImportStatus.COMPLETED
    assert await ids_in(viewer, segment_id, connection) == {"a", "b"}
    row = await connection.fetchrow("SELECT member_count, status FROM segments WHERE id = $1", segment_id)
    assert tuple(row) == (2, "ACTIVE")


async def test_a_draft_stays_one_unless_it_is_to_be_activated(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment_id = await static_segment(context, viewer)
    data, mapping = "id\na\nb\n", {"id": "externalId"}
    how: dict[str, Any] = {"segment_id": segment_id, "only_targets": False}

    view = await imported(context, viewer, data, mapping, **how)

    assert counts(view) == {"read": 2, "added": 2}
    assert await connection.fetchval("SELECT status FROM segments WHERE id = $1", segment_id) == "DRAFT"

    # when it is activated by the next file, it has those of the first file, too, and the audit log says who did it
    await imported(context, viewer, "id\nc\n", mapping, **how, activate=True)
    assert await ids_in(viewer, segment_id, connection) == {"a", "b", "c"}
    row = await connection.fetchrow("SELECT status, last_action FROM segments WHERE id = $1", segment_id)
    assert tuple(row) == ("ACTIVE", "ACTIVATED")
    entries = await connection.fetch(
        "SELECT user_id FROM audit_entries WHERE subject = 'SEGMENT' AND action = 'ACTIVATED'"
    )
    assert [entry["user_id"] for entry in entries] == [viewer.user_id]


async def test_only_targets_enter_a_segment_of_accounts_unless_somebody_says_otherwise(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    await upserts.upsert(
        context, viewer, ACCOUNT, [{"externalId": "target"}, {"externalId": "other", "isTarget": False}]
    )
    segment_id = await static_segment(context, viewer, activate=True)
    data = "id,t\ntarget,\nother,\nunknown,\nnew target,yes\n"

    view = await imported(context, viewer, data, {"id": "externalId", "t": "isTarget"}, segment_id=segment_id)

    assert counts(view) == {"read": 4, "added": 2, "ignored": 2}
    assert await ids_in(viewer, segment_id, connection) == {"target", "new target"}
    assert await members.find_by_external_id(viewer, ACCOUNT, "unknown") is None
    reasons = await connection.fetch("SELECT code FROM import_rejects ORDER BY line")
    assert [row["code"] for row in reasons] == ["NOT_TARGET", "NOT_TARGET"]

    # and with the switch off all of them enter
    everybody = await imported(
        context, viewer, data, {"id": "externalId"}, segment_id=segment_id, only_targets=False
    )
    assert counts(everybody) == {"read": 4, "added": 2, "already_in": 2}


async def test_a_dry_run_leaves_the_segment_as_it_is(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment_id = await static_segment(context, viewer)
    how: dict[str, Any] = {"segment_id": segment_id, "only_targets": False}

    view = await imported(context, viewer, "id\na\n", {"id": "externalId"}, **how, dry_run=True)

    assert counts(view) == {"read": 1, "added": 1}
    row = await connection.fetchrow(
        "SELECT status, requested_revision FROM segments WHERE id = $1", segment_id
    )
    assert tuple(row) == ("DRAFT", 0)


async def test_only_static_segments_of_the_kind_that_one_may_manage_are_filled(
    context: Context, viewer: Viewer
) -> None:
    dynamic = await segments.create(
        context, viewer, SegmentDraft(name="Dynamic", kind=ACCOUNT, type=SegmentType.DYNAMIC)
    )
    static = await static_segment(context, viewer)
    other = await new_viewer("Other")
    member = await new_viewer("Acme", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)

    with pytest.raises(Invalid, match="static"):
        await uploaded(context, viewer, "id\na\n", segment_id=dynamic.id)
    with pytest.raises(Invalid, match="ACCOUNT"):
        await uploaded(context, viewer, "id\na\n", PERSON, segment_id=static)
    with pytest.raises(NotFound):
        await uploaded(context, other, "id\na\n", segment_id=static)
    with pytest.raises(Forbidden):
        await uploaded(context, member, "id\na\n", segment_id=static)


@pytest.mark.parametrize("status", ["PAUSED", "ARCHIVED"])
async def test_an_import_whose_segment_takes_nobody_any_more_says_what_is_true(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, status: str
) -> None:
    segment_id = await static_segment(context, viewer)
    view = await uploaded(context, viewer, "id\na\n", segment_id=segment_id)
    await imports.start(
        context, viewer, view.id, [Pair("id", "externalId")], StartSettings(only_targets=False)
    )
    await connection.execute(f"UPDATE segments SET status = '{status}' WHERE id = $1", segment_id)

    assert await import_runs.run(context, view.id) is ImportStatus.FAILED

    failed = await imports.get(viewer, view.id)
    assert failed.error_code == BadTransition.code
    assert failed.error_message == (
        f"The segment is {status}: resume or unarchive it first. The members of the file are stored, but not added to"
        " the segment."
    )
    assert counts(failed) == {"read": 1, "ignored": 1}
    assert await members.find_by_external_id(viewer, ACCOUNT, "a") is not None
    assert await ids_in(viewer, segment_id, connection) == set()


async def test_members_of_a_file_are_removed_from_a_segment(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment_id = await static_segment(context, viewer, activate=True)
    mapping = {"id": "externalId"}
    how: dict[str, Any] = {"segment_id": segment_id, "only_targets": False}
    await imported(context, viewer, "id\na\nb\nc\n", mapping, **how)
    await imported(context, viewer, "id\nd\n", mapping)
    data = "id\na\nd\nnew\na\n"
    removing: dict[str, Any] = {"segment_id": segment_id, "removes": True}

    dry = await imported(context, viewer, data, mapping, dry_run=True, **removing)
    assert await ids_in(viewer, segment_id, connection) == {"a", "b", "c"}
    done = await imported(context, viewer, data, mapping, **removing)

    for view in (dry, done):
        assert counts(view) == {"read": 4, "removed": 1, "ignored": 2, "duplicate": 1}
    assert await ids_in(viewer, segment_id, connection) == {"b", "c"}
    assert await members.find_by_external_id(viewer, ACCOUNT, "new") is None, "nobody is created"
    codes = await connection.fetch(
        "SELECT code FROM import_rejects WHERE import_id = $1 ORDER BY line", done.id
    )
    assert [row["code"] for row in codes] == ["NOT_IN_SEGMENT", "NOT_FOUND", "DUPLICATE"]
    row = await connection.fetchrow("SELECT member_count, status FROM segments WHERE id = $1", segment_id)
    assert tuple(row) == (2, "ACTIVE")

    # and who was removed by a file comes back by a file
    await imported(context, viewer, "id\na\n", mapping, **how)
    assert await ids_in(viewer, segment_id, connection) == {"a", "b", "c"}


async def test_a_file_removes_or_replaces_and_only_in_a_segment(context: Context, viewer: Viewer) -> None:
    segment_id = await static_segment(context, viewer)
    wrong: list[dict[str, Any]] = [
        {"removes": True},
        {"removes": True, "replace": True, "segment_id": segment_id},
    ]
    for more in wrong:
        with pytest.raises(Invalid) as refused:
            await uploaded(context, viewer, "id\na\n", **more)
        assert refused.value.path == ("remove",)


async def test_a_second_file_starts_when_the_first_is_over(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    segment_id = await static_segment(context, viewer, activate=True)
    views = [
        await uploaded(context, viewer, "id\na\n", segment_id=segment_id),
        await uploaded(context, viewer, "id\na\nb\n", segment_id=segment_id, replace=True),
    ]
    pairs, settings = [Pair("id", "externalId")], StartSettings(only_targets=False)
    begun = await asyncio.gather(
        *(imports.start(context, viewer, view.id, pairs, settings) for view in views),
        return_exceptions=True,
    )
    [late] = [index for index, one in enumerate(begun) if isinstance(one, BadTransition)]
    waiting, at_work = views[late].id, views[1 - late].id
    assert (await imports.get(viewer, waiting)).status is ImportStatus.UPLOADED, "its file is kept"
    dry = StartSettings(only_targets=False, dry_run=True)
    await imports.start(context, viewer, waiting, pairs, dry)  # which does not touch the segment
    for import_id in (at_work, waiting):
        assert await import_runs.run(context, import_id) is ImportStatus.COMPLETED

    await imports.start(context, viewer, waiting, pairs, settings)
    assert await import_runs.run(context, waiting) is ImportStatus.COMPLETED

    done = await imports.get(viewer, waiting)
    expected = {"read": 2, "added": 1, "already_in": 1} if late else {"read": 1, "already_in": 1}
    assert counts(done) == expected
    assert await ids_in(viewer, segment_id, connection) == {"a", "b"}

"""Bulk edits in the background as a client meets them: started, watched, cancelled, and finished after a crash."""

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.services.erasure import erasure
from seggraph.services.members import bulk_edit_runs
from seggraph.services.members.selections import Selection
from seggraph.services.operations import sweeping
from seggraph.settings import Settings
from seggraph.vocabulary import BulkEditStatus, MemberKind, Role
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Product, Server, working
from tests.services.test_killed_worker import eventually, worker_process

FIELDS = """id status action kind addedTags removedTags consents { channel state } total done progress changed
  unchanged deleted overLimitCount overLimit error { code message } createdAt finishedAt createdBy { id }"""
TAG = f"""
    mutation ($i: TagMembersInput!) {{ tagMembers(input: $i) {{
      changed unchanged notFound overLimit bulkEdit {{ {FIELDS} }} errors {{ code message path }} }} }}
"""
CONSENT = f"""
    mutation ($i: SetConsentsInput!) {{ setConsents(input: $i) {{
      changed unchanged notFound bulkEdit {{ {FIELDS} }} errors {{ code message path }} }} }}
"""
CANCEL = f"""
    mutation ($id: ID!) {{ cancelBulkEdit(input: {{id: $id}}) {{ bulkEdit {{ {FIELDS} }} errors {{ code path }} }} }}
"""
EVENTS = f"subscription ($id: ID!) {{ bulkEditEvents(bulkEditId: $id) {{ __typename {FIELDS} }} }}"
ONE = f"""
    query ($id: ID!) {{
      bulkEdit(id: $id) {{ {FIELDS} }} node(id: $id) {{ id }} bulkEdits {{ totalCount nodes {{ id }} }}
    }}
"""
FILL = """
    WITH made AS (
      INSERT INTO populations VALUES (DEFAULT, $1, 2, $2)
    )
    INSERT INTO members (workspace_id, kind, ordinal, external_id, country, tags, attributes)
    SELECT $1, 2, n, 'a' || n, 'DE', CASE WHEN n % 10 = 0 THEN '{vip}' ELSE '{}' END::text[], '{}'
    FROM generate_series(0, $2 - 1) AS n
"""
HALTED = """
    SELECT EXISTS (SELECT FROM bulk_edits WHERE position > 0)
      AND EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid')
"""
"""Whether an edit has done some members, and waits for one that is held."""
COUNT = 3_000
EVERYONE = {"kind": "ACCOUNT", "where": {"attribute": {"field": "country", "op": "EQ", "value": "DE"}}}
KIND = MemberKind.ACCOUNT


@pytest.fixture
async def filled(server: Server, viewer: Viewer, connection: asyncpg.Connection) -> AsyncIterator[Product]:
    """The administrator of a workspace of 3,000 accounts, of which each tenth is tagged. No worker is running."""
    await connection.execute(FILL, viewer.workspace_id, COUNT)
    async with server.sign_in(viewer) as product:
        yield product


async def tagged(product: Product, **given: Any) -> dict[str, Any]:
    """What tagMembers answers."""
    answer: dict[str, Any] = (await product.run(TAG, i={**EVERYONE, "add": ["vip"], **given}))["tagMembers"]
    return answer


async def started(product: Product, **given: Any) -> dict[str, Any]:
    """A bulk edit that tagMembers has started."""
    answer = await tagged(product, **given)
    assert answer["errors"] == []
    edit: dict[str, Any] = answer["bulkEdit"]
    return edit


async def over(product: Product, edit_id: str) -> dict[str, Any]:
    """The edit when it is over."""
    async with product.subscribe(EVENTS, id=edit_id) as events:
        async for event in events:
            if event["status"] != "RUNNING":
                return event
    raise AssertionError("the subscription ended before the edit")


async def test_an_edit_of_many_runs_in_the_background(
    filled: Product, context: Context, connection: asyncpg.Connection
) -> None:
    answer = await tagged(filled)
    edit = answer["bulkEdit"]

    assert (answer["changed"], answer["unchanged"], answer["notFound"]) == (0, 0, [])
    assert (edit["status"], edit["total"], edit["done"], edit["progress"]) == ("RUNNING", COUNT, 0, 0.0)
    assert (edit["action"], edit["kind"], edit["addedTags"]) == ("TAG_MEMBERS", "ACCOUNT", ["vip"])
    assert await connection.fetchval("SELECT count(*) FROM members WHERE 'vip' = ANY(tags)") == COUNT // 10

    async with working(context):
        done = await over(filled, edit["id"])

    assert (done["status"], done["done"], done["progress"]) == ("COMPLETED", COUNT, 1.0)
    assert (done["changed"], done["unchanged"], done["deleted"]) == (COUNT * 9 // 10, COUNT // 10, 0)
    assert done["finishedAt"] is not None
    assert done["error"] is None
    found = await filled.run(ONE, id=edit["id"])
    assert found["bulkEdit"]["status"] == "COMPLETED"
    assert found["node"] == {"id": edit["id"]}
    assert found["bulkEdits"] == {"totalCount": 1, "nodes": [{"id": edit["id"]}]}
    assert await connection.fetchval("SELECT count(*) FROM members WHERE 'vip' = ANY(tags)") == COUNT
    # each portion was a transaction of its own, and nobody is named any more
    assert await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM members WHERE version = 2") > 2
    assert await connection.fetchval("SELECT octet_length(ordinals) FROM bulk_edits") == 0


async def test_few_are_edited_at_once_unless_it_is_asked_otherwise(filled: Product, context: Context) -> None:
    few = {"where": {"attribute": {"field": "externalId", "op": "IN", "values": ["a1", "a2", "a10"]}}}

    at_once = await tagged(filled, **few)
    assert (at_once["changed"], at_once["unchanged"], at_once["bulkEdit"]) == (2, 1, None)

    named = {"where": None, "externalIds": ["a1", "a5", "nobody"], "add": ["new"], "inBackground": True}
    answer = await tagged(filled, **named)
    assert (answer["changed"], answer["notFound"], answer["bulkEdit"]["total"]) == (0, ["nobody"], 2)
    nobody = await started(filled, where=None, externalIds=["nobody"], inBackground=True)
    consents = [{"channel": "EMAIL", "state": "DENIED"}]
    denied = (await filled.run(CONSENT, i={**EVERYONE, "consents": consents}))["setConsents"]["bulkEdit"]
    async with working(context):
        assert (await over(filled, answer["bulkEdit"]["id"]))["changed"] == 2
        assert (await over(filled, nobody["id"]))["progress"] == 1.0
        done = await over(filled, denied["id"])
    assert (done["action"], done["changed"], done["consents"]) == ("SET_CONSENTS", COUNT, consents)
    assert (done["addedTags"], done["removedTags"]) == ([], [])


async def test_another_worker_goes_on_after_one_was_killed_and_edits_each_member_once(
    filled: Product, context: Context, settings: Settings, connection: asyncpg.Connection
) -> None:
    # given a worker that has done some members and waits for one that is held
    async with worker_process(settings) as process:
        holding = connection.transaction()
        await holding.start()
        await connection.execute("SELECT FROM members WHERE ordinal = 2000 FOR UPDATE")
        edit = await started(filled)
        await eventually(connection, HALTED)

        # when it is killed
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await holding.rollback()
    half = (await filled.run(ONE, id=edit["id"]))["bulkEdit"]
    assert half["status"] == "RUNNING"
    assert 0 < half["done"] < COUNT
    assert await connection.fetchval("SELECT changed + unchanged = position + 1 FROM bulk_edits")

    # then another one edits the others, and none of them twice
    async with working(context):
        done = await over(filled, edit["id"])
    assert (done["status"], done["changed"], done["unchanged"]) == (
        "COMPLETED",
        COUNT * 9 // 10,
        COUNT // 10,
    )
    versions = await connection.fetch("SELECT version, count(*) AS count FROM members GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in versions] == [(1, COUNT // 10), (2, COUNT * 9 // 10)]


async def test_an_edit_can_be_cancelled_in_the_middle(
    filled: Product, context: Context, connection: asyncpg.Connection
) -> None:
    edit = await started(filled)
    holding = connection.transaction()
    await holding.start()
    await connection.execute("SELECT FROM members WHERE ordinal = 2000 FOR UPDATE")
    async with working(context):
        await eventually(connection, HALTED)
        # then who cancels it does not wait for the portion, which is given up
        cancelled = (await filled.run(CANCEL, id=edit["id"]))["cancelBulkEdit"]
        await holding.rollback()
        assert cancelled["errors"] == []
        assert (await over(filled, edit["id"]))["status"] == "CANCELLED"
        again = (await filled.run(CANCEL, id=edit["id"]))["cancelBulkEdit"]
        assert [error["code"] for error in again["errors"]] == ["BAD_TRANSITION"]
    after = (await filled.run(ONE, id=edit["id"]))["bulkEdit"]
    changed = await connection.fetchval("SELECT count(*) FROM members WHERE version = 2")
    assert 0 < changed == after["changed"] < 2_000


async def test_who_may_do_what(filled: Product, server: Server, connection: asyncpg.Connection) -> None:
    viewer = filled.viewer
    assert viewer is not None
    edit = await started(filled)
    member = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
    stranger = await new_viewer("Other")

    async with server.sign_in(member) as product:
        assert (await product.run(ONE, id=edit["id"]))["bulkEdit"]["id"] == edit["id"]
        refused = (await product.run(CANCEL, id=edit["id"]))["cancelBulkEdit"]
        assert [error["code"] for error in refused["errors"]] == ["FORBIDDEN"]
        own = await started(product)
        assert (await product.run(CANCEL, id=own["id"]))["cancelBulkEdit"]["errors"] == []
    async with server.sign_in(stranger) as product:
        unseen = await product.run(ONE, id=edit["id"])
        assert unseen == {"bulkEdit": None, "node": None, "bulkEdits": {"totalCount": 0, "nodes": []}}
        refused = (await product.run(CANCEL, id=edit["id"]))["cancelBulkEdit"]
        assert [error["code"] for error in refused["errors"]] == ["NOT_FOUND"]
    made = await filled.run(
        'mutation { createApiKey(input: {name: "reads", scope: READ}) { secret errors { message } } }'
    )
    async with server.connect(made["createApiKey"]["secret"]) as product:
        refused = await tagged(product)
        assert [error["code"] for error in refused["errors"]] == ["FORBIDDEN"]
    statuses = await connection.fetch("SELECT status FROM bulk_edits ORDER BY id")
    assert [row["status"] for row in statuses] == ["RUNNING", "CANCELLED"]


async def test_what_is_wrong_is_said_at_once_and_nothing_is_started(
    filled: Product, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seggraph.services.members.bulk_edits.MAX_RUNNING", 1)
    await connection.execute("UPDATE members SET kind = 1, ordinal = 0 WHERE ordinal = 7")
    both = await connection.fetch("SELECT id FROM members WHERE external_id IN ('a7', 'a8')")
    wrong: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"add": []}, "REQUIRED", ["add"]),
        ({"add": ["x"], "remove": ["x"]}, "INVALID", ["remove"]),
        (
            {"where": None, "kind": None, "memberIds": [ids.encode("Member", row["id"]) for row in both]}
            | {"inBackground": True},
            "INVALID",
            ["memberIds"],
        ),
    ]
    for given, code, path in wrong:
        answer = await tagged(filled, **given)
        assert [(error["code"], error["path"]) for error in answer["errors"]] == [(code, path)]
        assert answer["bulkEdit"] is None
    assert await connection.fetchval("SELECT count(*) FROM bulk_edits") == 0

    await started(filled)
    answer = await tagged(filled)
    assert [error["code"] for error in answer["errors"]] == ["TOO_LARGE"]
    assert await connection.fetchval("SELECT count(*) FROM bulk_edits") == 1


async def test_members_that_go_meanwhile_and_those_with_too_many_tags_are_counted(
    filled: Product, context: Context, connection: asyncpg.Connection
) -> None:
    viewer = filled.viewer
    assert viewer is not None
    full = [f"tag {n}" for n in range(500)]
    await connection.execute("UPDATE members SET tags = $1 WHERE ordinal IN (3, 2999)", full)
    edit = await started(filled)
    await erasure.delete(context, viewer, Selection(kind=KIND, external_ids=["a11", "a2998"]))

    number = await connection.fetchval("SELECT id FROM bulk_edits")
    assert await bulk_edit_runs.run(context, number) is BulkEditStatus.COMPLETED
    assert await bulk_edit_runs.run(context, number) is None

    done = (await filled.run(ONE, id=edit["id"]))["bulkEdit"]
    over_limit = await connection.fetch("SELECT id FROM members WHERE ordinal IN (3, 2999) ORDER BY ordinal")
    assert (done["deleted"], done["overLimitCount"], done["done"]) == (2, 2, COUNT)
    assert done["overLimit"] == [ids.encode("Member", row["id"]) for row in over_limit]
    assert done["changed"] == COUNT * 9 // 10 - 4


async def test_one_that_cannot_be_carried_out_fails_with_a_reason(
    filled: Product, context: Context, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = await started(filled)
    monkeypatch.setattr(bulk_edit_runs, "IDS", "SELECT nothing FROM members WHERE $1 = $2 AND $3")
    number = await connection.fetchval("SELECT id FROM bulk_edits")
    for attempt in range(1, 6):
        status = await bulk_edit_runs.run(context, number)
        assert status is (BulkEditStatus.FAILED if attempt == 5 else BulkEditStatus.RUNNING)
        await connection.execute("UPDATE bulk_edits SET retry_at = NULL")

    failed = (await filled.run(ONE, id=edit["id"]))["bulkEdit"]
    assert (failed["status"], failed["error"]["code"], failed["changed"]) == ("FAILED", "INTERNAL", 0)


async def test_old_ones_are_forgotten(
    filled: Product, context: Context, connection: asyncpg.Connection
) -> None:
    edit = await started(filled, inBackground=True)
    assert (await filled.run(CANCEL, id=edit["id"]))["cancelBulkEdit"]["errors"] == []

    await connection.execute("UPDATE bulk_edits SET finished_at = now() - interval '29 days'")
    await sweeping.sweep(context)
    assert await connection.fetchval("SELECT count(*) FROM bulk_edits") == 1
    await connection.execute("UPDATE bulk_edits SET finished_at = now() - interval '31 days'")
    await sweeping.sweep(context)
    assert await connection.fetchval("SELECT count(*) FROM bulk_edits") == 0


def test_portions_are_sized_by_how_long_they_took() -> None:
    assert bulk_edit_runs.next_size(200, 0.05) == 200
    assert bulk_edit_runs.next_size(200, 0.1) == 100
    assert bulk_edit_runs.next_size(200, 0.001) == 400
    assert bulk_edit_runs.next_size(2_000, 0.001) == 2_000
    assert bulk_edit_runs.next_size(20, 10) == 20


async def test_others_change_the_same_members_between_the_portions(
    filled: Product, context: Context, connection: asyncpg.Connection
) -> None:
    # given an edit at work that waits for one member
    await started(filled)
    holding = connection.transaction()
    await holding.start()
    await connection.execute("SELECT FROM members WHERE ordinal = 2900 FOR UPDATE")
    async with working(context):
        await eventually(connection, HALTED)
        # then those of its portions before and after are free
        async with asyncio.timeout(PATIENCE_SECONDS):
            upserted = await filled.run(
                """mutation { upsertMembers(input: {kind: ACCOUNT, members: [
                  {externalId: "a5", name: "Before"}, {externalId: "a250", name: "Before"}
                ]}) { updated } }"""
            )
        assert upserted["upsertMembers"]["updated"] == 2
        await holding.rollback()

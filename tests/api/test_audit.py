"""The audit log: what somebody does leaves an entry, which nobody changes and only administrators read."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.database.unit_of_work import begin
from seggraph.models import User, WorkspaceUser
from seggraph.services.audit import audit
from seggraph.services.audit import retention as audit_retention
from seggraph.vocabulary import AuditAction, AuditSubject, Role
from tests.api.world import called, sent
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Product, Server, working

LOG = """
    query ($first: Int, $after: String, $subject: ID, $actor: ID, $actions: [AuditAction!],
           $subjects: [AuditSubject!]) {
      auditLog(first: $first, after: $after, subjectId: $subject, actorId: $actor, actions: $actions,
               subjects: $subjects) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { action subject subjectId subjectName before after actor { name ip userAgent apiKeyId user { id } } }
      }
    }
"""

FILL = """
    INSERT INTO audit_entries (workspace_id, at, actor_name, action, subject)
    SELECT ($1::bigint[])[1 + number % 2], now() - make_interval(days => days), 'x', 'EDITED', 'WORKSPACE'
    FROM unnest(ARRAY[60, 31, 60] || array_fill(60, ARRAY[5999]) || ARRAY[32, 32, 32, 32, 20, 1, 0])
      WITH ORDINALITY AS t(days, number) ORDER BY number
"""


async def log(product: Product, **given: Any) -> list[dict[str, Any]]:
    """The entries, the oldest first."""
    nodes: list[dict[str, Any]] = (await product.run(LOG, **given))["auditLog"]["nodes"]
    return nodes[::-1]


async def test_everything_that_somebody_does_is_written_down(
    server: Server, connection: asyncpg.Connection, viewer: Viewer
) -> None:
    async with server.sign_in(viewer) as product:
        # given an administrator who makes, changes and ends one of everything
        me = (await product.run("{ viewer { user { id } workspace { id } } }"))["viewer"]
        user = await User.create(subject="colleague", name="Colleague", email="colleague@example.com")
        await WorkspaceUser.create(workspace_id=viewer.workspace_id, user_id=user.id, role=Role.TEAM_MEMBER)
        colleague = ids.encode("User", user.id)
        rows = [{"externalId": "secret-person", "name": "Jane Doe", "email": "jane@example.com"}]
        await called(product, "upsertMembers", "created", kind="PERSON", members=rows)
        vip = {"tags": {"op": "HAS_ANY", "values": ["vip"]}}
        draft = {"name": "People", "kind": "PERSON", "type": "STATIC"}
        static = (await called(product, "createSegment", "segment { id }", **draft))["segment"]["id"]
        dynamic = {"name": "VIP", "kind": "PERSON", "type": "DYNAMIC", "criteria": vip}
        segment = (await called(product, "createSegment", "segment { id }", **dynamic))["segment"]["id"]
        refers = {"segment": {"op": "IN", "id": static}}
        await called(
            product,
            "updateSegment",
            "segment { id }",
            id=segment,
            name="VIPs",
            criteria=refers,
            hiddenFromIds=[colleague],
        )
        await called(
            product, "addSegmentMembers", "changed", segmentIds=[static], externalIds=["secret-person"]
        )
        campaign = (
            await called(product, "createCampaign", "campaign { id }", name="Spring", segmentIds=[static])
        )["campaign"]["id"]
        await called(product, "setCampaignStatus", "campaign { id }", id=campaign, status="ACTIVE")
        playbook = (
            await called(
                product,
                "createPlaybook",
                "playbook { id }",
                name="Feed",
                kind="PERSON",
                criteria=vip,
                addToSegmentIds=[static],
            )
        )["playbook"]["id"]
        await called(product, "pausePlaybook", "playbook { id }", id=playbook)
        await called(product, "deletePlaybook", "deletedId", id=playbook)
        upload = await sent(
            product,
            "mutation ($i: CreateImportInput!) { createImport(input: $i) { import { id } } }",
            {"i": {"file": None, "kind": "PERSON"}},
            "variables.i.file",
            b"a\nsecret-person\n",
            name="people.csv",
        )
        import_id = upload.json()["data"]["createImport"]["import"]["id"]
        await called(
            product,
            "startImport",
            "import { id }",
            id=import_id,
            mapping=[{"column": "a", "field": "externalId"}],
        )
        await called(product, "cancelImport", "import { id }", id=import_id)
        export = (await called(product, "createExport", "export { id }", segmentId=static))["export"]["id"]
        await called(product, "discardExport", "export { id }", id=export)
        key = await called(product, "createApiKey", "secret apiKey { id }", name="crm", scope="WRITE")
        await called(product, "revokeApiKey", "apiKey { id }", id=key["apiKey"]["id"])
        await called(product, "updateWorkspace", "workspace { id }", currency="EUR")
        await called(product, "setEventRetention", "workspace { id }", days=400)
        await called(product, "suppressAddresses", "changed", channel="EMAIL", addresses=["jane@example.com"])
        await called(
            product, "declareAttribute", "attribute { name }", kind="PERSON", name="plan", type="STRING"
        )
        await called(
            product, "deleteMembers", "deleted", kind="PERSON", externalIds=["secret-person"]
        )  # fmt: skip

        # then each left one entry, in order
        entries = await log(product, first=100)
        assert [(one["action"], one["subject"], one["subjectName"]) for one in entries] == [
            ("CREATED", "USER", f"admin-{viewer.workspace_id}@example.com"),
            ("CREATED", "SEGMENT", "People"),
            ("CREATED", "SEGMENT", "VIP"),
            ("EDITED", "SEGMENT", "VIPs"),
            ("MEMBERS_ADDED", "SEGMENT", "People"),
            ("CREATED", "CAMPAIGN", "Spring"),
            ("STATUS_CHANGED", "CAMPAIGN", "Spring"),
            ("CREATED", "PLAYBOOK", "Feed"),
            ("PAUSED", "PLAYBOOK", "Feed"),
            ("DELETED", "PLAYBOOK", "Feed"),
            ("CREATED", "IMPORT", "people.csv"),
            ("STARTED", "IMPORT", "people.csv"),
            ("CANCELLED", "IMPORT", "people.csv"),
            ("CREATED", "EXPORT", None),
            ("DISCARDED", "EXPORT", None),
            ("CREATED", "API_KEY", "crm"),
            ("REVOKED", "API_KEY", "crm"),
            ("EDITED", "WORKSPACE", "Acme"),
            ("EDITED", "WORKSPACE", "Acme"),
            ("SUPPRESSED", "SUPPRESSION", None),
            ("CREATED", "ATTRIBUTE", "PERSON plan"),
            ("ERASED", "MEMBER", None),
        ]
        # and says what was different, with ids as the API has them
        edited, added, status = entries[3], entries[4], entries[6]
        assert edited["before"] == {"name": "VIP", "criteria": vip, "hiddenFromIds": []}
        assert edited["after"] == {"name": "VIPs", "criteria": refers, "hiddenFromIds": [colleague]}
        assert added["after"] == {"askedForCount": 1, "changedCount": 1}
        assert (status["before"], status["after"]) == ({"status": "DRAFT"}, {"status": "ACTIVE"})
        assert entries[7]["after"]["addToSegmentIds"] == [static]
        assert entries[17]["after"] == {"currency": "EUR"}
        assert entries[-1]["before"]["memberCount"] == 1
        # and who it was, from where; the operator has no address
        assert entries[0]["actor"] == {
            "name": "operator", "ip": None, "userAgent": None, "apiKeyId": None, "user": None
        }  # fmt: skip
        assert {one["actor"]["ip"] for one in entries[1:]} == {"127.0.0.1"}
        assert all(one["actor"]["userAgent"].startswith("python-httpx/") for one in entries[1:])
        assert {one["actor"]["user"]["id"] for one in entries[1:]} == {me["user"]["id"]}

        # and nothing secret or of a member is in it, also not in what the API does not show
        kept = json.dumps(
            [dict(row) for row in await connection.fetch("SELECT * FROM audit_entries")], default=str
        )
        for secret in (key["secret"], "jane@example.com", "Jane Doe", "secret-person"):
            assert secret not in kept

        # and it is narrowed, and read page by page
        assert [one["action"] for one in await log(product, subject=segment)] == ["CREATED", "EDITED"]
        assert [one["subject"] for one in await log(product, actions=["DELETED"])] == ["PLAYBOOK"]
        assert len(await log(product, subjects=["API_KEY"])) == 2
        assert len(await log(product, actor=me["user"]["id"], first=100)) == len(entries) - 1
        page = (await product.run(LOG, first=2))["auditLog"]
        following = (await product.run(LOG, first=2, after=page["pageInfo"]["endCursor"]))["auditLog"]
        assert page["totalCount"] == len(entries)
        assert [one["action"] for one in page["nodes"] + following["nodes"]] == [
            one["action"] for one in entries[:-5:-1]
        ]


async def test_keys_are_named_and_only_administrators_read(server: Server, viewer: Viewer) -> None:
    async with server.sign_in(viewer) as product:
        key = await called(product, "createApiKey", "secret apiKey { id }", name="crm", scope="WRITE")
        team = await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)
        async with server.connect(key["secret"]) as program, server.sign_in(team) as member:
            draft = {"name": "One", "kind": "PERSON", "type": "STATIC"}
            await called(program, "createSegment", "segment { id }", **draft)
            # what is refused leaves no entry
            refused = await program.run(
                "mutation ($i: CreateSegmentInput!) { createSegment(input: $i) { errors { code } } }", i=draft
            )
            assert refused["createSegment"]["errors"] == [{"code": "NAME_TAKEN"}]
            for reader in (program, member):
                [error] = (await reader.raw(LOG))["errors"]
                assert error["extensions"]["code"] == "FORBIDDEN"

        [entry] = await log(product, subjects=["SEGMENT"])
        assert (entry["actor"]["name"], entry["actor"]["apiKeyId"]) == ("crm", key["apiKey"]["id"])
        assert entry["actor"]["user"] is None

    async with server.sign_in(await new_viewer("Other")) as other:
        assert [one["subject"] for one in await log(other)] == ["USER"]
        assert await log(other, subject=key["apiKey"]["id"]) == []
        [error] = (await other.raw(LOG, subject="rubbish"))["errors"]
        assert error["extensions"]["code"] == "NOT_FOUND"


async def test_old_entries_go_in_batches_and_only_by_the_way_that_is_meant_for_it(
    context: Context, connection: asyncpg.Connection, viewer: Viewer, server: Server
) -> None:
    # given entries of every age in two workspaces, more than one batch of them old, one younger with a lower number
    other = await new_viewer("Other")
    await connection.execute(FILL, [viewer.workspace_id, other.workspace_id])
    kept = "SELECT array_agg(extract(day FROM now() - at)::int ORDER BY at) FROM audit_entries WHERE actor_name = 'x'"
    everything = [60] * 6_001 + [32] * 4 + [31, 20, 1, 0]
    assert await connection.fetchval(kept) == everything

    # when nobody says for how long they are kept, or too few days, or the entry is younger, nothing goes
    await connection.execute("SELECT set_config('seggraph.audit_days', '', false)")
    refused = {
        "DELETE FROM audit_entries": None,
        "DELETE FROM audit_entries WHERE at < now() - interval '59 days'": "29",
        "DELETE FROM audit_entries WHERE at < now() - interval '31 days'": "40",
        "DELETE FROM audit_entries WHERE at > now() - interval '29 days'": "30",
        "UPDATE audit_entries SET ip = NULL WHERE at < now() - interval '59 days'": "30",
        "TRUNCATE audit_entries": "30",
    }
    for change, days in refused.items():
        with pytest.raises(asyncpg.RaiseError, match="append-only"):  # noqa: PT012 - in one transaction
            async with connection.transaction():
                await connection.execute("SELECT set_config('seggraph.audit_days', $1, true)", days)
                await connection.execute(change)
    assert await audit_retention.prune(context) == 0
    assert await connection.fetchval(kept) == everything

    # and when they are kept for 32 days, a worker removes what is older, and the API shows the rest
    keeping = replace(context, settings=context.settings.model_copy(update={"audit_days": 32}))
    async with working(keeping), asyncio.timeout(PATIENCE_SECONDS):
        while len(await connection.fetchval(kept)) > 4:  # noqa: ASYNC110 - the worker's doing
            await asyncio.sleep(0.02)
    assert await connection.fetchval(kept) == [31, 20, 1, 0]
    async with server.sign_in(viewer) as product:
        assert (await product.run(LOG))["auditLog"]["totalCount"] == 1 + 2
    # and whoever removes in a transaction that says so leaves nothing said to the next one of its connection
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await connection.execute("DELETE FROM audit_entries WHERE at < now() - interval '30 days'")


async def test_entries_are_added_with_the_change_and_never_change(
    connection: asyncpg.Connection, viewer: Viewer
) -> None:
    before = await connection.fetchval("SELECT count(*) FROM audit_entries")
    subject = audit.Subject(AuditSubject.SEGMENT, 1, "x" * 300)

    async def fail() -> None:
        async with begin() as unit:
            await audit.record(unit, viewer, AuditAction.EDITED, subject, {"a": 1}, {"a": 2})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await connection.fetchval("SELECT count(*) FROM audit_entries") == before
    for change in (
        "UPDATE audit_entries SET ip = NULL",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await connection.execute(change)


def test_what_differs() -> None:
    long = "x" * 30_000
    was, now = audit.changes(
        {"name": "a", "kept": 1, "secret": "s", "gone": None},
        {"name": "b", "kept": 1, "secret": "t", "long": long},
    )

    assert json.loads(was or "") == {"name": "a", "gone": None}
    assert json.loads(now or "") == {"name": "b", "long": {"omittedBytes": 30_002}}
    assert audit.changes({"same": 1}, {"same": 1}) == (None, None)
    assert audit.changes(None, {"a": None, "action": AuditAction.ERASED}) == (
        None,
        '{"action":"ERASED"}',
    )

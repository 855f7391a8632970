"""Reads and refused sign-ins in the audit log: those that matter, and never so many that they fill it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.services.audit import repeated
from seggraph.services.identity import api_keys
from seggraph.services.identity.api_keys import ApiKeyDraft
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, Role
from tests.api.test_users import token
from tests.api.world import called
from tests.conftest import new_viewer
from tests.product import Server, working

LOG = """query ($a: [AuditAction!]) { auditLog(actions: $a, first: 100) {
    nodes { action subject subjectId after actor { name ip userAgent apiKeyId user { id } } } } }"""
NAMES = "{ members(kind: PERSON, first: 100) { nodes { name } } }"


async def entries(server: Server, viewer: Viewer, *actions: str) -> list[dict[str, Any]]:
    """The entries of these actions, the oldest first."""
    async with server.sign_in(viewer) as admin:
        nodes: list[dict[str, Any]] = (await admin.run(LOG, a=list(actions)))["auditLog"]["nodes"]
    return nodes[::-1]


async def test_refused_sign_ins_are_written_once(
    server: Server, viewer: Viewer, connection: asyncpg.Connection, settings: Settings
) -> None:
    workspace = viewer.workspace_id
    drafts = [ApiKeyDraft(name, ApiKeyScope.READ) for name in ("revoked", "expired", "rotated", "elsewhere")]
    drafts[3] = replace(drafts[3], networks=["203.0.113.7"])
    made = [await api_keys.create(viewer, draft) for draft in drafts]
    await api_keys.revoke(viewer, made[0][0].id)
    await connection.execute(
        "UPDATE api_keys SET expires_at = now() - interval '1 day' WHERE id = $1", made[1][0].id
    )
    await api_keys.rotate(viewer, made[2][0].id, overlap=timedelta())
    gone = await new_viewer("", Role.LEADER, workspace_id=workspace)
    await connection.execute(
        "UPDATE workspace_users SET deactivated_at = now() WHERE user_id = $1", gone.user_id
    )
    credentials = [secret for _, secret in made]
    credentials += [
        token(settings, workspace, f"leader-{workspace}@example.com"),
        token(settings, workspace, "stranger"),
        token(settings, 10**12, "stranger"),
        token(settings, workspace, "x", exp=datetime.now(UTC) - timedelta(hours=1)),
        "sgk_live_never_made",
        "ey.forged.token",
    ]
    before = await connection.fetchval("SELECT count(*) FROM audit_entries")
    for credential in credentials * 5:
        async with server.connect(credential) as nobody:
            response = await nobody.http.post("/graphql", json={"query": "{ viewer { role } }"})
            assert response.status_code in (401, 403)
    written = await entries(server, viewer, "SIGN_IN_REFUSED")
    assert [(one["subject"], one["after"]["reason"]) for one in written] == [
        ("API_KEY", "REVOKED"),
        ("API_KEY", "EXPIRED"),
        ("API_KEY", "EXPIRED"),
        ("API_KEY", "OTHER_NETWORK"),
        ("USER", "DEACTIVATED"),
        ("WORKSPACE", "NOT_A_USER"),
    ]
    assert [one["actor"]["name"] for one in written[:4]] == ["revoked", "expired", "rotated", "elsewhere"]
    assert written[5]["actor"]["name"] == "unknown"
    assert {one["actor"]["ip"] for one in written} == {"127.0.0.1"}
    assert written[0]["subjectId"] == ids.encode("ApiKey", made[0][0].id)
    # fifty attempts, of which those of no workspace left nothing
    assert await connection.fetchval("SELECT count(*) FROM audit_entries") == before + 6


async def test_downloads_are_written_and_repeated_ones_once(
    server: Server, viewer: Viewer, context: Context, connection: asyncpg.Connection
) -> None:
    async with working(context), server.sign_in(viewer) as admin:
        segment = await called(
            admin, "createSegment", "segment { id }", name="S", kind="PERSON", type="STATIC"
        )
        made = await called(admin, "createExport", "export { id }", segmentId=segment["segment"]["id"])
        watch = "subscription ($id: ID!) { exportEvents(exportId: $id) { url } }"
        async with admin.subscribe(watch, id=made["export"]["id"]) as events:
            url = None
            while url is None:
                url = (await events.next())["url"]
        for _ in range(3):
            assert (await admin.http.get(url)).status_code == 200
        assert (await admin.http.get(url + "x")).status_code == 404
    [entry] = await entries(server, viewer, "DOWNLOADED")
    assert (entry["subject"], entry["subjectId"]) == ("EXPORT", made["export"]["id"])
    assert entry["actor"]["user"]["id"] == ids.encode("User", viewer.user_id or 0)
    assert (entry["actor"]["ip"], entry["actor"]["userAgent"][:6]) == ("127.0.0.1", "python")


async def test_who_reads_many_members_is_named_once(
    server: Server, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeated, "MANY_MEMBERS", 25)
    plain = await api_keys.create(viewer, ApiKeyDraft("plain", ApiKeyScope.READ_WITHOUT_PERSONAL_DATA))
    reading = await api_keys.create(viewer, ApiKeyDraft("reading", ApiKeyScope.READ))
    async with server.sign_in(viewer) as admin:
        rows = [{"externalId": str(number), "name": f"N{number}"} for number in range(10)]
        await called(admin, "upsertMembers", "created", kind="PERSON", members=rows)
    for _, secret in (plain, reading):
        async with server.connect(secret) as program:
            for _ in range(2):
                await program.run(NAMES)
            assert await entries(server, viewer, "READ_IN_BULK") == []
            for _ in range(4):
                await program.run(NAMES)
        if secret is plain[1]:
            assert await entries(server, viewer, "READ_IN_BULK") == []
    [entry] = await entries(server, viewer, "READ_IN_BULK")
    assert (entry["subject"], entry["actor"]["name"], entry["after"]) == (
        "MEMBER",
        "reading",
        {"memberCount": 30},
    )

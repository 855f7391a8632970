"""What operators read at /metrics, and administrators of drift: exact figures, and nothing about anybody's data."""

import asyncio
import platform
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

import seggraph
from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.operations import sweeping
from seggraph.services.recompute import recompute
from seggraph.vocabulary import Role, RunStatus
from tests.api.world import called
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Product, Server, serving
from tests.services.computing import country, put, ready_segment

TOKEN = "a token that only the tests and Prometheus know"
PAGE = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text(encoding="utf-8")
DRIFT = "{ viewer { workspace { drift { members segments lastAt } } } }"
KINDS = ("PERSON", "ACCOUNT", "ORGANIZATION", "PRODUCT", "DEAL", "ACTIVITY", "TICKET")

Samples = dict[tuple[str, ...], float]


@asynccontextmanager
async def watched(context: Context) -> AsyncIterator[Server]:
    """The API with a token for /metrics."""
    settings = context.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    async with serving(replace(context, settings=settings)) as server:
        yield server


async def answered(server: Server, authorization: str | None = f"Bearer {TOKEN}") -> httpx.Response:
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as http:
        headers = {} if authorization is None else {"authorization": authorization}
        return await http.get(f"http://127.0.0.1:{server.port}/metrics", headers=headers)


def samples_of(response: httpx.Response) -> Samples:
    """Every sample by its name and the values of its labels, as Prometheus would take them in."""
    assert response.status_code == 200, response.text
    return {
        (sample.name.removeprefix("seggraph_"), *dict(sorted(sample.labels.items())).values()): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


async def figures(server: Server) -> Samples:
    """The figures, after what was kept of them is too old."""
    await asyncio.sleep(1.1)
    return samples_of(await answered(server))


async def test_the_page_is_there_for_who_has_the_token_and_only_then(
    context: Context, server: Server
) -> None:
    assert (await answered(server)).status_code == 404
    async with watched(context) as open_server:
        for authorization in (None, TOKEN, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN} ?"):
            refused = await answered(open_server, authorization)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
            assert "seggraph_" not in refused.text
        taken = await answered(open_server)
    assert taken.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert taken.headers["cache-control"] == "no-store"
    assert samples_of(taken)["http_requests_total", "/metrics", "4xx"] == 6


async def test_figures_of_the_installation_and_of_this_process_are_exact(
    context: Context, connection: asyncpg.Connection, viewer: Viewer
) -> None:
    async with watched(context) as server, server.sign_in(viewer) as product:
        # given nothing yet: everything that has a label is there as zero
        at_first = samples_of(await answered(server))
        for name in ("drift_members_total", "drift_segments_total", "pending_members"):
            assert {labels[1]: at_first[labels] for labels in at_first if labels[0] == name} == dict.fromkeys(
                KINDS, 0
            )
        assert at_first["build_info", platform.python_version(), seggraph.__version__] == 1
        assert (at_first["database_up",], at_first["redis_up",]) == (1, 1)
        assert at_first["computations", "calculating"] == at_first["deliveries", "FAILED"] == 0

        # when refreshes missed somebody, and a sync finds it
        await put(context, viewer, {"externalId": "a", "country": "US"}, {"externalId": "b", "country": "DE"})
        segment = await ready_segment(context, viewer, country("DE"))
        await connection.execute("DELETE FROM dirty_batches")
        await connection.execute("UPDATE members SET country = 'DE' WHERE external_id = 'a'")
        await connection.execute("UPDATE segments SET next_sync_at = now() WHERE id = $1", segment.id)
        await sweeping.sweep(context)
        assert await recompute.run(context, segment.id, 2) is RunStatus.SUCCEEDED
        # and members wait to be looked at, one of them changed twice
        await put(context, viewer, {"externalId": "a", "name": "A"}, {"externalId": "c"})
        await put(context, viewer, {"externalId": "a", "name": "AA"})
        await connection.execute("UPDATE dirty_batches SET created_at = now() - interval '100 seconds'")
        # and segments are at work, wait for a worker, or have failed
        await connection.execute(COPIES, segment.id)
        # and webhooks do not answer, or are paused
        await connection.execute(WEBHOOKS, viewer.workspace_id)
        # and a subscriber listens, and queries and mutations were asked
        subscription = "subscription { segmentEvents { __typename } }"
        async with product.subscribe(subscription) as events:
            await events.next()
            await product.run("{ viewer { role } }")
            await product.raw("{ nothing }")
            await product.raw("{ member(id: 7) { id } ")
            await called(product, "updateWorkspace", "workspace { id }", name="Secret name")
            found = await figures(server)

        # then all that is told
        expected: Samples = {
            ("drift_members_total", "ACCOUNT"): 1,
            ("drift_segments_total", "ACCOUNT"): 1,
            ("drift_members_total", "PERSON"): 0,
            ("pending_members", "ACCOUNT"): 2,
            ("computations", "calculating"): 1,
            ("computations", "waiting"): 2,
            ("computations", "failed"): 3,
            ("webhooks", "ACTIVE"): 1,
            ("webhooks", "PAUSED"): 1,
            ("webhook_messages", "PENDING"): 2,
            ("webhook_messages", "FAILED"): 1,
            ("subscriptions_open",): 1,
            ("graphql_operations_total", "ok", "query"): 1,
            ("graphql_operations_total", "refused", "query"): 1,
            ("graphql_operations_total", "refused", "unknown"): 1,
            ("graphql_operations_total", "ok", "mutation"): 1,
            ("graphql_duration_seconds_count", "mutation"): 1,
            ("graphql_duration_seconds_count", "query"): 2,
            ("database_connections", "limit"): context.settings.database_pool_size,
        }
        assert {key: found.get(key) for key in expected} == expected
        assert 100 <= found["pending_age_seconds",] < 1_000
        assert 3_600 <= found["webhook_age_seconds",] < 7_000
        assert found["queue_jobs",] >= 1
        assert found["database_connections", "busy"] + found["database_connections", "idle"] >= 1
        assert found["process_resident_memory_bytes",] > 1_000_000

        # and when the subscriber is gone it is one that left; the drift is told to administrators alone
        left = ("graphql_operations_total", "left", "subscription")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (after := await figures(server))["subscriptions_open",] or left not in after:
                pass
        assert after[left] == 1
        await _drift_is_for_administrators(server, product, viewer)

        # and the page about them names each, and no other
        text = (await answered(server)).text
        told_of = set(re.findall(r"^# TYPE (seggraph_\w+)", text, re.MULTILINE))
        assert told_of == set(re.findall(r"`(seggraph_\w+)`", PAGE.split("## Alerts")[0]))

        # and no name, address or number of a workspace, a segment or a user is in it
        for word in ("Secret name", "Acme", segment.name, "example.com", 'DE"'):
            assert word not in text


async def _drift_is_for_administrators(server: Server, product: Product, viewer: Viewer) -> None:
    drift = (await product.run(DRIFT))["viewer"]["workspace"]["drift"]
    assert (drift["members"], drift["segments"], drift["lastAt"] is None) == (1, 1, False)
    team = await new_viewer("", Role.LEADER, workspace_id=viewer.workspace_id)
    key = await called(product, "createApiKey", "secret", name="k", scope="READ")
    async with server.sign_in(team) as leader, server.connect(key["secret"]) as program:
        for other in (leader, program):
            assert (await other.run(DRIFT))["viewer"]["workspace"]["drift"] is None
    async with server.sign_in(await new_viewer("Other")) as stranger:
        drift = (await stranger.run(DRIFT))["viewer"]["workspace"]["drift"]
        assert drift == {"members": 0, "segments": 0, "lastAt": None}


async def test_a_server_that_does_not_answer_is_a_figure_and_no_failure(
    context: Context, connection: asyncpg.Connection
) -> None:
    async with watched(context) as server:
        # when a statement would have to wait for a lock
        async with connection.transaction():
            await connection.execute("LOCK TABLE drift IN ACCESS EXCLUSIVE MODE")
            blocked = await asyncio.gather(*(answered(server) for _ in range(3)))

        # then everybody is answered, without the figures that nobody knows
        for response in blocked:
            found = samples_of(response)
            assert (found["database_up",], found["redis_up",]) == (0, 1)
            assert not [key for key in found if key[0] == "drift_members_total"]
            assert found["subscriptions_open",] == 0

        # and they are back with it
        assert (await figures(server))["drift_members_total", "PERSON"] == 0


COPIES = """
    INSERT INTO segments (workspace_id, name, name_key, kind, type, status, origin, visibility, last_action, criteria,
      requested_revision, computed_revision, reach_status, lease_until, created_at, last_modified_at)
    SELECT workspace_id, name || n, name_key || n, kind, type, 'ACTIVE', origin, visibility, last_action, criteria,
      1, 0, CASE WHEN n > 3 THEN 'FAILED' ELSE 'CALCULATING' END,
      CASE n WHEN 1 THEN now() + interval '1 hour' WHEN 2 THEN now() - interval '1 second' END, now(), now()
    FROM segments, generate_series(1, 6) n WHERE id = $1
"""

WEBHOOKS = """
    WITH hooks AS (
      INSERT INTO webhooks (workspace_id, url, topics, status, secret, secret_hint, created_at, last_modified_at)
      SELECT $1, 'https://example.com', '{REACH_READY}', status, '', '', now(), now()
      FROM unnest(ARRAY['ACTIVE', 'PAUSED']) status RETURNING id, status)
    INSERT INTO webhook_messages (workspace_id, webhook_id, key, status, created_at, body)
    SELECT $1, id, gen_random_uuid(), state, now() - make_interval(hours => hours), ''
    FROM hooks JOIN (VALUES ('PAUSED', 'PENDING', 2), ('ACTIVE', 'PENDING', 1), ('ACTIVE', 'FAILED', 3),
      ('ACTIVE', 'DELIVERED', 3)) t(hook, state, hours) ON hook = hooks.status
"""

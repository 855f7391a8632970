"""What one user or API key may spend and have open: refused with a code, by every way, and nobody else notices."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context, open_context
from seggraph.errors import RateLimited
from seggraph.services.criteria import matching
from seggraph.services.identity import api_keys
from seggraph.services.identity.api_keys import ApiKeyDraft
from seggraph.services.segments import segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.settings import Settings
from seggraph.throttling import Bounded, throttle
from seggraph.throttling.redis_calls import RedisCalls
from seggraph.vocabulary import ApiKeyScope, MemberKind, SegmentType
from tests.api.test_rights_of_now import received
from tests.conftest import new_viewer
from tests.events.conftest import Server as RedisServer
from tests.product import PATIENCE_SECONDS, Product, Server, serving

LIST = "{ segments(first: 1000) { nodes { id name } } }"
STANDING = "{ rateLimit { limit remaining used cost restoreRate resetAt } }"
EVENTS = "subscription { workspaceEvents(topics: [SEGMENT_UPDATED]) { cursor } }"
PREVIEW = """
    { previewSegment(input: {kind: PERSON, criteria: {attribute: {field: "country", op: IS_SET}}})
      { memberCount errors { code } } }
"""
CREATE = 'mutation { createSegment(input: {name: "One", kind: PERSON, type: STATIC}) { errors { code } } }'
COMPARE = "query ($ids: [ID!]!) { compareSegments(ids: $ids) { union errors { code } } }"
BURST = 100_000


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """So little comes back that in the time of a test it is nothing."""
    few = {"points_per_second": 1.0, "points_saved_seconds": float(BURST), "workspace_points_per_second": 1e6}
    return settings.model_copy(update=few | {"max_sockets": 2, "max_subscriptions": 3, "max_exports": 2})


@pytest.fixture
async def client(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    """A client of the API; no worker is running."""
    async with server.sign_in(viewer) as product:
        yield product


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals come at once."""
    monkeypatch.setattr(matching, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(throttle, "HELD_BACK_SECONDS", 0.0)


async def ask(client: Product, query: str, **headers: str) -> httpx.Response:
    return await client.http.post("/graphql", json={"query": query}, headers=headers)


async def spend_all(client: Product, query: str = LIST) -> httpx.Response:
    """Ask until it is refused; returns the refusal."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            response = await ask(client, query)
            if response.status_code == 429 and response.headers["ratelimit-remaining"] == "0":
                return response


async def until_settled(client: Product) -> int:
    """How many points are left, when what was spent has been taken out of the bucket."""
    data = await client.run(STANDING)
    left: int = data["rateLimit"]["remaining"]
    return left


def code_of(answer: Any) -> str:
    code: str = answer["errors"][0]["extensions"]["code"]
    return code


async def socket(stack: AsyncExitStack, client: Product) -> ClientConnection:
    url = client.server.url.replace("http", "ws", 1)
    ws = await stack.enter_async_context(connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]))
    init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {client.credential}"}}
    await ws.send(json.dumps(init))
    return ws


async def accepted(stack: AsyncExitStack, client: Product) -> ClientConnection:
    ws = await socket(stack, client)
    assert (await received(ws))["type"] == "connection_ack"
    return ws


async def subscribe(ws: ClientConnection, number: int, query: str) -> None:
    await ws.send(json.dumps({"id": str(number), "type": "subscribe", "payload": {"query": query}}))


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_refusal_says_what_is_allowed_and_when_to_come_again(client: Product, accept: str) -> None:
    client.http.headers["accept"] = accept

    response = await spend_all(client)

    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1
    assert response.headers["ratelimit-limit"] == str(BURST)
    assert response.headers["ratelimit-remaining"] == "0"
    assert int(response.headers["ratelimit-reset"]) >= BURST
    [error] = response.json()["errors"]
    assert "data" not in response.json()
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["limit"] == BURST
    assert error["extensions"]["retryAfterSeconds"] == int(response.headers["retry-after"])


async def test_each_answer_says_what_is_left(client: Product) -> None:
    lefts = []
    for _ in range(3):  # the usual way once, then the short way
        response = await ask(client, LIST)
        cost = response.json()["extensions"]["cost"]["requested"]
        lefts.append(int(response.headers["ratelimit-remaining"]))

    assert response.headers["ratelimit-limit"] == str(BURST)
    for before, after in pairwise(lefts):
        assert cost - 60 <= before - after <= cost + 60


async def test_the_field_says_the_same(client: Product) -> None:
    response = await ask(client, STANDING)
    data = response.json()["data"]["rateLimit"]

    assert data["limit"] == BURST
    assert data["remaining"] == int(response.headers["ratelimit-remaining"])
    assert data["used"] == data["limit"] - data["remaining"]
    assert data["cost"] == response.json()["extensions"]["cost"]["requested"] > 0
    assert data["restoreRate"] == 1
    assert data["resetAt"] is not None


async def test_a_mutation_pays_once_though_it_is_tried_as_a_query_first(client: Product) -> None:
    before = int((await ask(client, STANDING)).headers["ratelimit-remaining"])
    response = await ask(client, CREATE)
    assert response.json()["data"]["createSegment"]["errors"] == []

    spent = before - int(response.headers["ratelimit-remaining"])
    assert 0 < spent <= response.json()["extensions"]["cost"]["requested"] + 2


@pytest.mark.parametrize("query", [CREATE, PREVIEW, "{ viewer { role } }", EVENTS])
async def test_nothing_is_carried_out_for_one_who_has_spent_all(client: Product, query: str) -> None:
    await spend_all(client)

    response = await ask(client, query, accept="application/json, text/event-stream;q=0.5")

    if query == EVENTS:
        assert "RATE_LIMITED" in response.text
    else:
        assert response.status_code == 429
        assert code_of(response.json()) == "RATE_LIMITED"


async def test_refused_documents_are_free(client: Product) -> None:
    before = int((await ask(client, STANDING)).headers["ratelimit-remaining"])
    for query in (
        "{ nothing }",
        "{ segments(first: 1000) { nodes { members(first: 1000) { nodes { id } } } } }",
    ):
        assert "errors" in (await ask(client, query)).json()

    assert abs(before - int((await ask(client, STANDING)).headers["ratelimit-remaining"])) <= 20


async def test_others_notice_nothing(client: Product, server: Server) -> None:
    await spend_all(client)

    stranger, colleague = await new_viewer("Other"), await new_viewer("", subject="colleague", workspace_id=1)
    async with server.sign_in(stranger) as other:
        assert "errors" not in await other.raw(LIST)
    assert colleague.workspace_id != stranger.workspace_id


async def test_two_processes_have_one_bucket(client: Product, settings: Settings, viewer: Viewer) -> None:
    await spend_all(client)

    async with open_context(settings) as second, serving(second) as server, server.sign_in(viewer) as other:
        count = 0
        while (await ask(other, LIST)).status_code != 429:
            count += 1

    assert (
        count <= 3 * BURST / 10 / 3_000 + 2
    )  # what may be spent before it is taken; all is 33 times that is spent before it is taken


async def test_a_socket_stays_when_an_operation_is_refused(client: Product) -> None:
    async with AsyncExitStack() as stack:
        ws = await accepted(stack, client)
        await spend_all(client)
        for number, query in enumerate((LIST, EVENTS)):
            await subscribe(ws, number, query)
            answer = await received(ws)
            assert (answer["type"], answer["id"]) == ("error", str(number))
            assert answer["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        await ws.send(json.dumps({"type": "ping"}))
        assert (await received(ws))["type"] == "pong"


async def test_who_does_not_heed_refusals_waits_for_them(
    client: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    await spend_all(client)
    monkeypatch.setattr(throttle, "HELD_BACK_SECONDS", PATIENCE_SECONDS)
    answered = 0

    async def flood() -> None:
        nonlocal answered
        while True:
            await ask(client, LIST)
            answered += 1

    flooding = asyncio.create_task(flood())
    done, _ = await asyncio.wait(
        {flooding}, timeout=2
    )  # it never ends, but on its own only when the test failed
    assert not done
    assert answered <= throttle.REFUSALS.burst + 2 * throttle.REFUSALS.per_second + 2
    flooding.cancel()


async def test_previews_are_bounded(client: Product, context: Context, viewer: Viewer) -> None:
    most = context.settings.max_previews
    places = [await context.throttle.take(viewer, Bounded.PREVIEWS) for _ in range(most)]
    small = {"kind": "PERSON", "where": {"attribute": {"field": "country", "op": "IS_SET"}}}

    response = await ask(client, PREVIEW)
    assert response.status_code == 429, response.text
    assert response.json()["errors"][0]["extensions"]["limit"] == most
    assert int(response.headers["retry-after"]) >= 1
    query = "query ($kind: MemberKind!, $where: CriteriaInput) { members(kind: $kind, where: $where) { totalCount } }"
    assert code_of(await client.raw(query, **small)) == "RATE_LIMITED"

    ids = []
    for number in range(2):
        created = await client.run(
            CREATE.replace("One", f"One {number}").replace("{ errors", "{ segment { id } errors")
        )
        ids.append(created["createSegment"]["segment"]["id"])
    assert code_of(await client.raw(COMPARE, ids=ids)) == "RATE_LIMITED"

    places.pop().leave()
    answer = await client.raw(PREVIEW)
    assert answer["data"]["previewSegment"]["errors"] == []
    assert (await client.raw(COMPARE, ids=ids))["data"]["compareSegments"] == {"union": 0, "errors": []}


async def test_a_workspace_has_a_bound_of_its_own(context: Context, viewer: Viewer) -> None:
    colleagues = [
        await new_viewer("", subject=f"colleague-{number}", workspace_id=viewer.workspace_id)
        for number in range(2)
    ]
    most = context.settings.max_workspace_previews
    for number in range(most):
        await context.throttle.take([viewer, *colleagues][number % 3], Bounded.PREVIEWS)

    with pytest.raises(RateLimited, match="this workspace") as refused:
        await context.throttle.take(viewer, Bounded.PREVIEWS)
    assert refused.value.limit == most


async def test_exports_are_bounded(client: Product) -> None:
    create = "mutation { createExport(input: {content: SEGMENTS}) { export { id } errors { code } } }"
    for _ in range(2):
        answer = await client.raw(create)
        assert answer["data"]["createExport"]["errors"] == []
        export = answer["data"]["createExport"]["export"]["id"]

    response = await ask(client, create)
    assert response.status_code == 429
    assert response.json()["errors"][0]["extensions"]["limit"] == 2
    assert "retry-after" in response.headers

    await client.run("mutation ($id: ID!) { discardExport(input: {id: $id}) { errors { code } } }", id=export)
    assert (await client.raw(create))["data"]["createExport"]["errors"] == []


async def test_exports_of_each_key_are_counted_by_themselves(
    server: Server, client: Product, viewer: Viewer
) -> None:
    create = "mutation { createExport(input: {content: SEGMENTS}) { errors { code } } }"
    for name in ("One", "Another"):
        _, key = await api_keys.create(viewer, ApiKeyDraft(name, ApiKeyScope.WRITE))
        for _ in range(2):
            answer = await ask(client, create, authorization=f"Bearer {key}")
            assert answer.json()["data"]["createExport"]["errors"] == []
        assert (await ask(client, create, authorization=f"Bearer {key}")).status_code == 429


async def test_sockets_are_bounded(client: Product) -> None:
    async with AsyncExitStack() as stack:
        first, _ = await accepted(stack, client), await accepted(stack, client)
        third = await socket(stack, client)
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await third.recv()
        assert third.close_code == 1013
        assert third.close_reason is not None
        assert third.close_reason.startswith("At most 2 WebSockets")

        stream = {"accept": "text/event-stream"}
        response = await client.http.post("/graphql", json={"query": EVENTS}, headers=stream)
        assert response.status_code == 429

        await first.close()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                fourth = await socket(stack, client)
                try:
                    assert (await received(fourth))["type"] == "connection_ack"
                    break
                except ConnectionClosed:
                    continue


async def test_subscriptions_are_bounded_over_sockets(client: Product) -> None:
    async with AsyncExitStack() as stack:
        one, other = await accepted(stack, client), await accepted(stack, client)
        for number in range(2):
            await subscribe(one, number, EVENTS)
        await subscribe(other, 1, EVENTS)
        await one.send(json.dumps({"type": "ping"}))
        await received(one)
        await subscribe(other, 2, "{ viewer { role } }")
        assert (await received(other))["type"] == "next"
        assert (await received(other))["type"] == "complete"

        await subscribe(other, 3, EVENTS)
        answer = await received(other)
        assert (answer["type"], answer["id"]) == ("error", "3")
        assert answer["payload"][0]["extensions"] == {
            "code": "RATE_LIMITED",
            "limit": 3,
            "retryAfterSeconds": 5,
        }

        await one.send(json.dumps({"type": "complete", "id": "0"}))
        number = 4
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                await subscribe(other, number, EVENTS)
                await subscribe(other, number + 1, "{ viewer { role } }")
                if (await received(other))["type"] == "next":
                    break
                await received(other), await received(other)
                number += 2


async def test_an_event_stream_has_a_place_until_it_ends(
    client: Product, context: Context, viewer: Viewer
) -> None:
    headers = {"accept": "text/event-stream"}
    places = [await context.throttle.take(viewer, Bounded.SOCKETS)]
    async with client.http.stream("POST", "/graphql", json={"query": EVENTS}, headers=headers) as stream:
        assert stream.status_code == 200
        with pytest.raises(RateLimited):
            await context.throttle.take(viewer, Bounded.SOCKETS)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(places) < 2:
            try:
                places.append(await context.throttle.take(viewer, Bounded.SOCKETS))
            except RateLimited:
                await asyncio.sleep(0.01)


async def test_uploads_are_bounded_before_they_are_read(
    client: Product, context: Context, viewer: Viewer
) -> None:
    most = context.settings.max_uploads
    places = [await context.throttle.take(viewer, Bounded.UPLOADS) for _ in range(most)]
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 10_000:
            sent += 1
            yield b"x" * 1024

    headers = {"content-type": "multipart/form-data; boundary=b", "x-seggraph-csrf": "1"}
    try:
        response = await client.http.post("/graphql", content=body(), headers=headers)
    except httpx.HTTPError:  # the server closed while the rest was being sent
        assert sent < 10_000
    else:
        assert response.status_code == 429
        assert code_of(response.json()) == "RATE_LIMITED"
        assert "retry-after" in response.headers
    for place in places:
        place.leave()
    form = {"operations": json.dumps({"query": "{ viewer { role } }"}), "map": "{}"}
    answered = await client.http.post(
        "/graphql", data=form, files={"x": b"y"}, headers={"x-seggraph-csrf": "1"}
    )
    assert answered.status_code == 200


async def test_large_documents_that_are_new_wait_in_a_short_line(client: Product) -> None:
    names = " ".join(f"f{number}" for number in range(400))
    queries = [f"query q{number} {{ segments {{ nodes {{ {names} }} }} }}" for number in range(30)]

    answers = await asyncio.gather(*(client.raw(query) for query in queries))

    codes = [code_of(answer) for answer in answers]
    assert set(codes) <= {"GRAPHQL_VALIDATION_FAILED", "RATE_LIMITED"}
    assert codes.count("GRAPHQL_VALIDATION_FAILED") >= 16
    assert code_of(await client.raw(queries[0])) == "GRAPHQL_VALIDATION_FAILED"
    bad = "{ " + "segments { nodes { id } } " * 100 + "} {"
    assert code_of(await client.raw(bad)) == "GRAPHQL_PARSE_FAILED"


async def test_recalculations_are_bounded_in_a_minute(
    client: Product, context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    draft = SegmentDraft("Every person", MemberKind.PERSON, SegmentType.STATIC)
    segment = await segments.create(context, viewer, draft)
    await segments.activate(context, viewer, segment.id)
    counted = 0

    async def recalculate_on() -> None:
        nonlocal counted
        while True:
            context.throttle.recalculate(viewer)
            counted += 1
            await asyncio.sleep(0.001)

    with pytest.raises(RateLimited):
        await recalculate_on()
    assert counted >= context.settings.max_recalculations / 2
    await connection.execute(
        "UPDATE segments SET reach_status = 'READY', as_of = now() WHERE id = $1", segment.id
    )
    query = "mutation ($id: ID!) { recalculateSegment(input: {id: $id}) { errors { code } } }"

    answer = await client.raw(query, id=ids.encode("Segment", segment.id))

    assert code_of(answer) == "RATE_LIMITED"
    assert "a minute" in answer["errors"][0]["message"]


async def test_recalculations_are_refused_while_many_segments_wait(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    bounded = replace(
        context, settings=context.settings.model_copy(update={"max_workspace_recalculations": 2})
    )
    made = []
    for number in range(3):
        draft = SegmentDraft(f"Segment {number}", MemberKind.PERSON, SegmentType.STATIC)
        made.append((await segments.create(bounded, viewer, draft)).id)
        await segments.activate(bounded, viewer, made[-1])
    await connection.execute(
        "UPDATE segments SET reach_status = 'READY', as_of = now() WHERE id = $1", made[0]
    )

    with pytest.raises(RateLimited, match="2 segments of this workspace wait"):
        await segments.recalculate(bounded, viewer, made[0])

    await connection.execute(
        "UPDATE segments SET reach_status = 'READY', as_of = now() WHERE id = $1", made[1]
    )
    view = await segments.recalculate(bounded, viewer, made[0])
    assert view.id == made[0]


async def test_an_idle_socket_is_closed_and_one_with_a_subscription_is_not(
    context: Context, viewer: Viewer
) -> None:
    soon = replace(context, settings=context.settings.model_copy(update={"socket_idle_seconds": 0.2}))
    async with serving(soon) as server, server.sign_in(viewer) as client, AsyncExitStack() as stack:
        busy = await accepted(stack, client)
        await subscribe(busy, 1, EVENTS)
        idle = await accepted(stack, client)

        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await idle.recv()

        assert idle.close_code == 1000
        await busy.send(json.dumps({"type": "ping"}))
        assert (await received(busy))["type"] == "pong"


async def test_while_redis_is_away_a_process_is_bounded_by_itself(
    settings: Settings, viewer: Viewer, tmp_path: Path
) -> None:
    own = RedisServer(tmp_path)
    own.start()
    try:
        alone = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{own.port}"})
        async with (
            open_context(alone) as context,
            serving(context) as server,
            server.sign_in(viewer) as client,
        ):
            assert "errors" not in (await ask(client, LIST)).json()
            own.kill()

            count = 0
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (await ask(client, LIST)).status_code != 429:
                    count += 1
            assert 0 < count <= BURST / 3_000 + 2
            places = [await context.throttle.take(viewer, Bounded.PREVIEWS) for _ in range(3)]
            with pytest.raises(RateLimited):
                await context.throttle.take(viewer, Bounded.PREVIEWS)
            assert len(places) == 3
    finally:
        own.kill()


async def test_a_read_waits_for_no_answer_of_redis(
    client: Product, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    run = RedisCalls.run

    async def counting(self: RedisCalls, script: str, key: str, arguments: Any) -> Any:
        calls.append(key)
        return await run(self, script, key, arguments)

    monkeypatch.setattr(RedisCalls, "run", counting)
    await client.run("{ viewer { role } }")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(calls) < 2:  # noqa: ASYNC110 - the first portion of the user and of the workspace
            await asyncio.sleep(0.01)

    for _ in range(50):
        await client.run("{ viewer { role } }")

    assert sorted(calls) == ["seggraph:points:1", "seggraph:points:1:user-1"]

"""graphql-transport-ws on a real socket: the messages, the close codes, and what must not be left behind."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from seggraph.transport import websocket
from tests.transport.conftest import TINY_BODY
from tests.transport.sample import ENDED, Streams

PROTOCOL = Subprotocol("graphql-transport-ws")


@asynccontextmanager
async def socket(
    url: str, *, protocol: Subprotocol | None = PROTOCOL, origin: str | None = None
) -> AsyncIterator[ClientConnection]:
    address = url.replace("http", "ws", 1)
    protocols = [protocol] if protocol else None
    async with connect(
        address, subprotocols=protocols, origin=Origin(origin) if origin else None, max_size=None
    ) as ws:
        yield ws


async def send(ws: ClientConnection, message: object) -> None:
    await ws.send(json.dumps(message))


async def receive(ws: ClientConnection) -> dict[str, Any]:
    frame = await asyncio.wait_for(ws.recv(), 120)
    assert isinstance(frame, str), "a frame must be text"
    message: dict[str, Any] = json.loads(frame)
    return message


async def init(ws: ClientConnection, **params: str) -> None:
    await send(ws, {"type": "connection_init", "payload": params})
    assert await receive(ws) == {"type": "connection_ack"}


async def subscribe(ws: ClientConnection, query: str, id: str = "1") -> None:
    await send(ws, {"type": "subscribe", "id": id, "payload": {"query": query}})


async def close_code(ws: ClientConnection) -> int:
    async with asyncio.timeout(120):
        await ws.wait_closed()
    assert ws.close_code is not None
    return ws.close_code


async def test_a_subscription_yields_and_completes(server: str) -> None:
    async with socket(server) as ws:
        await init(ws)
        await subscribe(ws, "subscription { count(to: 2) }")

        assert [await receive(ws) for _ in range(3)] == [
            {"id": "1", "type": "next", "payload": {"data": {"count": 1}}},
            {"id": "1", "type": "next", "payload": {"data": {"count": 2}}},
            {"id": "1", "type": "complete"},
        ]


async def test_a_query_and_a_mutation_run_over_the_socket(server: str) -> None:
    async with socket(server) as ws:
        await init(ws, Authorization="Bearer good")
        await subscribe(ws, "{ token }", "q")
        assert (await receive(ws))["payload"]["data"] == {"token": "Bearer good"}
        assert await receive(ws) == {"id": "q", "type": "complete"}

        await subscribe(ws, 'mutation { rename(car: {name: "x"}) }', "q")
        assert (await receive(ws))["payload"]["data"] == {"rename": "x"}


async def test_ping_is_answered_even_before_init(server: str) -> None:
    async with socket(server) as ws:
        await send(ws, {"type": "ping"})
        assert await receive(ws) == {"type": "pong"}


async def test_each_operation_has_a_context_of_its_own(server: str) -> None:
    async with socket(server) as ws:
        await init(ws)
        for word in ("one", "two"):
            await subscribe(ws, f'{{ remember(word: "{word}") }}')
            assert (await receive(ws))["payload"]["data"] == {"remember": [word]}
            await receive(ws)


async def test_mistakes_of_one_operation_leave_the_socket_open(server: str) -> None:
    async with socket(server) as ws:
        await init(ws)
        for query, code in (
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("query A { hello } query B { hello }", "BAD_REQUEST"),
            ("query($n: Int!) { cars(count: $n) { id } }", "BAD_USER_INPUT"),
            ("subscription($n: Int!) { count(to: $n) }", "BAD_USER_INPUT"),
        ):
            await subscribe(ws, query)
            message = await receive(ws)
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)
        await subscribe(ws, "{ hello }")
        assert (await receive(ws))["payload"]["data"] == {"hello": "Hello world"}


async def test_a_stream_that_fails_is_masked(server: str) -> None:
    async with socket(server) as ws:
        await init(ws)
        await subscribe(ws, "subscription { fails }")

        assert (await receive(ws))["payload"]["data"] == {"fails": 1}
        failed = await receive(ws)
        assert failed["payload"]["errors"][0]["message"] == "Internal error"
        assert failed["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert "hunter2" not in json.dumps(failed)


async def test_a_refused_subscription_shows_its_code(server: str) -> None:
    async with socket(server) as ws:
        await init(ws)
        await subscribe(ws, "subscription { refused }")
        failed = await receive(ws)
        assert "NAME_TAKEN" in json.dumps(failed)


async def test_completing_and_leaving_end_the_streams_on_the_server(server: str) -> None:
    started = ended = await Streams.at_rest()
    async with socket(server) as ws:
        await init(ws)
        for id in ("a", "b"):
            await subscribe(ws, "subscription { forever { name } }", id)
        heard: set[str] = set()
        while len(heard) < 2:
            heard.add((await receive(ws))["id"])
        await send(ws, {"type": "complete", "id": "a"})
        await Streams.have_ended(ended + 1)
        assert (Streams.started - started, Streams.ended - ended) == (2, 1)
    await Streams.have_ended(ended + 2)


async def test_a_socket_that_leaves_ends_its_operations_a_few_at_a_time(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "ENDED_AT_ONCE", 1)
    ended = await Streams.at_rest()
    async with socket(server) as ws:
        await init(ws)
        for id in ("a", "b", "c"):
            await subscribe(ws, "subscription { forever { name } }", id)
        heard: set[str] = set()
        while len(heard) < 3:
            heard.add((await receive(ws))["id"])
    await Streams.have_ended(ended + 3)


async def test_too_many_operations_are_refused_one_by_one(server: str) -> None:
    async with socket(server) as ws:
        await init(ws)
        for id in ("a", "b", "c", "d"):
            await subscribe(ws, "subscription { forever { name } }", id)
        while (message := await receive(ws))["type"] == "next":
            assert message["id"] != "d"
        assert (message["type"], message["id"]) == ("error", "d")


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        "[]",
        "5",
        "null",
        '"x"',
        "{}",
        '{"type": "nonsense"}',
        '{"type": 5}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": ["x"], "payload": {"query": "{hello}"}}',
        '{"type": "subscribe", "id": "x"}',
        '{"type": "subscribe", "id": "x", "payload": []}',
        '{"type": "subscribe", "id": "x", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": "x", "payload": {"query": "{hello}", "variables": []}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{hello}"}}',
        '{"type": "complete"}',
        b"{}",
    ],
)
async def test_a_frame_that_is_no_message_closes_with_4400(server: str, frame: str | bytes) -> None:
    async with socket(server) as ws:
        await init(ws)
        await ws.send(frame)
        assert await close_code(ws) == 4400


async def test_an_init_payload_that_is_no_object_closes_with_4400(server: str) -> None:
    async with socket(server) as ws:
        await send(ws, {"type": "connection_init", "payload": [1]})
        assert await close_code(ws) == 4400


async def test_subscribing_before_init_closes_with_4401(server: str) -> None:
    async with socket(server) as ws:
        await subscribe(ws, "{ hello }")
        assert await close_code(ws) == 4401


async def test_a_wrong_token_closes_with_4403(server: str) -> None:
    async with socket(server) as ws:
        await send(ws, {"type": "connection_init", "payload": {"Authorization": "Bearer wrong"}})
        assert await close_code(ws) == 4403


async def test_a_socket_closes_with_4403_when_its_credentials_end(server: str) -> None:
    started = ended = await Streams.at_rest()
    async with socket(server) as ws, socket(server) as other:
        for one, token in ((ws, "Bearer ends soon"), (other, "Bearer stays")):
            await init(one, Authorization=token)
            await subscribe(one, "subscription { forever { name } }")
            assert (await receive(one))["type"] == "next"

        ENDED.add("Bearer ends soon")

        assert await close_code(ws) == 4403
        for _ in range(20):
            assert (await receive(other))["type"] == "next"
        await Streams.have_ended(ended + 1)
        assert Streams.ended == ended + 1
    assert Streams.started == started + 2


async def test_a_context_that_cannot_be_made_closes_with_4500(server: str) -> None:
    async with socket(server) as ws:
        await send(ws, {"type": "connection_init", "payload": {"Authorization": "Bearer broken"}})
        assert await close_code(ws) == 4500
        assert "secret-host" not in (ws.close_reason or "")


@pytest.mark.parametrize("protocol", [None, Subprotocol("graphql-ws")])
async def test_another_protocol_closes_with_4406(server: str, protocol: Subprotocol | None) -> None:
    async with socket(server, protocol=protocol) as ws:
        assert await close_code(ws) == 4406


async def test_silence_closes_with_4408(server: str) -> None:
    async with socket(server.replace("/graphql", "/impatient")) as ws:
        assert await close_code(ws) == 4408


async def test_an_id_in_use_closes_with_4409(server: str) -> None:
    async with socket(server) as ws:
        await init(ws)
        await subscribe(ws, "subscription { forever { name } }")
        await subscribe(ws, "{ hello }")
        assert await close_code(ws) == 4409


async def test_a_second_init_closes_with_4429(server: str) -> None:
    async with socket(server) as ws:
        await init(ws)
        await send(ws, {"type": "connection_init"})
        assert await close_code(ws) == 4429


async def test_a_message_that_is_too_large_closes_with_1009(server: str) -> None:
    async with socket(server) as ws:
        await init(ws)
        await subscribe(ws, "#" * TINY_BODY)
        assert await close_code(ws) == 1009


async def test_a_page_of_another_site_may_not_connect(server: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with socket(server, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("own", [True, False])
async def test_our_own_pages_and_the_allowed_origins_may_connect(server: str, own: bool) -> None:
    origin = server.removesuffix("/graphql") if own else "https://app.example"
    async with socket(server, origin=origin) as ws:
        await init(ws)

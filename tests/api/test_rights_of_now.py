"""What is open ends, or goes on with less, when rights change: whoever changed them, and in whatever process."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import jwt
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError
from websockets.typing import Subprotocol

from seggraph.access import Viewer
from seggraph.api.base import ids
from seggraph.context import Context
from seggraph.services.identity import api_keys
from seggraph.services.identity.api_keys import ApiKeyDraft
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, Role
from tests.api.world import called
from tests.conftest import new_viewer
from tests.product import PATIENCE_SECONDS, Server, serving

FOREVER = 86_400.0
MAKE_KEY = 'mutation { createApiKey(input: {name: "Mine", scope: ADMIN}) { secret errors { code } } }'
ROLE = "{ viewer { role } }"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Sessions are not looked at by themselves: what ends them is that rights changed."""
    return settings.model_copy(update={"session_check_seconds": FOREVER})


@asynccontextmanager
async def socket(server: Server, credential: str) -> AsyncIterator[ClientConnection]:
    """An open socket whose client has been accepted."""
    url = server.url.replace("http", "ws", 1)
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as ws:
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {credential}"}}
        await ws.send(json.dumps(init))
        assert (await received(ws))["type"] == "connection_ack"
        yield ws


async def received(ws: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        message: dict[str, Any] = json.loads(await ws.recv())
        return message


async def asked(ws: ClientConnection, query: str, number: int) -> dict[str, Any]:
    """The data of an operation over a socket."""
    await ws.send(json.dumps({"id": str(number), "type": "subscribe", "payload": {"query": query}}))
    answer = await received(ws)
    assert answer["type"] == "next", answer
    assert (await received(ws))["type"] == "complete"
    data: dict[str, Any] = answer["payload"]["data"]
    return data


async def closed(ws: ClientConnection) -> int:
    """The code that the server closes a socket with."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        await ws.wait_closed()
    assert ws.close_code is not None
    return ws.close_code


async def revoked_by_the_service(viewer: Viewer, key_id: int, _: asyncpg.Connection) -> None:
    await api_keys.revoke(viewer, key_id)


async def revoked_by_sql(_: Viewer, key_id: int, connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE api_keys SET revoked_at = now() WHERE id = $1", key_id)


async def deleted(_: Viewer, key_id: int, connection: asyncpg.Connection) -> None:
    await connection.execute("DELETE FROM api_keys WHERE id = $1", key_id)


@pytest.mark.parametrize("end", [revoked_by_the_service, revoked_by_sql, deleted])
async def test_a_key_that_is_revoked_anywhere_ends_idle_sockets_everywhere(
    context: Context,
    viewer: Viewer,
    connection: asyncpg.Connection,
    end: Callable[[Viewer, int, asyncpg.Connection], Awaitable[None]],
) -> None:
    key, secret = await api_keys.create(viewer, ApiKeyDraft("partner", ApiKeyScope.READ))
    _, other = await api_keys.create(viewer, ApiKeyDraft("other", ApiKeyScope.READ))
    async with (
        serving(context) as one,
        serving(context) as two,
        socket(one, secret) as first,
        socket(two, secret) as second,
        socket(two, other) as third,
    ):
        await end(viewer, key.id, connection)
        assert [await closed(first), await closed(second)] == [4403, 4403]
        assert (await asked(third, ROLE, 1))["viewer"] == {"role": "LEADER"}


async def test_a_demoted_administrator_has_the_rights_of_now_on_an_open_socket(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    admin = await new_viewer("", Role.ADMIN, workspace_id=viewer.workspace_id)
    async with serving(context) as server, server.sign_in(admin) as product:
        async with socket(server, product.credential) as ws:
            assert (await asked(ws, ROLE, 0))["viewer"] == {"role": "ADMIN"}
            await connection.execute(
                "UPDATE workspace_users SET role = 'TEAM_MEMBER' WHERE user_id = $1", admin.user_id
            )
            number = 1
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (await asked(ws, ROLE, number))["viewer"]["role"] != "TEAM_MEMBER":
                    number += 1
            made = (await asked(ws, MAKE_KEY, number + 1))["createApiKey"]
            assert (made["secret"], [error["code"] for error in made["errors"]]) == (None, ["FORBIDDEN"])

            await connection.execute("DELETE FROM workspace_users WHERE user_id = $1", admin.user_id)
            assert await closed(ws) == 4403


async def test_a_key_that_expires_ends_its_socket_when_its_time_comes(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    key, secret = await api_keys.create(viewer, ApiKeyDraft("partner", ApiKeyScope.READ))
    _, other = await api_keys.create(viewer, ApiKeyDraft("other", ApiKeyScope.READ))
    _, newer = await api_keys.rotate(viewer, key.id, overlap=timedelta(hours=1))
    async with (
        serving(context) as server,
        socket(server, secret) as old,
        socket(server, newer) as new,
        socket(server, other) as third,
    ):
        # the change is noticed long before its time; then nothing happens any more, and still they end
        await connection.execute(
            "UPDATE api_keys SET previous_until = now() + interval '4 s', expires_at = now() + interval '6 s'"
            " WHERE id = $1",
            key.id,
        )
        assert await closed(old) == 4403
        assert await connection.fetchval("SELECT previous_until <= now() FROM api_keys WHERE id = $1", key.id)
        assert await closed(new) == 4403
        assert await connection.fetchval("SELECT expires_at <= now() FROM api_keys WHERE id = $1", key.id)
        assert (await asked(third, ROLE, 1))["viewer"] == {"role": "LEADER"}


async def test_a_token_ends_its_socket_when_it_expires_or_is_withdrawn(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    subject = f"admin-{viewer.workspace_id}@example.com"
    async with serving(context) as server, server.sign_in(viewer) as admin:
        first, second = server.token(subject, viewer.workspace_id), server.token(subject, viewer.workspace_id)
        async with socket(server, first) as withdrawn, socket(server, second) as kept:
            claims = jwt.decode(first, options={"verify_signature": False})
            given = {"userId": ids.encode("User", viewer.user_id or 0), "jti": claims["jti"]}
            until = datetime.fromtimestamp(claims["exp"], UTC).isoformat()
            await called(admin, "withdrawToken", "user { id }", **given, expiresAt=until)
            assert await closed(withdrawn) == 4403
            assert (await asked(kept, ROLE, 1))["viewer"] == {"role": "ADMIN"}
        async with server.connect(first) as nobody:
            response = await nobody.http.post("/graphql", json={"query": ROLE})
            assert response.status_code == 401
        # a token that is over soon ends by itself, ten seconds after its time
        short = server.token(subject, viewer.workspace_id, minutes=-7 / 60)
        code: int | None = None
        try:
            async with socket(server, short) as brief:
                code = await closed(brief)
        except ConnectionClosedError as error:  # on a slow machine it is over before the socket is open
            code = error.rcvd.code if error.rcvd else None
        assert code == 4403
        # what has expired is forgotten with the next withdrawal
        await connection.execute("UPDATE withdrawn_tokens SET expires_at = now()")
        await called(admin, "withdrawToken", "user { id }", **given | {"jti": "y"}, expiresAt=until)
        assert await connection.fetchval("SELECT array_agg(jti) FROM withdrawn_tokens") == ["y"]

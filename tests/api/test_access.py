"""Who gets in, and what they may do there: tokens of ours and of identity providers, API keys, roles."""

import asyncio
import hmac
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import asyncpg
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from seggraph.access import Viewer
from seggraph.errors import RetryLater, SeggraphError, Unauthenticated
from seggraph.services.identity.authentication import authenticate
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, Role
from tests.conftest import new_viewer
from tests.product import Product, Server

WHO = "{ viewer { role scope apiKeyId user { email } workspace { id name } } }"


@pytest.fixture
async def client(server: Server, viewer: Viewer) -> AsyncIterator[Product]:
    async with server.sign_in(viewer) as product:
        yield product


def claims(viewer: Viewer, **changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    plain = {
        "sub": f"{viewer.role.lower()}-{viewer.workspace_id}@example.com",
        "workspace": str(viewer.workspace_id),
        "iss": "seggraph",
        "aud": "seggraph",
        "exp": now + timedelta(minutes=5),
    }
    return {key: value for key, value in (plain | changes).items() if value is not None}


async def refusal(settings: Settings, credential: str) -> SeggraphError:
    with pytest.raises(SeggraphError) as caught:
        await authenticate(settings, f"Bearer {credential}")
    return caught.value


async def test_tokens_are_taken_only_if_everything_about_them_is_right(
    settings: Settings, viewer: Viewer
) -> None:
    other = await new_viewer("Other")
    assert settings.jwt_secret is not None
    secret = settings.jwt_secret.get_secret_value()

    def signed(**changes: Any) -> str:
        return jwt.encode(claims(viewer, **changes), secret, "HS256")

    wrong = {
        "expired": signed(exp=datetime.now(UTC) - timedelta(minutes=1)),
        "never expires": signed(exp=None),
        "not yet": signed(nbf=datetime.now(UTC) + timedelta(minutes=5)),
        "another issuer": signed(iss="someone"),
        "another audience": signed(aud="someone"),
        "no subject": signed(sub=None),
        "unknown subject": signed(sub="nobody@example.com"),
        "subject with NUL": signed(sub="a\0b"),
        "no workspace": signed(workspace=None),
        "a workspace that it does not belong to": signed(workspace=str(other.workspace_id)),
        "a workspace that is none": signed(workspace="1; DROP TABLE members"),
        "a workspace beyond numbers": signed(workspace="9" * 19),
        "another secret": jwt.encode(claims(viewer), "x" * 40, "HS256"),
        "no signature": jwt.encode(claims(viewer), "", "none"),
        "rubbish": "a.b.c",
        "no token": "x",
        "too long": "x" * 9_000,
        "not ASCII": "sgk_live_\ud800",
        "no such key": "sgk_live_nothing",
    }
    # Viewer is what a right token makes
    assert await authenticate(settings, f"Bearer {signed()}") == viewer
    assert await authenticate(settings, f"bearer  {signed(workspace=viewer.workspace_id)}") == viewer

    for name, credential in wrong.items():
        assert isinstance(await refusal(settings, credential), Unauthenticated), name
    for header in (None, "", "Bearer", f"Basic {signed()}"):
        with pytest.raises(Unauthenticated):
            await authenticate(settings, header)


def forged(secret: bytes, content: dict[str, Any]) -> str:
    """A token signed with any bytes as the secret of HS256, which the library would refuse to make."""
    content["exp"] = int(content["exp"].timestamp())
    parts = [{"alg": "HS256", "typ": "JWT", "kid": "one"}, content]
    message = b".".join(base64url_encode(json.dumps(part).encode()) for part in parts)
    return (message + b"." + base64url_encode(hmac.digest(secret, message, "sha256"))).decode()


@contextmanager
def identity_provider(keys: dict[str, Any]) -> Iterator[str]:
    """A server of a JWKS document; the URL of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(keys).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/keys"
        finally:
            server.shutdown()
            thread.join()


async def test_tokens_of_an_identity_provider(settings: Settings, viewer: Viewer) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {
        "kid": "one",
        "use": "sig",
        "alg": "RS256",
    }
    with identity_provider({"keys": [public]}) as url:
        ours = settings.model_copy(update={"jwt_jwks_url": url})

        def signed(by: Any = key, algorithm: str = "RS256", kid: str = "one", **changes: Any) -> str:
            return jwt.encode(claims(viewer, **changes), by, algorithm, headers={"kid": kid})

        assert await authenticate(ours, f"Bearer {signed()}") == viewer
        for credential in (
            signed(foreign),
            signed(kid="two"),
            signed(exp=datetime.now(UTC) - timedelta(minutes=1)),
            signed(ec.generate_private_key(ec.SECP256R1()), "ES256"),
            # the public key as the secret of a symmetric algorithm, and the secret that no longer counts
            forged(json.dumps(public).encode(), claims(viewer)),
            jwt.encode(
                claims(viewer), settings.jwt_secret.get_secret_value() if settings.jwt_secret else "", "HS256"
            ),
        ):
            assert isinstance(await refusal(ours, credential), Unauthenticated)
    away = settings.model_copy(update={"jwt_jwks_url": url + "?away"})
    assert isinstance(await refusal(away, signed()), RetryLater)


async def test_refused_credentials_get_no_data(server: Server) -> None:
    async with server.connect("rubbish") as stranger:
        response = await stranger.http.post("/graphql", json={"query": WHO})
        unsigned = await stranger.http.post("/graphql", json={"query": WHO}, headers={"Authorization": ""})

    for answer in (response, unsigned):
        assert answer.status_code == 401
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["UNAUTHENTICATED"]
        assert "data" not in answer.json()


CREATE_KEY = """
    mutation ($input: CreateApiKeyInput!) {
      createApiKey(input: $input) { secret apiKey { id name hint scope revokedAt } errors { code path } }
    }
"""
REVOKE_KEY = """
    mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { apiKey { revokedAt } errors { code path } } }
"""
UPSERT = """
    mutation { upsertMembers(input: {kind: ACCOUNT, members: [{externalId: "a"}]}) { created errors { code } } }
"""


async def test_keys_do_what_their_scope_says_until_they_are_revoked(client: Product, server: Server) -> None:
    keys = {}
    for scope in ("READ", "WRITE", "ADMIN"):
        made = (await client.run(CREATE_KEY, input={"name": scope, "scope": scope}))["createApiKey"]
        assert made["errors"] == []
        assert made["secret"].startswith(made["apiKey"]["hint"])
        keys[scope] = made
    taken = (await client.run(CREATE_KEY, input={"name": "READ"}))["createApiKey"]
    past = (await client.run(CREATE_KEY, input={"name": "x", "expiresAt": "2020-01-01T00:00:00Z"}))[
        "createApiKey"
    ]
    assert [(error["code"], error["path"]) for error in taken["errors"]] == [("NAME_TAKEN", ["name"])]
    assert [(error["code"], error["path"]) for error in past["errors"]] == [("INVALID", ["expiresAt"])]
    assert taken["secret"] is None

    created = {}
    for scope, made in keys.items():
        async with server.connect(made["secret"]) as program:
            viewer = (await program.run(WHO))["viewer"]
            assert (viewer["scope"], viewer["user"]) == (scope, None)
            report = (await program.run(UPSERT))["upsertMembers"]
            created[scope] = report["created"], [error["code"] for error in report["errors"]]
            made_by_key = (await program.run(CREATE_KEY, input={"name": f"by {scope}"}))["createApiKey"]
            expected = [] if scope == "ADMIN" else ["FORBIDDEN"]
            assert [error["code"] for error in made_by_key["errors"]] == expected
    assert created == {"READ": (0, ["FORBIDDEN"]), "WRITE": (1, []), "ADMIN": (0, [])}

    revoked = (await client.run(REVOKE_KEY, id=keys["READ"]["apiKey"]["id"]))["revokeApiKey"]
    assert revoked["apiKey"]["revokedAt"] is not None
    async with server.connect(keys["READ"]["secret"]) as program:
        assert (await program.raw(WHO))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_expired_key_is_refused(
    client: Product, server: Server, connection: asyncpg.Connection
) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    made = (await client.run(CREATE_KEY, input={"name": "short", "expiresAt": later}))["createApiKey"]
    await connection.execute("UPDATE api_keys SET expires_at = expires_at - interval '1 hour'")

    async with server.connect(made["secret"]) as program:
        answer = await program.raw(WHO)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


async def test_roles_of_users(client: Product, server: Server, viewer: Viewer) -> None:
    roles = {}
    for role in (Role.LEADER, Role.TEAM_MEMBER):
        async with server.sign_in(await new_viewer("", role, workspace_id=viewer.workspace_id)) as user:
            who = (await user.run(WHO))["viewer"]
            made = (await user.run(CREATE_KEY, input={"name": "mine"}))["createApiKey"]
        assert [error["code"] for error in made["errors"]] == ["FORBIDDEN"]
        roles[who["role"]] = who["scope"]

    assert roles == {"LEADER": ApiKeyScope.WRITE, "TEAM_MEMBER": ApiKeyScope.WRITE}
    assert (await client.run(WHO))["viewer"]["workspace"]["name"] == "Acme"


KEYS = "{ apiKeys { id name hint scope createdBy { email } createdAt expiresAt revokedAt lastUsedAt } }"
KEY = "query ($id: ID!) { node(id: $id) { id ... on ApiKey { name hint lastUsedAt } } }"


async def test_administrators_see_keys_but_nobody_sees_secrets(
    client: Product, server: Server, viewer: Viewer
) -> None:
    first, second = [
        (await client.run(CREATE_KEY, input={"name": name, "scope": scope}))["createApiKey"]
        for name, scope in (("used", "WRITE"), ("revoked", "READ"))
    ]
    await client.run(REVOKE_KEY, id=second["apiKey"]["id"])
    async with server.connect(first["secret"]) as program:
        await program.run(WHO)
        unseen = [await program.raw(KEYS), await program.raw(KEY, id=first["apiKey"]["id"])]

    answer = await client.raw(KEYS)
    node = (await client.run(KEY, id=first["apiKey"]["id"]))["node"]

    # then the list has the newest first, with who made them and whether they were used
    revoked, used = answer["data"]["apiKeys"]
    assert [(one["name"], one["scope"]) for one in (revoked, used)] == [
        ("revoked", "READ"),
        ("used", "WRITE"),
    ]
    assert (revoked["revokedAt"] is None, used["revokedAt"] is None) == (False, True)
    assert (revoked["lastUsedAt"] is None, used["lastUsedAt"] is None) == (True, False)
    assert used["createdBy"]["email"] == revoked["createdBy"]["email"] != ""
    assert node == {
        "id": first["apiKey"]["id"],
        "name": "used",
        "hint": first["apiKey"]["hint"],
        "lastUsedAt": used["lastUsedAt"],
    }
    assert first["secret"] not in str(answer)

    # and keys that do not administer, team members and other workspaces see none of it
    async with (
        server.sign_in(await new_viewer("", Role.TEAM_MEMBER, workspace_id=viewer.workspace_id)) as user,
        server.sign_in(await new_viewer("Other")) as other,
    ):
        unseen += [
            await user.raw(KEYS),
            await user.raw(KEY, id=node["id"]),
            await other.raw(KEY, id=node["id"]),
        ]
        assert (await other.run(KEYS))["apiKeys"] == []
    forbidden, hidden = [unseen[0], unseen[2]], [unseen[1], unseen[3], unseen[4]]
    for refusal_ in forbidden:
        assert [error["extensions"]["code"] for error in refusal_["errors"]] == ["FORBIDDEN"]
    assert [one["data"] for one in hidden] == [{"node": None}] * 3


async def test_a_subscription_ends_when_its_key_is_revoked(client: Product, server: Server) -> None:
    made = (await client.run(CREATE_KEY, input={"name": "live", "scope": "READ"}))["createApiKey"]
    url = server.url.replace("http", "ws", 1)
    query = "subscription { segmentEvents { __typename } }"

    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as ws:
        payload = {"Authorization": f"Bearer {made['secret']}"}
        await ws.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await ws.recv()) == {"type": "connection_ack"}
        await ws.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
        await client.run(REVOKE_KEY, id=made["apiKey"]["id"])
        async with asyncio.timeout(120):
            await ws.wait_closed()

    assert ws.close_code == 4403

"""Secrets are sent only to the address that they were given for, and keys change without losing one."""

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.files import keyring
from seggraph.services.operations import key_rotation
from seggraph.services.operations.key_rotation import Rotation
from seggraph.settings import Settings
from seggraph.vocabulary import Role
from tests.api.test_destinations import made, receiver
from tests.conftest import new_viewer
from tests.product import Product, Server

UPDATE = """
mutation ($i: UpdateDestinationInput!) { updateDestination(input: $i) {
  destination { url headerName authSecretHint } authSecretDropped errors { code } } }
"""
TEST = "mutation ($id: ID!) { testDestination(input: {id: $id}) { test { ok } errors { code } } }"
AUDIT = "{ auditLog(first: 1, actions: [EDITED]) { nodes { before after } } }"
CREATE_WEBHOOK = """
mutation ($url: String!) { createWebhook(input: {url: $url, topics: [SEGMENT_CREATED]}) {
  webhook { id } secret errors { code } } }
"""
UPDATE_WEBHOOK = """
mutation ($i: UpdateWebhookInput!) { updateWebhook(input: $i) {
  webhook { secretHint previousSecretUntil } secret errors { code } } }
"""
TEST_WEBHOOK = "mutation ($id: ID!) { testWebhook(input: {id: $id}) { delivery { status } errors { code } } }"
SECRET = "sk_live_0123456789"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Leave to call this machine."""
    return settings.model_copy(update={"outgoing_networks": (ip_network("127.0.0.0/8"),)})


async def updated(product: Product, destination: dict[str, Any], **changes: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (await product.run(UPDATE, i={"id": destination["id"]} | changes))[
        "updateDestination"
    ]
    assert payload["errors"] == []
    return payload


async def test_a_leader_who_moves_a_destination_does_not_get_its_secret(
    server: Server, viewer: Viewer
) -> None:
    leader = await new_viewer("", Role.LEADER, workspace_id=viewer.workspace_id)
    async with (
        server.sign_in(viewer) as admin,
        server.sign_in(leader) as other,
        receiver() as (url, taken),
        receiver() as (evil, stolen),
    ):
        destination = await made(
            admin, name="Hook", type="HTTP", url=url, headerName="X-Api-Key", authSecret=SECRET
        )
        payload = await updated(other, destination, url=evil)
        assert payload["authSecretDropped"] is True
        assert (await other.run(TEST, id=destination["id"]))["testDestination"]["test"]["ok"] is True
        await updated(other, destination, url=url)
        await other.run(TEST, id=destination["id"])
        [entry] = (await admin.run(AUDIT.replace("first: 1", "first: 2")))["auditLog"]["nodes"][1:]

    for headers, _ in (*stolen, *taken):
        assert "x-api-key" not in headers
        assert SECRET not in str(headers)
    assert len(stolen) == len(taken) == 1
    assert entry["after"]["authSecretIsDropped"] is True
    assert (entry["before"]["authHint"], entry["after"]["authHint"]) == ("…6789", None)


@pytest.mark.parametrize(
    ("changes", "is_dropped"),
    [
        ({"url": "http://127.0.0.1:9/hook"}, True),
        ({"url": "https://127.0.0.2:9/hook"}, True),
        ({"url": "https://127.0.0.1:10/hook"}, True),
        ({"url": "https://127.0.0.1:9/other"}, True),
        ({"headerName": "X-Other"}, True),
        ({"headerName": None}, True),
        ({"url": "https://127.0.0.1:9/other", "authSecret": "another"}, False),
        ({"url": "https://127.0.0.1:9/hook?list=2"}, False),
        ({"url": "HTTPS://127.0.0.1:9/hook"}, False),
        ({"headerName": "x-api-key"}, False),
        ({"name": "Renamed"}, False),
        ({"mapping": {"mail": "$email"}}, False),
    ],
)
async def test_what_drops_the_secret(
    server: Server, viewer: Viewer, changes: dict[str, Any], is_dropped: bool
) -> None:
    async with server.sign_in(viewer) as product:
        url = "https://127.0.0.1:9/hook"
        destination = await made(
            product, name="Hook", type="HTTP", url=url, headerName="X-Api-Key", authSecret=SECRET
        )
        payload = await updated(product, destination, **changes)

    assert payload["authSecretDropped"] is is_dropped
    assert (payload["destination"]["authSecretHint"] is None) is is_dropped


async def test_a_webhook_that_is_moved_has_another_secret(server: Server, viewer: Viewer) -> None:
    async with server.sign_in(viewer) as product:
        created = (await product.run(CREATE_WEBHOOK, url="https://127.0.0.1:9/hook"))["createWebhook"]
        id_ = created["webhook"]["id"]
        same = await product.run(UPDATE_WEBHOOK, i={"id": id_, "url": "https://127.0.0.1:9/hook?a=1"})
        moved = await product.run(UPDATE_WEBHOOK, i={"id": id_, "url": "https://127.0.0.1:9/new"})

    assert same["updateWebhook"]["secret"] is None
    assert same["updateWebhook"]["webhook"]["secretHint"] == f"…{created['secret'][-4:]}"
    assert moved["updateWebhook"]["secret"].startswith("whsec_")
    assert moved["updateWebhook"]["secret"] != created["secret"]
    assert moved["updateWebhook"]["webhook"] == {
        "secretHint": f"…{moved['updateWebhook']['secret'][-4:]}",
        "previousSecretUntil": None,
    }


async def test_keys_are_rotated_without_losing_a_secret(
    context: Context, server: Server, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    async with server.sign_in(viewer) as product, receiver() as (url, taken):
        destination = await made(product, name="Hook", type="HTTP", url=url, authSecret=SECRET)
        webhook = (await product.run(CREATE_WEBHOOK, url=url))["createWebhook"]["webhook"]
        assert await key_rotation.rotate(context) == Rotation(0, 3, ())
        keyring.renew(context.settings)
        assert await key_rotation.rotate(context) == Rotation(3, 0, ())
        assert await key_rotation.rotate(context) == Rotation(0, 3, ())
        for earlier in _files(context.settings).glob("secret-key-*"):
            earlier.unlink()

        assert (await product.run(TEST, id=destination["id"]))["testDestination"]["test"]["ok"] is True
        tested = (await product.run(TEST_WEBHOOK, id=webhook["id"]))["testWebhook"]
        assert tested["delivery"]["status"] == "DELIVERED"
        assert taken[0][0]["authorization"] == f"Bearer {SECRET}"

        await connection.execute("UPDATE destinations SET auth_secret = '\\x0200'::bytea")
        rotation = await key_rotation.rotate(context)
        assert rotation.unreadable == (f"the secret of destination {await _number(connection)}",)
        assert (rotation.renewed, rotation.current) == (0, 2)


async def test_secrets_move_from_the_files_folder_to_a_key_of_the_settings(
    context: Context, server: Server, viewer: Viewer
) -> None:
    async with server.sign_in(viewer) as product:
        await made(product, name="Hook", type="HTTP", url="https://127.0.0.1:9/hook", authSecret=SECRET)
    changed = context.settings.model_copy(update={"secret_key": SecretStr("k" * 32)})
    moved = replace(context, settings=changed)

    assert await key_rotation.rotate(moved) == Rotation(2, 0, ())
    for path in _files(context.settings).glob("secret-key*"):
        path.unlink()
    assert await key_rotation.rotate(moved) == Rotation(0, 2, ())


def _files(settings: Settings) -> Path:
    assert settings.files_dir is not None
    return settings.files_dir


async def _number(connection: asyncpg.Connection) -> int:
    number: int = await connection.fetchval("SELECT id FROM destinations")
    return number

"""Webhooks to what is not in the public internet: refused when made, and when sent to."""

import socket
from typing import Any

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.services.webhooks import messages as webhook_messages
from seggraph.services.webhooks import runs as webhook_runs
from tests.api.test_webhooks import CREATE, LIST, SEGMENT
from tests.api.test_workspace_events import create
from tests.product import Server
from tests.services.webhook_receiver import receiving

REFUSED = (
    "http://169.254.169.254/latest/meta-data",
    "https://localhost/",
    "https://inside.example.com/",  # its name has such an address
    "https://[::1]/",
    "https://10.1.2.3/",
    "https://[::ffff:127.0.0.2]/",
    "https://2130706433/",
    "http://93.184.216.34/",  # public, and in the open
    "https://user:secret@93.184.216.34/",
    "ftp://93.184.216.34/",
    "nonsense",
    "",
)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads inside."""
    look_up = socket.getaddrinfo

    def looked_up(host: Any, *arguments: Any, **options: Any) -> Any:
        return look_up("10.0.0.7" if host == "inside.example.com" else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)


async def test_what_is_not_in_the_public_internet_is_refused(
    context: Context, connection: asyncpg.Connection, server: Server, viewer: Viewer
) -> None:
    async with server.sign_in(viewer) as client, receiving() as receiver:
        # when webhooks to such URLs are made, none is
        for url in REFUSED:
            payload = (await client.run(CREATE, url=url, topics=SEGMENT))["createWebhook"]
            errors = [(error["code"], error["path"]) for error in payload["errors"]]
            assert (url, errors) == (url, [("INVALID", ["url"])])
            assert (payload["webhook"], payload["secret"]) == (None, None)
        assert (await client.run(LIST))["webhooks"] == []

        # when one that was good leads inside later, nothing is sent, and the log says why
        payload = (await client.run(CREATE, url="https://93.184.216.34/", topics=SEGMENT))["createWebhook"]
        assert payload["errors"] == []
        await connection.execute("UPDATE webhooks SET url = $1", receiver.url)
        await create(client, "One", activate=False)
        await webhook_messages.prepare_due(context)
        [lease] = await webhook_runs._claim(context, 1)
        await webhook_runs._send_due(context, lease)
        [webhook] = (await client.run(LIST))["webhooks"]
        [attempt] = webhook["attempts"]["nodes"]
        assert attempt["error"].startswith("127.0.0.1 is not in the public internet.")
        assert attempt["statusCode"] is None
        assert receiver.calls == []

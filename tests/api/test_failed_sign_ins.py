"""Failed sign-ins are slowed, by address and by whom they name; a valid caller never is."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from seggraph import tasks
from seggraph.access import Viewer
from seggraph.services.identity import api_keys
from seggraph.services.identity.api_keys import ApiKeyDraft
from seggraph.services.identity.authentication import names_of
from seggraph.settings import Settings
from seggraph.throttling import throttle
from seggraph.throttling.throttle import network_of
from seggraph.vocabulary import ApiKeyScope
from tests.product import PATIENCE_SECONDS, Server

ROLE = {"query": "{ viewer { role } }"}
MOST = 5


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_failed_sign_ins": MOST, "trusted_proxies": ()})


@pytest.fixture
async def stranger(server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(throttle, "SLOWED_SECONDS", PATIENCE_SECONDS)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{server.port}", timeout=2 * PATIENCE_SECONDS
    ) as http:
        yield http


async def attempt(http: httpx.AsyncClient, credential: str) -> int:
    response = await http.post("/graphql", json=ROLE, headers={"authorization": f"Bearer {credential}"})
    return response.status_code


async def fail_until_slowed(http: httpx.AsyncClient, credential: str) -> asyncio.Task[int]:
    """Fail until an answer is held back; returns what waits for it. A bucket gives a little more than it has."""
    for _ in range(10 * MOST):
        waiting = asyncio.create_task(attempt(http, credential))
        done, _ = await asyncio.wait({waiting}, timeout=2)
        if not done:
            return waiting
        assert waiting.result() == 401
    raise AssertionError("failed sign-ins are answered without end")


async def test_who_fails_often_waits_and_a_valid_caller_of_the_same_address_does_not(
    server: Server, viewer: Viewer, stranger: httpx.AsyncClient
) -> None:
    _, secret = await api_keys.create(viewer, ApiKeyDraft("Mine", ApiKeyScope.READ))

    waiting = await fail_until_slowed(stranger, "sgk_live_wrong")

    assert await attempt(stranger, secret) == 200
    name = f"admin-{viewer.workspace_id}@example.com"
    assert await attempt(stranger, server.token(name, viewer.workspace_id)) == 200
    assert not waiting.done()
    await tasks.end([waiting])


async def test_when_too_many_wait_already_a_failure_is_refused(
    stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = await fail_until_slowed(stranger, "not a token")
    monkeypatch.setattr(throttle, "MOST_SLOWED", 1)

    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:  # now and then another failure may be answered at once
            response = await stranger.post("/graphql", json=ROLE, headers={"authorization": "Bearer no"})
            if response.status_code != 401:
                break

    assert response.status_code == 429
    assert response.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert int(response.headers["retry-after"]) >= 1
    await tasks.end([waiting])


def test_what_stands_for_a_client() -> None:
    assert network_of("203.0.113.9") == network_of("::ffff:203.0.113.9") == "203.0.113.9"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") == "2001:db8::/64"
    assert network_of(None) == network_of("unix:/tmp/socket") == ""


def test_whom_credentials_name(settings: Settings) -> None:
    assert names_of("Bearer sgk_live_abcdefghij") == ["key sgk_live_abcdef"]
    token = Server(settings, 0).token("me@example.com", 1)
    [one] = names_of(f"Bearer {token}")
    assert one == names_of(f"Bearer {token[:-4]}AAAA")[0]
    assert "me@example.com" not in one
    assert names_of(None) == names_of("Bearer") == names_of("Bearer a.b.c") == []

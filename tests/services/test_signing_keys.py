"""The keys of an identity provider: under rotation, absence and slowness, and beside tokens with unknown keys."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from seggraph.errors import RetryLater, Unauthenticated
from seggraph.services.identity import signing_keys
from seggraph.services.identity.signing_keys import SigningKeys

PATIENCE_SECONDS = 120.0


@dataclass
class Clock:
    """The monotonic clock of the keys; it stands still until a test moves it."""

    now: float = 1_000_000.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class Provider:
    """What an identity provider answers, and how often it was asked."""

    key_ids: list[str]
    url: str = ""
    status: int = 200
    body: bytes | None = None
    asked: int = 0
    is_open: threading.Event = field(default_factory=threading.Event)

    def document(self) -> bytes:
        if self.body is not None:
            return self.body
        return json.dumps({"keys": [public(key_id) for key_id in self.key_ids]}).encode()


def public(key_id: str, **values: Any) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return ECAlgorithm.to_jwk(key, as_dict=True) | {"kid": key_id, "use": "sig", "alg": "ES256"} | values


@contextmanager
def provider(*key_ids: str) -> Iterator[Provider]:
    """An identity provider; it answers while `is_open` is set."""
    answers = Provider(list(key_ids))
    answers.is_open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers.asked += 1
            answers.is_open.wait(PATIENCE_SECONDS)
            body = answers.document()
            self.send_response(answers.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        answers.url = f"http://127.0.0.1:{server.server_port}/keys"
        try:
            yield answers
        finally:
            answers.is_open.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(signing_keys, "time", made)
    monkeypatch.setattr(signing_keys, "TIMEOUT_SECONDS", PATIENCE_SECONDS)
    return made


async def test_a_key_that_left_the_document_is_refused_within_the_lifespan(clock: Clock) -> None:
    with provider("one") as idp:
        keys = SigningKeys(idp.url)
        assert (await keys.find("one")).key_id == "one"
        idp.key_ids = ["two"]
        clock.now += signing_keys.LIFESPAN_SECONDS
        with pytest.raises(Unauthenticated):
            await keys.find("one")
        assert (await keys.find("two")).key_id == "two"
        assert idp.asked == 2


async def test_a_new_key_is_known_at_once_and_unknown_ones_ask_seldom(clock: Clock) -> None:
    with provider("one") as idp:
        keys = SigningKeys(idp.url)
        await keys.find("one")
        idp.key_ids = ["one", "two"]
        clock.now += signing_keys.COOL_DOWN_SECONDS
        assert (await keys.find("two")).key_id == "two"
        for number in range(50):
            with pytest.raises(Unauthenticated):
                await keys.find(f"unknown {number}")
        assert idp.asked == 2


async def test_unknown_keys_do_not_make_known_ones_wait(clock: Clock) -> None:
    with provider("one") as idp:
        keys = SigningKeys(idp.url)
        await keys.find("one")
        clock.now += signing_keys.COOL_DOWN_SECONDS
        idp.is_open.clear()
        idp.status = 500
        unknown = [asyncio.create_task(keys.find(f"unknown {number}")) for number in range(24)]
        for _ in range(100):
            assert (await keys.find("one")).key_id == "one"
            await asyncio.sleep(0)
        assert not any(task.done() for task in unknown)
        idp.is_open.set()
        refused = await asyncio.gather(*unknown, return_exceptions=True)

    assert {type(one) for one in refused} == {Unauthenticated}
    assert idp.asked == 2


async def test_keys_that_age_are_read_again_while_they_are_used(clock: Clock) -> None:
    with provider("one") as idp:
        keys = SigningKeys(idp.url)
        await keys.find("one")
        clock.now += signing_keys.REFRESH_SECONDS
        idp.is_open.clear()
        await keys.find("one")
        idp.is_open.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while keys._read_at < clock.now:  # noqa: ASYNC110 - a request ends it
                await asyncio.sleep(0.01)
        assert idp.asked == 2


async def test_while_the_provider_is_away_known_keys_are_used_for_an_hour(clock: Clock) -> None:
    with provider("one") as idp:
        keys = SigningKeys(idp.url)
        await keys.find("one")
    clock.now += signing_keys.LIFESPAN_SECONDS
    assert (await keys.find("one")).key_id == "one"
    with pytest.raises(RetryLater):
        await keys.find("two")
    clock.now += signing_keys.GRACE_SECONDS
    with pytest.raises(RetryLater):
        await keys.find("one")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [1]}'),
        (200, b'{"keys": [{"kty": "RSA"}]}'),
        (200, b"<html>"),
        (200, b" " * (2 * 1024 * 1024)),
        (404, b'{"keys": []}'),
        (302, b""),
        (500, b""),
    ],
)
async def test_an_answer_without_keys_says_nothing_about_them(clock: Clock, status: int, body: bytes) -> None:
    with provider() as idp:
        idp.status, idp.body = status, body
        keys = SigningKeys(idp.url)
        with pytest.raises(RetryLater):
            await keys.find("one")
        idp.status, idp.body, idp.key_ids = 200, None, ["one"]
        clock.now += signing_keys.COOL_DOWN_SECONDS
        assert (await keys.find("one")).key_id == "one"


async def test_keys_that_do_not_sign_are_left_out(clock: Clock) -> None:
    with provider() as idp:
        idp.body = json.dumps({"keys": [public("enc", use="enc"), public("sig")]}).encode()
        keys = SigningKeys(idp.url)
        assert (await keys.find("sig")).key_id == "sig"
        with pytest.raises(Unauthenticated):
            await keys.find("enc")

"""The short way of known queries: it answers as the usual way does, and leaves to that whatever is not plain."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.types import Message, Scope

from seggraph.transport import PersistedDocuments
from seggraph.transport.known import MAX_BYTES, KnownQueries
from tests.transport import sample
from tests.transport.conftest import PATIENCE_SECONDS, build_schema

GRAPHQL = "application/graphql-response+json"
HELLO = "{ hello }"


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=PATIENCE_SECONDS) as client:
        yield client


def without_chance(response: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    headers = {
        name: value for name, value in response.headers.items() if name not in ("date", "x-request-id")
    }
    return response.status_code, headers, response.content


@pytest.mark.parametrize("accept", ["*/*", "application/json", GRAPHQL, f"{GRAPHQL}, application/json;q=0.9"])
@pytest.mark.parametrize("document", [HELLO, "{ hello boom }", "{ again: hello __typename }", "{ nothing }"])
def test_a_known_query_is_answered_as_it_was_the_first_time(
    server: str, http: httpx.Client, document: str, accept: str
) -> None:
    body = {"query": document + f" # {accept}"}  # a text that no other test makes known
    first = http.post(server, json=body, headers={"accept": accept})

    second = http.post(server, json=body, headers={"accept": accept})

    assert without_chance(second) == without_chance(first)
    assert second.headers["x-request-id"] != first.headers["x-request-id"]


def test_a_wrong_token_is_refused_also_for_a_known_query(server: str, http: httpx.Client) -> None:
    http.post(server, json={"query": HELLO})

    response = http.post(server, json={"query": HELLO}, headers={"authorization": "Bearer wrong"})

    assert response.status_code == 401


def test_a_body_that_comes_in_parts_is_read_to_its_end(server: str, http: httpx.Client) -> None:
    body = json.dumps({"query": HELLO}).encode()
    http.post(server, content=body, headers={"content-type": "application/json"})
    place = urlsplit(server)
    head = (
        f"POST {place.path} HTTP/1.1\r\nhost: {place.netloc}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    with socket.create_connection((place.hostname or "", place.port or 0), PATIENCE_SECONDS) as connection:
        connection.sendall(head.encode() + body[:5])
        connection.sendall(body[5:])
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert b'"hello"' in answer


async def asked(known: KnownQueries, body: bytes, **changes: Any) -> tuple[bool, list[Message], bytes]:
    """Whether a request was answered on the short way, what was sent, and the body that is left for the usual way."""
    headers = {
        b"content-type": b"application/json",
        b"content-length": str(len(body)).encode(),
        **changes.pop("headers", {}),
    }
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(name, value) for name, value in headers.items() if value is not None],
        "client": ("127.0.0.1", 1),
        **changes,
    }
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    rest = await known.answer(scope, receive, send)
    left = b"" if rest is None else (await rest())["body"]
    return rest is None, sent, left


async def known_hello() -> KnownQueries:
    schema = build_schema()
    await schema.execute(HELLO)
    return KnownQueries(schema, PersistedDocuments(), sample.make_caller)


async def test_a_known_query_is_answered_at_once() -> None:
    is_answered, sent, _ = await asked(await known_hello(), json.dumps({"query": HELLO}).encode())

    assert is_answered
    assert sent[0]["status"] == 200
    assert json.loads(sent[1]["body"])["data"] == {"hello": "Hello world"}


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET"},
        {"headers": {b"content-type": b"text/plain"}},
        {"headers": {b"content-type": b"application/json; charset=latin-1"}},
        {"headers": {b"content-length": None}},
        {"headers": {b"content-length": str(MAX_BYTES + 1).encode()}},
        {"headers": {b"content-length": b"9" * 5_000}},
        {"headers": {b"accept": b"text/event-stream"}},
        {"headers": {b"accept": b"image/png"}},
        {"headers": {b"authorization": b"Bearer wrong"}},
        {"headers": {b"authorization": b"Bearer broken"}},
    ],
)
async def test_what_is_not_plain_is_left_whole_to_the_usual_way(changes: dict[str, Any]) -> None:
    body = json.dumps({"query": HELLO}).encode()

    is_answered, sent, left = await asked(await known_hello(), body, **changes)

    assert (is_answered, sent, left) == (False, [], body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        json.dumps([{"query": HELLO}]).encode(),
        json.dumps({"query": "{ __typename }"}).encode(),
        json.dumps({"query": 7}).encode(),
        json.dumps({"query": HELLO, "variables": []}).encode(),
        json.dumps({"query": HELLO, "operationName": 7}).encode(),
        json.dumps({"query": HELLO, "operationName": "Other"}).encode(),
        json.dumps({"query": HELLO, "extensions": []}).encode(),
        json.dumps({"query": HELLO, "documentId": "sha256:no"}).encode(),
    ],
)
async def test_a_body_that_is_not_plain_is_left_whole_to_the_usual_way(body: bytes) -> None:
    is_answered, sent, left = await asked(await known_hello(), body)

    assert (is_answered, sent, left) == (False, [], body)


async def test_a_header_that_is_there_twice_is_left_to_the_usual_way() -> None:
    body = json.dumps({"query": HELLO}).encode()
    pairs = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    twice = [*pairs, (b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")]
    known = await known_hello()

    async def receive() -> Message:
        raise AssertionError("the body is not looked at")

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": twice, "client": None}
    assert await known.answer(scope, receive, send) is receive

"""Documents that clients name by their SHA-256: over HTTP and WebSocket, automatic and trusted, and refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from seggraph.context import Context
from seggraph.transport import PersistedDocuments, RedisDocumentStore, read_trusted
from seggraph.transport.documents import store as stored_documents
from seggraph.transport.refusals import Refused
from tests.transport.conftest import PATIENCE_SECONDS, TRUSTED, digest_of
from tests.transport.test_websocket import init, receive, send, socket

GRAPHQL = "application/graphql-response+json"
http = httpx.Client(timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module", autouse=True)
def _close_the_client() -> Iterator[None]:
    yield
    http.close()


def automatic(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest_of(text)}}


def post(url: str, body: dict[str, Any], accept: str = GRAPHQL) -> httpx.Response:
    return http.post(url, json=body, headers={"accept": accept})


def code_of(response: httpx.Response) -> str:
    [error] = response.json()["errors"]
    return str(error["extensions"]["code"])


def trusting(url: str) -> str:
    return url.replace("/graphql", "/trusted")


def test_a_document_is_known_after_its_text_was_sent_with_its_hash(server: str) -> None:
    text = "query Known($name: String!) { hello(name: $name) }"
    asked = {"extensions": automatic(text), "variables": {"name": "you"}}

    unknown = post(server, asked)
    registered = post(server, asked | {"query": text})
    known = post(server, asked)
    by_id = post(server, {"documentId": f"sha256:{digest_of(text)}", "variables": {"name": "me"}})

    assert (unknown.status_code, code_of(unknown)) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert registered.json()["data"] == known.json()["data"] == {"hello": "Hello you"}
    assert by_id.json()["data"] == {"hello": "Hello me"}


def test_a_client_that_takes_plain_json_reads_from_a_200_that_the_text_is_missing(server: str) -> None:
    asked = {"extensions": automatic("{ never: hello }")}

    response = post(server, asked, "application/json")

    assert (response.status_code, code_of(response)) == (200, "PERSISTED_QUERY_NOT_FOUND")


def test_a_document_is_named_by_get(server: str) -> None:
    text = "query ByGet { hello }"
    post(server, {"query": text, "extensions": automatic(text)})

    by_hash = http.get(
        server, params={"extensions": json.dumps(automatic(text))}, headers={"accept": GRAPHQL}
    )
    by_id = http.get(server, params={"documentId": f"sha256:{digest_of(text)}"}, headers={"accept": GRAPHQL})

    assert by_hash.json()["data"] == by_id.json()["data"] == {"hello": "Hello world"}


def test_variables_of_these_names_are_only_variables(server: str) -> None:
    text = "query ($documentId: String!) { hello(name: $documentId) }"

    response = post(server, {"query": text, "variables": {"documentId": "sha256:0"}})

    assert response.json()["data"] == {"hello": "Hello sha256:0"}


@pytest.mark.parametrize(
    "asked",
    [
        {"documentId": "sha256:12"},
        {"documentId": digest_of(TRUSTED)},
        {"documentId": f"sha256:{digest_of(TRUSTED).upper()}"},
        {"documentId": 5},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": digest_of(TRUSTED)}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": "x"}},
        {"query": "{ hello }", "extensions": automatic("{ another }")},
    ],
)
def test_a_hash_that_is_none_or_of_another_text_is_refused(server: str, asked: dict[str, Any]) -> None:
    response = post(server, asked)

    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


def test_a_wrong_text_is_not_remembered(server: str) -> None:
    asked = {"extensions": automatic("{ meant: hello }")}

    post(server, asked | {"query": "{ other: hello }"})

    assert code_of(post(server, asked)) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "asked",
    [{"documentId": f"sha256:{digest_of(TRUSTED)}"}, {"extensions": automatic(TRUSTED)}, {"query": TRUSTED}],
)
def test_a_trusted_document_is_executed(server: str, asked: dict[str, Any]) -> None:
    response = post(trusting(server), asked)

    assert response.json()["data"] == {"hello": "Hello world"}


@pytest.mark.parametrize(
    "asked",
    [
        {"query": "{ hello }"},
        {"query": "{ hello }", "extensions": automatic("{ hello }")},
        {"documentId": f"sha256:{digest_of('{ hello }')}"},
        {"extensions": automatic("{ hello }")},
        {"query": "{ __schema { types { name } } }"},
    ],
)
def test_no_other_document_is_executed_where_only_trusted_ones_are(
    server: str, asked: dict[str, Any]
) -> None:
    response = post(trusting(server), asked)

    assert (response.status_code, code_of(response)) == (400, "DOCUMENT_NOT_TRUSTED")


async def test_a_subscription_is_named_over_a_socket(server: str) -> None:
    text = "subscription Counted { count(to: 1) }"
    async with socket(server) as ws:
        await init(ws)
        await send(ws, {"type": "subscribe", "id": "1", "payload": {"extensions": automatic(text)}})
        unknown = await receive(ws)
        both = {"query": text, "extensions": automatic(text)}
        await send(ws, {"type": "subscribe", "id": "2", "payload": both})
        first = [await receive(ws), await receive(ws)]
        await send(
            ws, {"type": "subscribe", "id": "3", "payload": {"documentId": f"sha256:{digest_of(text)}"}}
        )
        second = [await receive(ws), await receive(ws)]

    assert (unknown["type"], unknown["payload"][0]["extensions"]) == (
        "error",
        {"code": "PERSISTED_QUERY_NOT_FOUND"},
    )
    assert [message["type"] for message in first + second] == ["next", "complete"] * 2
    assert first[0]["payload"] == second[0]["payload"]


async def test_another_process_finds_what_one_was_sent(context: Context) -> None:
    text = "{ hello }"
    one = PersistedDocuments(store=RedisDocumentStore(lambda: context.redis))
    other = PersistedDocuments(store=RedisDocumentStore(lambda: context.redis))

    await one.text_of({"query": text, "extensions": automatic(text)})

    assert await other.text_of({"extensions": automatic(text)}) == text
    assert other.known_text({"extensions": automatic(text)}) == text


async def test_the_documents_that_were_kept_first_make_room(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_documents, "MAX_DOCUMENTS", 2)
    store = RedisDocumentStore(lambda: context.redis)

    for number in range(3):
        await store.keep(f"{number:064}", f"{{ a{number}: hello }}")

    assert [await store.find(f"{number:064}") for number in range(3)] == [
        None,
        "{ a1: hello }",
        "{ a2: hello }",
    ]
    assert await context.redis.hlen(stored_documents.TEXTS) == 2  # type: ignore[misc]


async def test_without_redis_each_process_knows_its_own() -> None:
    text = "{ hello }"
    documents = PersistedDocuments(store=RedisDocumentStore(lambda: None))

    await documents.text_of({"query": text, "extensions": automatic(text)})

    assert await documents.text_of({"extensions": automatic(text)}) == text
    with pytest.raises(Refused):
        await documents.text_of({"extensions": automatic("{ other: hello }")})


async def test_a_long_document_is_executed_but_not_remembered() -> None:
    text = "{ hello " + " " * 17_000 + "}"
    documents = PersistedDocuments()

    assert await documents.text_of({"query": text, "extensions": automatic(text)}) == text
    with pytest.raises(Refused):
        await documents.text_of({"extensions": automatic(text)})


def test_the_file_of_graphql_codegen_is_read(tmp_path: Path) -> None:
    file = tmp_path / "persisted-documents.json"
    file.write_text(json.dumps({digest_of(TRUSTED): TRUSTED, f"sha256:{digest_of('{ a }')}": "{ a }"}))

    assert read_trusted(file) == {digest_of(TRUSTED): TRUSTED, digest_of("{ a }"): "{ a }"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "must be an object"),
        ('{"abc": "{ hello }"}', "abc is not the SHA-256 of its document"),
        ('{"abc": 5}', "abc is not the SHA-256 of its document"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: str | None, problem: str) -> None:
    file = tmp_path / "documents.json"
    if content is not None:
        file.write_text(content)

    with pytest.raises(ValueError, match=problem):
        read_trusted(file)

"""Server-sent events (graphql-sse, distinct connections) on a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.transport.conftest import PATIENCE_SECONDS
from tests.transport.sample import ENDED, Streams

Event = tuple[str, Any]


async def events(response: httpx.Response) -> AsyncIterator[Event]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data:"):
            data = line.removeprefix("data:").strip()
            yield name, json.loads(data) if data else None


async def ask(
    server: str, query: str, accept: str = "text/event-stream"
) -> tuple[httpx.Response, list[Event]]:
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        request = client.stream("POST", server, json={"query": query}, headers={"accept": accept})
        async with request as response:
            return response, [event async for event in events(response)]


async def test_a_subscription_is_a_stream_of_events(server: str) -> None:
    response, received = await ask(server, "subscription { count(to: 2) }")

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert len(response.headers["x-request-id"]) > 0
    assert received == [
        ("next", {"data": {"count": 1}}),
        ("next", {"data": {"count": 2}}),
        ("complete", None),
    ]


@pytest.mark.parametrize(
    ("query", "field"), [("{ hello }", "hello"), ("subscription { count(to: 1) }", "count")]
)
async def test_a_client_that_likes_json_better_gets_a_stream_only_for_a_subscription(
    server: str, query: str, field: str
) -> None:
    accept = "application/graphql-response+json, application/json, text/event-stream"

    response, received = await ask(server, query, accept)

    is_stream = response.headers["content-type"].startswith("text/event-stream")
    assert is_stream is (field == "count")
    assert bool(received) is is_stream


async def test_mistakes_and_failures_travel_in_the_stream(server: str) -> None:
    _, invalid = await ask(server, "subscription { nothing }")
    _, broken = await ask(server, "subscription { fails }")

    assert [name for name, _ in invalid] == ["next", "complete"]
    assert invalid[0][1]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "data" not in invalid[0][1]
    assert broken[1][1]["errors"][0]["message"] == "Internal error"
    assert "hunter2" not in json.dumps(broken)


async def test_a_wrong_token_is_401_and_no_stream(server: str) -> None:
    headers = {"accept": "text/event-stream", "authorization": "Bearer wrong"}
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        response = await client.post(server, json={"query": "subscription { count }"}, headers=headers)

    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_leaving_ends_the_stream_on_the_server(server: str) -> None:
    ended = await Streams.at_rest()
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        body = {"query": "subscription { forever { name } }"}
        async with client.stream(
            "POST", server, json=body, headers={"accept": "text/event-stream"}
        ) as response:
            async for name, _ in events(response):
                assert name == "next"
                break

    await Streams.have_ended(ended + 1)


async def test_a_stream_ends_with_an_error_when_its_credentials_end(server: str) -> None:
    ended = await Streams.at_rest()
    received: list[Event] = []
    query = {"query": "subscription { forever { name } }"}
    headers = {"accept": "text/event-stream", "authorization": "Bearer ends as well"}
    async with (
        httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client,
        client.stream("POST", server, json=query, headers=headers) as response,
        asyncio.timeout(120),
    ):
        async for event in events(response):
            received.append(event)
            ENDED.add("Bearer ends as well")

    assert received[0][1]["data"]["forever"]["name"]
    (last, problem), done = received[-2:]
    assert (last, "data" in problem) == ("next", False)
    assert [error["extensions"]["code"] for error in problem["errors"]] == ["UNAUTHENTICATED"]
    assert done == ("complete", None)
    await Streams.have_ended(ended + 1)
    assert Streams.ended == ended + 1


@pytest.mark.parametrize("query", [None, ""])
async def test_a_stream_of_no_query_is_refused(server: str, query: str | None) -> None:
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        response = await client.post(server, json={"query": query}, headers={"accept": "text/event-stream"})

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"

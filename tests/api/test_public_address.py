"""How clients reach the API: paths that are none, links behind a proxy, and pages of other origins."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.settings import Settings
from tests.product import Product, Server, serving

DESTINATION = """
    mutation { createDestination(input: {name: "Hook", type: HTTP, url: "https://93.184.216.34/hook"}) {
      destination { feedbackUrl } errors { code } } }
"""
ASKED = (
    "authorization, content-type, apollographql-client-name, apollographql-client-version, traceparent,"
    " tracestate, x-seggraph-csrf, apollo-require-preflight, graphql-require-preflight, idempotency-key"
)
ORIGIN = "https://app.example"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One origin, with a header of its own."""
    return settings.model_copy(update={"allowed_origins": (ORIGIN,), "allowed_headers": ("X-Team",)})


@pytest.mark.parametrize("number", ["9" * 5_000, "9" * 19, "١٢", "-1", "x", "%00"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/files/exports/{}/1"),
        ("GET", "/files/exports/1/{}"),
        ("GET", "/files/imports/{}/1/rejected.csv"),
        ("POST", "/destinations/{}/feedback"),
    ],
)
async def test_a_path_with_an_odd_number_is_not_found(
    server: Server, number: str, method: str, path: str
) -> None:
    async with httpx.AsyncClient(base_url=server.url.removesuffix("/graphql")) as client:
        response = await client.request(
            method, path.format(number), params={"expires": "1", "signature": "0"} if method == "GET" else {}
        )

    assert response.status_code == 404


async def test_links_begin_with_the_public_url_whatever_host_is_named(
    context: Context, viewer: Viewer
) -> None:
    public = context.settings.model_copy(update={"public_url": "https://api.example/seg/"})
    for settings, expected in (
        (public, "https://api.example/seg/destinations/"),
        (context.settings, "http://evil.example/destinations/"),
    ):
        async with serving(_with(context, settings)) as server, server.sign_in(viewer) as product:
            url = await _feedback_url(product, {"host": "evil.example"})
            assert url.startswith(expected)


async def _feedback_url(product: Product, headers: dict[str, str]) -> str:
    answer: Any = (await product.http.post("/graphql", json={"query": DESTINATION}, headers=headers)).json()
    found = answer["data"]["createDestination"]["destination"]
    if found is None:
        query = {"query": "{ destinations { feedbackUrl } }"}
        answer = (await product.http.post("/graphql", json=query, headers=headers)).json()
        found = answer["data"]["destinations"][0]
    url: str = found["feedbackUrl"]
    return url


def _with(context: Context, settings: Settings) -> Context:

    return replace(context, settings=settings)


@pytest.mark.parametrize("origin", [ORIGIN, "https://evil.example"])
async def test_pages_of_allowed_origins_may_send_the_headers_of_the_usual_clients(
    server: Server, origin: str
) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.options(
            server.url,
            headers={
                "origin": origin,
                "access-control-request-method": "POST",
                "access-control-request-headers": f"{ASKED}, x-team",
            },
        )
        other = await client.options(
            server.url,
            headers={
                "origin": origin,
                "access-control-request-method": "POST",
                "access-control-request-headers": "x-unknown",
            },
        )

    assert response.status_code == (200 if origin == ORIGIN else 400)
    assert response.headers.get("access-control-allow-origin") == (ORIGIN if origin == ORIGIN else None)
    assert other.status_code == 400

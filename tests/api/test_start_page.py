"""What a browser meets: the page of the documents, the documents, and headers that say what it may not do."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import httpx
import pytest

import seggraph
from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.transport.pages import documents
from tests.product import Product, Server, serving

HEADERS = {
    "content-security-policy",
    "cross-origin-opener-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
}


def root_of(server: Server) -> str:
    return server.url.removesuffix("graphql")


async def test_every_link_of_the_page_of_documents_leads_somewhere(server: Server) -> None:
    async with httpx.AsyncClient(headers={"accept": "text/html"}) as client:
        page = await client.get(f"{root_of(server)}docs")
        links = re.findall(r'href="([^"]+)"', page.text)
        found = {
            link: (await client.get(urljoin(root_of(server), link))).status_code
            for link in links
            if not link.startswith("data:")
        }

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert {"graphql", "healthz", "readyz", "docs/settings.md", "docs/criteria.md"} <= set(found)
    assert set(found.values()) == {200}
    # relative ones, for a proxy may serve us below a path that we do not know
    assert not any(link.startswith(("/", "http")) for link in links)


async def test_links_begin_with_the_public_url_where_there_is_one(context: Context) -> None:
    public = context.settings.model_copy(update={"public_url": "https://api.example/seg"})
    async with serving(replace(context, settings=public)) as server, httpx.AsyncClient() as client:
        page = await client.get(f"{root_of(server)}docs")

    links = re.findall(r'href="(?!data:)([^"]+)"', page.text)
    assert links
    assert all(link.startswith("https://api.example/seg/") for link in links)


@pytest.mark.parametrize("name", ["nothing.md", "..%2fpyproject.toml", "%2e%2e/README.md", "decisions", ""])
async def test_only_documents_are_read(server: Server, name: str) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{root_of(server)}docs/{name}")).status_code == 404


async def test_every_link_of_every_document_leads_on(server: Server) -> None:
    start = urljoin(root_of(server), "docs/integrate.md")
    waiting, seen, anchors = [start], {start}, 0
    async with httpx.AsyncClient(headers={"accept": "text/html"}) as client:
        while waiting:
            page = await client.get(waiting.pop())
            assert page.status_code == 200, page.request.url
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            for link in re.findall(r'<a href="([^"]+)"', page.text):
                target = urldefrag(urljoin(str(page.request.url), link))
                is_document = "/docs/" in target.url and not link.startswith("https://")
                if is_document and target.url not in seen:
                    seen.add(target.url)
                    waiting.append(target.url)
                if target.url == str(page.request.url) and target.fragment:
                    anchors += 1
                    assert f'id="{target.fragment}"' in page.text, (page.request.url, link)

    assert anchors
    assert {"docs/limits.md", "docs/decisions/README.md"} <= {
        one.removeprefix(root_of(server)) for one in seen
    }


async def test_programs_get_the_text_of_a_document(server: Server) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(urljoin(root_of(server), "docs/limits.md"))

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == (Path(__file__).parents[2] / "docs/limits.md").read_text("utf-8")


def test_html_and_programs_in_a_document_are_text() -> None:
    links = "[x](javascript:alert(1)) [y](../secret.md) [z](b.md) [w](data:text/html,x)"
    text = f"# A <b>\n\n<script>alert(1)</script> {links}"
    page = documents.page_of("a.md", text, {"b.md": ""})

    assert re.findall(r'<a href="([^"]+)"', page) == ["../", "b.md"]
    assert "<script" not in page
    assert "<title>A &lt;b&gt;</title>" in page


PATHS = [
    "",
    "graphql",
    "graphql?query={__typename}",
    "graphql/assets/nothing.js",
    "healthz",
    "readyz",
    "metrics",
    "nothing",
    "docs/limits.md",
    "files/exports/1/1",
    "files/imports/1/1/rejected.csv",
    "destinations/1/feedback",
]


async def test_every_answer_says_what_browsers_may_not_do(
    context: Context, server: Server, viewer: Viewer
) -> None:
    async with server.sign_in(viewer) as product:
        for path in PATHS:
            for method in ("GET", "POST", "OPTIONS"):
                _require_headers(await product.http.request(method, f"/{path}"))
        # the first time a query goes the usual way, then the short one, and with `Origin` the one between
        for headers in ({}, {}, {"Origin": "https://app.example"}, {"Accept": "text/event-stream"}):
            query = {"query": "{ viewer { role } }"}
            _require_headers(await product.http.post("/graphql", json=query, headers=headers))

    lasting = context.settings.model_copy(update={"strict_transport_seconds": 3600})
    async with serving(replace(context, settings=lasting)) as other, other.sign_in(viewer) as product:
        for _ in range(2):
            answer = await _asked(product)
            assert answer.headers["strict-transport-security"] == "max-age=3600; includeSubDomains"


async def _asked(product: Product) -> httpx.Response:
    return await product.http.post("/graphql", json={"query": "{ viewer { role } }"})


def _require_headers(answer: httpx.Response) -> None:
    assert set(answer.headers) >= HEADERS, answer.request.url
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in answer.headers
    assert len(answer.headers.get_list("x-content-type-options")) == 1


async def test_how_to_sign_in_is_said_to_everybody(server: Server, context: Context) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{root_of(server)}client-configuration")
        assert answer.json() == {"version": seggraph.__version__, "signIns": ["TOKEN"], "openIdConnect": None}
        settings = context.settings.model_copy(
            update={
                "jwt_jwks_url": "https://id.example/jwks",
                "jwt_client_id": "console",
                "jwt_issuer": "https://id",
            }
        )
        async with serving(replace(context, settings=settings)) as other:
            found = (await client.get(f"{root_of(other)}client-configuration")).json()
    assert found["signIns"] == ["TOKEN", "OPENID_CONNECT"]
    assert found["openIdConnect"] == {
        "issuer": "https://id",
        "clientId": "console",
        "audience": "seggraph",
        "scopes": ["openid", "profile", "email"],
    }

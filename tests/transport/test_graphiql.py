"""GraphiQL as it is served: the page, its headers, its files, and a browser that uses it with no network."""

import os
import re
import shutil
from urllib.parse import urljoin

import httpx
import pytest

from seggraph.transport.pages.graphiql import BUNDLE
from tests.transport import node
from tests.transport.conftest import PATIENCE_SECONDS

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, timeout=PATIENCE_SECONDS)


def test_a_browser_gets_the_page_and_needs_no_token(server: str) -> None:
    response = get(server, accept=HTML, authorization="Bearer wrong")

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy


def test_every_file_of_the_page_is_ours_and_is_kept_by_browsers(server: str) -> None:
    page = get(server, accept=HTML).text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    files = [address for address in addresses if not address.startswith("data:")]

    assert len(files) >= 2
    for address in files:
        assert address.startswith("./graphql/assets/"), "relative, for a proxy may serve us below a path"
        response = get(urljoin(server, address))
        assert response.status_code == 200
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_program_does_not_get_the_page(server: str) -> None:
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.5"):
        response = get(server, accept=accept)
        assert response.status_code == 400
        assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_a_missing_file_is_404(server: str) -> None:
    for name in ("nothing.js", "../index.html", "%2e%2e/%2e%2e/%2e%2e/endpoint.py"):
        assert get(f"{server}/assets/{name}").status_code == 404


def test_the_bundle_stays_small() -> None:
    assert sum(path.stat().st_size for path in BUNDLE.rglob("*") if path.is_file()) < 6_000_000


def test_a_person_uses_it_with_no_network(server: str) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium is installed")

    used = node.run("browser.mjs", server, chromium, os.environ.get("SEGGRAPH_SCREENSHOT", ""), timeout=90)

    tabs = ["Segments", "Members", "Preview", "Events"]
    assert used == {"complaints": [], "strangers": [], "addressBar": server, "leaked": [], "tabs": tabs}

"""The console as it is served: its page with a strict policy, its files, and that the build is of these sources."""

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

import brotli
import httpx
import pytest
from starlette.applications import Starlette

from seggraph.console.serving import DOCUMENTS, PAGES, STATIC, Console
from seggraph.transport import read_trusted

ROOT = Path(__file__).parent.parent.parent
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SINGLE_FILES = (
    "codegen.ts",
    "index.html",
    "lingui.config.ts",
    "package-lock.json",
    "package.json",
    "tsconfig.json",
    "vite.config.ts",
)


class Browser:
    """Asks an application that serves a console."""

    def __init__(self, console: Console) -> None:
        self._transport = httpx.ASGITransport(Starlette(routes=console.routes()))

    def get(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://console.test") as client:
                return await client.get(path, headers=dict(headers))

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def browser() -> Browser:
    return Browser(Console())


def sources() -> dict[str, bytes]:
    """What a build is made from, by its path as console/scripts/digest.mjs writes it."""
    console = ROOT / "console"
    found = [console / name for name in SINGLE_FILES]
    for folder in ("src", "scripts"):
        found += [path for path in (console / folder).rglob("*") if path.is_file()]
    is_made = re.compile(r"src/gql/|src/locales/.*\.ts$")
    names = {path.relative_to(console).as_posix(): path for path in found}
    texts = {name: path.read_bytes() for name, path in names.items() if not is_made.match(name)}
    return texts | {"../schema.graphql": (ROOT / "schema.graphql").read_bytes()}


def test_the_build_is_of_these_sources() -> None:
    digest = hashlib.sha256()
    texts = sources()
    for name in sorted(texts):
        digest.update(f"{name}\0".encode() + texts[name] + b"\0")

    built = json.loads((STATIC / "build.json").read_text("utf-8"))["sources"]
    assert built == digest.hexdigest(), "run `make console`, and commit what it writes"


def test_the_page_is_never_kept_and_may_run_our_files_only(browser: Browser) -> None:
    first, second = browser.get("/segments", headers=HTML), browser.get("/segments", headers=HTML)

    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    policy = first.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    nonces = [re.findall(r'nonce="([^"]+)"', page.text) for page in (first, second)]
    assert len(set(nonces[0])) == 1
    assert f"'nonce-{nonces[0][0]}'" in policy
    assert nonces[0] != nonces[1]
    assert "{" not in first.text


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_page_is_the_page(browser: Browser, page: str) -> None:
    assert browser.get(f"/{page}", headers=HTML).status_code == 200


def test_other_paths_are_not_found(browser: Browser) -> None:
    page = browser.get("/nothing", headers=HTML)
    assert (page.status_code, "<div id" in page.text) == (404, True)
    assert browser.get("/segments", headers={"accept": "application/json"}).status_code == 404
    assert browser.get("/assets/nothing.js", headers=HTML).status_code == 404
    assert browser.get("/assets/%2e%2e%2findex.html", headers=HTML).status_code == 404


def test_files_are_compressed_and_kept(browser: Browser) -> None:
    page = browser.get("/", headers=HTML).text
    names = re.findall(r'(?:src|href)="\./assets/([^"]+)"', page)
    assert len(names) >= 3
    for name in names:
        plain = (STATIC / "assets" / name).read_bytes()
        for coding in ("br", "gzip", "identity"):
            answer = browser.get(f"/assets/{name}", headers={"accept-encoding": coding})
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers.get("content-encoding", "identity") == coding
            assert answer.content == plain


def test_where_the_server_is_below_a_path_the_page_says_so() -> None:
    console = Console("https://example.com/audiences/")
    page = Browser(console).get("/segments", HTML).text

    assert '<base href="https://example.com/audiences/" />' in page


def test_the_server_knows_the_documents_of_the_console() -> None:
    assert len(read_trusted(DOCUMENTS)) > 10


def test_nothing_is_fetched_from_elsewhere() -> None:
    page = (STATIC / "index.html").read_text("utf-8")
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_the_first_load_of_the_segments_stays_small() -> None:
    """The script and the messages that /segments needs: 230 kB at most, compressed as they are sent."""
    page = (STATIC / "index.html").read_text("utf-8")
    first = [STATIC / "assets" / name for name in re.findall(r'"\./assets/([^"]+\.js)"', page)]
    first += sorted((STATIC / "assets").glob("en-*.js"))

    assert len(first) >= 2
    assert sum(len(brotli.compress(path.read_bytes(), quality=9)) for path in first) < 230_000

"""Serves the console: one page for all of its addresses, and files that browsers keep for ever.

The page is made anew for each request, with a nonce for the styles that its components write. Scripts come from our
files alone, and no text becomes HTML (Trusted Types). The names of the other files hold a hash of their content.
"""

import asyncio
import gzip
import mimetypes
import secrets
from collections.abc import Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import Final

import brotli
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from seggraph.transport.media_types import wants_page

STATIC: Final = Path(__file__).parent / "static"
DOCUMENTS: Final = STATIC / "documents.json"
"""The console's GraphQL documents by their SHA-256: the server knows them from its start."""
ASSETS: Final = "/assets"
NONCE: Final = "{nonce}"
BASE: Final = "{base}"
KEPT: Final = "public, max-age=31536000, immutable"
LEAST_COMPRESSED_BYTES: Final = 1_024
BROTLI_QUALITY: Final = 9
"""About 3 % larger than the smallest, in a tenth of the time."""
PAGES: Final = frozenset(
    {
        "",
        "segments",
        "members",
        "imports",
        "campaigns",
        "playbooks",
        "wall",
        "destinations",
        "webhooks",
        "catalogue",
        "access",
        "settings",
    }
)
"""The first parts of the addresses that the console has pages for."""


def content_security_policy(nonce: str) -> str:
    """What the page may do: our scripts, our styles and those with the nonce, our API, and no text as HTML."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'self'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


class Console:
    """The page and the files of a build of the console.

    `public_url` is where browsers reach the server; without it the page is at the root of its host.
    """

    def __init__(self, public_url: str | None = None, folder: Path = STATIC) -> None:
        self._page = (folder / "index.html").read_text("utf-8")
        self._base = _base_of(public_url)
        self._files = {path.name: path for path in (folder / "assets").iterdir()}
        self._compressed: dict[tuple[str, str], bytes] = {}

    def routes(self) -> list[BaseRoute]:
        """Where they are. The last route takes every path that no other route has: put it behind all others."""
        return [
            Route(ASSETS + "/{name}", self._file),
            Route("/{page:path}", self._answer),
        ]

    async def _answer(self, request: Request) -> Response:
        """The page, for browsers. For a path that no page has, too: it says so, with the status 404."""
        if not wants_page(request.headers.get("accept")):
            raise HTTPException(404)
        first, *_ = request.path_params["page"].split("/")
        return self.page(404 if first not in PAGES else 200)

    def page(self, status: int = 200) -> Response:
        """The page with a nonce of its own."""
        nonce = secrets.token_urlsafe(18)
        headers = {
            "cache-control": "no-store",
            "content-security-policy": content_security_policy(nonce),
            "vary": "accept",
        }
        text = self._page.replace(NONCE, nonce).replace(BASE, self._base)
        return HTMLResponse(text, status, headers=headers)

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        path = self._files.get(name)
        if path is None:
            raise HTTPException(404)
        coding = _coding(request.headers.get("accept-encoding", ""))
        body = self._compressed.get((name, coding))
        if body is None:
            body = self._compressed[name, coding] = await asyncio.to_thread(_read, path, coding)
        headers = {"cache-control": KEPT, "vary": "accept-encoding"}
        if coding != "identity":
            headers["content-encoding"] = coding
        media_type, _ = mimetypes.guess_type(name)
        return Response(body, headers=headers, media_type=media_type)


def _base_of(public_url: str | None) -> str:
    """What the addresses of the page begin with."""
    return "/" if public_url is None else escape(public_url.rstrip("/") + "/")


def _coding(accepted: str) -> str:
    """The smallest coding of a file that the browser takes."""
    offered = {part.partition(";")[0].strip(): part for part in accepted.lower().split(",")}
    for coding in CODINGS:
        if coding in offered and "q=0" not in offered[coding].replace(" ", "").split(";"):
            return coding
    return "identity"


def _read(path: Path, coding: str) -> bytes:
    return CODINGS.get(coding, bytes)(path.read_bytes())


CODINGS: Final[Mapping[str, partial[bytes]]] = {
    "br": partial(brotli.compress, quality=BROTLI_QUALITY),
    "gzip": partial(gzip.compress, mtime=0),
}

"""The documents of the product, so that everybody who reaches the API can read how it is used.

Browsers get pages, in which HTML is text and links lead to the other documents. Programs get the Markdown.
"""

import asyncio
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from seggraph.transport.media_types import wants_page
from seggraph.transport.pages.start import HEADERS, STYLE

FOLDER: Final = Path(__file__).parent.parent.parent / "docs"
PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="icon" href="data:,"><style>{style}</style></head>
<body>
<p><a href="{root}">seggraph</a></p>
{body}</body>
</html>
"""
VARY: Final = {"vary": "accept"}
_NO_SLUG: Final = re.compile(r"[^\w\- ]")


class DocumentFiles:
    """The files below a folder that end with .md, each at its path; read once, when the application is made."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._texts = {
            path.relative_to(folder).as_posix(): path.read_text("utf-8")
            for path in sorted(folder.rglob("*.md"))
        }
        self._pages: dict[str, str] = {}

    @property
    def titles(self) -> dict[str, str]:
        """The first heading of each that is not in a folder of its own, by the name of its file."""
        return {name: _title(text) for name, text in self._texts.items() if "/" not in name}

    def route(self, path: str) -> BaseRoute:
        """Where they are."""
        return Route(path + "/{name:path}", self._document)

    async def _document(self, request: Request) -> Response:
        name = request.path_params["name"]
        text = self._texts.get(name)
        if text is None:
            raise HTTPException(404)
        if not wants_page(request.headers.get("accept")):
            return PlainTextResponse(text, headers=VARY)
        page = self._pages.get(name)
        if page is None:
            page = self._pages[name] = await asyncio.to_thread(page_of, name, text, self._texts)
        return HTMLResponse(page, headers=HEADERS | VARY)


def page_of(name: str, text: str, known: Mapping[str, str]) -> str:
    """The page of a document. Links to what is not among the known documents become text."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(tokens[place + 1].content))
        _mend_links(token.children or [], name, known)
    body = markdown.renderer.render(tokens, markdown.options, {})
    root = "../" * (name.count("/") + 1)
    return PAGE.format(title=escape(_title(text)), style=STYLE, root=root, body=body)


def slug(heading: str) -> str:
    """What links call a heading."""
    return _NO_SLUG.sub("", heading.lower()).replace(" ", "-")


def _mend_links(tokens: list[Token], name: str, known: Mapping[str, str]) -> None:
    is_text = False
    for token in tokens:
        if token.type == "link_open":
            is_text = not _leads_on(str(token.attrGet("href")), name, known)
            if is_text:
                token.attrs = {}
        if is_text and token.type in ("link_open", "link_close"):
            token.tag = "span"


def _leads_on(target: str, name: str, known: Mapping[str, str]) -> bool:
    path = target.partition("#")[0]
    return not path or path.startswith("https://") or normpath(join(dirname(name), path)) in known


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ")

"""The page at the root: what this is, and where its parts are."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from seggraph.transport.pages.headers import NOTHING

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#24324a}"
    "a{color:#1f5fbf}code{background:#eef1f6;padding:.1em .3em}li{margin:.2em 0}"
    "pre{overflow-x:auto}pre code{display:block}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border:1px solid #8885;padding:.2em .5em;"
    "text-align:left;vertical-align:top}"
    "@media(prefers-color-scheme:dark){body{background:#161b24;color:#d6deeb}a{color:#8ab4ff}code{background:#263041}}"
)
PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>seggraph</title><link rel="icon" href="data:,"><style>{style}</style></head>
<body>
<h1>seggraph</h1>
<p>An audience segmentation service with one GraphQL API: store members, define segments by criteria, and see live
how many of them can be contacted.</p>
<ul>
<li><a href="{base}graphql">GraphiQL</a>: write queries in the browser, with the schema beside them</li>
<li><code>POST {base}graphql</code>: the API; <code>Authorization: Bearer</code> with a token or an API key</li>
<li><a href="{base}healthz">/healthz</a>: whether the process answers;
<a href="{base}readyz">/readyz</a>: whether queries can be answered</li>
</ul>
<h2>Documentation</h2>
<ul>
{documents}
</ul>
</body>
</html>
"""
_DIGEST: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "cache-control": "no-cache",
    "content-security-policy": f"{NOTHING}; style-src 'sha256-{_DIGEST}'; img-src data:",
}


class StartPage:
    """The page. Its links begin with the public URL where there is one, else they are relative to the page."""

    def __init__(self, public_url: str | None, documents: Mapping[str, str], folder: str) -> None:
        base = "" if public_url is None else escape(public_url.rstrip("/") + "/")
        links = (
            f'<li><a href="{base}{escape(folder.strip("/"))}/{escape(name)}">{escape(title)}</a></li>'
            for name, title in documents.items()
        )
        self._text = PAGE.format(base=base, style=STYLE, documents="\n".join(links))

    async def answer(self, _: Request) -> Response:
        """Show it."""
        return HTMLResponse(self._text, headers=HEADERS)

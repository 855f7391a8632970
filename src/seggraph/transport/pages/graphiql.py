"""The GraphiQL page and its files, built from scripts/graphiql and served by us: it works with no network."""

from functools import cached_property
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUNDLE = Path(__file__).parent.parent / "static" / "graphiql"

# Monaco writes its colours into <style> elements, hence 'unsafe-inline' for styles; scripts come from files.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
PAGE_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": CONTENT_SECURITY_POLICY,
}


class GraphiQLPage:
    """The page, for whatever path the endpoint has.

    `/graphql#token=...` fills in the Authorization header; the token never leaves the browser in an address.
    """

    @cached_property
    def _template(self) -> str:
        return (BUNDLE / "index.html").read_text("utf-8")

    def render(self, request: Request) -> Response:
        """Return the page, which asks for its files below its own path, whatever a proxy has put before that."""
        assets = escape("./" + request.url.path.rstrip("/").rpartition("/")[2] + "/assets/")
        return HTMLResponse(self._template.replace("./assets/", assets), headers=PAGE_HEADERS)


class GraphiQLAssets(StaticFiles):
    """The files of the page. Their names hold a hash of what they contain, so they may be kept for ever."""

    def __init__(self) -> None:
        super().__init__(directory=BUNDLE / "assets")

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with headers that let a browser keep it."""
        response = await super().get_response(path, scope)
        if response.status_code in (200, 304):
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
            response.headers["content-security-policy"] = CONTENT_SECURITY_POLICY  # workers go by their own
        return response

"""Headers by which every answer tells browsers what they may not do with it."""

from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The content security policy of answers that are no pages: nothing runs, nothing is loaded, nothing is framed."""

ALWAYS: Final[Mapping[str, str]] = {
    "content-security-policy": NOTHING,
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""What an answer has unless it says something else itself."""


def secured(application: ASGIApp, *, transport_seconds: int = 0) -> ASGIApp:
    """The application, each of whose answers has the headers.

    With `transport_seconds` browsers use TLS for so long, whatever a link says (Strict-Transport-Security).
    """
    named = dict(ALWAYS)
    if transport_seconds:
        named["strict-transport-security"] = f"max-age={transport_seconds}; includeSubDomains"
    headers = [(name.encode(), value.encode()) for name, value in named.items()]

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                given += [header for header in headers if header[0] not in names]
                message = {**message, "headers": given}
            await send(message)

        await application(scope, receive, send_secured)

    return serve

"""The demo's receiver of webhooks: a page that shows the last messages that came."""

import html
import json
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

PATH: Final = "/demo/webhooks"
KEPT: Final = 50
MAX_BYTES: Final = 1024 * 1024
SHOWN_CHARACTERS: Final = 4_000

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
PAGE: Final = """<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>Webhooks</title><style>body {{ font: 14px sans-serif; margin: 2em }} pre {{ background: #f4f4f4; padding: 1em;
white-space: pre-wrap }}</style><h1>What the demo's webhook got</h1><p>The last {kept} messages, the newest first.
Change a segment, and look here.</p>{messages}"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came."""

    at: datetime
    id: str
    signature: str
    body: str


class DemoReceiver:
    """Keeps the last messages in memory."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque(maxlen=KEPT)

    @property
    def route(self) -> Route:
        """Where messages go by POST, and are shown by GET."""
        return Route(PATH, self._answer, methods=["GET", "POST"])

    async def _answer(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._keep(request)
        shown = "".join(map(_shown, reversed(self._messages))) or "<p>None yet.</p>"
        page = PAGE.format(kept=KEPT, messages=shown)
        return HTMLResponse(page, headers={"content-security-policy": POLICY})

    async def _keep(self, request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BYTES:
                return PlainTextResponse("That is too long.", status_code=413)
        message = Message(
            datetime.now(UTC),
            request.headers.get("webhook-id", ""),
            request.headers.get("webhook-signature", ""),
            body.decode(errors="replace"),
        )
        self._messages.append(message)
        return PlainTextResponse("", status_code=204)


def _shown(message: Message) -> str:
    try:
        text = json.dumps(json.loads(message.body), indent=2, ensure_ascii=False)
    except ValueError:
        text = message.body
    head = f"{message.at:%H:%M:%S} {message.id} {message.signature}"
    return f"<h3>{html.escape(head)}</h3><pre>{html.escape(text[:SHOWN_CHARACTERS])}</pre>"

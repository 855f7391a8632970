"""The URL of a destination that is called over HTTP, and the secret that it is called with."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

import orjson

from seggraph.destinations.calls import Caller
from seggraph.destinations.definition import DestinationOptions, Environment
from seggraph.errors import Invalid, Required
from seggraph.http_client import AddressRefused

MAX_SECRET: Final = 4_000
HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,99}")
OUR_HEADERS: Final = frozenset(
    {
        "connection",
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
)
"""Headers that seggraph sets itself."""

SHORTEST_PART: Final = 6
"""Parts of a URL that are shorter are words like "api", which a destination may use in its answers."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how a destination is called. Without `header_name` the secret is a bearer token."""

    url: str
    header_name: str | None = None
    auth_secret: str | None = field(default=None, repr=False)

    @staticmethod
    def of(options: DestinationOptions) -> "Endpoint":
        """The endpoint of a destination's options."""
        return Endpoint(options.url or "", options.header_name, options.auth_secret)

    async def check(self, environment: Environment, *, may_have_query: bool) -> None:
        """Raise Required or Invalid, with the path of the option, unless it can be called."""
        if not self.url:
            raise Required("Give the URL that is called.", path=("url",))
        if "#" in self.url or ("?" in self.url and not may_have_query):
            message = "This URL has parts that cannot be called; leave out # and what follows."
            raise Invalid(message, path=("url",))
        try:
            await environment.outgoing.check(self.url)
        except AddressRefused as error:
            error.path = ("url",)
            raise
        self._check_header()
        self._check_secret()

    def _check_header(self) -> None:
        header = self.header_name
        if header is not None and (not HEADER.fullmatch(header) or header.lower() in OUR_HEADERS):
            message = "This is no header that can be set; one looks like X-Api-Key."
            raise Invalid(message, path=("headerName",))

    def _check_secret(self) -> None:
        secret = self.auth_secret
        if secret is None:
            return
        is_plain = secret.isascii() and secret.isprintable() and secret == secret.strip()
        if not is_plain or not 0 < len(secret) <= MAX_SECRET:
            message = (
                f"A secret is 1 to {MAX_SECRET:,} printable ASCII characters without spaces around them."
            )
            raise Invalid(message, path=("authSecret",))

    def caller(self, environment: Environment) -> Caller:
        """What calls the destination. No reason that it gives holds the secret or parts of the URL."""
        headers: dict[str, str] = {}
        secrets = _secret_parts(self.url)
        secret, name = self.auth_secret, self.header_name
        if secret is not None:
            headers = {"Authorization": f"Bearer {secret}"} if name is None else {name: secret}
            secrets += [secret, orjson.dumps(secret)[1:-1].decode()]
        return Caller(environment.outgoing, headers, environment.settings.outgoing_seconds, secrets)


def _secret_parts(url: str) -> list[str]:
    """What of a URL may be a secret: path and query, and the longer parts of them."""
    parts = urlsplit(url)
    wholes = [f"{parts.path}?{parts.query}", parts.path, parts.query]
    pieces = re.split("[/?&=;]", wholes[0])
    texts = [text for text in wholes if len(text) > 1]
    texts += [piece for piece in pieces if len(piece) >= SHORTEST_PART]
    return texts + [unquote(text) for text in texts]

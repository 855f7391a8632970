"""What resolvers work with: the viewer, the services' context, the hub, and the loaders of the operation."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.websockets import WebSocket
from strawberry.types import Info

from seggraph.access import Viewer
from seggraph.api.loaders import Loaders
from seggraph.context import Context
from seggraph.events import Hub
from seggraph.services.identity.authentication import authenticate

MAX_USER_AGENT: Final = 300


@dataclass(slots=True)
class Caller:
    """Who calls, and with what: the context of every resolver."""

    viewer: Viewer
    services: Context
    hub: Hub
    loaders: Loaders
    base_url: str = ""
    """Where the client reached us, like `https://api.example.com`: what paths for it to fetch begin with."""

    def afresh(self) -> "Caller":
        """The same caller with empty loaders, for the next operation."""
        return replace(self, loaders=Loaders(self.viewer, self.services))

    def forget(self) -> None:
        """Empty the loaders: the next event of a subscription shows what is so then."""
        self.loaders = Loaders(self.viewer, self.services)


def caller_of(info: Info) -> Caller:
    """The caller of a field."""
    caller: Caller = info.context
    return caller


def caller_factory(
    services: Context, hub: Hub
) -> Callable[[Request | WebSocket, Mapping[str, object] | None], Awaitable[Caller]]:
    """What makes the caller of a request or of a WebSocket connection. The result raises Unauthenticated."""

    async def make(connection: Request | WebSocket, parameters: Mapping[str, object] | None) -> Caller:
        viewer = await authenticate(services.settings, _authorization(connection, parameters))
        client, agent = connection.client, connection.headers.get("user-agent")
        viewer = replace(
            viewer,
            ip=None if client is None else client.host,
            user_agent=None if agent is None else "".join(filter(str.isprintable, agent))[:MAX_USER_AGENT],
        )
        return Caller(viewer, services, hub, Loaders(viewer, services), _base_url(connection))

    return make


def _base_url(connection: Request | WebSocket) -> str:
    """The origin in the client's own words: its scheme for HTTP, and the host that it named."""
    url = connection.base_url
    scheme = {"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)
    return str(url.replace(scheme=scheme)).rstrip("/")


def _authorization(connection: Request | WebSocket, parameters: Mapping[str, object] | None) -> str | None:
    """The credentials: the header, or for a WebSocket the same key, in any case, of `connection_init`."""
    for key, value in (parameters or {}).items():
        if key.lower() == "authorization" and isinstance(value, str):
            return value
    return connection.headers.get("authorization")

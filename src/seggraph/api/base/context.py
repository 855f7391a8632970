"""What resolvers work with: the viewer, the services' context, the hub, and the loaders of the operation."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast

from starlette.requests import HTTPConnection
from starlette.types import Scope
from strawberry.types import Info

from seggraph.access import Viewer, require_address, require_operation
from seggraph.api.loaders import Loaders
from seggraph.context import Context
from seggraph.errors import Forbidden, Invalid, RetryLater, Unauthenticated
from seggraph.events import Fact, Hub
from seggraph.events.cursors import Position, decode
from seggraph.events.subscriptions import Subscription
from seggraph.services.audit import repeated
from seggraph.services.identity import refusals
from seggraph.services.identity.authentication import names_of
from seggraph.services.identity.refusals import SignInRefused
from seggraph.services.identity.sign_ins import SignIns
from seggraph.throttling import Bounded, Lane, Place, Standing

MAX_USER_AGENT: Final = 300
PAID: Final = "seggraph.paid"
"""Where the scope of a request says that its points were spent."""

SIGNED_LINKS: Final = re.compile(r"\b(?:url|rejectedUrl)\b")
"""The names of the fields with links that are signed for who asks for them."""


@dataclass(slots=True)
class Caller:
    """Who calls, and with what: the context of every resolver."""

    viewer: Viewer
    services: Context
    hub: Hub
    loaders: Loaders
    connection: HTTPConnection | None = None
    sign_ins: SignIns | None = None
    credentials: str | None = None
    feed: Subscription | None = None
    """What the operation's subscription reads, when it does."""
    start: str | None = None
    """Where the operation's subscription begins instead of with a snapshot: after a cursor."""
    is_one_change: bool = False
    """Whether the operation is carried out as a whole, and so may have one mutation only."""
    when_idle: Callable[[], None] | None = None
    """What is called when the operation's subscription has published all that happened."""
    is_paid: bool = False
    """Whether the points of the operation were spent."""
    cost: int = 0
    """The points of the operation."""

    @property
    def base_url(self) -> str:
        """Where clients reach us, like `https://api.example.com`: what paths for them to fetch begin with.

        Without the setting, where this client says that it reached us.
        """
        if self.services.settings.public_url is not None:
            return self.services.settings.public_url.rstrip("/")
        return "" if self.connection is None else _base_url(self.connection)

    def afresh(self) -> "Caller":
        """The same caller with empty loaders, for the next operation."""
        loaders = Loaders(self.viewer, self.services)
        return replace(self, loaders=loaders, feed=None, start=None, when_idle=None, is_paid=False)

    @property
    def valid_until(self) -> datetime | None:
        """When the credentials expire, if they do."""
        return self.viewer.valid_until

    def scope_of(self, document: str) -> Hashable:
        """What decides what a document shows: of two API keys with the same scope, not which of them it is.

        Links begin with the address by which this client reached us, and signed ones are its own.
        """
        viewer = replace(self.viewer, valid_until=None, tally=None)
        if not SIGNED_LINKS.search(document):
            viewer = replace(viewer, api_key_id=None)
        return viewer, self.base_url

    @property
    def alike(self) -> Hashable:
        """What answers depend on, besides the operation: who asks, by which rights, and where they reached us."""
        connection = self.connection
        if connection is None:
            return self.viewer
        whence = connection.scope
        address = whence["scheme"], whence.get("server"), whence.get("root_path")
        return self.viewer, _header(connection, b"host"), address

    async def is_current(self) -> bool:
        """Whether the credentials still make the same viewer."""
        try:
            return await self._present_viewer() == self.viewer
        except (Unauthenticated, Forbidden):
            return False
        except RetryLater:  # that proves nothing
            return True

    async def refresh(self) -> None:
        """Empty the loaders: the next event shows the state at that time, by the rights of that time.

        Raises Unauthenticated when the credentials do not hold any more, Forbidden when they may not read.
        """
        self.viewer = await self._present_viewer()
        self.admit(is_mutation=False, fields=("refresh",))
        self.loaders = Loaders(self.viewer, self.services)

    async def refresh_rights(self) -> None:
        """The same after a change of the viewer's rights, which a check of a moment ago may not know."""
        if self.sign_ins is not None:
            self.sign_ins.forget()
        await self.refresh()

    async def _present_viewer(self) -> Viewer:
        if self.sign_ins is None:
            return self.viewer
        whence = self.viewer.ip, self.viewer.user_agent
        return await _viewer(self.sign_ins, self.services, self.hub, self.credentials, *whence)

    def admit(self, *, is_mutation: bool, fields: Collection[str]) -> None:
        """Raise Forbidden unless the viewer may ask for these fields of a root type at all.

        Raises Invalid for more than one mutation where only one may be.
        """
        if is_mutation and self.is_one_change and len(fields) > 1:
            raise Invalid("With an Idempotency-Key an operation has one mutation: send several requests.")
        require_operation(self.viewer, is_mutation=is_mutation, fields=fields)

    @property
    def payer(self) -> str:
        """Who pays: the user or API key."""
        return f"{self.viewer.workspace_id}:{self.viewer.who}"

    @property
    def workspace(self) -> int:
        """The workspace that the work is done for."""
        return self.viewer.workspace_id

    def spend(self, points: int) -> None:
        """Spend the points of an operation. Raises RateLimited.

        A request that is tried the short way and then the usual way, and an operation that is tried as a query and
        then as a mutation, spend once.
        """
        self.cost = points
        scope = None if self.connection is None else self.connection.scope
        is_request = scope is not None and scope["type"] == "http"
        if self.is_paid or (is_request and PAID in cast(Scope, scope)):
            return
        self.services.throttle.spend(self.viewer, points)
        self.is_paid = True
        if is_request:
            cast(Scope, scope)[PAID] = True

    def lane(self) -> Lane | None:
        """The lane of the workspace; None for what has its place in it already. Raises RateLimited."""
        return None if self.is_one_change else self.services.throttle.lane(self.viewer)

    def standing(self) -> Standing:
        """What is left to spend."""
        return self.services.throttle.standing(self.viewer)

    def is_spent(self) -> bool:
        """Whether there is nothing left to spend."""
        return self.standing().remaining == 0

    async def take(self, kind: Bounded) -> Place:
        """A place for something that is open for long. Raises RateLimited."""
        return await self.services.throttle.take(self.viewer, kind)

    async def hold_back(self) -> None:
        """Wait with a refusal, if those before were not heeded."""
        await self.services.throttle.hold_back(self.viewer)

    @asynccontextmanager
    async def subscribe(
        self, after: Position | None, wants: Callable[[Fact], bool]
    ) -> AsyncIterator[Subscription]:
        """The workspace's facts after a position, or from now on; see `Hub.subscribe`."""
        async with self.hub.subscribe(self.viewer.workspace_id, after, wants) as subscription:
            self.feed = subscription
            subscription.when_idle = self._idle
            yield subscription

    def position(self, after: str | None) -> Position | None:
        """Where a subscription begins that was given a cursor. Raises BadCursor."""
        given = after if self.start is None else self.start
        return None if given is None else decode(given, path=("after",))

    def _idle(self) -> None:
        if self.when_idle is not None:
            self.when_idle()


def caller_of(info: Info) -> Caller:
    """The caller of a field."""
    caller: Caller = info.context
    return caller


def caller_factory(
    services: Context, hub: Hub, sign_ins: SignIns
) -> Callable[[HTTPConnection, Mapping[str, object] | None], Awaitable[Caller]]:
    """What makes the caller of a request or of a WebSocket connection.

    The result raises Unauthenticated, and Forbidden for an address that the credentials may not be used from.
    """

    async def make(connection: HTTPConnection, parameters: Mapping[str, object] | None) -> Caller:
        credentials = _authorization(connection, parameters)
        address = None if connection.client is None else connection.client.host
        agent = user_agent_of(connection)
        viewer = await _viewer(sign_ins, services, hub, credentials, address, agent)
        return Caller(
            viewer,
            services,
            hub,
            Loaders(viewer, services),
            connection,
            sign_ins=sign_ins,
            credentials=credentials,
        )

    return make


async def _viewer(
    sign_ins: SignIns,
    services: Context,
    hub: Hub,
    credentials: str | None,
    address: str | None,
    agent: str | None,
) -> Viewer:
    """The viewer of credentials that come from an address. While Redis is away they are checked each time."""
    viewer = sign_ins.find(credentials) if hub.is_in_touch else None
    if viewer is None:
        try:
            viewer = await sign_ins.check(services.settings, credentials)
        except Unauthenticated as error:
            if isinstance(error, SignInRefused):
                whose = replace(error.whose, ip=address, user_agent=agent)
                await refusals.note(services, whose, error.reason)
            await services.throttle.slow_down(address, names_of(credentials))
            raise
    viewer = replace(viewer, ip=address, user_agent=agent, tally=repeated.tally_of(services, viewer))
    try:
        require_address(viewer, address)
    except Forbidden:
        await refusals.note(services, viewer, "OTHER_NETWORK")
        raise
    return viewer


def user_agent_of(connection: HTTPConnection) -> str | None:
    """What a client says that it is."""
    agent = _header(connection, b"user-agent")
    return None if agent is None else "".join(filter(str.isprintable, agent))[:MAX_USER_AGENT]


def _base_url(connection: HTTPConnection) -> str:
    """The origin in the client's own words: its scheme for HTTP, and the host that it named."""
    url = connection.base_url
    scheme = {"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)
    return str(url.replace(scheme=scheme)).rstrip("/")


def _authorization(connection: HTTPConnection, parameters: Mapping[str, object] | None) -> str | None:
    """The credentials: the header, or for a WebSocket the same key, in any case, of `connection_init`."""
    for key, value in (parameters or {}).items():
        if key.lower() == "authorization" and isinstance(value, str):
            return value
    return _header(connection, b"authorization")


def _header(connection: HTTPConnection, name: bytes) -> str | None:
    """The value of the first header with a name in lower case."""
    value: bytes
    for key, value in connection.scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return None

"""Connections of clients that send slowly, or nothing: they end by themselves.

uvicorn waits for ever for the rest of a request, and a connection that was never used is kept. Here the head of a
request has a time limit, and so has each part of its body; and of the connections of one address that have not sent a
whole request, the oldest are closed when there are too many. The application hears of a request when its body is there,
or a good part of it: half of a request costs next to nothing. A request that was answered before it came to its end, as
a refusal is, is read a little further and then no more: its client has a moment to read the answer.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

PART_BYTES: Final = 64 * 1024
"""As much of a body has to come within the time limit of a body, and before the application hears of its request."""
REST_BYTES: Final = 256 * 1024
"""As much of a body is read after the answer: with more, the connection is closed."""
REST_SECONDS: Final = 1.0
"""So long a client may read the answer to a request whose rest is not read. Closed at once, it might lose it."""
TIMED_OUT: Final = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 33\r\nconnection: close\r\n\r\nThe request took too long to come"
)

Networks = Sequence[IPv4Network | IPv6Network]


@dataclass
class UnfinishedRequests:
    """The connections of one server that have not sent a whole request, and their limits.

    Of each address there are at most `most`, but for those of `proxies`, which send what many clients send.
    """

    most: int
    head_seconds: float
    body_seconds: float
    proxies: Networks = ()
    of_address: dict[str, OrderedDict["BoundedProtocol", None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.is_proxy = lru_cache(1024)(self._is_proxy)

    def add(self, address: str, connection: "BoundedProtocol") -> None:
        """A connection begins to wait for the rest of a request. The oldest of its address may have to go."""
        waiting = self.of_address.setdefault(address, OrderedDict())
        waiting[connection] = None
        if len(waiting) > self.most and not self.is_proxy(address):
            oldest = next(iter(waiting))
            oldest.give_up()

    def remove(self, address: str, connection: "BoundedProtocol") -> None:
        """A connection waits no more."""
        waiting = self.of_address.get(address)
        if waiting is not None:
            waiting.pop(connection, None)
            if not waiting:
                del self.of_address[address]

    def _is_proxy(self, address: str) -> bool:
        try:
            given = ip_address(address)
        except ValueError:  # a Unix socket: only what runs on this machine
            return True
        given = getattr(given, "ipv4_mapped", None) or given
        return any(given in network for network in self.proxies)


class BoundedProtocol(HttpToolsProtocol):
    """A connection with limits for what it has not sent yet."""

    def __init__(self, *arguments: Any, waiting: UnfinishedRequests, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._waiting = waiting
        self._address = ""
        self._is_receiving = False
        self._is_in_body = False
        self._is_upgraded = False
        self._part_bytes = 0
        self._rest_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._held: tuple[RequestResponseCycle, Any] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait for the rest if a request is not whole."""
        super().data_received(data)
        self._look()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._is_receiving, self._is_in_body = True, False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head of the request is there; its body has limits of its own."""
        self._is_in_body, self._part_bytes, self._rest_bytes = True, 0, 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body came."""
        self._part_bytes += len(body)
        if self._part_bytes >= PART_BYTES:
            self._part_bytes = 0
            self._stop_waiting()
        super().on_body(body)
        if self._held is not None and len(self._held[0].body) >= PART_BYTES:
            self._start_held()
        if self.cycle.response_complete:
            self._rest_bytes += len(body)
            if self._rest_bytes > REST_BYTES:
                self._read_no_more()

    def on_message_complete(self) -> None:
        """The whole request is there."""
        self._is_receiving = False
        super().on_message_complete()
        if self._held is not None:
            self._start_held()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Hold a request until its body is there; one whose client waits for a word before the body begins at once."""
        if cycle.more_body and not cycle.waiting_for_100_continue and len(cycle.body) < PART_BYTES:
            self._held = cycle, app
        else:
            super()._start_asgi_task(cycle, app)

    def _start_held(self) -> None:
        if self._held is not None:
            super()._start_asgi_task(*self._held)
            self._held = None

    def shutdown(self) -> None:
        """End: at once, if the application has not heard of the request."""
        if self._held is not None:
            self.transport.close()
        super().shutdown()

    def handle_websocket_upgrade(self) -> None:
        """Pass the connection on to its WebSocket."""
        self._is_upgraded = True
        self._stop_waiting()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._is_upgraded = True
        self._stop_waiting()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Wait for the rest of a request, with a time limit, if there is a rest."""
        if not self._is_unfinished():
            if self._deadline is not None:
                self._stop_waiting()
        elif self._deadline is None:
            limits = self._waiting
            seconds = limits.body_seconds if self._is_in_body and self._is_receiving else limits.head_seconds
            self._deadline = self.loop.call_later(seconds, self._time_out)
            limits.add(self._address, self)

    def _is_unfinished(self) -> bool:
        if self._is_upgraded or self.transport.is_closing():
            return False
        if self._is_receiving or self.cycle is None:
            return True
        # uvicorn's own timer stops with any byte, also with those that begin no request
        return self.cycle.response_complete and self.timeout_keep_alive_task is None

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
            self._waiting.remove(self._address, self)

    def _time_out(self) -> None:
        self._stop_waiting()
        if self.flow.read_paused:  # it is we who do not read on
            self._look()
            return
        self.give_up()

    def _read_no_more(self) -> None:
        """Close the connection soon, without the rest of a request that was answered."""
        if not self.flow.read_paused and not self.transport.is_closing():
            self.flow.pause_reading()
            self.loop.call_later(REST_SECONDS, self.transport.close)

    def give_up(self) -> None:
        """Say that the request took too long, if nothing was answered yet, and close."""
        self._stop_waiting()
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(TIMED_OUT)
        self.transport.close()


def bounded_protocol(waiting: UnfinishedRequests) -> type[asyncio.Protocol]:
    """What uvicorn makes connections of, as its option `http`."""
    return cast(type[asyncio.Protocol], partial(BoundedProtocol, waiting=waiting))

"""WebSockets of many: what is sent to all of them goes straight to the connection, what they send is read in turns.

What an ASGI server does with a message that it is asked to send (a coroutine, a dictionary, its state, an object for
the frame) takes four times as long as to write the frame.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import OPEN

from seggraph.transport.pacing import turn

SEND_AT_ONCE: Final = "seggraph.send_at_once"
"""Where the scope of a WebSocket has `StraightWebSocket.send_at_once`, if it is one."""

ABORTED_AFTER_SECONDS: Final = 1.0
"""How long a client that answers no pings has to take the rest of what was written to it."""

PIECE_BYTES: Final = 4096
"""So much is read from a socket before others have the event loop: some twenty messages."""

_TEXT: Final = 0x81
"""The first byte of a text message of one frame, uncompressed (RFC 6455, section 5.2)."""
_SHORT: Final = 126
_LONG: Final = 65_536


class StraightWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket that can be written to without waiting.

    What waits to be sent comes before what is sent later. A connection that failed its keepalive ends although its
    client takes nothing: uvicorn's waits until everything is written. And a client that sends a hundred messages at
    once, on many sockets, does not have the event loop to itself until all are read.
    """

    scope: Any

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._sending = asyncio.Lock()
        self._unread = bytearray()
        self._reading: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        """Read what came: at once if it is little, otherwise in turns with all that is long."""
        if self._reading is None and len(data) <= PIECE_BYTES:
            super().data_received(data)
            return
        self._unread += data
        self.transport.pause_reading()
        if self._reading is None:
            self._reading = self.loop.create_task(self._read_on())

    async def _read_on(self) -> None:
        while self._unread and not self.transport.is_closing():
            await turn()
            piece = bytes(self._unread[:PIECE_BYTES])
            del self._unread[:PIECE_BYTES]
            super().data_received(piece)
        self._reading = None
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def handle_connect(self, event: Request) -> None:
        """Begin to serve the WebSocket; see `WebSocketsSansIOProtocol`."""
        super().handle_connect(event)
        if hasattr(self, "scope"):  # a refused handshake has none
            self.scope[SEND_AT_ONCE] = self.send_at_once

    async def send(self, message: Any) -> None:
        """Send a message of ASGI, after those that wait already; see `WebSocketsSansIOProtocol`."""
        async with self._sending:
            await super().send(message)

    def keepalive_timeout(self) -> None:
        """Close, and do not wait for long until everything is written."""
        super().keepalive_timeout()
        self.loop.call_later(ABORTED_AFTER_SECONDS, self.transport.abort)

    def send_at_once(self, message: bytes) -> bool:
        """Send a text message, encoded as UTF-8. False when that takes waiting, or the socket is not open."""
        if self.disconnected or self.close_sent or not self.handshake_complete:
            return False
        if self._sending.locked() or not self.writable.is_set() or self.conn.state is not OPEN:
            return False
        if self.conn.extensions:  # it compresses
            self.conn.send_text(message)
            self.transport.write(b"".join(self.conn.data_to_send()))
        else:
            self.transport.write(head(len(message)) + message)
        return True


def head(length: int) -> bytes:
    """What stands before an uncompressed text message of a server (RFC 6455, section 5.2)."""
    if length < _SHORT:
        return bytes((_TEXT, length))
    if length < _LONG:
        return bytes((_TEXT, 126)) + length.to_bytes(2, "big")
    return bytes((_TEXT, 127)) + length.to_bytes(8, "big")

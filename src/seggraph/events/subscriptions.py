"""One subscriber: first it reads the facts that it missed from the stream, then the shared reader of the hub feeds it.

It switches when its position is that of the shared reader, or later. Older entries from the reader are skipped. So
there is no gap, no repetition and no second queue between the two phases.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

import structlog

from seggraph.errors import RetryLater
from seggraph.events.cursors import Position, encode
from seggraph.events.facts import Fact
from seggraph.events.mailboxes import Delivery, Mailbox, Resync
from seggraph.events.stream import Entry, EventStream, ResyncReason

_PAUSE_SECONDS = 0.05
_AWAY_SECONDS = 0.5

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Channel:
    """The position of the shared reader in the stream of one workspace, and the subscriptions that it feeds."""

    position: Position
    members: "set[Subscription]" = field(default_factory=set)
    fed: "set[Subscription]" = field(default_factory=set)


class Subscription:
    """The facts for one subscriber, in order, as an endless iteration for one consumer.

    It ends when the hub stops. An error in `wants` is raised to the consumer and also ends it.
    """

    def __init__(
        self,
        stream: EventStream,
        workspace_id: int,
        channel: Channel,
        start: Position,
        *,
        wants: Callable[[Fact], bool],
        queue_limit: int,
    ) -> None:
        self._stream = stream
        self._workspace_id = workspace_id
        self._channel = channel
        self._position = start
        self._wants = wants
        self._mailbox = Mailbox(queue_limit, encode(start))
        self._ready = asyncio.Event()
        self._closed = False
        self.is_idle = False
        """Whether its consumer waits for something to happen, having taken all that did."""
        self.before = encode(start)
        """The cursor before what was taken last."""
        self.when_idle: Callable[[], None] | None = None
        """Called when its consumer begins to wait."""
        self._error: Exception | None = None

    @property
    def cursor(self) -> str:
        """The cursor for a snapshot that is read before the first delivery is taken."""
        return self._mailbox.cursor

    @property
    def place(self) -> Position:
        """Up to which entry of the stream it knows."""
        return self._position

    @property
    def waiting(self) -> int:
        """The number of waiting deliveries; never more than the limit of the hub."""
        return len(self._mailbox)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Delivery | Resync:
        while True:
            before = self._mailbox.cursor
            item = self._mailbox.take()
            if item is not None:
                self.before = before
                return item
            if self._error is not None:
                raise self._error
            if self._closed:
                raise StopAsyncIteration
            if self in self._channel.fed:
                await self._wait()
            else:
                await self._pull()

    async def _wait(self) -> None:
        self._ready.clear()
        self.is_idle = True
        try:
            if self.when_idle is not None:
                self.when_idle()
            await self._ready.wait()
        finally:
            self.is_idle = False

    def offer(self, entry: Entry, delivery: Delivery | None) -> None:
        """Process an entry of the stream and its delivery. Skip it if it is before the position."""
        if entry.position.epoch == self._position.epoch and entry.position.entry <= self._position.entry:
            return
        if entry.position.epoch != self._position.epoch:
            self._restart(ResyncReason.LOST, entry.position)
        self._position = entry.position
        if delivery is not None and self._is_wanted(delivery.fact):
            self._mailbox.put(delivery)
            self._wake()

    def resync(self, reason: ResyncReason, position: Position) -> None:
        """Continue from another position and send a resync, unless the position is reached already."""
        if not self._position.reaches(position):
            self._restart(reason, position)

    def stop(self) -> None:
        """Take nothing any more: another subscription goes on from here."""
        self._channel.fed.discard(self)

    def close(self) -> None:
        """End the iteration after the waiting deliveries."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self.is_idle = False
        self._ready.set()

    def _restart(self, reason: ResyncReason, position: Position) -> None:
        self._position = position
        self._mailbox.put_resync(Resync(reason, encode(position)))
        self._wake()

    def _is_wanted(self, fact: Fact) -> bool:
        try:
            return self._wants(fact)
        except Exception as error:  # an error in the filter of one subscriber must not stop the shared reader
            self._error = error
            self._channel.fed.discard(self)
            self._wake()
            return False

    async def _pull(self) -> None:
        """Read one page. If it was the last one, switch to the shared reader."""
        try:
            found = await self._stream.read(self._workspace_id, self._position)
            if isinstance(found, ResyncReason):
                self._restart(found, await self._stream.position(self._workspace_id))
                return
        except RetryLater as error:
            _log.warning("subscription_waits_for_redis", reason=str(error.__cause__))
            await asyncio.sleep(_AWAY_SECONDS)
            return
        for entry in found:
            self.offer(entry, delivery_of(entry))
        if self._position.reaches(self._channel.position):
            self._channel.fed.add(self)
        elif not found:  # the shared reader has not noticed the loss of the stream yet
            await asyncio.sleep(_PAUSE_SECONDS)


def delivery_of(entry: Entry) -> Delivery | None:
    """The delivery for an entry, or None if the entry has no fact."""
    return None if entry.fact is None else Delivery(encode(entry.position), entry.fact)

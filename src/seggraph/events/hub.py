"""The hub: one reader of Redis for each process, for any number of subscribers.

One command waits on the streams of all workspaces that have subscribers. The hub gives each fact to the subscribers
that want it. After an outage of Redis it checks whether each stream continues at its position. If one does not, its
subscribers must resync.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog

from seggraph import tasks
from seggraph.errors import RetryLater
from seggraph.events.cursors import Position
from seggraph.events.facts import Fact
from seggraph.events.stream import PAGE_SIZE, Entry, EventStream, ResyncReason
from seggraph.events.subscriptions import Channel, Subscription, delivery_of

QUEUE_LIMIT = 256
"""Maximum number of deliveries that wait for one subscriber."""
CHECK_SECONDS = 5.0
"""How often the hub checks that streams still exist, even if nothing is published."""
_FIRST_PAUSE_SECONDS = 0.05
_CANCEL_AGAIN_SECONDS = 0.05  # a subscriber waits for the read to end
_LONGEST_PAUSE_SECONDS = 2.0

_log = structlog.get_logger(__name__)


def everything(_: Fact) -> bool:
    """The filter that accepts every fact of the workspace."""
    return True


class Hub:
    """Feeds the subscribers of this process. The reader needs one connection of the stream's client.

    If the client has a `socket_timeout`, it must be longer than `check_seconds`.
    """

    def __init__(
        self, stream: EventStream, *, queue_limit: int = QUEUE_LIMIT, check_seconds: float = CHECK_SECONDS
    ) -> None:
        if queue_limit < PAGE_SIZE:
            raise ValueError(f"queue_limit must be at least {PAGE_SIZE}, one page of the stream")
        self._stream = stream
        self._queue_limit = queue_limit
        self._check_seconds = check_seconds
        self._channels: dict[int, Channel] = {}
        self._woken: asyncio.Future[None] | None = None
        self._check_due_at = 0.0
        self._is_running = False
        self.is_in_touch = True
        """Whether Redis answered the reader the last time."""

    @property
    def open_subscriptions(self) -> int:
        """The number of open subscriptions of this process."""
        return sum(len(channel.members) for channel in self._channels.values())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the reader until the block ends. Then the iteration of every subscription ends."""
        reader = asyncio.create_task(self._run(), name="seggraph-events-reader")
        self._is_running = True
        try:
            yield
        finally:
            self._is_running = False
            await tasks.end([reader], again_seconds=_CANCEL_AGAIN_SECONDS)
            for channel in self._channels.values():
                for subscription in channel.members:
                    subscription.close()

    @asynccontextmanager
    async def subscribe(
        self, workspace_id: int, after: Position | None = None, wants: Callable[[Fact], bool] = everything
    ) -> AsyncIterator[Subscription]:
        """Subscribe to the facts of a workspace after a position, or from now on, for which `wants` is true.

        If the stream cannot be continued from that position, the first delivery is a Resync. `wants` must be fast.
        Raises RetryLater if Redis does not answer, or the hub does not run any more: the process is ending.
        """
        if not self._is_running:
            raise RetryLater("The server is ending; connect again.")
        channel = self._channels.get(workspace_id)
        if after is None or channel is None:
            now = await self._stream.position(workspace_id)
            after = after or now
            channel = self._channels.setdefault(workspace_id, Channel(now))
        subscription = Subscription(
            self._stream, workspace_id, channel, after, wants=wants, queue_limit=self._queue_limit
        )
        channel.members.add(subscription)
        self._wake(channel)
        try:
            yield subscription
        finally:
            subscription.close()
            self._leave(workspace_id, channel, subscription)

    def _leave(self, workspace_id: int, channel: Channel, subscription: Subscription) -> None:
        channel.members.discard(subscription)
        channel.fed.discard(subscription)
        if not channel.members and self._channels.get(workspace_id) is channel:
            del self._channels[workspace_id]

    def _wake(self, channel: Channel) -> None:
        """Restart the wait of the reader if this channel is new, so that it includes the stream of the channel."""
        if len(channel.members) == 1 and self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    async def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._check_when_due()
                await self._feed()
                pause = _FIRST_PAUSE_SECONDS
                self.is_in_touch = True
                continue
            except RetryLater as error:
                self.is_in_touch = False
                _log.warning("events_reader_waits_for_redis", reason=str(error.__cause__), seconds=pause)
            except Exception:  # the outermost loop: a defect must not leave all subscribers without a reader
                _log.exception("events_reader_failed", seconds=pause)
            self._check_due_at = 0.0
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _feed(self) -> None:
        """Wait for entries of the streams that have subscribers, and offer them to these."""
        channels = dict(self._channels)
        for entry in await self._wait({key: channel.position for key, channel in channels.items()}):
            channel = channels[entry.workspace_id]
            channel.position = entry.position
            delivery = delivery_of(entry)
            for subscription in tuple(channel.fed):
                subscription.offer(entry, delivery)

    async def _wait(self, positions: dict[int, Position]) -> list[Entry]:
        """Return the next entries after the positions, or none if the wait was restarted or nothing came."""
        self._woken = asyncio.get_running_loop().create_future()
        reading = asyncio.create_task(self._read(positions), name="seggraph-events-read")
        try:
            either: set[asyncio.Future[Any]] = {reading, self._woken}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() else []
        finally:
            self._woken = None
            await tasks.end([reading], again_seconds=_CANCEL_AGAIN_SECONDS)

    async def _read(self, positions: dict[int, Position]) -> list[Entry]:
        if positions:
            return await self._stream.wait(positions, seconds=self._check_seconds)
        await asyncio.sleep(self._check_seconds)
        return []

    async def _check_when_due(self) -> None:
        """Check, after an outage and regularly, that every stream continues at the position of the reader."""
        now = asyncio.get_running_loop().time()
        if now < self._check_due_at:
            return
        await self._stream.settle()
        channels = dict(self._channels)
        if channels:
            gaps = await self._stream.gaps({key: channel.position for key, channel in channels.items()})
            for workspace_id, reason in gaps.items():
                await self._restart(workspace_id, channels[workspace_id], reason)
        self._check_due_at = now + self._check_seconds

    async def _restart(self, workspace_id: int, channel: Channel, reason: ResyncReason) -> None:
        """Continue a channel at the current end of its stream."""
        if reason is ResyncReason.LOST:  # with the same epoch: the server crashed and lost the last entries
            await self._stream.begin_epoch(workspace_id, instead_of=channel.position.epoch)
        position = await self._stream.position(workspace_id)
        _log.warning("events_resync", workspace_id=workspace_id, reason=reason.value)
        channel.position = position
        for subscription in tuple(channel.fed):
            subscription.resync(reason, position)

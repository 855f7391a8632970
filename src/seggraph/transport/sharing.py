"""Subscribers that get the same events share one execution and one encoded message.

A subscription begins by itself: its snapshot, or what it missed. When it has all that there is so far, it joins the
others of the same document, variables and scope: their events are executed once, and each gets the same text
behind its own operation id. A subscriber that is too slow, or whose rights have changed, leaves the group
again and goes on by itself from the last message that was sent: nothing is missed, and nobody waits.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Hashable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from seggraph.transport.encoding import encode
from seggraph.transport.masking import log_internal

FEWEST: Final = 2
"""Subscribers from which sharing pays."""
WAITING_MESSAGES: Final = 64
"""How many messages may wait for a slow subscriber before it has to go on by itself."""


class Feed(Protocol):
    """What a subscription's resolver reads: where it stands, and whether it waits for something to happen."""

    is_idle: bool
    before: str
    """The place before what was taken last."""

    @property
    def place(self) -> Hashable:
        """Where it stands, to compare with another one."""

    def stop(self) -> None:
        """Take nothing any more."""

    @property
    def cursor(self) -> str:
        """The place behind what was taken last: a subscription that starts there misses nothing."""


class Sharing(Protocol):
    """A context whose subscriptions may be shared. Any other context's are not."""

    feed: Feed | None
    start: str | None
    """Where to begin, without a snapshot."""
    when_idle: Callable[[], None] | None
    """What its feed calls when it begins to wait."""

    def scope_of(self, document: str) -> Hashable:
        """What decides what a document shows to the client."""

    @property
    def credentials(self) -> Hashable:
        """What the client has shown: those with the same have the same rights."""

    async def is_current(self) -> bool:
        """Whether the credentials give the same rights as before."""


@dataclass(frozen=True, slots=True)
class Source:
    """An operation: `execute` it with a `context_value`, and `make_context` of one for all."""

    execute: Callable[..., Awaitable[Any]]
    make_context: Callable[[], Any]


class _Started:
    """A coroutine that was run to its first wait; awaited, it goes on."""

    def __init__(self, running: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._running = running
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, None, None]:
        try:
            while True:
                yield self._waits_for
                self._waits_for = self._running.send(None)
        except StopIteration:
            return
        finally:
            self._running.close()


@dataclass(frozen=True, slots=True)
class _Message:
    payload: bytes
    before: str


class Member:
    """A subscriber: of a broadcast, or by itself.

    `send` sends a text. `send_at_once` sends its bytes if that takes no waiting, and says whether it did.
    """

    def __init__(
        self,
        id_: str,
        send: Callable[[str], Coroutine[Any, Any, None]],
        send_at_once: Callable[[bytes], bool] | None = None,
    ) -> None:
        self.context: Any = None
        self.joined: asyncio.Future[None]
        self.left: asyncio.Future[str]
        self._head = b'{"id":%b,"type":"next","payload":' % encode(id_)
        self._send = send
        self._send_at_once = send_at_once
        self._waiting: deque[_Message] = deque()
        self._draining: asyncio.Task[None] | None = None

    def push(self, message: _Message) -> None:
        """Send a message now, or as soon as the client takes it."""
        if self._draining is not None:
            self._waiting.append(message)
            if len(self._waiting) > WAITING_MESSAGES:
                self.leave(self._waiting[0].before)
            return
        text = b"%b%b}" % (self._head, message.payload)
        try:
            if self._send_at_once is not None and self._send_at_once(text):
                return
            sending = self._send(text.decode())
            waits_for = sending.send(None)
        except StopIteration:
            return
        except Exception:  # the client is gone, as the task that reads from it finds out too
            self.leave(message.before)
            return
        self._draining = asyncio.create_task(self._drain(_Started(sending, waits_for)))

    async def _drain(self, first: _Started) -> None:
        try:
            await first
            while self._waiting and not self.left.done():
                message = self._waiting.popleft()
                await self._send((b"%b%b}" % (self._head, message.payload)).decode())
        except Exception:  # the client is gone, see `push`
            self.leave("")
        finally:
            self._draining = None

    def leave(self, cursor: str) -> None:
        """Go on by itself from a place."""
        if not self.left.done():
            self._waiting.clear()
            self.left.set_result(cursor)

    async def alone(self) -> str:
        """Wait until it has left and nothing is being sent; return from where to go on."""
        cursor = await self.left
        if self._draining is not None:
            await asyncio.wait({self._draining})
        self._waiting.clear()
        return cursor

    def begin(self, context: Any) -> None:
        """Begin by itself, with a context."""
        self.context = context
        self.joined = asyncio.get_running_loop().create_future()
        self.left = asyncio.get_running_loop().create_future()


class Broadcast:
    """The subscribers of one document, one set of variables and one scope."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._candidates: dict[Member, None] = {}
        self._members: dict[Member, None] = {}
        self._context: Any = None
        self._running: asyncio.Task[None] | None = None
        self._end = end

    def add(self, member: Member, source: Source) -> None:
        """Let a subscriber join when it has all that there is."""
        self._candidates[member] = None
        member.context.when_idle = lambda: self._idle(member, source)

    def remove(self, member: Member) -> None:
        """A subscriber is gone, or goes on by itself."""
        self._candidates.pop(member, None)
        self._members.pop(member, None)
        if not self._members and len(self._candidates) < FEWEST and self._running is not None:
            self._running.cancel()
        if not self._members and not self._candidates:
            self._end()

    def _idle(self, member: Member, source: Source) -> None:
        if self._running is not None:
            self._join(member)
        elif len(self._candidates) >= FEWEST:
            context = self._context = source.make_context()
            context.start = member.context.feed.cursor
            context.when_idle = self._join_all
            self._running = asyncio.create_task(self._run(source, context))

    def _join_all(self) -> None:
        for member in tuple(self._candidates):
            self._join(member)

    def _join(self, member: Member) -> None:
        """Let a subscriber join if both wait at the same place: neither has anything that the other has not."""
        ours, its = self._context.feed, member.context.feed
        if ours is None or its is None or not (ours.is_idle and its.is_idle and ours.place == its.place):
            return
        if member not in self._candidates:
            return
        del self._candidates[member]
        its.stop()
        self._members[member] = None
        member.joined.set_result(None)

    async def _run(self, source: Source, context: Any) -> None:
        before = context.start
        try:
            async with aclosing(await source.execute(context_value=context)) as results:
                async for result in results:
                    if isinstance(result, PreExecutionError) or not isinstance(result, ExecutionResult):
                        break
                    before = context.feed.before
                    await self._require_rights(before)
                    self._send(result, before)
                    before = context.feed.cursor
        except Exception as error:  # each of them meets it by itself, and tells its client
            log_internal(error)
        finally:
            self._running = None
            for member in tuple(self._members):
                del self._members[member]
                member.leave(before)

    def _send(self, result: ExecutionResult, before: str) -> None:
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [error.formatted for error in result.errors]
        message = _Message(encode(body), before)
        for member in tuple(self._members):
            member.push(message)
            if member.left.done():
                self._members.pop(member, None)

    async def _require_rights(self, cursor: str) -> None:
        """Let those go on by themselves whose credentials give other rights now."""
        checked: dict[Hashable, bool] = {}
        for member in tuple(self._members):
            credentials = member.context.credentials
            if credentials not in checked:
                checked[credentials] = await member.context.is_current()
            if not checked[credentials]:
                self._members.pop(member, None)
                member.leave(cursor)


class Broadcasts:
    """The broadcasts of an endpoint."""

    def __init__(self) -> None:
        self._open: dict[Hashable, Broadcast] = {}

    def of(self, key: Hashable) -> Broadcast:
        """The broadcast of a document, its variables and a scope."""
        found = self._open.get(key)
        if found is None:
            found = self._open[key] = Broadcast(lambda: self._close(key))
        return found

    @contextmanager
    def joining(self, key: Hashable, member: Member, source: Source) -> Iterator[None]:
        """Let a subscriber join the others of a key meanwhile."""
        broadcast = self.of(key)
        broadcast.add(member, source)
        try:
            yield
        finally:
            broadcast.remove(member)

    def _close(self, key: Hashable) -> None:
        self._open.pop(key, None)

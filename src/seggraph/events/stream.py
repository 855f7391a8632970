"""The stream of facts of each workspace in Redis: publishing, positions, and reading without a gap.

Every entry has the *epoch* of the stream, a random word that is created together with the stream. So the epoch cannot
exist without the stream, and a reader sees a new epoch in the order of the entries. A stream that was lost (expired,
flushed, or the server was restarted empty) begins again with a new epoch. A stream that lacks a fact gets a new epoch
too: when a fact could not be published, and when a crashed server lost entries that were read before.

The position of a reader is an entry. The reader continues without a gap if and only if that entry still exists with
its epoch. Otherwise facts may be missing, for example because older entries were trimmed, and it must resync.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from seggraph.errors import RetryLater
from seggraph.events.cursors import Position
from seggraph.events.facts import Fact, decode, encode
from seggraph.events.together import Together
from seggraph.vocabulary.described import DescribedStrEnum

MAX_LENGTH = 10_000
"""The approximate length of a stream. A reader that falls further behind must resync."""
TIME_TO_LIVE_SECONDS = 3 * 24 * 3600
"""How long a stream exists after its last fact."""
COMMAND_SECONDS = 5.0
"""Time limit of one exchange with Redis, without the time that a blocking read waits."""
PAGE_SIZE = 100
"""How many entries of one stream are read at once."""
_BATCH_SIZE = 500
_PAUSES_SECONDS = (0.0, 0.05, 0.2)

# KEYS: the stream, and a mark that the payloads were appended, so that after a lost answer the same can be sent
# again. ARGV: maximum length, seconds to live, a fresh epoch, the epoch to end ('' none, '*' any), then the
# payloads. An epoch begins with an entry without payload. Returns the last entry's epoch and id.
_APPEND = """
if #ARGV > 4 and not redis.call('SET', KEYS[2], '', 'NX', 'EX', 60) then
  return {}
end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local epoch = last and last[2][2]
local id = last and last[1]
if not epoch or ARGV[4] == '*' or ARGV[4] == epoch then
  epoch = ARGV[3]
  id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'e', epoch)
end
for i = 5, #ARGV do
  id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'e', epoch, 'f', ARGV[i])
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return {epoch, id}
"""

_log = structlog.get_logger(__name__)


class ResyncReason(DescribedStrEnum):
    """Why a subscription cannot continue from a cursor, so that the client must load the current state again."""

    TRIMMED = "TRIMMED", "The cursor is too old: events after it were already deleted."
    LOST = "LOST", "The event stream was lost and started again."
    SLOW_CONSUMER = "SLOW_CONSUMER", "The client read too slowly, so events were dropped."


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a workspace's stream; `fact` is None for the start of an epoch and for unknown facts."""

    workspace_id: int
    position: Position
    fact: Fact | None


class EventStream:
    """The streams of all workspaces in one Redis. The client must return bytes and use RESP2 (the defaults).

    `redis` must not retry commands itself: the hub has to notice an outage at once.
    """

    def __init__(
        self, redis: Redis, *, max_length: int = MAX_LENGTH, command_seconds: float = COMMAND_SECONDS
    ) -> None:
        self._redis = redis
        self._max_length = max_length
        self._command_seconds = command_seconds
        self._unpublished: set[int] = set()
        self._positions = Together[int, Position](lambda workspace_id: self._run(workspace_id, ends=""))
        self._reads = Together[tuple[int, Position], list[Entry] | ResyncReason](
            lambda asked: self._read(*asked)
        )

    async def publish(self, facts: Sequence[Fact]) -> bool:
        """Append facts to the streams of their workspaces, in order, after the commit. Return whether it was done.

        If Redis does not answer, no error is raised, because the change is already committed. The workspaces are
        stored, and their subscribers must resync as soon as Redis answers again (see `settle`).
        """
        by_workspace: dict[int, list[bytes]] = {}
        for fact in facts:
            by_workspace.setdefault(fact.workspace_id, []).append(encode(fact))
        return await self.publish_encoded(by_workspace)

    async def publish_encoded(self, by_workspace: Mapping[int, Sequence[bytes]]) -> bool:
        """The same with facts that are encoded already, by workspace."""
        if not by_workspace:
            return True
        owed = self._unpublished & by_workspace.keys()
        self._unpublished -= owed
        try:
            await self._append(by_workspace, owed)
        except RetryLater as error:
            self._unpublished |= by_workspace.keys()
            _log.warning(
                "facts_not_published", workspace_ids=sorted(by_workspace), reason=str(error.__cause__)
            )
            return False
        except BaseException:
            self._unpublished |= by_workspace.keys()
            raise
        return True

    async def settle(self) -> None:
        """Begin a new epoch in each stream for which a fact could not be published. Call it regularly.

        Raises RetryLater if Redis does not answer.
        """
        while self._unpublished:
            workspace_id = self._unpublished.pop()
            try:
                await self.begin_epoch(workspace_id)
            except BaseException:
                self._unpublished.add(workspace_id)
                raise

    async def position(self, workspace_id: int) -> Position:
        """Return the end of the stream. If you read it *before* a snapshot, no change is missed between the two.

        A stream that does not exist is created. Raises RetryLater if Redis does not answer.
        """
        return await self._positions.ask(workspace_id)

    async def begin_epoch(self, workspace_id: int, *, instead_of: str | None = None) -> Position:
        """Begin a new epoch, so that every reader must resync. With `instead_of`, only if that is the current epoch.

        Raises RetryLater if Redis does not answer.
        """
        return await self._run(workspace_id, ends=instead_of or "*")

    async def read(self, workspace_id: int, after: Position) -> list[Entry] | ResyncReason:
        """Return the next entries after a position, at most PAGE_SIZE, or the reason why the reader must resync.

        Raises RetryLater if Redis does not answer.
        """
        return await self._reads.ask((workspace_id, after))

    async def _read(self, workspace_id: int, after: Position) -> list[Entry] | ResyncReason:
        async with self._exchange(), self._redis.pipeline(transaction=True) as pipe:
            pipe.xrange(_key(workspace_id), min=after.entry_id, count=PAGE_SIZE + 1)
            pipe.xrange(_key(workspace_id), count=1)
            found, first = await pipe.execute()
        entries = [_entry(workspace_id, raw) for raw in found]
        return _gap(after, entries, _positions(first)) or entries[1:]

    async def gaps(self, positions: Mapping[int, Position]) -> dict[int, ResyncReason]:
        """Return the workspaces whose stream cannot be continued from the given position, with the reason.

        Raises RetryLater if Redis does not answer.
        """
        async with self._exchange(), self._redis.pipeline(transaction=False) as pipe:
            for workspace_id, position in positions.items():
                pipe.xrange(_key(workspace_id), min=position.entry_id, count=1)
                pipe.xrange(_key(workspace_id), count=1)
            replies = iter(await pipe.execute())
        found: dict[int, ResyncReason] = {}
        for workspace_id, position in positions.items():
            entries = [_entry(workspace_id, raw) for raw in next(replies)]
            reason = _gap(position, entries, _positions(next(replies)))
            if reason is not None:
                found[workspace_id] = reason
        return found

    async def wait(self, positions: Mapping[int, Position], *, seconds: float) -> list[Entry]:
        """Return the entries after the positions of several workspaces; wait up to `seconds` for the first.

        Entries of one workspace are in order. Gaps are not checked: an entry with another epoch means that the
        reader must resync. Raises RetryLater if Redis does not answer.
        """
        keys = {_key(workspace_id).encode(): workspace_id for workspace_id in positions}
        after: dict[Any, Any] = {key: positions[workspace_id].entry_id for key, workspace_id in keys.items()}
        async with self._exchange(waiting=seconds):
            reply = await self._redis.xread(after, count=PAGE_SIZE, block=max(1, int(seconds * 1000)))
        return [_entry(keys[key], raw) for key, raws in reply for raw in raws]

    async def _run(self, workspace_id: int, *, ends: str) -> Position:
        [reply] = await self._evaluate([self._script(workspace_id, ends, ())])
        return _position(*reply)

    async def _append(self, by_workspace: Mapping[int, Sequence[bytes]], owed: set[int]) -> None:
        scripts: list[tuple[Any, ...]] = []
        for workspace_id, payloads in by_workspace.items():
            for start in range(0, len(payloads), _BATCH_SIZE):
                ends = "*" if workspace_id in owed and start == 0 else ""
                scripts.append(self._script(workspace_id, ends, payloads[start : start + _BATCH_SIZE]))
        await self._evaluate(scripts)

    def _script(self, workspace_id: int, ends: str, payloads: Sequence[bytes]) -> tuple[Any, ...]:
        fresh = secrets.token_hex(8)
        keys = (_key(workspace_id), f"seggraph:{workspace_id}:published:{fresh}")
        return _APPEND, len(keys), *keys, self._max_length, TIME_TO_LIVE_SECONDS, fresh, ends, *payloads

    async def _evaluate(self, scripts: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Run scripts. Repeat them if a connection is broken, because after a restart of Redis all pooled ones are."""
        async with self._exchange():
            for pause in _PAUSES_SECONDS:
                with suppress(RedisConnectionError):
                    return await self._evaluate_once(scripts)
                await asyncio.sleep(pause)
            return await self._evaluate_once(scripts)

    async def _evaluate_once(self, scripts: Sequence[tuple[Any, ...]]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for script in scripts:
                pipe.eval(*script)
            return await pipe.execute()

    @asynccontextmanager
    async def _exchange(self, *, waiting: float = 0.0) -> AsyncIterator[None]:
        """Set a time limit, translate errors of the driver, and repeat a cancellation that the driver swallowed.

        The driver swallows a cancellation during one of its own time limits, for example while it checks a pooled
        connection.
        """
        task = asyncio.current_task()
        requests = task.cancelling() if task else 0
        try:
            async with asyncio.timeout(self._command_seconds + waiting):
                yield
        except (RedisError, OSError, TimeoutError) as error:
            raise RetryLater("The server that carries the events does not answer; try again soon.") from error
        finally:
            if task and task.cancelling() > requests:
                raise asyncio.CancelledError


def _gap(after: Position, entries: Sequence[Entry], first: Sequence[Position]) -> ResyncReason | None:
    """Return why `after` cannot be continued, from the entries at and after it and the first entry of the stream."""
    if entries and entries[0].position == after:
        return None
    if first and first[0].epoch == after.epoch and first[0].entry > after.entry:
        return ResyncReason.TRIMMED
    return ResyncReason.LOST


def _key(workspace_id: int) -> str:
    return f"seggraph:{workspace_id}:events"


def _positions(raws: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> list[Position]:
    return [_position(fields[b"e"], entry_id) for entry_id, fields in raws]


def _position(epoch: bytes, entry_id: bytes) -> Position:
    milliseconds, _, sequence = entry_id.partition(b"-")
    return Position(epoch.decode(), (int(milliseconds), int(sequence)))


def _entry(workspace_id: int, raw: tuple[bytes, dict[bytes, bytes]]) -> Entry:
    entry_id, fields = raw
    payload = fields.get(b"f")
    fact = None if payload is None else decode(payload)
    return Entry(workspace_id, _position(fields[b"e"], entry_id), fact)

"""Long work on the event loop, in short turns: others are served in between, and it can be cancelled.

Whatever handles many objects calls `turn` after each few of them. All that is long shares one turn at a time: when
the loop has been held for TURN_SECONDS, the rest waits in a line, and the loop looks at its sockets before the
first of the line goes on. Each workspace has a line of its own, and they take turns: who has thousands of things to
do delays the others by one of them. `within` gives an operation a deadline, which ends it at its next turn or wait.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Generator, Hashable, Sequence
from contextvars import ContextVar
from time import monotonic
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import orjson
from graphql import GraphQLError

from seggraph.transport.codes import TransportCode
from seggraph.transport.encoding import encode

TURN_SECONDS: Final = 0.005
STEP: Final = 1_000
"""How many objects of a level are handled at once."""
STEP_OF_LIST: Final = 50
"""After how many items of a list graphql-core is asked to give way: an item may have many fields."""
_SLICE: Final = 100
STEP_OF_JSON: Final = 20_000
"""How many values are written as JSON at once."""

T = TypeVar("T")

_whose: ContextVar[Hashable] = ContextVar("whose", default=None)


def work_for(context: object) -> None:
    """From here on, what this task does is done for the workspace of a context; so do the tasks that it begins."""
    _whose.set(getattr(context, "workspace", None))


class _Turns:
    """Whose turn it is on one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._begun = 0.0
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()
        self._is_scheduled = False

    async def take(self) -> None:
        """Return at once while the turn lasts; otherwise when it is this one's turn again."""
        if monotonic() - self._begun < TURN_SECONDS and not self._waiting:
            return
        future = self._loop.create_future()
        self._waiting.setdefault(_whose.get(), deque()).append(future)
        self._schedule()
        await future

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            # A timer, not call_soon: the loop looks at its sockets before it runs timers that are due.
            self._loop.call_later(0, self._next)

    def _next(self) -> None:
        self._is_scheduled = False
        self._begun = monotonic()
        while self._waiting:
            whose, line = self._waiting.popitem(last=False)
            future = line.popleft()
            if line:
                self._waiting[whose] = line
            if not future.done():
                future.set_result(None)
                break
        if self._waiting:
            self._schedule()


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = WeakKeyDictionary()


async def turn() -> None:
    """Let others have the event loop when it has been held for long."""
    loop = asyncio.get_running_loop()
    turns = _turns.get(loop)
    if turns is None:
        turns = _turns[loop] = _Turns(loop)
    await turns.take()


async def in_turns(items: Sequence[T]) -> AsyncIterator[T]:
    """The items of a long list, with turns in between."""
    for index, item in enumerate(items):
        if index % STEP_OF_LIST == 0:
            await turn()
        yield item


async def encode_in_turns(data: Any) -> bytes:
    """The JSON of a large answer, written part by part."""
    parts: list[bytes] = []
    await _write(data, parts)
    return b"".join(parts)


async def _write(value: Any, parts: list[bytes]) -> None:
    """Append the JSON of a value: at once if it is small, otherwise that of its items."""
    if type(value) not in (dict, list) or _is_small(value):
        parts.append(encode(value))
        await turn()
    elif type(value) is list:
        for start in range(0, len(value), _SLICE):
            parts.append(b"," if start else b"[")
            await _write_items(value[start : start + _SLICE], parts)
        parts.append(b"]")
    else:
        parts.append(b"{")
        for index, (key, item) in enumerate(value.items()):
            parts.append(b"," + encode(key) + b":" if index else encode(key) + b":")
            await _write(item, parts)
        parts.append(b"}")


async def _write_items(items: list[Any], parts: list[bytes]) -> None:
    """Append the JSON of items of a list, without its brackets."""
    if _is_small(items):
        parts.append(encode(items)[1:-1])
        await turn()
        return
    for index, item in enumerate(items):
        if index:
            parts.append(b",")
        await _write(item, parts)


def _is_small(value: Any) -> bool:
    count = 0
    waiting = [value]
    while waiting:
        one = waiting.pop()
        count += len(one)
        if count > STEP_OF_JSON:
            return False
        waiting += [
            item for item in (one.values() if type(one) is dict else one) if type(item) in (dict, list)
        ]
    return True


async def as_json(data: Any) -> orjson.Fragment:
    """The same as a part of a document that is written at once."""
    return orjson.Fragment(await encode_in_turns(data))


class TimedOut(GraphQLError):
    """The operation took longer than it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The operation took longer than {seconds:g} seconds and was ended. Ask for less at once."
            " If it was a mutation, look whether its change was made before you repeat it.",
            extensions={"code": TransportCode.OPERATION_TIMED_OUT.value},
        )


class _Begun(Awaitable[T]):
    """Work that was begun, up to the first thing that it waits for: what waits for nothing needs no timer."""

    def __init__(self, work: Awaitable[T]) -> None:
        self._steps = work.__await__()
        self.is_done = False
        self.result: Any = None
        try:
            self._waits_for: Any = next(self._steps)
        except StopIteration as done:
            self.is_done, self.result = True, done.value

    def __await__(self) -> Generator[Any, Any, T]:
        steps: Any = self._steps
        waits_for = self._waits_for
        try:
            while True:
                try:
                    sent = yield waits_for
                except BaseException as error:
                    waits_for = steps.throw(error)
                else:
                    waits_for = steps.send(sent)
        except StopIteration as done:
            result: T = done.value
            return result


async def within(seconds: float, work: Awaitable[T]) -> T:
    """The result of work. Raises TimedOut when it takes longer, after it was cancelled."""
    begun = _Begun(work)
    if begun.is_done:
        result: T = begun.result
        return result
    try:
        async with asyncio.timeout(seconds) as deadline:
            return await begun
    except TimeoutError as error:
        if deadline.expired():
            raise TimedOut(seconds) from error
        raise

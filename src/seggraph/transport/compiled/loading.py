"""Loaders: what fields ask for one by one is read at once, and who waits for nothing else costs no task.

A page of 50 rows with three fields that wait for loaders would be 150 tasks of the event loop, each with a future
of its own; they take longer than the statements that they wait for. A resolver marked with `awaits_loaders` is
run by the executor itself, which goes on with all that wait for a batch when that batch is there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Sequence
from functools import wraps
from itertools import count, repeat
from typing import Any, Final, Generic, TypeVar, cast

K = TypeVar("K")
V = TypeVar("V")
F = TypeVar("F", bound=Callable[..., Any])

_MARK: Final = "_seggraph_awaits_loaders"


class Batch(Generic[K, V]):
    """Keys that are loaded at once. It takes more of them until it is dispatched."""

    __slots__ = ("_ended", "_error", "_load", "_task", "_values", "is_dispatched", "is_over", "keys")

    def __init__(self, load: Callable[[list[K]], Awaitable[Sequence[V | BaseException]]]) -> None:
        self.keys: list[K] = []
        self.is_dispatched = False
        self.is_over = False
        self._load = load
        self._values: Sequence[V | BaseException] = ()
        self._error: BaseException | None = None
        self._ended = asyncio.Event()
        # Two turns of the loop: fields that become ready in this one and the next can ask as well.
        asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        self.is_dispatched = True
        try:
            self._values = await self._load(self.keys)
            if len(self._values) != len(self.keys):
                raise RuntimeError(f"a loader of {len(self.keys)} keys brought {len(self._values)} values")
        except BaseException as error:
            self._error = error
            if not isinstance(error, Exception):
                raise
        finally:
            self.is_over = True
            self._ended.set()

    async def wait(self) -> None:
        """Return when it is loaded, or could not be."""
        await self._ended.wait()

    def value(self, index: int) -> V:
        """The value of a key, once the batch is over. Raises what loading it raised."""
        if self._error is not None:
            raise self._error
        value = self._values[index]
        if isinstance(value, BaseException):
            raise value
        return value

    async def values(self, start: int, end: int) -> Sequence[V]:
        """The values of keys that stand beside each other. Raises what loading one of them raised."""
        await self.wait()
        if self._error is not None:
            raise self._error
        values = self._values[start:end]
        for type_ in set(map(type, values)):
            if issubclass(type_, BaseException):
                raise next(one for one in values if isinstance(one, BaseException))
        return cast(Sequence[V], values)


class Loaded(Generic[K, V]):
    """What a loader was asked for; it may be awaited by many, and again."""

    __slots__ = ("_batch", "_index")

    def __init__(self, batch: Batch[K, V], index: int) -> None:
        self._batch = batch
        self._index = index

    def __await__(self) -> Generator[Any, None, V]:
        batch = self._batch
        if not batch.is_over:
            if _Advancing.now:
                yield batch
            else:
                yield from batch.wait().__await__()
        return batch.value(self._index)


class DataLoader(Generic[K, V]):
    """Loads the values of keys in batches, each key once.

    `load_fn` takes keys, each of them once, and returns their values in that order; what is an exception is
    raised at every field that asked for its key.
    """

    def __init__(self, load_fn: Callable[[list[K]], Awaitable[Sequence[V | BaseException]]]) -> None:
        self._load = load_fn
        self._asked: dict[K, tuple[Batch[K, V], int]] = {}
        self._batch: Batch[K, V] | None = None

    def load(self, key: K) -> Loaded[K, V]:
        """Ask for a value."""
        found = self._asked.get(key)
        if found is None:
            batch = self._open()
            found = self._asked[key] = batch, len(batch.keys)
            batch.keys.append(key)
        return Loaded(*found)

    def _open(self) -> Batch[K, V]:
        """The batch that still takes keys."""
        batch = self._batch
        if batch is None or batch.is_dispatched:
            batch = self._batch = Batch(self._load)
        return batch

    async def load_each(
        self, keys: Sequence[K | None], make: Callable[[V], Any] | None = None
    ) -> Sequence[Any]:
        """What is made of the values of keys, in their order, once for each; None for a key or a value of None."""
        wanted = dict.fromkeys(keys)
        wanted.pop(None, None)
        new = cast(list[K], [key for key in wanted if key not in self._asked])
        if new:
            batch = self._open()
            start = len(batch.keys)
            batch.keys += new
            self._asked.update(zip(new, zip(repeat(batch), count(start), strict=False), strict=False))
            if len(new) == len(keys):
                values = await batch.values(start, start + len(new))
                return values if make is None else [None if one is None else make(one) for one in values]
        made: dict[K | None, Any] = {None: None}
        for key in cast(dict[K, None], wanted):
            value = await self.load(key)
            made[key] = value if make is None or value is None else make(value)
        return [made[key] for key in keys]

    async def load_many(self, keys: Iterable[K]) -> list[V]:
        """The values of several keys, in their order."""
        asked = [self.load(key) for key in keys]
        return [await one for one in asked]


class _Advancing:
    """Whether the executor is running a resolver at this moment, outside of any task of its own."""

    now = False


def awaits_loaders(resolver: F) -> F:
    """Mark an asynchronous resolver that awaits loaders, and nothing else; see the module's text."""

    @wraps(resolver)
    async def resolve(*arguments: Any, **named: Any) -> Any:
        """Run the resolver by itself, for graphql-core."""
        running = resolver(*arguments, **named)
        try:
            while True:
                await advance(running).wait()
        except StopIteration as done:
            return done.value
        finally:
            running.close()

    setattr(resolve, _MARK, resolver)
    return cast(F, resolve)


def marked(resolver: object) -> Callable[..., Coroutine[Any, Any, Any]] | None:
    """The resolver that `awaits_loaders` marked; None for any other."""
    found: Callable[..., Coroutine[Any, Any, Any]] | None = getattr(resolver, _MARK, None)
    return found


def advance(resolver: Coroutine[Any, Any, Any]) -> Batch[Any, Any]:
    """Run a marked resolver to the next batch that it waits for. Raises StopIteration with its result."""
    _Advancing.now = True
    try:
        waits_for = resolver.send(None)
    finally:
        _Advancing.now = False
    if not isinstance(waits_for, Batch):
        resolver.close()
        raise RuntimeError(f"a resolver that awaits loaders alone awaits {waits_for!r}")
    return waits_for

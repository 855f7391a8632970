"""What waits for loaders in a response: the places to fill, and how an error makes what is around them null.

The objects and lists of a response that wait for nothing but loaders are no coroutines: they are there already,
with places left open, and one coroutine fills the places of all of them, batch by batch.
"""

from collections.abc import Awaitable, Coroutine, Generator, Sequence
from typing import Any, Protocol

from graphql import GraphQLOutputType
from graphql.pyutils import Path, gather_with_cancel

from seggraph.transport.loading import Batch, advance
from seggraph.transport.plans import Shape, Way


class Completing(Protocol):
    """The part of an executor that fills places."""

    def complete(self, way: Way, shape: Shape, field_path: Path, path: Path, value: Any) -> Any:
        """Complete a value; raise what is wrong with it."""

    def is_awaitable(self, value: Any) -> bool:
        """Return whether a completed value is still to be awaited."""

    def handle_field_error(
        self, raw_error: Exception, return_type: GraphQLOutputType, field_details_list: Any, path: Path
    ) -> None:
        """Note an error at a place that may be null; raise it at any other."""


class Scope:
    """An object or a list of the response, and where it stands in the one around it, when it does."""

    __slots__ = ("_details", "_key", "_outer", "_path", "_type", "container")

    def __init__(self, container: dict[str, Any] | list[Any]) -> None:
        self.container: Any = container
        self._outer: Scope | None = None

    def stand(
        self, outer: "Scope", key: str | int, return_type: GraphQLOutputType, details: Any, path: Path
    ) -> None:
        """Say where it stands: under which key of what, of which type there."""
        self._outer = outer
        self._key = key
        self._type = return_type
        self._details = details
        self._path = path

    def fail(self, executor: Completing, error: Exception) -> None:
        """Make the nearest thing around it null that may be. Raises the error when there is none here."""
        if self._outer is None:
            raise error
        try:
            executor.handle_field_error(error, self._type, self._details, self._path)
        except Exception as located:
            self._outer.fail(executor, located)
        else:
            self._outer.container[self._key] = None


class Slot:
    """A place for a field's value, whose resolver waits for a loader."""

    __slots__ = ("_coroutine", "_key", "_path", "_scope", "_way", "batch")

    def __init__(
        self, way: Way, path: Path, coroutine: Coroutine[Any, Any, Any], batch: Batch[Any, Any]
    ) -> None:
        self._way = way
        self._path = path
        self._coroutine = coroutine
        self.batch = batch

    def stand(self, scope: Scope, key: str) -> None:
        """Say where it is: under which key of which object."""
        self._scope = scope
        self._key = key
        scope.container[key] = None

    def go_on(self, executor: Completing) -> "Sequence[Slot] | Coroutine[Any, Any, None]":
        """Run the resolver on, now that its batch is there; answer what has still to be waited for."""
        way = self._way
        completed: Any = None
        try:
            try:
                self.batch = advance(self._coroutine)
            except StopIteration as done:
                completed = executor.complete(way, way.shape, self._path, self._path, done.value)
            else:
                return (self,)
        except Exception as error:
            self._note(executor, error)
        if type(completed) is Waiting:
            return completed.stand(self._scope, self._key, way.shape.return_type, way.details, self._path)
        if executor.is_awaitable(completed):
            return self._fill(executor, completed)
        self._scope.container[self._key] = completed
        return ()

    def _note(self, executor: Completing, error: Exception) -> None:
        try:
            executor.handle_field_error(error, self._way.shape.return_type, self._way.details, self._path)
        except Exception as located:
            self._scope.fail(executor, located)

    async def _fill(self, executor: Completing, completed: Awaitable[Any]) -> None:
        try:
            self._scope.container[self._key] = await completed
        except Exception as error:
            self._scope.container[self._key] = None
            self._note(executor, error)


class Waiting:
    """An object or a list of the response with open places; awaited, it is whole."""

    __slots__ = ("_executor", "_scope", "_slots")

    def __init__(self, executor: Completing, scope: Scope, slots: list[Slot]) -> None:
        self._executor = executor
        self._scope = scope
        self._slots = slots

    def stand(
        self, outer: Scope, key: str | int, return_type: GraphQLOutputType, details: Any, path: Path
    ) -> list[Slot]:
        """Put it as it is into what is around it, see `Scope.stand`; answer the places that are that one's now."""
        self._scope.stand(outer, key, return_type, details, path)
        outer.container[key] = self._scope.container
        return self._slots

    def __await__(self) -> Generator[Any, None, Any]:
        return self._whole().__await__()

    async def _whole(self) -> Any:
        await _settle(self._executor, self._slots)
        return self._scope.container


async def _settle(executor: Completing, slots: Sequence[Slot]) -> None:
    """Fill the slots. Those of another batch do not wait for this one, nor what is asked for after them."""
    by_batch: dict[Batch[Any, Any], list[Slot]] = {}
    for slot in slots:
        by_batch.setdefault(slot.batch, []).append(slot)
    if len(by_batch) == 1:
        await _settle_batch(executor, slots)
    else:
        await gather_with_cancel(*(_settle_batch(executor, some) for some in by_batch.values()))


async def _settle_batch(executor: Completing, slots: Sequence[Slot]) -> None:
    await slots[0].batch.wait()
    further: list[Slot] = []
    awaited: list[Coroutine[Any, Any, None]] = []
    for slot in slots:
        remaining = slot.go_on(executor)
        if isinstance(remaining, Coroutine):
            awaited.append(remaining)
        else:
            further += remaining
    if awaited:
        await gather_with_cancel(*awaited, *([_settle(executor, further)] if further else ()))
    elif further:
        await _settle(executor, further)


async def when_done(scope: Scope, pending: Sequence[Any], waiting: Waiting | None) -> Any:
    """Await what is pending in an object or a list, put it in its place, and fill its other places."""
    container = scope.container
    awaitables = [container[key] for key in pending]
    if waiting is not None:
        await gather_with_cancel(waiting, _put(container, pending, awaitables))
    else:
        await _put(container, pending, awaitables)
    return container


async def _put(container: Any, pending: Sequence[Any], awaitables: Sequence[Awaitable[Any]]) -> None:
    if len(pending) == 1:
        container[pending[0]] = await awaitables[0]
        return
    for key, value in zip(pending, await gather_with_cancel(*awaitables), strict=True):
        container[key] = value

"""Queries that are alike and asked at the same time are executed once for all of them.

When something happens, all dashboards of one key ask the same query again. While one of them is being answered, the
others wait for a moment; what then waits is executed once. Nobody gets an answer that is older than the question: an
execution is shared only by those who asked before it began.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Final

from seggraph import tasks

GATHERING_SECONDS: Final = 0.005
"""How long others may join an execution that has not begun; it begins sooner when one that is alike ends."""

Execution = Callable[[], Awaitable[Any]]


@dataclass(eq=False, slots=True)
class _Gathering:
    """Those who wait for an execution that has not begun, and then for its result.

    It runs in the context of the first of them, so that its log names a request that it is for.
    """

    work: Execution
    timer: asyncio.TimerHandle
    context: Context = field(default_factory=copy_context)
    waiting: list["asyncio.Future[Any]"] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None

    @property
    def is_left(self) -> bool:
        """Whether all are gone, or have the result."""
        return all(one.done() for one in self.waiting)

    def fail(self, error: Exception) -> None:
        """Raise an error for each of them."""
        for one in self.waiting:
            if not one.done():
                one.set_exception(error)


@dataclass(eq=False, slots=True)
class _Place:
    """The executions of queries that are alike."""

    running: int = 0
    gathering: _Gathering | None = None


def alike_of(context: object) -> Hashable | None:
    """What answers to the client of a context depend on; None when each has to be executed by itself."""
    return getattr(context, "alike", None)


class AlikeQueries:
    """The executions of one process, by what their results depend on."""

    def __init__(self) -> None:
        self._places: dict[Hashable, _Place] = {}

    async def execute(self, key: Hashable, at_once: Execution, for_many: Execution) -> Any:
        """The result of an execution that begins from now on. Raises what the work raises.

        The first of a key executes `at_once`, and waits for nobody. Those who ask meanwhile share what `for_many`
        returns. It ends early when all of them are gone.
        """
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = _Place()
            return await self._run(key, place, at_once)
        if place.gathering is None:
            timer = asyncio.get_running_loop().call_later(GATHERING_SECONDS, self._begin, key, place)
            place.gathering = _Gathering(for_many, timer)
        return await _result_of(place.gathering)

    async def _run(self, key: Hashable, place: _Place, work: Execution) -> Any:
        place.running += 1
        try:
            return await work()
        finally:
            place.running -= 1
            self._begin(key, place)

    def _begin(self, key: Hashable, place: _Place) -> None:
        """Begin the execution for those who have gathered, if any of them is still there."""
        gathered, place.gathering = place.gathering, None
        if gathered is not None:
            gathered.timer.cancel()
            if not gathered.is_left:
                work = self._run_for(gathered, key, place)
                gathered.task = asyncio.create_task(work, context=gathered.context)
                return
        if not place.running and self._places.get(key) is place:
            del self._places[key]

    async def _run_for(self, gathered: _Gathering, key: Hashable, place: _Place) -> None:
        try:
            result = await self._run(key, place, gathered.work)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                for one in gathered.waiting:
                    one.cancel()
                raise
            # something that it waited for was cancelled, and not those who wait for it
            gathered.fail(RuntimeError("The execution was cancelled from inside."))
        except Exception as error:  # each of them gets it
            gathered.fail(error)
        else:
            for one in gathered.waiting:
                if not one.done():
                    one.set_result(result)


async def _result_of(gathered: _Gathering) -> Any:
    future = asyncio.get_running_loop().create_future()
    gathered.waiting.append(future)
    try:
        return await future
    except asyncio.CancelledError:
        if gathered.task is not None and gathered.is_left:
            await tasks.end([gathered.task])
        raise

"""Fields that wait for loaders: the stock executor's data and errors, in as few batches, and without tasks."""

import asyncio
import inspect
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry
from strawberry.types import Info

from seggraph.transport.compiled import running
from seggraph.transport.compiled.execution import CompiledExecutor
from seggraph.transport.compiled.loading import DataLoader, awaits_loaders

UNLUCKY = 13


@dataclass
class Caller:
    """The context: two loaders, and the batches that each of them had."""

    step: int = 1
    batches: list[tuple[str, list[int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.doubles: DataLoader[int, int] = DataLoader(self._doubles)
        self.others: DataLoader[int, int] = DataLoader(self._others)

    async def _doubles(self, keys: list[int]) -> Sequence[int | BaseException]:
        self.batches.append(("doubles", sorted(keys)))
        await asyncio.sleep(0)
        return [ValueError(f"no double of {key}") if key == UNLUCKY else 2 * key for key in keys]

    async def _others(self, keys: list[int]) -> Sequence[int | BaseException]:
        self.batches.append(("others", sorted(keys)))
        await asyncio.sleep(0.001)
        if 666 in keys:
            raise RuntimeError("all of them are lost")
        return [key + self.step for key in keys]


def loaders(info: Info) -> Caller:
    caller: Caller = info.context
    return caller


@strawberry.type
class Thing:
    number: int

    @strawberry.field
    @awaits_loaders
    async def double(self, info: Info) -> int:
        return await loaders(info).doubles.load(self.number)

    @strawberry.field
    @awaits_loaders
    async def maybe(self, info: Info) -> int | None:
        return await loaders(info).doubles.load(self.number)

    @strawberry.field
    @awaits_loaders
    async def at_once(self) -> int:
        return self.number

    @strawberry.field
    @awaits_loaders
    async def chain(self, info: Info, times: int = 1) -> int:
        number = self.number
        for _ in range(times):
            number = await loaders(info).others.load(number)
        return sum(await loaders(info).doubles.load_many([number, number + 1]))

    @strawberry.field
    @awaits_loaders
    async def child(self, info: Info) -> "Thing":
        return Thing(number=await loaders(info).others.load(self.number))

    @strawberry.field
    @awaits_loaders
    async def nothing(self, info: Info) -> "Thing":
        await loaders(info).others.load(self.number)
        return None  # type: ignore[return-value]

    @strawberry.field
    @awaits_loaders
    async def children(self, info: Info, count: int = 2) -> "list[Thing] | None":
        first = await loaders(info).others.load(self.number)
        return [Thing(number=first + index) for index in range(count)]

    @strawberry.field
    async def later(self) -> int:
        await asyncio.sleep(0)
        if self.number == UNLUCKY:
            raise ValueError("never")
        return self.number

    @strawberry.field
    def twin(self) -> "Thing":
        return Thing(number=self.number)


@strawberry.type
class Query:
    @strawberry.field
    def thing(self, number: int) -> Thing | None:
        return Thing(number=number)

    @strawberry.field
    async def things(self, start: int = 1, count: int = 3) -> list[Thing]:
        return [Thing(number=number) for number in range(start, start + count)]

    @strawberry.field
    def optional_things(self, start: int = 1, count: int = 3) -> list[Thing | None] | None:
        return [Thing(number=number) for number in range(start, start + count)]


ALL = "number double maybe atOnce chain child { number double } children(count: 3) { number maybe } twin { double }"
QUERIES = [
    f"{{ things {{ {ALL} }} }}",
    f"{{ things {{ {ALL} later }} thing(number: 5) {{ {ALL} }} }}",
    "{ things { chain(times: 3) a: chain child { child { chain(times: 2) child { double } } } } }",
    "{ things { children { children { children { double later } } } } }",
    "query($no: Boolean = false) { things { double @include(if: $no) maybe @skip(if: $no) child { number } } }",
    "{ things { twin { twin { child { number } later } } } }",
]
FAILING = [
    "{ optionalThings(start: 12) { number double } thing(number: 1) { double } }",
    "{ optionalThings(start: 12) { number maybe } }",
    "{ things(start: 12) { number double } }",
    "{ optionalThings(start: 11) { child { number double } } }",
    "{ optionalThings(start: 11) { child { number double } later } }",
    "{ optionalThings(start: 11) { children { double } } }",
    "{ optionalThings(start: 11) { children { maybe later } } }",
    "{ optionalThings(start: 12) { later twin { child { number } } } }",
    "{ optionalThings { nothing { number } } thing(number: 1) { number } }",
    "{ optionalThings { twin { nothing { number } } } }",
    "{ optionalThings(start: 665) { number child { number } } thing(number: 1) { number } }",
    "{ thing(number: 13) { double maybe } }",
    "{ thing(number: 2147483647) { number child { number } } }",
]


def place_of(error: dict[str, Any], data: Any) -> tuple[str | int, ...]:
    """Which null an error explains: of several errors below one null it is a matter of time which are told."""
    path: list[str | int] = error["path"]
    for length, key in enumerate(path):
        if data is None:
            return tuple(path[:length])
        data = data[key]
    return tuple(path)


async def run(query: str, executor: Any, step: int = 1) -> tuple[Any, list[Any], Caller]:
    schema = strawberry.Schema(Query, execution_context_class=executor)
    schema.process_errors = lambda *_: None  # type: ignore[method-assign]
    caller = Caller(step)
    result = await schema.execute(query, context_value=caller)
    return result.data, [error.formatted for error in result.errors or ()], caller


@pytest.mark.parametrize("query", [*QUERIES, *FAILING])
async def test_loaded_fields(query: str) -> None:
    stock_data, stock_errors, stock_caller = await run(query, None)
    data, errors, caller = await run(query, CompiledExecutor)

    assert repr(data) == repr(stock_data)
    assert {place_of(error, data) for error in errors} == {place_of(error, data) for error in stock_errors}
    assert bool(errors) is (query in FAILING)
    assert len(caller.batches) <= len(stock_caller.batches)


async def test_a_page_is_one_batch_at_each_level_and_no_task_per_row() -> None:
    tasks = 0
    loop = asyncio.get_running_loop()

    def counting(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> Any:
        nonlocal tasks
        tasks += 1
        return asyncio.Task(coroutine, loop=loop, **options)

    loop.set_task_factory(counting)
    try:
        _, errors, caller = await run(
            "{ things(start: 20, count: 100) { double child { child { double } } children { number } } }",
            CompiledExecutor,
            step=1_000,
        )
    finally:
        loop.set_task_factory(None)

    assert errors == []
    assert [name for name, _ in caller.batches] == ["doubles", "others", "others", "doubles"]
    assert tasks < 15


async def test_a_resolver_that_awaits_something_else_is_an_error_and_not_a_wait_without_a_task() -> None:
    @strawberry.type
    class Wrong:
        @strawberry.field
        @awaits_loaders
        async def sleeps(self) -> int | None:
            await asyncio.sleep(0.01)
            return 1

    schema = strawberry.Schema(Wrong, execution_context_class=CompiledExecutor)
    schema.process_errors = lambda *_: None  # type: ignore[method-assign]

    result = await schema.execute("{ sleeps }")

    assert result.data == {"sleeps": None}
    assert result.errors is not None
    assert "awaits loaders" in result.errors[0].message


async def test_who_is_cancelled_takes_nothing_from_the_others() -> None:
    caller = Caller()
    asked = caller.others.load(1)

    async def wait() -> int:
        return await asked

    first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    first.cancel()

    assert await second == 2
    assert first.cancelled()
    assert await caller.others.load_many([1, 1, 2]) == [2, 2, 3]
    assert caller.batches == [("others", [1]), ("others", [2])]


async def test_a_loader_that_forgets_a_key_is_an_error_for_all() -> None:
    async def forget(keys: list[int]) -> list[int]:
        return keys[1:]

    loader: DataLoader[int, int] = DataLoader(forget)
    with pytest.raises(RuntimeError, match="2 keys brought 1 values"):
        await loader.load_many([1, 2])


async def test_what_is_cancelled_before_it_begins_is_closed() -> None:
    # given two fields of which each waits for a coroutine
    async def waited_for() -> list[Any]:
        return []

    async def field(values: Coroutine[Any, Any, list[Any]]) -> None:
        await values

    parts = [waited_for(), waited_for()]
    made = asyncio.create_task(running._after([running.Later(field(one), one) for one in parts], []))
    # when the operation is cancelled after their tasks are made, and before one of these has begun
    await asyncio.sleep(0)
    made.cancel()
    with pytest.raises(asyncio.CancelledError):
        await made
    await asyncio.sleep(0)
    # then nothing is left that nobody awaits
    assert [inspect.getcoroutinestate(one) for one in parts] == [inspect.CORO_CLOSED] * 2

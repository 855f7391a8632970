"""Queries that are alike: who shares an execution, and who does not."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import pytest

from seggraph.transport import alike
from seggraph.transport.alike import AlikeQueries


class Work:
    """Executions that wait until they are let go on; each returns its number."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended_early = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.ended_early += 1
            raise
        return number


async def never() -> Any:
    raise AssertionError("nobody shares it")


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody begins because of the time."""
    monkeypatch.setattr(alike, "GATHERING_SECONDS", 3_600)


def asking(queries: AlikeQueries, key: str, work: Callable[[], Awaitable[Any]]) -> "asyncio.Task[Any]":
    return asyncio.create_task(queries.execute(key, work, work))


@pytest.mark.usefixtures("patient")
async def test_those_who_ask_meanwhile_share_the_next_execution() -> None:
    queries, work = AlikeQueries(), Work()
    first = asking(queries, "a", work)
    await settle()
    others = [asking(queries, "a", work) for _ in range(5)]
    await settle()
    assert work.begun == 1  # they joined nothing that had begun before they asked

    work.may_end.set()

    assert await first == 1
    assert await asyncio.gather(*others) == [2] * 5
    assert queries._places == {}


@pytest.mark.usefixtures("patient")
async def test_the_first_executes_at_once_and_by_itself() -> None:
    async def at_once() -> str:
        return "by itself"

    assert await AlikeQueries().execute("a", at_once, never) == "by itself"


@pytest.mark.usefixtures("patient")
async def test_other_keys_share_nothing() -> None:
    queries, work = AlikeQueries(), Work()
    asked = [asking(queries, key, work) for key in "abc"]
    await settle()

    assert work.begun == 3
    work.may_end.set()
    assert sorted(await asyncio.gather(*asked)) == [1, 2, 3]
    assert queries._places == {}


async def test_nobody_waits_long_for_a_slow_execution() -> None:
    queries, slow, quick = AlikeQueries(), Work(), Work()
    quick.may_end.set()
    first = asking(queries, "a", slow)
    await settle()

    others = [asking(queries, "a", quick) for _ in range(2)]
    assert await asyncio.gather(*others) == [1, 1]
    assert not first.done()

    slow.may_end.set()
    await first
    assert queries._places == {}


@pytest.mark.usefixtures("patient")
async def test_a_failure_is_told_to_each_who_shares_it_and_to_no_other() -> None:
    queries, work = AlikeQueries(), Work()

    async def fail() -> None:
        raise ValueError("no")

    first = asking(queries, "a", work)
    await settle()
    others = [asking(queries, "a", fail) for _ in range(3)]
    await settle()
    work.may_end.set()

    assert await first == 1
    assert [type(one) for one in await asyncio.gather(*others, return_exceptions=True)] == [ValueError] * 3
    assert queries._places == {}


@pytest.mark.usefixtures("patient")
async def test_an_execution_ends_when_all_who_share_it_are_gone() -> None:
    queries, first_work, work = AlikeQueries(), Work(), Work()
    first = asking(queries, "a", first_work)
    await settle()
    others = [asking(queries, "a", work) for _ in range(2)]
    await settle()
    first_work.may_end.set()
    await first
    await settle()
    assert work.begun == 1

    others[0].cancel()
    await settle()
    early = work.ended_early
    others[1].cancel()
    await asyncio.wait(others)

    assert (early, work.ended_early) == (0, 1)
    assert queries._places == {}


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("who", ["the first", "those who wait"])
async def test_who_goes_before_it_begins_holds_up_nobody(who: str) -> None:
    queries, first_work, work = AlikeQueries(), Work(), Work()
    work.may_end.set()
    first = asking(queries, "a", first_work)
    await settle()
    other = asking(queries, "a", work)
    await settle()

    (first if who == "the first" else other).cancel()
    await settle()
    first_work.may_end.set()

    if who == "the first":
        assert await other == 1
    else:
        assert await first == 1
        assert work.begun == 0
    await settle()
    assert queries._places == {}


@pytest.mark.usefixtures("patient")
async def test_a_cancellation_from_inside_is_a_failure_and_no_cancellation_of_those_who_wait() -> None:
    queries, first_work = AlikeQueries(), Work()

    async def wait_for_what_was_cancelled() -> None:
        inner = asyncio.get_running_loop().create_future()
        inner.cancel()
        await inner

    first = asking(queries, "a", first_work)
    await settle()
    others = [asking(queries, "a", wait_for_what_was_cancelled) for _ in range(2)]
    await settle()
    first_work.may_end.set()
    await first

    found = await asyncio.gather(*others, return_exceptions=True)
    assert [type(one) for one in found] == [RuntimeError] * 2
    assert queries._places == {}


@pytest.mark.usefixtures("patient")
async def test_a_shared_execution_runs_for_the_first_who_shares_it() -> None:
    queries, work = AlikeQueries(), Work()
    request: ContextVar[str] = ContextVar("request")

    async def name() -> str:
        return request.get()

    request.set("one")
    first = asking(queries, "a", work)
    await settle()
    request.set("two")
    second = asking(queries, "a", name)
    await settle()
    work.may_end.set()

    await first
    assert await second == "two"

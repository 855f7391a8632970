"""Work that many ask for at once is done once, and never before they have asked."""

import asyncio

import pytest

from seggraph.events.together import Together


class Work:
    """Counts its runs, each of which waits to be released."""

    def __init__(self) -> None:
        self.begun = 0
        self.release = asyncio.Event()

    async def run(self, key: str) -> str:
        self.begun += 1
        number = self.begun
        await self.release.wait()
        return f"{key}{number}"


async def begun() -> None:
    """Let tasks run up to what they wait for."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_thousand_who_ask_at_once_have_one_run() -> None:
    work = Work()
    work.release.set()
    together = Together(work.run)

    found = await asyncio.gather(*(together.ask("a") for _ in range(1_000)))

    assert set(found) == {"a1"}
    assert not together._running
    assert not together._next


async def test_who_asks_while_it_runs_waits_for_the_next_run() -> None:
    work = Work()
    together = Together(work.run)
    first = asyncio.create_task(together.ask("a"))
    await begun()
    later = [asyncio.create_task(together.ask("a")) for _ in range(3)]
    await begun()
    assert work.begun == 1

    work.release.set()

    assert await first == "a1"
    assert [await one for one in later] == ["a2"] * 3


async def test_keys_do_not_wait_for_each_other() -> None:
    work = Work()
    work.release.set()
    together = Together(work.run)

    assert sorted(await asyncio.gather(together.ask("a"), together.ask("b"))) == ["a1", "b2"]


async def test_an_error_is_that_of_all_who_asked_and_the_next_run_is_a_new_one() -> None:
    attempts = 0

    async def fail_once(key: str) -> str:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise ValueError(key)
        return key

    together = Together(fail_once)

    found = await asyncio.gather(together.ask("a"), together.ask("a"), return_exceptions=True)

    assert [type(one) for one in found] == [ValueError, ValueError]
    assert await together.ask("a") == "a"


async def test_one_who_leaves_does_not_end_it_for_the_others() -> None:
    work = Work()
    together = Together(work.run)
    leaving, staying = asyncio.create_task(together.ask("a")), asyncio.create_task(together.ask("a"))
    await begun()

    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    work.release.set()

    assert await staying == "a1"

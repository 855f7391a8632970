"""Ending tasks: a swallowed cancellation is repeated, and a cancelled caller still sees its work out."""

import asyncio
import gc

import pytest

from seggraph import tasks

PATIENCE_SECONDS = 30.0


async def swallow(cancellations: int, ended: list[str]) -> str:
    """Wait for ever, and end at the cancellation after so many."""
    for _ in range(cancellations):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("ended")
    return "never"


async def test_a_task_that_swallows_cancellations_is_cancelled_until_it_ends() -> None:
    ended: list[str] = []
    stubborn = asyncio.create_task(swallow(3, ended))
    ready = asyncio.create_task(asyncio.sleep(0))
    await ready

    async with asyncio.timeout(PATIENCE_SECONDS):
        await tasks.end([stubborn, ready], again_seconds=0.01)

    assert stubborn.cancelled()
    assert ended == ["ended"]
    assert not ready.cancelled()


async def test_a_task_is_given_time_between_two_cancellations() -> None:
    cleaned: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            cleaned.append("cleaned")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await tasks.end([task])

    assert cleaned == ["cleaned"]


async def test_what_an_ended_task_raised_is_not_reported_as_forgotten() -> None:
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))

    async def fail() -> None:
        raise ValueError("odd")

    await tasks.end([asyncio.create_task(fail())])
    failed = asyncio.create_task(fail())
    await asyncio.wait({failed})
    await tasks.end([failed])
    del failed
    gc.collect()

    assert reports == []


async def test_no_tasks_end_at_once() -> None:
    await tasks.end([])


async def test_a_cancelled_caller_sees_its_work_out() -> None:
    may_end = asyncio.Event()
    done: list[str] = []

    async def work() -> None:
        await may_end.wait()
        done.append("done")

    caller = asyncio.create_task(tasks.see_out(work()))
    await asyncio.sleep(0)
    for _ in range(2):
        caller.cancel()
        await asyncio.sleep(0)
    assert not caller.done()

    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await caller

    assert done == ["done"]


async def test_seeing_out_raises_what_the_work_raises() -> None:
    async def fail() -> None:
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        await tasks.see_out(fail())

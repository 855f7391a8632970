"""Lanes: each workspace has its own, with so many at work and so many waiting."""

import asyncio

import pytest

from seggraph.throttling import lanes as lanes_module
from seggraph.throttling.lanes import Lanes


@pytest.fixture(autouse=True)
def shared_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "SHARED_SECONDS", 86_400.0)


def shared(limit: int) -> Lanes:
    """The lanes of a process that two workspaces use."""
    lanes = Lanes(limit)
    for workspace_id in (8, 9):
        lanes.of(workspace_id).begin()
        lanes.of(workspace_id).end()
    return lanes


async def test_a_workspace_that_is_alone_has_no_bound() -> None:
    lanes = Lanes(1)
    lane = lanes.of(1)
    lane.begin()
    lane.begin()
    assert lane.is_free

    lanes.of(2).begin()
    assert not lane.is_free


async def test_no_more_than_the_limit_work_at_once_and_others_have_a_lane_of_their_own() -> None:
    lanes, at_work, most, go_on = shared(3), 0, 0, asyncio.Event()

    async def work() -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await go_on.wait()
        at_work -= 1

    running = [asyncio.create_task(lanes.of(1).run(work)) for _ in range(10)]
    await asyncio.sleep(0)
    assert at_work == 3

    assert not lanes.of(1).is_free
    assert lanes.of(2).is_free
    go_on.set()
    await asyncio.gather(*running)

    assert most == 3
    assert lanes.of(1).is_free


async def test_one_that_gives_up_while_it_waits_takes_no_place() -> None:
    lanes, go_on = shared(1), asyncio.Event()
    lane = lanes.of(1)
    first = asyncio.create_task(lane.run(go_on.wait))
    second = asyncio.create_task(lane.run(go_on.wait))
    third = asyncio.create_task(lane.run(go_on.wait))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    go_on.set()

    await asyncio.gather(first, third)

    assert lanes.of(1).is_free


async def test_one_that_is_called_and_given_up_at_once_passes_the_place_on() -> None:
    lanes = shared(1)
    lane = lanes.of(1)
    lane.begin()
    waiting = asyncio.create_task(lane.wait())
    last = asyncio.create_task(lane.wait())
    await asyncio.sleep(0)

    lane.end()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    await last


async def test_a_lane_is_too_long_when_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "MOST_WAITING", 2)
    lane = shared(1).of(1)
    lane.begin()
    waiting = [asyncio.create_task(lane.wait()) for _ in range(2)]
    await asyncio.sleep(0)

    assert lane.is_too_long
    lane.end()
    lane.end()
    await asyncio.gather(*waiting)
    assert not lane.is_too_long

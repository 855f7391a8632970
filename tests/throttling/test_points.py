"""Points: spent without waiting, shared by processes, and bounded without Redis too."""

import asyncio
from collections.abc import Callable

import pytest
from redis.asyncio import Redis

from seggraph.throttling import redis_calls
from seggraph.throttling.points import PORTIONS, Account, Points, Rate
from seggraph.throttling.redis_calls import RedisCalls
from tests.events.conftest import Server
from tests.product import PATIENCE_SECONDS

SLOW = Rate(per_second=1e-6, burst=1_000)
"""In the time of a test nothing comes back."""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - a condition of the code under test
            await asyncio.sleep(0.01)


async def spend_all(points: Points, account: Account, *, at_once: float = 10) -> float:
    """Spend until there is nothing left; returns how much it was."""
    spent = 0.0
    while True:
        if points.spend([account], at_once) is None:
            spent += at_once
            continue
        left = account.to_spend, account.left
        await asyncio.sleep(0.1)
        if (account.to_spend, account.left) == left and account.left < 1:
            return spent


async def test_what_is_saved_up_can_be_spent_and_no_more(redis: Redis) -> None:
    points = Points(RedisCalls(redis))
    account = points.account("one", SLOW)

    spent = await spend_all(points, account)

    assert SLOW.burst <= spent <= SLOW.burst + 20
    assert account.standing.remaining == 0
    assert account.wait_seconds >= 1
    await points.close()


async def test_processes_share_a_bucket(redis: Redis) -> None:
    processes = [Points(RedisCalls(redis)) for _ in range(4)]
    accounts = [process.account("shared", SLOW) for process in processes]

    spent = await asyncio.gather(*map(spend_all, processes, accounts))

    each_owes_at_most = 3 * SLOW.burst / PORTIONS + 10
    assert SLOW.burst <= sum(spent) <= SLOW.burst + len(processes) * each_owes_at_most
    for process in processes:
        await process.close()


async def test_an_operation_may_cost_more_than_is_left_and_is_paid_back(redis: Redis) -> None:
    points = Points(RedisCalls(redis))
    account = points.account("dear", SLOW)

    assert points.spend([account], SLOW.burst * 5) is None
    await until(lambda: account.left < 1)

    assert points.spend([account], 1) is account
    assert account.to_spend == pytest.approx(-4 * SLOW.burst, abs=1)
    await points.close()


async def test_points_come_back(redis: Redis) -> None:
    points = Points(RedisCalls(redis))
    account = points.account("back", Rate(per_second=1_000, burst=100))
    assert account in [points.spend([account], 10) for _ in range(20)]

    await until(lambda: points.spend([account], 10) is None)
    await points.close()


async def test_of_several_accounts_all_pay_or_none(redis: Redis) -> None:
    points = Points(RedisCalls(redis))
    rich, poor = points.account("rich", Rate(1e-6, 1e9)), points.account("poor", SLOW)
    await spend_all(points, poor)
    before = rich.to_spend

    assert points.spend([rich, poor], 10) is poor
    assert rich.to_spend == before
    await points.close()


async def test_one_portion_is_one_call(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = RedisCalls(redis)
    points, count = Points(calls), 0
    run = calls.run

    async def counting(*arguments: object) -> object:
        nonlocal count
        count += 1
        return await run(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(calls, "run", counting)
    account = points.account("counted", SLOW)

    for _ in range(int(SLOW.burst / 2)):
        assert points.spend([account], 1) is None
        await asyncio.sleep(0)
        await until(lambda: not account.is_filling)

    assert count <= 2 * PORTIONS
    await points.close()


async def test_while_redis_is_away_each_process_has_a_bucket_to_itself(
    own_redis: Redis, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_calls, "AWAY_SECONDS", 0.05)
    points = Points(RedisCalls(own_redis))
    account = points.account("away", SLOW)
    assert points.spend([account], 300) is None
    await until(lambda: not account.is_filling)
    server.kill()

    spent = await spend_all(points, account)

    assert 600 <= spent <= 720
    server.start()
    assert points.spend([account], 1) is account  # what is kept was kept
    await points.close()


async def test_without_redis_the_bucket_fills_again() -> None:
    points = Points(RedisCalls(None))
    account = points.account("alone", Rate(per_second=1_000, burst=100))
    assert account in [points.spend([account], 10) for _ in range(20)]

    await until(lambda: points.spend([account], 10) is None)
    await points.close()

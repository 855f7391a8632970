"""Places: bounded over processes, kept while their process lives, and bounded without Redis too."""

import asyncio
from collections.abc import Callable

import pytest
from redis.asyncio import Redis

from seggraph.throttling import places as places_module
from seggraph.throttling import redis_calls
from seggraph.throttling.places import Bound, Place, Places
from seggraph.throttling.redis_calls import RedisCalls
from tests.events.conftest import Server
from tests.product import PATIENCE_SECONDS


@pytest.fixture(autouse=True)
def spare_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places_module, "SPARED_SECONDS", 0.0)


async def take_until_full(places: Places, bound: Bound) -> list[Place]:
    taken: list[Place] = []
    while isinstance(place := await places.take([bound]), Place):
        taken.append(place)
    return taken


async def until_free(places: Places, bound: Bound) -> Place:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            place = await places.take([bound])
            if isinstance(place, Place):
                return place
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("limit", [1, 3, 50])
async def test_processes_together_have_no_more_than_the_limit(redis: Redis, limit: int) -> None:
    bound = Bound(f"together-{limit}", limit)
    processes = [Places(RedisCalls(redis)) for _ in range(3)]

    taken = await asyncio.gather(*(take_until_full(process, bound) for process in processes))

    count = sum(map(len, taken))
    # what one process holds in reserve another cannot take, but all of it can be used
    assert count <= limit
    for process in processes:
        await process.beat()
    rest = [await take_until_full(process, bound) for process in processes]
    assert count + sum(map(len, rest)) == limit
    for process in processes:
        await process.close()


async def test_a_place_that_was_left_is_free_for_another_process(redis: Redis) -> None:
    bound, one, other = Bound("left", 1), Places(RedisCalls(redis)), Places(RedisCalls(redis))
    place = await one.take([bound])
    assert isinstance(place, Place)
    assert await other.take([bound]) is bound

    place.leave()
    place.leave()

    (await until_free(other, bound)).leave()
    await one.close()
    await other.close()


async def test_many_at_once_ask_together(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = RedisCalls(redis)
    places, count, run = Places(calls), 0, calls.run

    async def counting(*arguments: object) -> object:
        nonlocal count
        count += 1
        return await run(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(calls, "run", counting)
    bound = Bound("many", 2_000)

    taken = await asyncio.gather(*(places.take([bound]) for _ in range(1_000)))

    assert all(isinstance(place, Place) for place in taken)
    assert count == 10
    await places.close()


async def test_the_places_of_a_process_that_died_are_free_again(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places_module, "HELD_SECONDS", 0.2)
    bound, dead, living = Bound("dead", 2), Places(RedisCalls(redis)), Places(RedisCalls(redis))
    assert len(await take_until_full(dead, bound)) == 2  # and it never says so again

    (await until_free(living, bound)).leave()
    await living.close()


async def test_places_are_kept_while_their_process_says_so(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound, one, other = Bound("kept", 1), Places(RedisCalls(redis)), Places(RedisCalls(redis))
    assert isinstance(await one.take([bound]), Place)
    await redis.execute_command(  # type: ignore[no-untyped-call]
        "HSET", "seggraph:places:kept", "somebody", "1:1"
    )  # whose time is over
    await one.beat()

    assert await other.take([bound]) is bound
    count = await redis.execute_command("HLEN", "seggraph:places:kept")  # type: ignore[no-untyped-call]
    assert count == 1
    await one.close()


async def test_the_first_bound_is_left_when_the_second_is_full(redis: Redis) -> None:
    places, key, workspace = Places(RedisCalls(redis)), Bound("both:1:key-1", 5), Bound("both:1", 1)
    first = await places.take([key, workspace])
    assert isinstance(first, Place)

    assert await places.take([key, workspace]) is workspace
    first.leave()
    (await until_free(places, workspace)).leave()
    assert len(await take_until_full(places, key)) == 5
    await places.close()


async def test_while_redis_is_away_a_process_is_bounded_by_itself(
    own_redis: Redis, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_calls, "AWAY_SECONDS", 0.05)
    bound, places = Bound("away", 4), Places(RedisCalls(own_redis))
    first = await places.take([bound])
    assert isinstance(first, Place)
    server.kill()

    taken = await take_until_full(places, bound)

    assert len(taken) == 3
    first.leave()
    await until_free(places, bound)
    server.start()
    await asyncio.sleep(0.06)
    await places.beat()
    other = Places(RedisCalls(own_redis))
    assert await other.take([bound]) is bound  # Redis knows again what is held
    await places.close()


async def test_a_taker_that_gives_up_keeps_nothing(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = RedisCalls(redis)
    places, first, second = Places(calls), Bound("gives-up:1", 1), Bound("gives-up", 1)
    run: Callable[..., object] = calls.run
    waiting = asyncio.Event()

    async def stuck(script: str, key: str, arguments: object) -> object:
        if key.endswith("gives-up"):
            waiting.set()
            await asyncio.Event().wait()
        return await run(script, key, arguments)  # type: ignore[misc]

    monkeypatch.setattr(calls, "run", stuck)
    taking = asyncio.create_task(places.take([first, second]))
    await waiting.wait()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking

    (await until_free(places, first)).leave()

"""One fact to many subscribers in one process: how much longer than to one.

Prints p50 and p99 from just before publishing until the last subscriber has the fact, in milliseconds, and the
ratio to the same with one subscriber. Needs a Redis of its own: `python bench/fanout.py redis://... [count]`.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime
from statistics import quantiles

from redis.asyncio import Redis

from seggraph.events.facts import ReachChanged
from seggraph.events.hub import Hub
from seggraph.events.stream import EventStream
from seggraph.vocabulary import ReachStatus

ROUNDS = 200


async def measure(url: str, count: int) -> list[float]:
    """Milliseconds of each round, with `count` subscribers."""
    async with Redis.from_url(url) as redis:
        stream = EventStream(redis)
        hub = Hub(stream)
        ends: list[float] = []
        taken = asyncio.Semaphore(0)

        async def consume() -> None:
            async with hub.subscribe(count) as subscription:
                taken.release()
                async for _ in subscription:
                    ends.append(time.perf_counter())
                    taken.release()

        async with hub.running(), asyncio.TaskGroup() as group:
            consumers = [group.create_task(consume()) for _ in range(count)]
            await _all(taken, count)
            await asyncio.sleep(0.5)
            rounds = [await _round(stream, count, taken, ends) for _ in range(ROUNDS)]
            for consumer in consumers:
                consumer.cancel()
        return rounds


async def _round(stream: EventStream, count: int, taken: asyncio.Semaphore, ends: list[float]) -> float:
    fact = ReachChanged(
        workspace_id=count, at=datetime.now(UTC), segment_id=1, revision=1, reach_status=ReachStatus.READY
    )
    ends.clear()
    start = time.perf_counter()
    await stream.publish([fact])
    await _all(taken, count)
    return (max(ends) - start) * 1000


async def _all(taken: asyncio.Semaphore, count: int) -> None:
    for _ in range(count):
        await taken.acquire()


def main() -> None:
    """Measure with one subscriber and with many, and print."""
    url, many = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    found = {count: quantiles(asyncio.run(measure(url, count)), n=100) for count in (1, many)}
    for count, percentiles in found.items():
        print(f"{count} subscribers: p50 {percentiles[49]:.2f} ms, p99 {percentiles[98]:.2f} ms")
    print(f"ratio: p50 {found[many][49] / found[1][49]:.1f}, p99 {found[many][98] / found[1][98]:.1f}")


if __name__ == "__main__":
    main()

"""Whatever the order of publishing, subscribing, taking and resuming: exactly the facts after the cursor."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from seggraph.events import cursors
from seggraph.events.cursors import Position
from seggraph.events.facts import ReachChanged
from seggraph.events.hub import Hub
from seggraph.events.stream import EventStream
from seggraph.events.subscriptions import Subscription
from tests.effort import tries
from tests.events.conftest import Server
from tests.events.consuming import take_facts, take_nothing
from tests.events.example_facts import reach


@dataclass
class Subscriber:
    """Someone who starts, goes and comes back, and what they have seen."""

    first: int
    subscription: Subscription
    stack: contextlib.AsyncExitStack
    after: Position | None = None
    seen: list[int] = field(default_factory=list)

    async def take(self, count: int) -> None:
        for delivery in await take_facts(self.subscription, count):
            assert isinstance(delivery.fact, ReachChanged)
            self.seen.append(delivery.fact.revision)
            self.after = cursors.decode(delivery.cursor)


PUBLISH = st.tuples(st.just("publish"), st.one_of(st.integers(1, 5), st.integers(90, 230)))
OTHER = st.tuples(
    st.sampled_from(["subscribe", "take", "take", "resume", "resume", "pause"]), st.integers(0, 999)
)


@given(steps=st.lists(st.one_of(PUBLISH, OTHER), min_size=4, max_size=24))
@settings(
    max_examples=tries(20, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_each_subscriber_sees_exactly_the_facts_after_its_cursor_in_order(
    shared_server: Server, new_workspace_id: Callable[[], int], steps: list[tuple[str, int]]
) -> None:
    asyncio.run(_play(shared_server, new_workspace_id(), steps))


async def _play(server: Server, workspace_id: int, steps: list[tuple[str, int]]) -> None:
    async with Redis(port=server.port) as redis, contextlib.AsyncExitStack() as stack:
        stream = EventStream(redis)
        hub = Hub(stream, queue_limit=10_000)
        await stack.enter_async_context(hub.running())
        subscribers: list[Subscriber] = []
        published = 0
        for step, number in steps:
            match step:
                case "publish":
                    facts = [
                        reach(workspace_id, revision) for revision in range(published, published + number)
                    ]
                    await stream.publish(facts)
                    published += number
                case "subscribe":
                    after = await stream.position(workspace_id)
                    subscribers.append(await _subscribe(hub, workspace_id, stack, published, after))
                case "pause":
                    await asyncio.sleep(number / 100_000)
                case _ if subscribers:
                    subscriber = subscribers[number % len(subscribers)]
                    left = published - subscriber.first - len(subscriber.seen)
                    await subscriber.take(number % (left + 1))
                    if step == "resume":
                        await _come_back(hub, workspace_id, subscriber)
        for subscriber in subscribers:
            await subscriber.take(published - subscriber.first - len(subscriber.seen))
            assert subscriber.seen == list(range(subscriber.first, published))
        for subscriber in subscribers:
            await take_nothing(subscriber.subscription, seconds=0.002)


async def _subscribe(
    hub: Hub, workspace_id: int, stack: contextlib.AsyncExitStack, first: int, after: Position
) -> Subscriber:
    own = await stack.enter_async_context(contextlib.AsyncExitStack())
    subscription = await own.enter_async_context(hub.subscribe(workspace_id, after=after))
    return Subscriber(first, subscription, own, after)


async def _come_back(hub: Hub, workspace_id: int, subscriber: Subscriber) -> None:
    """Go, with whatever still waited, and continue from the last cursor seen."""
    await subscriber.stack.aclose()
    subscriber.subscription = await subscriber.stack.enter_async_context(
        hub.subscribe(workspace_id, after=subscriber.after)
    )

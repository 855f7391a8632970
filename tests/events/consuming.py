"""Taking from a subscription with a time limit."""

import asyncio

from seggraph.events.mailboxes import Delivery, Resync
from seggraph.events.subscriptions import Subscription


async def take(subscription: Subscription, count: int) -> list[Delivery | Resync]:
    async with asyncio.timeout(120):
        return [await anext(subscription) for _ in range(count)]


async def take_facts(subscription: Subscription, count: int) -> list[Delivery]:
    taken = await take(subscription, count)
    assert not [item for item in taken if isinstance(item, Resync)]
    return [item for item in taken if isinstance(item, Delivery)]


async def take_resync(subscription: Subscription) -> Resync:
    [item] = await take(subscription, 1)
    assert isinstance(item, Resync), item
    return item


async def take_nothing(subscription: Subscription, *, seconds: float = 0.1) -> None:
    try:
        async with asyncio.timeout(seconds):
            item = await anext(subscription)
    except TimeoutError:
        return
    raise AssertionError(f"{item} was delivered")

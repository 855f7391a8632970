import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from seggraph.database.connections import connect_redis
from seggraph.errors import RetryLater
from seggraph.events import cursors
from seggraph.events.cursors import Position
from seggraph.events.facts import Fact
from seggraph.events.hub import Hub
from seggraph.events.mailboxes import Delivery, Resync
from seggraph.events.stream import EventStream, ResyncReason
from seggraph.events.subscriptions import Channel, Subscription, delivery_of
from tests.events.conftest import Server
from tests.events.consuming import take, take_facts, take_nothing, take_resync
from tests.events.example_facts import entered, reach


@pytest.fixture
async def hub(stream: EventStream) -> AsyncIterator[Hub]:
    hub = Hub(stream, check_seconds=0.2)
    async with hub.running():
        yield hub


def _facts(deliveries: list[Delivery]) -> list[Fact]:
    return [delivery.fact for delivery in deliveries]


async def test_what_happens_after_a_position_is_delivered_once_and_in_order(
    hub: Hub, stream: EventStream, workspace_id: int
) -> None:
    await stream.publish([reach(workspace_id, 0)])
    before = await stream.position(workspace_id)
    await stream.publish([reach(workspace_id, 1), reach(workspace_id, 2)])

    async with hub.subscribe(workspace_id, after=before) as subscription:
        missed = await take_facts(subscription, 2)
        await stream.publish([reach(workspace_id, 3), reach(workspace_id, 4)])
        live = await take_facts(subscription, 2)
        await take_nothing(subscription)

    assert _facts(missed + live) == [reach(workspace_id, revision) for revision in range(1, 5)]


async def test_without_a_position_it_begins_now(hub: Hub, stream: EventStream, workspace_id: int) -> None:
    await stream.publish([reach(workspace_id, 1)])

    async with hub.subscribe(workspace_id) as subscription:
        await stream.publish([reach(workspace_id, 2)])
        deliveries = await take_facts(subscription, 1)
        await take_nothing(subscription)

    assert _facts(deliveries) == [reach(workspace_id, 2)]


async def test_every_cursor_continues_without_a_gap(hub: Hub, stream: EventStream, workspace_id: int) -> None:
    async with hub.subscribe(workspace_id) as subscription:
        await stream.publish([reach(workspace_id, revision) for revision in range(5)])
        deliveries = await take_facts(subscription, 5)

    for seen, delivery in enumerate(deliveries, start=1):
        async with hub.subscribe(workspace_id, after=cursors.decode(delivery.cursor)) as resumed:
            assert await take_facts(resumed, 5 - seen) == deliveries[seen:]
            await take_nothing(resumed, seconds=0.02)


async def test_only_what_is_wanted_is_delivered(hub: Hub, stream: EventStream, workspace_id: int) -> None:
    async with (
        hub.subscribe(workspace_id, wants=lambda fact: fact.subject_id == 8) as wants_eight,
        hub.subscribe(workspace_id) as wants_all,
    ):
        facts = [reach(workspace_id, revision, segment_id=7 + revision % 2) for revision in range(6)]
        await stream.publish(facts)

        assert _facts(await take_facts(wants_all, 6)) == facts
        assert _facts(await take_facts(wants_eight, 3)) == facts[1::2]
        await take_nothing(wants_eight)


async def test_a_trimmed_position_says_resync_and_goes_on(
    hub: Hub, stream: EventStream, workspace_id: int
) -> None:
    short = EventStream(stream._redis, max_length=100)
    before = await short.position(workspace_id)
    await short.publish([reach(workspace_id, revision) for revision in range(500)])

    async with hub.subscribe(workspace_id, after=before) as subscription:
        resync = await take_resync(subscription)
        await stream.publish([reach(workspace_id, 500)])
        deliveries = await take_facts(subscription, 1)

    assert resync.reason is ResyncReason.TRIMMED
    assert cursors.decode(resync.cursor).epoch == before.epoch
    assert _facts(deliveries) == [reach(workspace_id, 500)]


async def test_what_the_reader_brings_later_than_the_subscriber_pulled_it_is_skipped(
    stream: EventStream, workspace_id: int
) -> None:
    before = await stream.position(workspace_id)
    await stream.publish([reach(workspace_id, 1), reach(workspace_id, 2)])
    channel = Channel(before)
    subscription = Subscription(
        stream, workspace_id, channel, before, wants=lambda fact: True, queue_limit=256
    )
    assert _facts(await take_facts(subscription, 2)) == [reach(workspace_id, 1), reach(workspace_id, 2)]
    assert subscription in channel.fed

    await stream.publish([reach(workspace_id, 3)])
    for entry in await stream.wait({workspace_id: before}, seconds=1):
        subscription.offer(entry, delivery_of(entry))

    assert subscription.waiting == 1
    assert _facts(await take_facts(subscription, 1)) == [reach(workspace_id, 3)]


@pytest.mark.parametrize("entry", [(1, 0), (2**50, 0)])
async def test_an_invented_cursor_says_resync_and_disturbs_nobody(
    hub: Hub, stream: EventStream, workspace_id: int, entry: tuple[int, int]
) -> None:
    position = await stream.position(workspace_id)
    async with (
        hub.subscribe(workspace_id, after=Position(position.epoch, entry)) as invented,
        hub.subscribe(workspace_id) as honest,
    ):
        assert isinstance(await take_resync(invented), Resync)
        await stream.publish([reach(workspace_id, 1)])
        assert _facts(await take_facts(invented, 1)) == [reach(workspace_id, 1)]
        assert _facts(await take_facts(honest, 1)) == [reach(workspace_id, 1)]


async def test_a_stream_that_vanished_quietly_is_noticed(
    hub: Hub, stream: EventStream, workspace_id: int
) -> None:
    async with hub.subscribe(workspace_id) as subscription:
        await stream.publish([reach(workspace_id, 1)])
        [before] = await take_facts(subscription, 1)
        await stream._redis.delete(f"seggraph:{workspace_id}:events")

        resync = await take_resync(subscription)
        await stream.publish([reach(workspace_id, 2)])
        after = await take_facts(subscription, 1)
        await take_nothing(subscription, seconds=0.5)

    assert resync.reason is ResyncReason.LOST
    assert cursors.decode(resync.cursor).epoch != cursors.decode(before.cursor).epoch
    assert _facts(after) == [reach(workspace_id, 2)]


async def test_entries_that_a_crash_forgot_end_the_epoch_for_everyone(
    hub: Hub, stream: EventStream, workspace_id: int
) -> None:
    async with hub.subscribe(workspace_id) as subscription:
        await stream.publish([reach(workspace_id, 1), reach(workspace_id, 2)])
        [older, last] = await take_facts(subscription, 2)
        forgotten = cursors.decode(last.cursor).entry_id
        await stream._redis.xdel(f"seggraph:{workspace_id}:events", forgotten)

        assert (await take_resync(subscription)).reason is ResyncReason.LOST

    async with hub.subscribe(workspace_id, after=cursors.decode(older.cursor)) as resumed:
        assert (await take_resync(resumed)).reason is ResyncReason.LOST


async def test_two_workspaces_never_mix(
    hub: Hub, stream: EventStream, new_workspace_id: Callable[[], int]
) -> None:
    one, other = new_workspace_id(), new_workspace_id()
    async with hub.subscribe(one) as of_one, hub.subscribe(other) as of_other:
        for revision in range(20):
            await stream.publish([reach(one, revision), reach(other, 100 + revision)])

        assert _facts(await take_facts(of_one, 20)) == [reach(one, revision) for revision in range(20)]
        assert _facts(await take_facts(of_other, 20)) == [reach(other, 100 + n) for n in range(20)]
        await take_nothing(of_one, seconds=0.05)
        await take_nothing(of_other, seconds=0.05)


async def test_five_hundred_subscribers_each_get_all_and_only_theirs(
    hub: Hub, stream: EventStream, new_workspace_id: Callable[[], int]
) -> None:
    workspace_ids = [new_workspace_id() for _ in range(5)]

    async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        reading = []
        for number in range(500):
            subscription = await stack.enter_async_context(hub.subscribe(workspace_ids[number % 5]))
            reading.append(group.create_task(take_facts(subscription, 50)))
        for revision in range(50):
            await stream.publish([reach(workspace_id, revision) for workspace_id in workspace_ids])
        received = [await task for task in reading]

    for number, deliveries in enumerate(received):
        workspace_id = workspace_ids[number % 5]
        assert _facts(deliveries) == [reach(workspace_id, revision) for revision in range(50)]


async def test_a_slow_consumer_gets_the_last_state_of_each_subject(
    hub: Hub, stream: EventStream, workspace_id: int
) -> None:
    async with hub.subscribe(workspace_id) as slow, hub.subscribe(workspace_id) as quick:
        await stream.publish([reach(workspace_id, 0)])
        await take_facts(slow, 1)
        most = 0
        for revision in range(1, 1001):
            await stream.publish([reach(workspace_id, revision, segment_id=revision % 10)])
            await take_facts(quick, 1 + (revision == 1))
            most = max(most, slow.waiting)
        async with asyncio.timeout(120):
            items = await take(slow, slow.waiting)

    facts = [item.fact for item in items if isinstance(item, Delivery)]
    assert len(facts) == len(items)
    assert most == 256
    assert facts[-10:] == [reach(workspace_id, 991 + n, segment_id=(991 + n) % 10) for n in range(10)]
    assert items[-1].cursor > items[0].cursor


async def test_a_consumer_too_slow_for_that_gets_one_resync(
    hub: Hub, stream: EventStream, workspace_id: int
) -> None:
    async with hub.subscribe(workspace_id) as slow, hub.subscribe(workspace_id) as quick:
        await stream.publish([reach(workspace_id, 0)])
        await take_facts(slow, 1)
        await take_facts(quick, 1)
        for segment_id in range(1, 301):
            await stream.publish([reach(workspace_id, 1, segment_id=segment_id)])
            await take_facts(quick, 1)
            assert slow.waiting <= 256
        items = await take(slow, slow.waiting)
        await stream.publish([reach(workspace_id, 2)])
        [live] = await take_facts(slow, 1)

    assert isinstance(items[0], Resync)
    assert items[0].reason is ResyncReason.SLOW_CONSUMER
    facts = [item.fact for item in items[1:] if isinstance(item, Delivery)]
    assert facts == [reach(workspace_id, 1, segment_id=segment_id) for segment_id in range(258, 301)]
    assert live.fact == reach(workspace_id, 2)


async def test_a_slow_consumer_loses_no_count(hub: Hub, stream: EventStream, workspace_id: int) -> None:
    async with hub.subscribe(workspace_id) as slow, hub.subscribe(workspace_id) as quick:
        await stream.publish([reach(workspace_id, 0)])
        await take_facts(slow, 1)
        await take_facts(quick, 1)
        for revision in range(1, 501):
            await stream.publish([entered(workspace_id, revision, 2)])
            await take_facts(quick, 1)
        items = await take(slow, slow.waiting)

    assert sum(item.fact.entered for item in items if isinstance(item, Delivery)) == 1000  # type: ignore[attr-defined]
    assert len(items) < 256


async def test_a_server_restarted_with_its_data_continues(server: Server, workspace_id: int) -> None:
    async with _hub_of(server) as (hub, stream):
        async with hub.subscribe(workspace_id) as subscription:
            await stream.publish([reach(workspace_id, 1)])
            [before] = await take_facts(subscription, 1)
            server.kill()
            server.start()
            await stream.publish([reach(workspace_id, 2), reach(workspace_id, 3)])
            after = await take_facts(subscription, 2)
            await take_nothing(subscription, seconds=0.5)
        async with hub.subscribe(workspace_id, after=cursors.decode(before.cursor)) as resumed:
            assert await take_facts(resumed, 2) == after

    assert _facts(after) == [reach(workspace_id, 2), reach(workspace_id, 3)]


async def test_a_server_restarted_empty_says_resync_once(server: Server, workspace_id: int) -> None:
    async with _hub_of(server, check_seconds=30) as (hub, stream):
        async with hub.subscribe(workspace_id) as first, hub.subscribe(workspace_id) as second:
            await stream.publish([reach(workspace_id, 1)])
            [before] = await take_facts(first, 1)
            await take_facts(second, 1)
            server.kill()
            server.wipe()
            server.start()
            resyncs = [await take_resync(first), await take_resync(second)]
            await stream.publish([reach(workspace_id, 2)])
            live = await take_facts(first, 1) + await take_facts(second, 1)
            await take_nothing(first, seconds=0.5)
        async with hub.subscribe(workspace_id, after=cursors.decode(before.cursor)) as stale:
            assert (await take_resync(stale)).reason is ResyncReason.LOST

    assert {resync.reason for resync in resyncs} == {ResyncReason.LOST}
    assert _facts(live) == [reach(workspace_id, 2)] * 2
    assert cursors.decode(live[0].cursor).epoch != cursors.decode(before.cursor).epoch


async def test_what_could_not_be_published_while_the_server_was_away_says_resync(
    server: Server, workspace_id: int
) -> None:
    async with _hub_of(server) as (hub, stream), hub.subscribe(workspace_id) as subscription:
        await stream.publish([reach(workspace_id, 1)])
        await take_facts(subscription, 1)
        server.kill()
        await stream.publish([reach(workspace_id, 2)])
        await asyncio.sleep(0.2)
        server.start()

        assert (await take_resync(subscription)).reason is ResyncReason.LOST
        await take_nothing(subscription, seconds=0.5)
        await stream.publish([reach(workspace_id, 3)])
        assert _facts(await take_facts(subscription, 1)) == [reach(workspace_id, 3)]


async def test_a_subscriber_who_still_catches_up_survives_an_outage(
    server: Server, workspace_id: int
) -> None:
    async with _hub_of(server) as (hub, stream):
        before = await stream.position(workspace_id)
        facts = [reach(workspace_id, revision) for revision in range(250)]
        await stream.publish(facts)
        async with hub.subscribe(workspace_id, after=before) as subscription:
            start = await take_facts(subscription, 1)
            server.kill()
            rest = asyncio.create_task(take_facts(subscription, 249))
            await asyncio.sleep(0.2)
            server.start()
            assert _facts(start + await rest) == facts


async def test_subscribing_while_the_server_is_away_says_so(server: Server, workspace_id: int) -> None:
    async with _hub_of(server) as (hub, _):
        server.kill()
        with pytest.raises(RetryLater):
            async with hub.subscribe(workspace_id):
                raise AssertionError("subscribed")


async def test_a_filter_that_fails_ends_only_its_own_subscription(
    hub: Hub, stream: EventStream, workspace_id: int
) -> None:
    def fails(fact: Fact) -> bool:
        raise LookupError("a defect")

    async with hub.subscribe(workspace_id, wants=fails) as broken, hub.subscribe(workspace_id) as sound:
        await take_nothing(broken, seconds=0.05)
        await stream.publish([reach(workspace_id, 1)])

        assert _facts(await take_facts(sound, 1)) == [reach(workspace_id, 1)]
        with pytest.raises(LookupError, match="a defect"):
            await take(broken, 1)
        await stream.publish([reach(workspace_id, 2)])
        assert _facts(await take_facts(sound, 1)) == [reach(workspace_id, 2)]


async def test_when_the_hub_stops_subscriptions_end_and_no_task_stays(
    stream: EventStream, workspace_id: int
) -> None:
    hub = Hub(stream)
    before = asyncio.all_tasks()
    subscribed, received = asyncio.Event(), asyncio.Queue[Delivery | Resync]()

    async def consume() -> None:
        async with hub.subscribe(workspace_id) as subscription:
            subscribed.set()
            async for item in subscription:
                await received.put(item)

    async with hub.running():
        consuming = asyncio.create_task(consume())
        await subscribed.wait()
        await stream.publish([reach(workspace_id, 1)])
        assert isinstance(await received.get(), Delivery)
    await consuming

    assert received.empty()
    assert asyncio.all_tasks() == before
    with pytest.raises(RetryLater, match="ending"):
        async with hub.subscribe(workspace_id):
            raise AssertionError("subscribed")


@pytest.mark.parametrize("seconds", [0.0, 0.002, 0.004, 0.006, 0.01, 0.02, 0.05])
async def test_a_cancelled_consumer_leaves_nothing_behind(
    hub: Hub, workspace_id: int, seconds: float
) -> None:
    async def consume() -> None:
        async with hub.subscribe(workspace_id) as subscription:
            await take(subscription, 1)

    consumers = [asyncio.create_task(consume()) for _ in range(20)]
    await asyncio.sleep(seconds)
    for consumer in consumers:
        consumer.cancel()
    ends = await asyncio.gather(*consumers, return_exceptions=True)

    assert [type(end) for end in ends] == [asyncio.CancelledError] * 20
    assert hub._channels == {}


def test_a_queue_shorter_than_a_page_is_refused(stream: EventStream) -> None:
    with pytest.raises(ValueError, match="at least 100"):
        Hub(stream, queue_limit=99)


@contextlib.asynccontextmanager
async def _hub_of(server: Server, *, check_seconds: float = 0.2) -> AsyncIterator[tuple[Hub, EventStream]]:
    async with connect_redis(f"redis://127.0.0.1:{server.port}") as client:
        stream = EventStream(client)
        hub = Hub(stream, check_seconds=check_seconds)
        async with hub.running():
            yield hub, stream

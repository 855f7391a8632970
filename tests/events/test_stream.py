import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from seggraph.errors import ErrorCode, RetryLater
from seggraph.events.cursors import Position
from seggraph.events.facts import Fact
from seggraph.events.stream import PAGE_SIZE, Entry, EventStream, ResyncReason
from tests.events.conftest import Server
from tests.events.example_facts import reach


async def _read(stream: EventStream, workspace_id: int, after: Position) -> list[Entry]:
    found = await stream.read(workspace_id, after)
    assert not isinstance(found, ResyncReason), found
    return found


def _facts(entries: list[Entry]) -> list[Fact]:
    return [entry.fact for entry in entries if entry.fact is not None]


async def test_what_is_published_after_a_position_is_read_in_order(
    stream: EventStream, workspace_id: int
) -> None:
    before = await stream.position(workspace_id)
    facts = [reach(workspace_id, revision) for revision in range(3)]

    await stream.publish(facts)

    entries = await _read(stream, workspace_id, before)
    assert _facts(entries) == facts
    assert {entry.position.epoch for entry in entries} == {before.epoch}
    assert await stream.position(workspace_id) == entries[-1].position
    assert await _read(stream, workspace_id, entries[1].position) == entries[2:]
    assert await _read(stream, workspace_id, entries[2].position) == []


async def test_a_position_of_a_new_stream_stays(stream: EventStream, workspace_id: int) -> None:
    first = await stream.position(workspace_id)

    assert await stream.position(workspace_id) == first


async def test_publishing_first_begins_an_epoch_too(stream: EventStream, workspace_id: int) -> None:
    await stream.publish([reach(workspace_id, 1)])

    position = await stream.position(workspace_id)
    assert await _read(stream, workspace_id, position) == []


async def test_one_batch_for_two_workspaces_is_told_apart(
    stream: EventStream, new_workspace_id: Callable[[], int]
) -> None:
    one, other = new_workspace_id(), new_workspace_id()
    start = {one: await stream.position(one), other: await stream.position(other)}

    await stream.publish([reach(one, 1), reach(other, 2), reach(one, 3)])

    assert _facts(await _read(stream, one, start[one])) == [reach(one, 1), reach(one, 3)]
    assert _facts(await _read(stream, other, start[other])) == [reach(other, 2)]
    waited = await stream.wait(start, seconds=1)
    assert [entry.fact for entry in waited if entry.workspace_id == one] == [reach(one, 1), reach(one, 3)]
    assert [entry.fact for entry in waited if entry.workspace_id == other] == [reach(other, 2)]


async def test_nothing_to_publish_touches_nothing(
    stream: EventStream, redis: Redis, workspace_id: int
) -> None:
    await stream.publish([])

    assert await redis.exists(f"seggraph:{workspace_id}:events") == 0


async def test_a_long_stream_is_read_page_by_page(stream: EventStream, workspace_id: int) -> None:
    position = await stream.position(workspace_id)
    await stream.publish([reach(workspace_id, revision) for revision in range(1100)])

    revisions: list[int] = []
    while page := await _read(stream, workspace_id, position):
        assert len(page) <= PAGE_SIZE
        revisions += [fact.revision for fact in _facts(page) if hasattr(fact, "revision")]
        position = page[-1].position

    assert revisions == list(range(1100))


async def test_a_stream_is_bounded_and_what_was_trimmed_cannot_be_continued(
    redis: Redis, workspace_id: int
) -> None:
    stream = EventStream(redis, max_length=100)
    before = await stream.position(workspace_id)

    await stream.publish([reach(workspace_id, revision) for revision in range(1000)])

    assert await redis.xlen(f"seggraph:{workspace_id}:events") <= 200
    assert await stream.read(workspace_id, before) is ResyncReason.TRIMMED
    assert await stream.gaps({workspace_id: before}) == {workspace_id: ResyncReason.TRIMMED}
    assert await stream.gaps({workspace_id: await stream.position(workspace_id)}) == {}


async def test_a_stream_that_vanished_begins_another_epoch(
    stream: EventStream, redis: Redis, workspace_id: int
) -> None:
    before = await stream.position(workspace_id)
    await redis.delete(f"seggraph:{workspace_id}:events")

    assert await stream.read(workspace_id, before) is ResyncReason.LOST
    await stream.publish([reach(workspace_id, 1)])

    after = await stream.position(workspace_id)
    assert after.epoch != before.epoch
    assert await stream.read(workspace_id, before) is ResyncReason.LOST
    assert await stream.gaps({workspace_id: before}) == {workspace_id: ResyncReason.LOST}


async def test_entries_that_a_crash_forgot_cannot_be_continued_from(
    stream: EventStream, redis: Redis, workspace_id: int
) -> None:
    await stream.publish([reach(workspace_id, 1), reach(workspace_id, 2)])
    forgotten = await stream.position(workspace_id)
    await redis.xdel(f"seggraph:{workspace_id}:events", forgotten.entry_id)

    assert await stream.read(workspace_id, forgotten) is ResyncReason.LOST
    await stream.publish([reach(workspace_id, 3)])
    assert await stream.read(workspace_id, forgotten) is ResyncReason.LOST


async def test_a_position_that_never_was_is_not_continued_from(
    stream: EventStream, workspace_id: int
) -> None:
    position = await stream.position(workspace_id)

    invented = Position(position.epoch, (position.entry[0] + 10_000, 0))

    assert await stream.read(workspace_id, invented) is ResyncReason.LOST


async def test_an_epoch_is_ended_only_if_it_is_the_one_meant(stream: EventStream, workspace_id: int) -> None:
    first = await stream.position(workspace_id)

    second = await stream.begin_epoch(workspace_id, instead_of=first.epoch)
    same = await stream.begin_epoch(workspace_id, instead_of=first.epoch)

    assert second.epoch != first.epoch
    assert same == second


async def test_a_stream_lives_three_days_after_its_last_fact(
    stream: EventStream, redis: Redis, workspace_id: int
) -> None:
    await stream.publish([reach(workspace_id, 1)])

    assert 259_190 <= await redis.ttl(f"seggraph:{workspace_id}:events") <= 259_200


async def test_a_payload_of_a_newer_version_is_skipped(
    stream: EventStream, redis: Redis, workspace_id: int
) -> None:
    before = await stream.position(workspace_id)
    newer = b'{"t": "HappenedInTheFuture", "v": 1, "d": {}}'
    await redis.xadd(f"seggraph:{workspace_id}:events", {"e": before.epoch, "f": newer})
    await stream.publish([reach(workspace_id, 2)])

    entries = await _read(stream, workspace_id, before)

    assert [entry.fact for entry in entries] == [None, reach(workspace_id, 2)]


async def test_waiting_gives_nothing_when_nothing_comes(stream: EventStream, workspace_id: int) -> None:
    position = await stream.position(workspace_id)

    assert await stream.wait({workspace_id: position}, seconds=0.02) == []


async def test_a_fact_that_could_not_be_published_ends_the_epoch(
    server: Server, own_redis: Redis, workspace_id: int
) -> None:
    stream = EventStream(own_redis)
    other_id = workspace_id + 1_000_000
    before = await stream.position(workspace_id)
    other = await stream.position(other_id)
    server.kill()

    await stream.publish([reach(workspace_id, 1)])
    with pytest.raises(RetryLater) as away:
        await stream.settle()
    server.start()
    await stream.settle()

    assert away.value.code is ErrorCode.RETRY_LATER
    assert (await stream.position(workspace_id)).epoch != before.epoch
    assert await stream.position(other_id) == other
    settled = await stream.position(workspace_id)
    await stream.settle()
    assert await stream.position(workspace_id) == settled


async def test_the_next_publication_settles_it_too(
    server: Server, own_redis: Redis, workspace_id: int
) -> None:
    stream = EventStream(own_redis)
    before = await stream.position(workspace_id)
    server.kill()
    await stream.publish([reach(workspace_id, 1)])
    server.start()

    await stream.publish([reach(workspace_id, 2)])
    await stream.publish([reach(workspace_id, 3)])

    found = await stream.wait({workspace_id: before}, seconds=1)
    assert [entry.fact for entry in found] == [None, reach(workspace_id, 2), reach(workspace_id, 3)]
    assert before.epoch not in {entry.position.epoch for entry in found}
    assert len({entry.position.epoch for entry in found}) == 1


async def test_what_is_sent_again_after_a_lost_answer_is_appended_once(
    stream: EventStream, workspace_id: int
) -> None:
    before = await stream.position(workspace_id)
    send_once = stream._evaluate_once
    sent = 0

    async def answer_is_lost(scripts: Sequence[tuple[Any, ...]]) -> list[Any]:
        nonlocal sent
        sent += 1
        answer = await send_once(scripts)
        if sent == 1:
            raise RedisConnectionError("the answer is lost")
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "_evaluate_once", answer_is_lost)
        await stream.publish([reach(workspace_id, 1), reach(workspace_id, 2)])
    await stream.settle()

    assert sent == 2
    entries = await _read(stream, workspace_id, before)
    assert [entry.fact for entry in entries] == [reach(workspace_id, 1), reach(workspace_id, 2)]
    assert entries[-1].position.epoch == before.epoch


async def test_a_publication_that_is_cancelled_counts_as_not_published(
    stream: EventStream, workspace_id: int
) -> None:
    before = await stream.position(workspace_id)
    publishing = asyncio.create_task(stream.publish([reach(workspace_id, 1)]))
    await asyncio.sleep(0)
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing

    await stream.settle()

    assert (await stream.position(workspace_id)).epoch != before.epoch


async def test_a_server_that_does_not_answer_in_time_is_away(
    redis: Redis, shared_server: Server, workspace_id: int
) -> None:
    stream = EventStream(redis, command_seconds=0.05)
    await redis.client_pause(60_000, all=False)  # scripts wait, and what ends the pause does not
    try:
        with pytest.raises(RetryLater):
            await stream.position(workspace_id)
    finally:
        await redis.client_unpause()

"""Events: idempotent, in any order, all at once; and totals that are always those of the events that are there."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import from_bytes
from seggraph.context import Context
from seggraph.database.unit_of_work import begin
from seggraph.errors import ErrorCode
from seggraph.services.events import events
from tests.services.recording import ACCOUNT, NOW, PERSON, Row, assert_consistent, event, record, store, total


async def test_events_are_recorded_counted_and_the_member_is_marked(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    await connection.execute("DELETE FROM dirty_batches")

    counts = await record(
        context,
        ann,
        event(value=Decimal("19.90"), properties={"channel": "web"}, externalId="o-1"),
        event(value=Decimal("5"), occurredAt=NOW - timedelta(days=40)),
        event(occurredAt=NOW),
        event(name="page_view"),
    )

    assert counts == (4, 0)
    assert await total(connection) == (3, 2, Decimal("24.90"), NOW - timedelta(days=40), NOW)
    assert await total(connection, "page_view") == (1, 0, 0, NOW - timedelta(days=1), NOW - timedelta(days=1))
    [batch] = await connection.fetch("SELECT kind, ordinals, changed FROM dirty_batches")
    assert (batch["kind"], from_bytes(batch["ordinals"])) == (PERSON, BitMap([0]))
    assert batch["changed"] == ["event:order", "event:page_view"]
    await assert_consistent(connection)


async def test_the_same_again_changes_nothing_and_marks_nobody(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    row = event(value=Decimal("19.90"), properties={"a": 1, "b": [2]}, externalId="o-1")
    assert await record(context, ann, row, row) == (1, 1)
    await connection.execute("DELETE FROM dirty_batches")
    before = await connection.fetch("SELECT * FROM events")

    again = row | {"value": Decimal("19.9000"), "properties": {"b": [2], "a": 1}}
    assert await record(context, ann, again) == (0, 1)

    assert await connection.fetch("SELECT * FROM events") == before
    assert await connection.fetchval("SELECT count(*) FROM dirty_batches") == 0
    await assert_consistent(connection)


@pytest.mark.parametrize(
    "correction",
    [
        {"value": Decimal("7")},
        {"value": None},
        {"properties": {"refunded": True}},
        {"occurredAt": NOW - timedelta(days=400)},
        {"name": "refund"},
        {"kind": ACCOUNT},
    ],
    ids=lambda correction: next(iter(correction)),
)
async def test_other_content_under_the_same_external_id_replaces_the_event(
    context: Context, connection: asyncpg.Connection, ann: Viewer, correction: Row
) -> None:
    row = event(value=Decimal("19.90"), externalId="o-1")
    other = event(value=Decimal("1"), occurredAt=NOW - timedelta(days=3))
    await record(context, ann, row, other)

    assert await record(context, ann, row | correction) == (1, 0)

    stored = await connection.fetch("SELECT kind, name, occurred_at, value FROM events ORDER BY external_id")
    corrected = row | correction
    expected = (corrected["kind"], corrected["name"], corrected["occurredAt"], corrected["value"])
    assert [tuple(one) for one in stored] == [expected, (PERSON, "order", other["occurredAt"], Decimal("1"))]
    await assert_consistent(connection)
    changed = await connection.fetchval("SELECT changed FROM dirty_batches ORDER BY id DESC LIMIT 1")
    assert set(changed) == {"event:order", f"event:{corrected['name']}"} or corrected["kind"] is ACCOUNT


async def test_of_rows_with_one_external_id_the_last_counts(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    rows = [event(value=Decimal(amount), externalId="o-1") for amount in (1, 2, 3)]

    assert await record(context, ann, *rows) == (1, 2)
    assert await record(context, ann, rows[0], rows[2]) == (0, 2)

    assert (await total(connection) or ())[:3] == (1, 1, Decimal(3))


async def test_deleting_takes_events_out_of_the_totals(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    days = (1, 50, 100)
    rows = [
        event(value=Decimal(day), occurredAt=NOW - timedelta(days=day), externalId=f"o-{day}") for day in days
    ]
    await record(context, ann, *rows)

    report = await events.delete(context, ann, ["o-100", "o-7", "o-100"])

    assert (report.deleted, report.not_found) == (1, ["o-7"])
    assert await total(connection) == (2, 2, 51, NOW - timedelta(days=50), NOW - timedelta(days=1))
    await events.delete(context, ann, ["o-1"])
    assert await total(connection) == (1, 1, 50, NOW - timedelta(days=50), NOW - timedelta(days=50))
    await events.delete(context, ann, ["o-50"])
    assert await total(connection) is None
    await assert_consistent(connection)

    # and what was deleted can come again
    assert await record(context, ann, *rows) == (3, 0)


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_batching_repetition_and_deletion_ends_with_the_right_totals(
    context: Context, connection: asyncpg.Connection, viewer: Viewer, seed: int
) -> None:
    # given versions of events, of which the last of each external id counts, and events without one
    random = Random(seed)
    await store(context, viewer, PERSON, *(f"p{number}" for number in range(4)))
    await store(context, viewer, ACCOUNT, *(f"p{number}" for number in range(4)))
    pushed = [_random_event(random) for _ in range(random.randrange(50, 200))]
    expected: dict[str, Row] = {}
    loose: list[Row] = []

    # when they come in batches, some of them twice, with deletions in between
    position = 0
    while position < len(pushed):
        batch = pushed[position : position + random.randrange(1, 40)]
        position += len(batch)
        accepted, duplicates = await record(context, viewer, *batch)
        assert accepted + duplicates == len(batch)
        keyed = [row for row in batch if row["externalId"] is not None]
        loose += [row for row in batch if row["externalId"] is None]
        expected |= {row["externalId"]: row for row in keyed}
        if keyed and random.random() < 0.5:
            latest = {row["externalId"]: row for row in keyed}
            assert await record(context, viewer, *latest.values()) == (0, len(latest))
        if random.random() < 0.4:
            gone = random.sample([f"e{number}" for number in range(60)], 10)
            report = await events.delete(context, viewer, gone)
            assert report.not_found == [one for one in gone if one not in expected]
            expected = {key: row for key, row in expected.items() if key not in gone}

    # then the events are those, and the totals are theirs
    stored = await connection.fetch(
        "SELECT e.kind, m.external_id, e.name, e.occurred_at, e.value, e.external_id FROM events e"
        " JOIN members m USING (workspace_id, kind, ordinal)"
    )
    assert sorted(map(repr, map(tuple, stored))) == sorted(
        repr(_stored_form(row)) for row in [*expected.values(), *loose]
    )
    await assert_consistent(connection)


def _random_event(random: Random) -> Row:
    return event(
        f"p{random.randrange(4)}",
        random.choice(("order", "page_view", "Größe 😀")),
        kind=random.choice((PERSON, ACCOUNT)),
        occurredAt=NOW - timedelta(days=random.choice((0, 1, 30, 45, 400)), seconds=random.randrange(3)),
        value=random.choice((None, Decimal("0.0001"), Decimal("-12.50"), Decimal("9999999999999999.9999"))),
        properties=random.choice((None, {}, {"a": 1})),
        externalId=random.choice((None, *(f"e{number}" for number in range(60)))),
    )


def _stored_form(row: Row) -> tuple[Any, ...]:
    value = None if row["value"] is None else row["value"].quantize(Decimal("0.0001"))
    return (
        int(row["kind"]),
        row["memberExternalId"],
        row["name"],
        row["occurredAt"],
        value,
        row["externalId"],
    )


async def test_callers_at_once_lose_nothing_and_never_deadlock(
    context: Context, connection: asyncpg.Connection, viewer: Viewer
) -> None:
    # given four callers who push the same events in other orders, two who correct, one who deletes
    await store(context, viewer, PERSON, *(f"p{number}" for number in range(20)))
    rows = [event(f"p{number % 20}", value=Decimal(number), externalId=f"e{number}") for number in range(400)]
    corrected = [row | {"value": Decimal(1)} for row in rows[:100]]
    loose = [event(f"p{number % 20}", value=Decimal(1)) for number in range(100)]
    done = await record(context, viewer, *rows[300:])
    assert done == (100, 0)

    async def push(all_rows: Sequence[Row], seed: int) -> int:
        shuffled = list(all_rows)
        Random(seed).shuffle(shuffled)
        accepted = 0
        for start in range(0, len(shuffled), 50):
            accepted += (await record(context, viewer, *shuffled[start : start + 50]))[0]
        return accepted

    # when they are at it at once
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        pushes = [group.create_task(push(rows[100:300], seed)) for seed in range(4)]
        others = [group.create_task(push(corrected, seed)) for seed in (5, 6)]
        unkeyed = group.create_task(push(loose, 7))
        group.create_task(events.delete(context, viewer, [f"e{number}" for number in range(300, 400)]))

    # then each event was accepted once, and everything adds up
    assert sum(task.result() for task in pushes) == 200
    assert sum(task.result() for task in others) == 100
    assert unkeyed.result() == 100
    assert await connection.fetchval("SELECT count(*) FROM events") == 400
    amount = sum(range(100, 300)) + 100 + 100
    assert await connection.fetchval("SELECT sum(sum) FROM event_totals") == amount
    await assert_consistent(connection)


async def test_erasing_a_member_leaves_no_trace_of_its_events(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    await store(context, ann, PERSON, "bob")
    await record(context, ann, event(externalId="a"), event(), event(name="login"), event("bob"))
    await record(context, ann, event(kind=ACCOUNT, externalId="b"))

    async with begin() as unit:
        erased = await events.erase(unit.connection, ann.workspace_id, PERSON, [0])

    assert erased == 3
    left = await connection.fetch("SELECT kind, ordinal, name FROM event_totals ORDER BY kind")
    assert [tuple(row) for row in left] == [(PERSON, 1, "order"), (ACCOUNT, 0, "order")]
    assert await connection.fetchval("SELECT array_agg(external_id) FROM event_keys") == ["b"]
    await assert_consistent(connection)


async def test_recording_during_an_erasure_finds_no_member_afterwards(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    # given an erasure that is not committed
    await record(context, ann, event(externalId="a"))
    async with connection.transaction():
        await events.erase(connection, ann.workspace_id, PERSON, [0])

        # when someone records for the member, who goes then
        recording = asyncio.create_task(
            events.record(context, ann, [event(externalId="a"), event(), event(kind=ACCOUNT)])
        )
        await asyncio.sleep(0.3)
        assert not recording.done()
        await connection.execute("DELETE FROM members WHERE kind = $1", PERSON)

    # then nothing is recorded for it
    report = await recording
    assert [error.code for error in report.row_errors] == [ErrorCode.NOT_FOUND] * 2
    assert await connection.fetch("SELECT kind FROM events") == [(ACCOUNT,)]
    await assert_consistent(connection)

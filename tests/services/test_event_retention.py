"""How long events are kept: a partition a month, and their removal when a workspace keeps them no longer."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.errors import ErrorCode, Invalid, RetryLater
from seggraph.services.events import events
from seggraph.services.events import partitions as event_partitions
from seggraph.services.events import retention as event_retention
from seggraph.services.operations import sweeping
from tests.conftest import new_viewer
from tests.product import working
from tests.services.recording import NOW, PERSON, assert_consistent, event, record, store


async def test_partitions_are_made_for_the_months_that_events_need(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    # given instants on both sides of the ends of months and years, and from long ago
    instants = [
        datetime(2019, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2020, 2, 29, 23, 59, 59, tzinfo=UTC),
        datetime(2020, 3, 1, tzinfo=UTC),
        datetime(2014, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2015, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
    ]

    # when two callers bring them at once
    both = [event(occurredAt=instant, externalId=str(instant)) for instant in instants]
    await asyncio.gather(*(record(context, ann, *both) for _ in range(3)))

    # then each lies in the partition of its month
    rows = await connection.fetch(
        "SELECT tableoid::regclass::text AS partition FROM events ORDER BY occurred_at"
    )
    assert [row["partition"] for row in rows] == [
        "events_past",
        "events_past",
        "events_2015_01",
        "events_2019_12",
        "events_2020_01",
        "events_2020_02",
        "events_2020_03",
    ]
    await assert_consistent(connection)


async def test_an_instant_belongs_to_its_month_in_utc() -> None:
    late = datetime.fromisoformat("2026-01-31T23:30:00-05:00")

    assert event_partitions.month_of(late).isoformat() == "2026-02-01"


async def test_events_that_are_no_longer_kept_go_with_their_totals(
    context: Context, connection: asyncpg.Connection, ann: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given events of 100 days in two workspaces, of which one keeps 30 days
    monkeypatch.setattr(event_retention, "BATCH", 7)
    other = await new_viewer("Other")
    await store(context, other, PERSON, "ann")
    rows = [
        event(value=Decimal(1), occurredAt=NOW - timedelta(days=day, hours=1), externalId=f"e{day}")
        for day in range(100)
    ]
    for viewer in (ann, other):
        await record(context, viewer, *rows)
    await event_retention.set_days(context, ann, 30)
    await connection.execute("DELETE FROM dirty_batches")

    # when it is pruned
    removed = await event_retention.prune(context, ann.workspace_id)

    # then what is older is gone from there, with keys and totals, and nothing else
    assert removed == 70
    counts = await connection.fetch("SELECT count, sum FROM event_totals ORDER BY workspace_id")
    assert [tuple(row) for row in counts] == [(30, 30), (100, 100)]
    assert await connection.fetchval("SELECT count(*) FROM event_keys") == 130
    batches = await connection.fetchval("SELECT count(*) FROM dirty_batches")
    assert 10 <= batches <= 13, "seven events each, of three or four months"
    await assert_consistent(connection)

    # and what is too old does not come in again
    report = await events.record(context, ann, rows)
    assert (report.accepted, report.duplicates, len(report.row_errors)) == (0, 30, 70)
    assert {error.code for error in report.row_errors} == {ErrorCode.INVALID}
    assert "keeps events since" in report.row_errors[0].message


async def test_a_month_goes_with_its_partition_when_no_workspace_has_events_in_it(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    # given events of three months ago in one workspace, of four months ago in two, and of now
    other = await new_viewer("Other")
    await store(context, other, PERSON, "ann")
    three, four = NOW - timedelta(days=95), NOW - timedelta(days=125)
    await record(context, ann, event(occurredAt=three), event(occurredAt=four), event())
    await record(context, other, event(occurredAt=four))
    await event_retention.set_days(context, ann, 30)

    async def partitions() -> set[str]:
        rows = await connection.fetch("SELECT DISTINCT tableoid::regclass::text AS name FROM events")
        existing = await connection.fetch(event_partitions.NAMES)
        assert {row["name"] for row in rows} <= {row["relname"] for row in existing}
        return {row["relname"] for row in existing}

    before = await partitions()
    assert await event_retention.prune(context, ann.workspace_id) == 2

    # then only the month without events is gone, and an event of it makes it again
    gone = before - await partitions()
    assert gone == {f"events_{three:%Y_%m}"}
    assert await event_partitions.drop_empty(NOW) == []
    await record(context, other, event(occurredAt=three))
    assert await partitions() == before
    await assert_consistent(connection)


async def test_an_event_finds_no_partition_that_was_just_removed(
    context: Context, connection: asyncpg.Connection, ann: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given that the partition is removed after it was found, as often as that happens
    old = NOW - timedelta(days=95)
    ensure, removals = event_partitions.ensure, iter([True, False])

    async def ensure_and_drop(instants: Iterable[datetime]) -> None:
        await ensure(instants)
        if next(removals, True):
            assert await event_partitions.drop_empty(NOW) == [f"events_{old:%Y_%m}"]

    monkeypatch.setattr(event_partitions, "ensure", ensure_and_drop)
    await record(context, ann, event(occurredAt=old, externalId="one"))
    await assert_consistent(connection)

    # then it is made again, or the caller is asked to come again, and nothing was recorded
    assert await connection.fetchval("DELETE FROM events RETURNING external_id") == "one"
    await connection.execute("DELETE FROM event_keys; DELETE FROM event_totals")
    with pytest.raises(RetryLater):
        await events.record(context, ann, [event(occurredAt=old, externalId="two")])
    assert await connection.fetchval("SELECT count(*) FROM event_keys") == 0


async def test_a_partition_that_is_read_is_left_to_the_next_pruning(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    old = NOW - timedelta(days=95)
    await event_partitions.ensure([old])
    async with connection.transaction():
        await connection.fetch("SELECT count(*) FROM events")
        assert await event_partitions.drop_empty(NOW) == []
    assert await event_partitions.drop_empty(NOW) == [f"events_{old:%Y_%m}"]


async def test_the_sweeper_has_workspaces_pruned(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    await record(context, ann, event(occurredAt=NOW - timedelta(days=50)), event())
    await connection.execute("UPDATE workspaces SET event_retention_days = 10")

    async with working(context), asyncio.timeout(120):
        while not await connection.fetchval("SELECT events_pruned_at FROM workspaces"):  # noqa: ASYNC110 - a worker's
            await asyncio.sleep(0.05)

    assert await connection.fetchval("SELECT count(*) FROM events") == 1
    await sweeping.sweep(context)
    await assert_consistent(connection)


@pytest.mark.parametrize("days", [0, -1, 36_501])
async def test_a_retention_that_cannot_be_is_refused(context: Context, ann: Viewer, days: int) -> None:
    with pytest.raises(Invalid):
        await event_retention.set_days(context, ann, days)

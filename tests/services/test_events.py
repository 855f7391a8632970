"""Events: idempotent, in any order, all at once; and totals that are always those of the events that are there."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import asyncpg
import pytest
from pyroaring import BitMap

from seggraph.audiences import from_bytes
from seggraph.errors import ErrorCode, Forbidden, Invalid, Required, TooMany
from seggraph.services import (
    customer_values,
    event_partitions,
    event_retention,
    events,
    member_events,
    sweeping,
    upserts,
)
from seggraph.services.context import Context
from seggraph.services.paging import PageRequest
from seggraph.services.policy import Viewer
from seggraph.vocabulary import ApiKeyScope, MemberKind, Role
from seggraph.work import begin
from tests.conftest import new_viewer
from tests.product import working

NOW = datetime.now(UTC).replace(microsecond=0)
PERSON, ACCOUNT = MemberKind.PERSON, MemberKind.ACCOUNT
Row = dict[str, Any]

DIRECT_TOTALS = """
    SELECT workspace_id, kind, name, ordinal, count(*) AS count, count(value) AS valued_count,
      coalesce(sum(value), 0) AS sum, min(occurred_at) AS first_at, max(occurred_at) AS last_at
    FROM events GROUP BY workspace_id, kind, name, ordinal ORDER BY workspace_id, kind, name, ordinal
"""

KEPT_TOTALS = """
    SELECT workspace_id, kind, name, ordinal, count, valued_count, sum, first_at, last_at FROM event_totals
    ORDER BY workspace_id, kind, name, ordinal
"""

LONE_KEYS = """
    SELECT count(*) FROM event_keys k FULL JOIN (SELECT * FROM events WHERE external_id IS NOT NULL) e
      ON (e.workspace_id, e.kind, e.ordinal, e.name, e.occurred_at, e.id, e.external_id)
       = (k.workspace_id, k.kind, k.ordinal, k.name, k.occurred_at, k.event_id, k.external_id)
    WHERE k.event_id IS NULL OR e.id IS NULL
"""


def event(member: str = "ann", name: str = "order", **given: Any) -> Row:
    """A row of record; by default an order of Ann's a day ago."""
    return {
        "kind": PERSON,
        "memberExternalId": member,
        "name": name,
        "occurredAt": NOW - timedelta(days=1),
    } | given


async def store(context: Context, viewer: Viewer, kind: MemberKind, *external_ids: str) -> None:
    rows = [{"externalId": external_id} for external_id in external_ids]
    await upserts.upsert(context, viewer, kind, rows)


async def record(context: Context, viewer: Viewer, *rows: Mapping[str, Any]) -> tuple[int, int]:
    """Record rows of which none is refused; how many were accepted, how many were duplicates."""
    report = await events.record(context, viewer, rows)
    assert report.row_errors == []
    return report.accepted, report.duplicates


async def assert_consistent(connection: asyncpg.Connection) -> None:
    """Totals and keys are those of the events that are there."""
    assert await connection.fetch(KEPT_TOTALS) == await connection.fetch(DIRECT_TOTALS)
    assert await connection.fetchval(LONE_KEYS) == 0


async def total(connection: asyncpg.Connection, name: str = "order") -> tuple[Any, ...] | None:
    """Count, valued count, sum, first and last of the one member with events of a name."""
    row = await connection.fetchrow(
        "SELECT count, valued_count, sum, first_at, last_at FROM event_totals WHERE name = $1", name
    )
    return None if row is None else tuple(row)


@pytest.fixture
async def ann(context: Context, viewer: Viewer) -> Viewer:
    """The viewer, in whose workspace there are the person Ann and the account Ann."""
    await store(context, viewer, PERSON, "ann")
    await store(context, viewer, ACCOUNT, "ann")
    return viewer


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
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
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


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"memberExternalId": "bob"}, ErrorCode.NOT_FOUND, ("memberExternalId",)),
        ({"kind": MemberKind.DEAL}, ErrorCode.NOT_FOUND, ("memberExternalId",)),
        ({"memberExternalId": "a\0"}, ErrorCode.INVALID, ("memberExternalId",)),
        ({"memberExternalId": " "}, ErrorCode.REQUIRED, ("memberExternalId",)),
        ({"memberExternalId": "a" * 256}, ErrorCode.TOO_LONG, ("memberExternalId",)),
        ({"name": ""}, ErrorCode.REQUIRED, ("name",)),
        ({"name": " order"}, ErrorCode.INVALID, ("name",)),
        ({"name": "or\0der"}, ErrorCode.INVALID, ("name",)),
        ({"name": "or\ud800der"}, ErrorCode.INVALID, ("name",)),
        ({"name": "x" * 101}, ErrorCode.TOO_LONG, ("name",)),
        ({"occurredAt": NOW + timedelta(days=1, hours=1)}, ErrorCode.INVALID, ("occurredAt",)),
        ({"occurredAt": datetime(1969, 12, 31, tzinfo=UTC)}, ErrorCode.INVALID, ("occurredAt",)),
        ({"occurredAt": datetime(9999, 12, 31, tzinfo=UTC)}, ErrorCode.INVALID, ("occurredAt",)),
        ({"occurredAt": datetime(2026, 1, 1)}, ErrorCode.INVALID, ("occurredAt",)),  # noqa: DTZ001
        ({"value": Decimal("0.00001")}, ErrorCode.INVALID, ("value",)),
        ({"value": Decimal(10) ** 16}, ErrorCode.INVALID, ("value",)),
        ({"value": Decimal("NaN")}, ErrorCode.INVALID, ("value",)),
        ({"value": 1.5}, ErrorCode.INVALID, ("value",)),
        ({"properties": [1]}, ErrorCode.INVALID, ("properties",)),
        ({"properties": []}, ErrorCode.INVALID, ("properties",)),
        ({"properties": {"a": "\0"}}, ErrorCode.INVALID, ("properties",)),
        ({"properties": {"\0": 1}}, ErrorCode.INVALID, ("properties",)),
        ({"properties": {"a": "\ud800"}}, ErrorCode.INVALID, ("properties",)),
        ({"properties": {"a": 2**70}}, ErrorCode.INVALID, ("properties",)),
        ({"properties": {"a": "x" * 4090}}, ErrorCode.TOO_LONG, ("properties",)),
        ({"externalId": ""}, ErrorCode.REQUIRED, ("externalId",)),
        ({"externalId": "e\0"}, ErrorCode.INVALID, ("externalId",)),
    ],
)
async def test_a_bad_row_is_reported_and_the_others_are_recorded(
    context: Context,
    connection: asyncpg.Connection,
    ann: Viewer,
    wrong: Row,
    code: ErrorCode,
    path: tuple[str, ...],
) -> None:
    report = await events.record(context, ann, [event(), event(**wrong), event()])

    assert [(error.index, error.code, error.path) for error in report.row_errors] == [(1, code, path)]
    assert (report.accepted, report.duplicates) == (2, 0)
    assert (await total(connection) or ())[0] == 2


async def test_a_missing_member_is_named(context: Context, ann: Viewer) -> None:
    report = await events.record(context, ann, [event("bob's")])

    [error] = report.row_errors
    assert error.message == 'There is no PERSON with the external id "bob\'s".'


@pytest.mark.parametrize(
    "given",
    [
        {"properties": {"path": "C:\\u0000", "quote'\"": "; DROP TABLE events"}},
        {"properties": {"a": "x" * 4080}},
        {"value": Decimal("-9999999999999999.9999")},
        {"occurredAt": NOW + timedelta(hours=23)},
        {"name": 'it\'s "quoted" — é'},
        {"memberExternalId": " ann "},
    ],
)
async def test_what_looks_odd_but_is_right_is_recorded(
    context: Context, connection: asyncpg.Connection, ann: Viewer, given: Row
) -> None:
    assert await record(context, ann, event(**given)) == (1, 0)
    await assert_consistent(connection)


async def test_who_may_only_read_changes_nothing(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    await record(context, ann, event(externalId="o-1"))
    reader = Viewer(ann.workspace_id, Role.TEAM_MEMBER, ApiKeyScope.READ)
    before = await connection.fetch("SELECT * FROM events")

    for attempt in (
        events.record(context, reader, [event()]),
        events.delete(context, reader, ["o-1"]),
        event_retention.set_days(context, reader, 1),
        event_retention.set_days(context, Viewer(ann.workspace_id, Role.LEADER, ApiKeyScope.WRITE), 1),
    ):
        with pytest.raises(Forbidden):
            await attempt

    assert await connection.fetch("SELECT * FROM events") == before


async def test_nothing_crosses_workspaces(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    # given the same external ids in two workspaces
    other = await new_viewer("Other")
    await record(context, ann, event(value=Decimal(1), externalId="o-1"))
    refused = await events.record(context, other, [event(externalId="o-1")])
    assert [error.code for error in refused.row_errors] == [ErrorCode.NOT_FOUND]
    await store(context, other, PERSON, "ann")

    # when the other workspace records, corrects and deletes its own
    assert await record(context, other, event(value=Decimal(2), externalId="o-1")) == (1, 0)
    assert await record(context, other, event(value=Decimal(3), externalId="o-1")) == (1, 0)
    assert (await events.delete(context, other, ["o-1"])).deleted == 1

    # then the first one's stay
    rows = await connection.fetch("SELECT workspace_id, value FROM events")
    assert [tuple(row) for row in rows] == [(ann.workspace_id, Decimal(1))]
    assert (await events.delete(context, other, ["o-1"])).not_found == ["o-1"]
    await assert_consistent(connection)


async def test_limits_of_a_call(context: Context, ann: Viewer) -> None:
    with pytest.raises(TooMany):
        await events.record(context, ann, [event()] * 5_001)
    with pytest.raises(TooMany):
        await events.delete(context, ann, [str(number) for number in range(5_001)])
    with pytest.raises(Required):
        await events.delete(context, ann, [])
    assert await record(context, ann) == (0, 0)
    assert (await events.delete(context, ann, ["\0", "\ud800"])).not_found == ["\0", "\ud800"]


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
    assert await connection.fetchval("SELECT count(*) FROM dirty_batches") == 10
    await assert_consistent(connection)

    # and what is too old does not come in again
    report = await events.record(context, ann, rows)
    assert (report.accepted, report.duplicates, len(report.row_errors)) == (0, 30, 70)
    assert {error.code for error in report.row_errors} == {ErrorCode.INVALID}
    assert "keeps events since" in report.row_errors[0].message


async def test_the_sweeper_has_workspaces_pruned(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    await record(context, ann, event(occurredAt=NOW - timedelta(days=50)), event())
    await connection.execute("UPDATE workspaces SET event_retention_days = 10")

    async with working(context):
        for _ in range(100):
            if await connection.fetchval("SELECT events_pruned_at FROM workspaces"):
                break
            await asyncio.sleep(0.05)

    assert await connection.fetchval("SELECT count(*) FROM events") == 1
    await sweeping.sweep(context)
    await assert_consistent(connection)


@pytest.mark.parametrize("days", [0, -1, 36_501])
async def test_a_retention_that_cannot_be_is_refused(context: Context, ann: Viewer, days: int) -> None:
    with pytest.raises(Invalid):
        await event_retention.set_days(context, ann, days)


async def test_pages_of_events_are_the_newest_first_and_complete(
    context: Context, connection: asyncpg.Connection, ann: Viewer
) -> None:
    # given events of two members, many at the same instant
    rows = [
        event(
            kind=(PERSON, ACCOUNT)[number % 2],
            name=f"n{number % 3}",
            occurredAt=NOW - timedelta(days=number // 9 * 20),
            properties={"number": number},
        )
        for number in range(60)
    ]
    await record(context, ann, *rows)
    both = [(PERSON, 0), (ACCOUNT, 0)]

    # when the first member's list is read page by page
    seen: list[member_events.EventView] = []
    request = PageRequest(first=7)
    while True:
        found = await member_events.pages(ann, both, None, request)
        page = found[PERSON, 0]
        seen += page.items
        if not page.has_next:
            break
        assert len(page.items) == 7
        request = PageRequest(first=7, after=page.cursors[-1])

    # then every event came once, the newest first
    assert sorted(one.properties["number"] for one in seen) == list(range(0, 60, 2))
    assert [(one.occurred_at, one.id) for one in seen] == sorted(
        ((one.occurred_at, one.id) for one in seen), reverse=True
    )
    some = (await member_events.pages(ann, both, ("n1",), PageRequest()))[ACCOUNT, 0]
    assert {one.name for one in some.items} == {"n1"}
    assert len(some.items) == 10
    assert await member_events.counts(ann, both, None) == {(PERSON, 0): 30, (ACCOUNT, 0): 30}
    assert await member_events.counts(ann, both, ("n1",)) == {(PERSON, 0): 10, (ACCOUNT, 0): 10}


async def test_customer_value_leaves_out_orders_that_are_yet_to_come(context: Context, ann: Viewer) -> None:
    rows = [
        event(value=Decimal("10.00"), occurredAt=NOW - timedelta(days=12)),
        event(value=Decimal("20.01"), occurredAt=NOW - timedelta(days=6)),
        event(value=None, occurredAt=NOW - timedelta(days=3)),
        event(name="refund", value=Decimal(100)),
        event(value=Decimal(1000), occurredAt=NOW + timedelta(hours=5)),
        event(kind=ACCOUNT, value=Decimal(1000), occurredAt=NOW + timedelta(hours=5)),
    ]
    await record(context, ann, *rows)

    found = await customer_values.of_members(ann, [(PERSON, 0), (ACCOUNT, 0), (PERSON, 99)])

    value = found[PERSON, 0]
    assert (value.revenue, value.orders) == (Decimal("30.01"), 3)
    assert value.average_order_value == Decimal("10.0033")
    assert value.customer_lifetime_value == Decimal("30.0100")
    assert value.order_latency_days == pytest.approx(4.5)
    for empty in (found[ACCOUNT, 0], found[PERSON, 99]):
        assert (empty.revenue, empty.orders) == (Decimal(0), 0)
        assert empty.average_order_value is None
        assert empty.customer_lifetime_value is None
        assert empty.order_latency_days is None

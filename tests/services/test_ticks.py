"""Time alone moves members: within seconds, for the rules concerned only, without a gap, at the cost of what moved."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from asyncpg.connection import LoggedQuery
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import from_bytes
from seggraph.context import Context
from seggraph.criteria import AttributeDefinition, Catalogue, check, parse
from seggraph.engines import Engine, EvaluationRequest, Population, PostgresEngine
from seggraph.services.events import events
from seggraph.services.events import partitions as event_partitions
from seggraph.services.playbooks import playbooks
from seggraph.services.playbooks.playbooks import PlaybookDraft
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh, ticks
from seggraph.vocabulary import AttributeType, MemberKind, RunStatus
from tests.api.test_subscriptions import EVENTS, UPSERT, create
from tests.product import Product
from tests.services.computing import (
    ACCOUNT,
    PausingEngine,
    country,
    members_of,
    new_segment,
    put,
    read,
    ready_segment,
    whole,
    with_engine,
)

RECORD = """
    mutation ($events: [EventInput!]!) { recordEvents(input: {events: $events}) { accepted errors { message } } }
"""

# All that an evaluation compares with the clock, so much earlier: to the product it is as if the time had passed.
PASS_TIME = [
    "UPDATE events SET occurred_at = occurred_at - $1::interval, recorded_at = recorded_at - $1::interval",
    "UPDATE event_totals SET first_at = first_at - $1::interval, last_at = last_at - $1::interval",
    "UPDATE members SET created_at = created_at - $1::interval",
    "UPDATE ticks SET ticked_at = ticked_at - $1::interval, next_at = '-infinity'",
]


@dataclass
class CountingEngine:
    """Notes how many members each restricted evaluation was about."""

    inner: Engine = field(default_factory=PostgresEngine)
    looked_at: list[tuple[int, int]] = field(default_factory=list)

    async def evaluate(self, connection: asyncpg.Connection, request: EvaluationRequest) -> list[BitMap]:
        if request.within_ordinals is not None:
            self.looked_at.append((len(request.criteria), len(request.within_ordinals)))
        return await self.inner.evaluate(connection, request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def visited(window: str, **condition: Any) -> dict[str, Any]:
    return {"event": {"name": "visit", "within": {"last": window}, **condition}}


async def record(
    context: Context, viewer: Viewer, *visits: tuple[str, timedelta], name: str = "visit"
) -> None:
    """Record events of accounts, so long after now."""
    now = datetime.now(UTC)
    rows = [
        {"kind": ACCOUNT, "memberExternalId": member, "name": name, "occurredAt": now + ahead}
        for member, ahead in visits
    ]
    report = await events.record(context, viewer, rows)
    assert report.row_errors == []


async def pass_time(connection: asyncpg.Connection, passes: timedelta) -> None:
    """Let so much time have passed for all data."""
    await event_partitions.ensure([datetime.now(UTC) - timedelta(days=15 * back) for back in range(6)])
    for statement in PASS_TIME:
        await connection.execute(statement, passes)


async def marked(connection: asyncpg.Connection) -> list[tuple[int, set[str]]]:
    """The dirty batches: how many members, and what changed."""
    rows = await connection.fetch("SELECT ordinals, changed FROM dirty_batches ORDER BY id")
    return [(len(from_bytes(row["ordinals"])), set(row["changed"])) for row in rows]


async def source_of(connection: asyncpg.Connection, segment_id: int) -> int:
    found: int = await connection.fetchval(
        "SELECT id FROM sources WHERE segment_id = $1 AND kind IN ('CRITERIA', 'PLAYBOOK')", segment_id
    )
    return found


async def test_a_member_enters_when_an_event_ahead_happens_and_leaves_when_its_window_ends(
    product: Product,
) -> None:
    # given a segment of who visited in the last seconds, which nobody did, and somebody watching
    await product.run(UPSERT, members=[{"externalId": "a"}])
    segment_id = await create(product, "Just here", criteria=visited("PT8S"))
    async with product.subscribe(EVENTS, ids=[segment_id]) as watched:
        event = await watched.next()
        while event["segment"]["reach"]["status"] != "READY":
            event = await watched.next()
        assert event["segment"]["memberCount"] == 0

        # when a visit is recorded that lies a little ahead, and nothing else is done
        at = (datetime.now(UTC) + timedelta(seconds=1.5)).isoformat()
        visit = {"kind": "ACCOUNT", "memberExternalId": "a", "name": "visit", "occurredAt": at}
        recorded = await product.run(RECORD, events=[visit])
        assert recorded["recordEvents"] == {"accepted": 1, "errors": []}

        # then the member enters, and leaves
        entered = await watched.until("MembershipChanged", entered=1)
        assert [one["externalId"] for one in entered["enteredSample"]] == ["a"]
        assert entered["segment"]["memberCount"] == 1
        left = await watched.until("MembershipChanged", entered=0)
        assert left["segment"]["memberCount"] == 0


async def test_only_whom_time_moved_is_looked_at_and_only_by_the_rules_that_it_concerns(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given three members with visits at different times, and rules of which two have the same window
    engine = CountingEngine()
    context = with_engine(context, engine)
    await put(context, viewer, *({"externalId": name, "country": "DE"} for name in "abc"))
    hours = {"a": 1, "b": 20, "c": 30}
    await record(context, viewer, *((name, -timedelta(hours=back)) for name, back in hours.items()))
    day = await ready_segment(context, viewer, visited("P1D"), name="A day")
    none = await ready_segment(context, viewer, visited("P1D", op="EQ", value=0), name="Not a day")
    week = await ready_segment(context, viewer, visited("P7D"), name="A week")
    german = await ready_segment(context, viewer, country("DE"))
    draft = PlaybookDraft("A day and a bit", ACCOUNT, visited("PT26H"), [german.id])
    await playbooks.create(context, viewer, draft)
    german = await read(viewer, german)
    assert await recompute.run(context, german.id, german.requested_revision) is RunStatus.SUCCEEDED
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)

    # when no boundary passes
    assert await ticks.tick(context) == 0
    engine.looked_at.clear()
    await pass_time(connection, timedelta(hours=2))
    assert await ticks.tick(context) == 0

    # then nothing is marked, and nothing evaluated
    assert await marked(connection) == []
    assert await refresh.drain(context, viewer.workspace_id, ACCOUNT) == 0
    assert engine.looked_at == []
    assert await members_of(connection, day) == {"a", "b"}

    # when one of the visits gets older than a day
    await pass_time(connection, timedelta(hours=3))
    assert await ticks.tick(context) == 2

    # then both rules look at its member, and no other rule looks at anybody
    names = {f"time:{await source_of(connection, one.id)}" for one in (day, none)}
    assert await marked(connection) == [(1, names)]
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert await members_of(connection, day) == {"a"}
    assert await members_of(connection, none) == {"b", "c"}
    assert await members_of(connection, week) == {"a", "b", "c"}
    assert all(size == 1 for _, size in engine.looked_at)
    assert sum(rules for rules, _ in engine.looked_at) == 2

    # and a moment later nothing is left to do
    await pass_time(connection, timedelta(seconds=1))
    assert await ticks.tick(context) == 0

    # when workers were away for days, then several of them come back at once
    await pass_time(connection, timedelta(days=9))
    assert sum(await asyncio.gather(*(ticks.tick(context) for _ in range(3)))) == 7
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert await members_of(connection, day) == await members_of(connection, week) == set()
    assert await members_of(connection, none) == {"a", "b", "c"}
    behind = "SELECT clock_timestamp() - ticked_at < interval '1 minute' FROM ticks WHERE kind = $1"
    assert await connection.fetchval(behind, ACCOUNT) is True


async def test_playbooks_and_future_events_count_too(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a playbook about orders, and a member whose order lies ahead
    await put(context, viewer, {"externalId": "a"}, {"externalId": "b", "country": "DE"})
    segment = await ready_segment(context, viewer, country("DE"))
    draft = PlaybookDraft("Ordered", ACCOUNT, {"event": {"name": "order"}}, [segment.id])
    await playbooks.create(context, viewer, draft)
    segment = await read(viewer, segment)
    await recompute.run(context, segment.id, segment.requested_revision)
    await record(context, viewer, ("a", timedelta(hours=1)), name="order")
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    await ticks.tick(context)
    assert await members_of(connection, segment) == {"b"}

    # when its hour comes
    await pass_time(connection, timedelta(hours=2))
    assert await ticks.tick(context) == 1
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)

    # then the playbook has added it
    assert await members_of(connection, segment) == {"a", "b"}

    # and when an event is recorded after it happened, no tick looks at it once more
    await record(context, viewer, ("b", timedelta(0)), name="order")
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    await connection.execute("UPDATE ticks SET next_at = '-infinity'")
    assert await ticks.tick(context) == 0


async def test_what_time_moves_during_a_run_is_not_lost(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a run that scanned while a visit was in its window, and stops before it applies what it found
    await put(context, viewer, {"externalId": "a"})
    await ready_segment(context, viewer, visited("P1D"), name="Known to ticks")
    await ticks.tick(context)
    await record(context, viewer, ("a", timedelta(days=-1, seconds=4)))
    segment = await new_segment(context, viewer, visited("P1D"))
    pausing = PausingEngine(whole)
    running = asyncio.create_task(
        recompute.run(with_engine(context, pausing), segment.id, segment.requested_revision)
    )
    async with asyncio.timeout(120):
        await pausing.reached.wait()

    # when the visit gets too old in the meantime, and the refresh can only tell the run of it
    marked_so_far = 0
    async with asyncio.timeout(120):
        while marked_so_far == 0:
            await connection.execute("UPDATE ticks SET next_at = '-infinity'")
            marked_so_far = await ticks.tick(context)
    assert marked_so_far == 2
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    pausing.resume.set()

    # then the run's result is without the member
    assert await running is RunStatus.SUCCEEDED
    assert (await read(viewer, segment)).member_count == 0


async def test_time_is_followed_from_the_first_run_on_and_no_longer_than_somebody_asks(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a segment that was computed five hours before the first tick
    await put(context, viewer, {"externalId": "a"})
    await record(context, viewer, ("a", timedelta(hours=-20)))
    segment = await ready_segment(context, viewer, visited("P1D"))
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    await pass_time(connection, timedelta(hours=5))
    await connection.execute("UPDATE runs SET started_at = started_at - interval '5 hours'")

    # when the first tick comes
    assert await ticks.tick(context) == 1
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)

    # then what passed since the run has not been missed
    assert await members_of(connection, segment) == set()

    # when the clock is set back, time goes on from there
    await connection.execute("UPDATE ticks SET ticked_at = now() + interval '1 hour', next_at = '-infinity'")
    assert await ticks.tick(context) == 0
    assert await connection.fetchval("SELECT ticked_at <= clock_timestamp() FROM ticks") is True

    # and when no active segment depends on time, nobody follows it
    await connection.execute("UPDATE segments SET status = 'PAUSED'")
    await connection.execute("UPDATE ticks SET next_at = '-infinity'")
    assert await ticks.tick(context) == 0
    assert await connection.fetchval("SELECT count(*) FROM ticks") == 0


async def test_a_rule_that_takes_too_long_is_computed_soon_and_stops_no_other(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a rule whose boundaries cannot be found in time, and another
    @dataclass
    class SlowEngine(CountingEngine):
        async def moved_by_time(
            self, connection: asyncpg.Connection, request: EvaluationRequest, *, since: datetime
        ) -> list[BitMap]:
            if slow in request.criteria:
                await connection.execute("SELECT 1/0")
            return await self.inner.moved_by_time(connection, request, since=since)

    slow = check(parse(visited("P2D")), Catalogue(ACCOUNT))
    await put(context, viewer, {"externalId": "a"})
    await record(context, viewer, ("a", timedelta(hours=-20)))
    poor = await ready_segment(context, viewer, visited("P2D"), name="Slow")
    good = await ready_segment(context, viewer, visited("P1D"), name="Good")
    await ticks.tick(context)

    # when time passes
    await pass_time(connection, timedelta(hours=5))
    assert await ticks.tick(with_engine(context, SlowEngine())) == 1

    # then the other has its members looked at, and this one is computed soon
    assert await marked(connection) == [(1, {f"time:{await source_of(connection, good.id)}"})]
    soon = "SELECT next_sync_at < now() + interval '6 minutes' FROM segments WHERE id = $1"
    assert await connection.fetchval(soon, poor.id) is True
    assert await connection.fetchval(soon, good.id) is False


async def test_looking_takes_ranges_of_indexes_and_no_scan_of_events(
    context: Context, connection: asyncpg.Connection
) -> None:
    # given 60,000 events of 3,000 members over a year
    now = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
    await event_partitions.ensure([now - timedelta(days=30 * back) for back in range(14)])
    await connection.execute(
        """
        INSERT INTO events (workspace_id, kind, ordinal, name, occurred_at, recorded_at, properties)
        SELECT 1, 1, n % 3000, CASE n % 3 WHEN 0 THEN 'order' ELSE 'visit' END,
          $1::timestamptz - n * interval '525 seconds', $1::timestamptz - n * interval '525 seconds', '{"plan": "pro"}'
        FROM generate_series(1, 60000) AS n
        """,
        now,
    )
    await connection.execute(
        """
        INSERT INTO members (workspace_id, kind, ordinal, external_id, created_at, attributes)
        SELECT 1, 1, n, 'x' || n, $1::timestamptz - n * interval '3 hours', '{}' FROM generate_series(0, 2999) AS n
        """,
        now,
    )
    await connection.execute("ANALYZE events, members")
    plan = [{"field": "plan", "op": "EQ", "value": "pro"}]
    documents: list[dict[str, Any]] = [
        visited("P30D", op="GTE", value=3),
        visited("P1M", where=plan),
        {"not": {"event": {"name": "order", "aggregate": "SUM", "op": "GT", "value": 800}}},
        {"event": {"name": "order", "aggregate": "LAST_AT", "op": "NOT_WITHIN_LAST", "value": "P90D"}},
        {"sequence": {"steps": [{"name": "order", "within": {"last": "P60D"}}, {"name": "visit"}]}},
        {"attribute": {"field": "createdAt", "op": "WITHIN_LAST", "value": "P90D"}},
        {"attribute": {"field": "renewal", "op": "WITHIN_NEXT", "value": "P1M"}},
    ]
    attributes = [AttributeDefinition("renewal", AttributeType.DATE)]
    trees = [check(parse(one), Catalogue(MemberKind.PERSON, attributes)) for one in documents]
    asked: list[LoggedQuery] = []

    # when an hour passes, in which each window moves over a few events
    async with connection.transaction():
        with connection.query_logger(asked.append):
            moved = await PostgresEngine().moved_by_time(
                connection,
                EvaluationRequest(
                    Population(1, MemberKind.PERSON),
                    trees,
                    as_of=now,
                    zone=ZoneInfo("Europe/Berlin"),
                    timeout_seconds=10,
                ),
                since=now - timedelta(hours=1),
            )

    # then few are found, the date is not asked about before its day is over, and no table is read as a whole
    assert [0 < len(one) < 20 for one in moved] == [True, True, False, True, True, True, False]
    looks = [one for one in asked if "ARRAY_SEND" in one.query]
    assert len(looks) == 1
    nodes = [node for one in looks for node in await plan_nodes(connection, one)]
    read_whole = {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}
    assert not {name for name in read_whole if name.startswith("members") or name.startswith("events")}
    ranges = [node for node in nodes if "Index Cond" in node and "occurred_at" in node["Index Cond"]]
    assert len(ranges) >= 6
    assert all("workspace_id" in node["Index Cond"] for node in ranges)


async def plan_nodes(connection: asyncpg.Connection, asked: LoggedQuery) -> list[dict[str, Any]]:
    """The nodes of the plan of a statement, for its values."""
    async with connection.transaction():
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        [row] = await connection.fetch(f"EXPLAIN (FORMAT JSON) {asked.query}", *asked.args)
    waiting = [json.loads(row[0])[0]["Plan"]]
    found = []
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += node.get("Plans", [])
    return found


async def test_days_end_in_the_zone_of_the_workspace(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    # given a workspace in whose zone a day ended a moment ago, while others are still in it
    hour = datetime.now(UTC).hour
    zone = f"Etc/GMT{'+' if hour < 12 else '-'}{hour if hour < 12 else 24 - hour}"
    await connection.execute("UPDATE workspaces SET time_zone = $1 WHERE id = $2", zone, viewer.workspace_id)
    today = datetime.now(ZoneInfo(zone)).date()
    await connection.execute(
        "INSERT INTO attributes (workspace_id, kind, name, type) VALUES ($1, $2, 'renewal', 'DATE')",
        viewer.workspace_id,
        ACCOUNT,
    )

    def row(name: str, day: date) -> dict[str, Any]:
        return {"externalId": name, "attributes": {"renewal": day.isoformat()}}

    await put(context, viewer, row("yesterday", today - timedelta(days=1)), row("today", today))
    document = {"attribute": {"field": "renewal", "op": "ANNIVERSARY_WITHIN", "value": "P0D"}}
    segment = await ready_segment(context, viewer, document)
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    await ticks.tick(context)

    # when time passes over the end of the day
    midnight = datetime.combine(today, time(), ZoneInfo(zone))
    await connection.execute(
        "UPDATE ticks SET ticked_at = $1::timestamptz - interval '1 second', next_at = '-infinity'", midnight
    )
    assert await ticks.tick(context) == 2
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert await members_of(connection, segment) == {"today"}

"""The kept values of segments: exact at any time, kept by adding and subtracting, and never computed without need."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.database.unit_of_work import snapshot
from seggraph.errors import RetryLater
from seggraph.models.audiences import ChunkRole
from seggraph.services.customer_value import audience_values, customer_values, value_upkeep
from seggraph.services.erasure import erasure
from seggraph.services.events import events
from seggraph.services.members.selections import Selection
from seggraph.services.recompute import recompute
from seggraph.services.refresh import refresh
from seggraph.services.segments import manual_membership, segments
from seggraph.services.segments.segments import SegmentDraft
from seggraph.services.segments.views import SegmentView
from seggraph.vocabulary import SegmentType
from tests.conftest import new_viewer
from tests.counted_work import CountedWork, counted
from tests.product import working
from tests.services.computing import ACCOUNT, country, put, ready_segment
from tests.services.erasing import quiet

NOW = datetime.now(UTC)


def order_of(member: str, value: str, at: datetime, external_id: str) -> dict[str, Any]:
    given: dict[str, Any] = {"kind": ACCOUNT, "memberExternalId": member, "name": "order"}
    return given | {"occurredAt": at, "value": Decimal(value), "externalId": external_id}


async def order(
    context: Context, viewer: Viewer, member: str, value: str, *, at: datetime = NOW - timedelta(days=1)
) -> None:
    """An order of an account, whose external id is the member's with the value."""
    report = await events.record(context, viewer, [order_of(member, value, at, f"{member}:{value}")])
    assert report.row_errors == []


async def revenue(viewer: Viewer, *segments: SegmentView) -> list[Decimal]:
    """The revenue of segments as a reader has it."""
    found = await audience_values.of_segments(viewer, [segment.id for segment in segments])
    return [found[segment.id].revenue for segment in segments]


async def kept(connection: asyncpg.Connection) -> dict[int, tuple[Decimal, int]]:
    """Revenue and orders of segments as they are kept."""
    rows = await connection.fetch(
        "SELECT segment_id, revenue, orders FROM segment_values WHERE built_to >= 2^32"
    )
    return {row["segment_id"]: (row["revenue"], row["orders"]) for row in rows}


async def up_to_date(viewer: Viewer) -> None:
    await value_upkeep.bring_up_to_date(viewer.workspace_id, ACCOUNT)


@pytest.fixture
async def german(context: Context, viewer: Viewer) -> SegmentView:
    """Two German accounts and a French one; the first German has ordered for 10."""
    rows = [
        {"externalId": one, "country": country} for one, country in (("a", "DE"), ("b", "DE"), ("c", "FR"))
    ]
    await put(context, viewer, *rows)
    await order(context, viewer, "a", "10")
    return await ready_segment(context, viewer, country("DE"))


async def test_a_reader_has_every_order_refund_and_move(
    context: Context, viewer: Viewer, german: SegmentView, connection: asyncpg.Connection
) -> None:
    french = await ready_segment(context, viewer, country("FR"), name="French")
    assert await revenue(viewer, german, french) == [Decimal(10), Decimal(0)]
    assert set(await kept(connection)) == {german.id, french.id}, "the first reader has summed them up"
    await up_to_date(viewer)
    assert await kept(connection) == {german.id: (Decimal(10), 1), french.id: (Decimal(0), 0)}

    await order(context, viewer, "b", "32.50")
    assert await revenue(viewer, german, french) == [Decimal("42.50"), Decimal(0)], "before any job"
    await up_to_date(viewer)
    assert await kept(connection) == {german.id: (Decimal("42.50"), 2), french.id: (Decimal(0), 0)}

    await order(context, viewer, "b", "-2.50")
    await events.delete(context, viewer, ["a:10"])
    assert await revenue(viewer, german) == [Decimal("30.00")], "a negative order and a deleted one"

    await manual_membership.remove(context, viewer, [german.id], Selection(kind=ACCOUNT, external_ids=["b"]))
    assert await revenue(viewer, german) == [Decimal(0)], "who left takes the orders along"
    await up_to_date(viewer)
    assert (await kept(connection))[german.id] == (Decimal(0), 0)

    await put(context, viewer, externalId="c", country="DE")
    await order(context, viewer, "c", "7")
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    assert await revenue(viewer, german, french) == [Decimal(7), Decimal(0)], "who entered brings them"


async def test_an_order_of_the_coming_seconds_counts_from_its_time_on(
    context: Context, viewer: Viewer, german: SegmentView, connection: asyncpg.Connection
) -> None:
    at = datetime.now(UTC) + timedelta(seconds=4)
    await order(context, viewer, "b", "5", at=at)
    await up_to_date(viewer)
    assert datetime.now(UTC) >= at or await kept(connection) == {german.id: (Decimal(10), 1)}

    async with asyncio.timeout(120):
        while await revenue(viewer, german) != [Decimal(15)]:  # noqa: ASYNC110 - time's doing
            await asyncio.sleep(0.05)
    assert datetime.now(UTC) >= at
    await up_to_date(viewer)
    assert await kept(connection) == {german.id: (Decimal(15), 2)}
    assert await connection.fetchval("SELECT count(*) FROM order_changes") == 0


async def test_a_value_is_as_of_before_very_many_orders(
    context: Context, viewer: Viewer, german: SegmentView, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (await audience_values.of_segments(viewer, [german.id]))[german.id]
    await up_to_date(viewer)
    await order(context, viewer, "b", "5")
    monkeypatch.setattr(audience_values, "PENDING_AT_ONCE", 0)

    found = (await audience_values.of_segments(viewer, [german.id]))[german.id]
    assert found.revenue == Decimal(10)
    assert before.as_of < found.as_of <= datetime.now(UTC)
    await up_to_date(viewer)
    later = (await audience_values.of_segments(viewer, [german.id]))[german.id]
    assert later.revenue == Decimal(15)
    assert later.as_of > found.as_of


async def test_workers_sum_up_new_segments_and_those_that_very_many_entered(
    context: Context,
    viewer: Viewer,
    german: SegmentView,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audience_values, "CHANGES_AT_ONCE", 1)

    async def is_kept(expected: tuple[Decimal, int]) -> None:
        async with asyncio.timeout(120):
            while (await kept(connection)).get(german.id) != expected:  # noqa: ASYNC110 - a worker's doing
                await asyncio.sleep(0.02)

    async with working(context):
        await is_kept((Decimal(10), 1))
        await order(context, viewer, "b", "5")
        await put(context, viewer, {"externalId": "c", "country": "DE"}, {"externalId": "d", "country": "DE"})
        await order(context, viewer, "c", "1")
        await up_to_date(viewer)
        await is_kept((Decimal(16), 3))


async def test_a_large_segment_is_summed_up_chunk_by_chunk_while_it_changes(
    context: Context, viewer: Viewer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a segment over four chunks, some of whose members have ordered
    monkeypatch.setattr(value_upkeep, "BUILD_MEMBERS", 10)
    await put(context, viewer, *({"externalId": f"a{n}"} for n in range(8)))
    far = [number * 30_000 for number in range(8)]
    for number, ordinal in enumerate(far):
        await connection.execute(
            "UPDATE members SET ordinal = $1 WHERE external_id = $2", ordinal, f"a{number}"
        )
    await connection.execute("UPDATE populations SET next_ordinal = 240000")
    draft = SegmentDraft("Static", ACCOUNT, SegmentType.STATIC, activate=True)
    segment = await segments.create(context, viewer, draft)
    await manual_membership.add(
        context, viewer, [segment.id], Selection(kind=ACCOUNT, external_ids=[f"a{n}" for n in range(8)])
    )
    await connection.execute("UPDATE segments SET member_count = 240000")
    for number in range(8):
        await order(context, viewer, f"a{number}", str(10**number))
    await value_upkeep.add_orders(viewer.workspace_id, ACCOUNT)
    build = value_upkeep._build

    async def amid(workspace_id: int, kind: Any, segment_ids: Sequence[int], to: int) -> None:
        await build(workspace_id, kind, segment_ids, to)
        if to == 2 << 16:  # the first five are in it, and the others are to come
            leaving = Selection(kind=ACCOUNT, external_ids=["a0", "a7"])
            await manual_membership.remove(context, viewer, [segment.id], leaving)
            await order(context, viewer, "a1", "2")
            await order(context, viewer, "a6", "3")
            await value_upkeep.add_orders(viewer.workspace_id, ACCOUNT)

    # when two leave and two order meanwhile
    monkeypatch.setattr(value_upkeep, "_build", amid)
    await value_upkeep.build(viewer.workspace_id, [segment.id])

    # then each counts once
    assert await kept(connection) == {segment.id: (Decimal(1_111_110 + 5), 8)}
    assert await revenue(viewer, segment) == [Decimal(1_111_115)]


async def test_a_comparison_mends_what_is_wrong(
    context: Context, viewer: Viewer, german: SegmentView, connection: asyncpg.Connection
) -> None:
    await order(context, viewer, "b", "5")
    await up_to_date(viewer)
    right = await kept(connection)
    for wrong in (
        "UPDATE segment_values SET revenue = revenue + 1",
        "DELETE FROM member_orders WHERE ordinal = 0",
        "UPDATE member_orders SET orders = 7",
        "INSERT INTO member_orders VALUES (1, 2, 2, 1, 9, 0)",
    ):
        await connection.execute(wrong)
        await connection.execute("UPDATE segment_values SET checked_at = now() - interval '1 day'")
        for _ in range(3):  # the members first, then the segments, then those anew
            await up_to_date(viewer)
            await connection.execute("UPDATE segment_values SET checked_at = now() - interval '1 day'")
        assert await kept(connection) == right, wrong
        assert await connection.fetchval("SELECT sum(revenue) FROM member_orders") == Decimal(15)


async def test_nothing_is_due_while_nothing_changes(
    context: Context, viewer: Viewer, german: SegmentView, connection: asyncpg.Connection
) -> None:
    asked: list[tuple[int, int]] = []

    class Jobs:
        async def value_segments(self, workspace_id: int, kind: int) -> None:
            asked.append((workspace_id, kind))

    class Asking:
        jobs = Jobs()

    async def due() -> list[tuple[int, int]]:
        asked.clear()
        await value_upkeep.ask_for_due(cast(Context, Asking()), 10)
        return list(asked)

    assert await due() == [(viewer.workspace_id, ACCOUNT)], "a segment without a value"
    await up_to_date(viewer)
    assert await due() == []
    await put(context, viewer, externalId="c", country="DE")
    await refresh.drain(context, viewer.workspace_id, ACCOUNT)
    await connection.execute("UPDATE segments SET description = 'Another version of the row'")
    assert await due() == [], "members who moved are added where they move"
    await order(context, viewer, "c", "5")
    assert await due() == [], "a minute has not passed"
    await connection.execute("UPDATE order_changes SET due_at = due_at - interval '61 seconds'")
    assert await due() == [(viewer.workspace_id, ACCOUNT)]
    await up_to_date(viewer)
    assert await due() == []


async def work_of(viewer: Viewer, *segments: SegmentView) -> CountedWork:
    with counted() as work:
        await revenue(viewer, *segments)
    return work


async def test_what_reading_and_adding_cost(
    context: Context, viewer: Viewer, german: SegmentView, connection: asyncpg.Connection
) -> None:
    more = [await ready_segment(context, viewer, country("FR"), name=f"French {n}") for n in range(5)]
    many = BitMap(range(100, 150_000, 3))
    store = ChunkStore(connection, viewer.workspace_id)
    await store.write({ChunkOwner(ChunkRole.MEMBERS, german.id): (BitMap(), many)})
    await up_to_date(viewer)

    # then many values take as many statements as one, and reading no member of an audience
    one, all_ = await work_of(viewer, german), await work_of(viewer, german, *more)
    assert one.statements == all_.statements
    assert one.bytes_read == 0

    # and with orders that are not added yet, that of the chunk of these
    await order(context, viewer, "b", "5")
    pending_one, pending_all = await work_of(viewer, german), await work_of(viewer, german, *more)
    assert pending_one.statements == pending_all.statements
    assert pending_one.bytes_sent == 0
    assert pending_one.bytes_read < 2 * 8_300

    # and an audience goes to the server as bits, not as numbers
    with counted() as building:
        await value_upkeep.check(viewer.workspace_id, ACCOUNT)
    assert building.bytes_sent < 4 * 8_300


async def test_values_are_exact_after_everything_at_once(
    context: Context, viewer: Viewer, connection: asyncpg.Connection
) -> None:
    """Orders, moves, manual changes, runs, erasures and everything that keeps values, in turns that chance decides."""
    chance = Random(5)
    names = [f"a{number}" for number in range(12)]
    await put(context, viewer, *({"externalId": name, "country": "DE"} for name in names))
    german = await ready_segment(context, viewer, country("DE"))
    draft = SegmentDraft("Static", ACCOUNT, SegmentType.STATIC, activate=True)
    static = await segments.create(context, viewer, draft)
    refused: list[Exception] = []

    async def repeat(times: int, act: Callable[[], Awaitable[object]]) -> None:
        for _ in range(times):
            try:
                await act()
            except RetryLater as error:
                refused.append(error)
            await asyncio.sleep(chance.random() * 0.02)

    def some() -> Selection:
        return Selection(kind=ACCOUNT, external_ids=chance.sample(names, 3))

    async def ordered() -> None:
        at = NOW - timedelta(days=chance.randrange(300))
        rows = [
            order_of(name, str(chance.randrange(100)), at, f"o{chance.randrange(30)}")
            for name in chance.sample(names, 3)
        ]
        await events.record(context, viewer, rows)

    async def moved() -> None:
        await put(
            context,
            viewer,
            *(
                {"externalId": name, "country": chance.choice(["DE", "FR"])}
                for name in chance.sample(names, 4)
            ),
        )

    async def removed() -> None:
        change = chance.choice([manual_membership.add, manual_membership.remove])
        await change(context, viewer, [static.id], some())

    async def summed_up_anew() -> None:
        await connection.execute("DELETE FROM segment_values WHERE segment_id = $1", german.id)
        await audience_values.of_segments(viewer, [german.id, static.id])

    async with working(context):
        await asyncio.gather(
            repeat(20, ordered),
            repeat(20, ordered),
            repeat(20, moved),
            repeat(20, removed),
            repeat(6, lambda: erasure.delete(context, viewer, some())),
            repeat(6, lambda: segments.recalculate(context, viewer, german.id)),
            repeat(15, lambda: value_upkeep.add_orders(viewer.workspace_id, ACCOUNT)),
            repeat(8, summed_up_anew),
        )
        await quiet(connection)
        await up_to_date(viewer)

    assert refused == []
    await assert_exact(viewer, [german.id, static.id])
    before = await kept(connection)
    await value_upkeep.check(viewer.workspace_id, ACCOUNT)
    assert await kept(connection) == before, "a comparison finds nothing wrong"
    assert before.keys() >= {german.id, static.id}


members = st.sampled_from("abcdef")
amounts = st.integers(-5_000, 20_000).map(lambda cents: str(Decimal(cents) / 100))
steps = st.one_of(
    st.tuples(st.just("order"), members, amounts, st.integers(-1, 500)),
    st.tuples(st.just("order"), members, amounts, st.integers(-1, 500)),
    st.tuples(st.just("correct"), st.integers(0, 30), members, amounts),
    st.tuples(st.just("delete"), st.integers(0, 30)),
    st.tuples(st.just("move"), members, st.sampled_from(["DE", "FR"])),
    st.tuples(st.sampled_from(["add", "remove", "erase"]), members),
    st.tuples(st.sampled_from(["refresh", "run", "add orders", "bring up to date", "read", "sum up anew"])),
)


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(steps, min_size=6, max_size=30))
async def test_values_equal_a_whole_computation_after_every_step(
    context: Context, connection: asyncpg.Connection, steps: list[tuple[Any, ...]]
) -> None:
    """Late orders, corrections, deletions, moves and erasures, amid everything that keeps values."""
    viewer = await new_viewer("Values")
    await put(context, viewer, *({"externalId": one, "country": "DE"} for one in "abcdef"))
    german = await ready_segment(context, viewer, country("DE"))
    draft = SegmentDraft("Static", ACCOUNT, SegmentType.STATIC, activate=True)
    static = await segments.create(context, viewer, draft)
    recorded: list[datetime] = []

    async def record(number: int, member: str, amount: str) -> None:
        await events.record(context, viewer, [order_of(member, amount, recorded[number], f"o{number}")])

    for number, step in enumerate(steps):
        match step:
            case "order", member, amount, days:
                recorded.append(NOW - timedelta(days=days, seconds=number) + timedelta(minutes=10))
                await record(len(recorded) - 1, member, amount)
            case "correct", number, member, amount if recorded:
                await record(number % len(recorded), member, amount)
            case "delete", number:
                await events.delete(context, viewer, [f"o{number}"])
            case "move", member, code:
                await put(context, viewer, externalId=member, country=code)
            case "add", member:
                await manual_membership.add(
                    context, viewer, [static.id], Selection(kind=ACCOUNT, external_ids=[member])
                )
            case "remove", member:
                await manual_membership.remove(
                    context, viewer, [static.id, german.id], Selection(kind=ACCOUNT, external_ids=[member])
                )
            case "erase", member:
                await erasure.delete(context, viewer, Selection(kind=ACCOUNT, external_ids=[member]))
            case ("refresh",):
                await refresh.drain(context, viewer.workspace_id, ACCOUNT)
            case ("run",):
                asked = await segments.recalculate(context, viewer, german.id)
                await recompute.run(context, german.id, asked.requested_revision)
            case ("add orders",):
                await value_upkeep.add_orders(viewer.workspace_id, ACCOUNT)
            case ("bring up to date",):
                await up_to_date(viewer)
            case ("sum up anew",):
                await connection.execute("DELETE FROM segment_values WHERE segment_id = $1", german.id)
        await assert_exact(viewer, [german.id, static.id])
    await up_to_date(viewer)
    await value_upkeep.check(viewer.workspace_id, ACCOUNT)
    assert len(await kept(connection)) >= 2, "a comparison found nothing wrong"


async def assert_exact(viewer: Viewer, segment_ids: list[int]) -> None:
    """What a reader has is what a computation from the orders gives, to the cent."""
    found = await audience_values.of_segments(viewer, segment_ids)
    async with snapshot() as connection:
        owners = [ChunkOwner(ChunkRole.MEMBERS, segment_id) for segment_id in segment_ids]
        audiences = await ChunkStore(connection, viewer.workspace_id).read_many(owners)
        as_of = datetime.now(UTC)
        sums = await customer_values.sums_of(
            connection, viewer.workspace_id, [(ACCOUNT, audiences[owner]) for owner in owners], as_of=as_of
        )
    for segment_id, whole in zip(segment_ids, sums, strict=True):
        value, right = found[segment_id], whole.value(as_of)
        assert (value.revenue, value.orders) == (right.revenue, right.orders)
        assert value.customer_lifetime_value == right.customer_lifetime_value
        assert value.average_order_value == right.average_order_value
        assert value.order_latency_days == right.order_latency_days

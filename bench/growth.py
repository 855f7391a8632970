"""How the cost of operations grows with members, events and segments: the exponent of each, beside the expected one.

Fills workspaces of several sizes, in each of which segments depend on what changes, and measures each operation in
all of them. An exponent of 0 is a cost that does not grow, 1 one that grows as the members do. Operations whose cost
is that of one audience or of the answer are measured as such. Refreshes are measured also with more and more segments
that depend on the change, and as many members.

    python -m bench.growth [--sizes 20000:20 80000:80] [--events 10] [--rounds 3] [--only deleteMembers]
"""

import argparse
import asyncio
import math
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg
from pyroaring import BitMap

from bench.refresh import CHANGE, MARK, build, other
from bench.results import Ratio
from seggraph import embedded
from seggraph.access import Viewer
from seggraph.audiences import to_bytes
from seggraph.cli.serving import spare_collections
from seggraph.context import Context, open_context
from seggraph.criteria import Catalogue, check, parse
from seggraph.database import migrating
from seggraph.database.connections import database
from seggraph.database.paging import PageRequest, encode_cursor
from seggraph.engines import EvaluationRequest, Population
from seggraph.services.catalogue import catalogues
from seggraph.services.customer_value import audience_values, value_upkeep
from seggraph.services.erasure import erasure
from seggraph.services.events import events, partitions
from seggraph.services.members import (
    bulk_edit_runs,
    bulk_edits,
    lists,
    members,
    orders,
    pages,
    sort_index_builds,
    upserts,
)
from seggraph.services.members.bulk_edits import BulkEditDraft
from seggraph.services.members.edit_actions import Tagging
from seggraph.services.members.lists import MemberList
from seggraph.services.members.orders import MemberOrder
from seggraph.services.members.selections import Selection
from seggraph.services.refresh import refresh
from seggraph.services.segments import views as segment_views
from seggraph.settings import Settings
from seggraph.vocabulary import ApiKeyScope, MemberKind, Role

ACCOUNT: Final = MemberKind.ACCOUNT
DAYS: Final = 60
"""Over how many days the events lie."""

RECORD: Final = """
    INSERT INTO events (workspace_id, kind, ordinal, name, occurred_at, value)
    SELECT $1, 2, n % $2, (ARRAY['order', 'visit', 'visit'])[1 + n / $2 % 3],
      date_trunc('day', now()) - make_interval(secs => n * 7919 % ($4 * 86400)), n % 997
    FROM generate_series(0, $2::bigint * $3 - 1) AS n
"""

CHANGE_EMAIL: Final = """
    UPDATE members SET email = CASE WHEN email IS NULL THEN 'a' || ordinal || '@example.com' END
    WHERE workspace_id = $1 AND kind = 2 AND ordinal = ANY($2)
"""

TOTAL: Final = """
    INSERT INTO event_totals (workspace_id, kind, name, ordinal, count, valued_count, sum, first_at, last_at)
    SELECT workspace_id, kind, name, ordinal, count(*), count(value), coalesce(sum(value), 0), min(occurred_at),
      max(occurred_at)
    FROM events WHERE workspace_id = $1 GROUP BY workspace_id, kind, name, ordinal
"""


@dataclass(slots=True)
class Size:
    """A workspace of so many members and segments, and how many milliseconds each operation took in it."""

    members: int
    segments: int
    others: int = 0
    """Segments that do not depend on what changes."""
    viewer: Viewer = field(init=False)
    segment_ids: list[int] = field(init=False)
    taken: dict[str, list[float]] = field(default_factory=dict)
    next_member: int = 0

    def some_members(self, count: int) -> list[int]:
        """Ordinals of members that no other operation has had, spread over all."""
        step = 7_919 if math.gcd(7_919, self.members) == 1 else 7_907
        ordinals = [(self.next_member + n) * step % self.members for n in range(count)]
        self.next_member += count
        return ordinals

    def median(self, operation: str) -> float:
        """Milliseconds."""
        return statistics.median(self.taken[operation])


Prepared = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Operation:
    """What is measured: `prepare` makes what is needed for one time, and returns that one time.

    The exponent is that of the time over the members of the sizes.
    """

    name: str
    prepare: Callable[["Bench", Size], Awaitable[Prepared]]
    at_most: float


@dataclass(frozen=True, slots=True)
class Bench:
    """The servers, and a connection for what is not measured."""

    context: Context
    connection: asyncpg.Connection

    async def fill(self, size: Size, events_per_member: int) -> None:
        """A workspace of a size, whose segments are up to date."""
        criteria = [
            {
                "attribute": {
                    "field": "employees",
                    "op": "BETWEEN",
                    "values": [n * 37 % 4500, n * 37 % 4500 + 500],
                }
            }
            for n in range(size.segments)
        ] + [other(n) for n in range(size.others)]
        workspace_id = await build(self.context, self.connection, size.members, criteria)
        size.viewer = Viewer(workspace_id, Role.ADMIN, ApiKeyScope.ADMIN)
        now = datetime.now(UTC)
        await partitions.ensure(now - timedelta(days=day) for day in range(-1, DAYS + 2))
        await self.connection.execute(RECORD, workspace_id, size.members, events_per_member, DAYS)
        await self.connection.execute(TOTAL, workspace_id)
        await self.connection.execute("VACUUM ANALYZE events, event_totals, chunks, members")
        rows = await self.connection.fetch(
            "SELECT id FROM segments WHERE workspace_id = $1 AND origin = 'USER' ORDER BY id", workspace_id
        )
        size.segment_ids = [row["id"] for row in rows]

    async def measure(self, size: Size, operation: Operation) -> None:
        """One round."""
        work = await operation.prepare(self, size)
        start = time.perf_counter()
        await work()
        size.taken.setdefault(operation.name, []).append((time.perf_counter() - start) * 1000)


async def _upsert(bench: Bench, size: Size) -> Prepared:
    rows = [{"externalId": f"a{n}", "name": f"Renamed {n}"} for n in size.some_members(200)]
    return lambda: upserts.upsert(bench.context, size.viewer, ACCOUNT, rows)


def _orders(size: Size, count: int, value: int) -> list[dict[str, Any]]:
    """Orders with external ids, of members spread over all."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    chance = Random(value)
    return [
        {
            "kind": ACCOUNT,
            "memberExternalId": f"a{chance.randrange(size.members)}",
            "name": "order",
            "occurredAt": at,
            "value": Decimal(value),
            "externalId": f"{value}:{n}",
        }
        for n in range(count)
    ]


async def _prepared_orders(bench: Bench, size: Size, count: int) -> list[dict[str, Any]]:
    size.next_member += 1
    rows = _orders(size, count, size.next_member)
    members_there = await bench.connection.fetch(
        "SELECT external_id FROM members WHERE workspace_id = $1 AND external_id = ANY($2)",
        size.viewer.workspace_id,
        [row["memberExternalId"] for row in rows],
    )
    there = {row[0] for row in members_there}
    return [row for row in rows if row["memberExternalId"] in there]


async def _record(bench: Bench, size: Size) -> Prepared:
    rows = await _prepared_orders(bench, size, 1_000)
    return lambda: events.record(bench.context, size.viewer, rows)


def _correct(count: int) -> Callable[[Bench, Size], Awaitable[Prepared]]:
    async def prepare(bench: Bench, size: Size) -> Prepared:
        rows = await _prepared_orders(bench, size, count)
        await events.record(bench.context, size.viewer, rows)
        corrected = [row | {"value": row["value"] + 1} for row in rows]
        return lambda: events.record(bench.context, size.viewer, corrected)

    return prepare


async def _delete_events(bench: Bench, size: Size) -> Prepared:
    rows = await _prepared_orders(bench, size, 1_000)
    await events.record(bench.context, size.viewer, rows)
    external_ids = [row["externalId"] for row in rows]
    return lambda: events.delete(bench.context, size.viewer, external_ids)


def _delete_members(count: int) -> Callable[[Bench, Size], Awaitable[Prepared]]:
    async def prepare(bench: Bench, size: Size) -> Prepared:
        external_ids = [f"a{n}" for n in size.some_members(count)]
        selection = Selection(kind=ACCOUNT, external_ids=external_ids)
        return lambda: erasure.delete(bench.context, size.viewer, selection)

    return prepare


def _refresh(count: int, change: str, name: str) -> Callable[[Bench, Size], Awaitable[Prepared]]:
    async def prepare(bench: Bench, size: Size) -> Prepared:
        workspace_id, ordinals = size.viewer.workspace_id, size.some_members(count)
        await refresh.drain(bench.context, workspace_id, ACCOUNT)
        await bench.connection.execute(change, workspace_id, ordinals)
        await bench.connection.execute(MARK, workspace_id, to_bytes(BitMap(ordinals)), [name])
        return lambda: refresh.drain(bench.context, workspace_id, ACCOUNT)

    return prepare


async def _add_orders(bench: Bench, size: Size) -> Prepared:
    workspace_id = size.viewer.workspace_id
    await value_upkeep.bring_up_to_date(workspace_id, ACCOUNT)
    await events.record(bench.context, size.viewer, await _prepared_orders(bench, size, 1_000))
    return lambda: value_upkeep.add_orders(workspace_id, ACCOUNT)


async def _values_of_page(bench: Bench, size: Size) -> Prepared:
    await value_upkeep.bring_up_to_date(size.viewer.workspace_id, ACCOUNT)
    await events.record(bench.context, size.viewer, await _prepared_orders(bench, size, 1))
    return lambda: audience_values.of_segments(size.viewer, size.segment_ids[:20])


async def _sequence(bench: Bench, size: Size) -> Prepared:
    steps = [{"name": "visit"}, {"name": "order"}]
    document = {"sequence": {"steps": steps, "within": "P7D"}}
    request = EvaluationRequest(
        Population(size.viewer.workspace_id, ACCOUNT),
        [check(parse(document), Catalogue(ACCOUNT))],
        as_of=datetime.now(UTC),
        zone=ZoneInfo("UTC"),
        timeout_seconds=120,
    )

    async def evaluate() -> None:
        async with bench.connection.transaction():
            await bench.context.engine.evaluate(bench.connection, request)

    return evaluate


def _page(
    by: str | None, *, search: str | None = None, of_segment: bool = False, is_deep: bool = False
) -> Callable[[Bench, Size], Awaitable[Prepared]]:
    """A page of 50 members; a deep one begins at a member in the middle of the order."""

    async def prepare(bench: Bench, size: Size) -> Prepared:
        async with database() as connection:
            catalogue = await catalogues.load(connection, size.viewer.workspace_id, ACCOUNT)
        order = orders.order_by(catalogue, by, descending=True)
        audience = await members.audience_of(size.viewer, size.segment_ids[:1]) if of_segment else None
        some = MemberList(ACCOUNT, search, audience)
        await pages.list_page(size.viewer, some, order, PageRequest(first=1))
        for row in await bench.connection.fetch("SELECT id FROM sort_indexes WHERE status = 'BUILDING'"):
            await sort_index_builds.run(bench.context, row["id"])
        after = await _middle(bench, size, order) if is_deep else None
        return lambda: pages.list_page(size.viewer, some, order, PageRequest(first=50, after=after))

    return prepare


async def _middle(bench: Bench, size: Size, order: MemberOrder) -> str:
    """The cursor of a member in the middle of an order."""
    keys = ", ".join(key.sql for key in order.keys)
    row = await bench.connection.fetchrow(
        f"SELECT {keys} FROM members m WHERE workspace_id = $1 ORDER BY {keys} OFFSET $2 LIMIT 1",
        size.viewer.workspace_id,
        size.members // 2,
    )
    return encode_cursor(order, list(row.values()))


async def _total_of_search(bench: Bench, size: Size) -> Prepared:
    return lambda: lists.total(size.viewer, MemberList(ACCOUNT, search="account"))


async def _distinct_addresses(bench: Bench, size: Size) -> Prepared:
    return lambda: segment_views.get_many(size.viewer, size.segment_ids[:20])


async def _readdress(bench: Bench, size: Size) -> Prepared:
    """100 pairs of members come to share their addresses."""
    ordinals = size.some_members(200)
    rows = [
        {"externalId": f"a{ordinal}", "email": f"{size.next_member}-{number // 2}@example.com"}
        for number, ordinal in enumerate(ordinals)
    ]
    await upserts.upsert(bench.context, size.viewer, ACCOUNT, rows)
    return lambda: refresh.drain(bench.context, size.viewer.workspace_id, ACCOUNT)


async def _bulk_edit(bench: Bench, size: Size) -> Prepared:
    ordinals = BitMap(size.some_members(500))
    draft = BulkEditDraft(ACCOUNT, ordinals, Tagging.of([f"tag {size.next_member}"], []))
    edit = await bulk_edits.start(bench.context, size.viewer, draft)
    return lambda: bulk_edit_runs.run(bench.context, edit.id)


OPERATIONS: Final = (
    Operation("upsertMembers of 200", _upsert, 0.3),
    Operation("recordEvents of 1,000 orders", _record, 0.3),
    Operation("recordEvents of 1,000 corrections", _correct(1_000), 0.3),
    Operation("recordEvents of 4,000 corrections", _correct(4_000), 0.3),
    Operation("deleteEvents of 1,000", _delete_events, 0.3),
    Operation("refresh of 200 members", _refresh(200, CHANGE, "employees"), 1.2),
    Operation("values of 20 segments, an order since", _values_of_page, 0.6),
    Operation("adding 1,000 changed orders to values", _add_orders, 1.2),
    Operation("deleteMembers of 1", _delete_members(1), 1.2),
    Operation("deleteMembers of 20", _delete_members(20), 1.2),
    Operation("deleteMembers of 100", _delete_members(100), 1.2),
    Operation("members, the newest", _page(None), 0.3),
    Operation("members by name", _page("name"), 0.3),
    Operation("members by employees, a deep page", _page("employees", is_deep=True), 0.3),
    Operation("a search of all by name", _page("name", search="account"), 0.3),
    Operation("a search of all, its total", _total_of_search, 0.3),
    Operation("a segment's members by name", _page("name", of_segment=True), 0.3),
    Operation("distinct addresses of 20 segments", _distinct_addresses, 0.3),
    Operation("refresh of 200 members with other addresses", _readdress, 1.2),
    Operation("a bulk edit of 500 members", _bulk_edit, 0.3),
)
"""What depends on the segments has an exponent of 1: there are as many more of them as of members."""

WHOLE: Final = (Operation("a sequence over all events", _sequence, 1.1),)
"""What reads all of the events, once: it may grow as they do."""

BY_DEPENDENTS: Final = (
    Operation("refresh of 1,000 members", _refresh(1_000, CHANGE, "employees"), 1.1),
    Operation("refresh of 1,000 members who are reached or not", _refresh(1_000, CHANGE_EMAIL, "email"), 1.1),
)
"""What is measured with more and more segments and as many members; the exponents are those of the segments."""


def exponent(sizes: Sequence[Size], operation: str) -> float:
    """By which power of the members the time grows, from the smallest to the largest size.

    If the segments grow more, it is the power of the segments.
    """
    first, last = sizes[0], sizes[-1]
    longer = last.median(operation) / first.median(operation)
    return math.log(longer) / math.log(max(last.members / first.members, last.segments / first.segments))


def table(sizes: Sequence[Size], operations: Sequence[Operation]) -> str:
    """The operations with their times by size, exponents and expectations, as Markdown."""
    heads = [f"{size.members:,} members, {size.segments:,} segments" for size in sizes]
    lines = [
        f"| operation | {' | '.join(heads)} | exponent | expected |",
        f"| --- |{' ---: |' * len(heads)} ---: | ---: |",
    ]
    for operation in operations:
        times = " | ".join(f"{size.median(operation.name):.0f} ms" for size in sizes)
        grown = exponent(sizes, operation.name)
        lines.append(f"| {operation.name} | {times} | {grown:.2f} | {operation.at_most:g} |")
    return "\n".join(lines)


async def run(settings: Settings, options: argparse.Namespace) -> bool:
    """Fill, measure in turns, and print; returns whether every exponent is as expected."""
    ratios: list[Ratio] = []
    for sizes, all_operations in (
        (options.sizes, (*OPERATIONS, *WHOLE)),
        (options.dependents, BY_DEPENDENTS),
    ):
        operations = [
            one
            for one in all_operations
            if not options.only or any(only in one.name for only in options.only)
        ]
        if operations:
            await _measure(settings, sizes, operations, options)
            print(table(sizes, operations))
            ratios += [
                Ratio(
                    f"Growth, exponent of {one.name}", max(exponent(sizes, one.name), 0), at_most=one.at_most
                )
                for one in operations
            ]
            ratios += _batches(sizes[-1])
    for ratio in ratios:
        ratio.print()
    return all(ratio.is_met for ratio in ratios)


async def _measure(
    settings: Settings, sizes: Sequence[Size], operations: Sequence[Operation], options: argparse.Namespace
) -> None:
    connection = await asyncpg.connect(settings.database_url)
    async with open_context(settings) as context:
        bench = Bench(context, connection)
        for size in sizes:
            start = time.perf_counter()
            await bench.fill(size, options.events)
            filled = time.perf_counter() - start
            _say(f"{size.members:,} members and {size.segments:,} segments are filled: {filled:.0f} s")
        spare_collections()
        for operation in operations:
            for _ in range(1 + options.rounds):
                for size in sizes:
                    await bench.measure(size, operation)
            for size in sizes:
                del size.taken[operation.name][0]  # the first one warms up
            times = ", ".join(f"{size.median(operation.name):.0f} ms" for size in sizes)
            _say(f"{operation.name}: {times}")
    await connection.close()


def _say(line: str) -> None:
    """Tell how far a run is that takes long: one that is stopped has told what it measured."""
    print(line, file=sys.stderr, flush=True)


def _batches(size: Size) -> list[Ratio]:
    """How much longer the larger of two batches takes, which is four times as large."""
    small, large = (f"recordEvents of {count} corrections" for count in ("1,000", "4,000"))
    if not {small, large} <= size.taken.keys():
        return []
    longer = size.median(large) / size.median(small)
    return [Ratio("Growth, 4,000 corrections to 1,000", longer, at_most=4.5)]


def _size(text: str) -> Size:
    members_count, _, segments_count = text.partition(":")
    return Size(int(members_count), int(segments_count))


def main() -> None:
    """Run on embedded servers of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    sizes = [Size(100_000, 12), Size(1_000_000, 1_000), Size(3_000_000, 5_000)]
    parser.add_argument("--sizes", type=_size, nargs="+", default=sizes)
    dependents = [Size(100_000, 125), Size(100_000, 1_000)]
    parser.add_argument("--dependents", type=_size, nargs="+", default=dependents)
    parser.add_argument("--events", type=int, default=10, help="for each member")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[], help="parts of the names of operations")
    options = parser.parse_args()
    with embedded.running(temporary=True) as servers:
        settings = Settings(
            database_url=servers.database_url,
            redis_url=servers.redis_url,
            jwt_secret="a secret of the bench, of thirty-two characters and more",
            log_level="error",
        )
        asyncio.run(migrating.migrate(servers.database_url))
        is_met = asyncio.run(run(settings, options))
    sys.exit(0 if is_met else 1)


if __name__ == "__main__":
    main()

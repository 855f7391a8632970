"""Adding orders to the values of segments, summing up segments that have no value yet, and comparing values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import structlog
from pyroaring import BitMap

from seggraph.audiences import CHUNK_BITS, ChunkOwner, ChunkStore, in_block, split, to_sql_blocks
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_exclusive
from seggraph.database.unit_of_work import begin, snapshot
from seggraph.models.audiences import ChunkRole
from seggraph.services.customer_value import member_orders
from seggraph.services.customer_value.customer_values import LATENCY_DAYS, ORDER, OrderSums, sums_in
from seggraph.vocabulary import MemberKind

log = structlog.get_logger()

KEEP_SECONDS: Final = 60
"""How long changed orders wait before they are added, so that many are added together. Readers add them at once."""
CHECK_INTERVAL: Final = timedelta(hours=4)
"""How often kept values are compared with a whole computation."""
MEMBERS_AT_ONCE: Final = 2_000
"""Most members whose orders one transaction adds. They are of one chunk."""
SEGMENTS_AT_ONCE: Final = 500
"""Of how many segments a chunk is read at once: 4 MB at most."""
BUILD_MEMBERS: Final = 100_000
"""About how many members of segments one transaction sums up."""
CHANGES_AT_ONCE: Final = 200
"""How many rows of changed orders are taken at once."""
WRONG_AT_ONCE: Final = 10_000
"""Most members whose orders a comparison mends at once."""

COMPLETE: Final = 2**32
"""`built_to` of a value that has all members."""

DUE: Final = """
    SELECT workspace_id, kind FROM order_changes WHERE due_at < now() - make_interval(secs => $1)
    UNION
    SELECT s.workspace_id, s.kind FROM segments s
    LEFT JOIN segment_values v ON v.workspace_id = s.workspace_id AND v.segment_id = s.id
    WHERE s.as_of IS NOT NULL AND s.status <> 'ARCHIVED'
      AND (v.built_to IS DISTINCT FROM $2 OR v.checked_at < now() - $3::interval)
    ORDER BY 1, 2 LIMIT $4
"""

UNBUILT: Final = """
    SELECT s.id FROM segments s LEFT JOIN segment_values v ON v.workspace_id = $1 AND v.segment_id = s.id
    WHERE s.workspace_id = $1 AND s.kind = $2 AND s.as_of IS NOT NULL AND s.status <> 'ARCHIVED'
      AND v.built_to IS DISTINCT FROM $3
    ORDER BY s.id
"""

SIZES: Final = (
    "SELECT id, kind, member_count FROM segments WHERE workspace_id = $1 AND id = ANY($2) ORDER BY id"
)

ADD: Final = """
    UPDATE segment_values v SET buyers = v.buyers + t.buyers, orders = v.orders + t.orders,
      revenue = v.revenue + t.revenue, repeat_buyers = v.repeat_buyers + t.repeat_buyers,
      latency_days = v.latency_days + t.latency_days
    FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::numeric[], $6::bigint[], $7::numeric[])
      AS t(id, buyers, orders, revenue, repeat_buyers, latency_days)
    WHERE v.workspace_id = $1 AND v.segment_id = t.id
"""

START: Final = """
    INSERT INTO segment_values (workspace_id, segment_id, kind, built_to, checked_at, buyers, orders, revenue,
      repeat_buyers, latency_days)
    SELECT $1, id, $2, 0, now(), 0, 0, 0, 0, 0
    FROM (SELECT id FROM segments WHERE workspace_id = $1 AND id = ANY($3) ORDER BY id FOR KEY SHARE) s
    ON CONFLICT (workspace_id, segment_id) DO NOTHING
"""

BUILDING: Final = """
    SELECT segment_id, built_to FROM segment_values
    WHERE workspace_id = $1 AND segment_id = ANY($2) AND built_to < $3 ORDER BY segment_id
"""

BUILT: Final = "UPDATE segment_values SET built_to = $3 WHERE workspace_id = $1 AND segment_id = ANY($2)"

VALUES: Final = "SELECT segment_id, built_to FROM segment_values WHERE workspace_id = $1 AND kind = $2"

SUMS: Final = f"""
    SELECT number, count(*) AS buyers, sum(orders)::bigint AS orders, sum(revenue) AS revenue,
      count(*) FILTER (WHERE orders > 1) AS repeat_buyers, sum(latency_days) AS latency_days
    FROM (
      SELECT a.number, o.* FROM unnest($3::int[], $4::int[], $5::bytea[]) AS a(number, first, bits)
      JOIN member_orders o ON o.workspace_id = $1 AND o.kind = $2 AND {in_block("o.ordinal", "a")}
      UNION ALL
      SELECT a.number, o.* FROM unnest($6::int[], $7::int[]) AS a(number, ordinal)
      JOIN member_orders o ON o.workspace_id = $1 AND o.kind = $2 AND o.ordinal = a.ordinal
    ) members GROUP BY number
"""  # noqa: S608 - constants only

TO_CHECK: Final = """
    SELECT s.id, s.member_count FROM segments s JOIN segment_values v ON v.workspace_id = $1 AND v.segment_id = s.id
    WHERE s.workspace_id = $1 AND s.kind = $2 AND v.built_to = $3 ORDER BY s.id
"""

IS_TO_CHECK: Final = """
    SELECT EXISTS (SELECT FROM segment_values
      WHERE workspace_id = $1 AND kind = $2 AND checked_at < now() - $3::interval)
"""

KEPT: Final = """
    SELECT segment_id, buyers, orders, revenue, repeat_buyers, latency_days FROM segment_values
    WHERE workspace_id = $1 AND segment_id = ANY($2) AND built_to = $3
"""

CHECKED: Final = (
    "UPDATE segment_values SET checked_at = now() WHERE workspace_id = $1 AND segment_id = ANY($2)"
)

REMOVE: Final = "DELETE FROM segment_values WHERE workspace_id = $1 AND segment_id = ANY($2)"

WRONG: Final = f"""
    SELECT coalesce(t.ordinal, o.ordinal) AS ordinal
    FROM (SELECT ordinal, count, sum, last_at, {LATENCY_DAYS} AS latency_days FROM event_totals
          WHERE workspace_id = $1 AND kind = $2 AND name = $3) t
    FULL JOIN (SELECT ordinal, orders, revenue, latency_days FROM member_orders
               WHERE workspace_id = $1 AND kind = $2) o ON o.ordinal = t.ordinal
    WHERE (t.last_at IS NULL OR t.last_at <= now())
      AND (t.count, t.sum, t.latency_days) IS DISTINCT FROM (o.orders, o.revenue, o.latency_days)
    LIMIT $4
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class BuiltValue:
    """The value of a segment, which has the members with ordinals below `built_to` so far."""

    segment_id: int
    built_to: int

    def part(self, members: BitMap) -> BitMap:
        """Those of the members that the value has."""
        if self.built_to >= COMPLETE or not members or members.max() < self.built_to:
            return members
        return members & BitMap(range(self.built_to))


async def ask_for_due(context: Context, limit: int) -> None:
    """Have the values brought up to date that are due, population by population."""
    async with database() as connection:
        rows = await connection.fetch(DUE, KEEP_SECONDS, COMPLETE, CHECK_INTERVAL, limit)
    for row in rows:
        await context.jobs.value_segments(row["workspace_id"], row["kind"])


async def bring_up_to_date(workspace_id: int, kind: MemberKind) -> None:
    """Add the orders of a population that changed, sum up its segments without a value, and compare what is due."""
    await add_orders(workspace_id, kind)
    async with database() as connection:
        rows = await connection.fetch(UNBUILT, workspace_id, kind, COMPLETE)
        is_to_check = await connection.fetchval(IS_TO_CHECK, workspace_id, kind, CHECK_INTERVAL)
    await build(workspace_id, [row["id"] for row in rows])
    if is_to_check:
        await check(workspace_id, kind)


async def add_orders(workspace_id: int, kind: MemberKind) -> int:
    """Add the changed orders of a population; returns of how many members.

    Each portion is a transaction of its own. A change is forgotten when all of its members were added; adding one
    again adds nothing.
    """
    added = 0
    while True:
        async with database() as connection:
            as_of: datetime = await connection.fetchval("SELECT clock_timestamp()")
            found = await member_orders.changes(
                connection, workspace_id, [kind], as_of, limit=CHANGES_AT_ONCE
            )
        if kind not in found:
            return added
        for portion in _portions(found[kind].ordinals):
            await _add_orders(workspace_id, kind, portion)
            added += len(portion)
        async with begin() as unit:
            await member_orders.forget_changes(unit.connection, workspace_id, found[kind].ids)


def _portions(ordinals: BitMap) -> Iterator[BitMap]:
    for chunk in split(ordinals).values():
        for start in range(0, len(chunk), MEMBERS_AT_ONCE):
            yield BitMap(chunk[start : start + MEMBERS_AT_ONCE])


async def _add_orders(workspace_id: int, kind: MemberKind, ordinals: BitMap) -> None:
    """Add the orders of members of one chunk to all the values that have them."""
    async with begin() as unit:
        connection = unit.connection
        await lock_exclusive(connection, LockSpace.ORDER_VALUES, workspace_id, kind=kind)
        as_of: datetime = await connection.fetchval("SELECT clock_timestamp()")
        before = await member_orders.added(connection, workspace_id, kind, ordinals)
        after = await member_orders.now(connection, workspace_id, kind, ordinals, as_of)
        ahead = await member_orders.ahead(connection, workspace_id, kind, ordinals, as_of)
        if ahead:
            again = min(ahead.values())
            await member_orders.note_changes(connection, workspace_id, kind, BitMap(ahead), again)
        differences = member_orders.differences(before, after)
        if not differences:
            return
        await member_orders.write(connection, workspace_id, kind, before, after)
        rows = await connection.fetch(VALUES, workspace_id, kind)
        for start in range(0, len(rows), SEGMENTS_AT_ONCE):
            some = [BuiltValue(*row) for row in rows[start : start + SEGMENTS_AT_ONCE]]
            await _add_differences(connection, workspace_id, some, differences)


async def _add_differences(
    connection: asyncpg.Connection,
    workspace_id: int,
    values: Sequence[BuiltValue],
    differences: Mapping[int, OrderSums],
) -> None:
    differing = BitMap(differences)
    owners = {value: ChunkOwner(ChunkRole.MEMBERS, value.segment_id) for value in values}
    members = await ChunkStore(connection, workspace_id).read_many(
        list(owners.values()), within_ordinals=differing
    )
    added = {
        value.segment_id: member_orders.total(differences, value.part(members[owner] & differing))
        for value, owner in owners.items()
    }
    await add(connection, workspace_id, added)


async def add(connection: asyncpg.Connection, workspace_id: int, added: Mapping[int, OrderSums]) -> None:
    """Add sums to the values of segments. The caller has the lock ORDER_VALUES."""
    rows = [(segment_id, *astuple(sums)) for segment_id, sums in added.items() if sums != OrderSums()]
    if rows:
        await connection.execute(ADD, workspace_id, *zip(*rows, strict=True))


async def build(workspace_id: int, segment_ids: Sequence[int]) -> None:
    """Sum up segments that have no whole value yet, in transactions of about BUILD_MEMBERS members."""
    async with database() as connection:
        rows = await connection.fetch(SIZES, workspace_id, list(segment_ids))
    for kind, group in _groups(rows):
        if len(group) > 1 or group[0]["member_count"] <= BUILD_MEMBERS:
            await _build(workspace_id, kind, [row["id"] for row in group], COMPLETE)
        else:
            await _build_large(workspace_id, kind, group[0]["id"])


def _groups(rows: Sequence[asyncpg.Record]) -> Iterator[tuple[MemberKind, list[asyncpg.Record]]]:
    """Segments of one kind, of up to BUILD_MEMBERS members together; a larger one is a group of its own."""
    for kind in sorted({row["kind"] for row in rows}):
        group: list[asyncpg.Record] = []
        members = 0
        for row in (row for row in rows if row["kind"] == kind):
            if group and members + row["member_count"] > BUILD_MEMBERS:
                yield MemberKind(kind), group
                group, members = [], 0
            group.append(row)
            members += row["member_count"]
        if group:
            yield MemberKind(kind), group


async def _build_large(workspace_id: int, kind: MemberKind, segment_id: int) -> None:
    async with database() as connection:
        last = await connection.fetchval(
            "SELECT next_ordinal FROM populations WHERE workspace_id = $1 AND kind = $2", workspace_id, kind
        )
    size = 1 << CHUNK_BITS
    for built_to in range(size, (last or 0) + size, size):
        await _build(workspace_id, kind, [segment_id], built_to)
    await _build(workspace_id, kind, [segment_id], COMPLETE)


async def _build(workspace_id: int, kind: MemberKind, segment_ids: Sequence[int], to: int) -> None:
    """Add the members up to an ordinal that the values do not have yet."""
    async with begin() as unit:
        connection = unit.connection
        await lock_exclusive(connection, LockSpace.ORDER_VALUES, workspace_id, kind=kind)
        await connection.execute(START, workspace_id, kind, list(segment_ids))
        rows = await connection.fetch(BUILDING, workspace_id, list(segment_ids), to)
        if not rows:
            return
        audiences = await _members(connection, workspace_id, [BuiltValue(*row) for row in rows], to)
        await add(connection, workspace_id, await _sums(connection, workspace_id, kind, audiences))
        await connection.execute(BUILT, workspace_id, list(audiences), to)


async def _members(
    connection: asyncpg.Connection, workspace_id: int, values: Sequence[BuiltValue], to: int
) -> dict[int, BitMap]:
    """The members of segments that their values do not have yet, up to an ordinal."""
    owners = {value: ChunkOwner(ChunkRole.MEMBERS, value.segment_id) for value in values}
    first = min(value.built_to for value in values)
    within = BitMap(range(first, to)) if to < COMPLETE else None
    found = await ChunkStore(connection, workspace_id).read_many(
        list(owners.values()), within_ordinals=within
    )
    if within is not None:
        found = {owner: members & within for owner, members in found.items()}
    return {value.segment_id: found[owner] - value.part(found[owner]) for value, owner in owners.items()}


async def _sums(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, audiences: Mapping[int, BitMap]
) -> dict[int, OrderSums]:
    """What was added of the members of each segment, in one statement."""
    blocks: list[list[Any]] = [[], [], []]
    singles: list[list[Any]] = [[], []]
    numbers = list(audiences)
    for number, segment_id in enumerate(numbers):
        form = to_sql_blocks(audiences[segment_id])
        blocks[0] += [number] * len(form.firsts)
        blocks[1] += form.firsts
        blocks[2] += form.bits
        singles[0] += [number] * len(form.singles)
        singles[1] += form.singles
    rows = await connection.fetch(SUMS, workspace_id, kind, *blocks, *singles)
    return {numbers[row["number"]]: sums_in(row) for row in rows}


async def check(workspace_id: int, kind: MemberKind) -> None:
    """Compare what is kept of a population with a whole computation, and have what is wrong computed anew.

    Nothing is wrong unless there is a defect, or a worker of an older version has changed a segment.
    """
    async with snapshot() as connection:
        wrong = BitMap(
            row["ordinal"] for row in await connection.fetch(WRONG, workspace_id, kind, ORDER, WRONG_AT_ONCE)
        )
        as_of: datetime = await connection.fetchval("SELECT now()")
        changes = await member_orders.changes(connection, workspace_id, [kind], as_of)
        rows = await connection.fetch(TO_CHECK, workspace_id, kind, COMPLETE)
    wrong -= changes[kind].ordinals if kind in changes else BitMap()
    if wrong:
        log.warning("order_values_drifted", workspace_id=workspace_id, kind=kind.name, members=len(wrong))
        async with begin() as unit:
            await member_orders.note_changes(unit.connection, workspace_id, kind, wrong, as_of)
    sized = [{"id": row["id"], "kind": kind, "member_count": row["member_count"]} for row in rows]
    for _, group in _groups(sized):
        await _check(workspace_id, kind, [row["id"] for row in group])


async def _check(workspace_id: int, kind: MemberKind, segment_ids: Sequence[int]) -> None:
    async with snapshot() as connection:
        owners = {segment_id: ChunkOwner(ChunkRole.MEMBERS, segment_id) for segment_id in segment_ids}
        found = await ChunkStore(connection, workspace_id).read_many(list(owners.values()))
        audiences = {segment_id: found[owner] for segment_id, owner in owners.items()}
        right = await _sums(connection, workspace_id, kind, audiences)
        rows = await connection.fetch(KEPT, workspace_id, list(segment_ids), COMPLETE)
    wrong = [row["segment_id"] for row in rows if sums_in(row) != right.get(row["segment_id"], OrderSums())]
    async with begin() as unit:
        await unit.connection.execute(CHECKED, workspace_id, list(segment_ids))
        if wrong:
            log.warning("segment_values_drifted", workspace_id=workspace_id, segment_ids=wrong)
            await unit.connection.execute(REMOVE, workspace_id, wrong)

"""The customer value of segments, kept with the instant it is from, so that lists and their orders are cheap.

A kept value is due when the segment's row was written since (entries and exits change its numbers), or when
orders of its kind changed. A small segment whose value is due gets it computed when it is read. For the
others, jobs bring it up to date, at most once in KEEP_SECONDS; until then it is what it was, with its `as_of`.
docs/customer-value.md says so to clients.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, fields
from datetime import datetime
from typing import Final

import asyncpg

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin, snapshot
from seggraph.models.audiences import ChunkRole
from seggraph.services.changes import changes
from seggraph.services.customer_value import customer_values
from seggraph.services.customer_value.customer_values import ORDER, CustomerValue, OrderSums
from seggraph.vocabulary import MemberKind

KEEP_SECONDS: Final = 60
"""How long a value that is due may be kept, for workspaces that record orders without pause."""
AT_ONCE_MEMBERS: Final = 100_000
"""Most members of the segments whose values are computed on the spot for one reader."""
JOB_MEMBERS: Final = 1_000_000
"""Most members of the segments whose values a job computes in one statement, if they are several."""
JOB_SEGMENTS: Final = 100
"""Most segments of one such statement."""

READ: Final = """
    SELECT s.id, s.kind, s.member_count, v.as_of, v.buyers, v.orders, v.revenue, v.repeat_buyers, v.latency_days,
      s.xmin::text::bigint AS row_version,
      v.row_version IS DISTINCT FROM s.xmin::text::bigint OR v.as_of < o.changed_at OR EXISTS (
        SELECT FROM dirty_batches d WHERE d.workspace_id = $1 AND d.kind = s.kind AND $3 = ANY(d.changed)) AS is_due
    FROM segments s
    LEFT JOIN segment_values v ON v.workspace_id = $1 AND v.segment_id = s.id
    LEFT JOIN order_changes o ON o.workspace_id = $1 AND o.kind = s.kind
    WHERE s.workspace_id = $1 AND s.id = ANY($2)
"""
"""`xmin` is the transaction that wrote the row: another one wrote another version, whatever it changed."""

DUE: Final = """
    SELECT s.id, s.workspace_id, s.kind, s.member_count FROM segments s
    LEFT JOIN segment_values v ON v.workspace_id = s.workspace_id AND v.segment_id = s.id
    LEFT JOIN order_changes o ON o.workspace_id = s.workspace_id AND o.kind = s.kind
    WHERE s.status <> 'ARCHIVED' AND s.as_of IS NOT NULL AND (v.segment_id IS NULL
      OR (v.as_of < now() - make_interval(secs => $1)
        AND (v.row_version <> s.xmin::text::bigint OR v.as_of < o.changed_at)))
"""

KEEP: Final = """
    INSERT INTO segment_values AS v
      (workspace_id, segment_id, as_of, row_version, buyers, orders, revenue, repeat_buyers, latency_days)
    SELECT $1, s.id, $2, t.row_version, t.buyers, t.orders, t.revenue, t.repeat_buyers, t.latency_days
    FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::numeric[], $8::bigint[], $9::float8[])
      AS t(id, row_version, buyers, orders, revenue, repeat_buyers, latency_days)
    JOIN (SELECT id FROM segments WHERE workspace_id = $1 AND id = ANY($3) ORDER BY id FOR KEY SHARE) s USING (id)
    ORDER BY s.id
    ON CONFLICT (workspace_id, segment_id) DO UPDATE SET as_of = EXCLUDED.as_of,
      row_version = EXCLUDED.row_version, buyers = EXCLUDED.buyers, orders = EXCLUDED.orders,
      revenue = EXCLUDED.revenue, repeat_buyers = EXCLUDED.repeat_buyers, latency_days = EXCLUDED.latency_days
    WHERE v.as_of < EXCLUDED.as_of
"""


async def of_segments(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, CustomerValue]:
    """The values of segments that the caller has found visible."""
    found: dict[int, CustomerValue] = {}
    async with snapshot() as connection:
        as_of: datetime = await connection.fetchval("SELECT now()")
        rows = await _read(connection, viewer.workspace_id, segment_ids)
        now = _on_the_spot(rows)
        for row, sums in zip(now, await _sums(connection, viewer.workspace_id, now, as_of), strict=True):
            found[row["id"]] = sums.value(as_of)
    for row in rows:
        if row["id"] not in found:
            found[row["id"]] = _kept(row).value(row["as_of"])
    return found


async def ask_for_due(context: Context, limit: int) -> None:
    """Have the values brought up to date that are due, population by population."""
    async with database() as connection:
        rows = await connection.fetch(f"{DUE} LIMIT $2", KEEP_SECONDS, limit)
    for workspace_id, kind in sorted({(row["workspace_id"], row["kind"]) for row in rows}):
        await context.jobs.value_segments(workspace_id, kind)


async def bring_up_to_date(workspace_id: int, kind: MemberKind, *, keep_seconds: float = KEEP_SECONDS) -> int:
    """Compute and keep the values of a population's segments that are due; returns how many they were."""
    async with database() as connection:
        due = await connection.fetch(
            f"{DUE} AND s.workspace_id = $2 AND s.kind = $3 ORDER BY s.id", keep_seconds, workspace_id, kind
        )
    for segment_ids in _portions(due):
        await _bring_up_to_date(workspace_id, segment_ids)
    return len(due)


async def _bring_up_to_date(workspace_id: int, segment_ids: Sequence[int]) -> None:
    async with snapshot() as connection:
        as_of: datetime = await connection.fetchval("SELECT now()")
        rows = await _read(connection, workspace_id, segment_ids)
        found = await _sums(connection, workspace_id, rows, as_of)
    if not rows:
        return
    kept = [(row["id"], row["row_version"], *astuple(sums)) for row, sums in zip(rows, found, strict=True)]
    async with begin() as unit:
        await unit.connection.execute(KEEP, workspace_id, as_of, *zip(*kept, strict=True))


def _on_the_spot(rows: Iterable[asyncpg.Record]) -> list[asyncpg.Record]:
    """The segments to compute now: those that have no value, and of those that are due the small ones."""
    now, members = [], 0
    for row in sorted(rows, key=lambda row: row["member_count"]):
        if row["as_of"] is None:
            now.append(row)
        elif row["is_due"] and members + row["member_count"] <= AT_ONCE_MEMBERS:
            members += row["member_count"]
            now.append(row)
    return now


def _portions(due: Sequence[asyncpg.Record]) -> Iterator[list[int]]:
    """The ids in portions of up to JOB_MEMBERS members; a larger segment is a portion of its own."""
    portion: list[int] = []
    members = 0
    for row in due:
        is_full = len(portion) == JOB_SEGMENTS or members + row["member_count"] > JOB_MEMBERS
        if portion and is_full:
            yield portion
            portion, members = [], 0
        portion.append(row["id"])
        members += row["member_count"]
    if portion:
        yield portion


async def _read(
    connection: asyncpg.Connection, workspace_id: int, segment_ids: Sequence[int]
) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        READ, workspace_id, list(segment_ids), changes.of_event(ORDER)
    )
    return rows


async def _sums(
    connection: asyncpg.Connection, workspace_id: int, rows: Sequence[asyncpg.Record], as_of: datetime
) -> list[OrderSums]:
    """The sums over the members of each segment, as the connection's snapshot has them."""
    owners = {row["id"]: ChunkOwner(ChunkRole.MEMBERS, row["id"]) for row in rows}
    members = await ChunkStore(connection, workspace_id).read_many(list(owners.values()))
    audiences = [(MemberKind(row["kind"]), members[owners[row["id"]]]) for row in rows]
    return await customer_values.sums_of(connection, workspace_id, audiences, as_of=as_of)


def _kept(row: asyncpg.Record) -> OrderSums:
    return OrderSums(*(row[field.name] for field in fields(OrderSums)))

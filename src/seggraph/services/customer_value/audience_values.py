"""The customer values of segments: kept like their audiences, by adding and subtracting what changes.

The value of a segment is the sum, over its members, of what was added of each (`member_orders`). Three things keep it
so, each in one transaction: who enters or exits is added or subtracted where the membership changes (`follow`);
orders are added some members at a time, and a new segment is summed up chunk by chunk (`value_upkeep`). A reader adds
the orders that were not added yet. So a value is exact as of now, whatever the size of the segment, and nothing is
computed while nothing changes. docs/customer-value.md says so to clients.

The lock ORDER_VALUES keeps the three apart: a membership change shares it at the end of its transaction, after which
a transaction that takes it alone sees the change.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore, split
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.locks import LockSpace, lock_shared
from seggraph.database.unit_of_work import UnitOfWork, snapshot
from seggraph.models.audiences import ChunkRole
from seggraph.services.customer_value import member_orders, value_upkeep
from seggraph.services.customer_value.customer_values import CustomerValue, OrderSums, sums_in
from seggraph.services.customer_value.member_orders import OrderChanges
from seggraph.services.customer_value.value_upkeep import COMPLETE, BuiltValue
from seggraph.vocabulary import MemberKind

CHANGES_AT_ONCE: Final = 20_000
"""Of more members who enter or exit at once nothing is added: the segment is summed up anew."""

PENDING_AT_ONCE: Final = 5_000
"""Most members with changed orders that a reader adds."""

CHUNKS_AT_ONCE: Final = 1_000
"""Most chunks that a reader reads to find in which segments they are."""

READ: Final = """
    SELECT s.id, s.kind, v.built_to, v.buyers, v.orders, v.revenue, v.repeat_buyers, v.latency_days
    FROM segments s LEFT JOIN segment_values v ON v.workspace_id = $1 AND v.segment_id = s.id
    WHERE s.workspace_id = $1 AND s.id = ANY($2)
"""

FOLLOWING: Final = """
    SELECT segment_id, built_to FROM segment_values WHERE workspace_id = $1 AND segment_id = ANY($2)
"""

MISSING: Final = """
    SELECT s.id FROM segments s LEFT JOIN segment_values v ON v.workspace_id = $1 AND v.segment_id = s.id
    WHERE s.workspace_id = $1 AND s.id = ANY($2) AND v.built_to IS DISTINCT FROM $3
"""

REMOVE: Final = "DELETE FROM segment_values WHERE workspace_id = $1 AND segment_id = ANY($2)"


def follow(
    context: Context,
    unit: UnitOfWork,
    workspace_id: int,
    kind: MemberKind,
    changes: Mapping[int, tuple[BitMap, BitMap]],
) -> None:
    """Add and subtract who enters and who exits, by segment, as the last part of the transaction.

    The caller holds the rows of the segments.
    """
    changed = {segment_id: change for segment_id, change in changes.items() if any(change)}
    if changed:
        unit.before_commit(partial(_follow, context, unit, workspace_id, kind, changed))


async def _follow(
    context: Context,
    unit: UnitOfWork,
    workspace_id: int,
    kind: MemberKind,
    changed: Mapping[int, tuple[BitMap, BitMap]],
) -> None:
    connection = unit.connection
    await lock_shared(connection, LockSpace.ORDER_VALUES, workspace_id, kind=kind)
    rows = await connection.fetch(FOLLOWING, workspace_id, list(changed))
    values = [BuiltValue(row["segment_id"], row["built_to"]) for row in rows]
    large = {segment_id for segment_id, change in changed.items() if sum(map(len, change)) > CHANGES_AT_ONCE}
    if large:
        await connection.execute(REMOVE, workspace_id, list(large))
    if large or len(values) < len(changed):
        unit.after_commit(partial(context.jobs.value_segments, workspace_id, kind))
    kept = [value for value in values if value.segment_id not in large]
    ordinals = BitMap.union(BitMap(), *(part for value in kept for part in changed[value.segment_id]))
    if not ordinals:
        return
    by_member = await member_orders.added(connection, workspace_id, kind, ordinals)
    added = {}
    for value in kept:
        entered, exited = (value.part(part) for part in changed[value.segment_id])
        added[value.segment_id] = member_orders.total(by_member, entered) - member_orders.total(
            by_member, exited
        )
    await value_upkeep.add(connection, workspace_id, added)


async def of_segments(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, CustomerValue]:
    """The values of segments that the caller has found visible, as of now.

    The first reader of a segment that was never summed up does that, and it is kept. If the orders of very many
    members changed a moment ago, the values are as of before.
    """
    async with database() as connection:
        missing = await connection.fetch(MISSING, viewer.workspace_id, list(segment_ids), COMPLETE)
    if missing:
        await value_upkeep.build(viewer.workspace_id, [row["id"] for row in missing])
    async with snapshot() as connection:
        as_of: datetime = await connection.fetchval("SELECT now()")
        rows = await connection.fetch(READ, viewer.workspace_id, list(segment_ids))
        kinds = {MemberKind(row["kind"]) for row in rows}
        changes = await member_orders.changes(connection, viewer.workspace_id, kinds, as_of)
        found: dict[int, CustomerValue] = {}
        for kind in kinds:
            sums = {row["id"]: _kept(row) for row in rows if MemberKind(row["kind"]) is kind}
            since = as_of
            if kind in changes and not _is_small(changes[kind], sums):
                since = changes[kind].since
            elif kind in changes:
                pending = await _pending(connection, viewer.workspace_id, kind, changes[kind], sums, as_of)
                sums = {segment_id: one + pending[segment_id] for segment_id, one in sums.items()}
            found |= {segment_id: one.value(since) for segment_id, one in sums.items()}
    return found


def _is_small(changes: OrderChanges, segments: Mapping[int, Any]) -> bool:
    """Whether a reader adds what is not added yet."""
    members = changes.ordinals
    return len(members) <= PENDING_AT_ONCE and len(split(members)) * len(segments) <= CHUNKS_AT_ONCE


async def _pending(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    changes: OrderChanges,
    segment_ids: Mapping[int, Any],
    as_of: datetime,
) -> dict[int, OrderSums]:
    """What is not added yet to the values of segments."""
    before = await member_orders.added(connection, workspace_id, kind, changes.ordinals)
    after = await member_orders.now(connection, workspace_id, kind, changes.ordinals, as_of)
    differences = member_orders.differences(before, after)
    owners = {segment_id: ChunkOwner(ChunkRole.MEMBERS, segment_id) for segment_id in segment_ids}
    differing = BitMap(differences)
    members = await ChunkStore(connection, workspace_id).read_many(
        list(owners.values()), within_ordinals=differing
    )
    return {
        segment_id: member_orders.total(differences, members[owner] & differing)
        for segment_id, owner in owners.items()
    }


def _kept(row: asyncpg.Record) -> OrderSums:
    """The kept sums; nothing of a segment without a value, which is one that is being deleted."""
    return OrderSums() if row["built_to"] is None else sums_in(row)

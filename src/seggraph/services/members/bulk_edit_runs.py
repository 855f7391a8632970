"""Carrying out bulk edits: portion by portion, each of which is one transaction that holds its members shortly.

With the members of a portion the place and the counts are stored, under the lease of the worker. So a worker that
takes over goes on with the next portion, and each member is edited and counted once, whatever happened in between.
"""

from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Final

import orjson
import structlog
from pyroaring import BitMap

from seggraph.audiences import from_bytes
from seggraph.context import Context
from seggraph.database import leases
from seggraph.database.claimable_work import ClaimableWork, FailureClass
from seggraph.database.connections import database
from seggraph.database.leases import RELEASE_LEASE, RENEW, Lease
from seggraph.database.locks import LockSpace, lock_shared
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.services.members import edit_actions
from seggraph.services.members.attribute_changing import AttributeChanging
from seggraph.services.members.bulk_edits import progressed
from seggraph.services.members.edit_actions import ConsentSetting, Tagging, restored
from seggraph.vocabulary import BulkEditAction, BulkEditStatus, MemberKind

log = structlog.get_logger()

FIRST_PORTION: Final = 250
"""How many members the first portion has. The following ones are sized by how long one took."""
PORTION_SECONDS: Final = 0.05
"""How long a portion should take."""
MOST_AT_ONCE: Final = 2_000
FEWEST_AT_ONCE: Final = 20
KEPT_DAYS: Final = 30
"""For how many days a bulk edit that is over can be looked at."""
NAMED_OVER_LIMIT: Final = 1_000
"""Of how many members that would have too many tags the ids are kept."""

WORK: Final = ClaimableWork(
    name="bulk_edit",
    table="bulk_edits",
    is_open="w.status = 'RUNNING'",
    columns="w.workspace_id, w.kind, w.action, w.edit, w.ordinals, w.position, w.total, w.attempts",
    sweep_if="w.created_at < clock_timestamp() - interval '1 second'",
    due_columns="w.id, w.position, w.attempts",
    max_attempts=5,
    failing="status = 'FAILED', finished_at = clock_timestamp(), ordinals = ''",
    failed_message="Something failed on our side while editing the members. What was edited before stays.",
)
"""Bulk edits that are not over."""

# A portion that was stored shows that the worker is well, so the attempts are counted anew.
ADVANCE: Final = f"""
    {RENEW}, position = $4, changed = changed + $5, unchanged = unchanged + $6, not_found = not_found + $7,
    over_limit_count = over_limit_count + $8, over_limit = (over_limit || $9::bigint[])[:{NAMED_OVER_LIMIT}],
    attempts = 1
"""

FINISH: Final = f"""
    status = 'COMPLETED', finished_at = clock_timestamp(), ordinals = '', {RELEASE_LEASE},
    not_found = total - changed - unchanged - over_limit_count
"""

IDS: Final = "SELECT id FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3) ORDER BY id"

# any workspace: the sweeper forgets old ones of all of them
FORGET: Final = """
    DELETE FROM bulk_edits WHERE id = ANY(ARRAY(
      SELECT id FROM bulk_edits WHERE finished_at < now() - make_interval(days => $1) LIMIT $2))
"""


@dataclass(frozen=True, slots=True)
class BulkEditClaim:
    """A bulk edit that this worker may carry on, and the members whose turn it is not yet over."""

    lease: Lease
    edit_id: int
    attempt: int
    workspace_id: int
    kind: MemberKind
    action: Tagging | ConsentSetting | AttributeChanging
    left: BitMap


async def run(context: Context, edit_id: int) -> BulkEditStatus | None:
    """Carry on a bulk edit, unless it is over or another worker has it; returns the status after that."""
    async with database() as connection:
        claimed = await WORK.claim(connection, edit_id, context.settings.lease_seconds)
    if claimed is None:
        return None
    row = claimed.row
    ordinals = from_bytes(row["ordinals"])
    claim = BulkEditClaim(
        claimed.lease,
        edit_id,
        row["attempts"],
        row["workspace_id"],
        MemberKind(row["kind"]),
        restored(BulkEditAction(row["action"]), orjson.loads(row["edit"])),
        ordinals[ordinals.rank(row["position"]) if row["position"] >= 0 else 0 :],
    )
    with structlog.contextvars.bound_contextvars(bulk_edit_id=edit_id):
        return await leases.carry_out(claim.lease, _carry_out(context, claim), partial(_fail, context, claim))


async def ask_for_work(context: Context, limit: int) -> None:
    """Enqueue bulk edits that no worker has, give up on those that keep losing their workers, forget old ones."""
    async with begin() as unit:
        abandoned = await WORK.abandon(unit.connection)
        context.publish(unit, [progressed(row["workspace_id"], row["id"]) for row in abandoned])
        await unit.connection.execute(FORGET, KEPT_DAYS, limit)
        for row in await WORK.find_due(unit.connection, limit):
            context.run_bulk_edit(unit, row["id"], row["position"], attempt=row["attempts"])


async def _carry_out(context: Context, claim: BulkEditClaim) -> BulkEditStatus:
    """Edit portion by portion while the lease is renewed and the progress is published."""

    async def renew_and_publish() -> None:
        await claim.lease.renew()
        await context.stream.publish([progressed(claim.workspace_id, claim.edit_id)])

    await leases.keep(claim.lease, _edit_all(context, claim), renew_and_publish)
    async with begin() as unit:
        await claim.action.settle(unit.connection, claim.workspace_id, claim.kind)
        await claim.lease.change(unit.connection, FINISH)
        context.publish(unit, [progressed(claim.workspace_id, claim.edit_id)])
    return BulkEditStatus.COMPLETED


async def _edit_all(context: Context, claim: BulkEditClaim) -> None:
    size, start = FIRST_PORTION, 0
    while start < len(claim.left):
        portion = claim.left[start : start + size]
        began = monotonic()
        await _edit(context, claim, portion)
        start += len(portion)
        size = next_size(size, monotonic() - began)


def next_size(size: int, seconds: float) -> int:
    """How many members the next portion has, after one of this size took so long; it grows by steps."""
    wanted = int(size * PORTION_SECONDS / max(seconds, 0.001))
    return max(FEWEST_AT_ONCE, min(wanted, 2 * size, MOST_AT_ONCE))


async def _edit(context: Context, claim: BulkEditClaim, portion: BitMap) -> None:
    """Edit some members, and store that they are done."""
    async with begin() as unit:
        connection = unit.connection
        # An erasure holds it alone: no member goes while the portion is at work.
        await lock_shared(connection, LockSpace.MEMBERS, claim.workspace_id)
        rows = await connection.fetch(IDS, claim.workspace_id, claim.kind, list(portion))
        ids = [row["id"] for row in rows]
        edited = await claim.action.apply(connection, claim.workspace_id, ids)
        await edit_actions.mark(context, unit, claim.workspace_id, edited.rows, claim.action.names)
        changed, over = len(edited.rows), len(edited.over_limit)
        counts = (changed, len(ids) - changed - over, len(portion) - len(ids), over, edited.over_limit)
        await claim.lease.change(connection, ADVANCE, claim.lease.seconds, portion.max(), *counts)


async def _fail(context: Context, claim: BulkEditClaim, error: Exception) -> BulkEditStatus:
    """Store why it failed, or leave it to be carried on when that may help. Raises LeaseLost."""

    async def settle(unit: UnitOfWork, failure: FailureClass) -> None:
        if failure.is_final:
            context.publish(unit, [progressed(claim.workspace_id, claim.edit_id)])

    failure = await WORK.fail(claim.lease, claim.attempt, error, settle)
    return BulkEditStatus.FAILED if failure.is_final else BulkEditStatus.RUNNING

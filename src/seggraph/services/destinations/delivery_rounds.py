"""The rounds of a delivery. Each compares the audience with the list outside; the last finds no difference."""

from dataclasses import dataclass
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.services.destinations import delivery_states
from seggraph.services.destinations.delivery_claims import DeliveryClaim
from seggraph.services.destinations.delivery_states import Audience, State, States
from seggraph.vocabulary import Channel, DeliveryStatus, DesiredState, MemberKind, SegmentStatus

# any workspace: the delivery is the one whose lease this worker holds
ROUND: Final = """
    UPDATE deliveries SET resend = $2, member_count = $3, no_address_count = $4, no_consent_count = $5,
      suppressed_count = $6, rejected_count = $7, is_behind = true, as_of = clock_timestamp() WHERE id = $1
"""

# any workspace: the delivery is the one whose lease this worker holds
BEHIND: Final = "UPDATE deliveries SET is_behind = true WHERE id = $1"

# any workspace: the delivery is the one whose lease this worker holds
DONE: Final = """
    UPDATE deliveries SET status = 'ACTIVE', error_code = NULL, error_message = NULL, error_at = NULL
    WHERE id = $1 AND status = 'BUILDING'
"""

# any workspace: the delivery is the one whose lease this worker holds
SETTLED: Final = """
    UPDATE deliveries SET is_behind = is_behind AND NOT $2, error_code = NULL, error_message = NULL, error_at = NULL
    WHERE id = $1
"""


@dataclass(frozen=True, slots=True)
class Round:
    """What one look at the delivery found to do. `is_live` is False while only erased members may be removed."""

    kind: MemberKind
    list_id: str | None
    list_name: str
    generation: int
    remove: BitMap
    send: BitMap
    is_live: bool


async def look(claim: DeliveryClaim) -> Round:
    """Take the changes, then read the members that should be outside and those that are. Raises LeaseLost."""
    async with begin() as unit:
        row = await claim.hold(unit.connection)
        changed = await delivery_states.take_changes(unit.connection, claim.workspace_id, claim.delivery_id)
        states = States(unit.connection, claim.workspace_id, claim.delivery_id)
        before = await states.read()
        is_live = (
            row["segment_status"] == SegmentStatus.ACTIVE and claim.desired_state is DesiredState.DELIVER
        )
        after = delivery_states.copy(before)
        after.note_changed(changed)
        if not is_live or row["as_of"] is None:
            await states.write(before, after)
            if changed:
                await unit.connection.execute(BEHIND, claim.delivery_id)
            return _found(row, BitMap(), BitMap(), is_live=False)
        if row["resend"]:
            after.resend()
        channel = None if row["channel"] is None else Channel(row["channel"])
        audience = await delivery_states.audience_of(
            unit.connection, claim.workspace_id, claim.segment_id, row["population_id"], channel
        )
        after.rejected = after.rejected & audience.wanted
        await states.write(before, after)
        await _count(unit, claim, audience, after)
        remove, send = after.to_remove(audience.wanted), after.to_send(audience.wanted)
        return _found(row, remove, send, is_live=True)


async def _count(unit: UnitOfWork, claim: DeliveryClaim, audience: Audience, state: State) -> None:
    await unit.connection.execute(
        ROUND,
        claim.delivery_id,
        False,
        audience.members,
        audience.no_address,
        audience.no_consent,
        audience.suppressed,
        len(state.rejected),
    )


async def settle(context: Context, claim: DeliveryClaim, found: Round) -> asyncpg.Record:
    """Outside is as it should be: say so, if that is news. Returns the delivery's row. Raises LeaseLost."""
    async with begin() as unit:
        row = await claim.hold(unit.connection)
        await unit.connection.execute(SETTLED, claim.delivery_id, found.is_live)
        is_news = found.is_live and await _changes(unit.connection, DONE, claim.delivery_id)
        if is_news:
            claim.status = DeliveryStatus.ACTIVE
        context.publish(unit, [claim.changed(claim.status, is_progress=not is_news)])
    return row


def _found(row: asyncpg.Record, remove: BitMap, send: BitMap, *, is_live: bool) -> Round:
    return Round(
        MemberKind(row["kind"]),
        row["list_id"],
        row["segment_name"],
        row["generation"],
        remove,
        send,
        is_live,
    )


async def _changes(connection: asyncpg.Connection, statement: str, delivery_id: int) -> bool:
    done: str = await connection.execute(statement, delivery_id)
    return done != "UPDATE 0"

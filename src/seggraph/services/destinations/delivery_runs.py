"""Bringing a delivery up to date: what is outside and should not be is removed, what is missing or old is sent.

Each round reads the audience anew and ends when nothing is left to do; batch by batch what was acknowledged is stored
(see delivery_states). A round that fails is repeated later, and repeats at most one batch of each kind.
"""

import time
from functools import partial
from typing import Final

import structlog
from pyroaring import BitMap

from seggraph.audiences.bitmap import iterate
from seggraph.context import Context
from seggraph.database import leases
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.destinations.destination import ListGone, Unavailable
from seggraph.services.destinations import delivery_calls, delivery_claims, delivery_names, delivery_rounds
from seggraph.services.destinations.delivery_claims import DeliveryClaim
from seggraph.services.destinations.delivery_rounds import SETTLED
from seggraph.services.destinations.delivery_states import State, States
from seggraph.vocabulary import DeliveryStatus, DesiredState

log = structlog.get_logger()

SECONDS_AT_ONCE: Final = 60.0
"""How long one job works; what is left then is asked for again, so that no delivery keeps others waiting."""
BATCHES_PER_ROUND: Final = 10
"""After so many batches the audience is read again: members that left it meanwhile are not sent."""

# any workspace: the delivery is the one whose lease this worker holds
UNNAMED: Final = """
    UPDATE deliveries SET list_id = NULL, list_name = NULL, refused_name = NULL, generation = generation + 1,
      delivered_count = 0, status = CASE WHEN status = 'ACTIVE' THEN 'BUILDING' ELSE status END WHERE id = $1
"""

# any workspace: the delivery is the one whose lease this worker holds
REMOVED_ALL: Final = "DELETE FROM delivery_removals WHERE delivery_id = $1"

# any workspace: the delivery is the one whose lease this worker holds
EMPTIED: Final = "UPDATE deliveries SET wish = 'KEEP', delivered_count = 0, rejected_count = 0 WHERE id = $1"


async def run(context: Context, delivery_id: int) -> None:
    """Bring a delivery up to date, unless there is nothing to do or another worker does so."""
    claim = await delivery_claims.claim(context, delivery_id)
    if claim is None:
        return
    with structlog.contextvars.bound_contextvars(delivery_id=delivery_id):
        await leases.carry_out(claim.lease, _carry_out(context, claim), partial(_fail, context, claim))


async def _carry_out(context: Context, claim: DeliveryClaim) -> None:
    """Do what is wanted, publish how far it is, and release the delivery."""

    async def renew_and_publish() -> None:
        status = await claim.renew()
        await context.stream.publish([claim.changed(status, is_progress=True)])

    await leases.keep(claim.lease, _deliver(context, claim), renew_and_publish)
    async with begin() as unit:
        await claim.release(unit.connection)
        context.deliver(unit, claim.delivery_id, claim=claim.number)


async def _deliver(context: Context, claim: DeliveryClaim) -> None:
    """Go round until nothing is left to do, or others should have their turn."""
    until = time.monotonic() + SECONDS_AT_ONCE
    try:
        if claim.desired_state is DesiredState.EMPTY:
            await _empty(context, claim)
            return
        while time.monotonic() < until and await _go_round(context, claim):
            pass
    except ListGone:
        await _forget_list(claim)
        raise


async def _go_round(context: Context, claim: DeliveryClaim) -> bool:
    """Bring outside what one look at the audience shows; returns whether there was anything to do."""
    found = await delivery_rounds.look(claim)
    calls = await delivery_calls.open_calls(context, claim)
    list_id = found.list_id
    if list_id is None:
        if not found.is_live:
            return False
        list_id = await calls.make_list(found.list_name, found.generation)
    worked = await calls.remove_erased(list_id)
    size = calls.destination.batch_size
    for ordinals in iterate(found.remove[: size * BATCHES_PER_ROUND], size):
        await calls.remove(found.kind, list_id, BitMap(ordinals))
    if not found.remove:
        for ordinals in iterate(found.send[: size * BATCHES_PER_ROUND], size):
            await calls.send(found.kind, list_id, BitMap(ordinals))
    if worked or found.remove or found.send:
        return True
    row = await delivery_rounds.settle(context, claim, found)
    if found.is_live and delivery_names.is_old(row):
        await calls.rename_list(list_id, old=row["list_name"], new=row["segment_name"])
    return False


async def _forget_list(claim: DeliveryClaim) -> None:
    """The list outside is gone, with everyone who was on it."""
    async with begin() as unit:
        await _forget_everybody(unit, claim)
        await unit.connection.execute(UNNAMED, claim.delivery_id)


async def _empty(context: Context, claim: DeliveryClaim) -> None:
    """Empty the list outside, if there ever was one."""
    calls = await delivery_calls.open_calls(context, claim)
    async with database() as connection:
        row = await claim.hold(connection)
    if row["list_id"] is not None:
        await calls.empty(row["list_id"])
    async with begin() as unit:
        await _forget_everybody(unit, claim)
        await unit.connection.execute(EMPTIED, claim.delivery_id)
        await unit.connection.execute(SETTLED, claim.delivery_id, True)
        context.publish(unit, [claim.changed(DeliveryStatus.INACTIVE)])


async def _forget_everybody(unit: UnitOfWork, claim: DeliveryClaim) -> None:
    """Note that the list outside is empty."""
    await claim.hold(unit.connection)
    await States(unit.connection, claim.workspace_id, claim.delivery_id).change(State.forget)
    await unit.connection.execute(REMOVED_ALL, claim.delivery_id)


async def _fail(context: Context, claim: DeliveryClaim, error: Exception) -> None:
    """Store why it failed, or leave it to be tried again when that may help. Raises LeaseLost."""
    asked = error.after_seconds if isinstance(error, Unavailable) else None
    await claim.fail(context, error, asked_seconds=asked)

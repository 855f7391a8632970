"""The calls of a delivery to its destination: each is stored before it is made, and its outcome afterwards.

A worker that dies in between leaves a batch unsettled (see delivery_states); the next worker makes the call again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import structlog
from pyroaring import BitMap

from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.destinations.destination import (
    Declined,
    Destination,
    ListGone,
    Order,
    Refused,
    Unavailable,
)
from seggraph.destinations.templates import Template
from seggraph.errors import NotFound
from seggraph.services.destinations import adapters, delivery_members, delivery_names
from seggraph.services.destinations.delivery_claims import DeliveryClaim
from seggraph.services.destinations.delivery_states import State, States
from seggraph.vocabulary import MemberKind

log = structlog.get_logger()

T = TypeVar("T")

RENAME_ATTEMPTS: Final = 4
"""How often a name is tried that the destination has trouble with: members matter more."""
REPEATS: Final = 2
"""How often a call is repeated at once, with the same key, when the destination does not ask for more time."""

DESTINATION: Final = f"""
    SELECT {adapters.COLUMNS} FROM destinations WHERE workspace_id = $1 AND id = $2
"""  # noqa: S608 - constants only

# any workspace: the delivery is the one whose lease this worker holds
NEXT: Final = "UPDATE deliveries SET sequence = sequence + 1 WHERE id = $1 RETURNING sequence"

ACKNOWLEDGED: Final = """
    UPDATE deliveries SET attempts = 1, delivered_count = coalesce((SELECT sum(cardinality) FROM chunks
      WHERE workspace_id = $2 AND role = 41 AND owner_id = $1), 0) WHERE id = $1
"""

# any workspace: the delivery is the one whose lease this worker holds
NAMED: Final = "UPDATE deliveries SET list_id = $2 WHERE id = $1"

# any workspace: the delivery is the one whose lease this worker holds
REMOVALS: Final = "SELECT id, key FROM delivery_removals WHERE delivery_id = $1 ORDER BY id LIMIT $2"

# any workspace: the delivery is the one whose lease this worker holds
REMOVED: Final = "DELETE FROM delivery_removals WHERE delivery_id = $1 AND id = ANY($2)"


@dataclass(frozen=True, slots=True)
class Calls:
    """The destination of a claim, as it is called now."""

    context: Context
    claim: DeliveryClaim
    destination: Destination
    template: Template

    async def make_list(self, name: str, generation: int) -> str:
        """Make the list outside. Its key stays the same until its id is known here, so that it is made once."""
        key = f"seggraph-delivery-{self.claim.delivery_id}-list-{generation}"
        async with begin() as unit:
            await self.claim.hold(unit.connection)
            sequence, first = await delivery_names.make(unit.connection, self.claim.delivery_id, name)
        try:
            made = await self._repeated(partial(self.destination.prepare, first, Order(key, sequence)))
        except Refused:
            async with begin() as unit:
                await delivery_names.not_made(unit.connection, self.claim.delivery_id)
            raise
        async with begin() as unit:
            await self.claim.hold(unit.connection)
            await unit.connection.execute(NAMED, self.claim.delivery_id, made)
        return made

    async def rename_list(self, list_id: str, *, old: str | None, new: str) -> None:
        """Give the list another name, or leave it the one that it has where that cannot be done.

        Raises Unavailable as long as trying again may help.
        """
        async with begin() as unit:
            await self.claim.hold(unit.connection)
            order = self._order(await delivery_names.rename(unit.connection, self.claim.delivery_id))
        name: str | None = new
        refused: str | None = None
        try:
            await self._repeated(partial(self.destination.rename, list_id, new, order))
        except (Declined, Unavailable) as error:
            if isinstance(error, Unavailable) and self.claim.attempts < RENAME_ATTEMPTS:
                raise
            log.warning("list_not_renamed", reason=error.message)
            name, refused = old if isinstance(error, Declined) else None, new
        async with begin() as unit:
            await self.claim.hold(unit.connection)
            await delivery_names.settle(unit.connection, self.claim.delivery_id, name, refused=refused)
            self.context.publish(unit, [self.claim.changed(self.claim.status, is_progress=True)])

    async def remove_erased(self, list_id: str) -> bool:
        """Remove erased members; returns whether there were any."""
        worked = False
        while True:
            async with database() as connection:
                rows = await connection.fetch(REMOVALS, self.claim.delivery_id, self.destination.batch_size)
            if not rows:
                return worked
            worked = True
            order = self._order(await self._next_sequence())
            keys = [row["key"] for row in rows]
            await self._repeated(partial(self.destination.remove, list_id, keys, order))
            async with begin() as unit:
                await self.claim.hold(unit.connection)
                ids = [row["id"] for row in rows]
                await unit.connection.execute(REMOVED, self.claim.delivery_id, ids)
                await self._acknowledged(unit)

    async def remove(self, kind: MemberKind, list_id: str, batch: BitMap) -> None:
        """Remove members that left the segment. `remove_erased` removes members that were erased meanwhile."""
        order = await self._begin(batch)
        async with database() as connection:
            keys = await delivery_members.keys(connection, self.claim.workspace_id, kind, list(batch))
        if keys:
            await self._repeated(lambda: self.destination.remove(list_id, keys, order))
        await self._end(batch, lambda state: state.removed(batch))

    async def send(self, kind: MemberKind, list_id: str, batch: BitMap) -> None:
        """Send members with their data as it is now. A member that is gone or rejected does not count as delivered."""
        order = await self._begin(batch)
        async with database() as connection:
            members = await delivery_members.read(
                connection, self.claim.workspace_id, kind, list(batch), self.template
            )
        rejected = BitMap()
        if members.recipients:
            receipt = await self._repeated(
                lambda: self.destination.upsert(list_id, members.recipients, order)
            )
            rejected = BitMap(members.ordinals[key] for key in receipt.rejected)
        gone = batch - BitMap(members.ordinals.values())

        def settle(state: State) -> None:
            state.removed(gone)
            state.sent(batch, rejected)

        await self._end(batch, settle)

    async def empty(self, list_id: str) -> None:
        """Empty the list outside."""
        order = self._order(await self._next_sequence())
        await self._repeated(lambda: self.destination.empty(list_id, order))

    async def _begin(self, batch: BitMap) -> Order:
        """Note that a batch leaves, before it does."""
        async with begin() as unit:
            await self.claim.hold(unit.connection)
            await self._states(unit).change(lambda state: state.begin(batch), within_ordinals=batch)
            sequence = await unit.connection.fetchval(NEXT, self.claim.delivery_id)
        return self._order(sequence)

    async def _end(self, batch: BitMap, settle: Callable[[State], None]) -> None:
        """Store the outcome of a batch that the destination has acknowledged."""
        async with begin() as unit:
            await self.claim.hold(unit.connection)
            await self._states(unit).change(settle, within_ordinals=batch)
            await self._acknowledged(unit)

    def _states(self, unit: UnitOfWork) -> States:
        return States(unit.connection, self.claim.workspace_id, self.claim.delivery_id)

    async def _acknowledged(self, unit: UnitOfWork) -> None:
        """The destination works: failures are counted from here."""
        await unit.connection.execute(ACKNOWLEDGED, self.claim.delivery_id, self.claim.workspace_id)
        self.claim.attempts = 1

    async def _next_sequence(self) -> int:
        async with begin() as unit:
            await self.claim.hold(unit.connection)
            sequence: int = await unit.connection.fetchval(NEXT, self.claim.delivery_id)
        return sequence

    def _order(self, sequence: int) -> Order:
        return Order(f"seggraph-delivery-{self.claim.delivery_id}-{sequence}", sequence)

    async def _repeated(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call; a failure that may pass is met by the same call again, before the delivery has to wait."""
        for repeat in range(REPEATS):
            try:
                return await call()
            except ListGone:
                raise
            except Unavailable as error:
                longest = self.context.settings.delivery_retry_seconds
                wait = longest / 2 ** (REPEATS - repeat)
                if (error.after_seconds or 0.0) > wait:
                    raise
                await asyncio.sleep(wait)
        return await call()


async def open_calls(context: Context, claim: DeliveryClaim) -> Calls:
    """Read how the destination is called now: after a look, so that a change that comes later asks for another one.

    Raises NotFound, Refused, SecretUnreadable.
    """
    async with database() as connection:
        row = await connection.fetchrow(DESTINATION, claim.workspace_id, claim.destination_id)
    if row is None:
        raise NotFound("The destination was deleted.")
    destination = adapters.adapter(context, row, claim.workspace_id, claim.destination_id, claim.delivery_id)
    return Calls(context, claim, destination, adapters.template_of(row))

"""Bringing a delivery up to date: what is outside and should not be is removed, what is missing or old is sent.

Each round reads the audience anew and ends when nothing is left to do; batch by batch what was acknowledged is stored
(see delivery_states). A round that fails is repeated later, and repeats at most one batch of each kind.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import asyncpg
import structlog
from pyroaring import BitMap

from seggraph.audiences.bitmap import iterate
from seggraph.destinations.destination import Destination, ListGone, Order, Unavailable
from seggraph.destinations.templates import Template
from seggraph.errors import ErrorCode, NotFound, SeggraphError
from seggraph.runtime import database
from seggraph.services import delivery_claims, delivery_members, delivery_states, destination_adapters
from seggraph.services.context import Context
from seggraph.services.delivery_claims import MAX_ATTEMPTS, Claim, DeliveryLost
from seggraph.services.delivery_states import Audience, State, States
from seggraph.vocabulary import Channel, DeliveryStatus, DeliveryWish, MemberKind, SegmentStatus
from seggraph.work import Work, begin

log = structlog.get_logger()

T = TypeVar("T")

SECONDS_AT_ONCE: Final = 60.0
"""How long one job works; what is left then is asked for again, so that no delivery keeps others waiting."""
BATCHES_PER_ROUND: Final = 10
"""After so many batches the audience is looked at anew: who left it meanwhile is not sent."""
HEARTBEATS_PER_LEASE: Final = 3
REPEATS: Final = 2
"""How often a call is repeated at once, with the same key, when the destination does not ask for more time."""

DESTINATION: Final = f"""
    SELECT {destination_adapters.COLUMNS} FROM destinations WHERE workspace_id = $1 AND id = $2
"""  # noqa: S608 - constants only

ROUND: Final = """
    UPDATE deliveries SET resend = $2, member_count = $3, no_address_count = $4, no_consent_count = $5,
      suppressed_count = $6, rejected_count = $7, is_behind = true, as_of = clock_timestamp() WHERE id = $1
"""

NEXT: Final = "UPDATE deliveries SET sequence = sequence + 1 WHERE id = $1 RETURNING sequence"

ACKNOWLEDGED: Final = """
    UPDATE deliveries SET attempts = 1, delivered_count = coalesce((SELECT sum(cardinality) FROM chunks
      WHERE workspace_id = $2 AND role = 41 AND owner_id = $1), 0) WHERE id = $1
"""

NAMED: Final = "UPDATE deliveries SET list_id = $2 WHERE id = $1"

UNNAMED: Final = """
    UPDATE deliveries SET list_id = NULL, generation = generation + 1, delivered_count = 0,
      status = CASE WHEN status = 'ACTIVE' THEN 'BUILDING' ELSE status END WHERE id = $1
"""

REMOVALS: Final = "SELECT id, key FROM delivery_removals WHERE delivery_id = $1 ORDER BY id LIMIT $2"

REMOVED: Final = "DELETE FROM delivery_removals WHERE delivery_id = $1 AND id = ANY($2)"

REMOVED_ALL: Final = "DELETE FROM delivery_removals WHERE delivery_id = $1"

DONE: Final = """
    UPDATE deliveries SET status = 'ACTIVE', error_code = NULL, error_message = NULL, error_at = NULL
    WHERE id = $1 AND status = 'BUILDING'
"""

SETTLED: Final = """
    UPDATE deliveries SET is_behind = is_behind AND NOT $2, error_code = NULL, error_message = NULL, error_at = NULL
    WHERE id = $1
"""

BEHIND: Final = "UPDATE deliveries SET is_behind = true WHERE id = $1"

EMPTIED: Final = "UPDATE deliveries SET wish = 'KEEP', delivered_count = 0, rejected_count = 0 WHERE id = $1"


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


async def run(context: Context, delivery_id: int) -> None:
    """Bring a delivery up to date, unless there is nothing to do or somebody is at it."""
    claim = await delivery_claims.claim(context, delivery_id)
    if claim is None:
        return
    with structlog.contextvars.bound_contextvars(delivery_id=delivery_id):
        try:
            await _with_heartbeat(context, claim)
        except DeliveryLost:
            log.info("delivery_lost")
            await claim.give_back()
        except Exception as error:  # whatever it was, the delivery must not stay as it is without a reason
            await _fail(context, claim, error)
        except asyncio.CancelledError:
            await asyncio.shield(claim.give_back())
            raise


async def _with_heartbeat(context: Context, claim: Claim) -> None:
    """Work while the lease is renewed from here, and tell how far it is."""
    working = asyncio.create_task(_Delivering(context, claim).run())
    try:
        while not (await asyncio.wait({working}, timeout=claim.lease_seconds / HEARTBEATS_PER_LEASE))[0]:
            status = await claim.renew()
            await context.stream.publish([claim.changed(status, is_progress=True)])
        await working
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def _fail(context: Context, claim: Claim, error: Exception) -> None:
    """Say why it failed, or leave it to be tried again when that may help."""
    is_ours = isinstance(error, SeggraphError)
    final = (isinstance(error, SeggraphError) and not error.retryable) or claim.attempts >= MAX_ATTEMPTS
    code = error.code if isinstance(error, SeggraphError) else ErrorCode.INTERNAL
    message = error.message if isinstance(error, SeggraphError) else delivery_claims.FAILED_MESSAGE
    log.warning("delivery_failed", attempt=claim.attempts, final=final, exc_info=None if is_ours else error)
    if final:
        await claim.fail(context, code, message)
        return
    asked = error.after_seconds if isinstance(error, Unavailable) else None
    await claim.retry(delivery_claims.wait_seconds(context, claim.attempts, asked), code, message)


class _Delivering:
    """One claim at work."""

    def __init__(self, context: Context, claim: Claim) -> None:
        self._context = context
        self._claim = claim
        self._until = time.monotonic() + SECONDS_AT_ONCE
        self._destination: Destination
        self._template: Template

    async def run(self) -> None:
        """Do what is wanted, and let go of the delivery."""
        try:
            if self._claim.wish is DeliveryWish.EMPTY:
                await self._open()
                await self._empty()
            else:
                while time.monotonic() < self._until and await self._round():
                    pass
        except ListGone:
            await self._forget_list()
            raise
        await self._claim.release()
        async with begin() as unit:
            self._context.deliver(unit, self._claim.delivery_id, claim=self._claim.number)

    async def _open(self) -> None:
        """Read how the destination is called now, after the look: a change that comes later asks for another look.

        Raises NotFound, Refused, SecretUnreadable.
        """
        claim = self._claim
        async with database() as connection:
            row = await connection.fetchrow(DESTINATION, claim.workspace_id, claim.destination_id)
        if row is None:
            raise NotFound("The destination was deleted.")
        self._destination = destination_adapters.adapter(
            self._context, row, claim.workspace_id, claim.destination_id, claim.delivery_id
        )
        self._template = destination_adapters.template_of(row)

    async def _round(self) -> bool:
        """Bring outside what one look at the audience shows; returns whether there was anything to do."""
        found = await self._look()
        await self._open()
        list_id = found.list_id
        if list_id is None:
            if not found.is_live:
                return False
            list_id = await self._make_list(found)
        worked = await self._remove_erased(list_id)
        size = self._destination.batch_size
        for ordinals in iterate(found.remove[: size * BATCHES_PER_ROUND], size):
            await self._remove(found.kind, list_id, BitMap(ordinals))
        if not found.remove:
            for ordinals in iterate(found.send[: size * BATCHES_PER_ROUND], size):
                await self._send(found.kind, list_id, BitMap(ordinals))
        if worked or found.remove or found.send:
            return True
        await self._settle(found)
        return False

    async def _look(self) -> Round:
        """Take what changed, then read who should be outside and who is."""
        claim = self._claim
        async with begin() as unit:
            row = await claim.hold(unit.connection)
            changed = await delivery_states.take_changes(
                unit.connection, claim.workspace_id, claim.delivery_id
            )
            states = States(unit.connection, claim.workspace_id, claim.delivery_id)
            before = await states.read()
            is_live = row["segment_status"] == SegmentStatus.ACTIVE and claim.wish is DeliveryWish.DELIVER
            after = delivery_states.copy(before)
            after.tell(changed)
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
            await self._count(unit, audience, after)
            remove, send = after.to_remove(audience.wanted), after.to_send(audience.wanted)
            return _found(row, remove, send, is_live=True)

    async def _count(self, unit: Work, audience: Audience, state: State) -> None:
        await unit.connection.execute(
            ROUND,
            self._claim.delivery_id,
            False,
            audience.members,
            audience.no_address,
            audience.no_consent,
            audience.suppressed,
            len(state.rejected),
        )

    async def _make_list(self, found: Round) -> str:
        """Make the list outside. Its key stays the same until it has a name here, so that it is made once."""
        claim = self._claim
        key = f"seggraph-delivery-{claim.delivery_id}-list-{found.generation}"
        sequence = await self._next_sequence()
        made = await self._repeated(
            lambda: self._destination.prepare(found.list_name, Order(key, sequence)),
        )
        async with begin() as unit:
            await claim.hold(unit.connection)
            await unit.connection.execute(NAMED, claim.delivery_id, made)
        return made

    async def _forget_list(self) -> None:
        """The list is gone, and so is everybody who was on it."""
        claim = self._claim
        async with begin() as unit:
            await claim.hold(unit.connection)
            states = States(unit.connection, claim.workspace_id, claim.delivery_id)
            await states.write(await states.read(), State(BitMap(), BitMap(), BitMap()))
            await unit.connection.execute(REMOVED_ALL, claim.delivery_id)
            await unit.connection.execute(UNNAMED, claim.delivery_id)

    async def _remove_erased(self, list_id: str) -> bool:
        """Remove those who were erased; returns whether there were any."""
        claim = self._claim
        worked = False
        while True:
            async with database() as connection:
                rows = await connection.fetch(REMOVALS, claim.delivery_id, self._destination.batch_size)
            if not rows:
                return worked
            worked = True
            order = self._order(await self._next_sequence())
            keys = [row["key"] for row in rows]
            await self._repeated(partial(self._destination.remove, list_id, keys, order))
            async with begin() as unit:
                await claim.hold(unit.connection)
                ids = [row["id"] for row in rows]
                await unit.connection.execute(REMOVED, claim.delivery_id, ids)
                await self._acknowledged(unit)

    async def _remove(self, kind: MemberKind, list_id: str, batch: BitMap) -> None:
        """Remove members who left; who was erased meanwhile is among the erased."""
        order = await self._begin(batch)
        async with database() as connection:
            keys = await delivery_members.keys(connection, self._claim.workspace_id, kind, list(batch))
        if keys:
            await self._repeated(lambda: self._destination.remove(list_id, keys, order))
        await self._end(batch, lambda state: state.removed(batch))

    async def _send(self, kind: MemberKind, list_id: str, batch: BitMap) -> None:
        """Send members with their data as it is now. Whoever is gone or was not taken does not count as delivered."""
        order = await self._begin(batch)
        async with database() as connection:
            members = await delivery_members.read(
                connection, self._claim.workspace_id, kind, list(batch), self._template
            )
        rejected = BitMap()
        if members.recipients:
            receipt = await self._repeated(
                lambda: self._destination.upsert(list_id, members.recipients, order)
            )
            rejected = BitMap(members.ordinals[key] for key in receipt.rejected)
        gone = batch - BitMap(members.ordinals.values())

        def settle(state: State) -> None:
            state.removed(gone)
            state.sent(batch, rejected)

        await self._end(batch, settle)

    async def _begin(self, batch: BitMap) -> Order:
        """Note that a batch leaves, before it does."""
        claim = self._claim
        async with begin() as unit:
            await claim.hold(unit.connection)
            states = States(unit.connection, claim.workspace_id, claim.delivery_id)
            before = await states.read(near=batch)
            after = delivery_states.copy(before)
            after.begin(batch)
            await states.write(before, after)
            sequence = await unit.connection.fetchval(NEXT, claim.delivery_id)
        return self._order(sequence)

    async def _end(self, batch: BitMap, settle: Callable[[State], None]) -> None:
        """Note what became of a batch that the destination has acknowledged."""
        claim = self._claim
        async with begin() as unit:
            await claim.hold(unit.connection)
            states = States(unit.connection, claim.workspace_id, claim.delivery_id)
            before = await states.read(near=batch)
            after = delivery_states.copy(before)
            settle(after)
            await states.write(before, after)
            await self._acknowledged(unit)

    async def _acknowledged(self, unit: Work) -> None:
        """The destination works: failures are counted from here."""
        await unit.connection.execute(ACKNOWLEDGED, self._claim.delivery_id, self._claim.workspace_id)
        self._claim.attempts = 1

    async def _settle(self, found: Round) -> None:
        """Outside is as it should be: say so, if that is news."""
        claim = self._claim
        async with begin() as unit:
            await claim.hold(unit.connection)
            await unit.connection.execute(SETTLED, claim.delivery_id, found.is_live)
            is_news = found.is_live and await _changes(unit.connection, DONE, claim.delivery_id)
            if is_news:
                claim.status = DeliveryStatus.ACTIVE
            self._context.publish(unit, [claim.changed(claim.status, is_progress=not is_news)])

    async def _empty(self) -> None:
        """Empty the list outside, if there ever was one."""
        claim = self._claim
        async with database() as connection:
            row = await claim.hold(connection)
        if row["list_id"] is not None:
            order = self._order(await self._next_sequence())
            await self._repeated(lambda: self._destination.empty(row["list_id"], order))
        async with begin() as unit:
            await claim.hold(unit.connection)
            states = States(unit.connection, claim.workspace_id, claim.delivery_id)
            await states.write(await states.read(), State(BitMap(), BitMap(), BitMap()))
            await unit.connection.execute(REMOVED_ALL, claim.delivery_id)
            await unit.connection.execute(EMPTIED, claim.delivery_id)
            await unit.connection.execute(SETTLED, claim.delivery_id, True)
            self._context.publish(unit, [claim.changed(DeliveryStatus.INACTIVE)])

    async def _next_sequence(self) -> int:
        async with begin() as unit:
            await self._claim.hold(unit.connection)
            sequence: int = await unit.connection.fetchval(NEXT, self._claim.delivery_id)
        return sequence

    def _order(self, sequence: int) -> Order:
        return Order(f"seggraph-delivery-{self._claim.delivery_id}-{sequence}", sequence)

    async def _repeated(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call; a failure that may pass is met by the same call again, before the delivery has to wait."""
        for repeat in range(REPEATS):
            try:
                return await call()
            except ListGone:
                raise
            except Unavailable as error:
                longest = self._context.settings.delivery_retry_seconds
                wait = longest / 2 ** (REPEATS - repeat)
                if (error.after_seconds or 0.0) > wait:
                    raise
                await asyncio.sleep(wait)
        return await call()


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

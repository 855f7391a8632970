"""Who is outside: the bitmaps of a delivery, what is still to be sent, and how a batch is accounted for.

Before a batch leaves, its members become *unsettled*: nobody knows whether they are outside. When the destination has
acknowledged it, they are settled again. A worker that dies between the two leaves them unsettled, and the next one
sends or removes them once more, which changes nothing if it had been done: no member is forgotten outside that left
the segment meanwhile. An erasure takes members out of all three bitmaps, and an acknowledgement puts none back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, from_bytes
from seggraph.models.audiences import ChunkRole
from seggraph.services.changes.delivery_changes import owners_of
from seggraph.vocabulary import Channel

TAKE_CHANGES: Final = (
    "DELETE FROM delivery_changes WHERE workspace_id = $1 AND delivery_id = $2 RETURNING ordinals"
)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is to be outside, and how many of the segment's members are not for which reason."""

    wanted: BitMap
    members: int
    no_address: int = 0
    no_consent: int = 0
    suppressed: int = 0


@dataclass(slots=True)
class State:
    """The bitmaps of a delivery, or the chunks of them that a batch touches."""

    delivered: BitMap
    unsettled: BitMap
    rejected: BitMap

    def note_changed(self, changed: BitMap) -> None:
        """Note that data of members changed: those outside are unsettled, those rejected get another chance."""
        self.unsettled = self.unsettled | (self.delivered & changed)
        self.rejected = self.rejected - changed

    def resend(self) -> None:
        """Note that nothing that was sent counts any more, but that all of it may be there."""
        self.unsettled = self.unsettled | self.delivered
        self.rejected = BitMap()

    def forget(self) -> None:
        """Store that no member is outside."""
        self.delivered, self.unsettled, self.rejected = BitMap(), BitMap(), BitMap()

    def to_remove(self, wanted: BitMap) -> BitMap:
        """Who is or may be outside, and should not."""
        return (self.delivered | self.unsettled) - (wanted - self.rejected)

    def to_send(self, wanted: BitMap) -> BitMap:
        """Who should be outside, and is not, or not as they are now."""
        return wanted - self.rejected - (self.delivered - self.unsettled)

    def begin(self, batch: BitMap) -> None:
        """A batch leaves."""
        self.unsettled = self.unsettled | batch

    def sent(self, batch: BitMap, rejected: BitMap) -> None:
        """A batch was taken, but for some. Who was erased meanwhile is not unsettled any more, and stays forgotten."""
        live = batch & self.unsettled
        self.delivered = self.delivered | (live - rejected)
        self.rejected = (self.rejected - live) | (live & rejected)
        self.unsettled = self.unsettled - batch

    def removed(self, batch: BitMap) -> None:
        """A batch was removed."""
        self.delivered = self.delivered - batch
        self.unsettled = self.unsettled - batch


class States:
    """The stored bitmaps of one delivery, through the connection of a unit that holds its row."""

    def __init__(self, connection: asyncpg.Connection, workspace_id: int, delivery_id: int) -> None:
        self._store = ChunkStore(connection, workspace_id)
        self._owners = owners_of(delivery_id)

    async def read(self, *, within_ordinals: BitMap | None = None) -> State:
        """The bitmaps; with `near` only the chunks of these members."""
        found = await self._store.read_many(self._owners, within_ordinals=within_ordinals)
        return State(*(found[owner] for owner in self._owners))

    async def write(self, before: State, after: State) -> None:
        """Store what changed."""
        pairs = (
            (before.delivered, after.delivered),
            (before.unsettled, after.unsettled),
            (before.rejected, after.rejected),
        )
        await self._store.write(dict(zip(self._owners, pairs, strict=True)))

    async def change(self, note: Callable[[State], None], *, within_ordinals: BitMap | None = None) -> None:
        """Note something in the stored bitmaps; with `near` only in the chunks of these members."""
        before = await self.read(within_ordinals=within_ordinals)
        after = copy(before)
        note(after)
        await self.write(before, after)


def copy(state: State) -> State:
    """A state to change; bitmaps are never changed in place."""
    return State(state.delivered, state.unsettled, state.rejected)


async def take_changes(connection: asyncpg.Connection, workspace_id: int, delivery_id: int) -> BitMap:
    """The members whose data changed since it was asked last, before any of it is read."""
    rows = await connection.fetch(TAKE_CHANGES, workspace_id, delivery_id)
    return BitMap.union(
        BitMap(), *(from_bytes(row["ordinals"]) for row in rows if row["ordinals"] is not None)
    )


async def audience_of(
    connection: asyncpg.Connection,
    workspace_id: int,
    segment_id: int,
    population_id: int,
    channel: Channel | None,
) -> Audience:
    """Who is to be outside of a segment's members, as one statement sees them."""
    members = ChunkOwner(ChunkRole.MEMBERS, segment_id)
    if channel is None:
        everybody = await ChunkStore(connection, workspace_id).read(members)
        return Audience(everybody, len(everybody))
    roles = (ChunkRole.addressed(channel), ChunkRole.allowed(channel), ChunkRole.reachable(channel))
    steps = [ChunkOwner(role, population_id) for role in roles]
    found = await ChunkStore(connection, workspace_id).read_many([members, *steps])
    whole = found[members]
    addressed, allowed, reached = (whole & found[step] for step in steps)
    return Audience(
        reached,
        len(whole),
        no_address=len(whole) - len(addressed),
        no_consent=len(addressed - allowed),
        suppressed=len(allowed - reached),
    )

"""Changes that concern deliveries: data of members that was sent is out of date, or members were erased.

Changes of audiences are not noted here: a trigger on their chunks notes that a delivery has work.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, to_bytes
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.models.audiences import ChunkRole
from seggraph.services.changes import changes
from seggraph.vocabulary import MemberKind

NOT_DATA: Final = (changes.SEGMENT, changes.TIME, "event:", "relation:", "consent_", changes.SUPPRESSIONS)
"""How the names of changes begin that leave everything that can be sent of a member as it was."""

NOTE_DATA: Final = """
    INSERT INTO delivery_changes (workspace_id, delivery_id, ordinals)
    SELECT workspace_id, id, $3 FROM deliveries
    WHERE workspace_id = $1 AND kind = $2 AND status IN ('BUILDING', 'ACTIVE')
"""

NOTED: Final = """
    SELECT DISTINCT d.id, d.claims FROM deliveries d JOIN delivery_changes c ON c.delivery_id = d.id
    WHERE d.workspace_id = $1 AND d.kind = $2 AND d.lease_holder IS NULL AND d.retry_at IS NULL
"""

HOLD: Final = """
    SELECT id FROM deliveries WHERE workspace_id = $1 AND kind = $2 ORDER BY id FOR NO KEY UPDATE
"""

REMOVE_LATER: Final = """
    INSERT INTO delivery_removals (workspace_id, delivery_id, key)
    SELECT $1, * FROM unnest($2::bigint[], $3::text[]) ON CONFLICT DO NOTHING
"""


async def note(
    context: Context,
    unit: UnitOfWork,
    workspace_id: int,
    kind: MemberKind,
    changed: Mapping[frozenset[str], BitMap],
) -> None:
    """Have deliveries send the members again whose data changed, and enqueue the deliveries that have work.

    `changed` are members by the names of what changed of them (services.changes); called by each refresh.
    """
    of_data = (ordinals for names, ordinals in changed.items() if any(map(_is_data, names)))
    ordinals = BitMap.union(BitMap(), *of_data)
    if ordinals:
        await unit.connection.execute(NOTE_DATA, workspace_id, kind, to_bytes(ordinals))
    for row in await unit.connection.fetch(NOTED, workspace_id, kind):
        context.deliver(unit, row["id"], claim=row["claims"])


async def erase(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, keys: Mapping[int, str]
) -> None:
    """Have members who are being erased removed outside too; `keys` are their external ids by ordinal.

    What is kept is the key, where it is outside, until the destination has removed it.
    """
    erased = await erase_bits(connection, workspace_id, kind, BitMap(keys))
    removals = [
        (owner.owner_id, keys[ordinal])
        for owner, lost in erased.items()
        if owner.role != ChunkRole.REJECTED
        for ordinal in lost
    ]
    if removals:
        await connection.execute(REMOVE_LATER, workspace_id, *zip(*removals, strict=True))


async def erase_bits(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: BitMap
) -> dict[ChunkOwner, BitMap]:
    """Take ordinals out of the bitmaps of deliveries; returns which of them were in each."""
    delivery_ids = [row["id"] for row in await connection.fetch(HOLD, workspace_id, kind)]
    owners = [owner for delivery_id in delivery_ids for owner in owners_of(delivery_id)]
    return await ChunkStore(connection, workspace_id).erase(owners, ordinals) if owners else {}


def owners_of(delivery_id: int) -> Sequence[ChunkOwner]:
    """Whose the bitmaps of a delivery are: delivered, unsettled, rejected."""
    roles = (ChunkRole.DELIVERED, ChunkRole.UNSETTLED, ChunkRole.REJECTED)
    return [ChunkOwner(role, delivery_id) for role in roles]


def _is_data(name: str) -> bool:
    return not name.startswith(NOT_DATA)

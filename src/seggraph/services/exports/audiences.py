"""Whose rows a file of members has, in the snapshot that it is written from."""

from datetime import datetime
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.criteria import Checked
from seggraph.engines import EvaluationRequest
from seggraph.services.changes import populations
from seggraph.services.criteria import documents
from seggraph.services.exports import files
from seggraph.services.exports.exports import NarrowedTo
from seggraph.services.reach import reach, suppressed_members
from seggraph.services.reach.addresses import SORTS, AddressSort
from seggraph.services.reach.reach import Step
from seggraph.vocabulary import Channel, MemberKind

KEYS: Final = {
    AddressSort.EMAIL: "seggraph_email_key(m.email)",
    AddressSort.PHONE: "seggraph_phone_key(m.phone)",
    AddressSort.POSTAL: "encode(a.postal_digest, 'hex')",
}
"""What addresses are compared by. An address that can be compared with none is one of its own."""

FIRST_OF_EACH: Final = """
    SELECT array_agg(ordinal) FROM (
      SELECT min(m.ordinal) AS ordinal FROM members m LEFT JOIN member_addresses a ON a.member_id = m.id
      WHERE m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = ANY($3::int[])
      GROUP BY coalesce({key}, m.ordinal::text)
    ) f
"""


async def find(
    context: Context,
    connection: asyncpg.Connection,
    viewer: Viewer,
    kind: MemberKind,
    segment_id: int | None,
    narrowed: NarrowedTo,
) -> BitMap:
    """The members of a segment, or those of a kind that match criteria; with a channel those of them whom it reaches.

    Raises a CriteriaError for criteria that hold no more, CriteriaTooSlow and CriteriaTooExpensive.
    """
    members = await files.audience_of(connection, viewer.workspace_id, kind, segment_id)
    if narrowed.where is not None:
        _, tree = await documents.checked(
            connection, viewer.workspace_id, kind, narrowed.where, path=("where",)
        )
        documents.require_askable(viewer, tree, path=("where",))
        [matched] = await _evaluate(context, connection, viewer, kind, [tree], None)
        members &= matched
    if narrowed.channel is None:
        return members
    reached = await _reached(context, connection, viewer, kind, members, narrowed.channel)
    if not narrowed.distinct_addresses:
        return reached
    query = FIRST_OF_EACH.format(key=KEYS[SORTS[narrowed.channel]])
    return BitMap(await connection.fetchval(query, viewer.workspace_id, kind, list(reached)) or ())


async def _reached(
    context: Context,
    connection: asyncpg.Connection,
    viewer: Viewer,
    kind: MemberKind,
    members: BitMap,
    channel: Channel,
) -> BitMap:
    """Those of the members whom a channel reaches: with an address, a consent that allows it, and not suppressed."""
    settings = await populations.describe(connection, viewer.workspace_id, kind)
    found = await _evaluate(context, connection, viewer, kind, reach.criteria(settings.policy), members)
    suppressed = await suppressed_members.find(connection, viewer.workspace_id, kind, members)
    return members & reach.staged(found, suppressed)[Step.REACHED, channel]


async def _evaluate(
    context: Context,
    connection: asyncpg.Connection,
    viewer: Viewer,
    kind: MemberKind,
    trees: list[Checked],
    within: BitMap | None,
) -> list[BitMap]:
    settings = await populations.describe(connection, viewer.workspace_id, kind)
    as_of: datetime = await connection.fetchval("SELECT now()")
    return await context.engine.evaluate(
        connection,
        EvaluationRequest(
            settings.population,
            trees,
            as_of=as_of,
            zone=settings.zone,
            within_ordinals=within,
            timeout_seconds=context.settings.statement_timeout_seconds,
            max_cost=context.settings.max_evaluation_cost,
        ),
    )

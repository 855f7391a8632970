"""Correcting the members of segments, after their rules were asked about members that changed: links, then members.

The members of a segment are the union of its sources' links, and so are not read. Only chunks in which a bit changes
are written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.database.locks import LockSpace, shared_lock_column
from seggraph.models.audiences import ChunkRole
from seggraph.services.memberships import deltas
from seggraph.services.memberships.membership import Membership, MembershipChange, StoredChange, union
from seggraph.services.rules import rules

READ: Final = f"""
    SELECT o.id, o.segment_id, o.links_are_members, {rules.EDITION} AS edition,
      {shared_lock_column(LockSpace.SEGMENT_REFERENCES, "$1")}
    FROM sources o LEFT JOIN playbooks p ON p.id = o.playbook_id
    WHERE o.workspace_id = $1 AND o.segment_id = ANY($2) ORDER BY o.id
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class SegmentSources:
    """The sources of a segment that a refresh may change, cut to the members that it concerns.

    `editions` are those of the rules of playbooks, by source.
    """

    membership: Membership
    editions: Mapping[int, int | None]


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """What the rule of a source answered: the members that it was asked about, and those of them that it matches."""

    asked: BitMap
    matched: BitMap


RuleAnswers = Mapping[int, Mapping[int, RuleAnswer]]
"""By segment and source."""


async def read(
    store: ChunkStore,
    connection: asyncpg.Connection,
    workspace_id: int,
    segment_ids: Sequence[int],
    within_ordinals: BitMap,
) -> dict[int, SegmentSources]:
    """The sources of segments whose rows the caller holds, as far as changes of these ordinals can touch them.

    From then on every reference to one of the segments can be seen, as after `dependencies.lock_references_shared`.
    """
    if not segment_ids:
        return {}
    rows = await connection.fetch(READ, workspace_id, segment_ids)
    links = {row["id"]: ChunkOwner(ChunkRole.LINKS, row["id"]) for row in rows}
    blocks = {row["id"]: ChunkOwner(ChunkRole.BLOCKS, row["id"]) for row in rows}
    held = await store.read_held([*links.values(), *blocks.values()], within_ordinals)
    by_segment: dict[int, list[asyncpg.Record]] = {}
    for row in rows:
        by_segment.setdefault(row["segment_id"], []).append(row)
    return {
        segment_id: _sources(
            segment_id,
            of_segment,
            {row["id"]: held[links[row["id"]]] for row in of_segment},
            {row["id"]: held[blocks[row["id"]]] for row in of_segment},
        )
        for segment_id, of_segment in by_segment.items()
    }


def _sources(
    segment_id: int, rows: Sequence[asyncpg.Record], links: dict[int, BitMap], blocks: dict[int, BitMap]
) -> SegmentSources:
    as_members = {row["id"] for row in rows if row["links_are_members"]}
    membership = Membership(segment_id, links, blocks, union(links.values()), {}, as_members)
    return SegmentSources(membership, {row["id"]: row["edition"] for row in rows})


async def correct(
    store: ChunkStore,
    connection: asyncpg.Connection,
    workspace_id: int,
    stored: Mapping[int, SegmentSources],
    answers: RuleAnswers,
) -> dict[int, MembershipChange]:
    """Make the links of sources what their rules answered, blocks taken away; returns the changes of segments.

    `stored` is what `read` returned by the same store for the members who were asked about. A segment that nobody
    enters or exits is not in the result.
    """
    written: list[StoredChange] = []
    changes: dict[int, MembershipChange] = {}
    for segment_id, by_source in answers.items():
        membership = stored[segment_id].membership
        for source_id, answer in by_source.items():
            if source_id in membership.links:
                membership.link(source_id, answer.matched, answer.asked)
        if membership.links_after:
            change = membership.change()
            written.append(membership.stored(change))
            if change:
                changes[segment_id] = change
    await deltas.write(store, connection, workspace_id, written)
    return changes

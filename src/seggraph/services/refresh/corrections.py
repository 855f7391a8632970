"""Correcting who is in segments, after their rules were asked about members that changed: links, then members.

The members of a segment are the links of its sources together, and so are not read. Only chunks in which a bit
changes are written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.database.locks import LockSpace, shared_lock_column
from seggraph.models.audiences import ChunkRole
from seggraph.services.rules import rules

READ: Final = f"""
    SELECT o.id, o.segment_id, {rules.EDITION} AS edition, {shared_lock_column(LockSpace.SEGMENT_REFERENCES, "$1")}
    FROM sources o LEFT JOIN playbooks p ON p.id = o.playbook_id
    WHERE o.workspace_id = $1 AND o.segment_id = ANY($2) ORDER BY o.id
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True)
class Linked:
    """Whom a source links and whom it may not, of those that a change may concern.

    `edition` is that of its rule if it is a playbook's.
    """

    source_id: int
    edition: int | None
    links: BitMap
    blocks: BitMap


Links = Mapping[int, Sequence[Linked]]
"""The sources of segments."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rule of a source said: whom it was asked about, and which of them it matches."""

    asked: BitMap
    matched: BitMap


Answers = Mapping[int, Mapping[int, Answer]]
"""By segment and source."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Who entered a segment, and who exited; by source, whom it holds of those who entered, or held of the others."""

    entered: BitMap
    exited: BitMap
    causes: Mapping[int, BitMap] = field(default_factory=dict)

    @property
    def all(self) -> BitMap:
        """Both."""
        return self.entered | self.exited


async def read(
    store: ChunkStore,
    connection: asyncpg.Connection,
    workspace_id: int,
    segment_ids: Sequence[int],
    near: BitMap,
) -> Links:
    """The sources of segments whose rows the caller holds, as far as changes of these ordinals can touch them.

    From then on whoever refers to one of the segments can be seen, as after `dependencies.lock_references_shared`.
    """
    if not segment_ids:
        return {}
    rows = await connection.fetch(READ, workspace_id, segment_ids)
    links = {row["id"]: ChunkOwner(ChunkRole.LINKS, row["id"]) for row in rows}
    blocks = {row["id"]: ChunkOwner(ChunkRole.BLOCKS, row["id"]) for row in rows}
    held = await store.read_held([*links.values(), *blocks.values()], near)
    found: dict[int, list[Linked]] = {}
    for source_id, segment_id, edition, *_ in rows:
        one = Linked(source_id, edition, held[links[source_id]], held[blocks[source_id]])
        found.setdefault(segment_id, []).append(one)
    return found


async def correct(
    connection: asyncpg.Connection, workspace_id: int, stored: Links, answers: Answers
) -> dict[int, Moved]:
    """Make the links of sources what their rules said, blocks taken away; returns the segments in which anyone moved.

    `stored` is what `read` gave, near those who were asked about.
    """
    changes: dict[ChunkOwner, tuple[BitMap, BitMap]] = {}
    moved: dict[int, Moved] = {}
    for segment_id, some in answers.items():
        before = {one.source_id: one.links for one in stored[segment_id]}
        after = {
            one.source_id: linked
            for one in stored[segment_id]
            if one.source_id in some and (linked := _linked(one, some[one.source_id])) is not None
        }
        for source_id, linked in after.items():
            changes[ChunkOwner(ChunkRole.LINKS, source_id)] = (before[source_id], linked)
        members_before, members_after = _union(before.values()), _union((before | after).values())
        if after and members_before != members_after:
            both = members_before ^ members_after
            moved[segment_id] = Moved(
                members_after & both, members_before & both, _causes(before, after, both)
            )
            changes[ChunkOwner(ChunkRole.MEMBERS, segment_id)] = (members_before, members_after)
    if changes:
        await ChunkStore(connection, workspace_id).write(changes)
    return moved


def _linked(source: Linked, answer: Answer) -> BitMap | None:
    """The links after an answer; None if they stay as they are."""
    wanted = (answer.matched & answer.asked) - source.blocks
    if wanted == source.links & answer.asked:
        return None
    return (source.links - answer.asked) | wanted


def _causes(before: Mapping[int, BitMap], after: Mapping[int, BitMap], moved: BitMap) -> dict[int, BitMap]:
    """By source, those who moved and whom it holds, or held."""
    due = {one: (links & moved) | (after.get(one, links) & moved) for one, links in before.items()}
    return {one: some for one, some in due.items() if some}


def _union(bitmaps: Iterable[BitMap]) -> BitMap:
    """The union, without copying the only one."""
    some = [one for one in bitmaps if one]
    return some[0] if len(some) == 1 else BitMap.union(BitMap(), *some)

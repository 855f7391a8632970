"""Correcting who is in segments, after their rules were asked about members that changed: links, then members.

The members of a segment are the links of its sources together, and so are not read. Only chunks in which a bit
changes are written.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore
from seggraph.models.audiences import ChunkRole
from seggraph.services.shifts import SOURCES


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rule of a source said: whom it was asked about, and which of them it matches."""

    asked: BitMap
    matched: BitMap


Answers = Mapping[int, Mapping[int, Answer]]
"""By segment and source."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Who entered a segment, and who exited."""

    entered: BitMap
    exited: BitMap

    @property
    def all(self) -> BitMap:
        """Both."""
        return self.entered | self.exited


async def correct(connection: asyncpg.Connection, workspace_id: int, answers: Answers) -> dict[int, Moved]:
    """Make the links of sources what their rules said, blocks taken away; returns the segments in which anyone moved.

    The caller holds the rows of the segments.
    """
    if not answers:
        return {}
    sources: dict[int, list[int]] = {segment_id: [] for segment_id in answers}
    for row in await connection.fetch(SOURCES, workspace_id, list(answers)):
        sources[row["segment_id"]].append(row["id"])
    asked = {source_id: one for some in answers.values() for source_id, one in some.items()}
    links = {one: ChunkOwner(ChunkRole.LINKS, one) for some in sources.values() for one in some}
    blocks = {one: ChunkOwner(ChunkRole.BLOCKS, one) for one in asked}
    store = ChunkStore(connection, workspace_id)
    stored = await store.read_many(
        [*links.values(), *blocks.values()],
        near=BitMap.union(BitMap(), *(one.asked for one in asked.values())),
    )
    changes: dict[ChunkOwner, tuple[BitMap, BitMap]] = {}
    moved: dict[int, Moved] = {}
    for segment_id, some in answers.items():
        before = {one: stored[links[one]] for one in sources[segment_id]}
        after = {
            source_id: linked
            for source_id, answer in some.items()
            if (linked := _linked(before[source_id], stored[blocks[source_id]], answer)) is not None
        }
        changes |= {links[source_id]: (before[source_id], linked) for source_id, linked in after.items()}
        members_before, members_after = _union(before), _union(before | after)
        if after and members_before != members_after:
            moved[segment_id] = Moved(members_after - members_before, members_before - members_after)
            changes[ChunkOwner(ChunkRole.MEMBERS, segment_id)] = (members_before, members_after)
    await store.write(changes)
    return moved


def _linked(links: BitMap, blocks: BitMap, answer: Answer) -> BitMap | None:
    """The links after an answer; None if they stay as they are."""
    wanted = (answer.matched & answer.asked) - blocks
    return None if wanted == links & answer.asked else (links - answer.asked) | wanted


def _union(links: Mapping[int, BitMap]) -> BitMap:
    """The union, without copying the only one."""
    some = [one for one in links.values() if one]
    return some[0] if len(some) == 1 else BitMap.union(BitMap(), *some)

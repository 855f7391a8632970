"""By which sources members entered and exited: beside the moves of a run, as bytes, which of them are whose.

An entry is due to the sources that hold the member after it, an exit to those that held it before. Almost always that
is one source for all moves of a chunk: its id, and no bitmap. A source that is gone was a playbook's.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
from pyroaring import BitMap

from seggraph.audiences import from_bytes, to_bytes
from seggraph.services.memberships.memberships import SOURCES, Holding
from seggraph.vocabulary import SourceKind

Causes = Mapping[int, BitMap]
"""By source, the moves that are due to it; a move may be due to several."""

HEAD: Final = struct.Struct("<qI")
"""A source's id, and how many bytes its bitmap has: none if all moves of the chunk are due to it."""

GONE: Final = Holding(SourceKind.PLAYBOOK, None)
"""The source of a playbook that was deleted, or does not add to the segment any more."""


def encode(moved: BitMap, causes: Causes) -> bytes:
    """The causes of the moves of a chunk."""
    parts = []
    for source_id, due in causes.items():
        part = due & moved
        if part:
            data = b"" if len(part) == len(moved) else to_bytes(part)
            parts.append(HEAD.pack(source_id, len(data)) + data)
    return b"".join(parts)


def decode(data: bytes, moved: BitMap) -> dict[int, BitMap]:
    """What `encode` was given, as far as it is about these moves."""
    found: dict[int, BitMap] = {}
    place = 0
    while place < len(data):
        source_id, length = HEAD.unpack_from(data, place)
        place += HEAD.size
        found[source_id] = from_bytes(data[place : place + length]) if length else moved
        place += length
    return found


def without(data: bytes | None, moved: BitMap, left: BitMap) -> bytes | None:
    """The causes of those who are left of the moves that they were encoded for."""
    return None if data is None else encode(left, decode(data, moved))


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of one segment that there are now, by id."""

    known: Mapping[int, Holding]

    def of(self, causes: Causes, ordinal: int) -> list[Holding]:
        """What held a member that moved.

        None of them: it let go of the member before the run that found this. Then it was a playbook, where no import
        can have been: one that replaced the members.
        """
        found = [self.known.get(source_id, GONE) for source_id, due in causes.items() if ordinal in due]
        imports = any(one.kind is SourceKind.IMPORT for one in self.known.values())
        return found or ([] if imports else [GONE])


async def sources_of(
    connection: asyncpg.Connection, workspace_id: int, segment_ids: Sequence[int]
) -> dict[int, Sources]:
    """The sources of segments that the caller has found visible."""
    known: dict[int, dict[int, Holding]] = {segment_id: {} for segment_id in segment_ids}
    for row in await connection.fetch(SOURCES, workspace_id, list(segment_ids)):
        known[row["segment_id"]][row["id"]] = Holding(SourceKind(row["kind"]), row["playbook_id"])
    return {segment_id: Sources(some) for segment_id, some in known.items()}

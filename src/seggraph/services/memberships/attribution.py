"""Attribution: by which sources members entered and exited, stored as bytes beside the membership changes of a run.

An entry is attributed to the sources that link the member after it, an exit to those that linked it before. Almost
always that is one source for all changes of a chunk: its id, and no bitmap. A source that is gone was a playbook's.
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

Attribution = Mapping[int, BitMap]
"""By source, the members whose entry or exit is attributed to it; it may be attributed to several."""

HEAD: Final = struct.Struct("<qI")
"""A source's id, and how many bytes its bitmap has: none if all changes of the chunk are attributed to it."""

GONE: Final = Holding(SourceKind.PLAYBOOK, None)
"""The source of a playbook that was deleted, or does not add to the segment any more."""


def encode(changed: BitMap, attribution: Attribution) -> bytes:
    """The attribution of the changes of a chunk."""
    parts = []
    for source_id, attributed in attribution.items():
        number = attributed.intersection_cardinality(changed)
        if number:
            data = b"" if number == len(changed) else to_bytes(attributed & changed)
            parts.append(HEAD.pack(source_id, len(data)) + data)
    return b"".join(parts)


def decode(data: bytes, changed: BitMap) -> dict[int, BitMap]:
    """What `encode` was given, as far as it is about these changes."""
    attribution: dict[int, BitMap] = {}
    place = 0
    while place < len(data):
        source_id, length = HEAD.unpack_from(data, place)
        place += HEAD.size
        attribution[source_id] = from_bytes(data[place : place + length]) if length else changed
        place += length
    return attribution


def without(data: bytes | None, changed: BitMap, left: BitMap) -> bytes | None:
    """The attribution of the members who are left of the changes that it was encoded for."""
    return None if data is None else encode(left, decode(data, changed))


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of one segment that there are now, by id."""

    known: Mapping[int, Holding]

    def of(self, attribution: Attribution, ordinal: int) -> list[Holding]:
        """The sources to which the entry or exit of a member is attributed.

        If there is none, the source let go of the member before the run that noticed it: a playbook, or, where there
        are imports, an import that replaced the members.
        """
        holdings = [
            self.known.get(source_id, GONE)
            for source_id, attributed in attribution.items()
            if ordinal in attributed
        ]
        imports = any(holding.kind is SourceKind.IMPORT for holding in self.known.values())
        return holdings or ([] if imports else [GONE])


async def sources_of(
    connection: asyncpg.Connection, workspace_id: int, segment_ids: Sequence[int]
) -> dict[int, Sources]:
    """The sources of segments that the caller has found visible."""
    known: dict[int, dict[int, Holding]] = {segment_id: {} for segment_id in segment_ids}
    for row in await connection.fetch(SOURCES, workspace_id, list(segment_ids)):
        known[row["segment_id"]][row["id"]] = Holding(SourceKind(row["kind"]), row["playbook_id"])
    return {segment_id: Sources(of_segment) for segment_id, of_segment in known.items()}

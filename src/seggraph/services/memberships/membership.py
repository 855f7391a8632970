"""Who enters a segment, who exits, and by which sources: the one algorithm, over bitmaps and without the database.

Each source links members and blocks some; the members of a segment are the union of its sources' links. Full runs,
refreshes, manual changes, clones, erasures and the differences that edits make all take theirs from here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pyroaring import BitMap

from seggraph.audiences import ChunkOwner
from seggraph.models.audiences import ChunkRole
from seggraph.services.memberships.attribution import Attribution
from seggraph.vocabulary import SourceKind

BLOCKABLE: Final = frozenset({SourceKind.CRITERIA, SourceKind.PLAYBOOK})
"""The sources that add members by themselves. An import and a manual addition are decisions, and never blocked."""


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """The members who enter a segment and who exit it.

    `attribution` has by source the members who enter and whom it links now, and those who exit and whom it linked
    before; None if it is not known.
    """

    entered: BitMap
    exited: BitMap
    attribution: Attribution | None

    @property
    def ordinals(self) -> BitMap:
        """Everyone who enters or exits."""
        return self.entered | self.exited

    def __bool__(self) -> bool:
        """Whether anyone enters or exits."""
        return bool(self.entered) or bool(self.exited)


NO_CHANGE: Final = MembershipChange(BitMap(), BitMap(), {})


def compare(
    links: Mapping[int, BitMap], links_after: Mapping[int, BitMap], members: BitMap | None = None
) -> MembershipChange:
    """The change that other links make. `links_after` has only the sources whose links are others.

    The members before are the union of the links, or `members` where a run has not followed the links yet.
    """
    before = union(links.values()) if members is None else members
    after = union({**links, **links_after}.values())
    differing = before ^ after
    if not differing:
        return NO_CHANGE
    attribution = {}
    for source_id, linked in links.items():
        held = linked & differing
        if source_id in links_after:
            held |= links_after[source_id] & differing
        if held:
            attribution[source_id] = held
    return MembershipChange(differing & after, differing & before, attribution)


def linked(links: BitMap, blocks: BitMap, matched: BitMap, asked: BitMap | None = None) -> BitMap:
    """The links of a source after its rule matched these members, without the blocked ones.

    With `asked` the rule was asked about these members only, and the links of all others stay.
    """
    if asked is None:
        return matched - blocks
    return (links - asked) | ((matched & asked) - blocks)


@dataclass(slots=True)
class Membership:
    """The bitmaps of one segment before and after: the links and blocks of its sources, and its members.

    They may be cut down to the members that a change can concern; so are then all the differences. `kinds` are the
    kinds of the sources.
    """

    segment_id: int
    links: dict[int, BitMap]
    blocks: dict[int, BitMap]
    members: BitMap
    kinds: dict[int, str]
    links_after: dict[int, BitMap] = field(default_factory=dict)
    blocks_after: dict[int, BitMap] = field(default_factory=dict)

    def source(self, kind: str) -> int:
        """The id of the source of a kind that the segment has once."""
        return next(source_id for source_id, source_kind in self.kinds.items() if source_kind == kind)

    def link(self, source_id: int, matched: BitMap, asked: BitMap | None = None) -> None:
        """Make the links of a source what its rule matched: see `linked`. Links that stay the same are not noted."""
        links, blocks = self.links[source_id], self.blocks[source_id]
        if asked is not None and (matched & asked) - blocks == links & asked:
            return
        self.links_after[source_id] = linked(links, blocks, matched, asked)

    def add_manually(self, ordinals: BitMap) -> None:
        """Add manual links, which only a manual removal takes away. Blocks stay, and never touch them."""
        manual = self.source(SourceKind.MANUAL)
        self.links_after[manual] = self.links[manual] | ordinals

    def remove_manually(self, ordinals: BitMap) -> None:
        """Take every link of these members away, and block them on every source that adds members by itself."""
        for source_id, kind in self.kinds.items():
            self.links_after[source_id] = self.links[source_id] - ordinals
            if kind in BLOCKABLE:
                self.blocks_after[source_id] = self.blocks[source_id] | ordinals

    def import_file(self, ordinals: BitMap, *, replace: bool) -> None:
        """Link the members of an imported file: besides those of earlier files, or in their place."""
        source_id = self.source(SourceKind.IMPORT)
        self.links_after[source_id] = ordinals if replace else self.links[source_id] | ordinals

    @property
    def touched(self) -> BitMap:
        """The members with a link or block that changes, whether or not they enter or exit."""
        links = (self.links[source_id] ^ after for source_id, after in self.links_after.items())
        blocks = (self.blocks[source_id] ^ after for source_id, after in self.blocks_after.items())
        return BitMap.union(BitMap(), *links, *blocks)

    @property
    def members_after(self) -> BitMap:
        """The union of the links of all sources."""
        return union((self.links | self.links_after).values())

    def change(self) -> MembershipChange:
        """Who enters and who exits."""
        return compare(self.links, self.links_after, self.members)

    def source_changes(self) -> dict[ChunkOwner, tuple[BitMap, BitMap]]:
        """What the chunk store has to write for the sources."""
        links = {
            ChunkOwner(ChunkRole.LINKS, source_id): (self.links[source_id], after)
            for source_id, after in self.links_after.items()
        }
        blocks = {
            ChunkOwner(ChunkRole.BLOCKS, source_id): (self.blocks[source_id], after)
            for source_id, after in self.blocks_after.items()
        }
        return links | blocks

    def chunk_changes(self, change: MembershipChange) -> dict[ChunkOwner, tuple[BitMap, BitMap]]:
        """What the chunk store has to write for the sources, and for the members if anyone enters or exits."""
        changes = self.source_changes()
        if change:
            after = (self.members | change.entered) - change.exited
            changes[ChunkOwner(ChunkRole.MEMBERS, self.segment_id)] = (self.members, after)
        return changes


def union(bitmaps: Iterable[BitMap]) -> BitMap:
    """The union, without copying the only one. The result must not be changed."""
    filled = [bitmap for bitmap in bitmaps if bitmap]
    return filled[0] if len(filled) == 1 else BitMap.union(BitMap(), *filled)

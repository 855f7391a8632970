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
    exited = before & differing
    entered = differing - exited
    concerned = [source_id for source_id, linked in links.items() if linked or source_id in links_after]
    if len(concerned) == 1 and before == links[concerned[0]]:
        return MembershipChange(entered, exited, {concerned[0]: differing})
    attribution = {}
    for source_id, linked in links.items():
        held = linked & differing
        if source_id in links_after:
            held |= links_after[source_id] & differing
        if held:
            attribution[source_id] = held
    return MembershipChange(entered, exited, attribution)


def linked(links: BitMap, blocks: BitMap, matched: BitMap, asked: BitMap | None = None) -> BitMap:
    """The links of a source after its rule matched these members, without the blocked ones.

    With `asked` the rule was asked about these members only, and the links of all others stay.
    """
    allowed = matched - blocks if blocks else matched
    return allowed if asked is None else (links - asked) | (allowed & asked)


@dataclass(slots=True)
class Membership:
    """The bitmaps of one segment before and after: the links and blocks of its sources, and its members.

    They may be cut down to the members that a change can concern, and are not `is_whole` then; so are then all the
    differences. `kinds` are the kinds of the sources. The links of those in `as_members` are stored as the members.
    """

    segment_id: int
    links: dict[int, BitMap]
    blocks: dict[int, BitMap]
    members: BitMap
    kinds: dict[int, str]
    as_members: set[int] = field(default_factory=set)
    is_whole: bool = False
    links_after: dict[int, BitMap] = field(default_factory=dict)
    blocks_after: dict[int, BitMap] = field(default_factory=dict)

    def source(self, kind: str) -> int:
        """The id of the source of a kind that the segment has once."""
        return next(source_id for source_id, source_kind in self.kinds.items() if source_kind == kind)

    def link(self, source_id: int, matched: BitMap, asked: BitMap | None = None) -> None:
        """Make the links of a source what its rule matched: see `linked`. Links that stay the same are not noted."""
        links, blocks = self.links[source_id], self.blocks[source_id]
        after = linked(links, blocks, matched, asked)
        if asked is None or after != links:
            self.links_after[source_id] = after

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

    def unblock(self, ordinals: BitMap) -> None:
        """Let every source add these members again."""
        for source_id, blocked in self.blocks.items():
            if blocked & ordinals:
                self.blocks_after[source_id] = blocked - ordinals

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

    def stored(self, change: MembershipChange) -> "StoredChange":
        """What is to be stored after `change()`, or after one of links alone that a run is to follow: NO_CHANGE.

        Links that are the members and stay so are not written besides them. Those that are the members no more get
        chunks of their own first; that links have become the members is only known of a whole membership.
        """
        after = self.members_after if change else self.members
        links = self.links | self.links_after
        staying = {source_id for source_id in self.as_members if links[source_id] == after}
        joining = set[int]()
        if self.is_whole and after:
            apart = links.keys() - self.as_members
            joining = {source_id for source_id in apart if links[source_id] == after}
        written = {
            ChunkOwner(ChunkRole.LINKS, source_id): (self.links[source_id], linked)
            for source_id, linked in self.links_after.items()
            if source_id not in staying and source_id not in joining
        }
        written |= {
            ChunkOwner(ChunkRole.BLOCKS, source_id): (self.blocks[source_id], blocked)
            for source_id, blocked in self.blocks_after.items()
        }
        if change:
            written[ChunkOwner(ChunkRole.MEMBERS, self.segment_id)] = (self.members, after)
        return StoredChange(written, self.as_members - staying, joining)


@dataclass(frozen=True, slots=True)
class StoredChange:
    """Bitmaps before and after, by owner; the sources whose links part from the members, and that become them."""

    written: Mapping[ChunkOwner, tuple[BitMap, BitMap]]
    parting: set[int]
    joining: set[int]


def union(bitmaps: Iterable[BitMap]) -> BitMap:
    """The union, without copying the only one. The result must not be changed."""
    filled = [bitmap for bitmap in bitmaps if bitmap]
    return filled[0] if len(filled) == 1 else BitMap.union(BitMap(), *filled)

"""Who enters, who exits and by which sources: the bitmaps against plain sets, for every way that links change."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner
from seggraph.models.audiences import ChunkRole
from seggraph.services.memberships.membership import Membership, compare, linked
from seggraph.vocabulary import SourceKind

pytestmark = pytest.mark.slow

SEGMENT = 9
SOURCES = {1: SourceKind.CRITERIA, 2: SourceKind.MANUAL, 3: SourceKind.IMPORT, 4: SourceKind.PLAYBOOK}

ORDINALS = st.sets(st.integers(65_530, 65_541))
"""On both sides of the border between two chunks."""
BY_SOURCE = st.fixed_dictionaries(dict.fromkeys(SOURCES, ORDINALS))


@dataclass
class Naive:
    """One segment as sets: what every source links and blocks."""

    links: dict[int, set[int]]
    blocks: dict[int, set[int]]
    before: dict[int, set[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.before = {source_id: set(links) for source_id, links in self.links.items()}

    def members(self, links: Mapping[int, set[int]]) -> set[int]:
        return {ordinal for some in links.values() for ordinal in some}

    def answer(self, source_id: int, matched: set[int], asked: set[int] | None) -> None:
        """A rule answers: every member that it was asked about is linked exactly if it matches and is not blocked."""
        links = self.links[source_id]
        for ordinal in matched | links if asked is None else asked:
            if ordinal in matched and ordinal not in self.blocks[source_id]:
                links.add(ordinal)
            else:
                links.discard(ordinal)

    def remove_manually(self, ordinals: set[int]) -> None:
        for source_id, kind in SOURCES.items():
            self.links[source_id] -= ordinals
            if kind in (SourceKind.CRITERIA, SourceKind.PLAYBOOK):
                self.blocks[source_id] |= ordinals

    def attribution(self, ordinal: int, *, entered: bool) -> set[int]:
        """The sources that link a member after it entered, or that linked it before it exited."""
        links = self.links if entered else self.before
        return {source_id for source_id, some in links.items() if ordinal in some}


def bitmaps(sets: Mapping[int, set[int]]) -> dict[int, BitMap]:
    return {source_id: BitMap(some) for source_id, some in sets.items()}


def membership_of(naive: Naive) -> Membership:
    links = bitmaps(naive.links)
    kinds: dict[int, str] = dict(SOURCES)
    return Membership(SEGMENT, links, bitmaps(naive.blocks), BitMap.union(*links.values()), kinds)


def check(membership: Membership, naive: Naive) -> None:
    """Compare everything that the membership says of the change with the sets."""
    change = membership.change()
    before, after = naive.members(naive.before), naive.members(naive.links)
    assert set(change.entered) == after - before
    assert set(change.exited) == before - after
    assert bool(change) is (before != after)
    assert set(change.ordinals) == before ^ after
    assert set(membership.members_after) == after

    assert change.attribution is not None
    assert all(change.attribution.values())
    for ordinal in before ^ after:
        sources = {source_id for source_id, held in change.attribution.items() if ordinal in held}
        assert sources == naive.attribution(ordinal, entered=ordinal in after)
    assert {ordinal for held in change.attribution.values() for ordinal in held} == before ^ after

    writes = membership.stored(change).written
    stored = {
        source_id: set(links) for source_id, links in (membership.links | membership.links_after).items()
    }
    assert stored == naive.links
    blocked = {
        source_id: set(some) for source_id, some in (membership.blocks | membership.blocks_after).items()
    }
    assert blocked == naive.blocks
    members = ChunkOwner(ChunkRole.MEMBERS, SEGMENT)
    assert (members in writes) is (before != after)
    if members in writes:
        assert tuple(map(set, writes[members])) == (before, after)
    for source_id, links in naive.links.items():
        if links != naive.before[source_id]:
            pair = writes[ChunkOwner(ChunkRole.LINKS, source_id)]
            assert tuple(map(set, pair)) == (naive.before[source_id], links)


@given(BY_SOURCE, BY_SOURCE, BY_SOURCE)
def test_a_full_run(
    links: dict[int, set[int]], blocks: dict[int, set[int]], matched: dict[int, set[int]]
) -> None:
    naive = Naive(links, blocks)
    membership = membership_of(naive)

    for source_id in (1, 4):
        membership.link(source_id, BitMap(matched[source_id]))
        naive.answer(source_id, matched[source_id], None)

    check(membership, naive)


@given(BY_SOURCE, BY_SOURCE, BY_SOURCE, BY_SOURCE)
def test_a_refresh(
    links: dict[int, set[int]],
    blocks: dict[int, set[int]],
    asked: dict[int, set[int]],
    matched: dict[int, set[int]],
) -> None:
    naive = Naive(links, blocks)
    membership = membership_of(naive)

    for source_id in (1, 4):  # a rule may answer about more members than it was asked about
        membership.link(source_id, BitMap(matched[source_id]), BitMap(asked[source_id]))
        naive.answer(source_id, matched[source_id], asked[source_id])

    check(membership, naive)
    unchanged = {source_id for source_id, some in naive.links.items() if some == naive.before[source_id]}
    assert not membership.links_after.keys() & unchanged


@given(BY_SOURCE, BY_SOURCE, ORDINALS)
def test_a_manual_addition(links: dict[int, set[int]], blocks: dict[int, set[int]], added: set[int]) -> None:
    naive = Naive(links, blocks)
    membership = membership_of(naive)

    membership.add_manually(BitMap(added))
    naive.links[2] |= added

    check(membership, naive)
    assert set(membership.touched) == added - naive.before[2]


@given(BY_SOURCE, BY_SOURCE, ORDINALS)
def test_a_manual_removal(links: dict[int, set[int]], blocks: dict[int, set[int]], removed: set[int]) -> None:
    naive = Naive(links, blocks)
    membership = membership_of(naive)
    blocked_before = {source_id: set(some) for source_id, some in blocks.items()}

    membership.remove_manually(BitMap(removed))
    naive.remove_manually(removed)

    check(membership, naive)
    newly_blocked = (naive.blocks[source_id] - blocked_before[source_id] for source_id in SOURCES)
    no_longer_linked = (naive.before[source_id] - naive.links[source_id] for source_id in SOURCES)
    assert set(membership.touched) == set().union(*newly_blocked, *no_longer_linked)


@given(BY_SOURCE, BY_SOURCE, ORDINALS, st.booleans())
def test_an_import(
    links: dict[int, set[int]], blocks: dict[int, set[int]], imported: set[int], replace: bool
) -> None:
    naive = Naive(links, blocks)
    membership = membership_of(naive)

    membership.import_file(BitMap(imported), replace=replace)
    naive.links[3] = set(imported) if replace else naive.links[3] | imported

    check(membership, naive)


@given(BY_SOURCE, BY_SOURCE, ORDINALS)
def test_members_that_a_run_has_not_brought_up_to_date(
    links: dict[int, set[int]], links_after: dict[int, set[int]], members: set[int]
) -> None:
    """An import writes links, and the run that it asks for finds members that do not follow them yet."""
    change = compare(bitmaps(links), bitmaps(links_after), BitMap(members))

    after = {ordinal for some in links_after.values() for ordinal in some}
    assert set(change.entered) == after - members
    assert set(change.exited) == members - after


@given(ORDINALS, ORDINALS, ORDINALS)
def test_a_rule_asked_about_everyone_answers_as_in_a_full_run(
    links: set[int], blocks: set[int], matched: set[int]
) -> None:
    everyone = links | matched

    answers = (
        linked(BitMap(links), BitMap(blocks), BitMap(matched), asked) for asked in (None, BitMap(everyone))
    )

    assert [set(answer) for answer in answers] == [matched - blocks] * 2


def test_bitmaps_that_are_read_stay_as_they_were() -> None:
    links, blocks = {1: BitMap([1, 2]), 2: BitMap()}, {1: BitMap([3]), 2: BitMap()}
    membership = Membership(SEGMENT, links, blocks, links[1], {1: SourceKind.CRITERIA, 2: SourceKind.MANUAL})

    membership.link(1, BitMap([2, 3, 4]))
    change = membership.change()
    membership.stored(change)

    assert (set(change.entered), set(change.exited)) == ({4}, {1})
    assert (links, blocks) == ({1: BitMap([1, 2]), 2: BitMap()}, {1: BitMap([3]), 2: BitMap()})

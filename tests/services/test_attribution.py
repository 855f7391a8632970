"""What held members that moved: stored beside their moves, read back as it was, and what a gap in it means."""

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.services.memberships.attribution import HEAD, Sources, decode, encode, without
from seggraph.services.memberships.memberships import Holding
from seggraph.vocabulary import SourceKind

ORDINALS = st.sets(st.integers(65_536, 65_556))
CAUSES = st.dictionaries(st.integers(1, 2**62), ORDINALS, max_size=5)


@given(ORDINALS, ORDINALS, CAUSES)
def test_what_is_stored_is_read_back_as_far_as_it_is_about_the_moves(
    moved: set[int], erased: set[int], causes: dict[int, set[int]]
) -> None:
    data = encode(BitMap(moved), {source: BitMap(due) for source, due in causes.items()})
    left = moved - erased
    fewer = without(data, BitMap(moved), BitMap(left))

    expected = {source: due & moved for source, due in causes.items() if due & moved}
    assert {source: set(due) for source, due in decode(data, BitMap(moved)).items()} == expected
    assert fewer is not None
    kept = {source: due & left for source, due in causes.items() if due & left}
    assert {source: set(due) for source, due in decode(fewer, BitMap(left)).items()} == kept
    if all(due == moved for due in expected.values()):
        assert len(data) == HEAD.size * len(expected)


def test_who_nothing_held_was_let_go_earlier() -> None:
    criteria, imported = Holding(SourceKind.CRITERIA, None), Holding(SourceKind.IMPORT, None)
    playbook, gone = Holding(SourceKind.PLAYBOOK, 7), Holding(SourceKind.PLAYBOOK, None)
    causes = {1: BitMap([5, 6]), 2: BitMap([6]), 3: BitMap([7])}

    dynamic = Sources({1: criteria, 2: playbook})
    assert [dynamic.of(causes, ordinal) for ordinal in (5, 6, 7, 8)] == [
        [criteria],
        [criteria, playbook],
        [gone],
        [gone],
    ]
    assert Sources({1: imported}).of(causes, 8) == [], "an import replaced it, or a playbook is gone"
    assert without(None, BitMap([1]), BitMap([1])) is None

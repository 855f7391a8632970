"""The bitmap value against plain Python sets."""

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.audiences import (
    CHUNK_BITS,
    changed_chunks,
    chunk_of,
    from_bytes,
    page,
    page_backwards,
    split,
    to_bytes,
)
from seggraph.audiences.bitmap import iterate, join

LARGEST = 2**31 - 1

near_a_border = st.builds(
    lambda chunk, offset: max(0, (chunk << CHUNK_BITS) + offset),
    st.integers(0, 4),
    st.integers(-2, 2),
)
ordinals = st.one_of(near_a_border, st.integers(0, 300_000), st.integers(0, LARGEST))
runs = st.builds(
    lambda start, size: set(range(start, start + size)), st.integers(0, 200_000), st.integers(0, 70_000)
)
sets = st.one_of(
    st.sets(ordinals, max_size=60), st.builds(lambda one, two: one | two, st.sets(ordinals), runs)
)


@given(sets)
def test_split_cuts_by_the_upper_bits_and_join_undoes_it(members: set[int]) -> None:
    chunks = split(BitMap(members))

    assert set(chunks) == {chunk_of(ordinal) for ordinal in members}
    assert all(chunk_of(ordinal) == number for number, chunk in chunks.items() for ordinal in chunk)
    assert all(1 <= len(chunk) <= 2**CHUNK_BITS for chunk in chunks.values())
    assert set(join(chunks.values())) == members


@given(sets)
def test_bytes_come_back_the_same(members: set[int]) -> None:
    assert set(from_bytes(to_bytes(BitMap(members)))) == members


@given(sets, sets)
def test_changed_chunks_are_those_that_differ_whole(before: set[int], after: set[int]) -> None:
    changed = changed_chunks(BitMap(before), BitMap(after))

    assert set(changed) == {chunk_of(ordinal) for ordinal in before ^ after}
    for number, chunk in changed.items():
        assert set(chunk) == {ordinal for ordinal in after if chunk_of(ordinal) == number}


@given(sets)
def test_nothing_changed_is_no_chunk(members: set[int]) -> None:
    assert changed_chunks(BitMap(members), BitMap(members)) == {}


@given(sets, st.one_of(st.none(), ordinals), st.integers(0, 50))
def test_a_page_is_the_next_ones(members: set[int], after: int | None, first: int) -> None:
    above = sorted(ordinal for ordinal in members if after is None or ordinal > after)

    assert page(BitMap(members), first=first, after=after) == above[:first]


@given(sets, st.one_of(st.none(), ordinals), st.integers(0, 50))
def test_a_page_backwards_is_the_last_ones_ascending(
    members: set[int], before: int | None, last: int
) -> None:
    below = sorted(ordinal for ordinal in members if before is None or ordinal < before)

    assert page_backwards(BitMap(members), last=last, before=before) == (below[-last:] if last else [])


@given(st.sets(ordinals), st.integers(1, 20))
def test_pages_one_after_another_are_everybody_once(members: set[int], size: int) -> None:
    pages = list(iterate(BitMap(members), size))

    assert [ordinal for one in pages for ordinal in one] == sorted(members)
    assert all(len(one) == size for one in pages[:-1])

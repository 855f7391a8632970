"""The bitmap value against plain Python sets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.audiences import (
    CHUNK_BITS,
    DELTA_CHUNK,
    bits_of,
    chunk_of,
    from_bytes,
    from_parts,
    page,
    page_backwards,
    pieces,
    split,
    to_bytes,
    to_sql_blocks,
)
from seggraph.audiences.bitmap import iterate, whole_chunks

pytestmark = pytest.mark.slow

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
def test_split_cuts_by_the_upper_bits_and_the_parts_are_the_whole(members: set[int]) -> None:
    chunks = split(BitMap(members))

    assert set(chunks) == {chunk_of(ordinal) for ordinal in members}
    assert all(chunk_of(ordinal) == number for number, chunk in chunks.items() for ordinal in chunk)
    assert all(1 <= len(chunk) <= 2**CHUNK_BITS for chunk in chunks.values())
    assert set(from_parts([to_bytes(chunk) for chunk in chunks.values()])) == members


@given(sets)
def test_bytes_come_back_the_same(members: set[int]) -> None:
    assert set(from_bytes(to_bytes(BitMap(members)))) == members


@given(sets, sets)
def test_what_is_toggled_is_the_other_way_round(members: set[int], toggled: set[int]) -> None:
    parts = [to_bytes(BitMap(toggled)), *map(to_bytes, split(BitMap(members)).values())]

    assert set(from_parts(parts)) == set(from_parts(parts[::-1])) == members ^ toggled


@given(sets, st.lists(st.integers(0, 5), max_size=3))
def test_what_is_in_whole_chunks(members: set[int], numbers: list[int]) -> None:
    expected = {ordinal for ordinal in members if chunk_of(ordinal) in numbers}

    assert set(BitMap(members) & whole_chunks(numbers)) == expected


@given(sets)
def test_few_of_several_chunks_are_one_piece(members: set[int]) -> None:
    kept = pieces(BitMap(members))

    assert BitMap.union(BitMap(), *kept.values()) == BitMap(members)
    if len({chunk_of(ordinal) for ordinal in members}) > 1 and len(members) <= 1_000:
        assert set(kept) == {DELTA_CHUNK}
    else:
        assert kept == split(BitMap(members))


@given(st.sets(st.integers(0, 100_000), max_size=60), runs)
def test_bits_are_those_from_the_first_to_the_last(some: set[int], more: set[int]) -> None:
    members = some | more
    bits = bits_of(BitMap(members))

    first = min(members, default=0)
    found = {first + bit for bit in range(len(bits) * 8) if bits[bit >> 3] >> (bit & 7) & 1}
    assert found == members
    assert len(bits) == ((max(members) - first) // 8 + 1 if members else 0)


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


@given(sets)
def test_the_form_for_sql_has_the_same_ordinals_and_costs_their_size(given: set[int]) -> None:
    form = to_sql_blocks(BitMap(given))

    found = set(form.singles)
    for first, bits in zip(form.firsts, form.bits, strict=True):
        assert len(bits) == 8_192
        found |= {first + place for place in range(1 << CHUNK_BITS) if bits[place >> 3] >> (place & 7) & 1}
    assert found == given
    assert len(form.singles) + sum(len(bits) for bits in form.bits) <= 2 * len(given)

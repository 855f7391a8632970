"""The chunks that a process caches: those that are used, and never more than so many bytes."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from seggraph.audiences.chunk_cache import ENTRY_BYTES, RECENT_READS, ChunkCache

ONE, TWO, THREE = b"1", b"2", b"3"
LARGE = 8_208


def room_for(number: int) -> int:
    """The bytes that so many large chunks take."""
    return number * (LARGE + ENTRY_BYTES)


def chunk(ordinal: int, size: int = LARGE) -> tuple[BitMap, int]:
    return BitMap([ordinal]), size


def test_a_chunk_that_is_not_used_any_more_makes_room_and_one_that_is_used_does_not() -> None:
    # given room for two
    cache = ChunkCache(room_for(2))
    cache.add({ONE: chunk(1), TWO: chunk(2)})

    # when only one of them is used for some time before a third one comes
    for _ in range(RECENT_READS):
        assert cache.find([ONE, THREE]) == {ONE: BitMap([1])}
    cache.add({THREE: chunk(3)})

    # then the other one is dropped
    assert cache.find([ONE, TWO, THREE]) == {ONE: BitMap([1]), THREE: BitMap([3])}


def test_of_chunks_that_do_not_all_fit_and_are_read_again_and_again_as_many_as_fit_stay() -> None:
    cache = ChunkCache(room_for(10))
    digests = [bytes([number]) for number in range(20)]

    for _ in range(5):
        found = cache.find(digests)
        cache.add({digest: chunk(digest[0]) for digest in digests if digest not in found})

    assert len(cache.find(digests)) == 10


def test_a_chunk_that_is_added_twice_counts_once_and_one_that_is_too_large_is_not_cached() -> None:
    cache = ChunkCache(room_for(2))
    for _ in range(3):
        cache.add({ONE: chunk(1)})
    cache.add({TWO: chunk(2)})

    cache.add({THREE: chunk(3, room_for(3))})

    assert cache.find([ONE, TWO, THREE]) == {ONE: BitMap([1]), TWO: BitMap([2])}
    assert cache.size == room_for(2)


SIZES = st.integers(min_value=0, max_value=3_000)


@given(
    st.integers(min_value=0, max_value=10_000),
    st.lists(
        st.tuples(st.lists(st.integers(0, 30), max_size=20), st.dictionaries(st.integers(0, 30), SIZES))
    ),
)
def test_the_cache_never_holds_more_than_its_bound(
    bound: int, reads: Sequence[tuple[list[int], dict[int, int]]]
) -> None:
    cache = ChunkCache(bound)
    sizes: dict[int, int] = {}
    for wanted, read in reads:
        cache.find(bytes([number]) for number in wanted)
        new = {number: size for number, size in read.items() if number not in sizes}
        sizes |= new
        cache.add({bytes([number]): chunk(number, sizes[number]) for number in read})

        assert cache.size <= bound
        held = cache.find(bytes([number]) for number in sizes)
        assert sum(sizes[digest[0]] + ENTRY_BYTES for digest in held) == cache.size
        assert all(bitmap == BitMap([digest[0]]) for digest, bitmap in held.items())

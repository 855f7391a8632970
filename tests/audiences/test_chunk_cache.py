"""The chunks that a process keeps: those asked for last, and no more than so many bytes."""

from pyroaring import BitMap

from seggraph.audiences.chunk_cache import ChunkCache

ONE, TWO, THREE = b"1", b"2", b"3"


def test_those_asked_for_last_are_kept() -> None:
    # given room for two
    kept = ChunkCache(100)
    kept.add({ONE: (BitMap([1]), 50), TWO: (BitMap([2]), 50)})

    # when one of them is asked for again before a third comes
    assert kept.find([ONE, THREE]) == {ONE: BitMap([1])}
    kept.add({THREE: (BitMap([3]), 40)})

    # then it is the other one that goes
    assert kept.find([ONE, TWO, THREE]) == {ONE: BitMap([1]), THREE: BitMap([3])}


def test_what_is_kept_twice_counts_once_and_what_is_too_large_not_at_all() -> None:
    kept = ChunkCache(100)
    for _ in range(3):
        kept.add({ONE: (BitMap([1]), 50)})
    kept.add({TWO: (BitMap([2]), 50)})
    assert set(kept.find([ONE, TWO])) == {ONE, TWO}

    kept.add({THREE: (BitMap([3]), 101)})

    assert kept.find([ONE, TWO, THREE]) == {}

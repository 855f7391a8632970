"""Sequences of events by slices of time, each with a bitmap for each step.

A member with an event of each step in slices that follow each other has the sequence for certain. A member whose
events are of one slice, or as far apart as the sequence may be long, has it perhaps.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from pyroaring import BitMap

from seggraph.criteria.time.durations import Duration
from seggraph.criteria.typed import SequenceTest

SLICES: Final = 64
"""How many slices the time of the events is cut into ..."""

SLICES_OF_LENGTH: Final = 16
"""... and, so that few members are uncertain, the longest duration of a sequence ..."""

MAX_SLICES: Final = 512
"""... but no more than so many in all."""

_UTC: Final = ZoneInfo("UTC")
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Slice:
    """A span of time from `begin` until before `end`, both in UTC."""

    begin: datetime
    end: datetime


def bounds(test: SequenceTest, as_of: datetime, zone: ZoneInfo) -> tuple[datetime | None, datetime]:
    """The time that all events of a sequence are in: its begin, if the criteria give one, and its end, not included.

    No event is before the first step, and none after the last one.
    """
    lower, _, _ = test.steps[0].within.bounds(as_of, zone)
    _, _, upper = test.steps[-1].within.bounds(as_of, zone)
    end = as_of + _TICK
    return lower, end if upper is None else min(end, upper)


def slices(begin: datetime, end: datetime, within: Duration | None) -> Iterator[Slice]:
    """Cut a span of time into slices of one length."""
    length = (end - begin) / SLICES
    if within is not None:
        longest = within.after(begin, _UTC) - begin
        length = max(min(length, longest / SLICES_OF_LENGTH), (end - begin) / MAX_SLICES)
    length = max(length, _TICK)
    while begin < end:
        yield Slice(begin, min(begin + length, end))
        begin += length


class Following:
    """Which members certainly have a sequence, and which perhaps; slices are added in the order of time."""

    def __init__(self, test: SequenceTest) -> None:
        self._last = len(test.steps) - 1
        self.repeated = {place for place, (one, next_) in enumerate(pairwise(test.steps), 1) if one == next_}
        """The places of the steps that are the same as the one before: an event is one of the two."""
        self._within = test.within
        self._starts: list[_Start] = []
        self.certain = BitMap()
        self._perhaps = BitMap()

    @property
    def uncertain(self) -> BitMap:
        """The members whose events do not decide it by their slices."""
        return self._perhaps - self.certain

    def add(self, slice_: Slice, steps: Sequence[BitMap], twice: Mapping[int, BitMap] | None = None) -> None:
        """Add the members with an event of each step in the next slice.

        `twice` has for the steps that are `repeated` the members with two such events in the slice.
        """
        within, last = self._within, self._last
        steps = [step - self.certain for step in steps]  # nothing is left to find out about those
        if within is not None:
            self._starts = [
                start for start in self._starts if slice_.begin <= within.after(start.slice.end, _UTC)
            ]
        in_time = (
            start.certain[-1]
            for start in self._starts
            if within is None or slice_.end <= within.after(start.slice.begin, _UTC)
        )
        self.certain |= steps[last] & _union(in_time)
        start = self._start(slice_)
        for one in self._starts:
            # From the last to the first: events of one slice do not certainly follow each other, but perhaps.
            for place in range(last - 1, 0, -1):
                one.certain[place] |= steps[place] & one.certain[place - 1]
            arrived = steps[0] if one is start else BitMap()
            self._perhaps |= one.arrive(arrived, steps, twice or {})
        start.certain[0] |= steps[0]

    def _start(self, slice_: Slice) -> "_Start":
        """What begins in a slice. If a sequence may last for any time, it does not matter when it begins."""
        if self._within is not None or not self._starts:
            empty = [BitMap() for _ in range(self._last)]
            self._starts.append(_Start(slice_, empty, [one.copy() for one in empty]))
        return self._starts[-1]


@dataclass(frozen=True, slots=True)
class _Start:
    """For each step but the last, the members with a sequence up to it that began in a slice: certainly, perhaps."""

    slice: Slice
    certain: list[BitMap]
    perhaps: list[BitMap]

    def arrive(self, arrived: BitMap, steps: Sequence[BitMap], twice: Mapping[int, BitMap]) -> BitMap:
        """Note who perhaps comes to each step in a slice, `arrived` being those at the first; returns who to the last.

        Who comes to two steps in one slice needs two events there.
        """
        for place, before in enumerate(self.perhaps, 1):
            came = steps[place] & before
            if arrived:
                came |= steps[place] & (arrived & twice[place] if place in twice else arrived)
                self.perhaps[place - 1] = before | arrived
            arrived = came
        return arrived


def _union(bitmaps: Iterable[BitMap]) -> BitMap:
    return BitMap.union(BitMap(), *bitmaps)

"""The waterfall: how many members fall out at each step on the way to being reached; and how many addresses there are.

The steps are kept with a segment's numbers and change together with them, so they always end at its reach.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from seggraph.vocabulary import Channel, ReachStepReason


@dataclass(frozen=True, slots=True)
class ReachStepView:
    """A step: how many members are left after it, and how many it took away."""

    reason: ReachStepReason
    remaining: int
    dropped: int


def waterfall(numbers: Mapping[str, int | None], channel: Channel) -> list[ReachStepView]:
    """The steps of a channel from the columns of reach.COLUMNS; none while they are not known."""
    name = channel.name.lower()
    sizes = [
        numbers["reach_members"],
        numbers[f"addressed_{name}"],
        numbers[f"allowed_{name}"],
        numbers[f"reach_{name}"],
    ]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return []
    return [
        ReachStepView(reason, size, before - size)
        for reason, before, size in zip(ReachStepReason, [known[0], *known], known, strict=False)
    ]


def distinct_addresses(numbers: Mapping[str, int | None], channel: Channel) -> int | None:
    """How many different addresses the members have that the channel reaches, from the columns of reach.COLUMNS.

    None for push messages, which have no addresses, and while it is not known.
    """
    return numbers.get(f"distinct_{channel.name.lower()}")

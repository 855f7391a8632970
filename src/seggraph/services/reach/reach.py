"""Reach: how many members of an audience can be contacted, in all and per channel, and at which step others fall out.

A channel reaches a member who has an address for it, whose consent allows it and whose address is not suppressed.
Address and consent are criteria like any other, so the engine that evaluates segments evaluates reach too; the
suppressions are a list. Who stands at each step is an audience that is kept for each population, and so a segment's
numbers are intersections. Sources: design.md sections 2 and 5.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from operator import attrgetter, itemgetter
from typing import Final

from pyroaring import BitMap

from seggraph.audiences import ChunkOwner
from seggraph.criteria import AttributeOp, Checked, Comparison
from seggraph.criteria.catalogue import WELL_KNOWN
from seggraph.criteria.nodes import Consent, Not
from seggraph.models.audiences import ChunkRole
from seggraph.vocabulary import Channel, ConsentPolicy, ConsentState, SegmentPurpose

_FIELDS: Final = {field.name: field for field in WELL_KNOWN}

ADDRESSED: Final[Mapping[Channel, Checked]] = {
    Channel.EMAIL: Comparison(_FIELDS["email"], AttributeOp.IS_SET, ()),
    Channel.DIRECT_MAIL: Comparison(_FIELDS["hasAddress"], AttributeOp.EQ, (True,)),
    Channel.SMS: Comparison(_FIELDS["phone"], AttributeOp.IS_SET, ()),
    Channel.PHONE: Comparison(_FIELDS["phone"], AttributeOp.IS_SET, ()),
    # A device is not among a member's fields: that it was registered shows in the consent it gave.
    Channel.PUSH: Consent(Channel.PUSH, ConsentState.GRANTED),
}
"""The criteria that a member has an address for a channel."""


class Step(IntEnum):
    """How far members come on the way to being reached: each step is part of the one before."""

    ADDRESSED = 1
    ALLOWED = 2
    REACHED = 3


Place = tuple[Step, Channel]

PLACES: Final[tuple[Place, ...]] = tuple((step, channel) for step in Step for channel in Channel)

_COUNTED: Final[tuple[Place, ...]] = tuple(
    (step, channel) for step in (Step.REACHED, Step.ADDRESSED, Step.ALLOWED) for channel in Channel
)
"""The steps as the counts have them, in their order."""

Reachable = Mapping[Place, BitMap]
"""The members at each step for each channel."""


@dataclass(frozen=True, slots=True)
class ReachCounts:
    """How many members each channel reaches, and how many are reached by one of the purpose's channels.

    `addressed_…` count the members who have an address at all, `allowed_…` those whose consent allows it too;
    `members` counts the whole audience. `distinct_…` are the different addresses of those who are reached: `addresses`
    counts them, and `count` leaves them at 0.
    """

    total: int
    email: int
    direct_mail: int
    sms: int
    phone: int
    push: int
    addressed_email: int = 0
    addressed_direct_mail: int = 0
    addressed_sms: int = 0
    addressed_phone: int = 0
    addressed_push: int = 0
    allowed_email: int = 0
    allowed_direct_mail: int = 0
    allowed_sms: int = 0
    allowed_phone: int = 0
    allowed_push: int = 0
    members: int = 0
    distinct_email: int = 0
    distinct_direct_mail: int = 0
    distinct_sms: int = 0
    distinct_phone: int = 0

    def __add__(self, other: "ReachCounts") -> "ReachCounts":
        """The sums, number by number."""
        return ReachCounts(
            *(mine + theirs for mine, theirs in zip(self.values(), other.values(), strict=True))
        )

    def __sub__(self, other: "ReachCounts") -> "ReachCounts":
        """The differences, number by number."""
        return ReachCounts(
            *(mine - theirs for mine, theirs in zip(self.values(), other.values(), strict=True))
        )

    def values(self) -> tuple[int, ...]:
        """The counts in the order of the fields."""
        return _values(self)


COUNTS: Final = tuple(field.name for field in fields(ReachCounts))

_values: Final[Callable[[ReachCounts], tuple[int, ...]]] = attrgetter(*COUNTS)

COLUMNS: Final = tuple(
    name if name.startswith(("addressed_", "allowed_", "distinct_")) else f"reach_{name}" for name in COUNTS
)
"""The columns of segments that hold the counts, in their order."""

NO_REACH: Final = ReachCounts(0, 0, 0, 0, 0, 0)


def assigned(first: int) -> str:
    """The part of an UPDATE of segments that sets all the counts, from the parameter `first` on."""
    return ", ".join(f"{column} = ${number}" for number, column in enumerate(COLUMNS, first))


def criteria(policy: ConsentPolicy) -> list[Checked]:
    """The criteria whose answers `staged` takes: having an address, and a consent that allows the channel."""
    return [*ADDRESSED.values(), *(_allowed(channel, policy) for channel in Channel)]


def _allowed(channel: Channel, policy: ConsentPolicy) -> Checked:
    if policy is ConsentPolicy.OPT_IN:
        return Consent(channel, ConsentState.GRANTED)
    return Not(Consent(channel, ConsentState.DENIED))


def staged(found: Sequence[BitMap], suppressed: Mapping[Channel, BitMap]) -> Reachable:
    """The members at each step, from the answers to `criteria` and the suppressed members of each channel."""
    staged: dict[Place, BitMap] = {}
    for channel, addressed, consenting in zip(Channel, found, found[len(Channel) :], strict=False):
        allowed = addressed & consenting
        staged[Step.ADDRESSED, channel] = addressed
        staged[Step.ALLOWED, channel] = allowed
        staged[Step.REACHED, channel] = allowed - suppressed.get(channel, BitMap())
    return {place: staged[place] for place in PLACES}


def total_channels(purpose: SegmentPurpose | None) -> tuple[Channel, ...]:
    """The channels of which at least one must reach a member for the total to count it."""
    if purpose is SegmentPurpose.ACQUISITION:
        return (Channel.DIRECT_MAIL,)
    return (Channel.EMAIL, Channel.DIRECT_MAIL)


def count(members: BitMap, reachable: Reachable, purpose: SegmentPurpose | None) -> ReachCounts:
    """The reach of an audience, given the members of the population at each step."""
    return ReachCounter(reachable).count(members, purpose)


class ReachCounter:
    """Counts the reach of many audiences. Members at several steps who are the same are counted once."""

    def __init__(self, reachable: Reachable) -> None:
        self._distinct: list[BitMap] = []
        # for each number of the counts, the place of its members among the distinct ones
        places = [self._place(reachable[place]) for place in _COUNTED]
        self._pick: dict[SegmentPurpose | None, Callable[[Sequence[int]], tuple[int, ...]]] = {}
        for purpose in (None, *SegmentPurpose):
            reached = (reachable[Step.REACHED, channel] for channel in total_channels(purpose))
            self._pick[purpose] = itemgetter(self._place(BitMap.union(BitMap(), *reached)), *places)

    def _place(self, members: BitMap) -> int:
        if members not in self._distinct:
            self._distinct.append(members)
        return self._distinct.index(members)

    def count(self, members: BitMap, purpose: SegmentPurpose | None) -> ReachCounts:
        """The reach of an audience."""
        return ReachCounts(*self.numbers(members, purpose))

    def numbers(self, members: BitMap, purpose: SegmentPurpose | None) -> list[int]:
        """The reach of an audience, as the values of the counts."""
        counted = [members.intersection_cardinality(one) if one else 0 for one in self._distinct]
        return [*self._pick[purpose](counted), len(members)]

    def change(self, entered: BitMap, exited: BitMap, purpose: SegmentPurpose | None) -> list[int]:
        """By how much the reach changes when members enter and exit, as the values of the counts."""
        counted = [
            entered.intersection_cardinality(one) - exited.intersection_cardinality(one) if one else 0
            for one in self._distinct
        ]
        return [*self._pick[purpose](counted), len(entered) - len(exited)]


def owners(population_id: int) -> dict[Place, ChunkOwner]:
    """The owners of the audiences of each step."""
    roles = {
        Step.ADDRESSED: ChunkRole.addressed,
        Step.ALLOWED: ChunkRole.allowed,
        Step.REACHED: ChunkRole.reachable,
    }
    return {(step, channel): ChunkOwner(roles[step](channel), population_id) for step, channel in PLACES}

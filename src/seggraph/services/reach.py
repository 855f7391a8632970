"""Reach: how many members of an audience can be contacted, in all and per channel.

A channel reaches a member whose address for it is known and whose consent allows it. That is criteria like any
other, so the engine that evaluates segments evaluates reach too. Sources: design.md sections 2 and 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pyroaring import BitMap

from seggraph.audiences import ChunkOwner
from seggraph.criteria import AttributeOp, Checked, Comparison
from seggraph.criteria.catalogue import WELL_KNOWN
from seggraph.criteria.nodes import All, Consent, Not
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
"""Who has an address for a channel."""

Reachable = Mapping[Channel, BitMap]
"""Of some members, those that each channel reaches."""


@dataclass(frozen=True, slots=True)
class ReachCounts:
    """How many members each channel reaches, and how many are reached by one of the purpose's channels."""

    total: int
    email: int
    direct_mail: int
    sms: int
    phone: int
    push: int

    def __add__(self, other: "ReachCounts") -> "ReachCounts":
        """The sums, channel by channel."""
        return ReachCounts(
            *(mine + theirs for mine, theirs in zip(self.values(), other.values(), strict=True))
        )

    def __sub__(self, other: "ReachCounts") -> "ReachCounts":
        """The differences, channel by channel."""
        return ReachCounts(
            *(mine - theirs for mine, theirs in zip(self.values(), other.values(), strict=True))
        )

    def values(self) -> tuple[int, ...]:
        """The counts in the order of the fields."""
        return (self.total, self.email, self.direct_mail, self.sms, self.phone, self.push)


def criteria(policy: ConsentPolicy) -> list[Checked]:
    """The criteria of who is reachable, one for each channel in order."""
    return [All((ADDRESSED[channel], _allowed(channel, policy))) for channel in Channel]


def _allowed(channel: Channel, policy: ConsentPolicy) -> Checked:
    if policy is ConsentPolicy.OPT_IN:
        return Consent(channel, ConsentState.GRANTED)
    return Not(Consent(channel, ConsentState.DENIED))


def total_channels(purpose: SegmentPurpose | None) -> tuple[Channel, ...]:
    """The channels of which at least one must reach a member for the total to count it."""
    if purpose is SegmentPurpose.ACQUISITION:
        return (Channel.DIRECT_MAIL,)
    return (Channel.EMAIL, Channel.DIRECT_MAIL)


def count(members: BitMap, reachable: Reachable, purpose: SegmentPurpose | None) -> ReachCounts:
    """The reach of an audience, given who is reachable at all."""
    by_any = BitMap.union(BitMap(), *(reachable[channel] for channel in total_channels(purpose)))
    by_channel = (members.intersection_cardinality(reachable[channel]) for channel in Channel)
    return ReachCounts(members.intersection_cardinality(by_any), *by_channel)


def owner(channel: Channel, population_id: int) -> ChunkOwner:
    """Whose audience the members reachable over a channel are."""
    return ChunkOwner(ChunkRole.reachable(channel), population_id)

"""Relations: the kinds that can be related, and the name that each side has for the other.

A relation is stored once, from one kind to another, and can be asked for from both ends: a person's `account` is
the same relation as the account's `people`. Every relation may hold several members on either side.
"""

from dataclasses import dataclass
from typing import Final

from seggraph.vocabulary import MemberKind, RelationType


@dataclass(frozen=True, slots=True)
class Direction:
    """A relation as the members of one kind see it.

    It leads to members of `other_kind`. `forward` says that the stored rows start from this side: its ordinals are in
    `from_ordinal`, otherwise in `to_ordinal`.
    """

    name: str
    kind: MemberKind
    other_kind: MemberKind
    type: RelationType
    forward: bool

    @property
    def change(self) -> str:
        """The name of a change of this relation in dirty batches."""
        return f"relation:{self.name}"


def _both_ways(
    type_: RelationType, from_kind: MemberKind, name: str, to_kind: MemberKind, name_back: str
) -> tuple[Direction, Direction]:
    return (
        Direction(name, from_kind, to_kind, type_, forward=True),
        Direction(name_back, to_kind, from_kind, type_, forward=False),
    )


_DIRECTIONS: Final[tuple[Direction, ...]] = (
    *_both_ways(RelationType.PERSON_ACCOUNT, MemberKind.PERSON, "account", MemberKind.ACCOUNT, "people"),
    *_both_ways(
        RelationType.ACCOUNT_ORGANIZATION,
        MemberKind.ACCOUNT,
        "organization",
        MemberKind.ORGANIZATION,
        "accounts",
    ),
    *_both_ways(RelationType.DEAL_ACCOUNT, MemberKind.DEAL, "account", MemberKind.ACCOUNT, "deals"),
    *_both_ways(RelationType.DEAL_PRODUCT, MemberKind.DEAL, "products", MemberKind.PRODUCT, "deals"),
    *_both_ways(RelationType.ACTIVITY_PERSON, MemberKind.ACTIVITY, "person", MemberKind.PERSON, "activities"),
    *_both_ways(
        RelationType.ACTIVITY_ACCOUNT, MemberKind.ACTIVITY, "account", MemberKind.ACCOUNT, "activities"
    ),
    *_both_ways(RelationType.TICKET_PERSON, MemberKind.TICKET, "person", MemberKind.PERSON, "tickets"),
    *_both_ways(RelationType.TICKET_ACCOUNT, MemberKind.TICKET, "account", MemberKind.ACCOUNT, "tickets"),
)

_BY_KIND_AND_NAME: Final = {(direction.kind, direction.name): direction for direction in _DIRECTIONS}
_BY_TYPE: Final = {(direction.type, direction.forward): direction for direction in _DIRECTIONS}


def find(kind: MemberKind, name: str) -> Direction | None:
    """The relation with a name, as members of a kind see it; None if there is none."""
    return _BY_KIND_AND_NAME.get((kind, name))


def of_kind(kind: MemberKind) -> tuple[Direction, ...]:
    """All relations of a kind, as its members see them."""
    return tuple(direction for direction in _DIRECTIONS if direction.kind is kind)


def of_type(type_: RelationType) -> tuple[Direction, Direction]:
    """A relation as both sides see it, the side that its stored rows start from first."""
    return _BY_TYPE[type_, True], _BY_TYPE[type_, False]

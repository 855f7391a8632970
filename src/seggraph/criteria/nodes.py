"""The criteria tree: what a person asked for, as frozen values, before and after checking.

Groups (`All`, `AnyOf`, `Not`) are generic over their leaves, so that the tree as parsed and the tree with typed
values share them. Nodes know nothing of JSON, SQL or members.
"""

from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar, Union

from seggraph.criteria.operators import AttributeOp, SetOp
from seggraph.vocabulary import Channel, ConsentState

MAX_DEPTH: Final = 20
"""Most groups (`all`, `any`, `not`) that may stand inside one another; the leaf below them is not counted."""

MAX_LEAVES: Final = 500
"""Most conditions in one tree. A group with nothing in it counts as one."""

MAX_VALUES: Final = 1_000
"""Most values of one condition."""

MAX_TEXT: Final = 1_000
"""Most characters of one text value."""

L = TypeVar("L")
Scalar: TypeAlias = str | int | float | bool
"""A value as JSON has it."""


@dataclass(frozen=True, slots=True)
class All(Generic[L]):
    """Every item holds. With no item: every member."""

    items: tuple["Tree[L]", ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Generic[L]):
    """At least one item holds. With no item: no member."""

    items: tuple["Tree[L]", ...]


@dataclass(frozen=True, slots=True)
class Not(Generic[L]):
    """The complement of the item within the kind."""

    item: "Tree[L]"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A condition on one field, as written: the value is not yet converted, nor the field looked up.

    `single` tells `value` from `values` in the input, so that an error can name the one that was used.
    """

    field: str
    op: AttributeOp
    values: tuple[Scalar, ...]
    single: bool


@dataclass(frozen=True, slots=True)
class Tags:
    """A condition on the set of a member's tags, which is never unset."""

    op: SetOp
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Consent:
    """What the member said about one channel."""

    channel: Channel
    state: ConsentState


Tree: TypeAlias = Union["All[L]", "AnyOf[L]", "Not[L]", L]
Leaf: TypeAlias = Attribute | Tags | Consent
Node: TypeAlias = Tree[Leaf]
"""Criteria as parsed."""

"""The criteria tree as frozen values, before and after checking.

Groups (`All`, `AnyOf`, `Not`) are generic over their leaves, so that the tree as parsed and the tree with typed
values share them. Nodes know nothing of JSON, SQL or members.
"""

from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar, Union

from seggraph.criteria.operators import AttributeOp, CompareOp, EventAggregate, InOp, SetOp
from seggraph.criteria.values import Scalar
from seggraph.vocabulary import Channel, ConsentState

MAX_DEPTH: Final = 20
"""Most nodes that hold others (`all`, `any`, `not`, `related`) inside one another; the leaf is not counted."""

MAX_LEAVES: Final = 500
"""Most conditions in one tree. A group with nothing in it counts as one, and so does each condition on a property."""

DAY_LENGTH: Final = len("2026-01-31")
"""Characters of a day. No instant has so few."""

MAX_STEPS: Final = 10
"""Most steps of a sequence."""

MAX_VALUES: Final = 1_000
"""Most values of one condition."""

MAX_TEXT: Final = 1_000
"""Most characters of one text value."""

L = TypeVar("L")


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


@dataclass(frozen=True, slots=True)
class Window:
    """When events count, as written: `last` is an ISO 8601 duration, or from `start` until before `end`.

    `start` and `end` are instants (or days, which stand for their first instant); either may be absent.
    """

    last: str | None = None
    start: str | None = None
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A condition on the events of one name: something aggregated over them, compared with the values.

    `of` is the property that is aggregated; without it the events' own value is. BETWEEN has two values, every
    other operator one. `where` says which of the events count, by their properties.
    """

    name: str
    aggregate: EventAggregate = EventAggregate.COUNT
    of: str | None = None
    op: CompareOp = CompareOp.GTE
    values: tuple[Scalar, ...] = (1,)
    within: Window | None = None
    where: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """Events of these steps in this order, each later than the one before, all within a time if one is given.

    A step is an `Event` that leaves aggregate, op and value as they are by default: it happened.
    """

    steps: tuple[Event, ...]
    within: str | None = None


@dataclass(frozen=True, slots=True)
class InSegment:
    """In another segment of the same kind, or not in it."""

    op: InOp
    segment_id: int


@dataclass(frozen=True, slots=True)
class Related:
    """How many members are related to this one by a relation and satisfy `where` (everything, if it is absent)."""

    relation: str
    where: "Node | None" = None
    op: CompareOp = CompareOp.GTE
    count: int = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """A share of all members, in percent, always the same ones for a seed; a larger share includes a smaller one."""

    percent: float
    seed: str | None = None


Tree: TypeAlias = Union["All[L]", "AnyOf[L]", "Not[L]", L]
Leaf: TypeAlias = Attribute | Tags | Consent | Event | Sequence | InSegment | Related | Sample
Node: TypeAlias = Tree[Leaf]
"""Criteria as parsed."""

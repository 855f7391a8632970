"""What one operation may cost, and what is to be known of fields to say what it does."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from seggraph.transport.cost.variables import VariableLimits

_VARIABLES: Final = VariableLimits()


@dataclass(frozen=True, slots=True)
class FieldCost:
    """What is not to be read from the schema of a field.

    `weight` is added for each object that the field is asked of, and what `arguments` says for each argument that is
    given. `items` is the length of a list that no argument
    sets: what it has most often, not the most that it can have, as GitHub's and Shopify's limits do not count such
    lists at all. `sized_by` is the argument with a number, or with a list, that sets the length, where that is not
    `first` or `last`.
    """

    weight: int = 0
    items: int | None = None
    sized_by: str | None = None
    arguments: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CostLimits:
    """What one operation may cost at most; see `Estimate`.

    `nested_page` is the largest page of a connection inside of a list or of another connection, and `connection`
    what each connection costs besides its objects: a share of a statement.
    """

    nodes: int = 500_000
    cost: int = 1_000_000
    nested_page: int = 250
    default_page: int = 50
    connection: int = 50
    variables: VariableLimits = _VARIABLES


class Estimate(NamedTuple):
    """The most that an answer has: objects in lists, and points (objects, values and weights)."""

    nodes: int
    cost: int

"""The cost of a document as a tree: what is certain is added up, what depends on variables is a function of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Variables = Mapping[str, Any]
Size = Callable[[Variables], int]
"""The length of a list."""
Part = Callable[[Variables], tuple[int, int]]
"""The nodes and the cost of a field."""
Conditions = tuple[tuple[str, bool], ...]
"""Variables, and what each has to be for a selection to be included."""
NOTHING: Final = (0, 0)


class PageTooLarge(Exception):
    """A page inside of a list is larger than it may be there, and where it is."""

    def __init__(self, message: str, path: Sequence[str]) -> None:
        super().__init__(message)
        self.message = message
        self.path = list(path)


ANY_PAGE: Final = "$any page"
"""Among the variables, what lets every page pass: no variable can have this name."""


@dataclass(slots=True)
class CostTree:
    """The cost of one object at a place: what is certain, and what depends on variables."""

    nodes: int = 0
    cost: int = 0
    parts: list[Part] = field(default_factory=list)

    def add(self, part: Part, *, is_constant: bool) -> None:
        """Add a part; one that asks for no variable is worked out now, unless it is refused for all of them."""
        try:
            nodes, cost = part({}) if is_constant else NOTHING
        except PageTooLarge:
            is_constant = False
        if is_constant:
            self.nodes += nodes
            self.cost += cost
        else:
            self.parts.append(part)

    def __call__(self, variables: Variables) -> tuple[int, int]:
        """The nodes and the cost."""
        nodes, cost = self.nodes, self.cost
        for part in self.parts:
            more, dearer = part(variables)
            nodes += more
            cost += dearer
        return nodes, cost


def single(child: Part, weight: int) -> Part:
    """An object, or an object that holds a page."""
    if not weight:
        return child

    def cost_of(variables: Variables) -> tuple[int, int]:
        nodes, cost = child(variables)
        return nodes, weight + cost

    return cost_of


def listed(child: Part, weight: int, size: Size) -> Part:
    """A list of objects."""

    def cost_of(variables: Variables) -> tuple[int, int]:
        number = size(variables)
        nodes, cost = child(variables)
        return number * (1 + nodes), weight + number * cost

    return cost_of


def conditional(part: Part, ways: Sequence[Conditions]) -> Part:
    """A field that directives leave out for some variables: one of its nodes is enough to ask for it."""

    def cost_of(variables: Variables) -> tuple[int, int]:
        for way in ways:
            if all(variables.get(name) is wanted for name, wanted in way):
                return part(variables)
        return NOTHING

    return cost_of


def dearest(parts: Sequence[Part]) -> Part:
    """An object of one of several types."""

    def cost_of(variables: Variables) -> tuple[int, int]:
        found = [part(variables) for part in parts]
        return max((nodes for nodes, _ in found), default=0), max((cost for _, cost in found), default=0)

    return cost_of

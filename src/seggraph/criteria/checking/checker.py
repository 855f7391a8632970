"""Tree and catalogue to typed tree: fields looked up, operators allowed by their types, values converted.

What comes out can be evaluated by any engine without a further question.
"""

from decimal import Decimal

from seggraph.criteria import relations
from seggraph.criteria.catalogue import Catalogue
from seggraph.criteria.checking.comparisons import compared
from seggraph.criteria.checking.events import MEMBER_COUNT, EventChecker
from seggraph.criteria.nodes import (
    All,
    AnyOf,
    Attribute,
    Consent,
    Event,
    InSegment,
    Node,
    Not,
    Related,
    Sample,
    Sequence,
    Tags,
)
from seggraph.criteria.operators import AttributeOp
from seggraph.criteria.problems import Mistakes, listed, shown
from seggraph.criteria.typed import Checked, Comparison, RelatedTest
from seggraph.errors import BadValue, Path, UnknownField

NOTHING: Checked = AnyOf(())
"""The placeholder after a mistake. It is never evaluated."""


def check(tree: Node, catalogue: Catalogue, *, path: Path = ()) -> Checked:
    """Type a tree against the fields of its kind.

    `path` comes first in the path of every error. Raises a `CriteriaError` (or `Problems` of several):
    CRITERIA_UNKNOWN_FIELD with the closest name, CRITERIA_BAD_OPERATOR with the operators the field has,
    CRITERIA_BAD_VALUE with what would do.
    """
    checker = _Checker(catalogue, Mistakes())
    checked = checker.tree(tree, path)
    checker.mistakes.raise_if_any()
    return checked


class _Checker:
    """One checking: the catalogue and the mistakes so far."""

    def __init__(self, catalogue: Catalogue, mistakes: Mistakes) -> None:
        self.mistakes = mistakes
        self._catalogue = catalogue
        self._events = EventChecker(mistakes)

    def tree(self, node: Node, path: Path) -> Checked:
        match node:
            case All(items):
                return All(self._items(items, (*path, "all")))
            case AnyOf(items):
                return AnyOf(self._items(items, (*path, "any")))
            case Not(item):
                return Not(self.tree(item, (*path, "not")))
            case Attribute():
                return self._attribute(node, (*path, "attribute")) or NOTHING
            case Event():
                return self._events.event(node, (*path, "event")) or NOTHING
            case Sequence():
                return self._events.sequence(node, (*path, "sequence"))
            case Related():
                return self._related(node, (*path, "related")) or NOTHING
            case Tags() | Consent() | InSegment() | Sample():
                return node

    def _items(self, items: tuple[Node, ...], path: Path) -> tuple[Checked, ...]:
        return tuple(self.tree(item, (*path, index)) for index, item in enumerate(items))

    def _attribute(self, test: Attribute, path: Path) -> Comparison | None:
        field = self._catalogue.find(test.field)
        if field is None:
            self._unknown_field(test.field, path)
            return None
        return compared(test, field, path, self.mistakes)

    def _unknown_field(self, name: str, path: Path) -> None:
        close = self._catalogue.closest(name)
        kind = self._catalogue.kind.name
        hint = f"did you mean {close}?" if close else f"some of them are {listed(self._some_names())}"
        message = f"{kind} has no field {shown(name)}; {hint}"
        self.mistakes.add(UnknownField, message, (*path, "field"), [close] if close else [])

    def _some_names(self) -> list[str]:
        return [field.name for field in self._catalogue.fields[:12]]

    def _related(self, test: Related, path: Path) -> RelatedTest | None:
        kind = self._catalogue.kind
        direction = relations.find(kind, test.relation)
        if direction is None:
            known = [one.name for one in relations.of_kind(kind)]
            message = f"{kind.name} has no relation {shown(test.relation)}; it has {listed(known) or 'none'}"
            self.mistakes.add(BadValue, message, (*path, "relation"), known)
            return None
        where: Checked | None = None
        if test.where is not None:
            other = _Checker(self._catalogue.of_related(direction.other_kind), self.mistakes)
            where = other.tree(test.where, (*path, "where"))
        count = Comparison(MEMBER_COUNT, AttributeOp(test.op.value), (Decimal(test.count),))
        return RelatedTest(direction, where, count)

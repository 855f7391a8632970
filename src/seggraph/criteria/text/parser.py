"""The grammar of groups, and reading a whole text: `read` gives the tree and knows where each of its nodes stands.

A text can say no more than JSON can: the tree that was read goes through the parser of JSON, so that all limits
and checks of values are the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from seggraph.criteria.json.canonical import to_json
from seggraph.criteria.json.parser import parse
from seggraph.criteria.nodes import MAX_DEPTH, All, AnyOf, Leaf, Node, Not, Related
from seggraph.criteria.operators import EventAggregate, InOp
from seggraph.criteria.text.conditions import Conditions
from seggraph.criteria.text.expectations import Opening, Scope, Something, Sort
from seggraph.criteria.text.keywords import AGGREGATES, COUNTED
from seggraph.criteria.text.names import SegmentNames, no_segments
from seggraph.criteria.text.token_stream import Cursor, at
from seggraph.criteria.text.tokens import MAX_CHARACTERS, Kind, line_and_column, tokens
from seggraph.errors import CriteriaError, CriteriaTooDeep, CriteriaTooLarge, Path, Problems, SeggraphError

_R = TypeVar("_R")

MAX_NESTING: Final = 2 * MAX_DEPTH
"""Most parentheses and NOTs inside one another; those that group nothing count too."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that was read: its tree, and where the nodes stand."""

    text: str
    node: Node
    places: dict[int, int]

    def explained(self, error: SeggraphError, *, path: Path = ()) -> SeggraphError:
        """An error about the tree (its path begins at the root) as one about the text: line and column in its message.

        `path` is where the text stands in the client's input. Problems are explained one by one.
        """
        if isinstance(error, Problems):
            return Problems([self.explained(problem, path=path) for problem in error.problems])
        if not isinstance(error, CriteriaError):
            return error
        line, column = line_and_column(self.text, self._offset(error.path))
        return type(error)(f"{at(line, column)}: {error.message}", path=path)

    def _offset(self, path: Path) -> int:
        """Where the innermost node on the way of a path stands."""
        current: object = self.node
        found = self.places.get(id(current), 0)
        for key in path:
            if isinstance(key, int):
                current = current[key] if isinstance(current, tuple) and key < len(current) else None
            else:
                current = getattr(current, _PARTS[key], None) if key in _PARTS else current
            found = self.places.get(id(current), found)
        return found


_PARTS: Final = {"all": "items", "any": "items", "not": "item", "where": "where", "steps": "steps"}


def read(text: str, names: SegmentNames = no_segments, *, path: Path = ()) -> Reading:
    """Read a text.

    `names` gives the ids of the segments of a name: none and several are mistakes. `path` is where the text stands
    in the client's input. Every message begins with line and column. Raises CriteriaSyntaxError with what was found
    and what was expected; CriteriaTooLarge, CriteriaTooDeep and BadValue (or Problems of several) for what no
    criteria can hold.
    """
    if len(text) > MAX_CHARACTERS:
        place = at(*line_and_column(text, MAX_CHARACTERS))
        raise CriteriaTooLarge(
            f"{place}: the text goes on after {MAX_CHARACTERS:,} characters; give JSON instead"
        )
    reader = Grammar(Cursor(text, list(tokens(text)), path), names)
    reading = Reading(text, reader.whole(), reader.places)
    try:
        parse(to_json(reading.node))
    except SeggraphError as error:
        raise reading.explained(error, path=path) from error
    return reading


def read_text(text: str, names: SegmentNames = no_segments) -> Node:
    """The tree of a text; `read` says more about what it takes and raises."""
    return read(text, names).node


class Grammar(Conditions):
    """Reads groups: NOT binds closest, then AND, then OR."""

    def __init__(self, cursor: Cursor, names: SegmentNames) -> None:
        super().__init__(cursor, names)
        self._nesting = 0

    def whole(self) -> Node:
        """Read everything up to the end."""
        node = self._expression()
        self._cursor.want(Something(Sort.END))
        return node if self._cursor.next.kind is Kind.END else self._cursor.fail()

    def _expression(self) -> Node:
        return self._chain(self._conjunction, "OR", AnyOf)

    def _conjunction(self) -> Node:
        return self._chain(self._negation, "AND", All)

    def _chain(self, part: Callable[[], Node], word: str, group: Callable[[tuple[Node, ...]], Node]) -> Node:
        start = self._cursor.next.start
        items = [part()]
        while self._cursor.word(word):
            items.append(part())
        return items[0] if len(items) == 1 else self.placed(group(tuple(items)), start)

    def _negation(self) -> Node:
        cursor, start = self._cursor, self._cursor.next.start
        if not cursor.word("NOT"):
            return self._primary()
        if cursor.phrase({InOp.NOT_IN: "IN SEGMENT"}):
            return self.placed(self.segment(InOp.NOT_IN), start)
        item: Node = self._inside(self._negation)
        node: Node = Not(item)
        return self.placed(node, start)

    def _primary(self) -> Node:
        cursor = self._cursor
        if cursor.word("("):
            node = self._inside(self._expression)
            cursor.need_word(")")
            return node
        return self.field_condition() or self._call() or self.opening() or cursor.fail()

    def _call(self) -> Node | None:
        """`ALL(..)`, `ANY(..)`, or an aggregate with its comparison, if one is next."""
        cursor, start = self._cursor, self._cursor.next.start
        group = cursor.phrase({All: "ALL", AnyOf: "ANY"}, lambda _, rest: Opening(f"{rest}("))
        if group is not None:
            items = self._inside(self._items)
            node: Node = All(items) if group is All else AnyOf(items)
            return self.placed(node, start)
        aggregate = cursor.phrase(AGGREGATES, lambda _, rest: Opening(f"{rest}("))
        return None if aggregate is None else self.placed(self._aggregate(aggregate), start)

    def _items(self) -> tuple[Node, ...]:
        cursor = self._cursor
        cursor.need_word("(")
        if cursor.word(")"):
            return ()
        items = [self._expression()]
        while cursor.word(","):
            items.append(self._expression())
        cursor.need_word(")")
        return tuple(items)

    def _aggregate(self, aggregate: EventAggregate) -> Leaf:
        self._cursor.need_word("(")
        if aggregate is EventAggregate.COUNT and self._cursor.word("RELATED"):
            return self._related()
        return self.aggregated(aggregate)

    def _related(self) -> Related:
        cursor = self._cursor
        relation = self.text(Sort.RELATION)
        where = None
        if cursor.word("WHERE"):
            outer, self._scope = self._scope, Scope((*self._scope.relations, relation))
            where = self._inside(self._expression)
            self._scope = outer
        cursor.need_word(")")
        op = cursor.need_phrase(COUNTED)
        return Related(relation, where, op, self._whole_number(Sort.WHOLE_NUMBER))

    def _inside(self, read: Callable[[], _R]) -> _R:
        """Read what stands inside something else, unless that goes too deep."""
        if self._nesting == MAX_NESTING:
            message = f"more than {MAX_NESTING} parentheses and NOTs inside one another; flatten some of them"
            self._cursor.refuse(CriteriaTooDeep, message, self._cursor.next.start)
        self._nesting += 1
        found = read()
        self._nesting -= 1
        return found

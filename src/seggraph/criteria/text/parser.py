"""The parser of whole texts: groups of conditions, and `read`, whose result knows where each node begins.

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
from seggraph.criteria.problems import MAX_PROBLEMS
from seggraph.criteria.text.conditions import ConditionParser
from seggraph.criteria.text.expectations import NameScope, Opening, Something, Sort
from seggraph.criteria.text.keywords import AGGREGATES, COUNTED
from seggraph.criteria.text.names import SegmentNames, no_segments
from seggraph.criteria.text.token_stream import TokenStream, at, span_of
from seggraph.criteria.text.tokens import MAX_CHARACTERS, TokenKind, tokens
from seggraph.errors import (
    CriteriaError,
    CriteriaSyntaxError,
    CriteriaTooDeep,
    CriteriaTooLarge,
    Path,
    Problems,
    SeggraphError,
)

_R = TypeVar("_R")

MAX_NESTING: Final = 2 * MAX_DEPTH
"""Most parentheses and NOTs inside one another. Superfluous parentheses count too."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that was read: its tree, and where each node begins and ends in the text, by the `id` of the node."""

    text: str
    node: Node
    offsets: dict[int, tuple[int, int]]

    def explained(self, error: SeggraphError, *, path: Path = ()) -> SeggraphError:
        """An error about the tree as an error about the text: its message begins with line and column.

        `path` is where the text stands in the client's input. Problems are explained one by one.
        """
        if isinstance(error, Problems):
            return Problems([self.explained(problem, path=path) for problem in error.problems])
        if not isinstance(error, CriteriaError):
            return error
        start, end = self._bounds(error.path)
        if error.path[-2:] == ("attribute", "field"):
            end = next((token.end for token in tokens(self.text) if token.start >= start), end)
        span = span_of(self.text, start, end)
        message = f"{at(span.line, span.column)}: {error.message}"
        return type(error)(message, path=path, span=span, suggestions=error.suggestions)

    def _bounds(self, path: Path) -> tuple[int, int]:
        """Where the innermost node that a path leads through begins and ends."""
        current: object = self.node
        found = self.offsets.get(id(current), (0, len(self.text)))
        for key in path:
            if isinstance(key, int):
                current = current[key] if isinstance(current, tuple) and key < len(current) else None
            else:
                current = getattr(current, _PARTS[key], None) if key in _PARTS else current
            found = self.offsets.get(id(current), found)
        return found


_PARTS: Final = {"all": "items", "any": "items", "not": "item", "where": "where", "steps": "steps"}


def read(text: str, names: SegmentNames = no_segments, *, path: Path = ()) -> Reading:
    """Read a text.

    `names` gives the ids of the segments of a name: none and several are mistakes. `path` is where the text stands
    in the client's input. Every message begins with line and column. Raises CriteriaSyntaxError with what was found
    and what was expected, or Problems with one for each wrong condition; CriteriaTooLarge, CriteriaTooDeep and
    BadValue (or Problems of several) for what no criteria can hold.
    """
    if len(text) > MAX_CHARACTERS:
        span = span_of(text, MAX_CHARACTERS, len(text))
        spot = at(span.line, span.column)
        raise CriteriaTooLarge(
            f"{spot}: the text goes on after {MAX_CHARACTERS:,} characters; give JSON instead", span=span
        )
    reader = Parser(TokenStream(text, list(tokens(text)), path), names, reads_on=True)
    reading = Reading(text, reader.whole(), reader.offsets)
    try:
        parse(to_json(reading.node))
    except SeggraphError as error:
        raise reading.explained(error, path=path) from error
    return reading


def read_text(text: str, names: SegmentNames = no_segments) -> Node:
    """The tree of a text. Parameters and errors are those of `read`."""
    return read(text, names).node


class Parser(ConditionParser):
    """A recursive-descent parser: NOT binds closest, then AND, then OR.

    One that `reads_on` goes on behind a condition that is wrong, so that a person sees all mistakes at once.
    """

    def __init__(self, stream: TokenStream, names: SegmentNames, *, reads_on: bool = False) -> None:
        super().__init__(stream, names)
        self._nesting = 0
        self._reads_on = reads_on
        self._mistakes: dict[int, CriteriaSyntaxError] = {}

    def whole(self) -> Node:
        """Parse the whole text. Raises the mistake, or Problems with all of them, in their order."""
        node = self._reading_on(self._to_the_end)
        match list(self._mistakes.values()):
            case []:
                return node
            case [mistake]:
                raise mistake
            case mistakes:
                raise Problems(mistakes)

    def _to_the_end(self) -> Node:
        node = self._expression()
        self._stream.expect(Something(Sort.END))
        return node if self._stream.next.kind is TokenKind.END else self._stream.fail()

    def _reading_on(self, part: Callable[[], Node]) -> Node:
        """Parse a part. If it is wrong, note the mistake, and go on behind it."""
        begin, nesting, scope = self._stream.position, self._nesting, self._scope
        try:
            return part()
        except CriteriaSyntaxError as mistake:
            if not self._reads_on or mistake.span is None:
                raise
            # What is wrong at the same place, or at the end, only follows from a mistake before.
            if not self._mistakes or mistake.span.start < self._stream.end:
                self._mistakes.setdefault(mistake.span.start, mistake)
            if len(self._mistakes) >= MAX_PROBLEMS:
                raise Problems(list(self._mistakes.values())) from mistake
            self._nesting, self._scope = nesting, scope
            self._stream.skip_from(begin)
            return All(())

    def _expression(self) -> Node:
        return self._chain(self._conjunction, "OR", AnyOf)

    def _conjunction(self) -> Node:
        return self._chain(self._negation, "AND", All)

    def _chain(self, part: Callable[[], Node], word: str, group: Callable[[tuple[Node, ...]], Node]) -> Node:
        start = self._stream.next.start
        items = [self._reading_on(part)]
        while self._stream.word(word):
            items.append(self._reading_on(part))
        return items[0] if len(items) == 1 else self.located(group(tuple(items)), start)

    def _negation(self) -> Node:
        stream, start = self._stream, self._stream.next.start
        if not stream.word("NOT"):
            return self._primary()
        if stream.keyword({InOp.NOT_IN: "IN SEGMENT"}):
            return self.located(self.segment(InOp.NOT_IN), start)
        item: Node = self._inside(self._negation)
        node: Node = Not(item)
        return self.located(node, start)

    def _primary(self) -> Node:
        stream = self._stream
        if stream.word("("):
            node = self._inside(self._expression)
            stream.need_word(")")
            return node
        return self.field_condition() or self._call() or self.opening() or stream.fail()

    def _call(self) -> Node | None:
        """Parse `ALL(..)`, `ANY(..)`, or an aggregate with its comparison, if one is next."""
        stream, start = self._stream, self._stream.next.start
        group = stream.keyword({All: "ALL", AnyOf: "ANY"}, lambda _, rest: Opening(f"{rest}("))
        if group is not None:
            items = self._inside(self._items)
            node: Node = All(items) if group is All else AnyOf(items)
            return self.located(node, start)
        aggregate = stream.keyword(AGGREGATES, lambda _, rest: Opening(f"{rest}("))
        return None if aggregate is None else self.located(self._aggregate(aggregate), start)

    def _items(self) -> tuple[Node, ...]:
        stream = self._stream
        stream.need_word("(")
        if stream.word(")"):
            return ()
        items = [self._expression()]
        while stream.word(","):
            items.append(self._expression())
        stream.need_word(")")
        return tuple(items)

    def _aggregate(self, aggregate: EventAggregate) -> Leaf:
        self._stream.need_word("(")
        if aggregate is EventAggregate.COUNT and self._stream.word("RELATED"):
            return self._related()
        return self.aggregated(aggregate)

    def _related(self) -> Related:
        stream = self._stream
        relation = self.text(Sort.RELATION)
        where = None
        if stream.word("WHERE"):
            outer, self._scope = self._scope, NameScope((*self._scope.relations, relation))
            where = self._inside(self._expression)
            self._scope = outer
        stream.need_word(")")
        op = stream.need_keyword(COUNTED)
        return Related(relation, where, op, self._whole_number(Sort.WHOLE_NUMBER))

    def _inside(self, read: Callable[[], _R]) -> _R:
        """Parse what stands inside another condition. Raises CriteriaTooDeep."""
        if self._nesting == MAX_NESTING:
            message = f"more than {MAX_NESTING} parentheses and NOTs inside one another; flatten some of them"
            self._stream.refuse(CriteriaTooDeep, message, self._stream.next.start)
        self._nesting += 1
        found = read()
        self._nesting -= 1
        return found

"""JSON to tree. The shape is checked here; fields, operators and values are the checker's business.

The input may be hostile: nothing here recurses deeper than `MAX_DEPTH` or looks at more than `MAX_LEAVES`
conditions of `MAX_VALUES` values each.
"""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final

from seggraph.criteria.json.conditions import CONDITIONS, NOTHING, ConditionReader
from seggraph.criteria.nodes import MAX_DEPTH, MAX_LEAVES, MAX_TEXT, All, AnyOf, Node, Not, Related
from seggraph.criteria.problems import listed, shown
from seggraph.errors import CriteriaError, CriteriaTooDeep, CriteriaTooLarge, Path


def parse(document: object, *, path: Path = ()) -> Node:
    """Read criteria from decoded JSON.

    `path` is where the document stands in the client's input; it comes first in the path of every error.
    Raises a `CriteriaError` (or `Problems` of several): CRITERIA_INVALID for a shape that is no node,
    CRITERIA_BAD_OPERATOR for an unknown operator, CRITERIA_BAD_VALUE for something that can be no value,
    CRITERIA_TOO_DEEP and CRITERIA_TOO_LARGE beyond the limits of `nodes`.
    """
    reader = _Reader()
    node = reader.node(document, path, MAX_DEPTH)
    reader.mistakes.raise_if_any()
    return node


class _Reader(ConditionReader):
    """One reading of a whole tree."""

    def node(self, document: object, path: Path, depth: int) -> Node:
        """Read one node. After a mistake the result is a placeholder that is never used."""
        if not isinstance(document, Mapping) or len(document) != 1:
            return self._not_a_node(document, path)
        ((key, content),) = document.items()
        if key in _HOLDERS:
            if depth == 0:
                message = f"groups are nested deeper than {MAX_DEPTH}; merge or flatten some of them"
                raise CriteriaTooDeep(message, path=path)
            return _HOLDERS[key](self, content, (*path, key), depth - 1)
        if key in CONDITIONS:
            self.count_leaf(path)
            return CONDITIONS[key](self, content, (*path, key)) or NOTHING
        close = get_close_matches(key, NODES, n=1) if isinstance(key, str) and len(key) <= MAX_TEXT else []
        hint = f"did you mean {close[0]}?" if close else f"use one of {listed(NODES)}"
        self.mistakes.add(CriteriaError, f"there is no condition {shown(key)}; {hint}", path)
        return NOTHING

    def _not_a_node(self, document: object, path: Path) -> Node:
        if not isinstance(document, Mapping):
            got = shown(document)
        else:
            got = f"{len(document)} keys" if document else "an empty object"
        message = f"a condition is an object with exactly one key ({listed(NODES)}), not {got}"
        self.mistakes.add(CriteriaError, message, path)
        return NOTHING

    def items(self, content: object, path: Path, depth: int) -> tuple[Node, ...]:
        """Read the items of `all` or `any`."""
        if not isinstance(content, list | tuple):
            self.mistakes.add(CriteriaError, f"a list of conditions is needed, not {shown(content)}", path)
            return ()
        if len(content) > MAX_LEAVES:
            raise CriteriaTooLarge(f"more than {MAX_LEAVES} conditions; split the criteria", path=path)
        if not content:
            self.count_leaf(path)
        return tuple(self.node(item, (*path, index), depth) for index, item in enumerate(content))

    def related(self, content: object, path: Path, depth: int) -> Node:
        """Read a condition on related members."""
        self.count_leaf(path)
        parts = self.parts(content, path, required=("relation",), optional=("where", "op", "count"))
        if parts is None:
            return NOTHING
        default = Related("")
        relation = self.name(parts["relation"], (*path, "relation"), "the name of a relation")
        document, word, given = parts.get("where"), parts.get("op"), parts.get("count")
        where = None if document is None else self.node(document, (*path, "where"), depth)
        op = default.op if word is None else self.count_op(word, (*path, "op"))
        count = default.count if given is None else self.count(given, (*path, "count"))
        if relation is None or op is None or count is None:
            return NOTHING
        return Related(relation, where, op, count)


_HOLDERS: Final[dict[object, Callable[[_Reader, object, Path, int], Node]]] = {
    "all": lambda reader, content, path, depth: All(reader.items(content, path, depth)),
    "any": lambda reader, content, path, depth: AnyOf(reader.items(content, path, depth)),
    "not": lambda reader, content, path, depth: Not(reader.node(content, path, depth)),
    "related": _Reader.related,
}
NODES: Final[tuple[str, ...]] = (
    "all",
    "any",
    "not",
    "attribute",
    "event",
    "sequence",
    "tags",
    "consent",
    "segment",
    "related",
    "sample",
)
"""The keys a node can have."""

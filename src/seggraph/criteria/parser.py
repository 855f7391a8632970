"""JSON to tree and back. The shape is checked here; fields, operators and values are the checker's business.

The input may be hostile: nothing here recurses deeper than `MAX_DEPTH` or looks at more than `MAX_LEAVES`
conditions of `MAX_VALUES` values each.
"""

import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from seggraph.criteria.nodes import (
    MAX_DEPTH,
    MAX_LEAVES,
    MAX_TEXT,
    MAX_VALUES,
    All,
    AnyOf,
    Attribute,
    Consent,
    Node,
    Not,
    Scalar,
    Tags,
)
from seggraph.criteria.operators import AttributeOp, SetOp
from seggraph.criteria.problems import Mistakes, listed, shown
from seggraph.errors import BadOperator, BadValue, CriteriaError, CriteriaTooDeep, CriteriaTooLarge, Path
from seggraph.vocabulary import Channel, ConsentState

MAX_MAGNITUDE: Final = 10**30
"""Numbers are below this, on either side of zero."""

_NOTHING: Final[Node] = AnyOf(())
_C = TypeVar("_C")


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


def to_json(node: Node) -> dict[str, Any]:
    """The canonical JSON of a tree; `parse` of it is the same tree."""
    match node:
        case All(items):
            return {"all": [to_json(item) for item in items]}
        case AnyOf(items):
            return {"any": [to_json(item) for item in items]}
        case Not(item):
            return {"not": to_json(item)}
        case Attribute(field, op, values, single):
            given = {"value": values[0]} if single else {"values": list(values)} if values else {}
            return {"attribute": {"field": field, "op": op.value, **given}}
        case Tags(op=set_op, values=tags):
            return {"tags": {"op": set_op.value, "values": list(tags)}}
        case Consent(channel, state):
            return {"consent": {"channel": channel.name, "state": state.name}}


class _Reader:
    """One reading: the mistakes and the number of conditions so far."""

    def __init__(self) -> None:
        self.mistakes = Mistakes()
        self._leaves = 0

    def node(self, document: object, path: Path, depth: int) -> Node:
        """Read one node; after a mistake the result stands for nothing and is never used."""
        if not isinstance(document, Mapping) or len(document) != 1:
            return self._not_a_node(document, path)
        ((key, content),) = document.items()
        if key in _GROUPS:
            if depth == 0:
                message = f"groups are nested deeper than {MAX_DEPTH}; merge or flatten some of them"
                raise CriteriaTooDeep(message, path=path)
            return _GROUPS[key](self, content, (*path, key), depth - 1)
        if key in _LEAVES:
            self._count_leaf(path)
            return _LEAVES[key](self, content, (*path, key))
        close = get_close_matches(key, NODES, n=1) if isinstance(key, str) and len(key) <= MAX_TEXT else []
        hint = f"did you mean {close[0]}?" if close else f"use one of {listed(NODES)}"
        self.mistakes.add(CriteriaError, f"there is no condition {shown(key)}; {hint}", path)
        return _NOTHING

    def _not_a_node(self, document: object, path: Path) -> Node:
        if not isinstance(document, Mapping):
            got = shown(document)
        else:
            got = f"{len(document)} keys" if document else "an empty object"
        message = f"a condition is an object with exactly one key ({listed(NODES)}), not {got}"
        self.mistakes.add(CriteriaError, message, path)
        return _NOTHING

    def _count_leaf(self, path: Path) -> None:
        self._leaves += 1
        if self._leaves > MAX_LEAVES:
            raise CriteriaTooLarge(f"more than {MAX_LEAVES} conditions; split the criteria", path=path)

    def items(self, content: object, path: Path, depth: int) -> tuple[Node, ...]:
        """Read the items of `all` or `any`."""
        if not isinstance(content, list | tuple):
            self.mistakes.add(CriteriaError, f"a list of conditions is needed, not {shown(content)}", path)
            return ()
        if len(content) > MAX_LEAVES:
            raise CriteriaTooLarge(f"more than {MAX_LEAVES} conditions; split the criteria", path=path)
        if not content:
            self._count_leaf(path)
        return tuple(self.node(item, (*path, index), depth) for index, item in enumerate(content))

    def attribute(self, content: object, path: Path) -> Node:
        """Read a condition on a field."""
        parts = self._parts(content, path, required=("field", "op"), optional=("value", "values"))
        if parts is None:
            return _NOTHING
        field = parts["field"]
        if not isinstance(field, str):
            self.mistakes.add(
                CriteriaError, f"the name of a field is needed, not {shown(field)}", (*path, "field")
            )
        op = self._choice(AttributeOp.__members__, parts["op"], (*path, "op"), BadOperator, "operator")
        value, values = parts.get("value"), parts.get("values")
        if value is not None and values is not None:
            self.mistakes.add(BadValue, "give either `value` or `values`, not both", (*path, "values"))
            return _NOTHING
        given: tuple[Scalar, ...] | None
        if value is not None:
            given = self._scalar(value, (*path, "value"))
        else:
            given = self._scalars(values, (*path, "values")) if values is not None else ()
        if op is None or given is None or not isinstance(field, str):
            return _NOTHING
        return Attribute(field, op, given, single=value is not None)

    def tags(self, content: object, path: Path) -> Node:
        """Read a condition on tags."""
        parts = self._parts(content, path, required=("op", "values"))
        if parts is None:
            return _NOTHING
        op = self._choice(SetOp.__members__, parts["op"], (*path, "op"), BadOperator, "operator")
        values = self._scalars(parts["values"], (*path, "values"))
        if values == ():
            self.mistakes.add(BadValue, "at least one tag is needed", (*path, "values"))
        texts = tuple(value for value in values or () if isinstance(value, str))
        if values is not None and len(texts) < len(values):
            self.mistakes.add(BadValue, "tags are texts", (*path, "values"))
        return Tags(op, texts) if op is not None else _NOTHING

    def consent(self, content: object, path: Path) -> Node:
        """Read a condition on consent."""
        parts = self._parts(content, path, required=("channel", "state"))
        if parts is None:
            return _NOTHING
        channel = self._choice(Channel.__members__, parts["channel"], (*path, "channel"), BadValue, "channel")
        state = self._choice(ConsentState.__members__, parts["state"], (*path, "state"), BadValue, "state")
        return Consent(channel, state) if channel is not None and state is not None else _NOTHING

    def _parts(
        self, content: object, path: Path, *, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> Mapping[str, object] | None:
        known = (*required, *optional)
        if not isinstance(content, Mapping):
            message = f"an object with {listed(known)} is needed, not {shown(content)}"
            self.mistakes.add(CriteriaError, message, path)
            return None
        unknown = next((key for key in content if key not in known), None)
        if unknown is not None:
            message = f"there is no {shown(unknown)} here; use {listed(known)}"
            self.mistakes.add(CriteriaError, message, path)
            return None
        missing = [key for key in required if content.get(key) is None]
        for key in missing:
            self.mistakes.add(CriteriaError, f"`{key}` is missing", (*path, key))
        return None if missing else content

    def _choice(
        self, choices: Mapping[str, _C], word: object, path: Path, error: type[CriteriaError], what: str
    ) -> _C | None:
        if isinstance(word, str) and word in choices:
            return choices[word]
        self.mistakes.add(error, f"there is no {what} {shown(word)}; use one of {listed(choices)}", path)
        return None

    def _scalars(self, values: object, path: Path) -> tuple[Scalar, ...] | None:
        if not isinstance(values, list | tuple):
            self.mistakes.add(BadValue, f"a list of values is needed, not {shown(values)}", path)
            return None
        if len(values) > MAX_VALUES:
            raise CriteriaTooLarge(f"more than {MAX_VALUES} values; use a tag or an attribute", path=path)
        read = [self._scalar(value, (*path, index)) for index, value in enumerate(values)]
        return None if None in read else tuple(one[0] for one in read if one is not None)

    def _scalar(self, value: object, path: Path) -> tuple[Scalar] | None:
        problem = _scalar_problem(value)
        if problem is None and isinstance(value, str | int | float):
            return (value,)
        self.mistakes.add(BadValue, problem or "a text, a number, true or false is needed", path)
        return None


def _scalar_problem(value: object) -> str | None:
    match value:
        case bool():
            return None
        case str() if len(value) > MAX_TEXT:
            return f"a text may have at most {MAX_TEXT:,} characters, this one has {len(value):,}"
        case str() if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            return "the text has a NUL or half a surrogate pair in it, which no stored text can have"
        case str():
            return None
        case float() if not math.isfinite(value):
            return "a number must be finite"
        case int() | float() if abs(value) >= MAX_MAGNITUDE:
            return "a number must be below 10^30, on either side of zero"
        case int() | float():
            return None
        case None:
            return "null is no value; to find what is not set use IS_NOT_SET"
        case _:
            return f"a text, a number, true or false is needed, not {shown(value)}"


_GROUPS: Final[dict[object, Callable[[_Reader, object, Path, int], Node]]] = {
    "all": lambda reader, content, path, depth: All(reader.items(content, path, depth)),
    "any": lambda reader, content, path, depth: AnyOf(reader.items(content, path, depth)),
    "not": lambda reader, content, path, depth: Not(reader.node(content, path, depth)),
}
_LEAVES: Final[dict[object, Callable[[_Reader, object, Path], Node]]] = {
    "attribute": _Reader.attribute,
    "tags": _Reader.tags,
    "consent": _Reader.consent,
}
NODES: Final[tuple[str, ...]] = ("all", "any", "not", "attribute", "tags", "consent")
"""The keys a node can have."""

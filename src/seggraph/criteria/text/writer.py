"""Tree to text, in the one canonical spelling: words in capitals, one space, parentheses wherever groups are mixed."""

from collections.abc import Callable
from typing import Final

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
    Window,
)
from seggraph.criteria.operators import AGGREGATES, OPERATORS, Arity, AttributeOp, CompareOp, InOp
from seggraph.criteria.text.keywords import (
    COUNTED,
    SETS,
    STATES,
    field_name,
    is_iso_length,
    length_in_words,
)
from seggraph.criteria.text.tokens import is_moment, quoted
from seggraph.criteria.values import Scalar
from seggraph.errors import BadValue

NameOf = Callable[[int], str | None]
"""The name of a segment, or None when it has none that could be said."""


def write_text(node: Node, name_of: NameOf = lambda segment_id: None) -> str:
    """The canonical text of a tree: `read_text` of it is the same tree.

    A segment without a name is written by its number. Raises BadValue for a condition that no catalogue accepts,
    such as one with too few values.
    """
    return _Writer(name_of).node(node)


class _Writer:
    """One writing."""

    def __init__(self, name_of: NameOf) -> None:
        self._name_of = name_of

    def node(self, node: Node) -> str:
        match node:
            case All(items):
                return self._group(items, " AND ", "ALL")
            case AnyOf(items):
                return self._group(items, " OR ", "ANY")
            case Not(InSegment(InOp.IN) as item):
                return f"NOT ({self.node(item)})"
            case Not(item):
                return f"NOT {self._operand(item)}"
            case Attribute():
                return _attribute(node)
            case Tags(op, values):
                return f"TAGS {SETS[op]} ({', '.join(map(quoted, values))})"
            case Consent(channel, state):
                return f"CONSENT({channel.name}) {STATES[state]}"
            case Event():
                return _aggregated(node)
            case Sequence(steps, within):
                time = "" if within is None else f" WITHIN {_length(within)}"
                return f"SEQUENCE({', '.join(map(_events, steps))}){time}"
            case InSegment(op, segment_id):
                return f"{'NOT ' if op is InOp.NOT_IN else ''}IN SEGMENT {self._segment(segment_id)}"
            case Related(relation, where, op, count):
                such = "" if where is None else f" WHERE {self.node(where)}"
                return f"COUNT(RELATED {quoted(relation)}{such}) {COUNTED[op]} {count}"
            case Sample(percent, seed):
                share = int(percent) if percent.is_integer() else percent
                return f"SAMPLE {share}%" + ("" if seed is None else f" SEED {quoted(seed)}")

    def _group(self, items: tuple[Node, ...], word: str, name: str) -> str:
        if len(items) < 2:
            return f"{name}({''.join(map(self.node, items))})"
        return word.join(map(self._operand, items))

    def _operand(self, node: Node) -> str:
        match node:
            case All(items) | AnyOf(items) if len(items) > 1:
                return f"({self.node(node)})"
        return self.node(node)

    def _segment(self, segment_id: int) -> str:
        name = self._name_of(segment_id)
        return str(segment_id) if name is None else quoted(name)


def _attribute(test: Attribute) -> str:
    if test.single != (OPERATORS[test.op].arity is Arity.ONE):
        raise BadValue(f"{test.op} takes {OPERATORS[test.op].arity.value}")
    return f"{field_name(test.field)} {_compared(test.op, test.values)}"


def _aggregated(test: Event) -> str:
    if test.op not in OPERATORS.of_aggregate(AGGREGATES[test.aggregate].type):
        raise BadValue(f"{test.aggregate} is a number and has no {test.op}")
    of = "" if test.of is None else f"{field_name(test.of)} OF "
    return f"{test.aggregate}({of}{_events(test)}) {_compared(test.op, test.values)}"


def _compared(op: AttributeOp | CompareOp, values: tuple[Scalar, ...]) -> str:
    arity = OPERATORS[op].arity
    count: Final = {Arity.NONE: 0, Arity.ONE: 1, Arity.TWO: 2}.get(arity, max(1, len(values)))
    if len(values) != count:
        raise BadValue(f"{op} takes {arity.value}")
    return " ".join([OPERATORS[op].keyword, *_written(op, arity, values)])


def _written(op: AttributeOp | CompareOp, arity: Arity, values: tuple[Scalar, ...]) -> list[str]:
    if OPERATORS[op].takes.is_duration:
        return [_length(values[0])]
    match arity:
        case Arity.MANY:
            return [f"({_listed(values)})"]
        case Arity.TWO:
            return [_value(values[0]), "AND", _value(values[1])]
        case _:
            return [_value(value) for value in values]


def _listed(values: tuple[Scalar, ...]) -> str:
    return ", ".join(map(_value, values))


def _value(value: Scalar) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return value if is_moment(value) else quoted(value)
        case _:
            return repr(value)


def _length(value: Scalar) -> str:
    if not isinstance(value, str) or not is_iso_length(value):
        raise BadValue("a duration like P30D is needed")
    return length_in_words(value)


def _events(event: Event) -> str:
    """What stands after the aggregate, or for a step."""
    where = " AND ".join(map(_attribute, event.where))
    return f"EVENT {quoted(event.name)}{_window(event.within)}{f' WHERE {where}' if where else ''}"


def _window(window: Window | None) -> str:
    if window is None:
        return ""
    if window.last is not None:
        return f" IN LAST {_length(window.last)}"
    start = "" if window.start is None else f" FROM {_moment(window.start)}"
    return start + ("" if window.end is None else f" TO {_moment(window.end)}")


def _moment(value: str) -> str:
    if not is_moment(value):
        raise BadValue("a date like 2026-01-31, or a time with its offset, is needed")
    return value

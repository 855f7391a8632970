"""Tree and catalogue to typed tree: fields looked up, operators allowed by their types, values converted.

What comes out can be evaluated by any engine without a further question.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from seggraph.criteria.catalogue import Catalogue, Field
from seggraph.criteria.durations import Duration
from seggraph.criteria.nodes import All, AnyOf, Attribute, Consent, Node, Not, Scalar, Tags, Tree
from seggraph.criteria.operators import ARITY, WINDOWS, Arity, AttributeOp
from seggraph.criteria.problems import Mistakes, listed, shown
from seggraph.criteria.values import BY_TYPE, Unfit, Value, day, duration
from seggraph.errors import BadOperator, BadValue, Path, UnknownField


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition on one field with its values converted to the field's type.

    Values by operator: none for IS_SET and IS_NOT_SET; a `Duration` for the windows and anniversaries; a `date`
    for ON; low and high for BETWEEN; otherwise one or more of the field's own type.
    """

    field: Field
    op: AttributeOp
    values: tuple[Value, ...]


Checked: TypeAlias = Tree[Comparison | Tags | Consent]
"""Criteria that can be evaluated."""


def check(tree: Node, catalogue: Catalogue, *, path: Path = ()) -> Checked:
    """Type a tree against the fields of its kind.

    `path` comes first in the path of every error. Raises a `CriteriaError` (or `Problems` of several):
    CRITERIA_UNKNOWN_FIELD with the closest name, CRITERIA_BAD_OPERATOR with the operators the field has,
    CRITERIA_BAD_VALUE with what would do.
    """
    checker = _Checker(catalogue)
    checked = checker.tree(tree, path)
    checker.mistakes.raise_if_any()
    return checked


class _Checker:
    """One checking: the catalogue and the mistakes so far."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.mistakes = Mistakes()
        self._catalogue = catalogue

    def tree(self, node: Node, path: Path) -> Checked:
        match node:
            case All(items):
                return All(self._items(items, (*path, "all")))
            case AnyOf(items):
                return AnyOf(self._items(items, (*path, "any")))
            case Not(item):
                return Not(self.tree(item, (*path, "not")))
            case Attribute():
                return self._attribute(node, (*path, "attribute"))
            case Tags() | Consent():
                return node

    def _items(self, items: tuple[Node, ...], path: Path) -> tuple[Checked, ...]:
        return tuple(self.tree(item, (*path, index)) for index, item in enumerate(items))

    def _attribute(self, test: Attribute, path: Path) -> Checked:
        field = self._catalogue.find(test.field)
        if field is None:
            self._unknown_field(test.field, path)
        elif test.op not in field.operators:
            message = f"{field.name} is a {field.type} and has no {test.op}; use {listed(field.operators)}"
            self.mistakes.add(BadOperator, message, (*path, "op"))
        elif self._has_its_values(test, path):
            values = tuple(
                converted
                for index, value in enumerate(test.values)
                if (converted := self._value(field, test, value, _value_path(test, path, index))) is not None
            )
            if test.op is AttributeOp.BETWEEN and len(values) == len(test.values):
                self._in_order(values, (*path, "values"))
            return Comparison(field, test.op, values)
        return AnyOf(())

    def _unknown_field(self, name: str, path: Path) -> None:
        close = self._catalogue.closest(name)
        kind = self._catalogue.kind.name
        hint = f"did you mean {close}?" if close else f"some of them are {listed(self._some_names())}"
        self.mistakes.add(UnknownField, f"{kind} has no field {shown(name)}; {hint}", (*path, "field"))

    def _some_names(self) -> list[str]:
        return [field.name for field in self._catalogue.fields[:12]]

    def _has_its_values(self, test: Attribute, path: Path) -> bool:
        arity = ARITY[test.op]
        fits = {
            Arity.NONE: not test.values,
            Arity.ONE: test.single,
            Arity.TWO: not test.single and len(test.values) == 2,
            Arity.MANY: not test.single and bool(test.values),
        }[arity]
        if not fits:
            key = "value" if arity is Arity.ONE or (arity is Arity.NONE and test.single) else "values"
            hint = "" if test.values else "; to find what is not set use IS_NOT_SET"
            self.mistakes.add(BadValue, f"{test.op} takes {arity.value}{hint}", (*path, key))
        return fits

    def _value(self, field: Field, test: Attribute, value: Scalar, path: Path) -> Value | None:
        try:
            return _convert(field, test.op, value)
        except Unfit as unfit:
            self.mistakes.add(BadValue, f"{field.name} {test.op}: {unfit}", path)
            return None

    def _in_order(self, values: tuple[Value, ...], path: Path) -> None:
        low, high = values
        if _is_reversed(low, high):
            message = "the first value is above the second, so nothing can be between them; swap them"
            self.mistakes.add(BadValue, message, path)


def _value_path(test: Attribute, path: Path, index: int) -> Path:
    return (*path, "value") if test.single else (*path, "values", index)


def _convert(field: Field, op: AttributeOp, value: Scalar) -> Value:
    if op is AttributeOp.ON:
        return day(value)
    if op is AttributeOp.ANNIVERSARY_WITHIN:
        return _days_only(duration(value))
    if op in WINDOWS:
        return _some_time(duration(value))
    return BY_TYPE[field.type](value)


def _some_time(length: Duration) -> Duration:
    if length.is_zero:
        raise Unfit("a window of no time holds nothing; give a longer duration like P30D")
    return length


def _days_only(length: Duration) -> Duration:
    if length.seconds:
        raise Unfit("anniversaries are counted in calendar days; give days, weeks, months or years like P7D")
    return length


def _is_reversed(low: Value, high: Value) -> bool:
    """Whether low is above high. A day and an instant are left alone: which is first depends on the zone."""
    match (low, high):
        case (Decimal(), Decimal()):
            return low > high
        case (datetime(), datetime()):
            return low > high
        case (datetime(), _) | (_, datetime()):
            return False
        case (date(), date()):
            return low > high
    return False

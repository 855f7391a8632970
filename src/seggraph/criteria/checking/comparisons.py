"""Types one comparison: the field must have the operator, the number of values must fit, and each must convert."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from seggraph.criteria.catalogue import Field
from seggraph.criteria.nodes import Attribute
from seggraph.criteria.operators import OPERATORS, Arity, AttributeOp
from seggraph.criteria.problems import Mistakes, listed
from seggraph.criteria.typed import Comparison
from seggraph.criteria.values import Scalar, Unfit, Value
from seggraph.errors import BadOperator, BadValue, Path


def compared(test: Attribute, field: Field, path: Path, mistakes: Mistakes) -> Comparison | None:
    """The condition with its values converted to the type of the field, or None after noting what is wrong."""
    if test.op not in field.operators:
        message = f"{field.name} is a {field.type} and has no {test.op}; use {listed(field.operators)}"
        mistakes.add(BadOperator, message, (*path, "op"), [op.value for op in field.operators])
        return None
    if not _has_its_values(test, path, mistakes):
        return None
    places = [(*path, "value") if test.single else (*path, "values", n) for n in range(len(test.values))]
    values = converted(field, test.op, test.values, places, mistakes)
    if OPERATORS[test.op].arity is Arity.TWO and len(values) == len(test.values):
        in_order(values, (*path, "values"), mistakes)
    return _with_stored_forms(Comparison(field, test.op, values))


_OF_SEVERAL: Final = {AttributeOp.EQ: AttributeOp.IN, AttributeOp.NE: AttributeOp.NOT_IN}
_BY_VALUE: Final = frozenset((*_OF_SEVERAL, *_OF_SEVERAL.values()))


def _with_stored_forms(test: Comparison) -> Comparison:
    """The condition that asks for each value as it is given and in the form in which it is stored now.

    A country may be given by its name, and members of long ago may still have it by its name.
    """
    form = test.field.stored_form
    if form is None or test.op not in _BY_VALUE:
        return test
    texts = (value for value in test.values if isinstance(value, str) and value == value.strip())
    values = tuple(dict.fromkeys((*test.values, *map(form, texts))))
    if len(values) == len(test.values):
        return test
    return replace(test, op=_OF_SEVERAL.get(test.op, test.op), values=values)


def converted(
    field: Field, op: AttributeOp, given: Sequence[Scalar], places: Sequence[Path], mistakes: Mistakes
) -> tuple[Value, ...]:
    """The values that convert. For each of the others a mistake with its path is noted."""
    values: list[Value] = []
    for value, place in zip(given, places, strict=True):
        try:
            values.append(OPERATORS[op].takes.read(field.type, value))
        except Unfit as unfit:
            mistakes.add(BadValue, f"{field.name} {op}: {unfit}", place)
    return tuple(values)


def in_order(values: tuple[Value, ...], path: Path, mistakes: Mistakes) -> None:
    """Note a mistake if the first of two values is above the second."""
    low, high = values
    if is_reversed(low, high):
        message = "the first value is above the second, so nothing can be between them; swap them"
        mistakes.add(BadValue, message, path)


def is_reversed(low: Value, high: Value) -> bool:
    """Whether low is above high. False for a day and an instant, whose order depends on the zone."""
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


def _has_its_values(test: Attribute, path: Path, mistakes: Mistakes) -> bool:
    arity = OPERATORS[test.op].arity
    fits = {
        Arity.NONE: not test.values,
        Arity.ONE: test.single,
        Arity.TWO: not test.single and len(test.values) == 2,
        Arity.MANY: not test.single and bool(test.values),
    }[arity]
    if not fits:
        key = "value" if arity is Arity.ONE or (arity is Arity.NONE and test.single) else "values"
        hint = "" if test.values else "; to find what is not set use IS_NOT_SET"
        mistakes.add(BadValue, f"{test.op} takes {arity.value}{hint}", (*path, key))
    return fits

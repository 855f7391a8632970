"""How long a list is by its arguments, and which directives leave a selection out."""

from collections.abc import Sequence
from typing import Any, Final

from graphql import FieldNode, GraphQLField, IntValueNode, ListValueNode, ValueNode, VariableNode

from seggraph.transport.cost.limits import FieldCost
from seggraph.transport.cost.trees import ANY_PAGE, Conditions, PageTooLarge, Size, Variables

SIZES: Final = ("first", "last")


def size_of(
    definition: GraphQLField, node: FieldNode, cost: FieldCost, default_page: int
) -> tuple[Size, bool]:
    """How many objects a list has, and whether that is the same for all variables."""
    names = SIZES if cost.sized_by is None else (cost.sized_by,)
    given = [
        argument.value
        for argument in node.arguments or ()
        if argument.name.value in names and argument.name.value in definition.args
    ]
    otherwise = default_page if cost.items is None else cost.items
    defaults = (definition.args[name].default_value for name in names if name in definition.args)
    otherwise = max((one for one in defaults if type(one) is int), default=otherwise)
    numbers = [number for value in given if (number := _literal(value)) is not None]
    variables = [value.name.value for value in given if isinstance(value, VariableNode)]
    if not variables:
        fixed = max(numbers, default=otherwise)
        return (lambda _: fixed), True
    [name, *more] = variables
    if not more and not numbers:
        return (lambda values: _number(values.get(name), otherwise)), False

    def largest(values: Variables) -> int:
        return max(*numbers, *(_number(values.get(one), otherwise) for one in variables), 0)

    return largest, False


def bounded(size: Size, most: int, path: Sequence[str]) -> Size:
    """The length of a page that may not be longer than that; raises PageTooLarge."""
    where = ".".join(path)

    def size_within(variables: Variables) -> int:
        number = size(variables)
        if number > most and ANY_PAGE not in variables:
            raise PageTooLarge(
                f"{where} is a list inside of another: give `first` or `last` of at most {most} there.", path
            )
        return number

    return size_within


def _number(value: Any, otherwise: int) -> int:
    """What a raw value says of the length of a list: a number, or a list; anything else is refused later on."""
    if type(value) is int:
        return max(value, 0)
    if type(value) is list:
        return len(value)
    return max(int(value), 0) if type(value) is float and value.is_integer() else otherwise


def _literal(value: ValueNode) -> int | None:
    if isinstance(value, IntValueNode):
        # A number with more digits than Python reads is refused when its argument is coerced.
        return max(int(value.value), 0) if len(value.value) < 100 else 10**100
    return len(value.values) if isinstance(value, ListValueNode) else None


def conditions_of(node: Any) -> Conditions | None:
    """Which variables have to be what for a selection to be included; None when it never is."""
    found: list[tuple[str, bool]] = []
    for directive in node.directives or ():
        name = directive.name.value
        if name not in ("include", "skip"):
            continue
        for argument in directive.arguments or ():
            wanted = name == "include"
            if isinstance(argument.value, VariableNode):
                found.append((argument.value.name.value, wanted))
            elif getattr(argument.value, "value", wanted) is not wanted:
                return None
    return tuple(found)

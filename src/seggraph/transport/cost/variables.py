"""How much the variables of a request hold, counted before anything looks at them.

graphql-core coerces every value, and says of each mistake what the whole value is: 30,000 unknown keys keep it busy
for two minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLError

from seggraph.transport.codes import TransportCode

_NESTED: Final = frozenset({dict, list})


@dataclass(frozen=True, slots=True)
class VariableLimits:
    """How much the variables may hold.

    `values` are those of all variables together, but for the rows of bulk inputs, which have `row_values`; see
    `count`. `items` is the longest list, `keys` the largest object, and `depth` counts lists and objects in one
    another.
    """

    values: int = 100_000
    row_values: int = 4_000_000
    items: int = 10_000
    keys: int = 2_000
    depth: int = 100


def check(variables: Mapping[str, Any], declared: Sequence[tuple[str, bool]], limits: VariableLimits) -> None:
    """Raise GraphQLError when the variables hold too much.

    `declared` are the variables of the operation, and whether each has the rows of a bulk input.
    """
    left = {False: limits.values, True: limits.row_values}
    for name, is_bulk in declared:
        value = variables.get(name)
        if type(value) not in _NESTED:
            continue
        count = count_values(value, left[is_bulk], limits)
        if count is None:
            most = limits.row_values if is_bulk else limits.values
            raise GraphQLError(
                f"The variable ${name} is too large: at most {most:,} values in all variables, {limits.items:,} in"
                f" a list, {limits.keys:,} keys in an object, and {limits.depth} lists and objects in one another."
                " Send less at once.",
                extensions={"code": TransportCode.VARIABLES_TOO_LARGE.value, "path": [name]},
            )
        left[is_bulk] -= count


def count_values(value: Any, most: int, limits: VariableLimits) -> int | None:
    """How many values a decoded JSON value has; None when they are more than `most`, or over another limit.

    A value of an object counts as four: to coerce one takes so much longer than a value of a list.
    """
    count = 1
    level: list[Any] = [value]
    for _ in range(limits.depth):
        below: list[Any] = []
        for one in level:
            size = len(one)
            if type(one) is list:
                count += size
                inner, is_within = one, size <= limits.items
            else:
                count += 4 * size
                inner, is_within = one.values(), size <= limits.keys
            if count > most or not is_within:
                return None
            below += [each for each in inner if type(each) in _NESTED]
        if not below:
            return count
        level = below
    return None

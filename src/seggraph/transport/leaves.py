"""How values of scalar types and enums become what the wire needs, when it is plain that nothing can go wrong."""

import math
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
)

FALLBACK: Final[Any] = object()
"""What only the stock executor knows to complete: a coroutine, a null where none may be, a value to refuse."""

Completion = Callable[[Any], Any]
"""Takes a value and returns what the wire needs, or FALLBACK."""

_INT_MAX = 2**31 - 1


def completion(return_type: GraphQLOutputType) -> Completion | None:
    """Return how a leaf type, or a list of one, is completed; None for a type with a sub-selection."""
    if isinstance(return_type, GraphQLNonNull):
        return _non_null(return_type.of_type)
    complete = _non_null(return_type)
    return complete and _nullable(complete)


def _exactly(expected: type) -> Completion:
    def complete(value: Any) -> Any:
        return value if type(value) is expected else FALLBACK

    return complete


def _complete_int(value: Any) -> Any:
    return value if type(value) is int and -_INT_MAX - 1 <= value <= _INT_MAX else FALLBACK


def _complete_float(value: Any) -> Any:
    return value if type(value) is float and math.isfinite(value) else FALLBACK


_PASSED_THROUGH: dict[GraphQLScalarType, Completion] = {
    GraphQLString: _exactly(str),
    GraphQLID: _exactly(str),
    GraphQLBoolean: _exactly(bool),
    GraphQLInt: _complete_int,
    GraphQLFloat: _complete_float,
}
_PLAIN = frozenset({str, int, float, bool, bytes, dict, list, tuple, date, datetime, time, Decimal, UUID})
_LISTED: dict[GraphQLScalarType, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}


def _nullable(complete: Completion) -> Completion:
    def complete_nullable(value: Any) -> Any:
        return None if value is None else complete(value)

    return complete_nullable


def _list_of(item: type) -> Completion:
    only = {item}

    def complete(value: Any) -> Any:
        return list(value) if type(value) in (list, tuple) and set(map(type, value)) <= only else FALLBACK

    return complete


def _non_null(return_type: GraphQLOutputType) -> Completion | None:
    if isinstance(return_type, GraphQLScalarType):
        return _PASSED_THROUGH.get(return_type) or _coerced(return_type.coerce_output_value)
    if isinstance(return_type, GraphQLEnumType):
        return _coerced(return_type.coerce_output_value)
    if isinstance(return_type, GraphQLList):
        inner = return_type.of_type
        item = _LISTED.get(inner.of_type) if isinstance(inner, GraphQLNonNull) else _LISTED.get(inner)
        return _list_of(item) if item else None
    return None


def _coerced(coerce: Completion) -> Completion:
    """Complete by a type's own coercion, for values of which it is known that they are no coroutine."""

    def complete(value: Any) -> Any:
        if type(value) in _PLAIN or isinstance(value, Enum):
            try:
                result = coerce(value)
            except Exception:
                return FALLBACK  # The stock path raises it again, and says where.
            if result is not None and result is not Undefined:
                return result
        return FALLBACK

    return complete

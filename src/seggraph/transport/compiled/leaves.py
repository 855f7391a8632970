"""How values of scalars, enums and lists of them become JSON: as Python source for the compiler, and as functions."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, Final, NoReturn, TypeVar
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)

F = TypeVar("F", bound=Callable[..., Any])

_ENCODES: Final = "_seggraph_encodes"
_SQL: Final = "_seggraph_sql"

PLAIN: Final = frozenset(
    {str, int, float, bool, bytes, dict, list, tuple, date, datetime, time, Decimal, UUID}
)
"""Classes whose values are data: no coroutine, no exception."""


class Bare(str):
    """SQL of a number or a truth value: its text is its JSON."""

    __slots__ = ()


class Quoted(str):
    """SQL of a text in which JSON escapes nothing."""

    __slots__ = ()


class Unexpected(Exception):
    """A value that is not what its type promises: graphql-core must execute the operation and say what is wrong."""


def refuse(value: object) -> NoReturn:
    """Raise Unexpected for a value; a coroutine is closed, for nobody is going to await it."""
    if isinstance(value, Coroutine):
        value.close()
    raise Unexpected


def encodes(type_: type | None, *, sql: str | None = None) -> Callable[[F], F]:
    """Mark a scalar's `serialize`: the JSON encoder writes values of exactly this class in the same way.

    A datetime must be in UTC for this. `sql` has the same JSON in PostgreSQL, of a column `{v}`.
    """

    def mark(serialize: F) -> F:
        setattr(serialize, _ENCODES, type_)
        setattr(serialize, _SQL, sql)
        return serialize

    return mark


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf type. The templates take a variable's name, and name other objects by `{names}`.

    `test` holds for values that need no further look, and `wire` is such a value as JSON needs it. Any other
    value but None goes through `coerce`, which raises Unexpected.
    """

    test: str
    wire: str
    names: Mapping[str, Any]
    coerce: Callable[[Any], Any]
    sql: str | None = None
    """What PostgreSQL makes the same JSON of, of a column `{v}`; None where it would be another."""

    def source(self, value: str, *, is_nullable: bool, prefix: str, scope: dict[str, Any]) -> str:
        """An expression that completes the value in a variable; what it refers to is added to `scope`."""
        renamed = {name: f"{prefix}_{name}" for name in (*self.names, "coerce")}
        scope.update({renamed[name]: one for name, one in self.names.items()})
        scope[renamed["coerce"]] = self.coerce
        test, wire = (one.format(v=value, **renamed) for one in (self.test, self.wire))
        otherwise = f"{renamed['coerce']}({value})"
        if is_nullable:
            otherwise = f"None if {value} is None else {otherwise}"
        return f"{wire} if {test} else {otherwise}"

    def function(self, *, is_nullable: bool) -> Callable[[Any], Any]:
        """The same as a function of a value."""
        scope: dict[str, Any] = {}
        source = self.source("v", is_nullable=is_nullable, prefix="f", scope=scope)
        made: Callable[[Any], Any] = eval(f"lambda v: {source}", scope)  # noqa: S307 - text of this module alone
        return made


@lru_cache(maxsize=256)
def leaf_of(type_: GraphQLLeafType) -> Leaf:
    """How a leaf type is completed."""
    coerce = _coercion(type_)
    if isinstance(type_, GraphQLEnumType):
        return _enum(type_, coerce)
    known = _BUILT_IN.get(type_)
    if known is not None:
        return Leaf(known[0], "{v}", known[1], coerce, _BUILT_IN_SQL[type_])
    encoded = getattr(type_.coerce_output_value, _ENCODES, None)
    sql = getattr(type_.coerce_output_value, _SQL, None)
    if encoded is datetime:
        test = "{v}.__class__ is {encoded} and {v}.tzinfo is {utc}"
        return Leaf(test, "{v}", {"encoded": datetime, "utc": UTC}, coerce, sql)
    if encoded is object:
        return Leaf("{v}.__class__ in {encoded}", "{v}", {"encoded": _JSON}, coerce, sql)
    if encoded is not None:
        return Leaf("{v}.__class__ is {encoded}", "{v}", {"encoded": encoded}, coerce, sql)
    return Leaf("{v}.__class__ in {plain}", "{coerce}({v})", {"plain": PLAIN}, coerce, sql)


_JSON: Final = frozenset({dict, list, str, int, float, bool})
_BUILT_IN: Final[dict[Any, tuple[str, Mapping[str, Any]]]] = {
    GraphQLString: ("{v}.__class__ is {kind}", {"kind": str}),
    GraphQLID: ("{v}.__class__ is {kind}", {"kind": str}),
    GraphQLBoolean: ("{v}.__class__ is {kind}", {"kind": bool}),
    GraphQLInt: ("{v}.__class__ is {kind} and -2147483648 <= {v} <= 2147483647", {"kind": int}),
    GraphQLFloat: ("{v}.__class__ is {kind} and {v} - {v} == 0.0", {"kind": float}),
}
_BUILT_IN_SQL: Final[dict[Any, str]] = {
    GraphQLString: "{v}",
    GraphQLID: "{v}::text",
    GraphQLBoolean: Bare("{v}"),
    GraphQLInt: Bare(
        "{v}::int"
    ),  # PostgreSQL refuses what is more than an Int can say, and graphql-core says why
    GraphQLFloat: "{v}",
}


def _enum(type_: GraphQLEnumType, coerce: Callable[[Any], Any]) -> Leaf:
    kind = getattr(type_, "wrapped_cls", None)
    if kind is None:
        return Leaf("{v}.__class__ in {plain}", "{coerce}({v})", {"plain": PLAIN}, coerce)
    names = {member: coerce(member) for member in kind}
    if all(member.name == name for member, name in names.items()):
        return Leaf("{v}.__class__ is {kind}", "{v}._name_", {"kind": kind}, coerce)
    return Leaf("{v}.__class__ is {kind}", "{of}[{v}]", {"kind": kind, "of": names}, coerce)


def _coercion(type_: GraphQLLeafType) -> Callable[[Any], Any]:
    """A type's own coercion, for values of which it is known that they are data."""
    of_type = type_.coerce_output_value

    def coerce(value: Any) -> Any:
        if type(value) in PLAIN or isinstance(value, Enum):
            try:
                result = of_type(value)
            except (
                Exception
            ) as error:  # whatever a type raises is its refusal, which graphql-core says in words
                raise Unexpected from error
            if result is not None and result is not Undefined:
                return result
        refuse(value)

    return coerce

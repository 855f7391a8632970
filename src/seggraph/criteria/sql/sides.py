"""The field's side of a comparison in SQL: what the SQL of an operator is made from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sqlglot import exp

from seggraph.criteria.sql.parameters import Parameters
from seggraph.criteria.values import Value
from seggraph.vocabulary import AttributeType

Binary: TypeAlias = type[exp.Binary]
"""A comparison of two expressions, such as `exp.EQ`."""


@dataclass(frozen=True, slots=True)
class Folding:
    """The collation of the server that lower-cases text.

    `maps_each_character` says that the collation is known to lower-case by simple mapping, as PostgreSQL's builtin
    `pg_c_utf8` does; otherwise the characters that differ are mapped first.
    """

    collation: str
    maps_each_character: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What a predicate is compiled with: the instant and zone of the evaluation, and where its values go."""

    parameters: Parameters
    as_of: datetime
    zone: ZoneInfo
    folding: Folding


@dataclass(frozen=True, slots=True)
class Operand:
    """A maker of fresh expressions for a field, their SQL type, and how values become that type."""

    expression: Callable[[], exp.Expr]
    type: str
    encode: Callable[[Value], object]
    parameters: Parameters

    def bind(self, value: Value) -> exp.Cast:
        """One value as the type of the expression."""
        return self.parameters.bind(self.encode(value), self.type)

    def bind_list(self, values: Sequence[Value]) -> exp.Cast:
        """Values as an array of the type of the expression."""
        return self.parameters.bind(tuple(map(self.encode, values)), f"{self.type}[]")

    def compared(self, comparison: Binary, value: Value) -> exp.Expr:
        """A comparison with a value, such as `m.city = $1`; NULL when the field is unset."""
        return comparison(this=self.expression(), expression=self.bind(value))


@dataclass(frozen=True, slots=True)
class Side:
    """A field beside which values are compared, and the context.

    `operand` is the field as a value that compares, `stored` the field as it is stored, NULL exactly when it is unset,
    and `as_json` a list as JSON.
    """

    type: AttributeType
    operand: Operand
    stored: Callable[[], exp.Expr]
    as_json: Callable[[], exp.Expr]
    context: Context

    @property
    def parameters(self) -> Parameters:
        """Where values are bound."""
        return self.context.parameters


def negated(condition: exp.Expr) -> exp.Not:
    """NOT of a condition in parentheses; NULL stays NULL."""
    return exp.Not(this=exp.Paren(this=condition))

"""Bound parameters: every value that goes into a statement, and the numbered place that stands for it.

All code that writes SQL names the dialect by its class, never by its name. sqlglot loads a dialect by name on first
use, and another thread that uses it meanwhile finds it incomplete and writes `@1`, which PostgreSQL reads as the
number one.
"""

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres


class Parameters:
    """The values of one statement, in the order of their numbers. The same value is bound once."""

    def __init__(self) -> None:
        self._values: list[object] = []
        self._places: dict[tuple[str, object], int] = {}
        self._types: dict[str, exp.DataType] = {}

    @property
    def values(self) -> tuple[object, ...]:
        """What to bind: the first stands for `$1`."""
        return tuple(self._values)

    def bind(self, value: object, type_: str) -> exp.Cast:
        """A new expression that stands for the value as that PostgreSQL type.

        A list is given as a tuple. The cast is needed because the server infers types from it.
        """
        key = (type_, value)
        place = self._places.get(key)
        if place is None:
            self._values.append(list(value) if isinstance(value, tuple) else value)
            place = self._places[key] = len(self._values)
        parameter = exp.Parameter(this=exp.Literal.number(place))
        return exp.Cast(this=parameter, to=self._data_type(type_))

    def _data_type(self, name: str) -> exp.DataType:
        if name not in self._types:
            self._types[name] = exp.DataType.build(name, dialect=Postgres)
        return self._types[name].copy()

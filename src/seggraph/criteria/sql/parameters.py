"""Bound parameters: every value that goes into a statement, and the numbered place that stands for it.

Here and wherever SQL is written the dialect is the class and never its name: sqlglot loads a dialect that is asked
for by name when it is first needed, and while one thread does so another finds it half made, and writes `@1`, which
PostgreSQL takes for the number one.
"""

from typing import Final

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

_TYPES: Final[dict[str, exp.DataType]] = {}


class Parameters:
    """The values of one statement, in the order of their numbers. The same value is bound once."""

    def __init__(self) -> None:
        self._values: list[object] = []
        self._places: dict[tuple[str, object], int] = {}

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
        return exp.Cast(this=parameter, to=_data_type(type_))


def _data_type(name: str) -> exp.DataType:
    if name not in _TYPES:
        _TYPES[name] = exp.DataType.build(name, dialect=Postgres)
    return _TYPES[name].copy()

"""What a list of users or groups is narrowed to: values of some attributes, all of which must be equal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MOST: Final = 200
"""Most users or groups in one answer."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a list: from a place on, counted from 1, so many."""

    start: int = 1
    count: int = 100

    @property
    def limits(self) -> tuple[int, int]:
        """The values of OFFSET and LIMIT."""
        return min(max(self.start, 1) - 1, 2**31), min(max(self.count, 0), MOST)


def condition(
    columns: Mapping[str, str], equal: Sequence[tuple[str, Any]], first: int
) -> tuple[str, list[Any]]:
    """The SQL of attributes that are equal to values, and what it binds from `$first` on.

    `columns` has an expression with `{}` for the value, for each attribute.
    """
    parts = [columns[name].format(f"${first + number}") for number, (name, _) in enumerate(equal)]
    return "".join(f" AND {part}" for part in parts), [value for _, value in equal]

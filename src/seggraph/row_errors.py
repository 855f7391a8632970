"""What bulk calls report of a row that they did not carry out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from seggraph.errors import ErrorCode, Invalid, Path, SeggraphError


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was not carried out: its index in the input, a code, a message and the path within the row.

    Or why a part of it was not: `is_stored` says that the rest of the row was.
    """

    index: int
    code: ErrorCode
    message: str
    path: Path
    is_stored: bool = False


@dataclass(frozen=True, slots=True)
class RefusedValue:
    """What stands in a row instead of a value that its type refused: why, and where inside the value."""

    message: str
    path: Path

    def problem(self, name: str) -> SeggraphError:
        """The row's error, for the field of a name."""
        return Invalid(self.message, path=(name, *self.path))


def refusals(row: Iterable[tuple[str, Any]]) -> list[SeggraphError]:
    """The errors of the values that were refused in a row, given as its items."""
    return [value.problem(name) for name, value in row if isinstance(value, RefusedValue)]

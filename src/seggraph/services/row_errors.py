"""What bulk calls report of a row that they did not carry out."""

from dataclasses import dataclass

from seggraph.errors import ErrorCode, Path


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was not carried out: its index in the input, a code, a message and the path within the row."""

    index: int
    code: ErrorCode
    message: str
    path: Path

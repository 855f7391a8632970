"""Records of a stored CSV file, one by one, each with its line and the position behind it to continue from.

A stored file (see `uploads`) has an encoding in which ASCII is one byte, no byte-order mark, and lines that end
in a line feed. Nothing is held but the record at hand, whose size is bounded.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from seggraph.errors import Invalid

MAX_CELL: Final = csv.field_size_limit()
"""Most characters of a cell."""
MAX_RECORD_BYTES: Final = 8 * 1024 * 1024
MAX_COLUMNS: Final = 1_000

DELIMITERS: Final = (",", ";", "\t", "|")
_BLOCK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written: its encoding, what stands between cells, whether the first record is a header.

    `skip_lines` lines before the first record are none of the table, such as the title of a report.
    """

    encoding: str
    delimiter: str
    has_header: bool
    skip_lines: int = 0


@dataclass(slots=True)
class Record:
    """A record: the line that it begins on, its cells, and what is wrong with it as CSV, if anything."""

    line: int
    cells: list[str]
    problem: str | None = None


class Unreadable(Invalid):
    """The file cannot be read on: where its records begin and end is not certain from some line on."""


class RecordReader:
    """Iterates over the records from a position. Blank lines are no records.

    Raises Unreadable for a cell or record beyond the limits and for a quote that is never closed.
    """

    def __init__(self, path: Path, dialect: Dialect, *, position: int = 0, line: int = 0) -> None:
        self._file = path.open("rb", buffering=_BLOCK_BYTES)
        self._file.seek(position)
        self._encoding = dialect.encoding
        self._reader = csv.reader(self._lines(), delimiter=dialect.delimiter, strict=True)
        self._record_bytes = 0
        self._lines_before = line
        self.position = position
        """Of the first byte that was not read, in bytes."""
        if not position:
            self._skip(dialect.skip_lines)

    @property
    def line(self) -> int:
        """How many lines lie behind."""
        return self._lines_before + self._reader.line_num

    def _skip(self, lines: int) -> None:
        for _ in range(lines):
            self.position += len(self._file.readline(MAX_RECORD_BYTES))
            self._lines_before += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Record]:
        return self

    def __next__(self) -> Record:
        while True:
            line = self.line + 1
            self._record_bytes = 0
            try:
                cells = next(self._reader)
            except csv.Error as error:
                return _broken(line, error)
            if cells:
                return Record(line, cells)

    def _lines(self) -> Iterator[str]:
        while raw := self._file.readline(MAX_RECORD_BYTES + 1):
            self.position += len(raw)
            self._record_bytes += len(raw)
            if self._record_bytes > MAX_RECORD_BYTES:
                limit = f"{MAX_RECORD_BYTES // (1024 * 1024)} MiB"
                raise Unreadable(
                    f"The record that ends after line {self.line} is larger than {limit}, or a quote in it is"
                    " never closed."
                )
            yield raw.decode(self._encoding, "surrogateescape")


def _broken(line: int, error: csv.Error) -> Record:
    """What a mistake of CSV means. Raises Unreadable if the records after it are not certain."""
    reason = str(error)
    if "field limit" in reason:
        raise Unreadable(
            f"A cell of the record that begins on line {line} has more than {MAX_CELL:,} characters, or its"
            " quote is never closed."
        ) from None
    if "unexpected end" in reason:
        raise Unreadable(f"A quote of the record that begins on line {line} is never closed.") from None
    if "new-line" in reason:
        message = "A carriage return alone stands inside this row: save the file with one kind of line ends."
        return Record(line, [], message)
    return Record(line, [], "The quotes of this row are wrong: a cell with quotes is in quotes as a whole.")


def has_foreign_bytes(cells: list[str]) -> bool:
    """Whether cells hold bytes that the file's encoding does not have."""
    return any(
        not cell.isascii() and any("\udc80" <= character <= "\udcff" for character in cell) for cell in cells
    )

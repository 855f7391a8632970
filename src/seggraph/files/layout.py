"""The layout of a CSV file: its delimiter, whether it has a header, its columns, and some cells of each.

It is read from the first records only, to be shown to a person. It knows no field of a member.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seggraph.errors import Invalid, Required, TooMany
from seggraph.files.csv_records import DELIMITERS, MAX_COLUMNS, Dialect, Record, RecordReader
from seggraph.values import csv_values
from seggraph.values.domains import is_domain
from seggraph.values.emails import is_email
from seggraph.vocabulary import AttributeType

SAMPLE_BYTES: Final = 256 * 1024
SAMPLE_RECORDS: Final = 200
SAMPLES: Final = 5
MAX_SAMPLE: Final = 200
MAX_COLUMN_NAME: Final = 500

_NUMBER_OR_DATE = re.compile(r"[-+]?[$€£]?\d[\d.,:/\-\sTZ%]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: its name, some of its cells, and the type that its first cells fit."""

    name: str
    samples: list[str]
    detected_type: AttributeType


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written, its columns, and the cells of each column in the first records."""

    dialect: Dialect
    columns: list[Column]
    cells: list[list[str]]


def read_layout(
    path: Path, encoding: str, *, has_header: bool | None, is_known_name: Callable[[str], bool]
) -> Layout:
    """Read the layout from the beginning of a stored file.

    `has_header` None means: find out. A first record with a cell that `is_known_name` accepts is a header. Raises
    Required for a file without records, Invalid for what is no CSV file, and TooMany columns.
    """
    delimiter = delimiter_of(path, encoding)
    with RecordReader(path, Dialect(encoding, delimiter, False)) as reader:
        records = [record.cells for record in _first(reader) if record.problem is None]
    if not records:
        raise Required("The file has no rows.", path=("file",))
    _require_text(records)
    header = _is_header(records, is_known_name) if has_header is None else has_header
    names = column_names(records[0], has_header=header)
    rows = records[1:] if header else records
    by_column = [[row[index] for row in rows if index < len(row)] for index in range(len(names))]
    columns = [_column(name, column) for name, column in zip(names, by_column, strict=True)]
    return Layout(Dialect(encoding, delimiter, header), columns, by_column)


def column_names(first: Sequence[str], *, has_header: bool) -> list[str]:
    """The names of columns, each once: from the header, or `Column 1`, `Column 2`, …. Raises TooMany."""
    if len(first) > MAX_COLUMNS:
        raise TooMany(f"A file has at most {MAX_COLUMNS} columns; this one has {len(first)}.", path=("file",))
    names: list[str] = []
    taken: set[str] = set()
    for index, cell in enumerate(first, start=1):
        wanted = _shown(csv_values.unescape(cell).strip())[:MAX_COLUMN_NAME] if has_header else ""
        name = wanted = wanted or f"Column {index}"
        number = 2
        while name in taken:
            name = f"{wanted} ({number})"
            number += 1
        taken.add(name)
        names.append(name)
    return names


def delimiter_of(path: Path, encoding: str) -> str:
    """The delimiter that cuts the first records most evenly into more than one cell; a comma if none does."""
    with path.open("rb") as file:
        raw = file.read(SAMPLE_BYTES)
    whole = raw if len(raw) < SAMPLE_BYTES else raw[: raw.rfind(b"\n") + 1] or raw
    text = whole.decode(encoding, "surrogateescape")
    return max(DELIMITERS, key=lambda delimiter: _evenness(text, delimiter))


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    widths: list[int] = []
    try:
        for cells_ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if cells_:
                widths.append(len(cells_))
            if len(widths) == SAMPLE_RECORDS:
                break
    except csv.Error:
        pass
    wide = [width for width in widths if width > 1]
    if not wide:
        return 0.0, 0
    usual = max(set(wide), key=wide.count)
    return wide.count(usual) / len(widths), usual


def _first(reader: RecordReader) -> list[Record]:
    return [record for record, _ in zip(reader, range(SAMPLE_RECORDS), strict=False)]


def _require_text(records: Sequence[Sequence[str]]) -> None:
    """Raise Invalid for a first record of control characters: such are in binary files, and in cells of members."""
    first = "".join(records[0])
    strange = sum(character < " " and character not in "\t\r\n" for character in first)
    if strange > len(first) * 0.1:
        raise Invalid("This is no text but a binary file; upload a CSV file.", path=("file",))


def _is_header(records: Sequence[Sequence[str]], is_known_name: Callable[[str], bool]) -> bool:
    """Whether the first record names the columns: its cells differ, and none looks like data."""
    first = [csv_values.unescape(cell).strip() for cell in records[0]]
    named = [cell for cell in first if cell]
    if not named or len(set(named)) < len(named):
        return False
    if any(map(is_known_name, named)):
        return True
    return not any(
        _NUMBER_OR_DATE.fullmatch(cell)
        or is_email(cell)
        or is_domain(cell)
        or cell.lower() in ("true", "false")
        for cell in named
    )


def _column(name: str, column: Sequence[str]) -> Column:
    samples = list(dict.fromkeys(_shown(cell.strip())[:MAX_SAMPLE] for cell in column if cell.strip()))
    return Column(name, samples[:SAMPLES], csv_values.guess_type(column))


def _shown(text: str) -> str:
    """A text that can be stored: foreign bytes are shown as replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")

"""The layout of a CSV file: its delimiter, the lines before its table, its header, its columns, and how each is read.

It is found out from the first records and from some places further on, to be shown to a person. It knows no field of
a member.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from seggraph.errors import Invalid, Required, TooMany
from seggraph.files.columns import ColumnEvidence, SniffedColumn, sniff
from seggraph.files.csv_records import DELIMITERS, MAX_COLUMNS, Dialect, Record, RecordReader
from seggraph.values import csv_values, dates
from seggraph.values.domains import is_domain
from seggraph.values.emails import is_email
from seggraph.vocabulary import AttributeType

SAMPLE_BYTES: Final = 256 * 1024
SAMPLE_RECORDS: Final = 200
"""So many records decide about the delimiter, and are given to suggestions."""
MOST_CELLS: Final = 200_000
"""About so many cells are looked at."""
MOST_RECORDS: Final = 2_000
SPOTS: Final = 16
SPOT_BYTES: Final = 64 * 1024
SAMPLES: Final = 5
MAX_SAMPLE: Final = 200
MAX_COLUMN_NAME: Final = 500
MAX_PREAMBLE: Final = 50
"""Most records before a header that are taken for the title of a report."""
WIDE: Final = 5
"""In a table of so many columns a line with two cells is a title, too."""

_NUMBER_OR_DATE = re.compile(r"[-+]?[$€£]?\d[\d.,:/\-\sTZ%]*", re.ASCII)
_SEPARATOR_LINE = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=(.)"?[;,\t|]*\r?\n', re.IGNORECASE)
_TOTALS = re.compile(
    r"(?:grand |sub)?(?:total|totals|summe|gesamt|gesamtsumme|gesamtergebnis|total général|total general|totale|suma)"
    r"(?:\s*[:(\u2013-].*|\s+\(.*|)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: its name, some of its cells, and how it seems to be read."""

    name: str
    samples: list[str]
    sniffed: SniffedColumn

    @property
    def detected_type(self) -> AttributeType:
        """The type that its cells fit."""
        return self.sniffed.reading.type


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written, its columns, and the cells of each column in the first records."""

    dialect: Dialect
    columns: list[Column]
    cells: list[list[str]]


class _Table(NamedTuple):
    """Where the table of a file begins: the dialect, and the first records with the header."""

    dialect: Dialect
    records: list[list[str]]


def read_layout(
    path: Path,
    encoding: str,
    *,
    has_header: bool | None,
    is_known_name: Callable[[str], bool],
    is_export: Callable[[Sequence[str]], bool],
) -> Layout:
    """Read the layout of a stored file.

    `has_header` None means: find out. A first record with a cell that `is_known_name` accepts is a header. An
    export of ours is known by its columns. Raises Required for a file without records, Invalid for what is no CSV
    file, and TooMany columns.
    """
    table = find_table(path, encoding, has_header=has_header, is_known_name=is_known_name)
    header = table.dialect.has_header
    names = column_names(table.records[0], has_header=header)
    rows = table.records[1:] if header else table.records
    by_column = [[row[index] for row in rows if index < len(row)] for index in range(len(names))]
    evidence = [ColumnEvidence() for _ in names]
    for row in _sampled(path, table.dialect, len(names)):
        for seen, cell in zip(evidence, row, strict=False):
            seen.see(cell)
    sniffed = sniff(names, evidence, table.dialect.delimiter, is_export=is_export(names))
    columns = [
        Column(name, _samples(cells), one) for name, cells, one in zip(names, by_column, sniffed, strict=True)
    ]
    return Layout(table.dialect, columns, by_column)


def find_table(
    path: Path, encoding: str, *, has_header: bool | None, is_known_name: Callable[[str], bool]
) -> _Table:
    """Find where the table begins: behind a line `sep=;` and the title of a report. Raises as `read_layout`."""
    delimiter, skip_lines = delimiter_of(path, encoding)
    with RecordReader(path, Dialect(encoding, delimiter, False, skip_lines)) as reader:
        first = [narrow(record) for record in islice(reader, SAMPLE_RECORDS) if record.problem is None]
    records = [record.cells for record in first]
    if not records:
        raise Required("The file has no rows.", path=("file",))
    _require_text(records)
    begin = 0 if has_header is False else _title_records(records, is_known_name)
    if begin:
        records, skip_lines = records[begin:], first[begin].line - 1
    header = _is_header(records, is_known_name) if has_header is None else has_header
    return _Table(Dialect(encoding, delimiter, header, skip_lines), records)


def narrow(record: Record) -> Record:
    """A record with no more cells than show that it has too many, so that a few hundred can be held."""
    del record.cells[MAX_COLUMNS + 1 :]
    return record


def column_names(first: Sequence[str], *, has_header: bool) -> list[str]:
    """The names of columns, each once: from the header, or `Column 1`, `Column 2`, …. Raises TooMany."""
    if len(first) > MAX_COLUMNS:
        raise TooMany(f"A file has at most {MAX_COLUMNS} columns; this one has more.", path=("file",))
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


def delimiter_of(path: Path, encoding: str) -> tuple[str, int]:
    """The delimiter, and how many lines stand before the table because of it.

    A first line `sep=;` says it. Else it is what cuts the first records most evenly into more than one cell; a comma if
    nothing does.
    """
    with path.open("rb") as file:
        raw = file.read(SAMPLE_BYTES)
    said = _SEPARATOR_LINE.match(raw)
    if said is not None and not said[1].isalnum() and said[1] not in (b'"', b"\n", b"\r"):
        return said[1].decode("ascii", "replace"), 1
    whole = raw if len(raw) < SAMPLE_BYTES else raw[: raw.rfind(b"\n") + 1] or raw
    text = whole.decode(encoding, "surrogateescape")
    return max(DELIMITERS, key=lambda delimiter: _evenness(text, delimiter)), 0


def is_totals(cells: Sequence[str]) -> bool:
    """Whether a row is the sum of others: its first cell says `Total`, `Total: Account`, `Summe` or the like."""
    first = next((cell for cell in cells if cell.strip()), "")
    return bool(_TOTALS.fullmatch(first.strip()))


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


def _sampled(path: Path, dialect: Dialect, width: int) -> Iterator[list[str]]:
    """Rows from the beginning of the table and from places further on, so that a late column is not overlooked."""
    most = max(50, min(MOST_RECORDS, MOST_CELLS // max(width, 1)))
    with RecordReader(path, dialect) as reader:
        if dialect.has_header:
            next(reader, None)
        for record in islice(reader, most // 2):
            if record.problem is None and not is_totals(record.cells):
                yield record.cells
        begin = reader.position
    size = path.stat().st_size
    step = (size - begin) // SPOTS
    if step > 0:
        for spot in range(SPOTS):
            yield from islice(_rows_at(path, dialect, begin + spot * step, width), most // 2 // SPOTS + 1)


def _rows_at(path: Path, dialect: Dialect, position: int, width: int) -> Iterator[list[str]]:
    """Rows of one line each around a place in the file; what may be a part of a row is left out."""
    with path.open("rb") as file:
        file.seek(position)
        lines = file.read(SPOT_BYTES).split(b"\n")[1:-1]
    for line in lines:
        if line.count(b'"') % 2:
            continue
        text = line.rstrip(b"\r").decode(dialect.encoding, "surrogateescape")
        try:
            cells = next(csv.reader([text], delimiter=dialect.delimiter, strict=True), [])
        except csv.Error:
            continue
        if len(cells) == width and not is_totals(cells):
            yield cells


def _require_text(records: Sequence[Sequence[str]]) -> None:
    """Raise Invalid for a first record of control characters: such are in binary files, and in cells of members."""
    first = "".join(records[0])
    strange = sum(character < " " and character not in "\t\r\n" for character in first)
    if strange > len(first) * 0.1:
        raise Invalid("This is no text but a binary file; upload a CSV file.", path=("file",))
    if re.match(r"\s*<(?:!doctype html|html|table|\?xml)", first, re.IGNORECASE):
        raise Invalid("This is HTML or XML, not a CSV file: open it and save it as CSV.", path=("file",))


def _title_records(records: Sequence[list[str]], is_known_name: Callable[[str], bool]) -> int:
    """How many records stand before the header: titles with one cell, where the table has several."""
    widths = [len(cells) for cells in records if len(cells) > 1]
    if not widths:
        return 0
    width = max(set(widths), key=lambda one: (widths.count(one), one))
    for index, cells in enumerate(records[: MAX_PREAMBLE + 1]):
        filled = [cell.strip() for cell in cells if cell.strip()]
        if len(cells) == width and len(filled) > (2 if width >= WIDE else 1):
            return index if index and _is_header(records[index:], is_known_name) else 0
        if len(filled) > (2 if width >= WIDE else 1) or (len(cells) > 1 and any(map(is_known_name, filled))):
            return 0
    return 0


def _is_header(records: Sequence[Sequence[str]], is_known_name: Callable[[str], bool]) -> bool:
    """Whether the first record names the columns: one is a known name, or they differ and none looks like data."""
    named = [text for cell in records[0] if (text := csv_values.unescape(cell).strip())]
    if not named:
        return False
    if any(map(_is_certainly_data, named)):
        return False
    known, domains = sum(map(is_known_name, named)), sum(map(is_domain, named))
    if known:
        return known >= domains  # a name such as `Owner.Email` looks like a domain
    if domains or len(set(named)) < len(named):
        return False
    return not any(map(_NUMBER_OR_DATE.fullmatch, named))


def _is_certainly_data(cell: str) -> bool:
    return is_email(cell) or cell.lower() in ("true", "false") or dates.read(cell) is not None


def _samples(column: Sequence[str]) -> list[str]:
    samples = dict.fromkeys(_shown(cell.strip())[:MAX_SAMPLE] for cell in column if cell.strip())
    return list(samples)[:SAMPLES]


def _shown(text: str) -> str:
    """A text that can be stored: foreign bytes are shown as replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")

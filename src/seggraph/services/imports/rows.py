"""Records of a file turned into rows that can be stored: each cell is read as its column is.

A value that cannot be read is left out and reported, and the rest of its row is kept; unless the value finds the
member, or is a consent, which nobody may guess. An empty cell leaves its field as it is, or clears it if that was
chosen for the column.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final, NamedTuple

from seggraph.errors import ErrorCode, Invalid, Required, SeggraphError
from seggraph.files.columns import CellReader, cell_reader, unmarker
from seggraph.files.csv_records import Record, has_foreign_bytes
from seggraph.files.layout import is_totals
from seggraph.member_fields import CONSENTS
from seggraph.member_fields.addresses import LINES, SEPARATOR, part_of
from seggraph.services.imports.mappings import ADDRESSES, SECOND_LINES, Pair, key_field
from seggraph.services.imports.readings import PlannedReading, is_scalar, target_of
from seggraph.services.imports.relating import related_fields
from seggraph.services.members.drafts import MemberDraft, clean, is_needed
from seggraph.values import domains, emails
from seggraph.values.words import NOT_A_VALUE
from seggraph.vocabulary import AttributeType, MemberKind, RowOutcome

MARKS: Final = "'= "
"""What a cell with a mark begins with; a space may stand before the mark."""
TOTALS: Final = "TOTALS"
"""The code of a row that sums others and names no member."""


@dataclass(slots=True)
class ImportRow:
    """A row that can be stored: the record, the key of its member, the draft of it, and the values it goes without.

    `related` has the texts that name related members, by field.
    """

    record: Record
    key: str
    draft: MemberDraft
    problems: tuple[SeggraphError, ...] = ()
    related: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not stored, and why."""

    record: Record
    code: str
    message: str
    outcome: RowOutcome = RowOutcome.FAILED


class _Cell(NamedTuple):
    """How one mapped column is read: `key` is the well-known field or the attribute that it goes to."""

    place: int
    column: str
    key: str
    is_attribute: bool
    unmark: CellReader
    read: CellReader
    nulls: frozenset[str]
    clears: bool


@dataclass(frozen=True, slots=True)
class RowSettings:
    """What is the same for all rows of an import: the kind, how columns are read, and what a bad value does."""

    kind: MemberKind
    types: Mapping[str, AttributeType]
    readings: Mapping[str, PlannedReading]
    zone: tzinfo
    whole_rows: bool = False


class RowMaker:
    """Makes rows of records, by a mapping that was checked and the types of its attributes.

    A new attribute without a type had no value in the whole file: its column is left out.
    """

    def __init__(self, pairs: Sequence[Pair], columns: Sequence[str], settings: RowSettings) -> None:
        index_of = {name: index for index, name in enumerate(columns)}
        self._width = len(columns)
        self._key = key_field(pairs, settings.kind) or "externalId"
        self._whole_rows = settings.whole_rows
        cells = [
            _cell(pair, index_of[pair.column], settings)
            for pair in pairs
            if pair.attribute is None or pair.attribute in settings.types
        ]
        self._related = [cell for cell in cells if cell.key in related_fields.NAMES and not cell.is_attribute]
        self._fields = [cell for cell in cells if not cell.is_attribute and cell not in self._related]
        self._attributes = [cell for cell in cells if cell.is_attribute]
        mapped = {cell.key for cell in self._fields}
        self._second_lines = [line for line in SECOND_LINES if line in mapped]

    def make(self, record: Record) -> ImportRow | Refusal:
        """The row of a record, or why there is none."""
        try:
            return self._make(record)
        except SeggraphError as error:
            return Refusal(record, error.code, error.message)

    def _make(self, record: Record) -> ImportRow | Refusal:
        if record.problem is not None:
            raise Invalid(record.problem)
        self._require_shape(record.cells)
        problems: list[SeggraphError] = []
        given = self._given(self._fields, record.cells, problems)
        for line in self._second_lines:
            _join_lines(given, line)
        key = given.get(self._key)
        if not key or not key.strip():
            if not any(problem.path == (self._key,) for problem in problems) and is_totals(record.cells):
                message = f"The row has no {self._key} and sums other rows."
                return Refusal(record, TOTALS, message, RowOutcome.IGNORED)
            if problems:
                raise problems[0]
            raise Required(f"The row has no {self._key} to find its member by.")
        key = KEY_FORMS[self._key](key.strip())
        given["externalId"] = key if self._key != "externalId" else given["externalId"]
        consents = [(CONSENTS[name], given.pop(name)) for name in CONSENTS if name in given]
        if consents:
            given["consents"] = consents
        given["attributes"] = self._given(self._attributes, record.cells, problems)
        draft = self._cleaned(given, problems)
        if self._whole_rows and problems:
            raise problems[0]
        related = self._given(self._related, record.cells, problems) if self._related else None
        return ImportRow(record, key, draft, tuple(problems), related)

    def _require_shape(self, row: list[str]) -> None:
        if len(row) < self._width or any(cell.strip() for cell in row[self._width :]):
            raise Invalid(f"The row has {len(row)} cells, and the file {self._width} columns.")
        if has_foreign_bytes(row):
            raise Invalid("The row holds bytes that the file's encoding does not have.")

    def _given(self, cells: Sequence[_Cell], row: list[str], problems: list[SeggraphError]) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for index, column, key, is_attribute, unmark, read, nulls, clears in cells:
            cell = row[index]
            if cell and cell[0] in MARKS:
                cell = unmark(cell)
            cell = cell.strip()
            if cell in nulls:
                if clears and key != self._key:
                    given[key] = _CLEARED.get(key)
                continue
            if key == "email" and not is_attribute:
                cell = _one_email(cell, column, problems)
            try:
                given[key] = read(cell)
            except SeggraphError as error:
                problem = type(error)(f"{column}: {error.message}", path=(key,))
                if key in CONSENTS:
                    raise problem from error
                problems.append(problem)
        return given

    def _cleaned(self, given: dict[str, Any], problems: list[SeggraphError]) -> MemberDraft:
        """The draft of a member without the fields that are not acceptable, which are added to `problems`."""
        draft, found = clean(given)
        for one in found:
            field = ".".join(str(part) for part in one.path)
            problem = type(one)(f"{field}: {one.message}", path=one.path)
            if is_needed(one):
                raise problem
            problems.append(problem)
        return draft


def _join_lines(given: dict[str, Any], second: str) -> None:
    """Put the second line of an address behind the first one."""
    field = SECOND_LINES[second]
    second_line = given.pop(second, None)
    if second_line is None:
        return
    if field not in ADDRESSES:
        given[field] = SEPARATOR.join(filter(None, (given.get(field), second_line)))
        return
    whole = given.pop(field, None)
    first = given.pop(f"{field}.{LINES}", None)
    if isinstance(whole, dict):
        given[field] = whole
        first = first or part_of(whole, LINES)
    else:
        first = whole or first
    given[f"{field}.{LINES}"] = "\n".join(filter(None, (first, second_line)))


def _one_email(cell: str, column: str, problems: list[SeggraphError]) -> str:
    """The address in a cell; of several the first one, with a note of the others."""
    address, others = emails.found_in(cell)
    if others:
        message = f"{column}: the other addresses of the cell, {others[:200]}."
        problems.append(Invalid(message, path=("email",)))
    return address


def _cell(pair: Pair, index: int, settings: RowSettings) -> _Cell:
    planned = settings.readings.get(pair.column, PlannedReading.of_an_older_version())
    reading = planned.reading
    target = target_of(pair.field, reading) if pair.attribute is None else settings.types[pair.attribute]
    nulls = frozenset(reading.nulls) | {""} | (NOT_A_VALUE if is_scalar(target) else frozenset())
    return _Cell(
        index,
        pair.column,
        pair.attribute or pair.field,
        pair.attribute is not None,
        unmarker(reading),
        cell_reader(target, reading, settings.zone),
        nulls,
        reading.empty_clears,
    )


_CLEARED: Final[dict[str, Any]] = {}
"""What an empty cell sets where it is not null."""

KEY_FORMS: Final[dict[str, Callable[[str], str]]] = {
    "externalId": str,
    "domain": domains.normalise,
    "email": emails.email_key,
}
"""How the values of a key are compared."""


def explanation(problems: Sequence[SeggraphError]) -> tuple[str, str]:
    """The code and the message for a row that was stored without some values."""
    message = "; ".join(problem.message for problem in problems)
    return ErrorCode(problems[0].code), f"Stored without: {message}"

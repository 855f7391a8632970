"""The mapped cells of a record, each read as its column is, for files whose rows are no members."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from seggraph.errors import Invalid, SeggraphError
from seggraph.files.columns import CellReader, ColumnReading, cell_reader, unmarker
from seggraph.files.csv_records import Record, has_foreign_bytes
from seggraph.services.imports import event_fields
from seggraph.services.imports.mappings import Pair
from seggraph.services.imports.readings import PlannedReading, is_scalar
from seggraph.values import dates
from seggraph.values.words import NOT_A_VALUE


class _Cell(NamedTuple):
    """How one mapped column is read."""

    place: int
    column: str
    field: str
    unmark: CellReader
    read: CellReader
    nulls: frozenset[str]


class RecordCells:
    """Reads records by a mapping that was checked. `fields` are those that columns go to, as clients know them."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        columns: Sequence[str],
        readings: Mapping[str, PlannedReading],
        zone: tzinfo,
    ) -> None:
        self._width = len(columns)
        index_of = {name: index for index, name in enumerate(columns)}
        self._cells = [_cell(pair, index_of[pair.column], readings, zone) for pair in pairs]
        self._cell_of = {cell.field: cell for cell in self._cells}
        self.fields = frozenset(self._cell_of)

    def text(self, record: Record, field: str) -> str:
        """The text in the column of a field, as it stands in the file but for marks; empty without such a cell."""
        cell = self._cell_of.get(field)
        if cell is None or cell.place >= len(record.cells):
            return ""
        return str(cell.unmark(record.cells[cell.place])).strip()

    def read(
        self, record: Record, problems: list[SeggraphError], is_spared: Callable[[str], bool]
    ) -> dict[str, Any]:
        """The values of a record by field.

        A value that cannot be read is left out and noted if its field `is_spared`; anything else that is wrong is
        raised.
        """
        self._require_whole(record)
        given: dict[str, Any] = {}
        for place, column, field, unmark, read, nulls in self._cells:
            cell = unmark(record.cells[place]).strip()
            if cell in nulls:
                continue
            try:
                given[field] = read(cell)
            except SeggraphError as error:
                problem = type(error)(f"{column}: {error.message}", path=())
                if not is_spared(field):
                    raise problem from error
                problems.append(problem)
        return given

    def _require_whole(self, record: Record) -> None:
        if record.problem is not None:
            raise Invalid(record.problem)
        row = record.cells
        if len(row) < self._width or any(cell.strip() for cell in row[self._width :]):
            raise Invalid(f"The row has {len(row)} cells, and the file {self._width} columns.")
        if has_foreign_bytes(row):
            raise Invalid("The row holds bytes that the file's encoding does not have.")


def _cell(pair: Pair, place: int, readings: Mapping[str, PlannedReading], zone: tzinfo) -> _Cell:
    reading = readings[pair.column].reading
    field = event_fields.shown(pair.field)
    target = event_fields.target_of(field, reading)
    own_zone = zone if reading.time_zone is None else ZoneInfo(reading.time_zone)
    is_time = field in event_fields.TIMES
    read = _time_reader(reading, own_zone) if is_time else cell_reader(target, reading, zone)
    nulls = frozenset(reading.nulls) | {""} | (NOT_A_VALUE if is_scalar(target) else frozenset())
    return _Cell(place, pair.column, field, unmarker(reading), read, nulls)


def _time_reader(reading: ColumnReading, zone: tzinfo) -> Callable[[str], datetime]:
    """Reads times; a day without a time is its beginning in the zone."""

    def read(cell: str) -> datetime:
        found = dates.read(cell)
        if found is not None and found.clock is None:
            return datetime.combine(dates.parse_day(cell, reading.date_order), time(), zone)
        return dates.parse_time(cell, reading.date_order, zone)

    return read

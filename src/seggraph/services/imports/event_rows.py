"""Records of a file turned into events and orders: each cell is read as its column is.

The lines of an order stand together and become one order with its items. A row without a column of ids gets one made
of its content, so that the same file again adds nothing.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from seggraph.errors import Invalid, Problems, Required, SeggraphError, TooLong
from seggraph.files.columns import CellReader, ColumnReading, cell_reader, unmarker
from seggraph.files.csv_records import Record, has_foreign_bytes
from seggraph.files.layout import is_totals
from seggraph.services.events.drafts import MAX_PROPERTIES_BYTES, EventDraft, Period, clean
from seggraph.services.imports import event_fields
from seggraph.services.imports.event_fields import ITEMS, KEYS, MEMBER_FIELDS, OCCURRED_AT, PROPERTIES
from seggraph.services.imports.mappings import Pair
from seggraph.services.imports.readings import PlannedReading, is_scalar
from seggraph.services.imports.rows import KEY_FORMS, TOTALS
from seggraph.values import dates
from seggraph.values.words import NOT_A_VALUE
from seggraph.vocabulary import ImportContent, MemberKind, RowOutcome

ORDER: Final = "order"
"""The name of the events that are orders."""


@dataclass(slots=True)
class EventRow:
    """An event of one or more records: the key of its member, the draft of it, and the values it goes without."""

    records: list[Record]
    key: str
    draft: EventDraft
    problems: list[SeggraphError]


@dataclass(frozen=True, slots=True)
class EventRefusal:
    """Records that are no event, and why."""

    records: list[Record]
    code: str
    message: str
    outcome: RowOutcome = RowOutcome.FAILED


class _Cell(NamedTuple):
    """How one mapped column is read."""

    place: int
    column: str
    field: str
    unmark: CellReader
    read: CellReader
    nulls: frozenset[str]


@dataclass(frozen=True, slots=True)
class EventSettings:
    """What is the same for all rows of an import."""

    content: ImportContent
    kind: MemberKind
    readings: Mapping[str, PlannedReading]
    zone: tzinfo
    event_name: str | None
    whole_rows: bool


class EventMaker:
    """Makes events of records, by a mapping that was checked."""

    def __init__(self, pairs: Sequence[Pair], columns: Sequence[str], settings: EventSettings) -> None:
        self._width = len(columns)
        self._settings = settings
        index_of = {name: index for index, name in enumerate(columns)}
        self._cells = [_cell(pair, index_of[pair.column], settings) for pair in pairs]
        mapped = {cell.field for cell in self._cells}
        keys = KEYS.get(settings.kind, ("memberExternalId",))
        self._key = next(key for key in keys if key in mapped)
        self.key = MEMBER_FIELDS[self._key]
        """The field of members by which rows find theirs."""
        self._has_ids = "externalId" in mapped
        self._id_place = next((cell.place for cell in self._cells if cell.field == "externalId"), None)

    def id_of(self, record: Record) -> str:
        """The cell with the id of the order, as it is compared from line to line."""
        place = self._id_place
        return record.cells[place].strip() if place is not None and place < len(record.cells) else ""

    def make(self, records: Sequence[Record], period: Period) -> list[EventRow | EventRefusal]:
        """The events of records, in order; each record is in one of them."""
        return [self._made(group, period) for group in self._groups(records)]

    def _groups(self, records: Sequence[Record]) -> Iterator[list[Record]]:
        """The lines of each order, or each record by itself."""
        if self._settings.content is ImportContent.EVENTS:
            yield from ([record] for record in records)
            return
        for order_id, lines in groupby(records, self.id_of):
            if order_id:
                yield list(lines)
            else:
                yield from ([line] for line in lines)

    def _made(self, group: list[Record], period: Period) -> EventRow | EventRefusal:
        try:
            return self._event(group, period)
        except SeggraphError as error:
            problem = error.problems[0] if isinstance(error, Problems) else error
            field = ".".join(str(part) for part in problem.path)
            message = f"{field}: {problem.message}" if field else problem.message
            return EventRefusal(group, problem.code, message)

    def _event(self, group: list[Record], period: Period) -> EventRow | EventRefusal:
        problems: list[SeggraphError] = []
        lines = [self._given(record, problems) for record in group]
        order = _merged(lines, problems)
        key = order.get(self._key)
        if not key:
            if len(group) == 1 and is_totals(group[0].cells):
                message = f"The row has no {self._key} and sums other rows."
                return EventRefusal(group, TOTALS, message, RowOutcome.IGNORED)
            raise Required(f"The row has no {self._key} to find its member by.")
        if self._settings.content is ImportContent.ORDERS:
            order["name"] = ORDER
            _add_items(order, lines, problems)
        elif self._settings.event_name is not None:
            order.setdefault("name", self._settings.event_name)
        key = KEY_FORMS[self.key](key.strip())
        row = {
            "kind": self._settings.kind,
            "memberExternalId": key,
            "name": order.get("name"),
            "occurredAt": order.get(OCCURRED_AT),
            "value": order.get("value"),
            "properties": _properties(order, problems),
            "externalId": order.get("externalId") if self._has_ids else "",
        }
        if self._has_ids and row["externalId"] is None:
            raise Required("The row has no id.", path=("externalId",))
        if not self._has_ids:
            row["externalId"] = _id_of_content(row)
        draft = clean(row, period)
        if self._settings.whole_rows and problems:
            raise problems[0]
        return EventRow(group, key, draft, problems)

    def _given(self, record: Record, problems: list[SeggraphError]) -> dict[str, Any]:
        """The values of a line. A wrong property is left out and noted; anything else that is wrong is raised."""
        if record.problem is not None:
            raise Invalid(record.problem)
        row = record.cells
        if len(row) < self._width or any(cell.strip() for cell in row[self._width :]):
            raise Invalid(f"The row has {len(row)} cells, and the file {self._width} columns.")
        if has_foreign_bytes(row):
            raise Invalid("The row holds bytes that the file's encoding does not have.")
        given: dict[str, Any] = {}
        for place, column, field, unmark, read, nulls in self._cells:
            cell = unmark(row[place]).strip()
            if cell in nulls:
                continue
            try:
                given[field] = read(cell)
            except SeggraphError as error:
                problem = type(error)(f"{column}: {error.message}", path=())
                if not event_fields.is_free(field) or field.startswith(ITEMS):
                    raise problem from error
                problems.append(problem)
        return given


def _cell(pair: Pair, place: int, settings: EventSettings) -> _Cell:
    reading = settings.readings[pair.column].reading
    field = event_fields.shown(pair.field)
    target = event_fields.target_of(field, reading)
    zone = settings.zone if reading.time_zone is None else ZoneInfo(reading.time_zone)
    read = (
        _time_reader(reading, zone) if field == OCCURRED_AT else cell_reader(target, reading, settings.zone)
    )
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


def _merged(lines: Sequence[Mapping[str, Any]], problems: list[SeggraphError]) -> dict[str, Any]:
    """What the lines of an order say of it as a whole. A property with several values is left out and noted.

    Raises Invalid for another field with several values.
    """
    order: dict[str, Any] = {}
    several: set[str] = set()
    for line in lines:
        for field, value in line.items():
            if field.startswith(ITEMS):
                continue
            if field in order and order[field] != value and not field.startswith(PROPERTIES):
                raise Invalid(
                    f"The lines of the order have several values of {field}: {str(order[field])[:40]!r} and"
                    f" {str(value)[:40]!r}. What is different in each line belongs to items.",
                )
            if order.setdefault(field, value) != value:
                several.add(field)
    for field in sorted(several):
        del order[field]
        name = field.removeprefix(PROPERTIES)
        message = f"{name}: the lines of the order have several values, so map the column to items.{name}."
        problems.append(Invalid(message))
    return order


def _add_items(
    order: dict[str, Any], lines: Sequence[Mapping[str, Any]], problems: list[SeggraphError]
) -> None:
    """Put the items of the lines into an order, and sum them up if it has no total."""
    items = [
        {field.removeprefix(ITEMS): value for field, value in line.items() if field.startswith(ITEMS)}
        for line in lines
    ]
    items = [item for item in items if item]
    if not items:
        return
    if "value" not in order:
        amounts = [_amount_of(item) for item in items]
        known = [amount for amount in amounts if amount is not None]
        if len(known) == len(items):
            order["value"] = sum(known, Decimal(0))
        else:
            problems.append(Invalid("the amount: the order has no total, and not every line has an amount."))
    order[PROPERTIES + "items"] = items


def _amount_of(item: Mapping[str, Any]) -> Decimal | None:
    """What a line costs: its total, or its price times its quantity."""
    total, price, quantity = (_decimal(item.get(name)) for name in ("total", "price", "quantity"))
    if total is not None:
        return total
    return None if price is None or quantity is None else price * quantity


def _decimal(value: Any) -> Decimal | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Decimal(repr(value)) if is_number else None


def _properties(order: Mapping[str, Any], problems: list[SeggraphError]) -> dict[str, Any]:
    """The properties of an event; an order with too many items is kept without them."""
    found: dict[str, Any] = dict(order.get("properties") or {})
    found |= {
        field.removeprefix(PROPERTIES): value
        for field, value in order.items()
        if field.startswith(PROPERTIES)
    }
    if "items" in found and len(orjson.dumps(found)) > MAX_PROPERTIES_BYTES:
        found["itemCount"] = len(found.pop("items"))
        message = f"the items: properties have at most {MAX_PROPERTIES_BYTES} bytes."
        problems.append(TooLong(message))
    return found


def _id_of_content(row: Mapping[str, Any]) -> str:
    """An id that the same row has in every file."""
    content = orjson.dumps(
        {**row, "kind": int(row["kind"]), "externalId": None}, default=str, option=orjson.OPT_SORT_KEYS
    )
    return "file:" + hashlib.sha256(content).hexdigest()

"""Records of a file turned into events and orders: each cell is read as its column is.

The lines of an order stand together and become one order with its items. A row without a column of ids gets one made
of its content, so that the same file again adds nothing.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

import orjson

from seggraph.errors import Invalid, Problems, Required, SeggraphError, TooLong
from seggraph.files.csv_records import Record
from seggraph.files.layout import is_totals
from seggraph.services.events.drafts import MAX_PROPERTIES_BYTES, EventDraft, Period, clean
from seggraph.services.imports import event_fields
from seggraph.services.imports.event_fields import ITEMS, KEYS, MEMBER_FIELDS, OCCURRED_AT, PROPERTIES
from seggraph.services.imports.mappings import Pair
from seggraph.services.imports.readings import PlannedReading
from seggraph.services.imports.record_cells import RecordCells
from seggraph.services.imports.rows import KEY_FORMS, TOTALS
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
        self._settings = settings
        self._cells = RecordCells(pairs, columns, settings.readings, settings.zone)
        mapped = self._cells.fields
        keys = KEYS.get(settings.kind, ("memberExternalId",))
        self._key = next(key for key in keys if key in mapped)
        self.key = MEMBER_FIELDS[self._key]
        """The field of members by which rows find theirs."""
        self._has_ids = "externalId" in mapped
        index_of = {event_fields.shown(pair.field): columns.index(pair.column) for pair in pairs}
        self._id_place = index_of.get("externalId")

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
        lines = [self._cells.read(record, problems, _is_spared) for record in group]
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


def _is_spared(field: str) -> bool:
    """Whether an event goes without a value of a field that cannot be read: without a property, but not an item."""
    return event_fields.is_free(field) and not field.startswith(ITEMS)


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

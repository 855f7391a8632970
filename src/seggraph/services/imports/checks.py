"""The first look through an import's file: whether it can be read to its end, how many rows it has, and of which
types the attributes are that it brings. Nothing of it is stored before.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import orjson
from pyroaring import BitMap64

from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.errors import Invalid, NotFound, TooMany
from seggraph.files.columns import ColumnEvidence, Detector, Setting, settings_of, sniff
from seggraph.files.csv_records import Record, RecordReader
from seggraph.services.catalogue import catalogues
from seggraph.services.imports import event_fields, readings
from seggraph.services.imports.claims import ImportClaim
from seggraph.services.imports.imports import progressed
from seggraph.services.imports.mappings import Pair
from seggraph.services.imports.readings import PlannedReading, target_of
from seggraph.vocabulary import AttributeType, ImportContent

ROWS_AT_ONCE: Final = 20_000

CHECKED: Final = "total = $3, new_types = $4, position = $5, line = $6, readings = $7"


async def look_through(context: Context, claim: ImportClaim) -> None:
    """Read the whole file once, so that a file that cannot be read on, or would need too many attributes, is
    refused before anything of it is stored; count its rows, find types that hold whole columns, and settle what the
    first rows left open.

    Raises NotFound, TooMany, Ambiguous and what reading raises.
    """
    async with database() as connection:
        known = await catalogues.types(connection, claim.workspace_id, claim.kind)
    watched = _watched(claim, known)
    orders = _Orders(claim)
    total = 0
    with open_file(claim) as reader:
        if claim.dialect.has_header:
            next(reader, None)
        claim.position, claim.line = reader.position, reader.line
        while True:
            count = await asyncio.to_thread(_see, reader, watched, orders)
            total += count
            if count < ROWS_AT_ONCE:
                break
    claim.total = total
    _settle(claim, watched)
    async with begin() as unit:
        if not claim.dry_run:
            known = await catalogues.create(unit.connection, claim.workspace_id, claim.kind, claim.new_types)
            if not claim.new_types.keys() <= known.keys():  # somebody else made attributes meanwhile
                raise TooMany(
                    f"A kind has at most {catalogues.MAX_ATTRIBUTES} attributes. Map fewer columns."
                )
        new_types = orjson.dumps(claim.new_types).decode()
        settled = readings.to_json(claim.readings)
        found = (total, new_types, claim.position, claim.line, settled)
        await claim.lease.change(unit.connection, CHECKED, *found)
        context.publish(unit, [progressed(claim.workspace_id, claim.import_id)])


@dataclass(frozen=True, slots=True)
class _Watched:
    """A column whose cells are looked at: `is_new` if they decide the type of a new attribute."""

    index: int
    pair: Pair
    is_new: bool
    evidence: ColumnEvidence


def _watched(claim: ImportClaim, known: Mapping[str, AttributeType]) -> list[_Watched]:
    """The columns of new attributes, and those whose reading is not certain. Raises TooMany."""
    watched: list[_Watched] = []
    new = 0
    for pair in claim.pairs:
        planned = claim.readings.get(pair.column, PlannedReading.of_an_older_version())
        is_new = pair.attribute is not None and pair.attribute not in known
        new += is_new
        is_guessed = (is_new or event_fields.is_free(pair.field)) and "type" not in planned.chosen
        concerned = settings_of(target_of(pair.field, planned.reading))
        detectors = {_DETECTORS[one] for one in concerned if one in _DETECTORS and planned.is_open(one)}
        if is_guessed or is_new or detectors:
            evidence = ColumnEvidence(Detector if is_guessed else detectors, planned.reading.nulls)
            watched.append(_Watched(claim.columns.index(pair.column), pair, is_new, evidence))
    if len(known) + new > catalogues.MAX_ATTRIBUTES:
        raise TooMany(
            f"The mapping would make {new} attributes besides the {len(known)} that there are; a kind has at"
            f" most {catalogues.MAX_ATTRIBUTES}. Map fewer columns."
        )
    return watched


_DETECTORS: Final = {
    Setting.DECIMAL: Detector.NUMBERS,
    Setting.DATE_ORDER: Detector.DATES,
    Setting.SEPARATOR: Detector.LISTS,
}


class _Orders:
    """Sees whether the lines of each order stand together: apart, they would make several orders."""

    def __init__(self, claim: ImportClaim) -> None:
        fields = {event_fields.shown(pair.field): claim.columns.index(pair.column) for pair in claim.pairs}
        self._place = fields.get("externalId") if claim.content is ImportContent.ORDERS else None
        self._seen = BitMap64()
        self._last = ""

    def see(self, record: Record) -> None:
        """Take a line into account. Raises Invalid."""
        if self._place is None or self._place >= len(record.cells):
            return
        order_id = record.cells[self._place].strip()
        if not order_id or order_id == self._last:
            return
        hashed = int.from_bytes(hashlib.blake2b(order_id.encode("utf-8", "replace"), digest_size=8).digest())
        if hashed in self._seen:
            raise Invalid(
                f"The order {order_id[:100]!r} has lines that stand apart, the later one on line {record.line}:"
                " sort the file by the id of the order."
            )
        self._seen.add(hashed)
        self._last = order_id


def _see(reader: RecordReader, watched: Sequence[_Watched], orders: _Orders) -> int:
    """Read on for a while; returns how many records were read."""
    count = 0
    for record in islice(reader, ROWS_AT_ONCE):
        count += 1
        orders.see(record)
        cells = record.cells
        for one in watched:
            if one.index < len(cells):
                one.evidence.see(cells[one.index])
    return count


def _settle(claim: ImportClaim, watched: Sequence[_Watched]) -> None:
    """Give new attributes their types, and open settings their values. Raises Ambiguous."""
    names = [one.pair.column for one in watched]
    seen_columns = sniff(names, [one.evidence for one in watched], claim.dialect.delimiter)
    claim.new_types = {}
    for one, seen in zip(watched, seen_columns, strict=True):
        planned = claim.readings.get(one.pair.column, PlannedReading.of_an_older_version())
        if one.is_new and one.pair.attribute is not None:
            is_chosen = "type" in planned.chosen
            if one.evidence.has_values:
                claim.new_types[one.pair.attribute] = planned.reading.type if is_chosen else seen.reading.type
        if (one.is_new or event_fields.is_free(one.pair.field)) and "type" not in planned.chosen:
            words = planned.reading.words if "words" in planned.chosen else seen.reading.words
            reading = replace(planned.reading, type=seen.reading.type, words=words)
            planned = replace(planned, reading=reading)
        for setting in settings_of(target_of(one.pair.field, planned.reading)):
            planned = planned.settled(setting, seen, one.pair.column)
        claim.readings[one.pair.column] = planned


def open_file(claim: ImportClaim) -> RecordReader:
    """The file's records from where the import stands. Raises NotFound."""
    try:
        return RecordReader(claim.path, claim.dialect, position=claim.position, line=claim.line)
    except FileNotFoundError:
        raise NotFound("The uploaded file is gone from the files folder: upload it again.") from None

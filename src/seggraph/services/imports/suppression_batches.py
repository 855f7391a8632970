"""One batch of an import of suppressions: the addresses of its rows go on the lists of their channels.

It has the form of `batches.ImportBatch`: a batch is one transaction with the counts and the position in the file.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final

from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import ErrorCode, Invalid, Required, SeggraphError
from seggraph.files.csv_records import Record
from seggraph.files.layout import is_totals
from seggraph.services.imports.batches import BatchOutcome, Counts, Reject
from seggraph.services.imports.content_fields import ADDRESS_CHANNELS, SUPPRESSED_AT
from seggraph.services.imports.mappings import Pair
from seggraph.services.imports.readings import PlannedReading
from seggraph.services.imports.record_cells import RecordCells
from seggraph.services.imports.rows import TOTALS, explanation
from seggraph.services.suppressions import suppressions
from seggraph.services.suppressions.suppressions import SuppressionDraft
from seggraph.values import csv_values, emails
from seggraph.vocabulary import Channel, RowOutcome, SuppressionReason

_GAPS: Final = re.compile(r"[;,\s|]+")


@dataclass(slots=True)
class SuppressionRow:
    """A row that suppresses: its addresses by channel, and what it goes without."""

    record: Record
    addresses: list[tuple[Channel, str]]
    reason: SuppressionReason
    suppressed_at: datetime | None
    problems: list[SeggraphError]


@dataclass(frozen=True, slots=True)
class SuppressionSettings:
    """What is the same for all rows: how columns are read; the channel and the reason if no column says them."""

    readings: Mapping[str, PlannedReading]
    zone: tzinfo
    channel: Channel | None
    reason: SuppressionReason | None
    whole_rows: bool


class SuppressionMaker:
    """Makes rows of records, by a mapping that was checked."""

    def __init__(self, pairs: Sequence[Pair], columns: Sequence[str], settings: SuppressionSettings) -> None:
        self._settings = settings
        self._cells = RecordCells(pairs, columns, settings.readings, settings.zone)

    def make(self, record: Record) -> SuppressionRow | Reject:
        """The row of a record, or why there is none."""
        try:
            return self._row(record)
        except SeggraphError as error:
            return Reject(record, RowOutcome.FAILED, error.code, error.message)

    def _row(self, record: Record) -> SuppressionRow | Reject:
        problems: list[SeggraphError] = []
        given = self._cells.read(record, problems, lambda field: field in ("reason", SUPPRESSED_AT))
        texts = {name: self._texts(record, given, name) for name in ADDRESS_CHANNELS if given.get(name)}
        at = given.get(SUPPRESSED_AT)
        try:
            suppressions.require_past(at)
        except SeggraphError as problem:
            problems.append(problem)
            at = None
        if not texts and is_totals(record.cells):
            return _total(record)
        addresses = []
        for channel, text in self._by_channel(texts, given.get("channel", self._settings.channel)):
            try:
                addresses.append((channel, suppressions.clean(channel, text)))
            except SeggraphError as problem:
                problems.append(type(problem)(f"{text[:100]!r}: {problem.message}"))
        if not addresses and is_totals(record.cells):
            return _total(record)
        if problems and (self._settings.whole_rows or not addresses):
            raise problems[-1]
        reason = given.get("reason") or self._settings.reason or SuppressionReason.MANUAL
        return SuppressionRow(record, addresses, reason, at, problems)

    def _texts(self, record: Record, given: Mapping[str, Any], name: str) -> list[str]:
        """The addresses in a field: several email addresses each, a number as it is written and in its normal form."""
        text = given[name].strip()
        if name == "email":
            address, others = emails.found_in(text)
            return [address, *filter(None, _GAPS.split(others))]
        written = csv_values.unescape(self._cells.text(record, name)) if name == "phone" else text
        return list(dict.fromkeys((written, text)))

    @staticmethod
    def _by_channel(texts: Mapping[str, Sequence[str]], channel: Channel | None) -> list[tuple[Channel, str]]:
        """Each channel with each address that it uses. Raises Required if the row has none for its channel."""
        found = [
            (one, text)
            for name, some in texts.items()
            for one in ADDRESS_CHANNELS[name]
            for text in some
            if channel is None or one is channel
        ]
        if not found:
            names = [
                name for name, channels in ADDRESS_CHANNELS.items() if channel is None or channel in channels
            ]
            which = "" if channel is None else f" for the channel {channel.name}"
            raise Required(f"The row has no {' and no '.join(names)}{which}.")
        return found


@dataclass(slots=True)
class SuppressionBatch:
    """What every batch of one import of suppressions needs. `seen` are hashes of the addresses in earlier rows."""

    viewer: Viewer
    maker: SuppressionMaker
    seen: set[int]
    taken: BitMap = field(default_factory=BitMap)

    def make(self, records: Sequence[Record]) -> list[SuppressionRow | Reject]:
        """The rows of records."""
        return [self.maker.make(record) for record in records]

    async def store(
        self, context: Context, unit: UnitOfWork, made: Sequence[SuppressionRow | Reject]
    ) -> BatchOutcome:
        """Suppress the addresses of some rows in a unit; the outcome accounts for every row."""
        rows = [row for row in made if isinstance(row, SuppressionRow)]
        rejects = [reject for reject in made if isinstance(reject, Reject)]
        keys_of, added = await self._suppressed(context, unit, rows)
        new: set[int] = set()
        counts = {"added": 0, "already_in": 0}
        partial: list[Reject] = []
        for place, row in enumerate(rows):
            keys = keys_of[place]
            if not keys:
                rejects.append(Reject(row.record, RowOutcome.FAILED, *_first(row.problems)))
                continue
            fresh = {key for key in keys if key not in self.seen and key not in new}
            if not fresh:
                message = "The file has a row with the same addresses already."
                rejects.append(Reject(row.record, RowOutcome.DUPLICATE, ErrorCode.DUPLICATE, message))
                continue
            counts["already_in" if fresh.isdisjoint(added) else "added"] += 1
            new |= fresh
            if row.problems:
                partial.append(Reject(row.record, RowOutcome.PARTIAL, *explanation(row.problems)))
        duplicate, ignored, failed = (
            sum(reject.outcome is outcome for reject in rejects)
            for outcome in (RowOutcome.DUPLICATE, RowOutcome.IGNORED, RowOutcome.FAILED)
        )
        if len(made) != counts["added"] + counts["already_in"] + duplicate + ignored + failed:
            raise RuntimeError("a batch does not account for every row")
        found = Counts(
            len(made), counts["added"], 0, counts["already_in"], duplicate, ignored, failed, len(partial)
        )
        return BatchOutcome(found, BitMap(), sorted(new), rejects + partial)

    def commit(self, outcome: BatchOutcome) -> None:
        """Take over the outcome of a batch after its commit."""
        self.seen.update(outcome.keys)

    async def _suppressed(
        self, context: Context, unit: UnitOfWork, rows: Sequence[SuppressionRow]
    ) -> tuple[list[set[int]], set[int]]:
        """The hashes of the addresses of each row that are on a list now, and of those that are new there."""
        keys_of: list[set[int]] = [set() for _ in rows]
        added: set[int] = set()
        for channel in sorted({channel for row in rows for channel, _ in row.addresses}):
            places: list[int] = []
            drafts: list[SuppressionDraft] = []
            for place, row in enumerate(rows):
                for one, address in row.addresses:
                    if one is channel:
                        places.append(place)
                        drafts.append(SuppressionDraft(address, row.reason, row.suppressed_at))
            report = await suppressions.suppress_in(context, unit, self.viewer, channel, drafts)
            for error in report.row_errors:
                problem = Invalid(f"{drafts[error.index].address[:100]!r}: {error.message}")
                rows[places[error.index]].problems.append(problem)
            for digest, indexes in report.indexes_of.items():
                key = _key(channel, digest)
                for index in indexes:
                    keys_of[places[index]].add(key)
                if digest in report.added:
                    added.add(key)
        return keys_of, added


def _total(record: Record) -> Reject:
    message = "The row has no address and sums other rows."
    return Reject(record, RowOutcome.IGNORED, TOTALS, message)


def _first(problems: Sequence[SeggraphError]) -> tuple[str, str]:
    return problems[-1].code, problems[-1].message


def _key(channel: Channel, digest: bytes) -> int:
    """64 bits of what a list has for an address; SMS and calls have the same digest of a number."""
    bits = int.from_bytes(digest[:8], signed=True)
    return bits ^ int(channel)

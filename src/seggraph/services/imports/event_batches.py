"""One batch of an import of events or orders: its rows find their members, and the events are recorded.

It has the form of `batches.ImportBatch`: a batch is one transaction with the counts and the position in the file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from pyroaring import BitMap

from seggraph.context import Context
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.errors import ErrorCode, Invalid
from seggraph.files.csv_records import Record, RecordReader
from seggraph.services.events import events, partitions
from seggraph.services.events.drafts import EventDraft, Period
from seggraph.services.imports.batches import FIND, BatchOutcome, Counts, Reject
from seggraph.services.imports.event_rows import EventMaker, EventRefusal, EventRow
from seggraph.services.imports.rows import explanation
from seggraph.services.members import upserts
from seggraph.vocabulary import ImportContent, MemberKind, RowOutcome

MAX_LINES: Final = 5_000
"""Most lines of one order."""

EventRows = list[EventRow | EventRefusal]


class Portion(NamedTuple):
    """Some records, and where the file stands behind them: the position in bytes, and the line."""

    records: list[Record]
    position: int
    line: int


@dataclass(slots=True)
class EventBatch:
    """What every batch of one import of events needs; `ahead` is a record that was read and belongs to the next."""

    workspace_id: int
    import_id: int
    kind: MemberKind
    content: ImportContent
    maker: EventMaker
    period: Period
    dry_run: bool
    taken: BitMap = field(default_factory=BitMap)
    ahead: Record | None = None

    def next_portion(self, reader: RecordReader, rows: int) -> Portion:
        """The next records, but no order without its last line. Raises Invalid for an order with too many lines."""
        records = [] if self.ahead is None else [self.ahead]
        self.ahead = None
        position, line = reader.position, reader.line
        while True:
            record = next(reader, None)
            if record is None:
                return Portion(records, reader.position, reader.line)
            if len(records) >= rows and self._begins(records[-1], record):
                self.ahead = record
                return Portion(records, position, line)
            if len(records) >= rows + MAX_LINES:
                raise Invalid(f"The order on line {record.line} has more than {MAX_LINES:,} lines.")
            records.append(record)
            position, line = reader.position, reader.line

    def _begins(self, before: Record, record: Record) -> bool:
        """Whether a record is no further line of the order before it."""
        order_id = self.maker.id_of(record)
        return (
            self.content is not ImportContent.ORDERS or not order_id or order_id != self.maker.id_of(before)
        )

    def make(self, records: Sequence[Record]) -> EventRows:
        """The events of records."""
        return self.maker.make(records, self.period)

    def commit(self, outcome: BatchOutcome) -> None:
        """Nothing is kept from batch to batch."""


async def make_room(rows: EventRows) -> None:
    """Make the partitions of events, before the transaction that records them."""
    await partitions.ensure({row.draft.occurred_at for row in rows if isinstance(row, EventRow)})


async def store(
    context: Context, unit: UnitOfWork, batch: EventBatch, rows: EventRows, *, alone: bool
) -> BatchOutcome:
    """Record the events of some rows in a unit; the outcome accounts for every line. Raises events.Corrects."""
    made = [row for row in rows if isinstance(row, EventRow)]
    rejects = [reject for row in rows if isinstance(row, EventRefusal) for reject in _refused(row)]
    drafts = await _of_members(unit, batch, made, rejects)
    good: dict[str, EventRow] = {}
    for row in drafts:
        external_id = row.draft.external_id or ""
        if external_id in good:
            message = f"A later row of the file has the id {external_id[:100]!r}."
            if external_id.startswith("file:"):
                message = "The file has the same row again."
            earlier = good[external_id]
            rejects += (
                _reject(one, RowOutcome.DUPLICATE, ErrorCode.DUPLICATE, message) for one in earlier.records
            )
        good[external_id] = row
    by_index = dict(enumerate(good.values()))
    entries: dict[int, EventDraft] = {index: row.draft for index, row in by_index.items()}
    report = events.RecordReport()
    if entries:
        report = await events.record_in(context, unit, batch.workspace_id, entries, alone=alone)
    failed = {error.index: error for error in report.row_errors}
    for index, error in failed.items():
        rejects += (
            _reject(one, RowOutcome.FAILED, error.code, error.message) for one in by_index[index].records
        )
    stored = [row for index, row in by_index.items() if index not in failed]
    partial = [
        _reject(row.records[0], RowOutcome.PARTIAL, *explanation(row.problems))
        for row in stored
        if row.problems
    ]
    counts = _counts(stored, report, rejects, len(partial))
    if counts.read != sum(len(row.records) for row in rows):
        raise RuntimeError("a batch does not account for every row")
    return BatchOutcome(counts, BitMap(), [], rejects + partial)


async def _of_members(
    unit: UnitOfWork, batch: EventBatch, rows: Sequence[EventRow], rejects: list[Reject]
) -> list[EventRow]:
    """The rows whose members exist, with their external ids; the others are rejected."""
    await unit.connection.execute(upserts.PLAN_BY_VALUES)
    keys = list({row.key for row in rows})
    members = {
        record["key"]: record["external_id"]
        for record in await unit.connection.fetch(FIND[batch.maker.key], batch.workspace_id, batch.kind, keys)
    }
    found: list[EventRow] = []
    for row in rows:
        external_id = members.get(row.key)
        if external_id is None:
            message = f"There is no {batch.kind.name} with the {batch.maker.key} {row.key[:100]!r}."
            rejects += (_reject(one, RowOutcome.FAILED, ErrorCode.NOT_FOUND, message) for one in row.records)
        else:
            row.draft = replace(row.draft, member_external_id=external_id)
            found.append(row)
    return found


def _counts(
    stored: Sequence[EventRow], report: events.RecordReport, rejects: Sequence[Reject], partial: int
) -> Counts:
    """The counts of lines: an order counts once, and its further lines as merged."""
    updated = sum(row.draft.external_id in report.corrected for row in stored)
    already_in = sum(row.draft.external_id in report.kept for row in stored)
    duplicate, ignored, failed = (
        sum(reject.outcome is outcome for reject in rejects)
        for outcome in (RowOutcome.DUPLICATE, RowOutcome.IGNORED, RowOutcome.FAILED)
    )
    merged = sum(len(row.records) - 1 for row in stored)
    added = len(stored) - updated - already_in
    read = added + updated + already_in + duplicate + ignored + failed + merged
    return Counts(read, added, updated, already_in, duplicate, ignored, failed, partial, merged)


def _refused(refusal: EventRefusal) -> Iterator[Reject]:
    for record in refusal.records:
        yield _reject(record, refusal.outcome, refusal.code, refusal.message)


def _reject(record: Record, outcome: RowOutcome, code: str, message: str) -> Reject:
    return Reject(record, outcome, code, message)

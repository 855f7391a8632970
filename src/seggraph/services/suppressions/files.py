"""Suppressing the addresses of a file: a CSV file is streamed in, and its addresses stored a thousand at a time.

Each thousand is a transaction of its own. If it is interrupted, send the file again: what is stored is stored.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from seggraph import member_fields
from seggraph.access import Viewer, require_suppression, require_write
from seggraph.context import Context
from seggraph.errors import Invalid, NotFound, Required, TooMany
from seggraph.files import uploads
from seggraph.files.csv_records import Record, RecordReader
from seggraph.files.uploads import Read
from seggraph.row_errors import RowError
from seggraph.services.catalogue.columns import Appearance, look
from seggraph.services.suppressions import suppressions
from seggraph.services.suppressions.suppressions import MAX_ADDRESSES, MAX_LENGTH
from seggraph.values import csv_values
from seggraph.vocabulary import Channel, MemberKind, SuppressionReason

MAX_ROWS: Final = 100_000
MAX_ERRORS: Final = 100
"""Most rows with errors that the report lists."""

FIELDS: Final = {channel: field.name for field in member_fields.FIELDS for channel in field.channels}
"""The field that a channel's addresses are in."""


@dataclass(slots=True)
class FileReport:
    """What became of every row: read = changed + already_done + failed.

    `row_errors` are the first of those that failed; their index is the line of the file, from 1.
    """

    read: int = 0
    changed: int = 0
    already_done: int = 0
    failed: int = 0
    row_errors: list[RowError] = field(default_factory=list)

    def fail(self, error: RowError) -> None:
        """Count a row as failed."""
        self.failed += 1
        if len(self.row_errors) < MAX_ERRORS:
            self.row_errors.append(error)


async def suppress(
    context: Context,
    viewer: Viewer,
    read: Read,
    channel: Channel,
    reason: SuppressionReason,
    *,
    column: str | None = None,
) -> FileReport:
    """Put the addresses in a column of a CSV file on a channel's list; without a name the one that looks so.

    Raises Forbidden, Required, Invalid, TooLong, TooMany for the file, and NotFound for a column that it lacks.
    """
    require_write(viewer)
    require_suppression(viewer)
    if channel not in MAX_LENGTH:
        raise Invalid("Push messages have no address.", path=("channel",))
    stored = await uploads.store(context.settings, read)
    path = uploads.path_of(context.settings, stored.name)
    try:
        seen = await asyncio.to_thread(look, path, stored.stored_encoding, MemberKind.PERSON, has_header=None)
        index = _index(seen, channel, column)
        if await asyncio.to_thread(_has_more_than, path, seen, MAX_ROWS):
            raise TooMany(f"A file has at most {MAX_ROWS:,} rows; split it.", path=("file",))
        return await _store(context, viewer, path, seen, index, channel, reason)
    finally:
        await asyncio.to_thread(uploads.remove, context.settings, stored.name)


def _index(seen: Appearance, channel: Channel, column: str | None) -> int:
    """Which column has the addresses."""
    names = [column.name for column in seen.columns]
    if column is not None:
        if column not in names:
            raise NotFound(f"The file has no such column; it has: {', '.join(names[:20])}.", path=("column",))
        return names.index(column)
    if len(names) == 1:
        return 0
    fitting = [suggestion for suggestion in seen.suggestions if suggestion.field == FIELDS[channel]]
    if not fitting:
        message = f"Say which column has the addresses: {', '.join(names[:20])}."
        raise Required(message, path=("column",))
    return names.index(max(fitting, key=lambda suggestion: suggestion.confidence).column)


def _records(path: Path, seen: Appearance) -> Iterator[Record]:
    """The records after the header."""
    with RecordReader(path, seen.dialect) as reader:
        yield from islice(reader, 1 if seen.dialect.has_header else 0, None)


def _has_more_than(path: Path, seen: Appearance, limit: int) -> bool:
    return next(islice(_records(path, seen), limit, None), None) is not None


async def _store(
    context: Context,
    viewer: Viewer,
    path: Path,
    seen: Appearance,
    index: int,
    channel: Channel,
    reason: SuppressionReason,
) -> FileReport:
    report = FileReport()
    records = _records(path, seen)
    while batch := await asyncio.to_thread(lambda: list(islice(records, MAX_ADDRESSES))):
        lines: list[int] = []
        addresses: list[str] = []
        failed: list[RowError] = []
        for record in batch:
            report.read += 1
            if record.problem is not None or index >= len(record.cells):
                message = record.problem or "The row has no such column."
                failed.append(RowError(record.line, Invalid.code, message, ()))
            else:
                lines.append(record.line)
                addresses.append(csv_values.unescape(record.cells[index]))
        done = await suppressions.suppress(context, viewer, channel, addresses, reason)
        report.changed += done.changed
        report.already_done += done.already_done
        failed += (RowError(lines[error.index], error.code, error.message, ()) for error in done.row_errors)
        for error in sorted(failed, key=lambda error: error.index):
            report.fail(error)
    return report

"""Importing campaign metrics from a CSV file: read as a stream, stored portion by portion, every row accounted for.

A portion is stored in one transaction. The same file again changes nothing, so an import that broke off is repeated.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

from seggraph.access import VISIBLE_CAMPAIGN, VISIBLE_SEGMENT, Viewer, require_write, visibility_arguments
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.errors import Invalid, Problems, Required, SeggraphError, TooMany
from seggraph.files import uploads
from seggraph.files.csv_records import Dialect, Record, RecordReader, has_foreign_bytes
from seggraph.files.layout import column_names, delimiter_of
from seggraph.files.uploads import Read, StoredFile
from seggraph.row_errors import RefusedValue, RowError
from seggraph.services.audit import audit
from seggraph.services.campaigns import metrics
from seggraph.services.campaigns.metrics import MetricsReport
from seggraph.values import csv_values
from seggraph.values.names import name_key
from seggraph.vocabulary import AuditAction, AuditSubject

MAX_ROWS: Final = 200_000
MAX_SHOWN: Final = 1_000
"""Most rows that are reported one by one; all are counted."""

ALIASES: Final[Mapping[str, str]] = {
    "campaign": "campaign campaignid campaignname",
    "segment": "segment segmentid segmentname audience audiencename",
    "day": "day date reportdate",
    "spend": "spend cost amountspent",
    "impressions": "impressions views",
    "clicks": "clicks linkclicks",
    "conversions": "conversions results",
}
"""The fields, and the names of columns that say so, in lower case and without what is no letter or digit."""

REQUIRED: Final = tuple(name for name in ALIASES if name != "conversions")

_FIELD_OF: Final = {alias: name for name, names in ALIASES.items() for alias in names.split()}

CAMPAIGNS: Final = f"""
    SELECT c.id, c.name_key FROM campaigns c WHERE {VISIBLE_CAMPAIGN} AND c.name_key = ANY($2)
"""  # noqa: S608 - constants only, here and below

SEGMENTS: Final = f"SELECT s.id, s.name_key FROM segments s WHERE {VISIBLE_SEGMENT} AND s.name_key = ANY($4)"  # noqa: S608

ReadId = Callable[[str, str], int | None]
"""The number in a global id, given the type and the text; None for what is no id of the type."""


@dataclass(slots=True)
class MetricsImport:
    """What became of a file: read = written + unchanged + failed, and the mapping that was used."""

    mapping: dict[str, str]
    read: int = 0
    written: int = 0
    unchanged: int = 0
    failed: int = 0
    row_errors: list[RowError] = field(default_factory=list)
    warned: int = 0

    def add(self, report: MetricsReport, lines: Sequence[int]) -> None:
        """Count a portion; errors get the line of their row instead of its index."""
        self.read += len(lines)
        self.written += report.written
        self.unchanged += report.unchanged
        self.failed += len(report.row_errors)
        self.warned += len(report.row_warnings)
        for error in report.row_errors[: MAX_SHOWN - len(self.row_errors)]:
            self.row_errors.append(RowError(lines[error.index], error.code, error.message, error.path))


async def run(
    context: Context, viewer: Viewer, read: Read, mapping: Mapping[str, str] | None, read_id: ReadId
) -> MetricsImport:
    """Import a file whose first row names its columns; `mapping` leads from columns to the fields of ALIASES.

    Campaigns and segments stand in it by id or by name. Without a mapping the names of the columns decide. Raises
    Forbidden, Required, Invalid and TooMany for the file and the mapping, before anything is stored.
    """
    require_write(viewer)
    stored = await uploads.store(context.settings, read)
    try:
        path = uploads.path_of(context.settings, stored.name)
        dialect = await asyncio.to_thread(_dialect, path, stored)
        columns = await asyncio.to_thread(_look_through, path, dialect)
        fields = _fields(columns, mapping)
        done = MetricsImport({columns[position]: name for name, position in fields.items()})
        async with begin() as unit:  # before its portions are stored: a lost process hides none of them
            audited = {"file_size": stored.size, "mapping": done.mapping}
            subject = audit.Subject(AuditSubject.METRICS)
            await audit.record(unit, viewer, AuditAction.STARTED, subject, after=audited)
        with RecordReader(path, dialect) as reader:
            await asyncio.to_thread(next, reader)
            while records := await asyncio.to_thread(_portion, reader):
                rows = [_row(record, fields) for record in records]
                await _resolve(viewer, rows, read_id)
                report = await metrics.record(context, viewer, rows)
                done.add(report, [record.line for record in records])
        return done
    finally:
        await asyncio.to_thread(uploads.remove, context.settings, stored.name)


def _dialect(path: Path, stored: StoredFile) -> Dialect:
    delimiter, skip_lines = delimiter_of(path, stored.stored_encoding)
    return Dialect(stored.stored_encoding, delimiter, has_header=True, skip_lines=skip_lines)


def _look_through(path: Path, dialect: Dialect) -> list[str]:
    """The names of the columns. Raises Required, TooMany, and Unreadable for a file that cannot be read to its end."""
    with RecordReader(path, dialect) as reader:
        header = next(reader, None)
        if header is None:
            raise Required("The file has no rows.", path=("file",))
        if sum(1 for _ in islice(reader, MAX_ROWS + 1)) > MAX_ROWS:
            raise TooMany(f"A file of metrics has at most {MAX_ROWS:,} rows.", path=("file",))
    return column_names(header.cells, has_header=True)


def _portion(reader: RecordReader) -> list[Record]:
    return list(islice(reader, metrics.MAX_ROWS))


def _fields(columns: Sequence[str], mapping: Mapping[str, str] | None) -> dict[str, int]:
    """The position of the column of each field. Raises the problems of the mapping."""
    if mapping is None:
        mapping = {column: name for column in columns if (name := _FIELD_OF.get(_simple(column))) is not None}
    problems: list[SeggraphError] = []
    found: dict[str, int] = {}
    for index, (column, name) in enumerate(mapping.items()):
        if column not in columns:
            problems.append(Invalid(f'The file has no column "{column}".', path=("mapping", index, "column")))
        elif name not in ALIASES:
            known = ", ".join(ALIASES)
            problems.append(Invalid(f'"{name}" is none of {known}.', path=("mapping", index, "field")))
        elif name in found:
            problems.append(Invalid(f"Two columns go to {name}.", path=("mapping", index, "field")))
        else:
            found[name] = columns.index(column)
    if missing := [name for name in REQUIRED if name not in found]:
        problems.append(Required(f"Say which columns are {', '.join(missing)}.", path=("mapping",)))
    if problems:
        raise Problems(problems)
    return found


def _simple(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())


def _row(record: Record, fields: Mapping[str, int]) -> dict[str, Any]:
    """The row of a record as `campaign_metrics.clean` takes it; campaign and segment are texts still."""
    if record.problem is None and has_foreign_bytes(record.cells):
        record.problem = "The row holds bytes that the encoding of the file does not have."
    if record.problem is not None:
        return dict.fromkeys(("campaignId", "segmentId"), RefusedValue(record.problem, ()))
    row: dict[str, Any] = {}
    for name, position in fields.items():
        cell = record.cells[position].strip() if position < len(record.cells) else ""
        try:
            row[name] = _READ[name](cell) if cell else None
        except (SeggraphError, ValueError) as error:
            row[name] = RefusedValue(str(error), ())
    return {"campaignId": row.pop("campaign"), "segmentId": row.pop("segment"), **row}


def _read_day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise Invalid(f'A day is written like 2026-01-31; this is "{cell[:40]}".') from None


_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "campaign": csv_values.unescape,
    "segment": csv_values.unescape,
    "day": _read_day,
    "spend": csv_values.parse_decimal,
    "impressions": csv_values.parse_integer,
    "clicks": csv_values.parse_integer,
    "conversions": csv_values.parse_integer,
}


async def _resolve(viewer: Viewer, rows: Sequence[dict[str, Any]], read_id: ReadId) -> None:
    """Put the numbers of campaigns and segments in the place of their ids and names."""
    named = {
        what: {row[key]: name_key(row[key]) for row in rows if isinstance(row[key], str)}
        for what, key in _KEYS.items()
    }
    async with database() as connection:
        campaigns = await connection.fetch(CAMPAIGNS, viewer.workspace_id, list(named["Campaign"].values()))
        segments = await connection.fetch(
            SEGMENTS, *visibility_arguments(viewer), list(named["Segment"].values())
        )
    for (what, key), found in zip(_KEYS.items(), (campaigns, segments), strict=True):
        numbers = {row["name_key"]: row["id"] for row in found}
        known = {text: numbers.get(name) or read_id(what, text) for text, name in named[what].items()}
        for row in rows:
            row[key] = known[row[key]] if isinstance(row[key], str) else row[key]


_KEYS: Final = {"Campaign": "campaignId", "Segment": "segmentId"}

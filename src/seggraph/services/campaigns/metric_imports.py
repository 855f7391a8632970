"""Importing campaign metrics from a CSV file or an ad report: looked through, shown, and stored portion by portion.

A portion is stored in one transaction. The same file again changes nothing, so an import that broke off is repeated.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, Final

from seggraph.access import Viewer, require_write
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.errors import Ambiguous, Invalid, NotFound, Problems, SeggraphError, TooMany
from seggraph.files import uploads
from seggraph.files.csv_records import Record, RecordReader, has_foreign_bytes
from seggraph.files.uploads import Read
from seggraph.row_errors import RefusedValue, RowError
from seggraph.services.audit import audit
from seggraph.services.campaigns import metrics, report_columns, report_names, report_rejects
from seggraph.services.campaigns.metrics import AHEAD, Metric
from seggraph.services.campaigns.report_columns import DAYS, NUMBERS, Report, ReportColumn
from seggraph.services.campaigns.report_names import Choice, Known, NameKey, Standing
from seggraph.services.campaigns.report_rejects import Rejection
from seggraph.values import csv_values
from seggraph.values.names import name_key
from seggraph.vocabulary import AuditAction, AuditSubject, RowOutcome

MAX_ROWS: Final = 200_000
MAX_SHOWN: Final = 1_000
"""Most rows, and most names of campaigns, that are reported one by one; all are counted."""
MAX_CHOICES: Final = 5_000

NO_ROW: Final = Rejection(
    RowOutcome.IGNORED, report_rejects.TOTALS, "A row of totals, or a note below the table."
)
LEFT_OUT: Final = Rejection(
    RowOutcome.IGNORED, report_rejects.LEFT_OUT, "Rows of this campaign are left out."
)

CURRENCY: Final = "SELECT currency FROM workspaces WHERE id = $1"

ReadId = Callable[[str, str], int | None]
"""The number in a global id, given the type and the text; None for what is no id of the type."""


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """What a client says about a report.

    - `mapping` leads from columns to fields of `report_columns.NAMES`; None: the names of the columns decide.
    - `readings`: pairs of a column and the settings by their names in the API. `choices`: what names stand for.
    - `campaign_id`, `segment_id`, `day`: of all rows, where the report does not say it.
    - `currency`: one that is accepted though it is not the workspace's.
    - `sum_equal_keys`: whether rows of one campaign, segment and day are added up; None: if the report has ad sets.
    """

    mapping: Mapping[str, str] | None = None
    readings: Sequence[tuple[str, Mapping[str, Any]]] = ()
    choices: Sequence[Choice] = ()
    campaign_id: int | None = None
    segment_id: int | None = None
    day: date | None = None
    currency: str | None = None
    sum_equal_keys: bool | None = None
    dry_run: bool = False

    @property
    def supplied(self) -> set[str]:
        """The fields that the client gives for the whole report."""
        given = {"campaign": self.campaign_id, "day": self.day}
        return {name for name, value in given.items() if value is not None}


AS_USUAL: Final = ReportSettings()
"""What happens if nothing is chosen."""


@dataclass(frozen=True, slots=True)
class NameInReport:
    """A campaign, and an ad set if there are any, as a report calls it; its number of rows, and what it stands for."""

    name: str
    ad_set: str | None
    rows: int
    standing: Standing


@dataclass(slots=True)
class MetricsImport:
    """What became of a file: read = written + unchanged + summed + ignored + failed.

    `mapping` is the one that was used; `repeated` rows have the campaign, segment and day of an earlier one.
    `rejections` says why rows were not recorded, by their lines; `rejected_file` has them as a file.
    """

    mapping: dict[str, str]
    columns: list[ReportColumn] = field(default_factory=list)
    skip_lines: int = 0
    names: list[NameInReport] = field(default_factory=list)
    name_count: int = 0
    is_summed: bool = False
    read: int = 0
    written: int = 0
    unchanged: int = 0
    summed: int = 0
    ignored: int = 0
    failed: int = 0
    warned: int = 0
    repeated: int = 0
    row_errors: list[RowError] = field(default_factory=list)
    ignored_lines: list[int] = field(default_factory=list)
    rejections: dict[int, Rejection] = field(default_factory=dict)
    rejected_file: str | None = None

    def fail(self, line: int, error: SeggraphError | RowError) -> None:
        """Count a row as failed, for the first of its problems."""
        self.failed += 1
        problem = error.problems[0] if isinstance(error, Problems) else error
        self.rejections[line] = Rejection(RowOutcome.FAILED, problem.code, problem.message)
        if len(self.row_errors) < MAX_SHOWN:
            self.row_errors.append(RowError(line, problem.code, problem.message, problem.path))

    def ignore(self, line: int, why: Rejection) -> None:
        """Count a row as left out."""
        self.ignored += 1
        self.rejections[line] = why
        if len(self.ignored_lines) < MAX_SHOWN:
            self.ignored_lines.append(line)


async def run(
    context: Context, viewer: Viewer, read: Read, settings: ReportSettings, read_id: ReadId
) -> MetricsImport:
    """Import a file with a header, or with `dry_run` only say what would become of each row.

    Campaigns and segments stand in it by id, by name, or by a name that somebody chose before. Raises Forbidden, and
    Required, Invalid, Duplicate, Ambiguous, NotFound and TooMany for the file and the settings, before anything is
    stored.
    """
    require_write(viewer)
    if len(settings.choices) > MAX_CHOICES:
        raise TooMany(f"Give at most {MAX_CHOICES:,} names.", path=("campaigns",))
    report_names.check(settings.choices)
    stored = await uploads.store(context.settings, read)
    try:
        path = uploads.path_of(context.settings, stored.name)
        report = await asyncio.to_thread(
            report_columns.look, path, stored, settings.mapping, settings.supplied, MAX_ROWS
        )
        if report.rows > MAX_ROWS:
            raise TooMany(f"A file of metrics has at most {MAX_ROWS:,} rows.", path=("file",))
        report_columns.choose(report.columns, settings.readings)
        currency = await _require_readable(viewer, report, settings)
        rows = await _Rows.of(viewer, report, settings, currency, read_id)
        if not settings.dry_run:
            await _begin(viewer, rows, stored.size)
        await _store(context, viewer, rows)
        rows.done.row_errors.sort(key=lambda error: error.index)
        names = [column.name for column in report.columns]
        rows.done.rejected_file = await report_rejects.write(
            context.settings, names, _records(report), rows.done.rejections
        )
        return rows.done
    finally:
        await asyncio.to_thread(uploads.remove, context.settings, stored.name)


async def _require_readable(viewer: Viewer, report: Report, settings: ReportSettings) -> str:
    """The workspace's currency. Raises Ambiguous for an open column, and Invalid for amounts in another currency."""
    async with database() as connection:
        currency: str = await connection.fetchval(CURRENCY, viewer.workspace_id)
    of_report = report.header_currency if settings.mapping is None else None
    if of_report not in (None, currency, settings.currency):
        raise Invalid(
            f"The report is in {of_report}, and the workspace counts in {currency}: export it in {currency}, or"
            f" give {of_report} as currency, and the amounts are recorded as they are.",
            path=("currency",),
        )
    open_ = [
        Ambiguous(f"{column.name[:100]}: {one.message} Choose {one.setting} in columns.", path=("columns",))
        for column in report.columns
        for one in column.ambiguities
    ]
    if open_ and not settings.dry_run:
        raise Problems(open_)
    return currency


async def _begin(viewer: Viewer, rows: "_Rows", size: int) -> None:
    """Record the import before its portions are stored, for a lost process hides none of them; keep the choices."""
    standings = rows.standings
    written = {_key(*name): name for name in rows.names}
    kept = report_names.worth_keeping(
        viewer, standings, written, rows.choices, rows.known, rows.settings.segment_id
    )
    used = [one for key in written for one in (key, (key[0], "")) if one in rows.known.kept]
    async with begin() as unit:
        await report_names.keep(unit, viewer, kept, used)
        audited = {"file_size": size, "mapping": rows.done.mapping, "names_kept": len(kept)}
        subject = audit.Subject(AuditSubject.METRICS)
        await audit.record(unit, viewer, AuditAction.STARTED, subject, after=audited)


@dataclass(slots=True)
class _Rows:
    """The rows of a report, and all that is needed to turn them into metrics; `done` is the account of them."""

    report: Report
    settings: ReportSettings
    currency: str
    known: Known
    choices: Mapping[NameKey, Choice]
    standings: dict[NameKey, Standing]
    names: Collection[tuple[str, str]]
    read_id: ReadId
    done: MetricsImport

    @staticmethod
    async def of(
        viewer: Viewer, report: Report, settings: ReportSettings, currency: str, read_id: ReadId
    ) -> "_Rows":
        """Find out what the names in a report stand for. Raises NotFound for what the settings name."""
        names, segments = await asyncio.to_thread(_names_in, report)
        choices = {choice.key: choice for choice in settings.choices}
        ids = {number for (name, _) in names if (number := read_id("Campaign", name)) is not None}
        ids |= {one.campaign_id for one in settings.choices if one.campaign_id is not None}
        segment_ids = {one.segment_id for one in settings.choices if one.segment_id is not None}
        segment_ids |= {number for name in segments if (number := read_id("Segment", name)) is not None}
        if settings.campaign_id is not None:
            ids.add(settings.campaign_id)
        if settings.segment_id is not None:
            segment_ids.add(settings.segment_id)
        keys = {_key(name, ad_set) for name, ad_set in names}
        async with database() as connection:
            known = await report_names.find(
                connection, viewer, keys, ids, map(name_key, segments), segment_ids
            )
        _require_there(settings, known)
        rows = _Rows(report, settings, currency, known, choices, {}, names.keys(), read_id, _account(report))
        rows.done.is_summed = (
            "adSet" in report.positions if settings.sum_equal_keys is None else settings.sum_equal_keys
        )
        rows.done.name_count = len(names)
        for (name, ad_set), count in names.items():
            standing = rows.standing(name, ad_set)
            if len(rows.done.names) < MAX_SHOWN:
                rows.done.names.append(NameInReport(name, ad_set or None, count, standing))
        return rows

    def standing(self, name: str, ad_set: str) -> Standing:
        """What the name of a campaign in the report stands for."""
        key = _key(name, ad_set)
        found = self.standings.get(key)
        if found is None:
            own_id = self.settings.campaign_id
            if own_id is None and name:
                own_id = self.read_id("Campaign", name)
            found = report_names.standing(key, own_id, self.choices, self.known, self.settings.segment_id)
            self.standings[key] = found
        return found

    def row(self, record: Record) -> dict[str, Any] | Rejection:
        """The row of a record as `metrics.clean` takes it, or why it is left out. Raises its problem."""
        positions = self.report.positions
        if record.problem is None and has_foreign_bytes(record.cells):
            record.problem = "The row holds bytes that the encoding of the file does not have."
        if record.problem is not None:
            raise Invalid(record.problem, path=("campaignId",))
        if report_columns.is_left_out(record.cells, positions):
            return NO_ROW
        texts = {name: _text(record, place) for name, place in positions.items()}
        standing = self.standing(texts.get("campaign", ""), texts.get("adSet", ""))
        if standing.is_left_out:
            return LEFT_OUT
        ids = self._ids(standing, texts.get("segment", ""))
        row: dict[str, Any] = {**ids, "day": self._day(texts)}
        for name in NUMBERS:
            if name in positions:
                has_cell = positions[name] < len(record.cells)
                row[_ROW_FIELDS.get(name, name)] = self._number(name, texts[name], has_cell=has_cell)
        written = texts.get("currency", "")
        if written and written not in (self.currency, self.settings.currency):
            message = f"The row is in {written[:20]}, and the workspace counts in {self.currency}."
            row["spend"] = RefusedValue(message, ())
        return row

    def _ids(self, standing: Standing, segment: str) -> dict[str, int | None]:
        if standing.campaign_id is None or (standing.problem is not None and not segment):
            raise standing.problem or NotFound("There is no such campaign.", path=("campaignId",))
        segment_id = standing.segment_id
        if segment:
            segment_id = self.known.segments.get(name_key(segment)) or self.read_id("Segment", segment)
        return {"campaignId": standing.campaign_id, "segmentId": segment_id}

    def _day(self, texts: Mapping[str, str]) -> date | None:
        if self.settings.day is not None:
            return self.settings.day
        days = {name: self._day_in(name, text) for name in DAYS if (text := texts.get(name))}
        if "day" in days or "day" in texts:
            return days.get("day")
        start, end = days.get("periodStart"), days.get("periodEnd")
        if start != end:
            message = f"The row is about the days from {start} to {end}: export with a breakdown by day."
            raise Invalid(message, path=("day",))
        return start

    def _number(self, name: str, text: str, *, has_cell: bool) -> Any:
        """The number in a cell, or why it is none. Where nobody clicked or bought, tools leave the cell empty."""
        if not text:
            return 0 if has_cell and name == "clicks" else None
        try:
            return self._read(name, text)
        except SeggraphError as problem:
            return RefusedValue(problem.message, ())

    def _day_in(self, name: str, text: str) -> date:
        try:
            day: date = self._read(name, text)
        except SeggraphError as problem:
            problem.path = ("day",)
            raise
        return day

    def _read(self, name: str, text: str) -> Any:
        return report_columns.read_cell(name, text, self.report.columns[self.report.positions[name]].reading)


_ROW_FIELDS: Final = {"conversions": "conversionsExact"}
"""The fields of a row that are called otherwise than those of a report."""


def _account(report: Report) -> MetricsImport:
    """The account of a report of which nothing is stored yet."""
    mapping = {column.name: column.field for column in report.columns if column.field is not None}
    return MetricsImport(mapping, report.columns, report.dialect.skip_lines)


def _require_there(settings: ReportSettings, known: Known) -> None:
    """Raise NotFound for a campaign or a segment that the settings name."""
    problems: list[SeggraphError] = []

    def require(number: int | None, found: Mapping[int, str], what: str, *path: str | int) -> None:
        if number is not None and number not in found:
            problems.append(NotFound(f"There is no such {what}.", path=path))

    require(settings.campaign_id, known.campaign_names, "campaign", "campaignId")
    require(settings.segment_id, known.segment_names, "segment", "segmentId")
    for index, choice in enumerate(settings.choices):
        require(choice.campaign_id, known.campaign_names, "campaign", "campaigns", index, "campaignId")
        require(choice.segment_id, known.segment_names, "segment", "campaigns", index, "segmentId")
    if problems:
        raise Problems(problems[:20])


def _key(name: str, ad_set: str) -> NameKey:
    return name_key(name), name_key(ad_set)


def _text(record: Record, place: int) -> str:
    return csv_values.unescape(record.cells[place].strip()).strip() if place < len(record.cells) else ""


def _names_in(report: Report) -> tuple[Counter[tuple[str, str]], set[str]]:
    """The names of campaigns and ad sets with their numbers of rows, and those of segments."""
    names: Counter[tuple[str, str]] = Counter()
    segments: set[str] = set()
    positions = report.positions
    for record in _records(report):
        if record.problem is not None or has_foreign_bytes(record.cells):
            continue
        if report_columns.is_left_out(record.cells, positions):
            continue
        campaign, ad_set, segment = (
            _text(record, positions[name]) if name in positions else ""
            for name in ("campaign", "adSet", "segment")
        )
        names[campaign, ad_set] += 1
        if segment:
            segments.add(segment)
    return names, segments


def _records(report: Report) -> Iterator[Record]:
    with RecordReader(report.path, report.dialect) as reader:
        next(reader)
        yield from reader


async def _store(context: Context, viewer: Viewer, rows: _Rows) -> None:
    """Store the rows portion by portion; those that are to be added up after the whole file is read."""
    records = _records(rows.report)
    sums = _Sums()
    latest = datetime.now(UTC).date() + AHEAD
    while portion := await asyncio.to_thread(lambda: list(islice(records, metrics.MAX_ROWS))):
        given = await asyncio.to_thread(_read_portion, rows, portion, sums, latest)
        if rows.done.is_summed:
            continue
        await _record(context, viewer, rows, given)
    if rows.done.is_summed:
        entries = iter(sums.results(rows.done))
        while some := list(islice(entries, metrics.MAX_ROWS)):
            await _record(context, viewer, rows, some)


_Given = tuple[list[int], Mapping[str, Any]]
"""The lines of a row, several if they were added up, and the row."""


def _read_portion(rows: _Rows, portion: Sequence[Record], sums: "_Sums", latest: date) -> list[_Given]:
    """The rows of a portion; in an import that adds up they go to the sums. Counts what is not to be recorded."""
    given: list[_Given] = []
    done = rows.done
    for record in portion:
        done.read += 1
        row: dict[str, Any] = {}
        try:
            found = rows.row(record)
            if isinstance(found, Rejection):
                done.ignore(record.line, found)
                continue
            row = found
            metric = metrics.clean(row, latest)
        except SeggraphError as problem:
            done.fail(record.line, problem)
            sums.spoil(row, record.line)
            continue
        done.repeated += not sums.add(metric, record.line)
        given.append(([record.line], row))
    return given


class _Sums:
    """The metrics of each campaign, segment and day, added up."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, int, date], Metric] = {}
        self._lines: dict[tuple[int, int, date], list[int]] = {}
        self._spoilt: dict[tuple[Any, ...], int] = {}

    def add(self, metric: Metric, line: int) -> bool:
        """Add a row; whether it is the first of its campaign, segment and day."""
        before = self._sums.get(metric.key)
        if before is None:
            self._sums[metric.key] = metric
            self._lines[metric.key] = [line]
            return True
        self._sums[metric.key] = Metric(
            *metric.key,
            before.spend + metric.spend,
            before.impressions + metric.impressions,
            before.clicks + metric.clicks,
            before.conversions + metric.conversions,
        )
        self._lines[metric.key].append(line)
        return False

    def spoil(self, row: Mapping[str, Any], line: int) -> None:
        """Note that a row is missing in its sum."""
        if row:
            self._spoilt[row["campaignId"], row["segmentId"], row["day"]] = line

    def results(self, done: MetricsImport) -> Iterator[_Given]:
        """The sums as rows with their lines; what has a wrong row would be too small, so all its rows fail."""
        for key, metric in self._sums.items():
            if key in self._spoilt:
                message = f"Line {self._spoilt[key]} belongs to the same sum and is wrong: mend it first."
                for line in self._lines[key]:
                    done.fail(line, Invalid(message, path=("day",)))
                continue
            row = {
                "campaignId": metric.campaign_id,
                "segmentId": metric.segment_id,
                "day": metric.day,
                "spend": metric.spend,
                "impressions": metric.impressions,
                "clicks": metric.clicks,
                "conversionsExact": metric.conversions,
            }
            yield self._lines[key], row


async def _record(context: Context, viewer: Viewer, rows: _Rows, given: Sequence[_Given]) -> None:
    """Record rows, and count what became of them by the lines that they are made of."""
    if not given:
        return
    done = rows.done
    report = await metrics.record(context, viewer, [row for _, row in given], dry_run=rows.settings.dry_run)
    done.written += report.written
    done.unchanged += report.unchanged
    done.warned += len(report.row_warnings)
    failed = {error.index for error in report.row_errors}
    done.summed += sum(len(lines) - 1 for index, (lines, _) in enumerate(given) if index not in failed)
    for error in report.row_errors:
        for line in given[error.index][0]:
            done.fail(line, error)

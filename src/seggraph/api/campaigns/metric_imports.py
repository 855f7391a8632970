"""The import of campaign metrics from a file in the schema: what a client says of a report, and what becomes of it."""

from datetime import date

import strawberry
from strawberry.file_uploads import Upload
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import Caller, caller_of
from seggraph.api.base.errors import ReportErrors, RowError, UserError
from seggraph.api.base.scalars import JSON
from seggraph.api.base.uploads import sent_file
from seggraph.api.campaigns.campaigns import Campaign
from seggraph.api.files.import_columns import ColumnReading, ImportAmbiguity
from seggraph.api.files.import_templates import MappedColumn
from seggraph.api.files.imports import ColumnMapping
from seggraph.api.segments.segments import Segment
from seggraph.errors import Duplicate
from seggraph.services.campaigns import metric_imports, report_rejects
from seggraph.services.campaigns.metric_imports import MetricsImport, NameInReport, ReportSettings
from seggraph.services.campaigns.report_columns import ReportColumn as ColumnView
from seggraph.services.campaigns.report_names import Choice
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import ReportNameBasis


@strawberry.input(description="What the name of a campaign in an ad report stands for.")
class ReportCampaignInput:
    """A choice for one name."""

    name: str = strawberry.field(description="The name of the campaign, as the report has it.")
    ad_set: str | None = strawberry.field(
        default=None,
        description="The name of an ad set or ad group of the campaign, if it stands for a segment of its own.",
    )
    campaign_id: strawberry.ID | None = strawberry.field(
        default=None, description="The campaign that the name stands for."
    )
    segment_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The segment of its rows; default: that of the report, or the only one of the campaign.",
    )
    leave_out: bool | None = strawberry.field(
        default=False, description="Whether rows with this name are left out; default false."
    )
    forget: bool | None = strawberry.field(
        default=False, description="Whether what was kept for this name is forgotten; default false."
    )


@strawberry.input(description="The CSV file of campaign metrics to import, such as a report of an ad tool.")
class ImportCampaignMetricsInput:
    """Input of importCampaignMetrics."""

    file: Upload = strawberry.field(
        description="The CSV file with a header row, up to 200,000 rows, sent by the GraphQL multipart"
        " request specification. Lines before the header and rows of totals are left out."
    )
    mapping: list[ColumnMapping] | None = strawberry.field(
        default=None,
        description="The columns for campaign and segment (ids or names), day, spend, impressions, clicks"
        " and conversions, and for adSet, periodStart, periodEnd and currency; default: columns with the names"
        " that ad tools write.",
    )
    columns: list[ColumnReading] | None = strawberry.field(
        default=None,
        description="The decimal sign or the order of dates of columns, where they are not as detected.",
    )
    campaigns: list[ReportCampaignInput] | None = strawberry.field(
        default=None,
        description="What names of campaigns stand for. It is kept, and used for the next report.",
    )
    campaign_id: strawberry.ID | None = strawberry.field(
        default=None, description="The campaign of all rows, for a report without a column of campaigns."
    )
    segment_id: strawberry.ID | None = strawberry.field(
        default=None, description="The segment of all rows, for a report without a column of segments."
    )
    day: date | None = strawberry.field(
        default=None, description="The day of all rows, for a report about one day."
    )
    currency: str | None = strawberry.field(
        default=None,
        description="A currency of the report, such as USD, that is accepted although the workspace has another."
        " Amounts are not converted.",
    )
    sum_equal_keys: bool | None = strawberry.field(
        default=None,
        description="Whether rows of the same campaign, segment and day are added up; otherwise the last one"
        " counts. Default: true for a report with a column of ad sets, else false.",
    )
    dry_run: bool | None = strawberry.field(
        default=False,
        description="Whether to only report what would happen, and to store nothing; default false.",
    )


@strawberry.type(description="A column of an ad report, and how it is read.")
class ReportColumn:
    """A column."""

    name: str = strawberry.field(description="The name of the column in the header.")
    field: str | None = strawberry.field(description="What the column holds; null if it is not used.")
    samples: list[str] = strawberry.field(description="Some cells of the column, as they are in the file.")
    interpreted: list[str | None] = strawberry.field(
        description="The samples, in the same order, as they are read; null for what cannot be read."
    )
    reading: JSON = strawberry.field(
        description="How the column is read, as an object with the fields of ColumnReading."
    )
    ambiguities: list[ImportAmbiguity] = strawberry.field(
        description="The settings that the cells leave open. Without a choice the report is not imported."
    )

    @staticmethod
    def of(view: ColumnView) -> "ReportColumn":
        """The column as the service reads it."""
        return ReportColumn(
            name=view.name,
            field=view.field,
            samples=view.samples,
            interpreted=view.interpreted,
            reading=JSON(view.reading.to_json()),
            ambiguities=[
                ImportAmbiguity(setting=one.setting.value, options=list(one.options), message=one.message)
                for one in view.ambiguities
            ],
        )


@strawberry.type(description="A campaign as an ad report calls it, and what the name stands for.")
class ReportCampaign:
    """A name in a report."""

    name: str = strawberry.field(description="The name of the campaign in the report.")
    ad_set: str | None = strawberry.field(
        description="The name of the ad set or ad group; null if the report has none."
    )
    rows: int = strawberry.field(description="How many rows have this name.")
    basis: ReportNameBasis = strawberry.field(description="Why the name stands for the campaign.")
    left_out: bool = strawberry.field(description="Whether the rows are left out, as somebody chose.")
    problem: str | None = strawberry.field(
        description="Why rows without a segment of their own cannot be recorded; null if they can."
    )
    campaign_number: strawberry.Private[int | None]
    segment_number: strawberry.Private[int | None]

    @strawberry.field(description="The campaign that the name stands for; null if there is none.")
    @awaits_loaders
    async def campaign(self, info: Info) -> Campaign | None:
        """Load the campaign."""
        if self.campaign_number is None:
            return None
        view = await caller_of(info).loaders.campaigns.by_id.load(self.campaign_number)
        return None if view is None else Campaign.of(view)

    @strawberry.field(description="The segment of the rows; null if none is chosen, or each row says it.")
    @awaits_loaders
    async def segment(self, info: Info) -> Segment | None:
        """Load the segment."""
        if self.segment_number is None:
            return None
        view = await caller_of(info).loaders.segments.by_id.load(self.segment_number)
        return None if view is None else Segment.of(view)

    @staticmethod
    def of(view: NameInReport) -> "ReportCampaign":
        """The name as the service understands it."""
        standing = view.standing
        return ReportCampaign(
            name=view.name,
            ad_set=view.ad_set,
            rows=view.rows,
            basis=standing.basis,
            left_out=standing.is_left_out,
            problem=None if standing.problem is None else standing.problem.message,
            campaign_number=standing.campaign_id,
            segment_number=standing.segment_id,
        )


@strawberry.type(
    description="The number of rows of the file by result: read = written + unchanged + summed + ignored + failed."
)
class ImportCampaignMetricsPayload:
    """Payload of importCampaignMetrics."""

    read: int = strawberry.field(default=0, description="How many rows the file has, without its header.")
    written: int = strawberry.field(
        default=0, description="How many rows were new or corrected earlier numbers."
    )
    unchanged: int = strawberry.field(default=0, description="How many rows changed nothing.")
    summed: int = strawberry.field(
        default=0, description="How many rows were added to another row of their campaign, segment and day."
    )
    ignored: int = strawberry.field(
        default=0,
        description="How many rows were left out: totals, notes below the table, and campaigns that are left out.",
    )
    failed: int = strawberry.field(default=0, description="How many rows were not recorded.")
    warned: int = strawberry.field(
        default=0, description="How many rows were recorded although they have more clicks than impressions."
    )
    repeated: int = strawberry.field(
        default=0,
        description="How many rows have the campaign, segment and day of an earlier row: they are added up, or"
        " replace it.",
    )
    sums_equal_keys: bool = strawberry.field(
        default=False, description="Whether rows of the same campaign, segment and day were added up."
    )
    skip_lines: int = strawberry.field(
        default=0, description="How many lines before the header were left out."
    )
    mapping: list[MappedColumn] = strawberry.field(
        default_factory=list, description="The mapping of columns that was used."
    )
    columns: list[ReportColumn] = strawberry.field(
        default_factory=list, description="The columns of the file, in order."
    )
    campaigns: list[ReportCampaign] = strawberry.field(
        default_factory=list,
        description="The first 1,000 different campaigns in the file, as it calls them.",
    )
    campaign_count: int = strawberry.field(
        default=0, description="How many different campaigns, with their ad sets, the file has."
    )
    row_errors: list[RowError] = strawberry.field(
        default_factory=list,
        description="The first 1,000 failed rows; index is the line in the file where the row begins, from 1.",
    )
    ignored_lines: list[int] = strawberry.field(
        default_factory=list, description="The lines of the first 1,000 rows that were left out."
    )
    rejected_url: str | None = strawberry.field(
        default=None,
        description="The URL to download the failed and ignored rows as CSV with line number and reason, valid for"
        " one hour without signing in; null if there are none.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="The errors because of which nothing was imported; empty on success.",
    )


@strawberry.type
class MetricImportMutations:
    """The mutation that imports metrics."""

    @strawberry.mutation(
        description="Record the campaign metrics of a CSV file, such as a report of Google Ads, Meta, LinkedIn,"
        " Microsoft Advertising or TikTok as it was downloaded. With dryRun the payload says what would happen."
        " Importing the same file again changes nothing.",
        extensions=[ReportErrors(ImportCampaignMetricsPayload)],
    )
    async def import_campaign_metrics(
        self, info: Info, input: ImportCampaignMetricsInput
    ) -> ImportCampaignMetricsPayload:
        """Import."""
        caller = caller_of(info)
        file = await sent_file(input.file)
        done = await metric_imports.run(caller.services, caller.viewer, file.read, _settings(input), ids.find)
        return _payload(caller, done)


def _payload(caller: Caller, done: MetricsImport) -> ImportCampaignMetricsPayload:
    rejected = done.rejected_file
    if rejected is not None:
        path = report_rejects.signed_path(caller.services.settings, caller.viewer, rejected)
        rejected = f"{caller.base_url}{path}"
    return ImportCampaignMetricsPayload(
        read=done.read,
        written=done.written,
        unchanged=done.unchanged,
        summed=done.summed,
        ignored=done.ignored,
        failed=done.failed,
        warned=done.warned,
        repeated=done.repeated,
        sums_equal_keys=done.is_summed,
        skip_lines=done.skip_lines,
        mapping=[MappedColumn(column=column, field=name) for column, name in done.mapping.items()],
        columns=[ReportColumn.of(column) for column in done.columns],
        campaigns=[ReportCampaign.of(name) for name in done.names],
        campaign_count=done.name_count,
        row_errors=[RowError.of(error) for error in done.row_errors],
        ignored_lines=done.ignored_lines,
        rejected_url=rejected,
    )


def _settings(given: ImportCampaignMetricsInput) -> ReportSettings:
    choices = [
        Choice(
            name=one.name,
            ad_set=one.ad_set,
            campaign_id=_number("Campaign", one.campaign_id, "campaigns", index, "campaignId"),
            segment_id=_number("Segment", one.segment_id, "campaigns", index, "segmentId"),
            leave_out=bool(one.leave_out),
            forget=bool(one.forget),
        )
        for index, one in enumerate(given.campaigns or [])
    ]
    return ReportSettings(
        mapping=_mapping(given.mapping),
        readings=[(one.column, one.settings()) for one in given.columns or []],
        choices=choices,
        campaign_id=_number("Campaign", given.campaign_id, "campaignId"),
        segment_id=_number("Segment", given.segment_id, "segmentId"),
        day=given.day,
        currency=given.currency,
        sum_equal_keys=given.sum_equal_keys,
        dry_run=bool(given.dry_run),
    )


def _number(what: str, given: strawberry.ID | None, *path: str | int) -> int | None:
    return None if given is None else ids.decode(what, given, path=path)


def _mapping(pairs: list[ColumnMapping] | None) -> dict[str, str] | None:
    if pairs is None:
        return None
    field_by_column: dict[str, str] = {}
    for index, pair in enumerate(pairs):
        if pair.column in field_by_column:
            raise Duplicate("The mapping contains this column twice.", path=("mapping", index, "column"))
        field_by_column[pair.column] = pair.field
    return field_by_column

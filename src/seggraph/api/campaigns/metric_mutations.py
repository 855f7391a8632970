"""The mutation that records campaign metrics by rows."""

from datetime import date
from decimal import Decimal
from typing import Any

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, RowError, UserError
from seggraph.services.campaigns import metrics as campaign_metrics
from seggraph.services.campaigns.metrics import RowWarningView
from seggraph.transport import Row, row, with_rows


@strawberry.type(description="A warning about a row that was recorded.")
class RowWarning:
    """A remark on a row."""

    index: int = strawberry.field(description="The position of the row in the input, from 0.")
    code: str = strawberry.field(description="A code for programs: CLICKS_ABOVE_IMPRESSIONS.")
    message: str = strawberry.field(description="A message for people.")

    @staticmethod
    def of(view: RowWarningView) -> "RowWarning":
        """The warning as the service gives it."""
        return RowWarning(index=view.index, code=view.code, message=view.message)


@row
@strawberry.input(description="The metrics of a campaign for one segment on one day.")
class CampaignMetricInput:
    """A row of recordCampaignMetrics: of several with the same campaign, segment and day the last one counts."""

    campaign_id: strawberry.ID = strawberry.field(
        description="The campaign. Team members may record only for campaigns that they created."
    )
    segment_id: strawberry.ID = strawberry.field(
        description="The segment: one that the campaign targets, or that already has metrics in it."
    )
    day: date = strawberry.field(description="The day; at most one day in the future.")
    spend: Decimal = strawberry.field(
        description="The amount spent, in the currency of the workspace: 0 to 1,000,000,000, at most 4"
        " decimals."
    )
    impressions: int = strawberry.field(description="How often the campaign was shown: 0 to 1,000,000,000.")
    clicks: int = strawberry.field(
        description="How often it was clicked: 0 to 1,000,000,000. More clicks than impressions are recorded"
        " with a warning."
    )
    conversions: int | None = strawberry.field(
        default=0, description="How many conversions there were: 0 to 1,000,000,000; null counts as 0."
    )
    conversions_exact: Decimal | None = strawberry.field(
        default=None,
        description="The number of conversions with up to 4 decimals, instead of `conversions`: ad tools share one"
        " conversion between several ads.",
    )


@with_rows
@strawberry.input(description="The campaign metrics to record.")
class RecordCampaignMetricsInput:
    """Input of recordCampaignMetrics."""

    rows: list[Row] = strawberry.field(
        graphql_type=list[CampaignMetricInput], description="The rows to record: up to 5,000, in any order."
    )


@strawberry.type(description="The number of rows by result: written + unchanged + rows with errors.")
class RecordCampaignMetricsPayload:
    """Payload of recordCampaignMetrics."""

    written: int = strawberry.field(
        default=0, description="How many rows were new or corrected earlier numbers."
    )
    unchanged: int = strawberry.field(
        default=0, description="How many rows changed nothing: already recorded, or repeated in a later row."
    )
    row_errors: list[RowError] = strawberry.field(
        default_factory=list, description="The rows that were not recorded, with one error each."
    )
    row_warnings: list[RowWarning] = strawberry.field(
        default_factory=list, description="Warnings about rows that were recorded."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="The errors because of which nothing was recorded; empty on success.",
    )


@strawberry.type
class MetricMutations:
    """The mutations of metrics."""

    @strawberry.mutation(
        description="Record up to 5,000 rows of campaign metrics. The last write for a campaign, segment and"
        " day counts, so repeating is harmless. Valid rows are recorded even if others have"
        " errors.",
        extensions=[ReportErrors(RecordCampaignMetricsPayload)],
    )
    async def record_campaign_metrics(
        self, info: Info, input: RecordCampaignMetricsInput
    ) -> RecordCampaignMetricsPayload:
        """Record."""
        caller = caller_of(info)
        rows = [_with_numbers(row) for row in input.rows]
        report = await campaign_metrics.record(caller.services, caller.viewer, rows)
        return RecordCampaignMetricsPayload(
            written=report.written,
            unchanged=report.unchanged,
            row_errors=[RowError.of(error) for error in report.row_errors],
            row_warnings=[RowWarning.of(warning) for warning in report.row_warnings],
        )


def _with_numbers(given: Row) -> dict[str, Any]:
    """A row whose ids are numbers, as the service takes it."""
    numbers = {
        key: ids.find(what, given[key])
        for what, key in (("Campaign", "campaignId"), ("Segment", "segmentId"))
        if isinstance(given.get(key), str)
    }
    return {**given, **numbers}

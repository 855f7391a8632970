"""Campaign metrics in the schema: totals, series, and what a segment's metrics are made of."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.scalars import MAX_INT, as_int
from seggraph.services.campaigns.metric_series import TOTALS_OF_ROW, Asked, Subject, Totals
from seggraph.services.segments.views import SegmentView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.transport.compiled.records import loads, reads, rows_of
from seggraph.vocabulary import HistoryInterval

if TYPE_CHECKING:
    from seggraph.api.campaigns.campaigns import Campaign

LinkedCampaign: TypeAlias = Annotated["Campaign", strawberry.lazy("seggraph.api.campaigns.campaigns")]

From = Annotated[
    date | None,
    strawberry.argument(
        name="from", description="The first day of the period; default: the first day with metrics."
    ),
]
To = Annotated[
    date | None,
    strawberry.argument(
        description="The last day of the period, included; default: the last day with metrics."
    ),
]


AT_MOST = f"at most {MAX_INT:,}, which also stands for more"


@strawberry.interface(description="Sums of campaign metrics, and the ratios calculated from them.")
class MetricSums:
    """What totals and the points of a series have in common. Money is in the workspace's currency."""

    spend: Decimal = strawberry.field(description="The amount spent, in the currency of the workspace.")
    impressions: int = strawberry.field(description=f"How often campaigns were shown; {AT_MOST}.")
    clicks: int = strawberry.field(description=f"How often campaigns were clicked; {AT_MOST}.")
    conversions: int = strawberry.field(
        description=f"How many conversions there were, rounded to a whole number; {AT_MOST}."
    )
    impressions_exact: Decimal = strawberry.field(
        description="The number of impressions, without the limit of impressions."
    )
    clicks_exact: Decimal = strawberry.field(description="The number of clicks, without the limit of clicks.")
    conversions_exact: Decimal = strawberry.field(
        description="The number of conversions with its decimals, without the limit of conversions."
    )
    ctr: float | None = strawberry.field(
        description="The click-through rate: clicks / impressions; null without impressions."
    )
    cpc: Decimal | None = strawberry.field(
        description="The cost per click: spend / clicks, to 4 decimals; null without clicks."
    )
    cpm: Decimal | None = strawberry.field(
        description="The cost per thousand impressions: spend / impressions x 1,000, to 4 decimals; null"
        " without impressions."
    )


def _sums(totals: Totals) -> dict[str, Any]:
    """The fields of MetricSums."""
    return {
        "spend": totals.spend,
        "impressions": as_int(totals.impressions),
        "clicks": as_int(totals.clicks),
        "conversions": as_int(int(totals.conversions.quantize(Decimal(1), ROUND_HALF_UP))),
        "impressions_exact": Decimal(totals.impressions),
        "clicks_exact": Decimal(totals.clicks),
        "conversions_exact": totals.conversions,
        "ctr": totals.ctr,
        "cpc": totals.cpc,
        "cpm": totals.cpm,
    }


@strawberry.type(description="The totals of campaign metrics in a period.")
class MetricTotals(MetricSums):
    """Totals."""

    campaign_count: int = strawberry.field(description="How many campaigns the metrics are from.")
    flagged_count: int = strawberry.field(
        description="How many of the recorded rows have more clicks than impressions."
    )

    @staticmethod
    def of(totals: Totals) -> "MetricTotals":
        """The totals as the service adds them up."""
        return MetricTotals(
            **_sums(totals),
            campaign_count=totals.campaign_count,
            flagged_count=totals.flagged_count,
        )


@strawberry.type(description="One step in a series of metrics; all numbers are 0 if there are none.")
class MetricPoint(MetricSums):
    """A point; without metrics it is zero."""

    day: date = strawberry.field(
        description="The day, the Monday of the week, or the first of the month. Days outside of the period"
        " are not included."
    )

    @staticmethod
    def of(day: date, totals: Totals) -> "MetricPoint":
        """The point as the service adds it up."""
        return MetricPoint(
            day=day,
            **_sums(totals),
        )


@strawberry.type(description="The share of one campaign in the metrics of a segment.")
class CampaignMetrics:
    """The part of a campaign."""

    campaign: LinkedCampaign = strawberry.field(description="The campaign that the totals are about.")
    totals: MetricTotals = strawberry.field(description="The totals of this campaign.")


rows_of(
    MetricTotals, list(MetricTotals.__dataclass_fields__), lambda row: MetricTotals(**row), table="totals"
)


def totals_of(subject: Subject | None) -> Any:
    """The field with the totals; those of a subject over all time are read with its row."""
    made = None if subject is None else TOTALS_OF_ROW.format(most=MAX_INT, subject=subject.value)

    @strawberry.field(
        description="The totals of the whole period.",
        metadata=loads(
            lambda info: caller_of(info).loaders.metrics.totals, "asked", MetricTotals.of, made=made
        ),
    )
    @awaits_loaders
    async def totals(self: "MetricFields", info: Info) -> MetricTotals:
        """Look them up for the whole page at once."""
        return MetricTotals.of(await caller_of(info).loaders.metrics.totals.load(self.asked))

    return totals


@strawberry.type
class MetricFields:
    """What metrics of segments and of campaigns have in common."""

    asked: strawberry.Private[Asked]

    totals = totals_of(None)

    @strawberry.field(
        description="One point for each step from the first day to the last, up to 4,000 points. HOUR is not"
        " possible, as metrics are recorded by day."
    )
    @awaits_loaders
    async def series(
        self,
        info: Info,
        interval: Annotated[HistoryInterval, strawberry.argument(description="The length of one step.")],
    ) -> list[MetricPoint]:
        """Look it up for the whole page at once."""
        points = await caller_of(info).loaders.metrics.series.load((self.asked, interval))
        return [MetricPoint.of(day, totals) for day, totals in points]


@strawberry.type(description="The campaign metrics of a segment in a period.")
class SegmentMetrics(MetricFields):
    """Metrics of a segment."""

    totals = totals_of(Subject.SEGMENT)

    @strawberry.field(description="The totals by campaign, for campaigns that have metrics in the period.")
    @awaits_loaders
    async def by_campaign(self, info: Info) -> list[CampaignMetrics]:
        """Look them up for the whole page at once."""
        from seggraph.api.campaigns.campaigns import Campaign

        loaders = caller_of(info).loaders
        parts = await loaders.metrics.parts.load(self.asked)
        campaigns = await loaders.campaigns.by_id.load_many(list(parts))
        return [
            CampaignMetrics(campaign=Campaign.of(view), totals=MetricTotals.of(parts[view.id]))
            for view in campaigns
            if view is not None
        ]


@strawberry.type
class SegmentMetricFields:
    """The part of Segment that says what campaigns made of it."""

    view: strawberry.Private[SegmentView]

    @strawberry.field(
        description="The campaign metrics of the segment, from one day to another.",
        metadata=reads("id", is_record=True),
    )
    def metrics(self, from_: From = None, to: To = None) -> SegmentMetrics:
        """Ask for metrics; they are read where they are asked for."""
        asked = Asked(Subject.SEGMENT, self.view.id, from_, to)
        asked.require_order()
        return SegmentMetrics(asked=asked)

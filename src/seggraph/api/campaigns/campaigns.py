"""Campaigns in the schema: the type, its connection, and the queries."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, CountedConnection, Edge, First, Last, request_of
from seggraph.api.metrics.metrics import From, MetricFields, MetricTotals, To
from seggraph.api.segments.segments import Segment
from seggraph.api.users.viewer import KeyName, User, load_key_name, load_user
from seggraph.services.campaigns import views as campaign_views
from seggraph.services.campaigns.audiences import CampaignAudienceView
from seggraph.services.campaigns.metric_series import Asked, Subject
from seggraph.services.campaigns.views import CampaignList, CampaignView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import CampaignStatus, Channel, MemberKind


@strawberry.type(description="How many members one channel reaches.")
class ChannelReach:
    """A channel and a count."""

    channel: Channel = strawberry.field(description="The channel that is counted.")
    count: int = strawberry.field(description="How many members the channel reaches.")


@strawberry.type(
    description="The audience of a campaign: the members of its segments without the members of its"
    " excluded segments. Segments that you may not see count too."
)
class CampaignAudience:
    """The audience; it counts segments that you do not see too."""

    kind: MemberKind | None = strawberry.field(
        description="The kind of the members; null if the campaign has no segments."
    )
    member_count: int = strawberry.field(description="How many members the campaign targets.")
    reach: int | None = strawberry.field(
        description="How many of the members the campaign's channel reaches; null if no channel is set."
    )
    by_channel: list[ChannelReach] = strawberry.field(
        description="For each channel, how many of the members it reaches."
    )
    as_of: datetime | None = strawberry.field(description="The time of the oldest data among its segments.")

    @staticmethod
    def of(view: CampaignAudienceView, channel: Channel | None) -> "CampaignAudience":
        """The audience as the service computes it."""
        return CampaignAudience(
            kind=view.kind,
            member_count=view.member_count,
            reach=None if channel is None else view.reached[channel],
            by_channel=[
                ChannelReach(channel=reached, count=count) for reached, count in view.reached.items()
            ],
            as_of=view.as_of,
        )


@strawberry.type(description="The share of one segment in the metrics of a campaign.")
class CampaignSegmentMetrics:
    """The part of a segment."""

    segment: Segment = strawberry.field(description="The segment that the totals are about.")
    totals: MetricTotals = strawberry.field(description="The totals of this segment.")


@strawberry.type(
    description="The metrics of a campaign in a period. The sums include segments that you may not see."
)
class CampaignReport(MetricFields):
    """Metrics of a campaign."""

    @strawberry.field(
        description="The totals by segment, for segments that you may see and that have metrics in the"
        " period."
    )
    @awaits_loaders
    async def by_segment(self, info: Info) -> list[CampaignSegmentMetrics]:
        """Look them up for the whole page at once."""
        loaders = caller_of(info).loaders
        parts = await loaders.metrics.parts.load(self.asked)
        segments = await loaders.segments.by_id.load_many(list(parts))
        return [
            CampaignSegmentMetrics(segment=Segment.of(view), totals=MetricTotals.of(parts[view.id]))
            for view in segments
            if view is not None
        ]


@strawberry.type(description="A campaign, which targets the members of segments, with its metrics.")
class Campaign(Node):
    """A campaign. Everyone in the workspace sees it, but of its segments only those that they may see."""

    name: str = strawberry.field(description="The name. It is unique in the workspace; case is ignored.")
    channel: Channel | None = strawberry.field(
        description="The channel by which the campaign contacts members; null if none is set."
    )
    status: CampaignStatus = strawberry.field(description="The status of the campaign.")
    starts_on: date | None = strawberry.field(
        description="The first day of the campaign; null if none is set."
    )
    ends_on: date | None = strawberry.field(description="The last day of the campaign; null if none is set.")
    version: int = strawberry.field(
        description="The number of edits so far. Send it with an edit to get CONFLICT if the object was"
        " edited in between."
    )
    created_at: datetime = strawberry.field(description="When it was created.")
    last_modified_at: datetime = strawberry.field(description="When it was last changed.")
    view: strawberry.Private[CampaignView]

    @strawberry.field(description="The segments that the campaign targets, of those that you may see.")
    @awaits_loaders
    async def segments(self, info: Info) -> list[Segment]:
        """Load the segments."""
        uses = await caller_of(info).loaders.campaigns.segments.load(self.view.id)
        return await _segments(info, uses.included)

    @strawberry.field(
        description="The segments whose members the campaign leaves out, of those that you may see."
    )
    @awaits_loaders
    async def excluded_segments(self, info: Info) -> list[Segment]:
        """Load the segments."""
        uses = await caller_of(info).loaders.campaigns.segments.load(self.view.id)
        return await _segments(info, uses.excluded)

    @strawberry.field(description="How many more segments the campaign uses that you may not see.")
    @awaits_loaders
    async def hidden_segment_count(self, info: Info) -> int:
        """Count them."""
        return (await caller_of(info).loaders.campaigns.segments.load(self.view.id)).hidden_count

    @strawberry.field(
        description="The members that the campaign targets, calculated from the current members of its"
        " segments."
    )
    @awaits_loaders
    async def audience(self, info: Info) -> CampaignAudience:
        """Compute it for the whole page at once."""
        audience = await caller_of(info).loaders.campaigns.audiences.load(self.view.id)
        return CampaignAudience.of(audience, self.channel)

    @strawberry.field(description="The metrics of the campaign, from one day to another.")
    def metrics(self, from_: From = None, to: To = None) -> CampaignReport:
        """Ask for metrics; they are read where they are asked for."""
        asked = Asked(Subject.CAMPAIGN, self.view.id, from_, to)
        asked.require_order()
        return CampaignReport(asked=asked)

    @strawberry.field(
        description="The user who created it; null if an API key did, or if the user was deleted."
    )
    @awaits_loaders
    async def created_by(self, info: Info) -> User | None:
        """Load the user."""
        return await load_user(info, self.view.created_by_id)

    @strawberry.field(
        description="The API key that created it; null if a user did, or if the key was deleted."
    )
    @awaits_loaders
    async def created_by_key(self, info: Info) -> KeyName | None:
        """Load the name of the key."""
        return await load_key_name(info, self.view.created_by_key_id)

    @staticmethod
    def of(view: CampaignView) -> "Campaign":
        """The campaign as the service reads it."""
        return Campaign(
            id=ids.encode("Campaign", view.id),
            name=view.name,
            channel=view.channel,
            status=view.status,
            starts_on=view.starts_on,
            ends_on=view.ends_on,
            version=view.version,
            created_at=view.created_at,
            last_modified_at=view.last_modified_at,
            view=view,
        )


@strawberry.type(description="A page of a list of campaigns.")
class CampaignConnection(CountedConnection[Campaign, Edge[Campaign]]):
    """A page of the list."""


@strawberry.type
class CampaignQueries:
    """The queries of campaigns."""

    @strawberry.field(description="A campaign by its global id; null if the workspace has no such campaign.")
    async def campaign(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The global id of the campaign.")],
    ) -> Campaign | None:
        """Find a campaign."""
        number = ids.find("Campaign", id)
        if number is None:
            return None
        view = await caller_of(info).loaders.campaigns.by_id.load(number)
        return None if view is None else Campaign.of(view)

    @strawberry.field(description="The campaigns of the workspace, newest first.")
    async def campaigns(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="Return only campaigns whose name contains these words, in any order; case is ignored."
            ),
        ] = None,
        statuses: Annotated[
            list[CampaignStatus] | None,
            strawberry.argument(description="Return only campaigns in these statuses."),
        ] = None,
    ) -> CampaignConnection:
        """A page of campaigns."""
        viewer = caller_of(info).viewer
        list_ = CampaignList(search, None if statuses is None else tuple(statuses))
        page = await campaign_views.list_page(viewer, list_, request_of(first, after, last, before))
        return CampaignConnection.of(page, Campaign.of, lambda: campaign_views.count(viewer, list_))


async def _segments(info: Info, segment_ids: tuple[int, ...]) -> list[Segment]:
    views = await caller_of(info).loaders.segments.by_id.load_many(list(segment_ids))
    return [Segment.of(view) for view in views if view is not None]

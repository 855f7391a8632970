"""From segments to their campaigns. Campaigns have segments, and segments have campaigns: here the circle is cut."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry
from strawberry.types import Info

from seggraph.api.base.context import caller_of
from seggraph.api.base.paging import After, Before, First, Last, request_of
from seggraph.services.segments.views import SegmentView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.transport.compiled.records import reads

if TYPE_CHECKING:
    from seggraph.api.campaigns.campaigns import CampaignConnection

LinkedCampaigns: TypeAlias = Annotated[
    "CampaignConnection", strawberry.lazy("seggraph.api.campaigns.campaigns")
]


@strawberry.type
class SegmentCampaignFields:
    """The part of Segment that says which campaigns use it."""

    view: strawberry.Private[SegmentView]

    @strawberry.field(
        description="The campaigns that target the segment or leave it out, newest first.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def campaigns(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> LinkedCampaigns:
        """A page, looked up for all segments of a list at once."""
        from seggraph.api.campaigns.campaigns import Campaign, CampaignConnection

        loaders = caller_of(info).loaders.campaigns
        request = request_of(first, after, last, before)
        page = await loaders.pages_of_segments.load((self.view.id, request))
        return CampaignConnection.of(page, Campaign.of, lambda: loaders.counts_of_segments.load(self.view.id))

    @strawberry.field(
        description="How many campaigns target the segment or leave it out.",
        metadata=reads("id"),
    )
    @awaits_loaders
    async def campaign_count(self, info: Info) -> int:
        """Look it up for the whole page at once."""
        return await caller_of(info).loaders.campaigns.counts_of_segments.load(self.view.id)

"""Campaigns: by id, of segments, with their segments and audiences."""

from functools import cached_property

from seggraph.api.loaders.batching import NO_PAGE, NounLoaders, by_key
from seggraph.database.paging import Page
from seggraph.services.campaigns import audiences as campaign_audiences
from seggraph.services.campaigns import views as campaign_views
from seggraph.services.campaigns.audiences import NOBODY, CampaignAudienceView
from seggraph.services.campaigns.views import CampaignSegments, CampaignView, OfSegment
from seggraph.transport.compiled.loading import DataLoader


class CampaignLoaders(NounLoaders):
    """Campaigns: by id, of segments, with their segments and audiences."""

    @cached_property
    def by_id(self) -> DataLoader[int, CampaignView | None]:
        """Campaigns by id."""
        return by_key(lambda ids: campaign_views.get_many(self._viewer, ids), None)

    @cached_property
    def segments(self) -> DataLoader[int, CampaignSegments]:
        """The segments of a campaign, by its id."""
        return by_key(lambda ids: campaign_views.segments_of(self._viewer, ids), CampaignSegments())

    @cached_property
    def pages_of_segments(self) -> DataLoader[OfSegment, Page[CampaignView]]:
        """Pages of the campaigns of segments."""
        return by_key(lambda asked: campaign_views.pages_of_segments(self._viewer, asked), NO_PAGE)

    @cached_property
    def counts_of_segments(self) -> DataLoader[int, int]:
        """How many campaigns a segment has, by its id."""
        return by_key(lambda ids: campaign_views.counts_of_segments(self._viewer, ids), 0)

    @cached_property
    def audiences(self) -> DataLoader[int, CampaignAudienceView]:
        """The members that a campaign targets, by its id."""
        return by_key(lambda ids: campaign_audiences.get_many(self._viewer, ids), NOBODY)

"""Loaders by noun: what the fields of a whole page ask for is read at once. They live for one operation."""

from functools import cached_property

from seggraph.access import Viewer
from seggraph.api.loaders.campaigns import CampaignLoaders
from seggraph.api.loaders.catalogue import CatalogueLoaders
from seggraph.api.loaders.destinations import DestinationLoaders
from seggraph.api.loaders.events import EventLoaders
from seggraph.api.loaders.history import HistoryLoaders
from seggraph.api.loaders.labels import LabelLoaders
from seggraph.api.loaders.members import MemberLoaders
from seggraph.api.loaders.memberships import MembershipLoaders
from seggraph.api.loaders.metrics import MetricLoaders
from seggraph.api.loaders.playbooks import PlaybookLoaders
from seggraph.api.loaders.segments import SegmentLoaders
from seggraph.api.loaders.users import UserLoaders
from seggraph.api.loaders.webhooks import WebhookLoaders
from seggraph.context import Context


class Loaders:
    """The loaders of one operation, for what this viewer may see: `loaders.segments.by_id.load(7)`."""

    def __init__(self, viewer: Viewer, services: Context) -> None:
        self._viewer = viewer
        self._services = services

    @cached_property
    def campaigns(self) -> CampaignLoaders:
        """Campaigns: by id, of segments, with their segments and audiences."""
        return CampaignLoaders(self._viewer, self._services)

    @cached_property
    def metrics(self) -> MetricLoaders:
        """Campaign metrics: totals, parts and series."""
        return MetricLoaders(self._viewer, self._services)

    @cached_property
    def catalogue(self) -> CatalogueLoaders:
        """The catalogue of fields by kind, with examples and counts."""
        return CatalogueLoaders(self._viewer, self._services)

    @cached_property
    def destinations(self) -> DestinationLoaders:
        """Destinations by id, and deliveries of segments and at destinations."""
        return DestinationLoaders(self._viewer, self._services)

    @cached_property
    def events(self) -> EventLoaders:
        """Events of members: pages and counts."""
        return EventLoaders(self._viewer, self._services)

    @cached_property
    def history(self) -> HistoryLoaders:
        """The history of segments: runs, sizes, membership changes and past memberships."""
        return HistoryLoaders(self._viewer, self._services)

    @cached_property
    def labels(self) -> LabelLoaders:
        """Labels, folders and favourites of segments."""
        return LabelLoaders(self._viewer, self._services)

    @cached_property
    def members(self) -> MemberLoaders:
        """Members by key, with their addresses, relations and customer value."""
        return MemberLoaders(self._viewer, self._services)

    @cached_property
    def memberships(self) -> MembershipLoaders:
        """Which segments hold a member, since when and by what."""
        return MembershipLoaders(self._viewer, self._services)

    @cached_property
    def playbooks(self) -> PlaybookLoaders:
        """Playbooks by id, and the segments that they add to."""
        return PlaybookLoaders(self._viewer, self._services)

    @cached_property
    def segments(self) -> SegmentLoaders:
        """Segments by id, with their sources, members, usages and customer value."""
        return SegmentLoaders(self._viewer, self._services)

    @cached_property
    def users(self) -> UserLoaders:
        """Users by id."""
        return UserLoaders(self._viewer, self._services)

    @cached_property
    def webhooks(self) -> WebhookLoaders:
        """Messages to webhooks and the attempts to send them."""
        return WebhookLoaders(self._viewer, self._services)

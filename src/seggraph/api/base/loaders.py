"""Loaders: what the fields of a whole page ask for is read at once. They live for one operation."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final, TypeVar

from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.context import Context
from seggraph.criteria import Catalogue
from seggraph.database.paging import Page, PageRequest
from seggraph.services.campaigns import audiences as campaign_audiences
from seggraph.services.campaigns import metric_series
from seggraph.services.campaigns import views as campaign_views
from seggraph.services.campaigns.audiences import NOBODY, CampaignAudience
from seggraph.services.campaigns.metric_series import NOTHING, Series, Stepped, Totals
from seggraph.services.campaigns.metric_series import Asked as MetricsAsked
from seggraph.services.campaigns.views import CampaignSegments, CampaignView, OfSegment
from seggraph.services.catalogue import catalogues, field_examples, value_counts
from seggraph.services.changes import freshness
from seggraph.services.changes.freshness import Pending
from seggraph.services.customer_value import audience_values, customer_values
from seggraph.services.customer_value.customer_values import CustomerValue
from seggraph.services.destinations import deliveries, destinations
from seggraph.services.destinations.deliveries import DeliveryView as SegmentDeliveryView
from seggraph.services.destinations.destinations import DestinationView
from seggraph.services.events import member_events
from seggraph.services.events.member_events import Asked as EventsAsked
from seggraph.services.events.member_events import EventView
from seggraph.services.history import past_memberships, runs, size_history
from seggraph.services.history.past_memberships import AtAsked, Interval, MoveList, MovesAsked, MoveView
from seggraph.services.history.runs import Asked as RunsAsked
from seggraph.services.history.runs import RunView
from seggraph.services.history.size_history import Asked as SizesAsked
from seggraph.services.history.size_history import SizePoint
from seggraph.services.identity import users
from seggraph.services.identity.users import UserView
from seggraph.services.members import members, related
from seggraph.services.members.members import Addresses, MemberView
from seggraph.services.members.related import RelatedKey
from seggraph.services.memberships import memberships
from seggraph.services.memberships.memberships import Holding, MemberKey, Pair, SourceView
from seggraph.services.playbooks import views as playbook_views
from seggraph.services.playbooks.views import PlaybookView
from seggraph.services.reach import steps as reach_steps
from seggraph.services.reach.steps import Asked as ReachAsked
from seggraph.services.segments import members as segment_members
from seggraph.services.segments import usages as segment_usages
from seggraph.services.segments import views as segment_views
from seggraph.services.segments.members import SegmentPage, SegmentPageRequest
from seggraph.services.segments.usages import Usage
from seggraph.services.segments.views import SegmentView
from seggraph.services.webhooks import attempts as webhook_attempts
from seggraph.services.webhooks.attempts import AttemptView, DeliveryList, DeliveryView
from seggraph.transport.loading import DataLoader
from seggraph.vocabulary import MemberKind

K = TypeVar("K")
V = TypeVar("V")

NO_PAGE: Final[Page[Any]] = Page([], [], has_next=False, has_previous=False)


class Loaders:
    """One loader per kind of thing that fields of a list ask for: what a page needs is read in one statement."""

    def __init__(self, viewer: Viewer, services: Context) -> None:
        self._viewer = viewer
        self._services = services

    @cached_property
    def run_pages(self) -> DataLoader[RunsAsked, Page[RunView]]:
        """Pages of segments' runs."""
        return _by_key(lambda asked: runs.pages(self._viewer, asked), NO_PAGE)

    @cached_property
    def run_counts(self) -> DataLoader[int, int]:
        """How many runs segments have."""
        return _by_key(lambda ids: runs.counts(self._viewer, ids), 0)

    @cached_property
    def sizes(self) -> DataLoader[SizesAsked, list[SizePoint]]:
        """Size histories of segments."""
        return _by_key(lambda asked: size_history.points(self._viewer, asked), [])

    @cached_property
    def members_at(self) -> DataLoader[AtAsked, tuple[Page[MemberView], BitMap]]:
        """Pages of memberships at instants."""
        nobody: tuple[Page[MemberView], BitMap] = (NO_PAGE, BitMap())
        return _by_key(lambda asked: past_memberships.pages_at(self._viewer, asked), nobody)

    @cached_property
    def moves(self) -> DataLoader[MovesAsked, Page[MoveView]]:
        """Pages of segments' moves."""
        return _by_key(lambda asked: past_memberships.moves(self._viewer, asked), NO_PAGE)

    @cached_property
    def move_counts(self) -> DataLoader[MoveList, int]:
        """How many moves segments had."""
        return _by_key(lambda lists: past_memberships.count_moves(self._viewer, lists), 0)

    @cached_property
    def intervals(self) -> DataLoader[Pair, list[Interval]]:
        """When members were in segments."""
        return _by_key(lambda pairs: past_memberships.intervals(self._viewer, pairs), [])

    @cached_property
    def distinct_addresses(self) -> DataLoader[ReachAsked, int | None]:
        """How many different addresses a segment's reach by a channel is."""
        return _by_key(lambda asked: reach_steps.distinct_addresses(self._viewer, asked), None)

    @cached_property
    def users(self) -> DataLoader[int, UserView | None]:
        """Users of the workspace by id."""
        return _by_key(lambda ids: users.get_many(self._viewer, ids), None)

    @cached_property
    def addresses(self) -> DataLoader[int, Addresses]:
        """Addresses by member id."""
        return _by_key(lambda ids: members.addresses(self._viewer, ids), Addresses())

    @cached_property
    def field_examples(self) -> DataLoader[MemberKind, Mapping[str, Any]]:
        """Values that members have, by kind and field."""
        return _by_key(lambda kinds: field_examples.get_many(self._viewer, kinds), {})

    @cached_property
    def field_counts(self) -> DataLoader[MemberKind, Mapping[str, int]]:
        """How many members have a field, by kind."""
        return _by_key(lambda kinds: value_counts.member_counts(self._viewer, kinds), {})

    @cached_property
    def related(self) -> DataLoader[RelatedKey, list[MemberView]]:
        """Related members by member and relation."""
        return _by_key(lambda asked: related.get_many(self._viewer, asked), [])

    @cached_property
    def members(self) -> DataLoader[MemberKey, MemberView | None]:
        """Members by kind and ordinal."""
        return _by_key(lambda keys: members.by_keys(self._viewer, keys), None)

    @cached_property
    def events(self) -> DataLoader[tuple[EventsAsked, PageRequest], Page[EventView]]:
        """Pages of members' events."""
        return _by_key(lambda asked: member_events.pages_of(self._viewer, asked), NO_PAGE)

    @cached_property
    def event_counts(self) -> DataLoader[EventsAsked, int]:
        """How many events members have."""
        return _by_key(lambda asked: member_events.counts_of(self._viewer, asked), 0)

    @cached_property
    def customer_values(self) -> DataLoader[MemberKey, CustomerValue]:
        """The customer value of members."""
        return _by_key(
            lambda keys: customer_values.of_members(self._viewer, keys),
            customer_values.value_of([], datetime.now(UTC)),
        )

    @cached_property
    def segment_values(self) -> DataLoader[int, CustomerValue]:
        """The customer value of segments, by their ids."""
        return _by_key(
            lambda ids: audience_values.of_segments(self._viewer, ids),
            customer_values.value_of([], datetime.now(UTC)),
        )

    @cached_property
    def campaigns(self) -> DataLoader[int, CampaignView | None]:
        """Campaigns by id."""
        return _by_key(lambda ids: campaign_views.get_many(self._viewer, ids), None)

    @cached_property
    def campaign_segments(self) -> DataLoader[int, CampaignSegments]:
        """The segments of a campaign, by its id."""
        return _by_key(lambda ids: campaign_views.segments_of(self._viewer, ids), CampaignSegments())

    @cached_property
    def campaign_pages(self) -> DataLoader[OfSegment, Page[CampaignView]]:
        """Pages of the campaigns of segments."""
        return _by_key(lambda asked: campaign_views.pages_of_segments(self._viewer, asked), NO_PAGE)

    @cached_property
    def campaign_counts(self) -> DataLoader[int, int]:
        """How many campaigns a segment has, by its id."""
        return _by_key(lambda ids: campaign_views.counts_of_segments(self._viewer, ids), 0)

    @cached_property
    def campaign_audiences(self) -> DataLoader[int, CampaignAudience]:
        """Whom a campaign targets, by its id."""
        return _by_key(lambda ids: campaign_audiences.get_many(self._viewer, ids), NOBODY)

    @cached_property
    def metric_totals(self) -> DataLoader[MetricsAsked, Totals]:
        """Totals of metrics."""
        return _by_key(lambda asked: metric_series.totals(self._viewer, asked), NOTHING)

    @cached_property
    def metric_parts(self) -> DataLoader[MetricsAsked, Mapping[int, Totals]]:
        """Totals of metrics by campaign, or by segment."""
        return _by_key(lambda asked: metric_series.parts(self._viewer, asked), {})

    @cached_property
    def metric_series(self) -> DataLoader[Stepped, Series]:
        """Series of metrics."""
        return _by_key(lambda asked: metric_series.series(self._viewer, asked), [])

    @cached_property
    def sources(self) -> DataLoader[int, list[SourceView]]:
        """Sources by segment id."""
        return _by_key(lambda ids: memberships.sources(self._viewer, ids), [])

    @cached_property
    def hidden_from(self) -> DataLoader[int, list[int]]:
        """The users that a segment is hidden from, by segment id."""
        return _by_key(lambda ids: segment_views.users_hidden_from(self._viewer, ids), [])

    @cached_property
    def segment_pages(self) -> DataLoader[SegmentPageRequest, SegmentPage]:
        """Pages of segments' members."""

        async def load(requests: list[SegmentPageRequest]) -> list[SegmentPage | BaseException]:
            found = await segment_members.pages(self._services, self._viewer, requests)
            return [found[request] for request in requests]

        return DataLoader(load_fn=load)

    @cached_property
    def catalogues(self) -> DataLoader[MemberKind, Catalogue | None]:
        """Catalogues by kind."""
        return _by_key(lambda kinds: catalogues.load_many(self._viewer, kinds), None)

    @cached_property
    def pending(self) -> DataLoader[MemberKind, Pending]:
        """Changes that were not looked at, by kind."""
        return _by_key(lambda kinds: freshness.pending(self._viewer, kinds), Pending(0, 0.0))

    @cached_property
    def segments(self) -> DataLoader[int, SegmentView | None]:
        """Segments that the viewer sees, by id."""
        return _by_key(lambda ids: segment_views.get_many(self._viewer, ids), None)

    @cached_property
    def usages(self) -> DataLoader[int, list[Usage]]:
        """What relies on a segment, by its id."""
        return _by_key(lambda ids: segment_usages.of_segments(self._viewer, ids), [])

    @cached_property
    def playbooks(self) -> DataLoader[int, PlaybookView | None]:
        """Playbooks that the viewer sees, by id."""
        return _by_key(lambda ids: playbook_views.get_many(self._viewer, ids), None)

    @cached_property
    def fed_segments(self) -> DataLoader[int, list[int]]:
        """The ids of the segments that a playbook adds to, by its id."""
        return _by_key(lambda ids: playbook_views.fed_segments(self._viewer, ids), [])

    @cached_property
    def webhook_deliveries(self) -> DataLoader[tuple[DeliveryList, PageRequest], Page[DeliveryView]]:
        """Pages of the messages of webhooks."""
        return _by_key(lambda asked: webhook_attempts.delivery_pages(self._viewer, asked), NO_PAGE)

    @cached_property
    def webhook_delivery_counts(self) -> DataLoader[DeliveryList, int]:
        """How many messages webhooks have."""
        return _by_key(lambda lists: webhook_attempts.delivery_counts(self._viewer, lists), 0)

    @cached_property
    def webhook_attempts(self) -> DataLoader[tuple[int, PageRequest], Page[AttemptView]]:
        """Pages of the attempts of webhooks."""
        return _by_key(lambda asked: webhook_attempts.attempt_pages(self._viewer, asked), NO_PAGE)

    @cached_property
    def webhook_delivery_attempts(self) -> DataLoader[tuple[int, PageRequest], Page[AttemptView]]:
        """Pages of the attempts of messages to webhooks."""
        return _by_key(
            lambda asked: webhook_attempts.attempt_pages_of_deliveries(self._viewer, asked), NO_PAGE
        )

    @cached_property
    def destinations(self) -> DataLoader[int, DestinationView | None]:
        """Destinations of the workspace, by id."""
        return _by_key(lambda ids: destinations.get_many(self._viewer, ids), None)

    @cached_property
    def deliveries(self) -> DataLoader[int, list[SegmentDeliveryView]]:
        """The deliveries of a segment, by its id."""
        return _by_key(lambda ids: deliveries.of_segments(self._viewer, ids), [])

    @cached_property
    def destination_deliveries(self) -> DataLoader[int, list[SegmentDeliveryView]]:
        """The deliveries at a destination, by its id."""
        return _by_key(lambda ids: deliveries.of_destinations(self._viewer, ids), [])

    @cached_property
    def entered_at(self) -> DataLoader[Pair, datetime | None]:
        """When a member entered a segment."""
        return _by_key(lambda pairs: memberships.entered_at(self._viewer, pairs), None)

    @cached_property
    def member_sources(self) -> DataLoader[Pair, list[Holding]]:
        """What holds a member in a segment."""
        return _by_key(lambda pairs: memberships.sources_of(self._viewer, pairs), [])

    @cached_property
    def segments_of(self) -> DataLoader[MemberKey, list[int]]:
        """The ids of the segments that a member is in."""
        return _by_key(lambda keys: memberships.segments_of(self._viewer, keys), [])


def _by_key(load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], absent: V) -> DataLoader[K, V]:
    async def load_in_order(keys: list[K]) -> list[V]:
        found = await load(keys)
        return [found.get(key, absent) for key in keys]

    return DataLoader(load_fn=load_in_order)

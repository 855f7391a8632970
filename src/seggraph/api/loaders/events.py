"""Events of members: pages and counts."""

from functools import cached_property

from seggraph.api.loaders.batching import NO_PAGE, NounLoaders, by_key
from seggraph.database.paging import Page, PageRequest
from seggraph.services.events import member_events
from seggraph.services.events.member_events import Asked, EventView
from seggraph.transport.compiled.loading import DataLoader


class EventLoaders(NounLoaders):
    """Events of members: pages and counts."""

    @cached_property
    def pages(self) -> DataLoader[tuple[Asked, PageRequest], Page[EventView]]:
        """Pages of members' events."""
        return by_key(lambda asked: member_events.pages_of(self._viewer, asked), NO_PAGE)

    @cached_property
    def counts(self) -> DataLoader[Asked, int]:
        """How many events members have."""
        return by_key(lambda asked: member_events.counts_of(self._viewer, asked), 0)

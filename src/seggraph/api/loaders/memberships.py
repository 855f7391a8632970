"""Which segments hold a member, since when and by what."""

from datetime import datetime
from functools import cached_property

from seggraph.api.loaders.batching import NounLoaders, by_key
from seggraph.services.memberships import memberships
from seggraph.services.memberships.memberships import Holding, MemberKey, Pair
from seggraph.transport.compiled.loading import DataLoader


class MembershipLoaders(NounLoaders):
    """Which segments hold a member, since when and by what."""

    @cached_property
    def segment_ids(self) -> DataLoader[MemberKey, list[int]]:
        """The ids of the segments that a member is in."""
        return by_key(lambda keys: memberships.segments_of(self._viewer, keys), [])

    @cached_property
    def entered_at(self) -> DataLoader[Pair, datetime | None]:
        """When a member entered a segment."""
        return by_key(lambda pairs: memberships.entered_at(self._viewer, pairs), None)

    @cached_property
    def holdings(self) -> DataLoader[Pair, list[Holding]]:
        """What holds a member in a segment."""
        return by_key(lambda pairs: memberships.sources_of(self._viewer, pairs), [])

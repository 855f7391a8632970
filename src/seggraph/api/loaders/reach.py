"""How many different addresses a channel reaches."""

from functools import cached_property

from seggraph.api.loaders.batching import NounLoaders, by_key
from seggraph.services.reach import steps as reach_steps
from seggraph.services.reach.steps import Asked
from seggraph.transport.compiled.loading import DataLoader


class ReachLoaders(NounLoaders):
    """How many different addresses a channel reaches."""

    @cached_property
    def distinct_addresses(self) -> DataLoader[Asked, int | None]:
        """How many different addresses a segment's reach by a channel is."""
        return by_key(lambda asked: reach_steps.distinct_addresses(self._viewer, asked), None)

"""Destinations by id, and deliveries of segments and at destinations."""

from functools import cached_property

from seggraph.api.loaders.batching import NounLoaders, by_key
from seggraph.services.destinations import deliveries, destinations
from seggraph.services.destinations.deliveries import DeliveryView
from seggraph.services.destinations.destinations import DestinationView
from seggraph.transport.compiled.loading import DataLoader


class DestinationLoaders(NounLoaders):
    """Destinations by id, and deliveries of segments and at destinations."""

    @cached_property
    def by_id(self) -> DataLoader[int, DestinationView | None]:
        """Destinations of the workspace, by id."""
        return by_key(lambda ids: destinations.get_many(self._viewer, ids), None)

    @cached_property
    def deliveries_of_segments(self) -> DataLoader[int, list[DeliveryView]]:
        """The deliveries of a segment, by its id."""
        return by_key(lambda ids: deliveries.of_segments(self._viewer, ids), [])

    @cached_property
    def deliveries_at_destinations(self) -> DataLoader[int, list[DeliveryView]]:
        """The deliveries at a destination, by its id."""
        return by_key(lambda ids: deliveries.of_destinations(self._viewer, ids), [])

"""Messages to webhooks and the attempts to send them."""

from functools import cached_property

from seggraph.api.loaders.batching import NO_PAGE, NounLoaders, by_key
from seggraph.database.paging import Page, PageRequest
from seggraph.services.webhooks import attempts as webhook_attempts
from seggraph.services.webhooks.attempts import AttemptView, DeliveryList, DeliveryView
from seggraph.transport.compiled.loading import DataLoader


class WebhookLoaders(NounLoaders):
    """Messages to webhooks and the attempts to send them."""

    @cached_property
    def delivery_pages(self) -> DataLoader[tuple[DeliveryList, PageRequest], Page[DeliveryView]]:
        """Pages of the messages of webhooks."""
        return by_key(lambda asked: webhook_attempts.delivery_pages(self._viewer, asked), NO_PAGE)

    @cached_property
    def delivery_counts(self) -> DataLoader[DeliveryList, int]:
        """How many messages webhooks have."""
        return by_key(lambda lists: webhook_attempts.delivery_counts(self._viewer, lists), 0)

    @cached_property
    def attempt_pages(self) -> DataLoader[tuple[int, PageRequest], Page[AttemptView]]:
        """Pages of the attempts of webhooks."""
        return by_key(lambda asked: webhook_attempts.attempt_pages(self._viewer, asked), NO_PAGE)

    @cached_property
    def attempt_pages_of_deliveries(self) -> DataLoader[tuple[int, PageRequest], Page[AttemptView]]:
        """Pages of the attempts of messages to webhooks."""
        return by_key(
            lambda asked: webhook_attempts.attempt_pages_of_deliveries(self._viewer, asked), NO_PAGE
        )

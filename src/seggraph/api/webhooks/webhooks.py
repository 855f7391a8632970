"""Webhooks in the schema: where partners are told what happens in the workspace."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, First, Last, request_of
from seggraph.api.users.viewer import User, load_user
from seggraph.api.webhooks.deliveries import (
    WebhookAttemptConnection,
    WebhookDelivery,
    WebhookDeliveryConnection,
)
from seggraph.services.webhooks import webhooks
from seggraph.services.webhooks.attempts import DeliveryList
from seggraph.services.webhooks.webhooks import WebhookView
from seggraph.transport.loading import awaits_loaders
from seggraph.vocabulary import Topic, WebhookDeliveryStatus, WebhookStatus


@strawberry.type(description="A URL that is told what happens in the workspace.")
class Webhook(Node):
    """A webhook without its secret."""

    url: str = strawberry.field(description="Where messages are sent.")
    description: str | None = strawberry.field(description="What it is for.")
    topics: list[Topic] = strawberry.field(description="What it is told.")
    status: WebhookStatus = strawberry.field(
        description="ACTIVE; PAUSED: messages wait; DISABLED: none are made, because of what it answered."
    )
    status_reason: str | None = strawberry.field(description="Why it is DISABLED.")
    secret_hint: str = strawberry.field(description="How the secret ends, to tell secrets apart.")
    previous_secret_until: datetime | None = strawberry.field(
        description="Until when messages are signed with the previous secret too, if there was one."
    )
    failure_count: int = strawberry.field(description="How many attempts failed since the last that did not.")
    failing_since: datetime | None = strawberry.field(description="When the first of those was.")
    next_attempt_at: datetime | None = strawberry.field(
        description="Until when it rests after a failure; null: it does not."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    last_modified_at: datetime = strawberry.field(description="When it was changed last.")
    number: strawberry.Private[int]
    created_by_number: strawberry.Private[int | None] = None

    @strawberry.field(description="Who made it; null: an API key, or a user who is no more.")
    @awaits_loaders
    async def created_by(self, info: Info) -> User | None:
        """Load the user."""
        return await load_user(info, self.created_by_number)

    @strawberry.field(description="The messages to it, the newest first.")
    @awaits_loaders
    async def deliveries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        status: Annotated[
            WebhookDeliveryStatus | None, strawberry.argument(description="Only those that are so.")
        ] = None,
    ) -> WebhookDeliveryConnection:
        """A page of messages."""
        list_ = DeliveryList(self.number, status)
        request = request_of(first, after, last, before)
        loaders = caller_of(info).loaders.webhooks
        page = await loaders.delivery_pages.load((list_, request))
        return WebhookDeliveryConnection.of(
            page, WebhookDelivery.of, lambda: loaders.delivery_counts.load(list_)
        )

    @strawberry.field(description="The log of all attempts, the newest first.")
    @awaits_loaders
    async def attempts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> WebhookAttemptConnection:
        """A page of attempts."""
        request = request_of(first, after, last, before)
        page = await caller_of(info).loaders.webhooks.attempt_pages.load((self.number, request))
        return WebhookAttemptConnection.of(page)

    @staticmethod
    def of(view: WebhookView) -> "Webhook":
        """The webhook as the service reads it."""
        return Webhook(
            id=ids.encode("Webhook", view.id),
            url=view.url,
            description=view.description,
            topics=view.topics,
            status=view.status,
            status_reason=view.status_reason,
            secret_hint=view.secret_hint,
            previous_secret_until=view.previous_until,
            failure_count=view.failures,
            failing_since=view.failing_since,
            next_attempt_at=view.retry_at,
            created_at=view.created_at,
            last_modified_at=view.last_modified_at,
            number=view.id,
            created_by_number=view.created_by_id,
        )


@strawberry.type
class WebhookQueries:
    """The queries of webhooks."""

    @strawberry.field(description="The workspace's webhooks, the newest first. Administrators only.")
    async def webhooks(self, info: Info) -> list[Webhook]:
        """List the webhooks."""
        return [Webhook.of(view) for view in await webhooks.list_all(caller_of(info).viewer)]

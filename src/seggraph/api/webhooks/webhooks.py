"""Webhooks in the schema: URLs that receive messages about what happens in the workspace."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.node import Node
from seggraph.api.base.paging import After, Before, First, Last, request_of
from seggraph.api.users.viewer import KeyName, User, load_key_name, load_user
from seggraph.api.webhooks.deliveries import (
    WebhookAttemptConnection,
    WebhookDelivery,
    WebhookDeliveryConnection,
)
from seggraph.services.webhooks import webhooks
from seggraph.services.webhooks.attempts import DeliveryList
from seggraph.services.webhooks.webhooks import WebhookView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import Topic, WebhookDeliveryStatus, WebhookStatus


@strawberry.type(description="A URL that receives messages about what happens in the workspace.")
class Webhook(Node):
    """A webhook without its secret."""

    url: str = strawberry.field(description="The URL that messages are sent to.")
    description: str | None = strawberry.field(description="What the webhook is for; null if not described.")
    topics: list[Topic] = strawberry.field(description="The topics of the messages.")
    status: WebhookStatus = strawberry.field(
        description="Whether messages are sent. While it is PAUSED messages wait; while it is DISABLED none"
        " are created."
    )
    status_reason: str | None = strawberry.field(description="Why the webhook is DISABLED; null otherwise.")
    secret_hint: str = strawberry.field(
        description="The last characters of the secret, to tell secrets apart."
    )
    previous_secret_until: datetime | None = strawberry.field(
        description="Until when messages are also signed with the previous secret; null if there is none."
    )
    failure_count: int = strawberry.field(description="How many attempts failed since the last success.")
    failing_since: datetime | None = strawberry.field(
        description="When the first of these attempts failed; null if there are none."
    )
    next_attempt_at: datetime | None = strawberry.field(
        description="When sending continues after a failure; null if it is not interrupted."
    )
    created_at: datetime = strawberry.field(description="When the webhook was created.")
    last_modified_at: datetime = strawberry.field(description="When the webhook was last changed.")
    number: strawberry.Private[int]
    created_by_number: strawberry.Private[int | None] = None
    created_by_key_number: strawberry.Private[int | None] = None

    @strawberry.field(
        description="The user who created the webhook; null if an API key did, or if the user was deleted."
    )
    @awaits_loaders
    async def created_by(self, info: Info) -> User | None:
        """Load the user."""
        return await load_user(info, self.created_by_number)

    @strawberry.field(
        description="The API key that created it; null if a user did, or if the key was deleted."
    )
    @awaits_loaders
    async def created_by_key(self, info: Info) -> KeyName | None:
        """Load the name of the key."""
        return await load_key_name(info, self.created_by_key_number)

    @strawberry.field(description="The messages to the webhook, newest first.")
    @awaits_loaders
    async def deliveries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        status: Annotated[
            WebhookDeliveryStatus | None,
            strawberry.argument(description="Return only messages in this status."),
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

    @strawberry.field(description="The log of all attempts to send messages, newest first.")
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
            created_by_key_number=view.created_by_key_id,
        )


@strawberry.type
class WebhookQueries:
    """The queries of webhooks."""

    @strawberry.field(description="The webhooks of the workspace, newest first. Administrators only.")
    async def webhooks(self, info: Info) -> list[Webhook]:
        """List the webhooks."""
        return [Webhook.of(view) for view in await webhooks.list_all(caller_of(info).viewer)]

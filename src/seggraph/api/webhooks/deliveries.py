"""Messages to webhooks in the schema, with the log of the attempts to send them."""

from datetime import datetime

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.node import Node
from seggraph.api.base.paging import (
    After,
    BatchCountedConnection,
    Before,
    Connection,
    Edge,
    First,
    Last,
    request_of,
)
from seggraph.database.paging import Page
from seggraph.services.webhooks.attempts import AttemptView, DeliveryView
from seggraph.transport.compiled.loading import awaits_loaders
from seggraph.vocabulary import Topic, WebhookDeliveryStatus


@strawberry.type(description="One attempt to send a message to a webhook.")
class WebhookAttempt(Node):
    """An attempt."""

    delivery_id: strawberry.ID = strawberry.field(description="The global id of the message.")
    at: datetime = strawberry.field(description="When the attempt began.")
    duration_seconds: float = strawberry.field(description="How long the attempt took, in seconds.")
    status_code: int | None = strawberry.field(
        description="The HTTP status of the answer; null if there was none."
    )
    error: str | None = strawberry.field(description="What went wrong; null if the message was accepted.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When the message is sent again; null if it is not."
    )

    @staticmethod
    def of(view: AttemptView) -> "WebhookAttempt":
        """The attempt as the service reads it."""
        return WebhookAttempt(
            id=ids.encode("WebhookAttempt", view.id),
            delivery_id=ids.encode("WebhookDelivery", view.message_id),
            at=view.at,
            duration_seconds=view.duration_seconds,
            status_code=view.status_code,
            error=view.error,
            next_attempt_at=view.next_attempt_at,
        )


@strawberry.type(description="A page of attempts, newest first.")
class WebhookAttemptConnection(Connection[WebhookAttempt, Edge[WebhookAttempt]]):
    """A page of the list, which nobody counts."""

    @staticmethod
    def of(page: Page[AttemptView]) -> "WebhookAttemptConnection":
        """The connection of a service's page."""
        return WebhookAttemptConnection(page=page, make=WebhookAttempt.of)


@strawberry.type(description="A message to a webhook.")
class WebhookDelivery(Node):
    """A message."""

    message_id: str = strawberry.field(description="The `webhook-id` header, the same in every attempt.")
    topic: Topic | None = strawberry.field(description="The topic of the message; null for a test.")
    status: WebhookDeliveryStatus = strawberry.field(description="The status of the message.")
    payload: str | None = strawberry.field(
        description="The body as it is signed, byte for byte JSON; null for a large message that was"
        " delivered."
    )
    attempt_count: int = strawberry.field(
        description="How many attempts there were since sending was last requested."
    )
    next_attempt_at: datetime | None = strawberry.field(
        description="When the message is sent next; null unless the status is PENDING."
    )
    created_at: datetime = strawberry.field(description="When the message was created.")
    finished_at: datetime | None = strawberry.field(
        description="When the message was delivered, or the last attempt failed; null while it is PENDING."
    )
    number: strawberry.Private[int]

    @strawberry.field(description="The attempts to send the message, newest first.")
    @awaits_loaders
    async def attempts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> WebhookAttemptConnection:
        """A page of attempts."""
        request = request_of(first, after, last, before)
        page = await caller_of(info).loaders.webhooks.attempt_pages_of_deliveries.load((self.number, request))
        return WebhookAttemptConnection.of(page)

    @staticmethod
    def of(view: DeliveryView) -> "WebhookDelivery":
        """The message as the service reads it."""
        return WebhookDelivery(
            id=ids.encode("WebhookDelivery", view.id),
            message_id=f"msg_{view.key.hex}",
            topic=view.topic,
            status=view.status,
            payload=None if view.body is None else view.body.decode(),
            attempt_count=view.attempts,
            next_attempt_at=view.next_attempt_at,
            created_at=view.created_at,
            finished_at=view.finished_at,
            number=view.id,
        )


@strawberry.type(description="A page of messages to a webhook, newest first.")
class WebhookDeliveryConnection(BatchCountedConnection[WebhookDelivery, Edge[WebhookDelivery]]):
    """A page of the list."""

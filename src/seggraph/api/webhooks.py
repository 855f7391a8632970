"""Webhooks in the schema: where partners are told what happens, how telling went, and the mutations of both."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from seggraph.api import ids
from seggraph.api.context import caller_of
from seggraph.api.errors import ReportErrors, UserError
from seggraph.api.node import Node
from seggraph.api.paging import AFTER, BEFORE, FIRST, LAST, PageInfo, request_of
from seggraph.api.payloads import DeletePayload
from seggraph.api.viewer import User
from seggraph.services import webhook_attempts, webhooks
from seggraph.services.paging import Page
from seggraph.services.webhook_attempts import AttemptView, DeliveryList, DeliveryView
from seggraph.services.webhooks import WebhookDraft, WebhookView
from seggraph.vocabulary import Topic, WebhookDeliveryStatus, WebhookStatus

First = Annotated[int | None, strawberry.argument(description=FIRST)]
After = Annotated[str | None, strawberry.argument(description=AFTER)]
Last = Annotated[int | None, strawberry.argument(description=LAST)]
Before = Annotated[str | None, strawberry.argument(description=BEFORE)]


@strawberry.type(description="One call of a webhook.")
class WebhookAttempt:
    """An attempt."""

    delivery_id: strawberry.ID = strawberry.field(description="The message that was sent.")
    at: datetime = strawberry.field(description="When it began.")
    duration_seconds: float = strawberry.field(description="How long it took, in seconds.")
    status_code: int | None = strawberry.field(description="The status of the answer; null: there was none.")
    error: str | None = strawberry.field(description="What went wrong; null: the message was taken.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When the message is tried again, if it is."
    )

    @staticmethod
    def of(view: AttemptView) -> "WebhookAttempt":
        """The attempt as the service reads it."""
        return WebhookAttempt(
            delivery_id=ids.encode("WebhookDelivery", view.message_id),
            at=view.at,
            duration_seconds=view.duration_seconds,
            status_code=view.status_code,
            error=view.error,
            next_attempt_at=view.next_attempt_at,
        )


@strawberry.type(description="An attempt in a list.")
class WebhookAttemptEdge:
    """Relay's edge."""

    cursor: str = strawberry.field(description="Where in the list: for after and before.")
    node: WebhookAttempt = strawberry.field(description="The attempt.")


@strawberry.type(description="A page of attempts, the newest first.")
class WebhookAttemptConnection:
    """Relay's connection."""

    edges: list[WebhookAttemptEdge] = strawberry.field(description="The attempts with their cursors.")
    nodes: list[WebhookAttempt] = strawberry.field(description="The attempts.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")

    @staticmethod
    def of(page: Page[AttemptView]) -> "WebhookAttemptConnection":
        """The connection of a service's page."""
        nodes = [WebhookAttempt.of(view) for view in page.items]
        edges = [
            WebhookAttemptEdge(cursor=cursor, node=node)
            for cursor, node in zip(page.cursors, nodes, strict=True)
        ]
        return WebhookAttemptConnection(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.type(description="A message to a webhook, from when it is made until it is not kept any more.")
class WebhookDelivery(Node):
    """A message."""

    message_id: str = strawberry.field(
        description="The webhook-id under which the receiver gets it, each time the same."
    )
    topic: Topic | None = strawberry.field(description="What it tells; null for a test.")
    status: WebhookDeliveryStatus = strawberry.field(
        description="PENDING: it is tried; DELIVERED: it was taken; FAILED: a dead letter, which can be sent again."
    )
    payload: str | None = strawberry.field(
        description="The body: JSON, byte for byte as it is signed; null for a large one that was delivered."
    )
    attempt_count: int = strawberry.field(description="How often it was tried since it was last asked for.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is tried next, if PENDING.")
    created_at: datetime = strawberry.field(description="When it was made.")
    finished_at: datetime | None = strawberry.field(description="When it was taken, or given up.")
    number: strawberry.Private[int]

    @strawberry.field(description="Each time it was sent, the newest first.")
    async def attempts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> WebhookAttemptConnection:
        """A page of attempts."""
        request = request_of(first, after, last, before)
        page = await caller_of(info).loaders.webhook_delivery_attempts.load((self.number, request))
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


@strawberry.type(description="A message in a list.")
class WebhookDeliveryEdge:
    """Relay's edge."""

    cursor: str = strawberry.field(description="Where in the list: for after and before.")
    node: WebhookDelivery = strawberry.field(description="The message.")


@strawberry.type(description="A page of messages, the newest first.")
class WebhookDeliveryConnection:
    """Relay's connection."""

    edges: list[WebhookDeliveryEdge] = strawberry.field(description="The messages with their cursors.")
    nodes: list[WebhookDelivery] = strawberry.field(description="The messages.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")
    list_: strawberry.Private[DeliveryList]

    @strawberry.field(description="How many messages there are in all; counted only when asked for.")
    async def total_count(self, info: Info) -> int:
        """Count."""
        return await caller_of(info).loaders.webhook_delivery_counts.load(self.list_)

    @staticmethod
    def of(page: Page[DeliveryView], list_: DeliveryList) -> "WebhookDeliveryConnection":
        """The connection of a service's page."""
        nodes = [WebhookDelivery.of(view) for view in page.items]
        edges = [
            WebhookDeliveryEdge(cursor=cursor, node=node)
            for cursor, node in zip(page.cursors, nodes, strict=True)
        ]
        return WebhookDeliveryConnection(edges=edges, nodes=nodes, page_info=PageInfo.of(page), list_=list_)


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
    async def created_by(self, info: Info) -> User | None:
        """Load the user."""
        if self.created_by_number is None:
            return None
        view = await caller_of(info).loaders.users.load(self.created_by_number)
        return None if view is None else User.of(view)

    @strawberry.field(description="The messages to it, the newest first.")
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
        page = await caller_of(info).loaders.webhook_deliveries.load((list_, request))
        return WebhookDeliveryConnection.of(page, list_)

    @strawberry.field(description="The log of all attempts, the newest first.")
    async def attempts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> WebhookAttemptConnection:
        """A page of attempts."""
        request = request_of(first, after, last, before)
        page = await caller_of(info).loaders.webhook_attempts.load((self.number, request))
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


@strawberry.type(description="A webhook as the mutation left it, or why nothing was done.")
class WebhookPayload:
    """Payload of the mutations of webhooks."""

    webhook: Webhook | None = strawberry.field(default=None, description="The webhook.")
    secret: str | None = strawberry.field(
        default=None,
        description="What messages are signed with, whsec_…: shown once, when it is made by createWebhook or"
        " rotateWebhookSecret.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was done, if so."
    )


@strawberry.type(description="How a test went.")
class TestWebhookPayload:
    """Payload of testWebhook."""

    webhook: Webhook | None = strawberry.field(default=None, description="The webhook.")
    delivery: WebhookDelivery | None = strawberry.field(
        default=None, description="The test message: DELIVERED or FAILED, and its one attempt."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was sent, if so."
    )


@strawberry.type(description="How many dead letters are sent again.")
class ReplayWebhookPayload:
    """Payload of replayWebhookDelivery."""

    replayed: int = strawberry.field(default=0, description="How many.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why none are, if so.")


@strawberry.input(description="A webhook to make.")
class CreateWebhookInput:
    """Input of createWebhook."""

    url: str = strawberry.field(description="An https:// URL in the public internet.")
    topics: list[Topic] = strawberry.field(description="What it is to be told; at least one.")
    description: str | None = strawberry.field(default=None, description="What it is for.")


@strawberry.input(description="What to change of a webhook. A field that is absent stays as it is.")
class UpdateWebhookInput:
    """Input of updateWebhook."""

    id: strawberry.ID = strawberry.field(description="The webhook.")
    url: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where messages are sent from now on, those that wait too."
    )
    topics: list[Topic] | None = strawberry.field(
        default=strawberry.UNSET, description="What it is told from now on."
    )
    description: str | None = strawberry.field(default=strawberry.UNSET, description="Null clears it.")


@strawberry.input(description="Which webhook.")
class WebhookIdInput:
    """Input of the mutations that need nothing else."""

    id: strawberry.ID = strawberry.field(description="The webhook.")


@strawberry.input(description="Which dead letters to send again: one, or all since an instant.")
class ReplayWebhookDeliveryInput:
    """Input of replayWebhookDelivery."""

    id: strawberry.ID = strawberry.field(description="The webhook.")
    delivery_id: strawberry.ID | None = strawberry.field(default=None, description="One that FAILED.")
    since: datetime | None = strawberry.field(
        default=None, description="All that FAILED and were made then or later."
    )


@strawberry.type
class WebhookQueries:
    """The queries of webhooks."""

    @strawberry.field(description="The workspace's webhooks, the newest first. Administrators only.")
    async def webhooks(self, info: Info) -> list[Webhook]:
        """List the webhooks."""
        return [Webhook.of(view) for view in await webhooks.list_all(caller_of(info).viewer)]


@strawberry.type
class WebhookMutations:
    """The mutations of webhooks, for administrators only."""

    @strawberry.mutation(
        description="Have a URL told what happens. Its secret is in the payload, and nowhere afterwards."
        " Administrators only.",
        extensions=[ReportErrors(WebhookPayload)],
    )
    async def create_webhook(self, info: Info, input: CreateWebhookInput) -> WebhookPayload:
        """Create."""
        caller = caller_of(info)
        draft = WebhookDraft(url=input.url, topics=input.topics, description=input.description)
        view, secret = await webhooks.create(caller.services, caller.viewer, draft)
        return WebhookPayload(webhook=Webhook.of(view), secret=secret)

    @strawberry.mutation(
        description="Change a webhook. Administrators only.", extensions=[ReportErrors(WebhookPayload)]
    )
    async def update_webhook(self, info: Info, input: UpdateWebhookInput) -> WebhookPayload:
        """Update."""
        caller = caller_of(info)
        given = {
            name: value
            for name in ("url", "topics", "description")
            if (value := getattr(input, name)) is not strawberry.UNSET
        }
        number = ids.decode("Webhook", input.id)
        view = await webhooks.update(caller.services, caller.viewer, number, given)
        return WebhookPayload(webhook=Webhook.of(view))

    @strawberry.mutation(
        description="Send nothing for now; messages wait. Administrators only.",
        extensions=[ReportErrors(WebhookPayload)],
    )
    async def pause_webhook(self, info: Info, input: WebhookIdInput) -> WebhookPayload:
        """Pause."""
        view = await webhooks.pause(caller_of(info).viewer, ids.decode("Webhook", input.id))
        return WebhookPayload(webhook=Webhook.of(view))

    @strawberry.mutation(
        description="Send again, also to a webhook that was disabled. Administrators only.",
        extensions=[ReportErrors(WebhookPayload)],
    )
    async def resume_webhook(self, info: Info, input: WebhookIdInput) -> WebhookPayload:
        """Resume."""
        view = await webhooks.resume(caller_of(info).viewer, ids.decode("Webhook", input.id))
        return WebhookPayload(webhook=Webhook.of(view))

    @strawberry.mutation(
        description="Give a webhook another secret. For a day messages are signed with both. Administrators only.",
        extensions=[ReportErrors(WebhookPayload)],
    )
    async def rotate_webhook_secret(self, info: Info, input: WebhookIdInput) -> WebhookPayload:
        """Rotate."""
        caller = caller_of(info)
        number = ids.decode("Webhook", input.id)
        view, secret = await webhooks.rotate_secret(caller.services, caller.viewer, number)
        return WebhookPayload(webhook=Webhook.of(view), secret=secret)

    @strawberry.mutation(
        description="Delete a webhook, what waits for it, and its log. Administrators only.",
        extensions=[ReportErrors(DeletePayload)],
    )
    async def delete_webhook(self, info: Info, input: WebhookIdInput) -> DeletePayload:
        """Delete."""
        await webhooks.delete(caller_of(info).viewer, ids.decode("Webhook", input.id))
        return DeletePayload(deleted_id=input.id)

    @strawberry.mutation(
        description="Send a test message now, once, and say how that went. Administrators only.",
        extensions=[ReportErrors(TestWebhookPayload)],
    )
    async def test_webhook(self, info: Info, input: WebhookIdInput) -> TestWebhookPayload:
        """Test."""
        caller = caller_of(info)
        number = ids.decode("Webhook", input.id)
        webhook, delivery = await webhook_attempts.test(caller.services, caller.viewer, number)
        return TestWebhookPayload(webhook=Webhook.of(webhook), delivery=WebhookDelivery.of(delivery))

    @strawberry.mutation(
        description="Send dead letters again, under the ids that they had. Administrators only.",
        extensions=[ReportErrors(ReplayWebhookPayload)],
    )
    async def replay_webhook_delivery(
        self, info: Info, input: ReplayWebhookDeliveryInput
    ) -> ReplayWebhookPayload:
        """Replay."""
        one = input.delivery_id
        replayed = await webhook_attempts.replay(
            caller_of(info).viewer,
            ids.decode("Webhook", input.id),
            delivery_id=None if one is None else ids.decode("WebhookDelivery", one, path=("deliveryId",)),
            since=input.since,
        )
        return ReplayWebhookPayload(replayed=replayed)

"""The mutations of webhooks: made, changed, paused, tested, and dead letters sent again."""

from datetime import datetime

import strawberry
from strawberry.types import Info

from seggraph.api.base import ids
from seggraph.api.base.context import caller_of
from seggraph.api.base.errors import ReportErrors, UserError
from seggraph.api.base.payloads import DeletePayload
from seggraph.api.webhooks.deliveries import WebhookDelivery
from seggraph.api.webhooks.webhooks import Webhook
from seggraph.services.webhooks import attempts as webhook_attempts
from seggraph.services.webhooks import webhooks
from seggraph.services.webhooks.webhooks import WebhookDraft
from seggraph.vocabulary import Topic


@strawberry.type(description="The webhook as the mutation left it, or the errors.")
class WebhookPayload:
    """Payload of the mutations of webhooks."""

    webhook: Webhook | None = strawberry.field(
        default=None, description="The webhook; null if there are errors."
    )
    secret: str | None = strawberry.field(
        default=None,
        description="The secret that signs messages, whsec_…. It is returned only when it is new: by createWebhook,"
        " rotateWebhookSecret, and updateWebhook if scheme, host, port or path of the URL changed.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was done; empty on success."
    )


@strawberry.type(description="The result of a test of a webhook, or the errors.")
class TestWebhookPayload:
    """Payload of testWebhook."""

    webhook: Webhook | None = strawberry.field(
        default=None, description="The webhook that was tested; null if there are errors."
    )
    delivery: WebhookDelivery | None = strawberry.field(
        default=None,
        description="The test message, DELIVERED or FAILED, with its one attempt; null if there are errors.",
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which nothing was sent; empty on success."
    )


@strawberry.type(description="How many messages are sent again.")
class ReplayWebhookPayload:
    """Payload of replayWebhookDelivery."""

    replayed: int = strawberry.field(default=0, description="How many messages are sent again.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="The errors because of which none is sent again; empty on success."
    )


@strawberry.input(description="The webhook to create.")
class CreateWebhookInput:
    """Input of createWebhook."""

    url: str = strawberry.field(
        description="The URL that messages are sent to: https, reachable in the public internet."
    )
    topics: list[Topic] = strawberry.field(description="The topics of the messages; at least one.")
    description: str | None = strawberry.field(default=None, description="What the webhook is for.")


@strawberry.input(description="The changes of a webhook. A field that is absent stays as it is.")
class UpdateWebhookInput:
    """Input of updateWebhook."""

    id: strawberry.ID = strawberry.field(description="The global id of the webhook.")
    url: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The URL that messages are sent to from now on, including waiting ones.",
    )
    topics: list[Topic] | None = strawberry.field(
        default=strawberry.UNSET, description="The topics of the messages from now on."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new description; null removes it."
    )


@strawberry.input(description="The webhook that the mutation is about.")
class WebhookIdInput:
    """Input of the mutations that need nothing else."""

    id: strawberry.ID = strawberry.field(description="The global id of the webhook.")


@strawberry.input(description="The FAILED messages to send again: one message, or all since a time.")
class ReplayWebhookDeliveryInput:
    """Input of replayWebhookDelivery."""

    id: strawberry.ID = strawberry.field(description="The global id of the webhook.")
    delivery_id: strawberry.ID | None = strawberry.field(
        default=None, description="The global id of one FAILED message."
    )
    since: datetime | None = strawberry.field(
        default=None, description="Send all FAILED messages that were created at this time or later."
    )


@strawberry.type
class WebhookMutations:
    """The mutations of webhooks, for administrators only."""

    @strawberry.mutation(
        description="Create a webhook. The payload contains its secret, which is never returned again."
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
        description="Change a webhook. If scheme, host, port or path of its URL changes, it gets a new secret, which"
        " the payload contains. Administrators only.",
        extensions=[ReportErrors(WebhookPayload)],
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
        view, secret = await webhooks.update(caller.services, caller.viewer, number, given)
        return WebhookPayload(webhook=Webhook.of(view), secret=secret)

    @strawberry.mutation(
        description="Pause a webhook: its messages wait. Administrators only.",
        extensions=[ReportErrors(WebhookPayload)],
    )
    async def pause_webhook(self, info: Info, input: WebhookIdInput) -> WebhookPayload:
        """Pause."""
        view = await webhooks.pause(caller_of(info).viewer, ids.decode("Webhook", input.id))
        return WebhookPayload(webhook=Webhook.of(view))

    @strawberry.mutation(
        description="Resume a webhook that is paused or disabled. Administrators only.",
        extensions=[ReportErrors(WebhookPayload)],
    )
    async def resume_webhook(self, info: Info, input: WebhookIdInput) -> WebhookPayload:
        """Resume."""
        view = await webhooks.resume(caller_of(info).viewer, ids.decode("Webhook", input.id))
        return WebhookPayload(webhook=Webhook.of(view))

    @strawberry.mutation(
        description="Create a new secret for a webhook. For one day messages are signed with both secrets."
        " Administrators only.",
        extensions=[ReportErrors(WebhookPayload)],
    )
    async def rotate_webhook_secret(self, info: Info, input: WebhookIdInput) -> WebhookPayload:
        """Rotate."""
        caller = caller_of(info)
        number = ids.decode("Webhook", input.id)
        view, secret = await webhooks.rotate_secret(caller.services, caller.viewer, number)
        return WebhookPayload(webhook=Webhook.of(view), secret=secret)

    @strawberry.mutation(
        description="Delete a webhook with its waiting messages and its log. Administrators only.",
        extensions=[ReportErrors(DeletePayload)],
    )
    async def delete_webhook(self, info: Info, input: WebhookIdInput) -> DeletePayload:
        """Delete."""
        await webhooks.delete(caller_of(info).viewer, ids.decode("Webhook", input.id))
        return DeletePayload(deleted_id=input.id)

    @strawberry.mutation(
        description="Send one test message to a webhook now and return the result. Administrators only.",
        extensions=[ReportErrors(TestWebhookPayload)],
    )
    async def test_webhook(self, info: Info, input: WebhookIdInput) -> TestWebhookPayload:
        """Test."""
        caller = caller_of(info)
        number = ids.decode("Webhook", input.id)
        webhook, delivery = await webhook_attempts.test(caller.services, caller.viewer, number)
        return TestWebhookPayload(webhook=Webhook.of(webhook), delivery=WebhookDelivery.of(delivery))

    @strawberry.mutation(
        description="Send FAILED messages again with the same message ids. Administrators only.",
        extensions=[ReportErrors(ReplayWebhookPayload)],
    )
    async def replay_webhook_delivery(
        self, info: Info, input: ReplayWebhookDeliveryInput
    ) -> ReplayWebhookPayload:
        """Replay."""
        message_id = input.delivery_id
        replayed = await webhook_attempts.replay(
            caller_of(info).viewer,
            ids.decode("Webhook", input.id),
            delivery_id=None
            if message_id is None
            else ids.decode("WebhookDelivery", message_id, path=("deliveryId",)),
            since=input.since,
        )
        return ReplayWebhookPayload(replayed=replayed)

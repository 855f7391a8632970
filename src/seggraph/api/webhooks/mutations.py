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
        default_factory=list, description="The errors because of which nothing was done; empty on success."
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


@strawberry.input(description="The webhook to create.")
class CreateWebhookInput:
    """Input of createWebhook."""

    url: str = strawberry.field(
        description="The URL that messages are sent to: https, reachable in the public internet."
    )
    topics: list[Topic] = strawberry.field(description="The topics of the messages; at least one.")
    description: str | None = strawberry.field(default=None, description="What the webhook is for.")


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
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new value; null removes it."
    )


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

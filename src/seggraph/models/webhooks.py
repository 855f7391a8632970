"""Webhooks, their messages, and the log of attempts."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.models.users import User
from seggraph.models.workspaces import Workspace
from seggraph.vocabulary import WebhookDeliveryStatus, WebhookStatus


class Webhook(Model):
    """A URL that messages of some topics are sent to.

    `failures` counts the failed attempts since the last success; the first of them was at `failing_since`. No attempt
    is made before `retry_at`. `lease_holder` is the worker that is sending.
    """

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    url = fields.TextField()
    description = fields.TextField(null=True)
    topics = ArrayField("text")
    status = fields.CharEnumField(WebhookStatus, max_length=16, default=WebhookStatus.ACTIVE)
    status_reason = fields.TextField(null=True, description="Why the system disabled it")
    secret = fields.BinaryField(description="The secret that signs messages, encrypted")
    secret_hint = fields.CharField(max_length=16)
    previous_secret = fields.BinaryField(null=True)
    previous_until = fields.DatetimeField(
        null=True, description="Messages are also signed with it until then"
    )
    failures = fields.IntField(default=0, db_default=0)
    failing_since = fields.DatetimeField(null=True)
    retry_at = fields.DatetimeField(null=True)
    lease_holder = fields.CharField(max_length=64, null=True)
    lease_until = fields.DatetimeField(null=True)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "seggraph.User", related_name="webhooks", null=True, on_delete=fields.SET_NULL
    )
    created_by_key_id = fields.BigIntField(null=True, description="The API key that created it")
    created_at = fields.DatetimeField(auto_now_add=True)
    last_modified_at = fields.DatetimeField(auto_now_add=True)
    workspace_id: int
    created_by_id: int | None

    class Meta:
        """Table name and the order webhooks are listed in."""

        table = "webhooks"
        indexes = (Index(fields=("workspace_id", "id"), name="webhooks_by_workspace"),)


class WebhookFact(Model):
    """A fact with a topic of at least one webhook, until its messages are created."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    fact = fields.BinaryField()

    class Meta:
        """Table name and the order facts are taken in."""

        table = "webhook_facts"
        indexes = (Index(fields=("workspace_id", "id"), name="webhook_facts_by_workspace"),)


class WebhookMessage(Model):
    """A message to one webhook. `key` is its id for the receiver; `topic` is None for a test.

    `next_attempt_at` is set while it is PENDING. A large body is deleted when the message was delivered.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    webhook: fields.ForeignKeyRelation[Webhook] = fields.ForeignKeyField("seggraph.Webhook")
    key = fields.UUIDField()
    topic = fields.CharField(max_length=32, null=True)
    body = fields.BinaryField(null=True)
    status = fields.CharEnumField(WebhookDeliveryStatus, max_length=16, default=WebhookDeliveryStatus.PENDING)
    attempts = fields.IntField(default=0, db_default=0)
    next_attempt_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)
    webhook_id: int

    class Meta:
        """Table name, and indexes for the messages of a webhook and for old messages."""

        table = "webhook_messages"
        indexes = (
            Index(fields=("webhook_id", "id"), name="webhook_messages_by_webhook"),
            Index(fields=("created_at",), name="webhook_messages_by_age"),
        )


class WebhookAttempt(Model):
    """One call of a webhook: `status_code` is None if there was no answer, `error` is None if it succeeded."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    webhook_id = fields.BigIntField()
    message: fields.ForeignKeyRelation[WebhookMessage] = fields.ForeignKeyField("seggraph.WebhookMessage")
    at = fields.DatetimeField()
    duration_seconds = fields.FloatField()
    status_code = fields.IntField(null=True)
    error = fields.TextField(null=True)
    next_attempt_at = fields.DatetimeField(null=True)
    message_id: int

    class Meta:
        """Table name, and the orders attempts are listed in."""

        table = "webhook_attempts"
        indexes = (
            Index(fields=("webhook_id", "id"), name="webhook_attempts_by_webhook"),
            Index(fields=("message_id", "id"), name="webhook_attempts_by_message"),
        )

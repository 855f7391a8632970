"""Webhooks, the facts that they are to be told, the messages made of these, and the log of attempts."""

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from seggraph.vocabulary import WebhookDeliveryStatus, WebhookStatus

SQL = (
    "ALTER TABLE webhooks ALTER COLUMN created_at SET DEFAULT now(), ALTER COLUMN last_modified_at SET DEFAULT now(),"
    " ALTER COLUMN status SET DEFAULT 'ACTIVE'",
    "ALTER TABLE webhook_messages ALTER COLUMN created_at SET DEFAULT clock_timestamp(),"
    " ALTER COLUMN status SET DEFAULT 'PENDING', ALTER COLUMN key SET DEFAULT gen_random_uuid()",
    "ALTER TABLE webhooks ADD CONSTRAINT webhooks_topics_not_empty CHECK (cardinality(topics) > 0)",
    "ALTER TABLE webhooks ADD CONSTRAINT webhooks_previous_until CHECK"
    " ((previous_secret IS NULL) = (previous_until IS NULL))",
    "ALTER TABLE webhook_messages ADD CONSTRAINT webhook_messages_pending_have_bodies CHECK"
    " (status <> 'PENDING' OR body IS NOT NULL)",
    # What is to be sent, and when; in the order in which it became true.
    "CREATE INDEX webhook_messages_due ON webhook_messages (webhook_id, next_attempt_at) WHERE status = 'PENDING'",
    "CREATE INDEX webhook_messages_waiting ON webhook_messages (webhook_id, id) WHERE status = 'PENDING'",
)


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0013_destinations")]

    operations: list[ops.Operation] = [
        ops.CreateModel(
            name="Webhook",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "workspace",
                    fields.ForeignKeyField(
                        "seggraph.Workspace",
                        source_field="workspace_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("url", fields.TextField(unique=False)),
                ("description", fields.TextField(null=True, unique=False)),
                ("topics", ArrayField(element_type="TEXT")),
                (
                    "status",
                    fields.CharEnumField(
                        default=WebhookStatus.ACTIVE,
                        description="ACTIVE: ACTIVE\nPAUSED: PAUSED\nDISABLED: DISABLED",
                        enum_type=WebhookStatus,
                        max_length=16,
                    ),
                ),
                (
                    "status_reason",
                    fields.TextField(null=True, description="Why the system disabled it", unique=False),
                ),
                ("secret", fields.BinaryField(description="What messages are signed with, encrypted")),
                ("secret_hint", fields.CharField(max_length=16)),
                ("previous_secret", fields.BinaryField(null=True)),
                (
                    "previous_until",
                    fields.DatetimeField(
                        null=True,
                        description="Until when messages are signed with it too",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
                ("failures", fields.IntField(default=0, db_default=0)),
                ("failing_since", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("retry_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("lease_holder", fields.CharField(null=True, max_length=64)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="created_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="webhooks",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("last_modified_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "webhooks",
                "app": "seggraph",
                "indexes": [Index(fields=["workspace_id", "id"], name="webhooks_by_workspace")],
                "pk_attr": "id",
                "table_description": "A URL that messages of some topics are sent to.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WebhookFact",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                ("fact", fields.BinaryField()),
            ],
            options={
                "table": "webhook_facts",
                "app": "seggraph",
                "indexes": [Index(fields=["workspace_id", "id"], name="webhook_facts_by_workspace")],
                "pk_attr": "id",
                "table_description": "A fact that some webhook of the workspace wants, from its commit until messages are made of it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WebhookMessage",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "webhook",
                    fields.ForeignKeyField(
                        "seggraph.Webhook",
                        source_field="webhook_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("key", fields.UUIDField()),
                ("topic", fields.CharField(null=True, max_length=32)),
                ("body", fields.BinaryField(null=True)),
                (
                    "status",
                    fields.CharEnumField(
                        default=WebhookDeliveryStatus.PENDING,
                        description="PENDING: PENDING\nDELIVERED: DELIVERED\nFAILED: FAILED",
                        enum_type=WebhookDeliveryStatus,
                        max_length=16,
                    ),
                ),
                ("attempts", fields.IntField(default=0, db_default=0)),
                ("next_attempt_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook_messages",
                "app": "seggraph",
                "indexes": [
                    Index(fields=["webhook_id", "id"], name="webhook_messages_by_webhook"),
                    Index(fields=["created_at"], name="webhook_messages_by_age"),
                ],
                "pk_attr": "id",
                "table_description": "A message to one webhook. `key` is what the receiver knows it by; `topic` is None for a test.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WebhookAttempt",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                ("webhook_id", fields.BigIntField()),
                (
                    "message",
                    fields.ForeignKeyField(
                        "seggraph.WebhookMessage",
                        source_field="message_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("duration_seconds", fields.FloatField()),
                ("status_code", fields.IntField(null=True)),
                ("error", fields.TextField(null=True, unique=False)),
                ("next_attempt_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook_attempts",
                "app": "seggraph",
                "indexes": [
                    Index(fields=["webhook_id", "id"], name="webhook_attempts_by_webhook"),
                    Index(fields=["message_id", "id"], name="webhook_attempts_by_message"),
                ],
                "pk_attr": "id",
                "table_description": "One call of a webhook: `status_code` is None when there was no answer, `error` when it was taken.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            list(SQL),
            reverse_sql=[
                "DROP INDEX webhook_messages_waiting",
                "DROP INDEX webhook_messages_due",
                "ALTER TABLE webhook_messages DROP CONSTRAINT webhook_messages_pending_have_bodies",
                "ALTER TABLE webhooks DROP CONSTRAINT webhooks_previous_until",
                "ALTER TABLE webhooks DROP CONSTRAINT webhooks_topics_not_empty",
            ],
        ),
    ]

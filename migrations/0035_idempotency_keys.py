"""Keys of requests that are carried out once, and what they were answered."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0034_users")]

    operations = [
        ops.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "actor",
                    fields.CharField(description="The user or API key that sent it", max_length=32),
                ),
                ("key", fields.CharField(max_length=255)),
                ("digest", fields.CharField(description="SHA-256 of what was asked, in hex", max_length=64)),
                (
                    "answer",
                    fields.BinaryField(
                        null=True, description="The answer, encrypted; null while it is being made"
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "idempotency_keys",
                "app": "seggraph",
                "unique_together": (("workspace_id", "actor", "key"),),
                "indexes": [Index(fields=["created_at"], name="idempotency_keys_by_age")],
                "pk_attr": "id",
                "table_description": "A key that a client gave to a mutation, and what it was answered: the same again for a day.",
            },
            bases=["Model"],
        ),
    ]

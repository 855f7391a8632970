"""Edits of many members, which a worker carries out portion by portion."""

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from seggraph.vocabulary import BulkEditAction, BulkEditStatus, MemberKind

KINDS = "PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7"


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0031_reach_addresses")]

    operations = [
        ops.CreateModel(
            name="BulkEdit",
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
                ("kind", fields.IntEnumField(description=KINDS, enum_type=MemberKind, generated=False)),
                (
                    "action",
                    fields.CharEnumField(
                        description="TAG_MEMBERS: TAG_MEMBERS\nSET_CONSENTS: SET_CONSENTS",
                        enum_type=BulkEditAction,
                        max_length=16,
                    ),
                ),
                (
                    "edit",
                    fields.JSONField(description="What is done: tags to add and remove, or consents"),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=BulkEditStatus.RUNNING,
                        description="RUNNING: RUNNING\nCOMPLETED: COMPLETED\nFAILED: FAILED\nCANCELLED: CANCELLED",
                        enum_type=BulkEditStatus,
                        max_length=16,
                    ),
                ),
                ("ordinals", fields.BinaryField()),
                ("total", fields.BigIntField()),
                ("position", fields.BigIntField(default=-1)),
                ("changed", fields.BigIntField(default=0)),
                ("unchanged", fields.BigIntField(default=0)),
                ("not_found", fields.BigIntField(default=0)),
                ("over_limit_count", fields.BigIntField(default=0)),
                (
                    "over_limit",
                    ArrayField(
                        element_type="bigint",
                        description="The first members that would have too many tags",
                    ),
                ),
                ("lease_holder", fields.CharField(null=True, max_length=64)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("attempts", fields.IntField(default=0)),
                ("retry_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("error_code", fields.CharField(null=True, max_length=64)),
                ("error_message", fields.TextField(null=True, unique=False)),
                ("error_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="created_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="bulk_edits",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bulk_edits",
                "app": "seggraph",
                "indexes": [Index(fields=["workspace_id", "id"], name="bulk_edits_by_workspace")],
                "pk_attr": "id",
                "table_description": "An edit of many members of a kind, which a worker carries out portion by portion.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "CREATE INDEX bulk_edits_at_work ON bulk_edits (workspace_id, kind) WHERE status = 'RUNNING'",
                "CREATE INDEX bulk_edits_by_end ON bulk_edits (finished_at) WHERE finished_at IS NOT NULL",
            ],
            reverse_sql=["DROP INDEX bulk_edits_by_end", "DROP INDEX bulk_edits_at_work"],
        ),
    ]

"""Exports."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from seggraph.vocabulary import ExportContent, ExportFormat, ExportStatus, Role
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

SQL = [
    ("ALTER TABLE exports ALTER COLUMN created_at SET DEFAULT now()", "SELECT 1"),
    ("CREATE INDEX exports_at_work ON exports (id) WHERE status = 'RUNNING'", "DROP INDEX exports_at_work"),
    (
        "CREATE INDEX exports_to_expire ON exports (expires_at) WHERE status = 'READY'",
        "DROP INDEX exports_to_expire",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0015_lists")]

    operations = [
        ops.CreateModel(
            name="Export",
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
                (
                    "content",
                    fields.CharEnumField(
                        description="MEMBERS: MEMBERS\nSEGMENTS: SEGMENTS",
                        enum_type=ExportContent,
                        max_length=16,
                    ),
                ),
                (
                    "segment",
                    fields.ForeignKeyField(
                        "seggraph.Segment",
                        source_field="segment_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("narrowed_to", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                (
                    "format",
                    fields.CharEnumField(
                        description="CSV: CSV\nJSON_LINES: JSON_LINES", enum_type=ExportFormat, max_length=16
                    ),
                ),
                ("gzip", fields.BooleanField(default=False)),
                ("columns", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                (
                    "status",
                    fields.CharEnumField(
                        default=ExportStatus.RUNNING,
                        description="RUNNING: RUNNING\nREADY: READY\nFAILED: FAILED\nEXPIRED: EXPIRED",
                        enum_type=ExportStatus,
                        max_length=16,
                    ),
                ),
                ("total", fields.BigIntField(null=True, description="Rows that it will have")),
                ("written", fields.BigIntField(default=0)),
                (
                    "as_of",
                    fields.DatetimeField(
                        null=True, description="The instant that it shows", auto_now=False, auto_now_add=False
                    ),
                ),
                (
                    "file",
                    fields.CharField(null=True, description="Its name in the files folder", max_length=64),
                ),
                ("file_size", fields.BigIntField(null=True)),
                ("lease_holder", fields.CharField(null=True, max_length=64)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("attempts", fields.IntField(default=0)),
                ("retry_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("error_code", fields.CharField(null=True, max_length=64)),
                ("error_message", fields.TextField(null=True, unique=False)),
                ("error_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "role",
                    fields.CharEnumField(
                        description="ADMIN: ADMIN\nLEADER: LEADER\nTEAM_MEMBER: TEAM_MEMBER",
                        enum_type=Role,
                        max_length=16,
                    ),
                ),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="created_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="exports",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "exports",
                "app": "seggraph",
                "indexes": [Index(fields=["workspace_id", "id"], name="exports_by_workspace")],
                "pk_attr": "id",
                "table_description": "A file that is being written, or can be fetched until it expires.",
            },
            bases=["Model"],
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]

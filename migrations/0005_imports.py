"""Imports and the rows they did not take."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from seggraph.vocabulary import ImportStatus, MemberKind, RowOutcome
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

SQL = [
    (
        "ALTER TABLE imports ADD CONSTRAINT imports_account_for_every_row"
        " CHECK (read = added + updated + already_in + duplicate + ignored + failed)",
        "ALTER TABLE imports DROP CONSTRAINT imports_account_for_every_row",
    ),
    ("ALTER TABLE imports ALTER COLUMN created_at SET DEFAULT now()", "SELECT 1"),
    (
        "CREATE INDEX imports_at_work ON imports (id) WHERE status = 'RUNNING'",
        "DROP INDEX imports_at_work",
    ),
    # Hashes of the keys of rows that are no member: passed over, or new in a dry run. Gone with the import's end.
    (
        """
        CREATE TABLE import_keys (
          workspace_id bigint NOT NULL, import_id bigint NOT NULL, key bigint NOT NULL,
          PRIMARY KEY (workspace_id, import_id, key)
        )
        """,
        "DROP TABLE import_keys",
    ),
    # How rows find members that they do not name by external id.
    (
        "CREATE INDEX members_by_domain ON members (workspace_id, kind, domain) WHERE domain IS NOT NULL",
        "DROP INDEX members_by_domain",
    ),
    (
        "CREATE INDEX members_by_email ON members (workspace_id, kind, lower(email)) WHERE email IS NOT NULL",
        "DROP INDEX members_by_email",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0004_relations")]

    operations = [
        ops.CreateModel(
            name="Import",
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
                    "kind",
                    fields.IntEnumField(
                        description="PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7",
                        enum_type=MemberKind,
                        generated=False,
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
                ("replace", fields.BooleanField(default=False)),
                (
                    "status",
                    fields.CharEnumField(
                        default=ImportStatus.UPLOADED,
                        description="UPLOADED: UPLOADED\nRUNNING: RUNNING\nCOMPLETED: COMPLETED\nFAILED: FAILED\nCANCELLED: CANCELLED",
                        enum_type=ImportStatus,
                        max_length=16,
                    ),
                ),
                ("file", fields.CharField(description="Its name in the files folder", max_length=64)),
                (
                    "file_name",
                    fields.CharField(description="What the client called it; only shown", max_length=255),
                ),
                ("file_size", fields.BigIntField()),
                ("file_sha256", fields.CharField(max_length=64)),
                ("file_encoding", fields.CharField(description="What the upload was in", max_length=16)),
                ("encoding", fields.CharField(description="What the stored file is in", max_length=16)),
                ("delimiter", fields.CharField(max_length=1)),
                ("has_header", fields.BooleanField()),
                ("columns", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("suggestions", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("mapping", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("create_missing", fields.BooleanField(default=True)),
                ("dry_run", fields.BooleanField(default=False)),
                (
                    "total",
                    fields.BigIntField(null=True, description="Rows in the file, once it was looked through"),
                ),
                ("new_types", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("position", fields.BigIntField(default=0)),
                ("line", fields.BigIntField(default=0)),
                ("read", fields.BigIntField(default=0)),
                ("added", fields.BigIntField(default=0)),
                ("updated", fields.BigIntField(default=0)),
                ("already_in", fields.BigIntField(default=0)),
                ("duplicate", fields.BigIntField(default=0)),
                ("ignored", fields.BigIntField(default=0)),
                ("failed", fields.BigIntField(default=0)),
                ("taken", fields.BinaryField(null=True)),
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
                        related_name="imports",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "imports",
                "app": "seggraph",
                "indexes": [Index(fields=["workspace_id", "id"], name="imports_by_workspace")],
                "pk_attr": "id",
                "table_description": "A file and what became of it: read = added + updated + already_in + duplicate + ignored + failed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ImportReject",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                ("import_id", fields.BigIntField()),
                ("line", fields.BigIntField(description="Of the file, from 1, on which the row begins")),
                (
                    "outcome",
                    fields.CharEnumField(
                        description="DUPLICATE: DUPLICATE\nIGNORED: IGNORED\nFAILED: FAILED",
                        enum_type=RowOutcome,
                        max_length=16,
                    ),
                ),
                ("code", fields.CharField(max_length=64)),
                ("message", fields.TextField(unique=False)),
                ("cells", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "import_rejects",
                "app": "seggraph",
                "unique_together": (("workspace_id", "import_id", "line"),),
                "pk_attr": "id",
                "table_description": "A row that an import did not take, as it stands in the file, and why.",
            },
            bases=["Model"],
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]

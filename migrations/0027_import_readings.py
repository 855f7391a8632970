"""How the columns of imports are read, what their rows do, and mapping templates."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from seggraph.vocabulary.files import RowOutcome
from seggraph.vocabulary.members import MemberKind
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields

SQL = [
    (f"ALTER TABLE import_templates ALTER COLUMN {column} SET DEFAULT {value}", "SELECT 1")
    for column, value in (("created_at", "now()"), ("used_at", "now()"), ("uses", "1"))
]
SQL.append(
    (
        "CREATE UNIQUE INDEX import_templates_by_shape ON import_templates"
        " (workspace_id, kind, shape, coalesce(segment_id, 0))",
        "DROP INDEX import_templates_by_shape",
    )
)
SQL.append(("SELECT 1", "DELETE FROM import_rejects WHERE outcome = 'PARTIAL'"))


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0026_rights_version")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ImportTemplate",
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
                        related_name="import_templates",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("shape", fields.CharField(max_length=64)),
                (
                    "file_name",
                    fields.CharField(description="The name of the last file of this shape", max_length=255),
                ),
                ("columns", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("mapping", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                (
                    "choices",
                    fields.JSONField(
                        description="The settings that a person chose, by column",
                        encoder=JSON_DUMPS,
                        decoder=loads,
                    ),
                ),
                ("uses", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("used_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "import_templates",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "The mapping that the last import of a file of this shape was started with, to be suggested again.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Import",
            name="activate",
            field=fields.BooleanField(default=False),
        ),
        ops.AddField(
            model_name="Import",
            name="only_targets",
            field=fields.BooleanField(default=False),
        ),
        ops.AddField(
            model_name="Import",
            name="partial",
            field=fields.BigIntField(default=0, description="Stored rows without some of their values"),
        ),
        ops.AddField(
            model_name="Import",
            name="readings",
            field=fields.JSONField(
                null=True,
                description="How each mapped column is read, after the import was started",
                encoder=JSON_DUMPS,
                decoder=loads,
            ),
        ),
        ops.AddField(
            model_name="Import",
            name="skip_lines",
            field=fields.IntField(
                default=0, description="The lines before the header that are no part of the table"
            ),
        ),
        ops.AddField(
            model_name="Import",
            name="whole_rows",
            field=fields.BooleanField(
                default=False, description="Whether one bad value rejects its whole row"
            ),
        ),
        ops.AlterModelOptions(
            name="ImportReject",
            options={
                "table": "import_rejects",
                "app": "seggraph",
                "unique_together": (("workspace_id", "import_id", "line"),),
                "pk_attr": "id",
                "table_description": "A row of an import that was rejected or stored in part: its cells as they are in the file, and the reason.",
            },
        ),
        ops.AlterField(
            model_name="ImportReject",
            name="outcome",
            field=fields.CharEnumField(
                description="DUPLICATE: DUPLICATE\nIGNORED: IGNORED\nFAILED: FAILED\nPARTIAL: PARTIAL",
                enum_type=RowOutcome,
                max_length=16,
            ),
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]

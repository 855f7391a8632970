"""The audit log."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

SQL = [
    (
        "CREATE FUNCTION refuse_audit_changes() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'audit_entries is append-only'; END $$",
        "DROP FUNCTION refuse_audit_changes()",
    ),
    (
        "CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_changes()",
        "DROP TRIGGER audit_entries_append_only ON audit_entries",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0008_dependencies")]

    operations = [
        ops.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("user_id", fields.BigIntField(null=True)),
                ("api_key_id", fields.BigIntField(null=True)),
                ("actor_name", fields.CharField(max_length=255)),
                ("action", fields.CharField(max_length=32)),
                ("subject", fields.CharField(max_length=32)),
                ("subject_id", fields.BigIntField(null=True)),
                ("subject_name", fields.CharField(null=True, max_length=255)),
                ("before", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("after", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("ip", fields.CharField(null=True, max_length=64)),
                ("user_agent", fields.CharField(null=True, max_length=300)),
            ],
            options={
                "table": "audit_entries",
                "app": "seggraph",
                "indexes": [
                    Index(fields=["workspace_id", "id"], name="audit_entries_by_workspace"),
                    Index(fields=["workspace_id", "subject_id", "id"], name="audit_entries_by_subject"),
                ],
                "pk_attr": "id",
                "table_description": "One thing that somebody did. Rows are only ever added: a trigger refuses everything else.",
            },
            bases=["Model"],
        ),
        *(ops.RunSQL(sql=forwards, reverse_sql=backwards) for forwards, backwards in SQL),
    ]

"""Workspaces choose which role some rights take, and single tokens are withdrawn."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

TRIGGERS = {"workspaces": "UPDATE OF least_roles", "withdrawn_tokens": "INSERT OR UPDATE"}


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0036_links_that_are_members")]

    operations = [
        ops.AddField(
            model_name="Workspace",
            name="least_roles",
            field=fields.JSONField(
                default=dict, db_default="{}", description="What was chosen of access.LeastRoles: a role by name"
            ),
        ),
        ops.CreateModel(
            name="WithdrawnToken",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                ("user_id", fields.BigIntField()),
                ("jti", fields.CharField(max_length=255)),
                (
                    "expires_at",
                    fields.DatetimeField(
                        description="The `exp` of the token", auto_now=False, auto_now_add=False
                    ),
                ),
            ],
            options={
                "table": "withdrawn_tokens",
                "app": "seggraph",
                "unique_together": (("workspace_id", "user_id", "jti"),),
                "pk_attr": "id",
                "table_description": "A token that was withdrawn before it expires, by its `jti`; the row goes when it has expired.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                f"CREATE TRIGGER {table}_rights AFTER {events} ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION count_rights_changes()"
                for table, events in TRIGGERS.items()
            ],
            reverse_sql=[f"DROP TRIGGER {table}_rights ON {table}" for table in TRIGGERS],
        ),
    ]

"""What finds the files of imports that are not needed any more; when API keys were used last."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0005_imports")]

    operations: list[ops.Operation] = [
        ops.RunSQL(
            "CREATE INDEX imports_with_files ON imports (id) WHERE file <> ''",
            reverse_sql="DROP INDEX imports_with_files",
        ),
        ops.AddField(
            model_name="ApiKey",
            name="last_used_at",
            field=fields.DatetimeField(
                null=True, description="To about a minute", auto_now=False, auto_now_add=False
            ),
        ),
    ]

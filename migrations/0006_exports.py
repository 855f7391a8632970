"""What finds the files of imports that are not needed any more."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0005_imports")]

    operations: list[ops.Operation] = [
        ops.RunSQL(
            "CREATE INDEX imports_with_files ON imports (id) WHERE file <> ''",
            reverse_sql="DROP INDEX imports_with_files",
        ),
    ]

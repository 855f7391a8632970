"""An export names the API key that asked for it, so that the exports of each key are counted by themselves."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0043_rows_in_place")]

    operations = [
        ops.AddField(
            model_name="Export",
            name="created_by_key_id",
            field=fields.BigIntField(null=True, description="The API key that created it"),
        ),
    ]

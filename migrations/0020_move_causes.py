"""By which sources members moved, beside the moves; what was kept before says nothing of it."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0019_list_names")]

    operations = [
        ops.AddField(
            model_name="RunChunk",
            name="causes",
            field=fields.BinaryField(null=True, description="services.move_causes; null: not known"),
        ),
    ]

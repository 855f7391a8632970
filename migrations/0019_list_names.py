"""What lists are called outside, so that they are renamed with their segments."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0018_drift_and_audit")]

    operations = [
        ops.AlterField(
            model_name="Delivery",
            name="list_id",
            field=fields.TextField(null=True, description="The list's id outside", unique=False),
        ),
        ops.AddField(
            model_name="Delivery",
            name="list_name",
            field=fields.TextField(
                null=True,
                description="What the list is called outside; null while it is renamed",
                unique=False,
            ),
        ),
        ops.AddField(
            model_name="Delivery",
            name="refused_name",
            field=fields.TextField(
                null=True, description="The name that the destination did not give the list", unique=False
            ),
        ),
    ]

"""Chunks of audiences keep a few changes beside their bytes, so that these need not be written anew for each."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0021_address_digests")]

    operations = [
        ops.AddField(model_name="Chunk", name="toggled", field=fields.BinaryField(null=True)),
    ]

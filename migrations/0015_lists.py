"""Indexes of lists and counts."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0014_webhooks")]

    operations: list[ops.Operation] = []

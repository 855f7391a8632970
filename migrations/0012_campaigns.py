"""Campaigns and their metrics."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0011_history")]

    operations: list[ops.Operation] = []

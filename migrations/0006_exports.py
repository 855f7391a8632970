"""Exports."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0005_imports")]

    operations: list[ops.Operation] = []

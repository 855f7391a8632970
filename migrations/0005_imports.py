"""Imports and the rows they rejected."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0004_relations")]

    operations: list[ops.Operation] = []

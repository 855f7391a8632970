"""Suppressions, and reach by steps."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0009_audit")]

    operations: list[ops.Operation] = []

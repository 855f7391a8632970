"""Playbooks."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0006_exports")]

    operations: list[ops.Operation] = []

"""The audit log."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0008_dependencies")]

    operations: list[ops.Operation] = []

"""Events, their totals, and the keys that make them idempotent."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0002_postgresql")]

    operations: list[ops.Operation] = []

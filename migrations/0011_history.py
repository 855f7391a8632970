"""Size history and its compaction."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0010_reach")]

    operations: list[ops.Operation] = []

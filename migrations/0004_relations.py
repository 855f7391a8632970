"""Relations between members, also to members who are not there yet."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0003_events")]

    operations: list[ops.Operation] = []

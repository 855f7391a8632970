"""What criteria read, and when time alone moves members."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0007_playbooks")]

    operations: list[ops.Operation] = []

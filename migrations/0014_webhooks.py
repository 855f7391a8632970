"""Webhooks."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0013_destinations")]

    operations: list[ops.Operation] = []

"""Destinations and deliveries."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0012_campaigns")]

    operations: list[ops.Operation] = []

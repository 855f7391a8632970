"""Indexes that lists of segments need."""

from tortoise import migrations
from tortoise.migrations import operations as ops

SQL = [
    (
        "CREATE INDEX segments_referring ON segments (workspace_id) WHERE criteria @? '$.**.segment.id'",
        "DROP INDEX segments_referring",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0014_webhooks")]

    operations = [
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]

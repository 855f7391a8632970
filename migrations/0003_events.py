"""Events, their totals, and the keys that make them idempotent.

`events` is partitioned by month. What is older than FIRST_MONTH is in one partition; `event_partitions` makes the
months when they are needed. The tables have no Tortoise models: they are written and read by sets of rows.
docs/events.md describes them.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

FIRST_MONTH = "2015-01-01"

EVENTS = """
    CREATE TABLE events (
      id bigint NOT NULL DEFAULT nextval('events_id_seq'),
      workspace_id bigint NOT NULL,
      occurred_at timestamptz NOT NULL,
      recorded_at timestamptz NOT NULL DEFAULT now(),
      ordinal int NOT NULL,
      kind smallint NOT NULL,
      name text NOT NULL,
      value numeric(20, 4),
      external_id text,
      properties jsonb,
      PRIMARY KEY (workspace_id, kind, ordinal, name, occurred_at, id)
    ) PARTITION BY RANGE (occurred_at)
"""

KEYS = """
    CREATE TABLE event_keys (
      workspace_id bigint NOT NULL,
      event_id bigint NOT NULL,
      occurred_at timestamptz NOT NULL,
      ordinal int NOT NULL,
      kind smallint NOT NULL,
      name text NOT NULL,
      external_id text NOT NULL,
      PRIMARY KEY (workspace_id, external_id)
    )
"""

# Most recordings change only counts and sums, which no index holds: the free space lets rows change in place.
TOTALS = """
    CREATE TABLE event_totals (
      workspace_id bigint NOT NULL,
      first_at timestamptz NOT NULL,
      last_at timestamptz NOT NULL,
      count bigint NOT NULL CHECK (count > 0),
      valued_count bigint NOT NULL CHECK (valued_count BETWEEN 0 AND count),
      ordinal int NOT NULL,
      kind smallint NOT NULL,
      name text NOT NULL,
      sum numeric NOT NULL,
      CHECK (first_at <= last_at),
      PRIMARY KEY (workspace_id, kind, name, ordinal)
    ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)
"""


# One operation: for each, Tortoise copies its picture of all the tables.
SQL = [
    ("CREATE SEQUENCE events_id_seq", "DROP SEQUENCE events_id_seq"),
    (EVENTS, "DROP TABLE events"),
    (
        "CREATE INDEX events_in_window ON events (workspace_id, kind, name, occurred_at, ordinal) INCLUDE (value)",
        "DROP INDEX events_in_window",
    ),
    (
        f"CREATE TABLE events_past PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('{FIRST_MONTH}+00')",
        "DROP TABLE events_past",
    ),
    (KEYS, "DROP TABLE event_keys"),
    (TOTALS, "DROP TABLE event_totals"),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0002_postgresql")]

    operations = [
        ops.AddField(
            model_name="Workspace",
            name="event_retention_days",
            field=fields.IntField(null=True, description="Null: events are kept for ever"),
        ),
        ops.AddField(
            model_name="Workspace",
            name="events_pruned_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]

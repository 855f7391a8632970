"""Campaigns, what they target, their metrics, and the customer value of segments.

The last three tables have no Tortoise models: they are written and read by sets of rows. docs/metrics.md and
docs/customer-value.md describe them.
"""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from seggraph.vocabulary import CampaignSegmentRole, CampaignStatus, Channel

CHECKS = {
    "campaigns_name_not_empty": ("campaigns", "btrim(name) <> '' AND name_key <> ''"),
    "campaigns_end_after_start": ("campaigns", "ends_on >= starts_on"),
    "campaigns_channel_known": ("campaigns", "channel BETWEEN 1 AND 5"),
}

METRICS = """
    CREATE TABLE campaign_metrics (
      workspace_id bigint NOT NULL,
      segment_id bigint NOT NULL,
      campaign_id bigint NOT NULL,
      day date NOT NULL,
      spend numeric(16, 4) NOT NULL CHECK (spend >= 0),
      impressions bigint NOT NULL CHECK (impressions >= 0),
      clicks bigint NOT NULL CHECK (clicks >= 0),
      conversions bigint NOT NULL CHECK (conversions >= 0),
      recorded_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (workspace_id, segment_id, campaign_id, day)
    )
"""

# The sums from which a segment's value is made, as of an instant, and the version of the segment's row then.
VALUES = """
    CREATE TABLE segment_values (
      workspace_id bigint NOT NULL,
      segment_id bigint NOT NULL REFERENCES segments ON DELETE CASCADE,
      as_of timestamptz NOT NULL,
      row_version bigint NOT NULL,
      buyers bigint NOT NULL,
      orders bigint NOT NULL,
      revenue numeric NOT NULL,
      repeat_buyers bigint NOT NULL,
      latency_days double precision NOT NULL,
      PRIMARY KEY (workspace_id, segment_id)
    )
"""

# When changes of orders of a kind's members were last looked at: older values are due.
ORDER_CHANGES = """
    CREATE TABLE order_changes (
      workspace_id bigint NOT NULL,
      kind smallint NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (workspace_id, kind)
    )
"""

# A change waits as a dirty batch, which the refresh that looks at it takes away: refreshes take turns, so nobody who
# records orders waits for another one here.
NOTE_ORDERS = """
    CREATE FUNCTION seggraph_note_order_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO order_changes (workspace_id, kind, changed_at)
      SELECT workspace_id, kind, clock_timestamp() FROM gone WHERE 'event:order' = ANY(changed) GROUP BY 1, 2
      ON CONFLICT (workspace_id, kind) DO UPDATE SET changed_at = EXCLUDED.changed_at;
      RETURN NULL;
    END $$
"""


# One operation: for each, Tortoise copies its picture of all the tables.
SQL = [
    *(
        (
            f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({check})",
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
        )
        for name, (table, check) in CHECKS.items()
    ),
    (METRICS, "DROP TABLE campaign_metrics"),
    (
        "CREATE INDEX campaign_metrics_by_campaign ON campaign_metrics (workspace_id, campaign_id, day)",
        "DROP INDEX campaign_metrics_by_campaign",
    ),
    (VALUES, "DROP TABLE segment_values"),
    (
        "CREATE INDEX segment_values_by_segment ON segment_values (segment_id)",
        "DROP INDEX segment_values_by_segment",
    ),
    (ORDER_CHANGES, "DROP TABLE order_changes"),
    (NOTE_ORDERS, "DROP FUNCTION seggraph_note_order_changes()"),
    (
        "CREATE TRIGGER dirty_batches_note_orders AFTER DELETE ON dirty_batches REFERENCING OLD TABLE AS gone"
        " FOR EACH STATEMENT EXECUTE FUNCTION seggraph_note_order_changes()",
        "DROP TRIGGER dirty_batches_note_orders ON dirty_batches",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0011_history")]

    operations = [
        ops.CreateModel(
            name="Campaign",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "workspace",
                    fields.ForeignKeyField(
                        "seggraph.Workspace",
                        source_field="workspace_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                (
                    "name_key",
                    fields.CharField(
                        description="The name, case-folded: what must be unique", max_length=600
                    ),
                ),
                (
                    "channel",
                    fields.IntEnumField(
                        null=True,
                        description="EMAIL: 1\nDIRECT_MAIL: 2\nSMS: 3\nPHONE: 4\nPUSH: 5",
                        enum_type=Channel,
                        generated=False,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=CampaignStatus.DRAFT,
                        description="DRAFT: DRAFT\nACTIVE: ACTIVE\nPAUSED: PAUSED\nCOMPLETED: COMPLETED",
                        enum_type=CampaignStatus,
                        max_length=16,
                    ),
                ),
                ("starts_on", fields.DateField(null=True)),
                ("ends_on", fields.DateField(null=True)),
                ("version", fields.IntField(default=1, db_default=1)),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="created_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="created_campaigns",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("last_modified_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "campaigns",
                "app": "seggraph",
                "unique_together": (("workspace_id", "name_key"),),
                "indexes": [Index(fields=["workspace_id", "created_at", "id"], name="campaigns_by_creation")],
                "pk_attr": "id",
                "table_description": "What segments are used for: it targets some, leaves others out, and collects metrics.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CampaignSegment",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "campaign",
                    fields.ForeignKeyField(
                        "seggraph.Campaign",
                        source_field="campaign_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "segment",
                    fields.ForeignKeyField(
                        "seggraph.Segment",
                        source_field="segment_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "role",
                    fields.CharEnumField(
                        description="INCLUDE: INCLUDE\nEXCLUDE: EXCLUDE",
                        enum_type=CampaignSegmentRole,
                        max_length=8,
                    ),
                ),
            ],
            options={
                "table": "campaign_segments",
                "app": "seggraph",
                "unique_together": (("workspace_id", "campaign_id", "segment_id"),),
                "indexes": [Index(fields=["segment_id", "campaign_id"], name="campaign_segments_by_segment")],
                "pk_attr": "id",
                "table_description": "That a campaign targets a segment, or leaves it out.",
            },
            bases=["Model"],
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]

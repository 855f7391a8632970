"""The customer values of segments follow orders and membership changes, instead of being computed again.

`member_orders` has what each member's orders add to the values of its segments. `order_changes` are the members whose
orders changed since, or will: an order of the coming day counts from its time on. `segment_values` are the sums over
the members with ordinals below `built_to`; a value is complete once that is the largest one. docs/customer-value.md
describes them. What was kept before is computed anew.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

MEMBER_ORDERS = """
    CREATE TABLE member_orders (
      workspace_id bigint NOT NULL,
      ordinal int NOT NULL,
      kind smallint NOT NULL,
      orders bigint NOT NULL CHECK (orders > 0),
      revenue numeric NOT NULL,
      latency_days numeric NOT NULL,
      PRIMARY KEY (workspace_id, kind, ordinal)
    ) WITH (fillfactor = 85)
"""

FILL_MEMBER_ORDERS = """
    INSERT INTO member_orders (workspace_id, ordinal, kind, orders, revenue, latency_days)
    SELECT workspace_id, ordinal, kind, count, sum, CASE WHEN count > 1
      THEN round(extract(epoch FROM last_at - first_at) / (86400 * (count - 1)), 12) ELSE 0 END
    FROM event_totals WHERE name = 'order' AND last_at <= now()
"""

ORDER_CHANGES = """
    CREATE TABLE order_changes (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      workspace_id bigint NOT NULL,
      kind smallint NOT NULL,
      ordinals bytea NOT NULL,
      due_at timestamptz NOT NULL
    )
"""

NOTE_ORDERS = """
    CREATE OR REPLACE FUNCTION seggraph_note_order_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO order_changes (workspace_id, kind, ordinals, due_at)
      SELECT workspace_id, kind, ordinals, clock_timestamp() FROM added WHERE 'event:order' = ANY(changed);
      RETURN NULL;
    END $$
"""

VALUES = """
    CREATE TABLE segment_values (
      workspace_id bigint NOT NULL,
      segment_id bigint NOT NULL REFERENCES segments ON DELETE CASCADE,
      kind smallint NOT NULL,
      built_to bigint NOT NULL,
      checked_at timestamptz NOT NULL,
      buyers bigint NOT NULL,
      orders bigint NOT NULL,
      revenue numeric NOT NULL,
      repeat_buyers bigint NOT NULL,
      latency_days numeric NOT NULL,
      PRIMARY KEY (workspace_id, segment_id)
    )
"""

OLD_VALUES = """
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

OLD_ORDER_CHANGES = """
    CREATE TABLE order_changes (
      workspace_id bigint NOT NULL,
      kind smallint NOT NULL,
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (workspace_id, kind)
    )
"""

OLD_NOTE_ORDERS = """
    CREATE OR REPLACE FUNCTION seggraph_note_order_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO order_changes (workspace_id, kind, changed_at)
      SELECT workspace_id, kind, clock_timestamp() FROM gone WHERE 'event:order' = ANY(changed) GROUP BY 1, 2
      ON CONFLICT (workspace_id, kind) DO UPDATE SET changed_at = EXCLUDED.changed_at;
      RETURN NULL;
    END $$
"""

BY_SEGMENT = "CREATE INDEX segment_values_by_segment ON segment_values (segment_id)"


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0024_erasures")]

    operations = [
        ops.RunSQL(
            [
                "DROP TRIGGER dirty_batches_note_orders ON dirty_batches",
                "DROP TABLE segment_values",
                "DROP TABLE order_changes",
                MEMBER_ORDERS,
                FILL_MEMBER_ORDERS,
                ORDER_CHANGES,
                "CREATE INDEX order_changes_by_time ON order_changes (workspace_id, kind, due_at)",
                VALUES,
                BY_SEGMENT,
                NOTE_ORDERS,
                "CREATE TRIGGER dirty_batches_note_orders AFTER INSERT ON dirty_batches REFERENCING NEW TABLE AS added"
                " FOR EACH STATEMENT EXECUTE FUNCTION seggraph_note_order_changes()",
            ],
            reverse_sql=[
                "DROP TRIGGER dirty_batches_note_orders ON dirty_batches",
                "DROP TABLE segment_values",
                "DROP TABLE order_changes",
                "DROP TABLE member_orders",
                OLD_VALUES,
                BY_SEGMENT,
                OLD_ORDER_CHANGES,
                OLD_NOTE_ORDERS,
                "CREATE TRIGGER dirty_batches_note_orders AFTER DELETE ON dirty_batches REFERENCING OLD TABLE AS gone"
                " FOR EACH STATEMENT EXECUTE FUNCTION seggraph_note_order_changes()",
            ],
        ),
    ]

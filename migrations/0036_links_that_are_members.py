"""Links that are the members of their segment are stored as these alone, and chunks are vacuumed sooner and faster."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# Large chunks and delta rows are out of line, in the table that PostgreSQL keeps beside.
VACUUM = """
    ALTER TABLE chunks SET (autovacuum_vacuum_cost_delay = 0, toast.autovacuum_vacuum_scale_factor = 0.05,
      toast.autovacuum_vacuum_cost_delay = 0)
"""

VACUUM_AS_BEFORE = """
    ALTER TABLE chunks RESET (autovacuum_vacuum_cost_delay, toast.autovacuum_vacuum_scale_factor,
      toast.autovacuum_vacuum_cost_delay)
"""

STORE_LINKS = """
    INSERT INTO chunks (workspace_id, role, owner_id, chunk, cardinality, roaring)
    SELECT c.workspace_id, 2, o.id, c.chunk, c.cardinality, c.roaring
    FROM sources o JOIN chunks c ON c.workspace_id = o.workspace_id AND c.role = 1 AND c.owner_id = o.segment_id
    WHERE o.links_are_members
"""


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0035_idempotency_keys")]

    operations = [
        ops.AddField(
            model_name="Source",
            name="links_are_members",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        # Full runs set the column, so that no migration has to compare all audiences.
        ops.RunSQL([VACUUM], reverse_sql=[STORE_LINKS, VACUUM_AS_BEFORE]),
    ]

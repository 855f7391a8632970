"""Links that are the members of their segment are stored as these alone; the tables of bitmaps are vacuumed sooner."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

STORE_LINKS = """
    INSERT INTO chunks (workspace_id, role, owner_id, chunk, cardinality, roaring)
    SELECT c.workspace_id, 2, o.id, c.chunk, c.cardinality, c.roaring
    FROM sources o JOIN chunks c ON c.workspace_id = o.workspace_id AND c.role = 1 AND c.owner_id = o.segment_id
    WHERE o.links_are_members
"""


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0029_reasons_of_deliveries")]

    operations = [
        ops.AddField(
            model_name="Source",
            name="links_are_members",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        # Nothing forwards: full runs set it, so that no migration has to compare all audiences.
        ops.RunSQL("SELECT 1", reverse_sql=STORE_LINKS),
    ]

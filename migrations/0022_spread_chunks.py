"""A few ordinals of several chunks are kept together in a row whose chunk is -1; in audiences it toggles the others.

Chunks that PostgreSQL keeps out of line have a digest, by which a process knows those that it has read before.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

REFUSE = """
    DO $$ BEGIN
      IF EXISTS (SELECT FROM chunks WHERE chunk = -1) OR EXISTS (SELECT FROM run_chunks WHERE chunk = -1) THEN
        RAISE EXCEPTION 'audiences and their history have rows that older versions do not read';
      END IF;
    END $$
"""


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0021_address_digests")]

    operations = [
        ops.RunSQL(
            [
                "ALTER TABLE chunks DROP CONSTRAINT chunks_not_empty",
                "ALTER TABLE chunks ADD CONSTRAINT chunks_not_empty"
                " CHECK (chunk = -1 OR (chunk >= 0 AND cardinality BETWEEN 1 AND 65536))",
                "ALTER TABLE chunks ADD COLUMN digest bytea GENERATED ALWAYS AS"
                " (CASE WHEN chunk >= 0 AND length(roaring) > 1900 THEN sha256(roaring) END) STORED",
            ],
            reverse_sql=[
                REFUSE,
                "ALTER TABLE chunks DROP COLUMN digest",
                "ALTER TABLE chunks DROP CONSTRAINT chunks_not_empty",
                "ALTER TABLE chunks ADD CONSTRAINT chunks_not_empty CHECK (cardinality BETWEEN 1 AND 65536)",
            ],
        ),
    ]

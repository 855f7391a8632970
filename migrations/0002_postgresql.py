"""What Tortoise cannot say: checks, defaults, storage and the search index.

`Meta.constraints` of a new model never reach PostgreSQL (tortoise-orm #2272), so every check is written here.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

CHECKS = {
    "members": {
        "members_ordinal_positive": "ordinal >= 0",
        "members_external_id_length": "char_length(external_id) BETWEEN 1 AND 255",
        "members_kind_known": "kind BETWEEN 1 AND 7",
        "members_consents_known": (
            "consent_email BETWEEN 0 AND 2 AND consent_direct_mail BETWEEN 0 AND 2 AND consent_sms BETWEEN 0 AND 2"
            " AND consent_phone BETWEEN 0 AND 2 AND consent_push BETWEEN 0 AND 2"
        ),
        "members_attributes_object": "jsonb_typeof(attributes) = 'object'",
    },
    "attributes": {"attributes_name_not_empty": "name <> ''"},
    "chunks": {"chunks_not_empty": "cardinality BETWEEN 1 AND 65536"},
    "run_chunks": {"run_chunks_not_empty": "cardinality BETWEEN 1 AND 65536"},
    "segments": {
        "segments_name_not_empty": "btrim(name) <> '' AND name_key <> ''",
        "segments_revisions_in_order": "computed_revision BETWEEN 0 AND requested_revision",
        "segments_ready_has_as_of": "reach_status <> 'READY' OR as_of IS NOT NULL",
        "segments_active_dynamic_has_criteria": (
            "NOT (status = 'ACTIVE' AND type = 'DYNAMIC') OR criteria IS NOT NULL"
        ),
    },
}

DEFAULTS = {
    ("members", "tags"): "'{}'",
    ("members", "attributes"): "'{}'",
    ("members", "created_at"): "now()",
    ("members", "updated_at"): "now()",
    ("dirty_batches", "changed"): "'{}'",
    ("dirty_batches", "created_at"): "clock_timestamp()",
    ("attributes", "created_at"): "now()",
}

# Roaring bytes do not compress; short-lived rows need vacuuming long before a fifth of the table is dead.
STORAGE = [
    "ALTER TABLE chunks ALTER COLUMN roaring SET STORAGE EXTERNAL",
    "ALTER TABLE run_chunks ALTER COLUMN roaring SET STORAGE EXTERNAL",
    "ALTER TABLE chunks SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)",
    "ALTER TABLE dirty_batches SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)",
]

# Runs at work are few among the many that are over; and a segment has one at most.
INDEXES = {
    "runs_at_work": "UNIQUE INDEX runs_at_work ON runs (workspace_id, segment_id) WHERE status = 'RUNNING'",
    "members_search": """INDEX members_search ON members USING gin (
      lower(coalesce(name, '') || ' ' || coalesce(domain, '') || ' ' || coalesce(email, '')) gin_trgm_ops
    )""",
}

# Facts on their way to Redis (services/outbox.py). It has no Tortoise model: rows live for milliseconds.
OUTBOX = """
    CREATE TABLE outbox (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      workspace_id bigint NOT NULL,
      fact bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)
"""


# One operation: for each, Tortoise copies its picture of all the tables.
SQL = [
    *(
        (
            f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition})",
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
        )
        for table, checks in CHECKS.items()
        for name, condition in checks.items()
    ),
    *(
        (
            f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {value}",
            f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT",
        )
        for (table, column), value in DEFAULTS.items()
    ),
    *((statement, "SELECT 1") for statement in STORAGE),
    *((f"CREATE {index}", f"DROP INDEX {name}") for name, index in INDEXES.items()),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0001_initial")]

    operations = [
        ops.RunSQL(
            "CREATE EXTENSION IF NOT EXISTS pg_trgm",
            reverse_sql="SELECT 1",  # it may have been there before us
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
        ops.RunSQL(OUTBOX, reverse_sql="DROP TABLE outbox"),
    ]

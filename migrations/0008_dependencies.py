"""What the rules of segments read, to be looked up by what changed.

The rules of segments that are there already depend on everything, until they are next saved or recalculated.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from seggraph.vocabulary import MemberKind, RelationType
from tortoise.fields.base import OnDelete
from tortoise import fields

SQL = [
    (
        "CREATE UNIQUE INDEX dependencies_by_name ON dependencies"
        " (workspace_id, kind, name, source_id, relation, forward) NULLS NOT DISTINCT",
        "DROP INDEX dependencies_by_name",
    ),
    ("CREATE INDEX dependencies_of_source ON dependencies (source_id)", "DROP INDEX dependencies_of_source"),
    (
        "ALTER TABLE dependencies ADD CONSTRAINT dependencies_passed_on CHECK ((relation IS NULL) = (forward IS NULL))",
        "ALTER TABLE dependencies DROP CONSTRAINT dependencies_passed_on",
    ),
    (
        "INSERT INTO dependencies (workspace_id, source_id, kind, name)"
        " SELECT o.workspace_id, o.id, s.kind, '*' FROM sources o JOIN segments s ON s.id = o.segment_id"
        " WHERE o.kind IN ('CRITERIA', 'PLAYBOOK')",
        "SELECT 1",
    ),
]

# Until when time has passed for each population that has rules which it moves (services/ticks.py). The table has no
# Tortoise model: its rows are written every few seconds.
TICKS = [
    (
        """
        CREATE TABLE ticks (
          workspace_id bigint NOT NULL,
          ticked_at timestamptz NOT NULL,
          next_at timestamptz NOT NULL DEFAULT '-infinity',
          kind smallint NOT NULL,
          PRIMARY KEY (workspace_id, kind)
        ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)
        """,
        "DROP TABLE ticks",
    ),
    (
        "CREATE INDEX dependencies_on_time ON dependencies (workspace_id, kind)"
        " WHERE name IN ('time', '*') AND relation IS NULL",
        "DROP INDEX dependencies_on_time",
    ),
    (
        "CREATE INDEX members_by_creation ON members (workspace_id, kind, created_at) INCLUDE (ordinal)",
        "DROP INDEX members_by_creation",
    ),
    # A share of the table would be too late for a workspace that is new in a large one: until statistics know it,
    # any index that begins with the workspace seems as good as the right one, and a look-up reads all its members.
    (
        "ALTER TABLE members SET (autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000)",
        "ALTER TABLE members RESET (autovacuum_analyze_scale_factor, autovacuum_analyze_threshold)",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0007_playbooks")]

    operations = [
        ops.CreateModel(
            name="Dependency",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "source",
                    fields.ForeignKeyField(
                        "seggraph.Source",
                        source_field="source_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "kind",
                    fields.IntEnumField(
                        description="PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7",
                        enum_type=MemberKind,
                        generated=False,
                    ),
                ),
                ("name", fields.TextField(unique=False)),
                (
                    "relation",
                    fields.IntEnumField(
                        null=True,
                        description="PERSON_ACCOUNT: 1\nACCOUNT_ORGANIZATION: 2\nDEAL_ACCOUNT: 3\nDEAL_PRODUCT: 4\nACTIVITY_PERSON: 5\nACTIVITY_ACCOUNT: 6\nTICKET_PERSON: 7\nTICKET_ACCOUNT: 8",
                        enum_type=RelationType,
                        generated=False,
                    ),
                ),
                ("forward", fields.BooleanField(null=True)),
            ],
            options={
                "table": "dependencies",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "That the rule of a source looks at something of the members of a kind.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Segment",
            name="synced_revision",
            field=fields.IntField(
                null=True, description="That was asked for to compare, nothing having changed"
            ),
        ),
        ops.AddField(
            model_name="Segment",
            name="excused",
            field=fields.BinaryField(null=True, description="Whom refreshes left to that run"),
        ),
        ops.RunSQL(
            [sql for sql, _ in (*SQL, *TICKS)],
            reverse_sql=[reverse for _, reverse in reversed((*SQL, *TICKS))],
        ),
    ]

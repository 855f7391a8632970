"""Relations between members, also to members who are not there yet; and how often which values occur.

The tables of value counts have no models: a trigger writes them, and services.value_counts reads them by sets
of rows.
"""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from seggraph.database.value_count_trigger import count_member_values
from seggraph.vocabulary import MemberKind, RelationType

KINDS = "PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7"
RELATIONS = (
    "PERSON_ACCOUNT: 1\nACCOUNT_ORGANIZATION: 2\nDEAL_ACCOUNT: 3\nDEAL_PRODUCT: 4\n"
    "ACTIVITY_PERSON: 5\nACTIVITY_ACCOUNT: 6\nTICKET_PERSON: 7\nTICKET_ACCOUNT: 8"
)

FIELD_COUNTS = """
    CREATE TABLE field_counts (
      workspace_id bigint NOT NULL,
      kind smallint NOT NULL,
      crowded boolean NOT NULL DEFAULT false,
      count bigint NOT NULL,
      field text NOT NULL,
      PRIMARY KEY (workspace_id, kind, field)
    )
"""

VALUE_COUNTS = """
    CREATE TABLE value_counts (
      workspace_id bigint NOT NULL,
      kind smallint NOT NULL,
      count bigint NOT NULL,
      field text NOT NULL,
      value text NOT NULL,
      PRIMARY KEY (workspace_id, kind, field, value)
    )
"""

VALUE_DELTAS = """
    CREATE TABLE value_deltas (
      workspace_id bigint NOT NULL,
      kind smallint NOT NULL,
      delta int NOT NULL,
      field text NOT NULL,
      value text
    )
"""

COUNTED = ("country", "city", "industry", "is_target", "has_address")
"""The columns of which every value is counted."""
PRESENT = (
    *("external_id", "name", "email", "phone", "country", "city", "industry", "domain"),
    *("revenue", "employees", "score"),
)
"""The columns of which it is counted how many members have a value; that is all of them for external_id."""


TRANSITIONS = {
    "INSERT": "NEW TABLE AS new_rows",
    "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "OLD TABLE AS old_rows",
}


# One operation: for each, Tortoise copies its picture of all the tables.
SQL = [
    (FIELD_COUNTS, "DROP TABLE field_counts"),
    (VALUE_COUNTS, "DROP TABLE value_counts"),
    (VALUE_DELTAS, "DROP TABLE value_deltas"),
    (
        "CREATE INDEX value_deltas_by_field ON value_deltas (workspace_id, kind, field)",
        "DROP INDEX value_deltas_by_field",
    ),
    (
        "CREATE INDEX value_counts_gone ON value_counts (workspace_id, kind) WHERE count = 0",
        "DROP INDEX value_counts_gone",
    ),
    (
        "ALTER TABLE value_deltas SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)",
        "SELECT 1",
    ),
    (count_member_values(counted=COUNTED, present=PRESENT), "DROP FUNCTION count_member_values"),
    *(
        (
            f"""
            CREATE TRIGGER count_values_{event.lower()} AFTER {event} ON members REFERENCING {tables}
            FOR EACH STATEMENT EXECUTE FUNCTION count_member_values()
            """,
            f"DROP TRIGGER count_values_{event.lower()} ON members",
        )
        for event, tables in TRANSITIONS.items()
    ),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0003_events")]

    operations = [
        ops.CreateModel(
            name="PendingRelation",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "relation",
                    fields.IntEnumField(description=RELATIONS, enum_type=RelationType, generated=False),
                ),
                ("from_kind", fields.IntEnumField(description=KINDS, enum_type=MemberKind, generated=False)),
                ("to_kind", fields.IntEnumField(description=KINDS, enum_type=MemberKind, generated=False)),
                ("from_external_id", fields.TextField(unique=False)),
                ("to_external_id", fields.TextField(unique=False)),
            ],
            options={
                "table": "pending_relations",
                "app": "seggraph",
                "unique_together": (("workspace_id", "relation", "from_external_id", "to_external_id"),),
                "indexes": [
                    Index(
                        fields=["workspace_id", "from_kind", "from_external_id"],
                        name="pending_relations_from",
                    ),
                    Index(fields=["workspace_id", "to_kind", "to_external_id"], name="pending_relations_to"),
                ],
                "pk_attr": "id",
                "table_description": "A relation that waits for a member: it becomes a `Relation` when both sides exist.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Relation",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "relation",
                    fields.IntEnumField(description=RELATIONS, enum_type=RelationType, generated=False),
                ),
                ("from_kind", fields.IntEnumField(description=KINDS, enum_type=MemberKind, generated=False)),
                ("to_kind", fields.IntEnumField(description=KINDS, enum_type=MemberKind, generated=False)),
                ("from_ordinal", fields.IntField()),
                ("to_ordinal", fields.IntField()),
            ],
            options={
                "table": "relations",
                "app": "seggraph",
                "unique_together": (("workspace_id", "relation", "from_ordinal", "to_ordinal"),),
                "indexes": [
                    Index(
                        fields=["workspace_id", "relation", "to_ordinal", "from_ordinal"],
                        name="relations_backwards",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "That two members are related. `relation` implies both kinds.",
            },
            bases=["Model"],
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]

"""The version of each population's data, which every look at dirty batches and every erasure raises.

With the number of dirty batches it tells two snapshots apart in which members, events or relations differ. Triggers
raise it, so that nobody who takes dirty batches away, or members, can forget to.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from seggraph.vocabulary import MemberKind

RAISE = """
    CREATE FUNCTION seggraph_raise_data_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO data_versions (workspace_id, kind, version)
      SELECT DISTINCT workspace_id, kind, 1 FROM gone ORDER BY workspace_id, kind
      ON CONFLICT (workspace_id, kind) DO UPDATE SET version = data_versions.version + 1;
      RETURN NULL;
    END $$
"""


def _trigger(table: str) -> ops.RunSQL:
    return ops.RunSQL(
        f"CREATE TRIGGER {table}_raise_data_version AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone"
        " FOR EACH STATEMENT EXECUTE FUNCTION seggraph_raise_data_version()",
        reverse_sql=f"DROP TRIGGER {table}_raise_data_version ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0016_exports")]

    operations = [
        ops.CreateModel(
            name="DataVersion",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "kind",
                    fields.IntEnumField(
                        description="PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7",
                        enum_type=MemberKind,
                        generated=False,
                    ),
                ),
                ("version", fields.BigIntField()),
            ],
            options={
                "table": "data_versions",
                "app": "seggraph",
                "unique_together": (("workspace_id", "kind"),),
                "pk_attr": "id",
                "table_description": "How often dirty batches or members of a population were taken away.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(RAISE, reverse_sql="DROP FUNCTION seggraph_raise_data_version()"),
        _trigger("dirty_batches"),
        _trigger("members"),
    ]

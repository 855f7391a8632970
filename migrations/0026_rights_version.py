"""Triggers count how often rights change, so that every process notices within a moment, whoever changed them."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

COUNT = """
    CREATE FUNCTION count_rights_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE rights_version SET version = version + 1 WHERE id = 1;
      RETURN NULL;
    END $$
"""

TRIGGERS = {
    "api_keys": "UPDATE OF revoked_at, expires_at, scope OR DELETE",
    "users": "UPDATE OF subject OR DELETE",
    "workspace_users": "UPDATE OF role OR DELETE",
}


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0025_segment_values")]

    operations = [
        ops.CreateModel(
            name="RightsVersion",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("version", fields.BigIntField()),
            ],
            options={
                "table": "rights_version",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "How often rights were withdrawn or changed: one row, which triggers count up in the transaction of the change.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "INSERT INTO rights_version (id, version) VALUES (1, 0)",
                COUNT,
                *(
                    f"CREATE TRIGGER {table}_rights AFTER {events} ON {table}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION count_rights_changes()"
                    for table, events in TRIGGERS.items()
                ),
            ],
            reverse_sql=[
                *(f"DROP TRIGGER {table}_rights ON {table}" for table in TRIGGERS),
                "DROP FUNCTION count_rights_changes()",
            ],
        ),
    ]

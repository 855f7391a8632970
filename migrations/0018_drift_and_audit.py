"""What operators watch and keep in bounds: drift by day, dead letters by an index, the audit log by its age.

Old entries of the log are removed by one way only: a transaction that says for how many days entries are kept, 30
at least, and removes only older ones. It is no defence against whoever may drop a trigger: it keeps every other
statement from taking an entry away.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from seggraph.vocabulary import MemberKind

REFUSE_YOUNG = """
    CREATE FUNCTION refuse_young_audit_removals() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      days int := nullif(current_setting('seggraph.audit_days', true), '')::int;
    BEGIN
      IF days >= 30 AND OLD.at < clock_timestamp() - make_interval(days => days) THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION 'audit_entries is append-only';
    END $$
"""

KEEP = """
    CREATE TRIGGER audit_entries_kept BEFORE DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_young_audit_removals()
"""


def _refuse(events: str) -> list[str]:
    return [
        "DROP TRIGGER audit_entries_append_only ON audit_entries",
        f"CREATE TRIGGER audit_entries_append_only BEFORE {events} ON audit_entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_changes()",
    ]


FORWARDS = [
    REFUSE_YOUNG,
    KEEP,
    *_refuse("UPDATE OR TRUNCATE"),
    "CREATE INDEX webhook_messages_dead ON webhook_messages (webhook_id, id) WHERE status = 'FAILED'",
]
BACKWARDS = [
    "DROP INDEX webhook_messages_dead",
    *_refuse("UPDATE OR DELETE OR TRUNCATE"),
    "DROP TRIGGER audit_entries_kept ON audit_entries",
    "DROP FUNCTION refuse_young_audit_removals()",
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0017_data_versions")]

    operations = [
        ops.CreateModel(
            name="Drift",
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
                ("day", fields.DateField()),
                ("members", fields.BigIntField()),
                ("segments", fields.BigIntField()),
                ("last_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "drift",
                "app": "seggraph",
                "unique_together": (("workspace_id", "kind", "day"),),
                "pk_attr": "id",
                "table_description": "What was corrected in a workspace's segments of one kind on one day (UTC).",
            },
            bases=["Model"],
        ),
        ops.RunSQL(FORWARDS, reverse_sql=BACKWARDS),
    ]

"""Indexes that serve sorted lists of members: which there are, made when a list is first sorted by a field."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from seggraph.models.members import SortIndexStatus
from seggraph.vocabulary import MemberKind

KINDS = "PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7"

DROP_ALL = """
    DO $$
    DECLARE name text;
    BEGIN
      FOR name IN SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE indrelid = 'members'::regclass AND starts_with(c.relname, 'members_sort_')
      LOOP
        EXECUTE 'DROP INDEX ' || name;
      END LOOP;
    END $$
"""


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0029_reasons_of_deliveries")]

    operations = [
        ops.CreateModel(
            name="SortIndex",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                ("kind", fields.IntEnumField(description=KINDS, enum_type=MemberKind, generated=False)),
                ("field", fields.CharField(max_length=100)),
                (
                    "status",
                    fields.CharEnumField(
                        default=SortIndexStatus.BUILDING,
                        description="BUILDING: BUILDING\nREADY: READY\nFAILED: FAILED\nUNUSED: UNUSED",
                        enum_type=SortIndexStatus,
                        max_length=16,
                    ),
                ),
                ("lease_holder", fields.CharField(null=True, max_length=64)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("attempts", fields.IntField(default=0)),
                ("retry_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("error_code", fields.CharField(null=True, max_length=64)),
                ("error_message", fields.TextField(null=True, unique=False)),
                ("error_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("used_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "sort_indexes",
                "app": "seggraph",
                "unique_together": (("workspace_id", "kind", "field"),),
                "pk_attr": "id",
                "table_description": "An index of the members of a kind in a workspace by a field, which was made when a list was sorted by it.",
            },
            bases=["Model"],
        ),
        ops.RunSQL("SELECT 1", reverse_sql=DROP_ALL),
    ]

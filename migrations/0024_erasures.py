"""Erasures at work: the members are deleted, and their traces in audiences go portion by portion."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from seggraph.vocabulary import MemberKind

KINDS = "PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7"


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0023_descriptions")]

    operations = [
        ops.CreateModel(
            name="Erasure",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                ("kind", fields.IntEnumField(description=KINDS, enum_type=MemberKind, generated=False)),
                ("ordinals", fields.BinaryField()),
                ("member_count", fields.IntField()),
                (
                    "erased",
                    fields.JSONField(description="What was erased with the rows of the members, by name"),
                ),
                ("memberships", fields.BigIntField(default=0, db_default=0)),
                ("membership_changes", fields.BigIntField(default=0, db_default=0)),
                ("touched_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("user_id", fields.BigIntField(null=True)),
                ("api_key_id", fields.BigIntField(null=True)),
                ("ip", fields.CharField(null=True, max_length=64)),
                ("user_agent", fields.CharField(null=True, max_length=300)),
            ],
            options={
                "table": "erasures",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "An erasure at work: the ordinals of its members, what went with them so far, and who asked for it.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            "CREATE INDEX runs_open ON runs (workspace_id, segment_id) WHERE status = 'RUNNING' OR refreshed IS NOT NULL",
            reverse_sql="DROP INDEX runs_open",
        ),
    ]

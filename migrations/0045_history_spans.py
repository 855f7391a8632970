"""Where in the history members changed segments, so that an erasure finds them without reading all of it.

`history_spans` has for each span of runs, as they were applied, the members who entered or exited anything in it. Rows
of `run_chunks` whose members no span has are looked at one by one: those of before, and those that the last release
still writes.
"""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from seggraph.vocabulary import MemberKind

KINDS = "PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7"


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0044_exports_of_keys")]

    operations = [
        ops.AddField(
            model_name="RunChunk",
            name="is_spanned",
            field=fields.BooleanField(
                default=False, db_default=False, description="Whether a history span has its members"
            ),
        ),
        ops.CreateModel(
            name="HistorySpan",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                ("kind", fields.IntEnumField(description=KINDS, enum_type=MemberKind, generated=False)),
                ("first_applied", fields.BigIntField()),
                ("last_applied", fields.BigIntField()),
                ("row_count", fields.IntField(description="How many rows of run_chunks were written in it")),
                ("chunk", fields.IntField()),
                ("roaring", fields.BinaryField()),
                ("is_joined", fields.BooleanField(default=False, db_default=False)),
                ("recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "history_spans",
                "app": "seggraph",
                "indexes": [
                    Index(fields=["workspace_id", "kind", "chunk"], name="history_spans_by_chunk"),
                ],
                "pk_attr": "id",
                "table_description": "The members of one kind who entered or exited any segment in a span of runs, as they were applied.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE history_spans ALTER COLUMN roaring SET STORAGE EXTERNAL",
                "CREATE INDEX history_spans_to_join ON history_spans (workspace_id, kind, first_applied)"
                " WHERE NOT is_joined",
                "CREATE INDEX run_chunks_unspanned ON run_chunks (workspace_id, segment_id, chunk)"
                " WHERE NOT is_spanned",
            ],
            reverse_sql=[
                "DROP INDEX run_chunks_unspanned",
                "DROP INDEX history_spans_to_join",
                "ALTER TABLE history_spans ALTER COLUMN roaring SET STORAGE EXTENDED",
            ],
        ),
    ]

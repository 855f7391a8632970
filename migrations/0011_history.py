"""The order in which runs were applied, and runs put together."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from seggraph.vocabulary import RunTrigger
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint

ORDER_RUNS = """
    UPDATE runs SET applied = nextval('runs_applied')
    FROM (SELECT id FROM runs WHERE status = 'SUCCEEDED' ORDER BY finished_at, id) AS o WHERE o.id = runs.id
"""

ORDER_CHUNKS = "UPDATE run_chunks c SET applied = r.applied FROM runs r WHERE r.id = c.run_id"


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0010_reach")]

    operations = [
        ops.RunSQL("CREATE SEQUENCE runs_applied", reverse_sql="DROP SEQUENCE runs_applied"),
        ops.AlterField(
            model_name="Run",
            name="trigger",
            field=fields.CharEnumField(
                description="FULL: FULL\nREFRESH: REFRESH\nMANUAL: MANUAL\nMERGED: MERGED",
                enum_type=RunTrigger,
                max_length=8,
            ),
        ),
        ops.AddField(
            model_name="Run",
            name="applied",
            field=fields.BigIntField(null=True, description="Null unless SUCCEEDED"),
        ),
        ops.AddIndex(
            model_name="Run",
            index=Index(fields=["workspace_id", "segment_id", "applied"], name="runs_as_applied"),
        ),
        ops.RunSQL(ORDER_RUNS, reverse_sql="SELECT 1"),
        ops.AddField(
            model_name="Segment",
            name="compact_at",
            field=fields.DatetimeField(
                null=True,
                description="When its history is compacted next",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.RunSQL(
            "CREATE INDEX segments_to_compact ON segments (compact_at NULLS FIRST)",
            reverse_sql="DROP INDEX segments_to_compact",
        ),
        ops.RemoveConstraint(
            model_name="RunChunk",
            name=None,
            fields=["workspace_id", "segment_id", "chunk", "run_id", "move"],
        ),
        ops.AlterModelOptions(
            name="RunChunk",
            options={
                "table": "run_chunks",
                "app": "seggraph",
                "unique_together": (("workspace_id", "segment_id", "chunk", "applied", "move"),),
                "indexes": [
                    Index(fields=["workspace_id", "segment_id", "applied"], name="run_chunks_as_applied")
                ],
                "pk_attr": "id",
                "table_description": "A chunk of the bitmap of who entered or exited in a run; `applied` is the run's.",
            },
        ),
        ops.AddField(
            model_name="RunChunk",
            name="applied",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddIndex(
            model_name="RunChunk",
            index=Index(fields=["workspace_id", "segment_id", "applied"], name="run_chunks_as_applied"),
        ),
        ops.RunSQL(ORDER_CHUNKS, reverse_sql="SELECT 1"),
        ops.AddConstraint(
            model_name="RunChunk",
            constraint=UniqueConstraint(
                fields=("workspace_id", "segment_id", "chunk", "applied", "move"), name=None
            ),
        ),
        # A run that is deleted takes its chunks along by their foreign key: without this, by a scan for each run.
        ops.RunSQL(
            "CREATE INDEX run_chunks_by_run ON run_chunks (run_id)",
            reverse_sql="DROP INDEX run_chunks_by_run",
        ),
    ]

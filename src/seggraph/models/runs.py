"""Runs: one row for each computation of a segment, and the bitmaps of members that entered and exited.

Drift is what syncs corrected, by day.
"""

from enum import IntEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.models.segments import Segment
from seggraph.vocabulary import MemberKind, RunStatus, RunTrigger


class Direction(IntEnum):
    """The direction of a membership change."""

    ENTERED = 1
    EXITED = 2


class Run(Model):
    """One computation of a segment: its reason, time, duration, counts and error.

    While the run is computed, `refreshed` collects the ordinals that refreshes found changed. The run evaluates them
    again when it applies its result. `applied` is the order in which results were applied. The order of ids differs:
    a full run gets its id when it begins, and other runs can end before it.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    segment: fields.ForeignKeyRelation[Segment] = fields.ForeignKeyField("seggraph.Segment")
    revision = fields.IntField()
    trigger = fields.CharEnumField(RunTrigger, max_length=8)
    status = fields.CharEnumField(RunStatus, max_length=16)
    holder = fields.CharField(max_length=64, null=True)
    as_of = fields.DatetimeField(null=True)
    started_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)
    applied = fields.BigIntField(null=True, description="Null unless SUCCEEDED")
    member_count = fields.BigIntField(null=True)
    entered = fields.IntField(null=True)
    exited = fields.IntField(null=True)
    refreshed = fields.BinaryField(null=True)
    error_code = fields.CharField(max_length=64, null=True)
    error_message = fields.TextField(null=True)
    segment_id: int

    class Meta:
        """Table name and the order runs are listed in."""

        table = "runs"
        indexes = (
            Index(fields=("workspace_id", "segment_id", "id"), name="runs_by_segment"),
            Index(fields=("workspace_id", "segment_id", "applied"), name="runs_as_applied"),
        )


class RunChunk(Model):
    """A chunk of the bitmap of members that entered or exited in a run; `applied` is that of the run.

    If few members of several chunks changed, one row with `chunk` -1 has them all.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    run: fields.ForeignKeyRelation[Run] = fields.ForeignKeyField("seggraph.Run")
    segment_id = fields.BigIntField()
    move = fields.IntEnumField(Direction)
    chunk = fields.IntField()
    cardinality = fields.IntField()
    roaring = fields.BinaryField()
    causes = fields.BinaryField(
        null=True,
        description="The sources of each change, see services/memberships/attribution.py; null: not known",
    )
    applied = fields.BigIntField(default=0, db_default=0)
    is_spanned = fields.BooleanField(
        default=False, db_default=False, description="Whether a history span has its members"
    )
    run_id: int

    class Meta:
        """Table name and keys."""

        table = "run_chunks"
        unique_together = (("workspace_id", "segment_id", "chunk", "applied", "move"),)
        indexes = (Index(fields=("workspace_id", "segment_id", "applied"), name="run_chunks_as_applied"),)


class HistorySpan(Model):
    """The members of one kind who entered or exited any segment in a span of runs, as they were applied.

    Many members have a row for each chunk, few have one with `chunk` -1. One that `is_joined` is joined with others by
    age alone.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    kind = fields.IntEnumField(MemberKind)
    first_applied = fields.BigIntField()
    last_applied = fields.BigIntField()
    row_count = fields.IntField(description="How many rows of run_chunks were written in it")
    chunk = fields.IntField()
    roaring = fields.BinaryField()
    is_joined = fields.BooleanField(default=False, db_default=False)
    recorded_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table name and keys."""

        table = "history_spans"
        indexes = (Index(fields=("workspace_id", "kind", "chunk"), name="history_spans_by_chunk"),)


class Drift(Model):
    """What was corrected in a workspace's segments of one kind on one day (UTC).

    `members` counts memberships and `segments` corrections: a segment that is corrected twice counts twice. Rows are
    never deleted, so sums over them never decrease. A day without drift has no row.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    kind = fields.IntEnumField(MemberKind)
    day = fields.DateField()
    members = fields.BigIntField()
    segments = fields.BigIntField()
    last_at = fields.DatetimeField()

    class Meta:
        """Table name and keys."""

        table = "drift"
        unique_together = (("workspace_id", "kind", "day"),)

"""Drift: differences that syncs found and corrected, by day."""

from tortoise import fields
from tortoise.models import Model

from seggraph.vocabulary import MemberKind


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

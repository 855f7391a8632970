"""Dirty batches: members that changed and whose memberships are not evaluated yet."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.vocabulary import MemberKind


class DirtyBatch(Model):
    """The members that one change affected, as one bitmap, and the names of what changed.

    There is one row for each change, not for each member. It is written in the transaction of the change, never
    updated, and deleted by the refresh that evaluates its members.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    kind = fields.IntEnumField(MemberKind)
    ordinals = fields.BinaryField()
    changed = ArrayField("text")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table name and the order batches are taken in."""

        table = "dirty_batches"
        indexes = (Index(fields=("workspace_id", "kind", "id"), name="dirty_batches_in_order"),)


class DataVersion(Model):
    """How often dirty batches or members of a population were deleted.

    Every change adds a dirty batch, and triggers increase the version when batches or members are deleted. So two
    snapshots with the same version and the same number of dirty batches have the same members, events and relations.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    kind = fields.IntEnumField(MemberKind)
    version = fields.BigIntField()

    class Meta:
        """Table name and keys."""

        table = "data_versions"
        unique_together = (("workspace_id", "kind"),)

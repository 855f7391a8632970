"""Bulk edits of members."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.models.users import User
from seggraph.models.workspaces import Workspace
from seggraph.vocabulary import BulkEditAction, BulkEditStatus, MemberKind


class BulkEdit(Model):
    """An edit of many members of a kind, which a worker carries out portion by portion.

    The members up to `position` are done; the counts are theirs. `ordinals` is empty when the edit is over.
    """

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    kind = fields.IntEnumField(MemberKind)
    action = fields.CharEnumField(BulkEditAction, max_length=16)
    edit: fields.Field[dict[str, object]] = fields.JSONField(
        description="What is done: tags to add and remove, or consents"
    )
    status = fields.CharEnumField(BulkEditStatus, max_length=16, default=BulkEditStatus.RUNNING)
    ordinals = fields.BinaryField()
    total = fields.BigIntField()
    position = fields.BigIntField(default=-1)
    changed = fields.BigIntField(default=0)
    unchanged = fields.BigIntField(default=0)
    not_found = fields.BigIntField(default=0)
    over_limit_count = fields.BigIntField(default=0)
    over_limit = ArrayField("bigint", description="The first members that would have too many tags")
    lease_holder = fields.CharField(max_length=64, null=True)
    lease_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    retry_at = fields.DatetimeField(null=True)
    error_code = fields.CharField(max_length=64, null=True)
    error_message = fields.TextField(null=True)
    error_at = fields.DatetimeField(null=True)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "seggraph.User", related_name="bulk_edits", null=True, on_delete=fields.SET_NULL
    )
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)
    workspace_id: int
    created_by_id: int | None

    class Meta:
        """Table name and the order bulk edits are listed in."""

        table = "bulk_edits"
        indexes = (Index(fields=("workspace_id", "id"), name="bulk_edits_by_workspace"),)

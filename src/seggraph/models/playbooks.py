"""Playbooks: rules that add members to segments."""

from tortoise import fields
from tortoise.models import Model

from seggraph.models.users import User
from seggraph.models.workspaces import Workspace
from seggraph.vocabulary import MemberKind, PlaybookStatus, Visibility


class Playbook(Model):
    """A rule that adds members to segments. In each of them it has a source.

    While it is PAUSED, its links do not change.
    """

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    name = fields.CharField(max_length=200)
    name_key = fields.CharField(max_length=600, description="The case-folded name; it is unique")
    kind = fields.IntEnumField(MemberKind)
    status = fields.CharEnumField(PlaybookStatus, max_length=8, default=PlaybookStatus.ACTIVE)
    visibility = fields.CharEnumField(Visibility, max_length=16, default=Visibility.WORKSPACE)
    criteria: fields.Field[dict[str, object]] = fields.JSONField()
    version = fields.IntField(default=1, db_default=1)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "seggraph.User", related_name="created_playbooks", null=True, on_delete=fields.SET_NULL
    )
    created_by_key_id = fields.BigIntField(null=True, description="The API key that created it")
    created_at = fields.DatetimeField(auto_now_add=True)
    last_modified_at = fields.DatetimeField(auto_now_add=True)
    workspace_id: int
    created_by_id: int | None

    class Meta:
        """Table name and keys."""

        table = "playbooks"
        unique_together = (("workspace_id", "name_key"),)

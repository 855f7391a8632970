"""Exports."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.models.segments import Segment
from seggraph.models.users import User
from seggraph.models.workspaces import Workspace
from seggraph.vocabulary import ExportContent, ExportFormat, ExportStatus, Role


class Export(Model):
    """A file that is being written, or can be downloaded until it expires.

    `role` is the role of its creator at that time. It decides which segments an export of the list contains.
    """

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    content = fields.CharEnumField(ExportContent, max_length=16)
    segment: fields.ForeignKeyNullableRelation[Segment] = fields.ForeignKeyField(
        "seggraph.Segment", null=True, on_delete=fields.SET_NULL
    )
    narrowed_to: fields.Field[dict[str, object] | None] = fields.JSONField(null=True)
    format = fields.CharEnumField(ExportFormat, max_length=16)
    gzip = fields.BooleanField(default=False)
    columns: fields.Field[list[str] | None] = fields.JSONField(null=True)
    status = fields.CharEnumField(ExportStatus, max_length=16, default=ExportStatus.RUNNING)
    total = fields.BigIntField(null=True, description="The number of rows that it will have")
    written = fields.BigIntField(default=0)
    as_of = fields.DatetimeField(null=True, description="The instant of the data")
    file = fields.CharField(max_length=64, null=True, description="Its name in the files folder")
    file_size = fields.BigIntField(null=True)
    lease_holder = fields.CharField(max_length=64, null=True)
    lease_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    retry_at = fields.DatetimeField(null=True)
    error_code = fields.CharField(max_length=64, null=True)
    error_message = fields.TextField(null=True)
    error_at = fields.DatetimeField(null=True)
    role = fields.CharEnumField(Role, max_length=16)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "seggraph.User", related_name="exports", null=True, on_delete=fields.SET_NULL
    )
    created_by_key_id = fields.BigIntField(null=True, description="The API key that created it")
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)
    workspace_id: int
    segment_id: int | None
    created_by_id: int | None

    class Meta:
        """Table name and the order exports are listed in."""

        table = "exports"
        indexes = (Index(fields=("workspace_id", "id"), name="exports_by_workspace"),)

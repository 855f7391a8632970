"""Imports, and their rejected rows."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.models.segments import Segment
from seggraph.models.users import User
from seggraph.models.workspaces import Workspace
from seggraph.vocabulary import (
    Channel,
    ImportContent,
    ImportStatus,
    MemberKind,
    RowOutcome,
    SuppressionReason,
)


class Import(Model):
    """A file and its result: read = added + updated + already_in + duplicate + ignored + failed.

    `read` also has `merged`, the further lines of orders, and `removed`, the members that left a segment.

    `position` and `line` say how much of the file is processed. They change together with the counts, in the
    transaction that stores the members. So another worker can continue exactly there. `taken` is the bitmap of the
    members of its rows, in portable roaring bytes.
    """

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    kind = fields.IntEnumField(MemberKind)
    content = fields.CharEnumField(ImportContent, max_length=16, default=ImportContent.MEMBERS)
    event_name = fields.CharField(
        max_length=100, null=True, description="The name of all events, if no column has it"
    )
    relation = fields.CharField(
        max_length=40, null=True, description="The relation of all rows, if no column has it"
    )
    channel = fields.IntEnumField(
        Channel, null=True, description="The channel of all suppressions, where no column has it"
    )
    reason = fields.CharEnumField(
        SuppressionReason, max_length=16, null=True, description="The reason of all suppressions, likewise"
    )
    segment: fields.ForeignKeyNullableRelation[Segment] = fields.ForeignKeyField(
        "seggraph.Segment", null=True, on_delete=fields.SET_NULL
    )
    replace = fields.BooleanField(default=False)
    removes = fields.BooleanField(default=False, description="Whether the members leave the segment")
    status = fields.CharEnumField(ImportStatus, max_length=16, default=ImportStatus.UPLOADED)
    file = fields.CharField(max_length=64, description="Its name in the files folder")
    file_name = fields.CharField(max_length=255, description="The name from the client; only for display")
    file_size = fields.BigIntField()
    file_sha256 = fields.CharField(max_length=64)
    file_encoding = fields.CharField(max_length=16, description="The encoding of the upload")
    encoding = fields.CharField(max_length=16, description="The encoding of the stored file")
    delimiter = fields.CharField(max_length=1)
    has_header = fields.BooleanField()
    skip_lines = fields.IntField(
        default=0, description="The lines before the header that are no part of the table"
    )
    columns: fields.Field[list[dict[str, object]]] = fields.JSONField()
    suggestions: fields.Field[list[dict[str, object]]] = fields.JSONField()
    mapping: fields.Field[list[dict[str, str]] | None] = fields.JSONField(null=True)
    readings: fields.Field[dict[str, object] | None] = fields.JSONField(
        null=True, description="How each mapped column is read, after the import was started"
    )
    create_missing = fields.BooleanField(default=True)
    only_targets = fields.BooleanField(default=False)
    activate = fields.BooleanField(default=False)
    whole_rows = fields.BooleanField(default=False, description="Whether one bad value rejects its whole row")
    dry_run = fields.BooleanField(default=False)
    total = fields.BigIntField(null=True, description="The number of rows, after the file was checked")
    new_types: fields.Field[dict[str, str] | None] = fields.JSONField(null=True)
    position = fields.BigIntField(default=0)
    line = fields.BigIntField(default=0)
    read = fields.BigIntField(default=0)
    added = fields.BigIntField(default=0)
    updated = fields.BigIntField(default=0)
    already_in = fields.BigIntField(default=0)
    duplicate = fields.BigIntField(default=0)
    ignored = fields.BigIntField(default=0)
    failed = fields.BigIntField(default=0)
    partial = fields.BigIntField(default=0, description="Stored rows without some of their values")
    merged = fields.BigIntField(default=0, description="Further lines of orders")
    removed = fields.BigIntField(
        default=0, description="Members that left the segment, or relations that ended"
    )
    pending = fields.BigIntField(default=0, description="Relations that wait for a member")
    related = fields.BigIntField(default=0, description="Relations that columns of members made")
    related_not_found = fields.BigIntField(default=0, description="Rows whose related member does not exist")
    related_ambiguous = fields.BigIntField(default=0, description="Rows that name several members to relate")
    taken = fields.BinaryField(null=True)
    lease_holder = fields.CharField(max_length=64, null=True)
    lease_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    retry_at = fields.DatetimeField(null=True)
    error_code = fields.CharField(max_length=64, null=True)
    error_message = fields.TextField(null=True)
    error_at = fields.DatetimeField(null=True)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "seggraph.User", related_name="imports", null=True, on_delete=fields.SET_NULL
    )
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)
    workspace_id: int
    segment_id: int | None
    created_by_id: int | None

    class Meta:
        """Table name and the order imports are listed in."""

        table = "imports"
        indexes = (Index(fields=("workspace_id", "id"), name="imports_by_workspace"),)


class ImportTemplate(Model):
    """The mapping that the last import of a file of this shape was started with, to be suggested again.

    `shape` is a hash of the names of the columns. Imports into a segment have templates of their own, because who does
    not see the segment must not see them. A unique index of migration 0027 has the kind, the shape and the segment.
    """

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    kind = fields.IntEnumField(MemberKind)
    segment: fields.ForeignKeyNullableRelation[Segment] = fields.ForeignKeyField(
        "seggraph.Segment", related_name="import_templates", null=True, on_delete=fields.CASCADE
    )
    shape = fields.CharField(max_length=64)
    file_name = fields.CharField(max_length=255, description="The name of the last file of this shape")
    columns: fields.Field[list[str]] = fields.JSONField()
    mapping: fields.Field[list[dict[str, str]]] = fields.JSONField()
    choices: fields.Field[dict[str, dict[str, object]]] = fields.JSONField(
        description="The settings that a person chose, by column"
    )
    of_all_rows: fields.Field[dict[str, str] | None] = fields.JSONField(
        null=True, description="The event name, relation, channel and reason of all rows"
    )
    uses = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    used_at = fields.DatetimeField(auto_now_add=True)
    workspace_id: int
    segment_id: int | None

    class Meta:
        """Table name."""

        table = "import_templates"


class ImportReject(Model):
    """A row of an import that was rejected or stored in part: its cells as they are in the file, and the reason."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    import_id = fields.BigIntField()
    line = fields.BigIntField(description="The line of the file on which the row begins, from 1")
    outcome = fields.CharEnumField(RowOutcome, max_length=16)
    code = fields.CharField(max_length=64)
    message = fields.TextField()
    cells: fields.Field[list[str]] = fields.JSONField()

    class Meta:
        """Table name and keys."""

        table = "import_rejects"
        unique_together = (("workspace_id", "import_id", "line"),)

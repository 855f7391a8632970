"""Segments and their sources."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.models.playbooks import Playbook
from seggraph.models.users import User
from seggraph.models.workspaces import Workspace
from seggraph.vocabulary import (
    MemberKind,
    ReachStatus,
    SegmentAction,
    SegmentOrigin,
    SegmentPurpose,
    SegmentStatus,
    SegmentType,
    SourceKind,
    Visibility,
)


class Folder(Model):
    """A folder of segments, within another one or at the top.

    The unique key of names within a folder, where there may be none around it, is in the migration.
    """

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    name = fields.CharField(max_length=200)
    name_key = fields.CharField(
        max_length=600, description="The case-folded name; it is unique in its folder"
    )
    parent: fields.ForeignKeyNullableRelation["Folder"] = fields.ForeignKeyField("seggraph.Folder", null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    workspace_id: int
    parent_id: int | None

    class Meta:
        """Table name."""

        table = "folders"


class Segment(Model):
    """A named audience: its definition, the requested computation, and the last successful numbers.

    `requested_revision` is the requested computation, `computed_revision` the one that the numbers come from. While
    they differ, the lease columns say which run is computing. If there is no live lease, the sweeper enqueues the job
    again. The numbers (`member_count`, `reach_*`, the reach steps `addressed_*` and `allowed_*`, and the different
    addresses `distinct_*`) and `as_of` always belong together.
    """

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    name = fields.CharField(max_length=200)
    name_key = fields.CharField(max_length=600, description="The case-folded name; it is unique")
    description = fields.TextField(null=True)
    kind = fields.IntEnumField(MemberKind)
    type = fields.CharEnumField(SegmentType, max_length=8)
    status = fields.CharEnumField(SegmentStatus, max_length=8, default=SegmentStatus.DRAFT)
    purpose = fields.CharEnumField(SegmentPurpose, max_length=16, null=True)
    origin = fields.CharEnumField(SegmentOrigin, max_length=8, default=SegmentOrigin.USER)
    visibility = fields.CharEnumField(Visibility, max_length=16, default=Visibility.WORKSPACE)
    criteria: fields.Field[dict[str, object] | None] = fields.JSONField(null=True)
    sync_interval_seconds = fields.IntField(null=True)
    next_sync_at = fields.DatetimeField(null=True)
    compact_at = fields.DatetimeField(null=True, description="Time of the next compaction of its history")
    version = fields.IntField(default=1, db_default=1)
    requested_revision = fields.IntField(default=0, db_default=0)
    computed_revision = fields.IntField(default=0, db_default=0)
    synced_revision = fields.IntField(
        null=True, description="The revision of the last sync, which finds drift"
    )
    excused = fields.BinaryField(null=True, description="The members that refreshes left to that run")
    lease_holder = fields.CharField(max_length=64, null=True)
    lease_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0, db_default=0, description="Failed runs of the requested revision")
    retry_at = fields.DatetimeField(null=True)
    progress = fields.FloatField(null=True)
    reach_status = fields.CharEnumField(ReachStatus, max_length=16, default=ReachStatus.NONE)
    as_of = fields.DatetimeField(null=True)
    member_count = fields.BigIntField(default=0, db_default=0)
    reach_total = fields.BigIntField(null=True)
    reach_email = fields.BigIntField(null=True)
    reach_direct_mail = fields.BigIntField(null=True)
    reach_sms = fields.BigIntField(null=True)
    reach_phone = fields.BigIntField(null=True)
    reach_push = fields.BigIntField(null=True)
    addressed_email = fields.BigIntField(null=True)
    addressed_direct_mail = fields.BigIntField(null=True)
    addressed_sms = fields.BigIntField(null=True)
    addressed_phone = fields.BigIntField(null=True)
    addressed_push = fields.BigIntField(null=True)
    allowed_email = fields.BigIntField(null=True)
    allowed_direct_mail = fields.BigIntField(null=True)
    allowed_sms = fields.BigIntField(null=True)
    allowed_phone = fields.BigIntField(null=True)
    allowed_push = fields.BigIntField(null=True)
    distinct_email = fields.BigIntField(null=True)
    distinct_direct_mail = fields.BigIntField(null=True)
    distinct_sms = fields.BigIntField(null=True)
    distinct_phone = fields.BigIntField(null=True)
    reach_members = fields.BigIntField(
        null=True, description="The size of the segment when its reach was counted"
    )
    error_code = fields.CharField(max_length=64, null=True)
    error_message = fields.TextField(null=True)
    error_at = fields.DatetimeField(null=True)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "seggraph.User", related_name="created_segments", null=True, on_delete=fields.SET_NULL
    )
    created_by_key_id = fields.BigIntField(null=True, description="The API key that created it")
    created_at = fields.DatetimeField(auto_now_add=True)
    last_action = fields.CharEnumField(SegmentAction, max_length=16, default=SegmentAction.CREATED)
    last_modified_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "seggraph.User", related_name="modified_segments", null=True, on_delete=fields.SET_NULL
    )
    last_modified_by_key_id = fields.BigIntField(
        null=True, description="The API key that did the last action"
    )
    last_modified_at = fields.DatetimeField(auto_now_add=True)
    folder: fields.ForeignKeyNullableRelation[Folder] = fields.ForeignKeyField(
        "seggraph.Folder", null=True, on_delete=fields.SET_NULL
    )
    workspace_id: int
    folder_id: int | None
    created_by_id: int | None
    last_modified_by_id: int | None

    class Meta:
        """Table name, keys and the orders lists are read in."""

        table = "segments"
        unique_together = (("workspace_id", "name_key"),)
        indexes = (
            Index(fields=("workspace_id", "kind", "status"), name="segments_by_kind"),
            Index(fields=("workspace_id", "created_at", "id"), name="segments_by_creation"),
            Index(fields=("workspace_id", "last_modified_at", "id"), name="segments_by_modification"),
        )


class SegmentHiding(Model):
    """A user that a segment is hidden from."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    segment: fields.ForeignKeyRelation[Segment] = fields.ForeignKeyField("seggraph.Segment")
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("seggraph.User")
    segment_id: int
    user_id: int

    class Meta:
        """Table name and keys."""

        table = "segment_hidings"
        unique_together = (("workspace_id", "segment_id", "user_id"),)


class Source(Model):
    """What adds members to a segment. It owns the chunks of its links and blocks.

    A segment has one PLAYBOOK source for each playbook that adds to it, and at most one source of each other kind.
    If `links_are_members`, the links are all the members of the segment, and are not stored besides these.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    segment: fields.ForeignKeyRelation[Segment] = fields.ForeignKeyField("seggraph.Segment")
    kind = fields.CharEnumField(SourceKind, max_length=8)
    playbook: fields.ForeignKeyNullableRelation[Playbook] = fields.ForeignKeyField(
        "seggraph.Playbook", null=True
    )
    created_at = fields.DatetimeField(auto_now_add=True)
    links_are_members = fields.BooleanField(default=False, db_default=False)
    segment_id: int
    playbook_id: int | None

    class Meta:
        """Table name. The unique keys depend on the kind and are in the migration."""

        table = "sources"


class FormerSource(Model):
    """A source that a playbook had in a segment, with the members that it must not add if it comes back.

    It has the id of that source, and owns the chunks with the role FORMER_BLOCKS. Without blocks nothing is kept.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    segment: fields.ForeignKeyRelation[Segment] = fields.ForeignKeyField(
        "seggraph.Segment", related_name="former_sources"
    )
    playbook: fields.ForeignKeyRelation[Playbook] = fields.ForeignKeyField(
        "seggraph.Playbook", related_name="former_sources"
    )
    segment_id: int
    playbook_id: int

    class Meta:
        """Table name and keys."""

        table = "former_sources"
        unique_together = (("workspace_id", "segment_id", "playbook_id"),)


class Label(Model):
    """A word of the workspace that segments are marked with."""

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    name = fields.CharField(max_length=200)
    name_key = fields.CharField(max_length=600, description="The case-folded name; it is unique")
    color = fields.CharField(max_length=7, null=True, description="# and six hexadecimal digits")
    created_at = fields.DatetimeField(auto_now_add=True)
    workspace_id: int

    class Meta:
        """Table name and keys."""

        table = "labels"
        unique_together = (("workspace_id", "name_key"),)


class SegmentLabel(Model):
    """A label of a segment."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    segment: fields.ForeignKeyRelation[Segment] = fields.ForeignKeyField("seggraph.Segment")
    label: fields.ForeignKeyRelation[Label] = fields.ForeignKeyField("seggraph.Label")
    segment_id: int
    label_id: int

    class Meta:
        """Table name, keys, and the order in which the segments of a label are found."""

        table = "segment_labels"
        unique_together = (("workspace_id", "segment_id", "label_id"),)
        indexes = (Index(fields=("workspace_id", "label_id"), name="segment_labels_by_label"),)


class Favourite(Model):
    """A segment that a user wants at hand."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("seggraph.User")
    segment: fields.ForeignKeyRelation[Segment] = fields.ForeignKeyField("seggraph.Segment")
    user_id: int
    segment_id: int

    class Meta:
        """Table name and keys."""

        table = "favourites"
        unique_together = (("workspace_id", "user_id", "segment_id"),)

"""Members: everything that can be in a segment; erasures and bulk edits of members, and indexes that sort them."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.models.users import User
from seggraph.models.workspaces import Workspace
from seggraph.vocabulary import BulkEditAction, BulkEditStatus, ConsentState, MemberKind


class Member(Model):
    """One member. Whole populations are scanned, so the row is short, and long texts are in `MemberAddress`."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    kind = fields.IntEnumField(MemberKind)
    ordinal = fields.IntField(
        description="Its bit in every bitmap of (workspace, kind). Assigned once, never used again"
    )
    external_id = fields.TextField()
    name = fields.TextField(null=True)
    first_name = fields.TextField(null=True)
    last_name = fields.TextField(null=True)
    salutation = fields.TextField(null=True)
    domain = fields.TextField(null=True)
    email = fields.TextField(null=True)
    phone = fields.TextField(null=True)
    country = fields.TextField(null=True)
    city = fields.TextField(null=True)
    postal_code = fields.TextField(null=True)
    state = fields.TextField(null=True)
    industry = fields.TextField(null=True)
    revenue = fields.DecimalField(max_digits=20, decimal_places=4, null=True)
    employees = fields.BigIntField(null=True)
    score = fields.FloatField(null=True)
    is_target = fields.BooleanField(default=True, db_default=True)
    has_address = fields.BooleanField(default=False, db_default=False)
    tags = ArrayField("text")
    attributes: fields.Field[dict[str, object]] = fields.JSONField()
    consent_email = fields.IntEnumField(ConsentState, default=ConsentState.UNKNOWN, db_default=0)
    consent_direct_mail = fields.IntEnumField(ConsentState, default=ConsentState.UNKNOWN, db_default=0)
    consent_sms = fields.IntEnumField(ConsentState, default=ConsentState.UNKNOWN, db_default=0)
    consent_phone = fields.IntEnumField(ConsentState, default=ConsentState.UNKNOWN, db_default=0)
    consent_push = fields.IntEnumField(ConsentState, default=ConsentState.UNKNOWN, db_default=0)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table name and keys."""

        table = "members"
        unique_together = (("workspace_id", "kind", "ordinal"), ("workspace_id", "kind", "external_id"))


class MemberAddress(Model):
    """The postal addresses of a member, separate from the row that is scanned."""

    id = fields.BigIntField(primary_key=True)
    member_id = fields.BigIntField(unique=True)
    workspace_id = fields.BigIntField()
    address = fields.TextField(null=True)
    shipping_address: fields.Field[dict[str, object] | None] = fields.JSONField(null=True)
    billing_address: fields.Field[dict[str, object] | None] = fields.JSONField(null=True)

    class Meta:
        """Table name."""

        table = "member_addresses"


class Erasure(Model):
    """An erasure at work: the ordinals of its members, what went with them so far, and who asked for it.

    The row is written with the deletion of the members, and deleted when no audience has their ordinals any more. If
    the process that carries it out is lost, a worker continues. `touched_at` is when it last came further.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    kind = fields.IntEnumField(MemberKind)
    ordinals = fields.BinaryField()
    member_count = fields.IntField()
    erased: Any = fields.JSONField(description="What was erased with the rows of the members, by name")
    memberships = fields.BigIntField(default=0, db_default=0)
    membership_changes = fields.BigIntField(default=0, db_default=0)
    leaves_bits = fields.BooleanField(
        default=False, db_default=False, description="Whether large chunks still have some of the ordinals"
    )
    touched_at = fields.DatetimeField(auto_now_add=True)
    user_id = fields.BigIntField(null=True)
    api_key_id = fields.BigIntField(null=True)
    ip = fields.CharField(max_length=64, null=True)
    user_agent = fields.CharField(max_length=300, null=True)

    class Meta:
        """Table name."""

        table = "erasures"


class ErasedBits(Model):
    """Ordinals of erased members that bytes of large chunks still have, although no audience does.

    From `due_at` on, a worker takes them out of those chunks and deletes the row.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    kind = fields.IntEnumField(MemberKind)
    ordinals = fields.BinaryField()
    due_at = fields.DatetimeField()

    class Meta:
        """Table name."""

        table = "erased_bits"


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


class SortIndexStatus(StrEnum):
    """How far an index is."""

    BUILDING = "BUILDING"
    READY = "READY"
    FAILED = "FAILED"
    UNUSED = "UNUSED"
    """Nobody has sorted by the field for long; the index is to be dropped."""


class SortIndex(Model):
    """An index of the members of a kind in a workspace by a field, which was made when a list was sorted by it.

    Its name in PostgreSQL is `members_sort_` and the id.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    kind = fields.IntEnumField(MemberKind)
    field = fields.CharField(max_length=100)
    status = fields.CharEnumField(SortIndexStatus, max_length=16, default=SortIndexStatus.BUILDING)
    lease_holder = fields.CharField(max_length=64, null=True)
    lease_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    retry_at = fields.DatetimeField(null=True)
    error_code = fields.CharField(max_length=64, null=True)
    error_message = fields.TextField(null=True)
    error_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    used_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table name and keys."""

        table = "sort_indexes"
        unique_together = (("workspace_id", "kind", "field"),)

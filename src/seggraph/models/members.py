"""Members: everything that can be in a segment; and erasures of members."""

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from seggraph.vocabulary import ConsentState, MemberKind


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
    domain = fields.TextField(null=True)
    email = fields.TextField(null=True)
    phone = fields.TextField(null=True)
    country = fields.TextField(null=True)
    city = fields.TextField(null=True)
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
    touched_at = fields.DatetimeField(auto_now_add=True)
    user_id = fields.BigIntField(null=True)
    api_key_id = fields.BigIntField(null=True)
    ip = fields.CharField(max_length=64, null=True)
    user_agent = fields.CharField(max_length=300, null=True)

    class Meta:
        """Table name."""

        table = "erasures"

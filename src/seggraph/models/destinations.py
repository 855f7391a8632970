"""Destinations, and the deliveries of segments to them."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.models.segments import Segment
from seggraph.models.users import User
from seggraph.models.workspaces import Workspace
from seggraph.vocabulary import Channel, DeliveryStatus, DesiredState, MemberKind


class Destination(Model):
    """An external system. Its secrets are encrypted (files/secrets.py); `auth_hint` shows the end of the given one."""

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    name = fields.CharField(max_length=200)
    name_key = fields.CharField(max_length=600, description="The case-folded name; it is unique")
    type = fields.CharField(max_length=16, description="A type of destinations.registry")
    channel = fields.IntEnumField(
        Channel, null=True, description="Only members that it reaches are sent; null: all members"
    )
    url = fields.TextField(null=True)
    header_name = fields.CharField(max_length=100, null=True, description="Null: Authorization: Bearer")
    mapping: fields.Field[dict[str, object]] = fields.JSONField()
    auth_secret = fields.BinaryField(null=True)
    auth_hint = fields.CharField(max_length=16, null=True)
    signing_secret = fields.BinaryField()
    version = fields.IntField(default=1, db_default=1)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "seggraph.User", related_name="destinations", null=True, on_delete=fields.SET_NULL
    )
    created_at = fields.DatetimeField(auto_now_add=True)
    workspace_id: int
    created_by_id: int | None

    class Meta:
        """Table name and keys."""

        table = "destinations"
        unique_together = (("workspace_id", "name_key"),)


class Delivery(Model):
    """One segment at one destination: the desired state (`wish`), the progress, and the last successful numbers.

    It owns three bitmaps (models.audiences.ChunkRole). `sequence` counts the batches that were sent, `claims` how often
    a worker claimed it, `generation` the lists that were created for it at the destination. `resend` requests that all
    members are sent again.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    destination: fields.ForeignKeyRelation[Destination] = fields.ForeignKeyField("seggraph.Destination")
    segment: fields.ForeignKeyRelation[Segment] = fields.ForeignKeyField(
        "seggraph.Segment", related_name="deliveries"
    )
    kind = fields.IntEnumField(MemberKind)
    channel = fields.IntEnumField(Channel, null=True, description="The destination's")
    population_id = fields.BigIntField()
    status = fields.CharEnumField(DeliveryStatus, max_length=16, default=DeliveryStatus.NOT_SENT)
    wish = fields.CharEnumField(DesiredState, max_length=16, default=DesiredState.DELIVER)
    resend = fields.BooleanField(default=False, db_default=False)
    list_id = fields.TextField(null=True, description="The id of the list at the destination")
    list_name = fields.TextField(
        null=True, description="The name of the list at the destination; null while it is renamed"
    )
    refused_name = fields.TextField(
        null=True, description="The name that the destination refused for the list"
    )
    is_behind = fields.BooleanField(
        default=False, db_default=False, description="Whether there is work that was found and not finished"
    )
    generation = fields.IntField(default=0, db_default=0)
    sequence = fields.BigIntField(default=0, db_default=0)
    claims = fields.BigIntField(default=0, db_default=0)
    member_count = fields.BigIntField(null=True, description="Members of the segment, as of `as_of`")
    no_address_count = fields.BigIntField(null=True)
    no_consent_count = fields.BigIntField(null=True)
    suppressed_count = fields.BigIntField(null=True)
    rejected_count = fields.BigIntField(null=True)
    delivered_count = fields.BigIntField(default=0, db_default=0)
    as_of = fields.DatetimeField(null=True)
    lease_holder = fields.CharField(max_length=64, null=True)
    lease_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(
        default=0, db_default=0, description="Failed attempts since the last acknowledged batch"
    )
    retry_at = fields.DatetimeField(null=True)
    error_code = fields.CharField(max_length=64, null=True)
    error_message = fields.TextField(null=True)
    error_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    destination_id: int
    segment_id: int

    class Meta:
        """Table name, keys and the order deliveries are listed in."""

        table = "deliveries"
        unique_together = (("workspace_id", "destination_id", "segment_id"),)
        indexes = (Index(fields=("workspace_id", "segment_id"), name="deliveries_by_segment"),)


class DeliveryChange(Model):
    """A delivery that needs an update; with `ordinals`, the members whose sent data may be out of date."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    delivery: fields.ForeignKeyRelation[Delivery] = fields.ForeignKeyField("seggraph.Delivery")
    ordinals = fields.BinaryField(null=True)
    delivery_id: int

    class Meta:
        """Table name and the order changes are taken in."""

        table = "delivery_changes"
        indexes = (Index(fields=("workspace_id", "delivery_id", "id"), name="delivery_changes_by_delivery"),)


class DeliveryRemoval(Model):
    """The key of an erased member at a destination, until the destination has removed it."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    delivery: fields.ForeignKeyRelation[Delivery] = fields.ForeignKeyField("seggraph.Delivery")
    key = fields.TextField()
    delivery_id: int

    class Meta:
        """Table name and keys."""

        table = "delivery_removals"
        unique_together = (("workspace_id", "delivery_id", "key"),)

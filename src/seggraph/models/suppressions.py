"""Suppressions: addresses that must not be contacted any more."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.vocabulary import Channel, SuppressionReason


class Suppression(Model):
    """An address that a channel may not use, whoever has it.

    `digest` is what members' addresses are compared with (see services/suppressions.py). `address` is for people
    to read, and null once a member who had it was erased: the digest stays, so that nobody is contacted again.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    channel = fields.IntEnumField(Channel)
    digest = fields.BinaryField()
    address = fields.TextField(null=True)
    reason = fields.CharEnumField(SuppressionReason, max_length=16)
    suppressed_at = fields.DatetimeField()

    class Meta:
        """Table name, keys and the order suppressions are listed in."""

        table = "suppressions"
        unique_together = (("workspace_id", "channel", "digest"),)
        indexes = (Index(fields=("workspace_id", "id"), name="suppressions_by_workspace"),)

"""Suppressions: addresses that must not be used."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.vocabulary import Channel, SuppressionReason


class Suppression(Model):
    """An address that a channel must not use, whichever member has it.

    The addresses of members are compared with `digest` (see services/suppressions/suppressions.py). `address` is the
    readable form. It becomes null when a member with this address is erased; the digest stays.
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

"""Erasures whose members are deleted, and whose traces in audiences are not all gone yet."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from seggraph.vocabulary import MemberKind


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

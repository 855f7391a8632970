"""Indexes that serve sorted lists of members."""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model

from seggraph.vocabulary import MemberKind


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

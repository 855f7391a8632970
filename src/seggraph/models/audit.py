"""The audit log: who did what to which object."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class AuditEntry(Model):
    """One action of a user, an API key or an operator. A trigger refuses to change rows.

    Only services/audit/retention.py can remove rows, and only old ones.

    `action` and `subject` are names of vocabulary.AuditAction and AuditSubject. Entries outlive the objects and users
    that they name. So they have no foreign keys, and store names.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    at = fields.DatetimeField(auto_now_add=True)
    user_id = fields.BigIntField(null=True)
    api_key_id = fields.BigIntField(null=True)
    actor_name = fields.CharField(max_length=255)
    action = fields.CharField(max_length=32)
    subject = fields.CharField(max_length=32)
    subject_id = fields.BigIntField(null=True)
    subject_name = fields.CharField(max_length=255, null=True)
    before: Any = fields.JSONField(null=True)
    after: Any = fields.JSONField(null=True)
    ip = fields.CharField(max_length=64, null=True)
    user_agent = fields.CharField(max_length=300, null=True)

    class Meta:
        """Table name, and how the log is read: all of it, or one object's."""

        table = "audit_entries"
        indexes = (
            Index(fields=("workspace_id", "id"), name="audit_entries_by_workspace"),
            Index(fields=("workspace_id", "subject_id", "id"), name="audit_entries_by_subject"),
        )

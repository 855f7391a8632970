"""The catalogue of custom attributes."""

from tortoise import fields
from tortoise.models import Model

from seggraph.vocabulary import AttributeType, MemberKind


class Attribute(Model):
    """A typed custom field of one kind in one workspace.

    While a worker changes the stored values, `change` says what of: see services.catalogue.changing.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    kind = fields.IntEnumField(MemberKind)
    name = fields.CharField(max_length=100)
    type = fields.CharEnumField(AttributeType, max_length=16)
    label = fields.CharField(max_length=200, null=True)
    description = fields.TextField(null=True)
    hidden = fields.BooleanField(default=False, db_default=False)
    is_personal = fields.BooleanField(default=False, db_default=False)
    change: fields.Field[dict[str, object] | None] = fields.JSONField(
        null=True, description="What is being done to the values of the members; null: nothing"
    )
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table name and keys."""

        table = "attributes"
        unique_together = (("workspace_id", "kind", "name"),)

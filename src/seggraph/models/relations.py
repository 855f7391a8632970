"""Relations between members, and pending ones, which wait for a member to be created."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.vocabulary import MemberKind, RelationType


class Relation(Model):
    """A relation of two members. `relation` implies both kinds."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    relation = fields.IntEnumField(RelationType)
    from_kind = fields.IntEnumField(MemberKind)
    to_kind = fields.IntEnumField(MemberKind)
    from_ordinal = fields.IntField()
    to_ordinal = fields.IntField()

    class Meta:
        """Table name, and one index for each direction of a relation."""

        table = "relations"
        unique_together = (("workspace_id", "relation", "from_ordinal", "to_ordinal"),)
        indexes = (
            Index(
                fields=("workspace_id", "relation", "to_ordinal", "from_ordinal"), name="relations_backwards"
            ),
        )


class PendingRelation(Model):
    """A relation that waits for a member: it becomes a `Relation` when both sides exist."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    relation = fields.IntEnumField(RelationType)
    from_kind = fields.IntEnumField(MemberKind)
    to_kind = fields.IntEnumField(MemberKind)
    from_external_id = fields.TextField()
    to_external_id = fields.TextField()

    class Meta:
        """Table name and keys; the indexes answer "who waits for this member?"."""

        table = "pending_relations"
        unique_together = (("workspace_id", "relation", "from_external_id", "to_external_id"),)
        indexes = (
            Index(fields=("workspace_id", "from_kind", "from_external_id"), name="pending_relations_from"),
            Index(fields=("workspace_id", "to_kind", "to_external_id"), name="pending_relations_to"),
        )

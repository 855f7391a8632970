"""Dependencies: what the rules of segments read, to find the rules that a change affects."""

from tortoise import fields
from tortoise.models import Model

from seggraph.models.segments import Source
from seggraph.vocabulary import MemberKind, RelationType


class Dependency(Model):
    """Something that the rule of a source reads of the members of a kind.

    `name` is its name in dirty batches. With a `relation`, the rule is about related members: the change is passed on
    to the members with this relation. `forward` says whether these are on the `from` side of the stored relations.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    source: fields.ForeignKeyRelation[Source] = fields.ForeignKeyField("seggraph.Source")
    kind = fields.IntEnumField(MemberKind)
    name = fields.TextField()
    relation = fields.IntEnumField(RelationType, null=True)
    forward = fields.BooleanField(null=True)
    source_id: int

    class Meta:
        """Table name. The keys are in the migration: two nulls are the same there."""

        table = "dependencies"

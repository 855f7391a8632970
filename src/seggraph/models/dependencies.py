"""Dependencies: what the rules of segments read, to be looked up by what changed."""

from tortoise import fields
from tortoise.models import Model

from seggraph.models.segments import Source
from seggraph.vocabulary import MemberKind, RelationType


class Dependency(Model):
    """That the rule of a source looks at something of the members of a kind.

    `name` is what a dirty batch calls a change of it. With a `relation` it is looked at from the other end: the
    change is passed on to those who are related so, and `forward` says that they are the side which the stored
    relations go out from.
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

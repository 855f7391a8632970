"""Audiences as rows: populations, and the chunks of their bitmaps."""

from enum import IntEnum

from tortoise import fields
from tortoise.models import Model

from seggraph.vocabulary import Channel, MemberKind


class ChunkRole(IntEnum):
    """What the bitmap of an owner says. The role implies the kind of owner."""

    MEMBERS = 1
    """Of a segment: who is in it."""
    LINKS = 2
    """Of a source: what it matched or was given, blocks already taken away."""
    BLOCKS = 3
    """Of a source: whom it may not add."""
    REACHABLE_EMAIL = 11
    REACHABLE_DIRECT_MAIL = 12
    REACHABLE_SMS = 13
    REACHABLE_PHONE = 14
    REACHABLE_PUSH = 15
    """Of a population: members that a channel reaches."""
    ADDRESSED_EMAIL = 21
    ADDRESSED_DIRECT_MAIL = 22
    ADDRESSED_SMS = 23
    ADDRESSED_PHONE = 24
    ADDRESSED_PUSH = 25
    """Of a population: members who have an address for a channel."""
    ALLOWED_EMAIL = 31
    ALLOWED_DIRECT_MAIL = 32
    ALLOWED_SMS = 33
    ALLOWED_PHONE = 34
    ALLOWED_PUSH = 35
    """Of a population: those of them whose consent allows it."""
    DELIVERED = 41
    """Of a delivery: who is on the list outside, as was acknowledged last."""
    UNSETTLED = 42
    """Of a delivery: who may or may not be there as they are now: a batch is under way, or their data changed."""
    REJECTED = 43
    """Of a delivery: whom the destination did not take, and who did not change since."""

    @classmethod
    def addressed(cls, channel: Channel) -> "ChunkRole":
        """The role of the audience that has an address for `channel`."""
        return cls(20 + channel)

    @classmethod
    def allowed(cls, channel: Channel) -> "ChunkRole":
        """The role of the audience that has an address for `channel` and allows it."""
        return cls(30 + channel)

    @classmethod
    def reachable(cls, channel: Channel) -> "ChunkRole":
        """The role of the audience that `channel` reaches."""
        return cls(10 + channel)


class Population(Model):
    """All members of one kind in one workspace: it counts their ordinals and owns their audiences.

    `requested_reach` counts the changes of policy after which its reachable audiences are to be built anew;
    `built_reach` says after which of them they were.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    kind = fields.IntEnumField(MemberKind)
    next_ordinal = fields.BigIntField(default=0, db_default=0)
    requested_reach = fields.IntField(default=0, db_default=0)
    built_reach = fields.IntField(default=0, db_default=0)

    class Meta:
        """Table name and keys."""

        table = "populations"
        unique_together = (("workspace_id", "kind"),)


class Chunk(Model):
    """The part of a bitmap whose ordinals share their upper bits (`ordinal >> 16`), as portable roaring bytes.

    One row of an owner may be its delta row, with -1 for its `chunk` (audiences.DELTA_CHUNK): a few ordinals of any
    chunks that toggle what the other rows say. Its `cardinality` is how many more ordinals the bitmap has by it, or
    fewer.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    role = fields.IntEnumField(ChunkRole)
    owner_id = fields.BigIntField()
    chunk = fields.IntField()
    cardinality = fields.IntField()
    roaring = fields.BinaryField()

    class Meta:
        """Table name and keys."""

        table = "chunks"
        unique_together = (("workspace_id", "role", "owner_id", "chunk"),)

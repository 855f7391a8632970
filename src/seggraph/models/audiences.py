"""Populations, and the chunks of audiences."""

from enum import IntEnum

from tortoise import fields
from tortoise.models import Model

from seggraph.vocabulary import Channel, MemberKind


class ChunkRole(IntEnum):
    """The meaning of a bitmap. It also says what the owner is: a segment, a source, a population or a delivery."""

    MEMBERS = 1
    """Of a segment: its members."""
    LINKS = 2
    """Of a source: the members that it matched or was given, without blocked ones."""
    BLOCKS = 3
    """Of a source: the members that it must not add."""
    FORMER_BLOCKS = 4
    """Of a former source: what its playbook must not add when it adds to the segment again."""
    REACHABLE_EMAIL = 11
    REACHABLE_DIRECT_MAIL = 12
    REACHABLE_SMS = 13
    REACHABLE_PHONE = 14
    REACHABLE_PUSH = 15
    """Of a population: the members that a channel reaches."""
    ADDRESSED_EMAIL = 21
    ADDRESSED_DIRECT_MAIL = 22
    ADDRESSED_SMS = 23
    ADDRESSED_PHONE = 24
    ADDRESSED_PUSH = 25
    """Of a population: the members with an address for a channel."""
    ALLOWED_EMAIL = 31
    ALLOWED_DIRECT_MAIL = 32
    ALLOWED_SMS = 33
    ALLOWED_PHONE = 34
    ALLOWED_PUSH = 35
    """Of a population: the members with an address for a channel and a consent that allows it."""
    DELIVERED = 41
    """Of a delivery: the members on the list, as the destination last acknowledged."""
    UNSETTLED = 42
    """Of a delivery: the members in a batch without an answer, or with data that changed since they were sent."""
    REJECTED = 43
    """Of a delivery: the members that the destination refused and that did not change since."""

    SHARED_EMAIL = 51
    SHARED_PHONE = 52
    SHARED_POSTAL = 53
    """Of a population: the members whose addresses are not theirs alone (services.reach.addresses)."""

    @classmethod
    def addressed(cls, channel: Channel) -> "ChunkRole":
        """The role of the audience with an address for `channel`."""
        return cls(20 + channel)

    @classmethod
    def allowed(cls, channel: Channel) -> "ChunkRole":
        """The role of the audience with an address and consent for `channel`."""
        return cls(30 + channel)

    @classmethod
    def reachable(cls, channel: Channel) -> "ChunkRole":
        """The role of the audience that `channel` reaches."""
        return cls(10 + channel)


class Population(Model):
    """All members of one kind in one workspace: it counts their ordinals and owns their audiences.

    `requested_reach` counts the changes of the consent policy. `built_reach` is the one for which the reachable
    audiences were last built.
    """

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    kind = fields.IntEnumField(MemberKind)
    next_ordinal = fields.BigIntField(default=0, db_default=0)
    requested_reach = fields.IntField(default=0, db_default=0)
    built_reach = fields.IntField(default=0, db_default=0)
    catalogue_version = fields.IntField(
        default=0, db_default=0, description="How often attributes were changed that members may have"
    )

    class Meta:
        """Table name and keys."""

        table = "populations"
        unique_together = (("workspace_id", "kind"),)


class Chunk(Model):
    """The part of a bitmap whose ordinals share their upper bits (`ordinal >> 16`), as portable roaring bytes.

    An owner can also have a delta row, with `chunk` -1 (audiences.DELTA_CHUNK, an LSM-style delta): the ordinals for
    which the other rows are wrong. Its `cardinality` is the size of the bitmap minus the sum of the other rows, and can
    be negative.
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

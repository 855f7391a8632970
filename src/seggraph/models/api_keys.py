"""API keys, with which partners and scripts sign in, and the idempotency keys of requests."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.indexes import Index
from tortoise.models import Model

from seggraph.models.users import User
from seggraph.models.workspaces import Workspace
from seggraph.vocabulary import ApiKeyScope


class ApiKey(Model):
    """A key `sgk_live_…`. Only its SHA-256 is stored. The secret has 256 random bits, so a slow hash is not needed."""

    id = fields.BigIntField(primary_key=True)
    workspace: fields.ForeignKeyRelation[Workspace] = fields.ForeignKeyField("seggraph.Workspace")
    name = fields.CharField(max_length=200)
    hint = fields.CharField(max_length=24, description="The first characters, to tell keys apart in a list")
    digest = fields.CharField(max_length=64, unique=True, description="SHA-256 of the whole key, in hex")
    scope = fields.CharEnumField(ApiKeyScope, max_length=32)
    networks = ArrayField(
        "text", null=True, description="The networks that it may be used from; null: from everywhere"
    )
    previous_digest = fields.CharField(
        max_length=64, null=True, unique=True, description="SHA-256 of the key before the last rotation"
    )
    previous_until = fields.DatetimeField(null=True, description="When the key before stops working")
    rotated_at = fields.DatetimeField(null=True)
    created_by: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "seggraph.User", null=True, on_delete=fields.SET_NULL
    )
    created_by_key_id = fields.BigIntField(null=True, description="The API key that created it")
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True, description="To about a minute")
    workspace_id: int
    created_by_id: int | None

    class Meta:
        """Table name and keys."""

        table = "api_keys"
        unique_together = (("workspace_id", "name"),)


class IdempotencyKey(Model):
    """A key that a client gave to a mutation, and what it was answered: the same again for a day."""

    id = fields.BigIntField(primary_key=True)
    workspace_id = fields.BigIntField()
    actor = fields.CharField(max_length=32, description="The user or API key that sent it")
    key = fields.CharField(max_length=255)
    digest = fields.CharField(max_length=64, description="SHA-256 of what was asked, in hex")
    answer = fields.BinaryField(null=True, description="The answer, encrypted; null while it is being made")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Table name, keys and the order in which they expire."""

        table = "idempotency_keys"
        unique_together = (("workspace_id", "actor", "key"),)
        indexes = (Index(fields=("created_at",), name="idempotency_keys_by_age"),)

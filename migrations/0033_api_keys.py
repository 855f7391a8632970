"""API keys may be used from some networks only, are rotated, and are named as creators; attributes may be personal."""

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops

from seggraph.vocabulary import ApiKeyScope

SCOPES = "\n".join(f"{scope.name}: {scope.value}" for scope in ApiKeyScope)
EARLIER_SCOPES = "READ: READ\nWRITE: WRITE\nADMIN: ADMIN"


def _creator(model: str) -> ops.AddField:
    return ops.AddField(
        model_name=model,
        name="created_by_key_id",
        field=fields.BigIntField(null=True, description="The API key that created it"),
    )


DROP = "DROP TRIGGER api_keys_rights ON api_keys"


def _create(columns: str) -> str:
    return (
        f"CREATE TRIGGER api_keys_rights AFTER UPDATE OF {columns} OR DELETE ON api_keys"
        " FOR EACH STATEMENT EXECUTE FUNCTION count_rights_changes()"
    )


REVOKE_NEWER = """
    UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()), scope = 'READ'
    WHERE scope NOT IN ('READ', 'WRITE', 'ADMIN')
"""
"""Going back: a key whose scope is not known there must not work."""


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0032_bulk_edits")]

    operations = [
        # a trigger that names a column keeps its type from being changed
        ops.RunSQL(DROP, reverse_sql=_create("revoked_at, expires_at, scope")),
        ops.AlterField(
            model_name="ApiKey",
            name="scope",
            field=fields.CharEnumField(description=SCOPES, enum_type=ApiKeyScope, max_length=32),
        ),
        ops.AddField(
            model_name="ApiKey",
            name="networks",
            field=ArrayField(
                "text", null=True, description="The networks that it may be used from; null: from everywhere"
            ),
        ),
        ops.AddField(
            model_name="ApiKey",
            name="previous_digest",
            field=fields.CharField(
                null=True,
                unique=True,
                description="SHA-256 of the key before the last rotation",
                max_length=64,
            ),
        ),
        ops.AddField(
            model_name="ApiKey",
            name="previous_until",
            field=fields.DatetimeField(
                null=True, description="When the key before stops working", auto_now=False, auto_now_add=False
            ),
        ),
        ops.AddField(
            model_name="ApiKey",
            name="rotated_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        *(_creator(model) for model in ("ApiKey", "Segment", "Playbook", "Campaign", "Webhook")),
        ops.AddField(
            model_name="Segment",
            name="last_modified_by_key_id",
            field=fields.BigIntField(null=True, description="The API key that did the last action"),
        ),
        ops.AddField(
            model_name="Attribute",
            name="is_personal",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.RunSQL(
            _create("revoked_at, expires_at, scope, networks, digest, previous_digest, previous_until"),
            reverse_sql=[REVOKE_NEWER, DROP],
        ),
    ]

"""Users and groups of identity providers, as SCIM sends them."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

REVOKE_NEWER = """
    UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()), scope = 'READ' WHERE scope = 'PROVISIONING'
"""
"""Going back: a key whose scope is not known there must not work."""

UNIQUE_NAMES = """
    CREATE UNIQUE INDEX directory_groups_by_name ON directory_groups (workspace_id, lower(display_name))
"""


def _text(name: str, length: int, description: str | None = None) -> ops.AddField:
    return ops.AddField(
        model_name="WorkspaceUser",
        name=name,
        field=fields.CharField(null=True, description=description, max_length=length),
    )


def _instant(name: str, description: str) -> ops.AddField:
    return ops.AddField(
        model_name="WorkspaceUser",
        name=name,
        field=fields.DatetimeField(null=True, description=description, auto_now=False, auto_now_add=False),
    )


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0037_roles_and_tokens")]

    operations = [
        _text("user_name", 320, "The `userName` of SCIM"),
        _text("external_id", 255, "The `externalId` of SCIM"),
        _text("given_name", 200),
        _text("family_name", 200),
        _instant("removed_at", "When the identity provider deleted the user"),
        _instant("updated_at", "When SCIM last changed the user"),
        ops.CreateModel(
            name="DirectoryGroup",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                ("display_name", fields.CharField(max_length=255)),
                ("external_id", fields.CharField(null=True, max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "directory_groups",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "A group of an identity provider, as SCIM sends it. Its name may have a role.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DirectoryMembership",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "group",
                    fields.ForeignKeyField(
                        "seggraph.DirectoryGroup",
                        source_field="group_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "directory_memberships",
                "app": "seggraph",
                "unique_together": (("group_id", "user_id"),),
                "indexes": [Index(fields=["workspace_id", "user_id"], name="directory_memberships_by_user")],
                "pk_attr": "id",
                "table_description": "A user of a workspace in a group of the identity provider.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(UNIQUE_NAMES, reverse_sql=["DROP INDEX directory_groups_by_name", REVOKE_NEWER]),
    ]

"""Views of lists that people keep."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from seggraph.vocabulary import SavedViewList


def _key(name: str, model: str) -> tuple[str, Any]:
    return (
        name,
        fields.ForeignKeyField(
            f"seggraph.{model}",
            source_field=f"{name}_id",
            db_constraint=True,
            to_field="id",
            on_delete=OnDelete.CASCADE,
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0050_erased_bits")]

    operations = [
        ops.CreateModel(
            name="SavedView",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                _key("workspace", "Workspace"),
                ("list", fields.CharEnumField(enum_type=SavedViewList, max_length=16)),
                ("name", fields.CharField(max_length=200)),
                (
                    "name_key",
                    fields.CharField(description="The case-folded name; unique for list and user", max_length=600),
                ),
                (
                    "state",
                    fields.TextField(
                        description="What the client keeps, such as the search part of an address", unique=False
                    ),
                ),
                ("is_shared", fields.BooleanField(default=False, description="Everybody in the workspace sees it")),
                _key("created_by", "User"),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("modified_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "saved_views",
                "app": "seggraph",
                "unique_together": (("workspace_id", "created_by_id", "list", "name_key"),),
                "pk_attr": "id",
                "table_description": (
                    "A list as somebody wants to see it again: its filters, search, order and columns, as the client"
                    " writes them."
                ),
            },
            bases=["Model"],
        ),
    ]

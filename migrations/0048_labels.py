"""Labels, folders and favourites of segments."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


def _id() -> tuple[str, Any]:
    return ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True))


def _key(name: str, model: str, on_delete: OnDelete = OnDelete.CASCADE, *, null: bool = False) -> tuple[str, Any]:
    return (
        name,
        fields.ForeignKeyField(  # type: ignore[call-overload]
            f"seggraph.{model}",
            source_field=f"{name}_id",
            null=null,
            db_constraint=True,
            to_field="id",
            on_delete=on_delete,
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0047_former_sources")]

    operations = [
        ops.CreateModel(
            name="Folder",
            fields=[
                _id(),
                _key("workspace", "Workspace"),
                ("name", fields.CharField(max_length=200)),
                (
                    "name_key",
                    fields.CharField(description="The case-folded name; it is unique in its folder", max_length=600),
                ),
                _key("parent", "Folder", null=True),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "folders",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "A folder of segments, within another one or at the top.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Label",
            fields=[
                _id(),
                _key("workspace", "Workspace"),
                ("name", fields.CharField(max_length=200)),
                ("name_key", fields.CharField(description="The case-folded name; it is unique", max_length=600)),
                ("color", fields.CharField(null=True, description="# and six hexadecimal digits", max_length=7)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "labels",
                "app": "seggraph",
                "unique_together": (("workspace_id", "name_key"),),
                "pk_attr": "id",
                "table_description": "A word of the workspace that segments are marked with.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SegmentLabel",
            fields=[
                _id(),
                ("workspace_id", fields.BigIntField()),
                _key("segment", "Segment"),
                _key("label", "Label"),
            ],
            options={
                "table": "segment_labels",
                "app": "seggraph",
                "unique_together": (("workspace_id", "segment_id", "label_id"),),
                "indexes": [Index(fields=["workspace_id", "label_id"], name="segment_labels_by_label")],
                "pk_attr": "id",
                "table_description": "A label of a segment.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Favourite",
            fields=[
                _id(),
                ("workspace_id", fields.BigIntField()),
                _key("user", "User"),
                _key("segment", "Segment"),
            ],
            options={
                "table": "favourites",
                "app": "seggraph",
                "unique_together": (("workspace_id", "user_id", "segment_id"),),
                "pk_attr": "id",
                "table_description": "A segment that a user wants at hand.",
            },
            bases=["Model"],
        ),
        ops.AddField(model_name="Segment", name="folder", field=_key("folder", "Folder", OnDelete.SET_NULL, null=True)[1]),
        ops.RunSQL(
            [
                "CREATE UNIQUE INDEX folders_by_name ON folders (workspace_id, coalesce(parent_id, 0), name_key)",
                "CREATE INDEX segments_by_folder ON segments (folder_id) WHERE folder_id IS NOT NULL",
            ],
            reverse_sql=["DROP INDEX segments_by_folder", "DROP INDEX folders_by_name"],
        ),
    ]

"""What a playbook must not add to a segment is kept while it does not add to it."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from seggraph.models.audiences import ChunkRole


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0046_relations_and_suppressions_from_files")]

    operations = [
        ops.AlterField(
            model_name="Chunk",
            name="role",
            field=fields.IntEnumField(
                description="MEMBERS: 1\nLINKS: 2\nBLOCKS: 3\nFORMER_BLOCKS: 4\nREACHABLE_EMAIL: 11\nREACHABLE_DIRECT_MAIL: 12\nREACHABLE_SMS: 13\nREACHABLE_PHONE: 14\nREACHABLE_PUSH: 15\nADDRESSED_EMAIL: 21\nADDRESSED_DIRECT_MAIL: 22\nADDRESSED_SMS: 23\nADDRESSED_PHONE: 24\nADDRESSED_PUSH: 25\nALLOWED_EMAIL: 31\nALLOWED_DIRECT_MAIL: 32\nALLOWED_SMS: 33\nALLOWED_PHONE: 34\nALLOWED_PUSH: 35\nDELIVERED: 41\nUNSETTLED: 42\nREJECTED: 43\nSHARED_EMAIL: 51\nSHARED_PHONE: 52\nSHARED_POSTAL: 53",
                enum_type=ChunkRole,
                generated=False,
            ),
        ),
        ops.CreateModel(
            name="FormerSource",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "segment",
                    fields.ForeignKeyField(
                        "seggraph.Segment",
                        source_field="segment_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="former_sources",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "playbook",
                    fields.ForeignKeyField(
                        "seggraph.Playbook",
                        source_field="playbook_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="former_sources",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "former_sources",
                "app": "seggraph",
                "unique_together": (("workspace_id", "segment_id", "playbook_id"),),
                "pk_attr": "id",
                "table_description": "A source that a playbook had in a segment, with the members that it must not add if it comes back.",
            },
            bases=["Model"],
        ),
        # An earlier version knows no blocks of former sources.
        ops.RunSQL(["SELECT 1"], reverse_sql=["DELETE FROM chunks WHERE role = 4"]),
    ]

"""Ordinals of erased members that bytes of large chunks still have, until a worker rewrites these chunks."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from seggraph.vocabulary import MemberKind

KINDS = "PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7"

# An earlier version rewrites no chunks later: it would never take the bits out of them.
REFUSE = """
    DO $$ BEGIN
      IF EXISTS (SELECT FROM erased_bits) OR EXISTS (SELECT FROM erasures WHERE leaves_bits) THEN
        RAISE EXCEPTION 'Chunks still have ordinals of erased members: have a worker run until erased_bits is empty.';
      END IF;
    END $$
"""


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0049_names_in_reports")]

    operations = [
        ops.CreateModel(
            name="ErasedBits",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                ("kind", fields.IntEnumField(description=KINDS, enum_type=MemberKind, generated=False)),
                ("ordinals", fields.BinaryField()),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "erased_bits",
                "app": "seggraph",
                "pk_attr": "id",
                "table_description": "Ordinals of erased members that bytes of large chunks still have, although no audience does.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Erasure",
            name="leaves_bits",
            field=fields.BooleanField(
                default=False, db_default=False, description="Whether large chunks still have some of the ordinals"
            ),
        ),
        ops.RunSQL(["SELECT 1"], reverse_sql=[REFUSE]),
    ]

"""Destinations and deliveries, and the triggers that have a delivery looked at whenever its audience is written."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from seggraph.models.audiences import ChunkRole
from seggraph.vocabulary import Channel, DeliveryStatus, DesiredState, MemberKind
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

SQL = [
    ("ALTER TABLE destinations ALTER COLUMN created_at SET DEFAULT now()", "SELECT 1"),
    ("ALTER TABLE deliveries ALTER COLUMN created_at SET DEFAULT now()", "SELECT 1"),
    (
        "CREATE INDEX delivery_changes_to_take ON delivery_changes (delivery_id)",
        "DROP INDEX delivery_changes_to_take",
    ),
    (
        "CREATE INDEX delivery_removals_to_send ON delivery_removals (delivery_id)",
        "DROP INDEX delivery_removals_to_send",
    ),
    (
        "CREATE INDEX deliveries_to_build ON deliveries (id) WHERE status IN ('NOT_SENT', 'BUILDING')",
        "DROP INDEX deliveries_to_build",
    ),
]

# Role 1 is the members of a segment, 11 to 15 are whom the channels reach (models.audiences.ChunkRole).
NOTE = """
    CREATE FUNCTION seggraph_note_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO delivery_changes (workspace_id, delivery_id)
      SELECT DISTINCT d.workspace_id, d.id FROM written w JOIN deliveries d ON d.workspace_id = w.workspace_id
        AND ((w.role = 1 AND w.owner_id = d.segment_id) OR (w.role = 10 + d.channel AND w.owner_id = d.population_id))
      WHERE w.role IN (1, 11, 12, 13, 14, 15) AND d.status IN ('NOT_SENT', 'BUILDING', 'ACTIVE');
      RETURN NULL;
    END $$
"""


def _trigger(event: str, table: str) -> ops.RunSQL:
    name = f"chunks_note_deliveries_{event.lower()}"
    return ops.RunSQL(
        f"CREATE TRIGGER {name} AFTER {event} ON chunks REFERENCING {table} TABLE AS written"
        " FOR EACH STATEMENT EXECUTE FUNCTION seggraph_note_deliveries()",
        reverse_sql=f"DROP TRIGGER {name} ON chunks",
    )


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0012_campaigns")]

    operations = [
        ops.CreateModel(
            name="Destination",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "workspace",
                    fields.ForeignKeyField(
                        "seggraph.Workspace",
                        source_field="workspace_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                (
                    "name_key",
                    fields.CharField(
                        description="The name, case-folded: what must be unique", max_length=600
                    ),
                ),
                ("type", fields.CharField(description="A type of destinations.registry", max_length=16)),
                (
                    "channel",
                    fields.IntEnumField(
                        null=True,
                        description="Who is not reached by it is not sent",
                        enum_type=Channel,
                        generated=False,
                    ),
                ),
                ("url", fields.TextField(null=True, unique=False)),
                (
                    "header_name",
                    fields.CharField(null=True, description="Null: Authorization: Bearer", max_length=100),
                ),
                ("mapping", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("auth_secret", fields.BinaryField(null=True)),
                ("auth_hint", fields.CharField(null=True, max_length=16)),
                ("signing_secret", fields.BinaryField()),
                ("version", fields.IntField(default=1, db_default=1)),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "seggraph.User",
                        source_field="created_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="destinations",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "destinations",
                "app": "seggraph",
                "unique_together": (("workspace_id", "name_key"),),
                "pk_attr": "id",
                "table_description": "An outside system. Its secrets are encrypted (services/secrets.py); of one that was given, the hint is shown.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Delivery",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "destination",
                    fields.ForeignKeyField(
                        "seggraph.Destination",
                        source_field="destination_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "segment",
                    fields.ForeignKeyField(
                        "seggraph.Segment",
                        source_field="segment_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "kind",
                    fields.IntEnumField(
                        description="PERSON: 1\nACCOUNT: 2\nORGANIZATION: 3\nPRODUCT: 4\nDEAL: 5\nACTIVITY: 6\nTICKET: 7",
                        enum_type=MemberKind,
                        generated=False,
                    ),
                ),
                (
                    "channel",
                    fields.IntEnumField(
                        null=True, description="The destination's", enum_type=Channel, generated=False
                    ),
                ),
                ("population_id", fields.BigIntField()),
                (
                    "status",
                    fields.CharEnumField(
                        default=DeliveryStatus.NOT_SENT,
                        description="NOT_SENT: NOT_SENT\nBUILDING: BUILDING\nACTIVE: ACTIVE\nINACTIVE: INACTIVE\nFAILED: FAILED",
                        enum_type=DeliveryStatus,
                        max_length=16,
                    ),
                ),
                (
                    "wish",
                    fields.CharEnumField(
                        default=DesiredState.DELIVER,
                        description="DELIVER: DELIVER\nKEEP: KEEP\nEMPTY: EMPTY",
                        enum_type=DesiredState,
                        max_length=16,
                    ),
                ),
                ("resend", fields.BooleanField(default=False, db_default=False)),
                (
                    "list_id",
                    fields.TextField(null=True, description="What the list is called outside", unique=False),
                ),
                (
                    "is_behind",
                    fields.BooleanField(
                        default=False,
                        description="Whether a look found work that is not known to be done",
                        db_default=False,
                    ),
                ),
                ("generation", fields.IntField(default=0, db_default=0)),
                ("sequence", fields.BigIntField(default=0, db_default=0)),
                ("claims", fields.BigIntField(default=0, db_default=0)),
                (
                    "member_count",
                    fields.BigIntField(null=True, description="Members of the segment, as of `as_of`"),
                ),
                ("no_address_count", fields.BigIntField(null=True)),
                ("no_consent_count", fields.BigIntField(null=True)),
                ("suppressed_count", fields.BigIntField(null=True)),
                ("rejected_count", fields.BigIntField(null=True)),
                ("delivered_count", fields.BigIntField(default=0, db_default=0)),
                ("as_of", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("lease_holder", fields.CharField(null=True, max_length=64)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "attempts",
                    fields.IntField(default=0, description="Since a batch was taken last", db_default=0),
                ),
                ("retry_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("error_code", fields.CharField(null=True, max_length=64)),
                ("error_message", fields.TextField(null=True, unique=False)),
                ("error_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "deliveries",
                "app": "seggraph",
                "unique_together": (("workspace_id", "destination_id", "segment_id"),),
                "indexes": [Index(fields=["workspace_id", "segment_id"], name="deliveries_by_segment")],
                "pk_attr": "id",
                "table_description": "One segment at one destination: what is wanted there, how far it is, and the last good numbers.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DeliveryChange",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "delivery",
                    fields.ForeignKeyField(
                        "seggraph.Delivery",
                        source_field="delivery_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("ordinals", fields.BinaryField(null=True)),
            ],
            options={
                "table": "delivery_changes",
                "app": "seggraph",
                "indexes": [
                    Index(fields=["workspace_id", "delivery_id", "id"], name="delivery_changes_by_delivery")
                ],
                "pk_attr": "id",
                "table_description": "That a delivery is to be looked at; with `ordinals`, that what was sent of these members may be out of date.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DeliveryRemoval",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "delivery",
                    fields.ForeignKeyField(
                        "seggraph.Delivery",
                        source_field="delivery_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("key", fields.TextField(unique=False)),
            ],
            options={
                "table": "delivery_removals",
                "app": "seggraph",
                "unique_together": (("workspace_id", "delivery_id", "key"),),
                "pk_attr": "id",
                "table_description": "The outside key of a member who was erased, until the destination has removed it.",
            },
            bases=["Model"],
        ),
        ops.AlterField(
            model_name="Chunk",
            name="role",
            field=fields.IntEnumField(
                description="MEMBERS: 1\nLINKS: 2\nBLOCKS: 3\nREACHABLE_EMAIL: 11\nREACHABLE_DIRECT_MAIL: 12\nREACHABLE_SMS: 13\nREACHABLE_PHONE: 14\nREACHABLE_PUSH: 15\nADDRESSED_EMAIL: 21\nADDRESSED_DIRECT_MAIL: 22\nADDRESSED_SMS: 23\nADDRESSED_PHONE: 24\nADDRESSED_PUSH: 25\nALLOWED_EMAIL: 31\nALLOWED_DIRECT_MAIL: 32\nALLOWED_SMS: 33\nALLOWED_PHONE: 34\nALLOWED_PUSH: 35\nDELIVERED: 41\nUNSETTLED: 42\nREJECTED: 43",
                enum_type=ChunkRole,
                generated=False,
            ),
        ),
        *(ops.RunSQL(sql, reverse_sql=reverse) for sql, reverse in SQL),
        ops.RunSQL(NOTE, reverse_sql="DROP FUNCTION seggraph_note_deliveries()"),
        _trigger("INSERT", "NEW"),
        _trigger("UPDATE", "NEW"),
        _trigger("DELETE", "OLD"),
    ]

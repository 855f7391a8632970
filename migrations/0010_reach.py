"""Suppressions, and reach by steps."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from seggraph.models.audiences import ChunkRole
from seggraph.vocabulary import Channel, SuppressionReason
from tortoise import fields
from tortoise.indexes import Index

# What an address is compared by, and its digest. See services/suppressions.py for the rules in words. The
# collation "C" makes them answer the same on every server.
FUNCTIONS = {
    "seggraph_email_key(address text)": """
      RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN lower(btrim(address) COLLATE "C")
    """,
    "seggraph_phone_key(address text)": """
      RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
      RETURN regexp_replace(regexp_replace(address COLLATE "C", '[^0-9]', '', 'g'), '^00', '')
    """,
    "seggraph_words(document jsonb)": """
      RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN (
        SELECT string_agg(value #>> '{}', ' ')
        FROM jsonb_path_query(document, 'strict $.** ? (@.type() == "string" || @.type() == "number")') AS value
      )
    """,
    "seggraph_postal_key(address text, shipping jsonb, billing jsonb)": """
      RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
        SELECT string_agg(word, ' ' ORDER BY word COLLATE "C")
        FROM regexp_split_to_table(
          lower(coalesce(address, seggraph_words(shipping), seggraph_words(billing)) COLLATE "C"), '[\\s,.;:/#-]+'
        ) AS word WHERE word <> ''
      )
    """,
    "seggraph_address_digest(workspace_id bigint, sort text, key text)": """
      RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
      RETURN substr(sha256(convert_to(workspace_id::text || ':' || sort || ':' || key, 'UTF8')), 1, 16)
    """,
}

SQL = [
    *((f"CREATE FUNCTION {name} {body}", f"DROP FUNCTION {name}") for name, body in FUNCTIONS.items()),
    (
        "ALTER TABLE member_addresses ADD COLUMN postal_digest bytea GENERATED ALWAYS AS (seggraph_address_digest("
        "workspace_id, 'postal', seggraph_postal_key(address, shipping_address, billing_address))) STORED",
        "ALTER TABLE member_addresses DROP COLUMN postal_digest",
    ),
    (
        "CREATE INDEX member_addresses_by_digest ON member_addresses (workspace_id, postal_digest)"
        " WHERE postal_digest IS NOT NULL",
        "DROP INDEX member_addresses_by_digest",
    ),
    (
        "CREATE INDEX members_by_email_digest ON members (workspace_id,"
        " seggraph_address_digest(workspace_id, 'email', seggraph_email_key(email))) WHERE email IS NOT NULL",
        "DROP INDEX members_by_email_digest",
    ),
    (
        "CREATE INDEX members_by_phone_digest ON members (workspace_id,"
        " seggraph_address_digest(workspace_id, 'phone', seggraph_phone_key(phone))) WHERE phone IS NOT NULL",
        "DROP INDEX members_by_phone_digest",
    ),
    (
        "CREATE INDEX suppressions_search ON suppressions USING gin (lower(address) gin_trgm_ops)",
        "DROP INDEX suppressions_search",
    ),
    (
        "ALTER TABLE suppressions ADD CONSTRAINT suppressions_digest_whole CHECK (octet_length(digest) = 16)",
        "ALTER TABLE suppressions DROP CONSTRAINT suppressions_digest_whole",
    ),
    # The reachable audiences have steps from now on: they are built anew, and every segment is computed anew.
    ("UPDATE populations SET requested_reach = requested_reach + 1", "SELECT 1"),
    (
        "UPDATE segments SET requested_revision = requested_revision + 1, lease_holder = NULL, lease_until = NULL,"
        " attempts = 0, retry_at = NULL, progress = 0, reach_status = 'CALCULATING' WHERE status = 'ACTIVE'",
        "SELECT 1",
    ),
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0009_audit")]

    operations = [
        ops.CreateModel(
            name="Suppression",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("workspace_id", fields.BigIntField()),
                (
                    "channel",
                    fields.IntEnumField(
                        description="EMAIL: 1\nDIRECT_MAIL: 2\nSMS: 3\nPHONE: 4\nPUSH: 5",
                        enum_type=Channel,
                        generated=False,
                    ),
                ),
                ("digest", fields.BinaryField()),
                ("address", fields.TextField(null=True, unique=False)),
                (
                    "reason",
                    fields.CharEnumField(
                        description="BOUNCE: BOUNCE\nCOMPLAINT: COMPLAINT\nUNSUBSCRIBE: UNSUBSCRIBE\nMANUAL: MANUAL",
                        enum_type=SuppressionReason,
                        max_length=16,
                    ),
                ),
                ("suppressed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "suppressions",
                "app": "seggraph",
                "unique_together": (("workspace_id", "channel", "digest"),),
                "indexes": [Index(fields=["workspace_id", "id"], name="suppressions_by_workspace")],
                "pk_attr": "id",
                "table_description": "An address that a channel may not use, whoever has it.",
            },
            bases=["Model"],
        ),
        ops.AlterField(
            model_name="Chunk",
            name="role",
            field=fields.IntEnumField(
                description="MEMBERS: 1\nLINKS: 2\nBLOCKS: 3\nREACHABLE_EMAIL: 11\nREACHABLE_DIRECT_MAIL: 12\nREACHABLE_SMS: 13\nREACHABLE_PHONE: 14\nREACHABLE_PUSH: 15\nADDRESSED_EMAIL: 21\nADDRESSED_DIRECT_MAIL: 22\nADDRESSED_SMS: 23\nADDRESSED_PHONE: 24\nADDRESSED_PUSH: 25\nALLOWED_EMAIL: 31\nALLOWED_DIRECT_MAIL: 32\nALLOWED_SMS: 33\nALLOWED_PHONE: 34\nALLOWED_PUSH: 35",
                enum_type=ChunkRole,
                generated=False,
            ),
        ),
        ops.AddField(
            model_name="Population",
            name="built_reach",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Population",
            name="requested_reach",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Segment",
            name="addressed_email",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Segment",
            name="addressed_direct_mail",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Segment",
            name="addressed_sms",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Segment",
            name="addressed_phone",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Segment",
            name="addressed_push",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Segment",
            name="allowed_email",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Segment",
            name="allowed_direct_mail",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Segment",
            name="allowed_sms",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Segment",
            name="allowed_phone",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Segment",
            name="allowed_push",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Segment",
            name="reach_members",
            field=fields.BigIntField(null=True, description="The members that the reach is of"),
        ),
        ops.RunSQL([sql for sql, _ in SQL], reverse_sql=[reverse for _, reverse in reversed(SQL)]),
    ]

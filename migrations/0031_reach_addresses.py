"""How many different addresses a segment reaches is kept with its reach.

`reach_addresses` has what the addresses of members are compared by, as of the refresh that last looked at them. It is
filled with the reachable audiences, which are built anew; every ACTIVE segment is computed anew.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from seggraph.models.audiences import ChunkRole

ROLES = "MEMBERS: 1\nLINKS: 2\nBLOCKS: 3\nREACHABLE_EMAIL: 11\nREACHABLE_DIRECT_MAIL: 12\nREACHABLE_SMS: 13\nREACHABLE_PHONE: 14\nREACHABLE_PUSH: 15\nADDRESSED_EMAIL: 21\nADDRESSED_DIRECT_MAIL: 22\nADDRESSED_SMS: 23\nADDRESSED_PHONE: 24\nADDRESSED_PUSH: 25\nALLOWED_EMAIL: 31\nALLOWED_DIRECT_MAIL: 32\nALLOWED_SMS: 33\nALLOWED_PHONE: 34\nALLOWED_PUSH: 35\nDELIVERED: 41\nUNSETTLED: 42\nREJECTED: 43\nSHARED_EMAIL: 51\nSHARED_PHONE: 52\nSHARED_POSTAL: 53"

ADDRESSES = """
    CREATE TABLE reach_addresses (
      workspace_id bigint NOT NULL,
      kind smallint NOT NULL,
      ordinal int NOT NULL,
      email bigint,
      phone bigint,
      postal bigint,
      PRIMARY KEY (workspace_id, kind, ordinal)
    ) WITH (fillfactor = 90)
"""

INDEXES = [
    f"CREATE INDEX reach_addresses_by_{sort} ON reach_addresses (workspace_id, kind, {sort}) INCLUDE (ordinal)"
    f" WHERE {sort} IS NOT NULL"
    for sort in ("email", "phone", "postal")
]

COMPUTE_ANEW = [
    "UPDATE populations SET requested_reach = requested_reach + 1",
    "UPDATE segments SET requested_revision = requested_revision + 1, lease_holder = NULL, lease_until = NULL,"
    " attempts = 0, retry_at = NULL, progress = 0, reach_status = 'CALCULATING' WHERE status = 'ACTIVE'",
]


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0030_sort_indexes")]

    operations = [
        *(
            ops.AddField(model_name="Segment", name=name, field=fields.BigIntField(null=True))
            for name in ("distinct_email", "distinct_direct_mail", "distinct_sms", "distinct_phone")
        ),
        ops.AlterField(
            model_name="Chunk",
            name="role",
            field=fields.IntEnumField(description=ROLES, enum_type=ChunkRole, generated=False),
        ),
        ops.RunSQL(
            [ADDRESSES, *INDEXES, *COMPUTE_ANEW],
            reverse_sql=["DELETE FROM chunks WHERE role BETWEEN 51 AND 53", "DROP TABLE reach_addresses"],
        ),
    ]

"""First and last names, salutations, postal codes and states of members; the region of phone numbers.

Attributes that have the names of the new fields are copied into them, and what their criteria read is called as it is
now. The attributes stay, for the release before.
"""

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from seggraph.database.value_count_trigger import count_member_values
from seggraph.values import countries, phones

COUNTED_BEFORE = ("country", "city", "industry", "is_target", "has_address")
PRESENT_BEFORE = (
    *("external_id", "name", "email", "phone", "country", "city", "industry", "domain"),
    *("revenue", "employees", "score"),
)
FIELDS = {
    "first_name": ("firstName", 200),
    "last_name": ("lastName", 200),
    "salutation": ("salutation", 100),
    "postal_code": ("postalCode", 32),
    "state": ("state", 500),
}
"""The new columns: the names of the fields, and the most characters that one has."""


def search_index(*columns: str) -> list[str]:
    texts = " || ' ' || ".join(f"coalesce({column}, '')" for column in columns)
    return [
        "DROP INDEX members_search",
        f"CREATE INDEX members_search ON members USING gin (seggraph_folded({texts}) gin_trgm_ops)",
    ]


def copied(column: str, name: str, limit: int) -> str:
    text = f"nullif(btrim(m.attributes ->> '{name}'), '')"
    return f"""
      UPDATE members m SET {column} = {text} FROM attributes a
      WHERE a.name = '{name}' AND a.type <> 'STRING_LIST' AND m.workspace_id = a.workspace_id AND m.kind = a.kind
        AND m.attributes ? '{name}' AND char_length({text}) <= {limit}
    """  # noqa: S608 - constants only


def renamed(before: str, after: str) -> str:
    return f"""
      UPDATE dependencies SET name = left(name, -char_length('{before}')) || '{after}'
      WHERE name = '{before}' OR name LIKE '%>{before}'
    """  # noqa: S608 - constants only


ADD = """
    INSERT INTO suppressions (workspace_id, channel, digest, address, reason, suppressed_at)
    SELECT workspace_id, channel, CASE channel
        WHEN 2 THEN seggraph_address_digest(workspace_id, 'postal', seggraph_postal_key($2, NULL, NULL))
        ELSE seggraph_address_digest(workspace_id, 'phone', seggraph_phone_key($2)) END,
      $2, reason, suppressed_at
    FROM suppressions WHERE id = $1
    ON CONFLICT (workspace_id, channel, digest) DO NOTHING
"""


async def suppress_normal_forms(apps: Any, editor: Any) -> None:
    """Suppress addresses also in the form in which members have them from now on."""
    client = editor.client
    rows = await client.execute_query_dict(
        "SELECT id, channel, address FROM suppressions WHERE address IS NOT NULL"
        " AND (channel = 2 OR channel IN (3, 4) AND address !~ '^[+][0-9 ]*$')"
    )
    for row in rows:
        address = row["address"]
        form = countries.with_code(address) if row["channel"] == 2 else phones.normal_form(address)
        if form != address:
            await client.execute_query(ADD, [row["id"], form])


async def leave(apps: Any, editor: Any) -> None:
    """A suppression too many contacts nobody."""


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0039_searches")]

    operations = [
        *(
            ops.AddField(model_name="Member", name=column, field=fields.TextField(null=True, unique=False))
            for column in FIELDS
        ),
        ops.AddField(
            model_name="Workspace",
            name="phone_region",
            field=fields.CharField(
                null=True,
                description="ISO 3166: where phone numbers without a country are from",
                max_length=2,
            ),
        ),
        ops.RunSQL(
            [
                count_member_values(
                    counted=(*COUNTED_BEFORE, "state"),
                    present=(*PRESENT_BEFORE, *FIELDS),
                ),
                *(copied(column, *field) for column, field in FIELDS.items()),
                *(renamed(f"attributes.{name}", column) for column, (name, _) in FIELDS.items()),
                *search_index("name", "first_name", "last_name", "domain", "email"),
            ],
            reverse_sql=[
                *search_index("name", "domain", "email"),
                *(renamed(column, f"attributes.{name}") for column, (name, _) in FIELDS.items()),
                count_member_values(counted=COUNTED_BEFORE, present=PRESENT_BEFORE),
            ],
        ),
        ops.RunPython(suppress_normal_forms, reverse_code=leave),
    ]

"""Addresses of members and suppressions get the one form in which they are compared.

`eva@BÜCHER.example` and `eva@xn--bcher-kva.example` are the same address. Suppressions of erased members have no
address any more, so they stay as they are.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from seggraph.values.emails import tidied

OTHER_THAN_ASCII = "(email ~ '[^\\x01-\\x7f]' OR email LIKE '%.')"


async def tidy(apps: Any, editor: Any) -> None:
    client = editor.client
    rows = await client.execute_query_dict(f"SELECT id, email FROM members WHERE {OTHER_THAN_ASCII}")
    for row in rows:
        await client.execute_query(
            "UPDATE members SET email = $2 WHERE id = $1", [row["id"], tidied(row["email"])]
        )
    other = OTHER_THAN_ASCII.replace("email", "address")
    rows = await client.execute_query_dict(
        f"SELECT id, address FROM suppressions WHERE channel = 1 AND {other}"
    )
    for row in rows:
        await client.execute_query(
            "UPDATE suppressions s SET address = $2,"
            " digest = seggraph_address_digest(workspace_id, 'email', seggraph_email_key($2))"
            " WHERE id = $1 AND NOT EXISTS (SELECT FROM suppressions o WHERE o.workspace_id = s.workspace_id"
            " AND o.channel = s.channel AND o.digest = seggraph_address_digest("
            "s.workspace_id, 'email', seggraph_email_key($2)))",
            [row["id"], tidied(row["address"])],
        )


async def leave(apps: Any, editor: Any) -> None:
    """The old forms are gone; the new ones are as good for the old version."""


class Migration(migrations.Migration):
    dependencies = [("seggraph", "0027_import_readings")]

    operations = [ops.RunPython(tidy, reverse_code=leave)]

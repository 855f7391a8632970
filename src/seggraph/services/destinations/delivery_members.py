"""The members of a batch as they leave: by their external ids, with what the mapping makes of their fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
import orjson

from seggraph.destinations.destination import Recipient
from seggraph.destinations.templates import ATTRIBUTES, Template
from seggraph.vocabulary import MemberKind

READ: Final = """
    SELECT m.ordinal, m.external_id, m.name, m.domain, m.email, m.phone, m.country, m.city, m.industry,
      m.revenue::float8 AS revenue, m.employees, m.score, m.is_target, m.tags, m.attributes, m.created_at,
      m.updated_at, a.address, a.shipping_address, a.billing_address
    FROM members m LEFT JOIN member_addresses a ON a.member_id = m.id
    WHERE m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = ANY($3::int[]) ORDER BY m.ordinal
"""

KEYS: Final = """
    SELECT ordinal, external_id FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3::int[])
"""

COLUMNS: Final = {
    "externalId": "external_id",
    "isTarget": "is_target",
    "shippingAddress": "shipping_address",
    "billingAddress": "billing_address",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
}
"""The columns of fields that are called otherwise."""

JSON_FIELDS: Final = frozenset({"shippingAddress", "billingAddress"})


@dataclass(frozen=True, slots=True)
class Members:
    """Members of a batch that are there, and their ordinals by outside key."""

    recipients: list[Recipient]
    ordinals: dict[str, int]


async def read(
    connection: asyncpg.Connection,
    workspace_id: int,
    kind: MemberKind,
    ordinals: Sequence[int],
    template: Template,
) -> Members:
    """Those of the members who exist, with their data as it is now."""
    rows = await connection.fetch(READ, workspace_id, kind, list(ordinals))
    recipients = [Recipient(row["external_id"], _data(row, template), row["email"]) for row in rows]
    return Members(recipients, {row["external_id"]: row["ordinal"] for row in rows})


async def keys(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: Sequence[int]
) -> list[str]:
    """The outside keys of those of the members who exist."""
    rows = await connection.fetch(KEYS, workspace_id, kind, list(ordinals))
    return [row["external_id"] for row in rows]


def _data(row: asyncpg.Record, template: Template) -> dict[str, Any]:
    attributes: Mapping[str, Any] = orjson.loads(row["attributes"])

    def value(name: str) -> Any:
        if name.startswith(ATTRIBUTES):
            return attributes.get(name.removeprefix(ATTRIBUTES))
        found = row[COLUMNS.get(name, name)]
        if isinstance(found, datetime):
            return found.isoformat().replace("+00:00", "Z")
        return orjson.loads(found) if name in JSON_FIELDS and found is not None else found

    return template.fill(value)

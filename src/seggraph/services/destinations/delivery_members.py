"""The members of a batch as they leave: by their external ids, with what the mapping makes of their fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
import orjson

from seggraph.destinations.destination import Recipient
from seggraph.destinations.templates import ATTRIBUTES, Template
from seggraph.member_fields import BY_NAME, FIELDS, PARTS, MemberField
from seggraph.member_fields.addresses import part_of
from seggraph.member_fields.field_types import ADDRESS, DECIMAL
from seggraph.vocabulary import MemberKind


def _value(field: MemberField) -> str:
    """The SQL of a field as JSON can hold it: decimals as numbers."""
    column = f"{'a' if field.is_address else 'm'}.{field.column}"
    return f"{column}::float8 AS {field.column}" if field.type is DECIMAL else column


READ: Final = f"""
    SELECT m.ordinal, m.attributes, {", ".join(_value(field) for field in FIELDS if field.is_mappable)}
    FROM members m LEFT JOIN member_addresses a ON a.member_id = m.id
    WHERE m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = ANY($3::int[]) ORDER BY m.ordinal
"""  # noqa: S608 - constants only

KEYS: Final = """
    SELECT ordinal, external_id FROM members WHERE workspace_id = $1 AND kind = $2 AND ordinal = ANY($3::int[])
"""


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
    """The members that exist, with their data as it is now."""
    rows = await connection.fetch(READ, workspace_id, kind, list(ordinals))
    recipients = [Recipient(row["external_id"], _data(row, template), row["email"]) for row in rows]
    return Members(recipients, {row["external_id"]: row["ordinal"] for row in rows})


async def keys(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: Sequence[int]
) -> list[str]:
    """The outside keys of the members that exist."""
    rows = await connection.fetch(KEYS, workspace_id, kind, list(ordinals))
    return [row["external_id"] for row in rows]


def _data(row: asyncpg.Record, template: Template) -> dict[str, Any]:
    attributes: Mapping[str, Any] = orjson.loads(row["attributes"])

    def value(name: str) -> Any:
        if name.startswith(ATTRIBUTES):
            return attributes.get(name.removeprefix(ATTRIBUTES))
        if name in PARTS:
            part = PARTS[name]
            return part_of(_decoded(row[part.field.column]), part.part.key)
        field = BY_NAME[name]
        stored = row[field.column]
        if isinstance(stored, datetime):
            return stored.isoformat().replace("+00:00", "Z")
        return _decoded(stored) if field.type is ADDRESS else stored

    return template.fill(value)


def _decoded(stored: str | None) -> Any:
    return None if stored is None else orjson.loads(stored)

"""Plain members of the naive evaluator, written into the tables that engines read."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import asyncpg

from seggraph.criteria.catalogue import WELL_KNOWN, AttributeDefinition, Catalogue
from seggraph.criteria.naive import NaiveMember
from seggraph.criteria.operators.cases import Stored
from seggraph.vocabulary import AttributeType, Channel, ConsentState, MemberKind

_ATTRIBUTES = [
    AttributeDefinition("plan", AttributeType.STRING),
    AttributeDefinition('it\'s "odd" \\', AttributeType.STRING),
    AttributeDefinition("seats", AttributeType.NUMBER),
    AttributeDefinition("trial", AttributeType.BOOLEAN),
    AttributeDefinition("renewal", AttributeType.DATE),
    AttributeDefinition("seenAt", AttributeType.DATETIME),
    AttributeDefinition("languages", AttributeType.STRING_LIST),
]
CATALOGUE = Catalogue(
    MemberKind.PERSON,
    _ATTRIBUTES,
    {MemberKind.ACCOUNT: _ATTRIBUTES, MemberKind.PERSON: _ATTRIBUTES},
)
REQUIRED: dict[str, Stored] = {
    "externalId": "x",
    "isTarget": False,
    "hasAddress": False,
    "createdAt": datetime(2020, 1, 1, tzinfo=UTC),
    "updatedAt": datetime(2020, 1, 1, tzinfo=UTC),
}
"""Values for the fields that are never unset."""

PART_KEYS = ("lines", "postalCode", "city", "state", "country")

_CHANNELS = {channel: f"consent_{channel.name.lower()}" for channel in Channel}


def member(
    *,
    attributes: Mapping[str, Stored] | None = None,
    tags: Sequence[str] = (),
    consents: Mapping[Channel, ConsentState] | None = None,
    **fields: Stored,
) -> NaiveMember:
    """A member with these values; everything else is unset, or plain where it can not be."""
    return NaiveMember(REQUIRED | fields, attributes or {}, frozenset(tags), consents or {})


async def store(
    connection: asyncpg.Connection,
    members: Sequence[NaiveMember],
    *,
    workspace_id: int = 1,
    kind: MemberKind = MemberKind.PERSON,
    first_id: int = 1,
) -> None:
    """Insert the members with ordinals 0, 1, 2 ... in their order."""
    columns = {field.name: field.key for field in WELL_KNOWN if not field.is_address}
    names = [
        "id",
        "workspace_id",
        "kind",
        "ordinal",
        "tags",
        "attributes",
        *columns.values(),
        *_CHANNELS.values(),
    ]
    places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
    rows = [
        (
            first_id + ordinal,
            workspace_id,
            int(kind),
            ordinal,
            sorted(one.tags),
            _json(one.attributes),
            *(one.fields.get(name) for name in columns),
            *(int(one.consents.get(channel, ConsentState.UNKNOWN)) for channel in _CHANNELS),
        )
        for ordinal, one in enumerate(members)
    ]
    await connection.executemany(f"INSERT INTO members ({', '.join(names)}) VALUES ({places})", rows)
    addresses = [
        (
            first_id + ordinal,
            workspace_id,
            one.fields.get("address"),
            _address(one, "shippingAddress"),
            _address(one, "billingAddress"),
        )
        for ordinal, one in enumerate(members)
    ]
    insert = """
        INSERT INTO member_addresses (member_id, workspace_id, address, shipping_address, billing_address)
        VALUES ($1, $2, $3, $4, $5)
    """
    await connection.executemany(insert, addresses)


def _address(member: NaiveMember, name: str) -> str | None:
    """An address object whose parts the member has as fields; lines that a comma separates are several."""
    parts: dict[str, object] = {
        key: member.fields[f"{name}.{key}"] for key in PART_KEYS if f"{name}.{key}" in member.fields
    }
    if isinstance(lines := parts.get("lines"), str):
        parts["lines"] = lines.split(", ")
    return json.dumps(parts) if parts else None


def _json(attributes: Mapping[str, Stored]) -> str:
    return "{" + ", ".join(f"{json.dumps(key)}: {_stored(value)}" for key, value in attributes.items()) + "}"


def _stored(value: Stored) -> str:
    match value:
        case Decimal():
            return str(value)
        case datetime():
            text = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
            return json.dumps(text + "Z")
        case date():
            return json.dumps(value.isoformat())
        case tuple():
            return json.dumps(list(value))
    return json.dumps(value)

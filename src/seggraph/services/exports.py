"""Members as a CSV file that imports again unchanged: every field, tags, consents, addresses and attributes."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import asyncpg
import orjson
from pyroaring import BitMap

from seggraph.runtime import database
from seggraph.services import catalogues, cells, members
from seggraph.services.import_mappings import ATTRIBUTE_PREFIX, CONSENT_FIELDS, FIELDS
from seggraph.services.member_drafts import consent_column
from seggraph.services.policy import Viewer
from seggraph.vocabulary import AttributeType, ConsentState, MemberKind

PAGE_ROWS: Final = 2_000

PLAIN: Final = {
    "externalId": "external_id",
    "name": "name",
    "domain": "domain",
    "email": "email",
    "phone": "phone",
    "country": "country",
    "city": "city",
    "industry": "industry",
    "revenue": "revenue",
    "employees": "employees",
    "score": "score",
    "isTarget": "is_target",
    "tags": "tags",
}
"""The fields that are written as they are kept, and their columns."""

PAGE: Final = f"""
    SELECT m.ordinal, {", ".join(f"m.{column}" for column in PLAIN.values())}, m.attributes,
      {", ".join(f"m.{consent_column(channel)}" for channel in CONSENT_FIELDS.values())},
      a.address, a.shipping_address, a.billing_address
    FROM members m LEFT JOIN member_addresses a ON a.member_id = m.id
    WHERE m.workspace_id = $1 AND m.kind = $2 AND m.ordinal > $3 AND ($5::int[] IS NULL OR m.ordinal = ANY($5))
    ORDER BY m.ordinal LIMIT $4
"""  # noqa: S608 - constants only


async def count(viewer: Viewer, kind: MemberKind, segment_id: int | None = None) -> int:
    """How many members a file would have."""
    if segment_id is not None:
        return len(await members.audience_of(viewer, [segment_id]))
    async with database() as connection:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM members WHERE workspace_id = $1 AND kind = $2", viewer.workspace_id, kind
        )
        return found


async def stream(
    viewer: Viewer, kind: MemberKind, segment_id: int | None = None
) -> AsyncIterator[tuple[bytes, int]]:
    """The file in pieces, each with the number of its members, in the order in which they came to be.

    With a segment, its members; the caller has made sure that the viewer may see it. The first line names the
    fields as a mapping does.
    """
    async with database() as connection:
        types = await catalogues.types(connection, viewer.workspace_id, kind)
    names = sorted(types)
    header = [*PLAIN, *CONSENT_FIELDS, "address", "shippingAddress", "billingAddress", *map(_header, names)]
    yield _lines([header]), 0
    audience = None if segment_id is None else await members.audience_of(viewer, [segment_id])
    after = -1
    while rows := await _page(viewer, kind, after, audience):
        yield _lines([_row(row, names, types) for row in rows]), len(rows)
        after = rows[-1]["ordinal"]


async def _page(
    viewer: Viewer, kind: MemberKind, after: int, audience: BitMap | None
) -> list[asyncpg.Record]:
    wanted = None
    if audience is not None:
        start = audience.rank(after) if after >= 0 else 0
        wanted = list(audience[start : start + PAGE_ROWS])
    async with database() as connection:
        rows: list[asyncpg.Record] = await connection.fetch(
            PAGE, viewer.workspace_id, kind, after, PAGE_ROWS, wanted
        )
    return rows


def _header(name: str) -> str:
    """The name of an attribute's column: as a mapping names the attribute."""
    is_ambiguous = name in FIELDS or name.startswith(ATTRIBUTE_PREFIX)
    return cells.escaped(ATTRIBUTE_PREFIX + name if is_ambiguous else name)


def _row(row: asyncpg.Record, names: Sequence[str], types: dict[str, AttributeType]) -> list[str]:
    attributes = orjson.loads(row["attributes"])
    return [
        *(_field(row[column]) for column in PLAIN.values()),
        *(ConsentState(row[consent_column(channel)]).name for channel in CONSENT_FIELDS.values()),
        cells.written(row["address"]),
        row["shipping_address"] or "",
        row["billing_address"] or "",
        *(_attribute(attributes.get(name), types[name]) for name in names),
    ]


def _field(value: Any) -> str:
    return "" if value == [] else cells.written(value)


def _attribute(value: Any, type_: AttributeType) -> str:
    """Dates and times are texts that cannot run; other texts are escaped."""
    return value if value is not None and type_ in _INSTANTS else cells.written(value)


_INSTANTS: Final = frozenset({AttributeType.DATE, AttributeType.DATETIME})


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()

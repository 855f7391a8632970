"""Reading members: one, many, a page of them, or of a segment's."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import asyncpg
import orjson
from pyroaring import BitMap

from seggraph.audiences import ChunkOwner, ChunkStore, page, page_backwards
from seggraph.criteria.catalogue import Field, Storage
from seggraph.errors import Invalid, NotFound, UnknownField
from seggraph.models.audiences import ChunkRole
from seggraph.runtime import database
from seggraph.services import catalogues
from seggraph.services.paging import (
    Key,
    Order,
    Page,
    PageRequest,
    decode_cursor,
    encode_cursor,
    fetch_page,
    nullable,
)
from seggraph.services.policy import Viewer
from seggraph.vocabulary import AttributeType, ConsentState, MemberKind

MAX_SEARCH: Final = 200


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as it is read; addresses are read apart."""

    id: int
    kind: MemberKind
    ordinal: int
    external_id: str
    name: str | None
    domain: str | None
    email: str | None
    phone: str | None
    country: str | None
    city: str | None
    industry: str | None
    revenue: Decimal | None
    employees: int | None
    score: float | None
    is_target: bool
    tags: list[str]
    attributes: dict[str, Any]
    consent_email: ConsentState
    consent_direct_mail: ConsentState
    consent_sms: ConsentState
    consent_phone: ConsentState
    consent_push: ConsentState
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Addresses:
    """The postal addresses of a member."""

    address: str | None = None
    shipping_address: dict[str, Any] | None = None
    billing_address: dict[str, Any] | None = None


COLUMNS: Final = tuple(field.name for field in fields(MemberView))
_CONSENTS: Final = tuple(column for column in COLUMNS if column.startswith("consent_"))

SELECT: Final = f"""
    SELECT {", ".join(f"m.{column}" for column in COLUMNS)} /*keys*/ FROM members m WHERE m.workspace_id = $1
"""  # noqa: S608 - constants only

OF_KIND: Final = """
    AND m.kind = $2
    AND ($3::text IS NULL OR
      lower(coalesce(m.name, '') || ' ' || coalesce(m.domain, '') || ' ' || coalesce(m.email, '')) LIKE $3)
    AND ($4::int[] IS NULL OR m.ordinal = ANY($4))
"""

COUNT: Final = f"SELECT count(*) FROM members m WHERE m.workspace_id = $1 {OF_KIND}"  # noqa: S608

READ_ADDRESSES: Final = """
    SELECT member_id, address, shipping_address, billing_address FROM member_addresses
    WHERE workspace_id = $1 AND member_id = ANY($2)
"""

BY_ORDINAL: Final = Order("ordinal", (Key("m.ordinal", "bigint"),))
_EMPTY: Final = {"text": "''", "numeric": "0", "bigint": "0", "double precision": "0"}


@dataclass(frozen=True, slots=True)
class MemberList:
    """Which members a list is of: a kind, narrowed by a search and to an audience."""

    kind: MemberKind
    search: str | None = None
    audience: BitMap | None = None

    @property
    def pattern(self) -> str | None:
        """The search as a LIKE pattern in which every character is plain. Raises Invalid when it is too long."""
        wanted = (self.search or "").strip().lower()
        if len(wanted) > MAX_SEARCH or "\0" in wanted:
            raise Invalid(f"A search has at most {MAX_SEARCH} characters.", path=("search",))
        for character in "\\%_":
            wanted = wanted.replace(character, "\\" + character)
        return f"%{wanted}%" if wanted else None


async def get(viewer: Viewer, member_id: int) -> MemberView:
    """One member. Raises NotFound for one that the workspace does not have."""
    found = await get_many(viewer, [member_id])
    if member_id not in found:
        raise NotFound("There is no such member.", path=("id",))
    return found[member_id]


async def get_many(viewer: Viewer, member_ids: Sequence[int]) -> dict[int, MemberView]:
    """Those of the members that the workspace has, by id."""
    async with database() as connection:
        rows = await connection.fetch(f"{SELECT} AND m.id = ANY($2)", viewer.workspace_id, list(member_ids))
    return {row["id"]: view_of(row) for row in rows}


async def find_by_external_id(viewer: Viewer, kind: MemberKind, external_id: str) -> MemberView | None:
    """The member with an external id, if there is one."""
    if "\0" in external_id:
        return None
    async with database() as connection:
        row = await connection.fetchrow(
            f"{SELECT} AND m.kind = $2 AND m.external_id = $3", viewer.workspace_id, kind, external_id
        )
    return None if row is None else view_of(row)


async def by_ordinals(
    connection: asyncpg.Connection, workspace_id: int, kind: MemberKind, ordinals: Sequence[int]
) -> list[MemberView]:
    """The members of these ordinals, in their order; deleted ones are absent."""
    rows = await connection.fetch(
        f"{SELECT} AND m.kind = $2 AND m.ordinal = ANY($3) ORDER BY m.ordinal",
        workspace_id,
        kind,
        list(ordinals),
    )
    return [view_of(row) for row in rows]


async def addresses(viewer: Viewer, member_ids: Sequence[int]) -> dict[int, Addresses]:
    """The addresses of members, by member id; who has none is absent."""
    async with database() as connection:
        rows = await connection.fetch(READ_ADDRESSES, viewer.workspace_id, list(member_ids))
    return {
        row["member_id"]: Addresses(
            row["address"], _object(row["shipping_address"]), _object(row["billing_address"])
        )
        for row in rows
    }


async def order_by(viewer: Viewer, kind: MemberKind, field: str | None, *, descending: bool) -> Order:
    """The order of a list by any well-known field or number attribute. Raises UnknownField.

    Without a field it is the order in which members came.
    """
    if field is None:
        return Order(BY_ORDINAL.name, BY_ORDINAL.keys, descending)
    async with database() as connection:
        catalogue = await catalogues.load(connection, viewer.workspace_id, kind)
    found = catalogue.find(field)
    if found is None or found.storage is Storage.ADDRESS or not _is_sortable(found):
        message = (
            f"Members cannot be sorted by {field!r}; use a field of the catalogue, or a number attribute."
        )
        raise UnknownField(message, path=("orderBy", "field"))
    return Order(f"member.{field}", (*_keys(found, descending), *BY_ORDINAL.keys), descending)


def _is_sortable(field: Field) -> bool:
    return not field.is_custom or field.type is AttributeType.NUMBER


def _keys(field: Field, descending: bool) -> tuple[Key, ...]:
    if field.is_custom:
        quoted = field.key.replace("'", "''")
        return nullable(f"(m.attributes -> '{quoted}')::numeric", "numeric", "0", descending=descending)
    column, type_ = f"m.{field.key}", str(field.storage)
    if field.required:
        return (Key(column, type_),)
    return nullable(column, type_, _EMPTY[type_], descending=descending)


async def list_page(
    viewer: Viewer, members: MemberList, order: Order, request: PageRequest
) -> Page[MemberView]:
    """A page of members. Raises BadCursor, Invalid, TooMany."""
    if members.audience is not None and members.pattern is None and order == BY_ORDINAL:
        return await _page_of_audience(viewer, members.kind, members.audience, request)
    async with database() as connection:
        return await fetch_page(
            connection, SELECT + OF_KIND, _arguments(viewer, members), order, request, view_of
        )


async def count(viewer: Viewer, members: MemberList) -> int:
    """How many members the whole list has."""
    if members.audience is not None and members.pattern is None:
        return len(members.audience)
    async with database() as connection:
        found: int = await connection.fetchval(COUNT, *_arguments(viewer, members))
    return found


async def audience_of(viewer: Viewer, segment_ids: Sequence[int]) -> BitMap:
    """The members of any of these segments, which the caller has found visible."""
    owners = [ChunkOwner(ChunkRole.MEMBERS, segment_id) for segment_id in segment_ids]
    async with database() as connection:
        found = await ChunkStore(connection, viewer.workspace_id).read_many(owners)
    return BitMap.union(BitMap(), *found.values())


async def _page_of_audience(
    viewer: Viewer, kind: MemberKind, audience: BitMap, request: PageRequest
) -> Page[MemberView]:
    """A page straight from the bitmap: it costs the page and not the audience."""
    size = request.size
    after = _ordinal(request.after, "after")
    before = _ordinal(request.before, "before")
    within = audience
    if after is not None and before is not None:
        within = audience & BitMap(range(after + 1, max(after + 1, before)))
    if request.backwards:
        ordinals = page_backwards(within, last=size + 1, before=before)
        more, ordinals = len(ordinals) > size, ordinals[-size:] if size else []
    else:
        bounded = within if before is None or after is not None else within & BitMap(range(before))
        ordinals = page(bounded, first=size + 1, after=after)
        more, ordinals = len(ordinals) > size, ordinals[:size]
    async with database() as connection:
        items = await by_ordinals(connection, viewer.workspace_id, kind, ordinals)
    return Page(
        items=items,
        cursors=[encode_cursor(BY_ORDINAL, [item.ordinal]) for item in items],
        has_next=before is not None if request.backwards else more,
        has_previous=more if request.backwards else after is not None,
    )


def _ordinal(cursor: str | None, name: str) -> int | None:
    if cursor is None:
        return None
    [ordinal] = decode_cursor(BY_ORDINAL, cursor, path=name)
    return max(0, min(int(ordinal), 2**31 - 1))


def _arguments(viewer: Viewer, members: MemberList) -> tuple[Any, ...]:
    audience = None if members.audience is None else list(members.audience)
    return viewer.workspace_id, members.kind, members.pattern, audience


def view_of(row: asyncpg.Record) -> MemberView:
    """The view of a row of SELECT."""
    values = {column: row[column] for column in COLUMNS}
    values["kind"] = MemberKind(values["kind"])
    values["attributes"] = orjson.loads(values["attributes"])
    for column in _CONSENTS:
        values[column] = ConsentState(values[column])
    return MemberView(**values)


def _object(value: str | None) -> dict[str, Any] | None:
    return None if value is None else orjson.loads(value)

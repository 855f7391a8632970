"""Reading members: one, many, a page of them, or of a segment's."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import asyncpg
import orjson
from pyroaring import BitMap

from seggraph.access import Viewer, require_personal_data
from seggraph.audiences import ChunkOwner, ChunkStore, bits_of, chunks_of, joined_chunks
from seggraph.criteria.catalogue import Catalogue, Field, Storage
from seggraph.database.columns import SqlColumn, listed
from seggraph.database.connections import database
from seggraph.database.paging import (
    Cursors,
    Key,
    Order,
    Page,
    PageRequest,
    decode_cursor,
    fetch_page,
    fetch_pages,
    nullable,
)
from seggraph.errors import Invalid, NotFound, UnknownField
from seggraph.member_fields import FIELDS
from seggraph.member_fields.cleaning import MAX_EXTERNAL_ID
from seggraph.models.audiences import ChunkRole
from seggraph.services.members.readable import members_read_by
from seggraph.values.attribute_values import storable_text
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
_NAMES: Final = frozenset(COLUMNS)
_CONSENTS: Final = tuple(column for column in COLUMNS if column.startswith("consent_"))

SELECT: Final = f"""
    SELECT {", ".join(f"m.{column}" for column in COLUMNS)} FROM {{members}} WHERE m.workspace_id = $1
"""  # noqa: S608 - constants only

_SEARCHED: Final = " || ' ' || ".join(
    f"coalesce(m.{field.column}, '')" for field in FIELDS if field.is_searched
)
"""What a search looks in: the expression of the index members_search."""

OF_KIND: Final = f"""
    AND m.kind = $2
    AND ($3::text IS NULL OR
      lower({_SEARCHED}) LIKE $3)
"""

FIND: Final = f"SELECT array_agg(m.ordinal) FROM members m WHERE m.workspace_id = $1 {OF_KIND}"  # noqa: S608

FEW: Final = 10_000
"""A search that finds no more than these is sorted by itself, and not by walking the whole population."""

FIND_FEW: Final = f"""
    SELECT array_agg(ordinal) FROM
      (SELECT m.ordinal FROM members m WHERE m.workspace_id = $1 {OF_KIND} LIMIT {FEW + 1}) AS found
"""  # noqa: S608 - constants only

SPARSE: Final = 8
"""Where fewer than one of so many members is in an audience, PostgreSQL looks for them one by one."""

SELECT_KEYS: Final = "SELECT m.ordinal /*keys*/ FROM members m WHERE m.workspace_id = $1"

READ_SORTED: Final = """
    SELECT {columns}, pages.*
    FROM {{pages}} JOIN {members} ON m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = pages.ordinal
"""

COUNT: Final = f"SELECT count(*) FROM members m WHERE m.workspace_id = $1 {OF_KIND}"  # noqa: S608

READ_ADDRESSES: Final = f"""
    SELECT member_id, {", ".join(field.name for field in fields(Addresses))} FROM member_addresses
    WHERE workspace_id = $1 AND member_id = ANY($2)
"""  # noqa: S608 - constants only

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
        if not storable_text(wanted, MAX_SEARCH):
            raise Invalid(f"A search is a text of at most {MAX_SEARCH} characters.", path=("search",))
        for character in "\\%_":
            wanted = wanted.replace(character, "\\" + character)
        return f"%{wanted}%" if wanted else None


async def get(viewer: Viewer, member_id: int) -> MemberView:
    """One member. Raises NotFound for one that the workspace does not have."""
    views = await get_many(viewer, [member_id])
    if member_id not in views:
        raise NotFound("There is no such member.", path=("id",))
    return views[member_id]


async def get_many(viewer: Viewer, member_ids: Sequence[int]) -> dict[int, MemberView]:
    """Those of the members that the workspace has, by id."""
    if not member_ids:
        return {}
    async with database() as connection:
        rows = await connection.fetch(
            f"{_select(viewer)} AND m.id = ANY($2)", viewer.workspace_id, list(member_ids)
        )
    return {row["id"]: view_of(row) for row in rows}


async def find_by_external_id(viewer: Viewer, kind: MemberKind, external_id: str) -> MemberView | None:
    """The member with an external id, if there is one."""
    if not storable_text(external_id, MAX_EXTERNAL_ID):
        return None
    async with database() as connection:
        row = await connection.fetchrow(
            f"{_select(viewer)} AND m.kind = $2 AND m.external_id = $3",
            viewer.workspace_id,
            kind,
            external_id,
        )
    return None if row is None else view_of(row)


WITHIN_KEYS: Final = "(m.kind, m.ordinal) IN (SELECT * FROM unnest($2::smallint[], $3::int[]))"


async def by_keys(
    viewer: Viewer, keys: Sequence[tuple[MemberKind, int]]
) -> dict[tuple[MemberKind, int], MemberView]:
    """Those of the members that there are, by kind and ordinal."""
    kinds, ordinals = [int(kind) for kind, _ in keys], [ordinal for _, ordinal in keys]
    async with database() as connection:
        rows = await connection.fetch(
            f"{_select(viewer)} AND {WITHIN_KEYS}",
            viewer.workspace_id,
            kinds,
            ordinals,
        )
    views = [view_of(row) for row in rows]
    return {(view.kind, view.ordinal): view for view in views}


async def by_ordinals(
    connection: asyncpg.Connection, viewer: Viewer, kind: MemberKind, ordinals: Sequence[int]
) -> list[MemberView]:
    """The members of these ordinals, in their order; deleted ones are absent."""
    rows = await _rows_of(connection, viewer, kind, ordinals, COLUMNS)
    return [view_of(row) for row in rows]


async def _rows_of(
    connection: asyncpg.Connection,
    viewer: Viewer,
    kind: MemberKind,
    ordinals: Sequence[int],
    columns: Sequence[str],
) -> list[asyncpg.Record]:
    text = f"""
        SELECT {_listed(columns)} FROM {members_read_by(viewer, COLUMNS)}
        WHERE m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = ANY($3::text::int[]) ORDER BY m.ordinal
    """  # noqa: S608 - names of columns
    # The driver looks at each item of a list for a nested one, which takes longer than this text.
    listed_ordinals = f"{{{','.join(map(str, ordinals))}}}"
    rows: list[asyncpg.Record] = await connection.fetch(text, viewer.workspace_id, kind, listed_ordinals)
    return rows


def _select(viewer: Viewer) -> str:
    return SELECT.format(members=members_read_by(viewer, COLUMNS))


def _listed(columns: Sequence[str]) -> str:
    return listed(columns, "m", _NAMES)


def _reading(viewer: Viewer, columns: Sequence[str] | None) -> str:
    listed_columns = _listed([one for one in columns or COLUMNS if one != "ordinal"]) or "m.id"
    return READ_SORTED.format(columns=listed_columns, members=members_read_by(viewer, COLUMNS))


def _made(columns: Sequence[str] | None) -> Callable[[asyncpg.Record], Any] | None:
    return view_of if columns is None else None


async def addresses(viewer: Viewer, member_ids: Sequence[int]) -> dict[int, Addresses]:
    """The addresses of members, by member id. A member without addresses is absent.

    A viewer without the right to personal data sees none.
    """
    if not viewer.sees_personal_data:
        return {}
    async with database() as connection:
        rows = await connection.fetch(READ_ADDRESSES, viewer.workspace_id, list(member_ids))
    return {
        row["member_id"]: Addresses(
            row["address"], _object(row["shipping_address"]), _object(row["billing_address"])
        )
        for row in rows
    }


def require_sortable(viewer: Viewer, catalogue: Catalogue, field: str | None) -> None:
    """Raise Forbidden if the viewer may not sort members by a field: the order would show what it holds."""
    sort_field = None if field is None else catalogue.find(field)
    if sort_field is not None and sort_field.is_personal:
        require_personal_data(viewer, path=("orderBy", "field"))


def order_by(catalogue: Catalogue, field: str | None, *, descending: bool) -> Order:
    """The order of a list by any well-known field or number attribute. Raises UnknownField.

    Without a field it is the order in which members came.
    """
    if field is None:
        return Order(BY_ORDINAL.name, BY_ORDINAL.keys, descending)
    sort_field = catalogue.find(field)
    if sort_field is None or sort_field.storage is Storage.ADDRESS or not _is_sortable(sort_field):
        message = (
            f"Members cannot be sorted by {field!r}; use a field of the catalogue, or a number attribute."
        )
        raise UnknownField(message, path=("orderBy", "field"))
    return Order(f"member.{field}", (*_keys(sort_field, descending), *BY_ORDINAL.keys), descending)


def _is_sortable(field: Field) -> bool:
    return not field.is_custom or field.type is AttributeType.NUMBER


def _keys(field: Field, descending: bool) -> tuple[Key, ...]:
    if field.is_custom:
        quoted = field.key.replace("'", "''")
        # Another kind's attribute of this name may be of another type, and conditions come in no certain order.
        number = (
            f"jsonb_path_query_first(m.attributes -> '{quoted}', '$ ? (@.type() == \"number\")')::numeric"
        )
        return nullable(f"({number})", "numeric", "0", descending=descending)
    column, type_ = f"m.{field.key}", str(field.storage)
    if field.required:
        return (Key(column, type_),)
    return nullable(column, type_, _EMPTY[type_], descending=descending)


async def list_page(
    viewer: Viewer,
    members: MemberList,
    order: Order,
    request: PageRequest,
    *,
    columns: Sequence[str] | None = None,
) -> Page[Any]:
    """A page of members: views, or rows with some columns. Raises BadCursor, Invalid, TooMany."""
    if members.audience is None and members.pattern is not None and order.keys != BY_ORDINAL.keys:
        members = await _narrowed_to_few(viewer, members)
    if members.audience is not None:
        within = await narrowed(viewer, members)
        [page] = await pages_of_audiences(viewer, members.kind, [within], order, request, columns=columns)
        return page
    async with database() as connection:
        return await fetch_page(
            connection,
            SELECT_KEYS + OF_KIND,
            _arguments(viewer, members),
            order,
            request,
            _made(columns),
            reading=_reading(viewer, columns),
        )


async def count(viewer: Viewer, members: MemberList) -> int:
    """How many members the whole list has."""
    if members.audience is not None:
        return len(await narrowed(viewer, members))
    async with database() as connection:
        total: int = await connection.fetchval(COUNT, *_arguments(viewer, members))
    return total


async def _narrowed_to_few(viewer: Viewer, members: MemberList) -> MemberList:
    """The list as the audience of what its search finds, if that is little; otherwise as it is.

    With a sort and a limit in the same statement, PostgreSQL often would not take the index of the search.
    """
    async with database() as connection:
        ordinals = await connection.fetchval(FIND_FEW, *_arguments(viewer, members)) or ()
    return members if len(ordinals) > FEW else MemberList(members.kind, audience=BitMap(ordinals))


async def narrowed(viewer: Viewer, members: MemberList) -> BitMap:
    """Those of the list's audience that its search finds. Raises Invalid."""
    audience = BitMap() if members.audience is None else members.audience
    return audience if members.pattern is None else audience & await found_by(viewer, members)


async def found_by(viewer: Viewer, members: MemberList) -> BitMap:
    """All members of a kind that a search finds, whatever the audience. Raises Invalid."""
    async with database() as connection:
        ordinals = await connection.fetchval(FIND, *_arguments(viewer, members))
    return BitMap(ordinals or ())


async def audiences_of(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, BitMap]:
    """The members of each of these segments, which the caller has found visible."""
    owners = {segment_id: ChunkOwner(ChunkRole.MEMBERS, segment_id) for segment_id in segment_ids}
    async with database() as connection:
        audiences = await ChunkStore(connection, viewer.workspace_id).read_many(list(owners.values()))
    return {segment_id: audiences[owner] for segment_id, owner in owners.items()}


AUDIENCE: Final = SqlColumn("audience", chunks_of("s", ChunkRole.MEMBERS))
"""The members of a segment, read with its row, for `audiences_among`."""


async def audiences_among(viewer: Viewer, segments: Mapping[int, Sequence[bytes] | None]) -> list[BitMap]:
    """The members of each of these segments, which the caller has found visible; those with an AUDIENCE have it."""
    unread = [segment_id for segment_id, chunks in segments.items() if chunks is None]
    read = await audiences_of(viewer, unread) if unread else {}
    given = [chunks for chunks in segments.values() if chunks is not None]
    joined = iter(await joined_chunks(given))
    return [read[segment_id] if chunks is None else next(joined) for segment_id, chunks in segments.items()]


async def audience_of(viewer: Viewer, segment_ids: Sequence[int]) -> BitMap:
    """The members of any of these segments, which the caller has found visible."""
    return BitMap.union(BitMap(), *(await audiences_of(viewer, segment_ids)).values())


async def pages_of_audiences(
    viewer: Viewer,
    kind: MemberKind,
    audiences: Sequence[BitMap],
    order: Order,
    request: PageRequest,
    *,
    columns: Sequence[str] | None = None,
) -> list[Page[Any]]:
    """The same page of each audience, all in one statement: views, or rows with some columns.

    Raises BadCursor, Invalid, TooMany.

    In the order in which members came, pages are cut straight from the bitmaps: they cost what they show.
    """
    if order.keys == BY_ORDINAL.keys:
        return await _cut_pages(viewer, kind, audiences, order, request, columns)
    arguments: list[Any] = [viewer.workspace_id, kind]
    selects = []
    for audience in audiences:
        condition, values = await asyncio.to_thread(_in_audience, audience, len(arguments))
        selects.append(f"{SELECT_KEYS} AND m.kind = $2 AND {condition}")
        arguments += values
    async with database() as connection:
        return await fetch_pages(
            connection, selects, arguments, order, request, _made(columns), reading=_reading(viewer, columns)
        )


def _in_audience(audience: BitMap, bound: int) -> tuple[str, list[Any]]:
    """The condition that a member is in an audience, and what it binds after so many other values.

    For a dense one PostgreSQL looks at each of the members between the first and the last; an array of so many
    ordinals takes it several times as long, most of it for planning.
    """
    if len(audience) > FEW and audience.max() - audience.min() < SPARSE * len(audience):
        first, last, bits = (f"${bound + number}" for number in (1, 2, 3))
        condition = f"""m.ordinal BETWEEN {first} AND {last}
          AND CASE WHEN m.ordinal BETWEEN {first} AND {last} THEN get_bit({bits}::bytea, m.ordinal - {first}) = 1 END"""
        return condition, [audience.min(), audience.max(), bits_of(audience)]
    return f"m.ordinal = ANY(${bound + 1})", [list(audience)]


async def _cut_pages(
    viewer: Viewer,
    kind: MemberKind,
    audiences: Sequence[BitMap],
    order: Order,
    request: PageRequest,
    columns: Sequence[str] | None,
) -> list[Page[Any]]:
    cuts = [_cut(audience, order, request) for audience in audiences]
    wanted = set().union(*(ordinals for ordinals, _ in cuts))
    async with database() as connection:
        read = COLUMNS if columns is None else tuple(dict.fromkeys((*columns, "ordinal")))
        rows = await _rows_of(connection, viewer, kind, sorted(wanted), read)
    by_ordinal = {row["ordinal"]: row if columns is not None else view_of(row) for row in rows}
    pages = []
    for wanted_here, more in cuts:
        ordinals = [ordinal for ordinal in wanted_here if ordinal in by_ordinal]
        pages.append(
            Page(
                items=[by_ordinal[ordinal] for ordinal in ordinals],
                cursors=Cursors(order, [ordinals]),
                has_next=request.before is not None if request.backwards else more,
                has_previous=more if request.backwards else request.after is not None,
            )
        )
    return pages


def _cut(audience: BitMap, order: Order, request: PageRequest) -> tuple[list[int], bool]:
    """The ordinals of a page in their order, and whether there are more on the side that it grows towards."""
    after, before = _ordinal(order, request.after, "after"), _ordinal(order, request.before, "before")
    above, below = (before, after) if order.descending else (after, before)
    start = 0 if above is None else audience.rank(above)
    end = len(audience) if below is None else audience.rank(below) - (below in audience)
    size, available = request.size, max(0, end - start)
    taken = min(size, available)
    first = start if order.descending is request.backwards else end - taken
    ordinals = list(audience[first : first + taken]) if taken else []
    return ordinals[::-1] if order.descending else ordinals, available > size


def _ordinal(order: Order, cursor: str | None, name: str) -> int | None:
    if cursor is None:
        return None
    [ordinal] = decode_cursor(order, cursor, path=name)
    return max(0, min(int(ordinal), 2**31 - 1))


def _arguments(viewer: Viewer, members: MemberList) -> tuple[Any, ...]:
    """The values of $1 to $3 in OF_KIND. Raises Forbidden: a search looks in names and addresses."""
    if members.pattern is not None:
        require_personal_data(viewer, path=("search",))
    return viewer.workspace_id, members.kind, members.pattern


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

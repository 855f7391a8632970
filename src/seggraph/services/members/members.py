"""Reading members by their ids, external ids and ordinals. Lists and their pages are in `lists` and `pages`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import asyncpg
import orjson
from pyroaring import BitMap

from seggraph.access import Viewer
from seggraph.audiences import ChunkOwner, ChunkStore, chunks_of, joined_chunks
from seggraph.database.columns import SqlColumn, listed
from seggraph.database.connections import database
from seggraph.errors import NotFound
from seggraph.member_fields.cleaning import MAX_EXTERNAL_ID
from seggraph.models.audiences import ChunkRole
from seggraph.services.members.readable import members_read_by
from seggraph.values.attribute_values import storable_text
from seggraph.vocabulary import ConsentState, MemberKind


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as it is read; addresses are read apart."""

    id: int
    kind: MemberKind
    ordinal: int
    external_id: str
    name: str | None
    first_name: str | None
    last_name: str | None
    salutation: str | None
    domain: str | None
    email: str | None
    phone: str | None
    country: str | None
    city: str | None
    postal_code: str | None
    state: str | None
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

READ_ADDRESSES: Final = f"""
    SELECT member_id, {", ".join(field.name for field in fields(Addresses))} FROM member_addresses
    WHERE workspace_id = $1 AND member_id = ANY($2)
"""  # noqa: S608 - constants only


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
    rows = await rows_of(connection, viewer, kind, ordinals, COLUMNS)
    return [view_of(row) for row in rows]


async def rows_of(
    connection: asyncpg.Connection,
    viewer: Viewer,
    kind: MemberKind,
    ordinals: Sequence[int],
    columns: Sequence[str],
) -> list[asyncpg.Record]:
    """Some columns of the members of these ordinals, in their order; deleted ones are absent."""
    text = f"""
        SELECT {listed_columns(columns)} FROM {members_read_by(viewer, COLUMNS)}
        WHERE m.workspace_id = $1 AND m.kind = $2 AND m.ordinal = ANY($3::text::int[]) ORDER BY m.ordinal
    """  # noqa: S608 - names of columns
    # The driver looks at each item of a list for a nested one, which takes longer than this text.
    listed_ordinals = f"{{{','.join(map(str, ordinals))}}}"
    rows: list[asyncpg.Record] = await connection.fetch(text, viewer.workspace_id, kind, listed_ordinals)
    return rows


def _select(viewer: Viewer) -> str:
    return SELECT.format(members=members_read_by(viewer, COLUMNS))


def listed_columns(columns: Sequence[str]) -> str:
    """Columns as a SELECT lists them; names that are no columns of a view are refused."""
    return listed(columns, "m", _NAMES)


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


async def audiences_of(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, BitMap]:
    """The members of each of these segments, which the caller has found visible."""
    owners = {segment_id: ChunkOwner(ChunkRole.MEMBERS, segment_id) for segment_id in segment_ids}
    async with database() as connection:
        audiences = await ChunkStore(connection, viewer.workspace_id).read_many(list(owners.values()))
    return {segment_id: audiences[owner] for segment_id, owner in owners.items()}


AUDIENCE: Final = SqlColumn("audience", chunks_of("s", ChunkRole.MEMBERS))
"""The members of a segment, read with its row, for `audiences_read_with`."""


async def audiences_read_with(viewer: Viewer, segments: Mapping[int, Sequence[bytes] | None]) -> list[BitMap]:
    """The members of each of these segments, which the caller has found visible; those with an AUDIENCE have it."""
    unread = [segment_id for segment_id, chunks in segments.items() if chunks is None]
    read = await audiences_of(viewer, unread) if unread else {}
    given = [chunks for chunks in segments.values() if chunks is not None]
    joined = iter(await joined_chunks(given))
    return [read[segment_id] if chunks is None else next(joined) for segment_id, chunks in segments.items()]


async def audience_of(viewer: Viewer, segment_ids: Sequence[int]) -> BitMap:
    """The members of any of these segments, which the caller has found visible."""
    return BitMap.union(BitMap(), *(await audiences_of(viewer, segment_ids)).values())


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

"""Reading segments: one, many, or a page of them, as the viewer may see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache
from typing import Any, Final

import asyncpg
import orjson
from pydantic import TypeAdapter

from seggraph.access import VISIBLE_SEGMENT, Viewer, visibility_arguments
from seggraph.database.columns import joined, listed
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page, nullable
from seggraph.errors import NotFound
from seggraph.services.customer_value.value_upkeep import COMPLETE
from seggraph.values.global_ids import find
from seggraph.values.names import words_sought
from seggraph.vocabulary import (
    MemberKind,
    ReachStatus,
    SegmentAction,
    SegmentFacet,
    SegmentOrigin,
    SegmentPurpose,
    SegmentStatus,
    SegmentType,
    Visibility,
)


@dataclass(frozen=True, slots=True)
class SegmentView:
    """A segment as it is read: the columns of models.segments.Segment that clients see."""

    id: int
    name: str
    description: str | None
    kind: MemberKind
    type: SegmentType
    status: SegmentStatus
    purpose: SegmentPurpose | None
    origin: SegmentOrigin
    visibility: Visibility
    criteria: dict[str, Any] | None
    sync_interval_seconds: int | None
    next_sync_at: datetime | None
    version: int
    requested_revision: int
    computed_revision: int
    progress: float | None
    reach_status: ReachStatus
    as_of: datetime | None
    member_count: int
    reach_total: int | None
    reach_email: int | None
    reach_direct_mail: int | None
    reach_sms: int | None
    reach_phone: int | None
    reach_push: int | None
    addressed_email: int | None
    addressed_direct_mail: int | None
    addressed_sms: int | None
    addressed_phone: int | None
    addressed_push: int | None
    allowed_email: int | None
    allowed_direct_mail: int | None
    allowed_sms: int | None
    allowed_phone: int | None
    allowed_push: int | None
    reach_members: int | None
    distinct_email: int | None
    distinct_direct_mail: int | None
    distinct_sms: int | None
    distinct_phone: int | None
    error_code: str | None
    error_message: str | None
    error_at: datetime | None
    created_by_id: int | None
    created_at: datetime
    last_action: SegmentAction
    last_modified_by_id: int | None
    last_modified_at: datetime
    created_by_key_id: int | None = None
    last_modified_by_key_id: int | None = None
    folder_id: int | None = None


COLUMNS: Final = tuple(field.name for field in fields(SegmentView))
_NAMES: Final = frozenset(COLUMNS)

SELECT: Final = f"""
    SELECT {", ".join(f"s.{column}" for column in COLUMNS)} /*keys*/ FROM segments s WHERE {VISIBLE_SEGMENT}
"""  # noqa: S608 - constants only

COUNT: Final = f"SELECT count(*) FROM segments s WHERE {VISIBLE_SEGMENT}"  # noqa: S608

COUNTS: Final = f"SELECT s.status, count(*) AS count FROM segments s WHERE {VISIBLE_SEGMENT}"  # noqa: S608

UNLESS_ASKED_FOR: Final = " AND s.status <> 'ARCHIVED'"

_OF_SEGMENT: Final = "SELECT FROM {table} t WHERE t.workspace_id = $1 AND t.segment_id = s.id"

_REFERRED: Final = """
    SELECT (r.id #>> '{{{{}}}}')::bigint FROM {table} o, jsonb_path_query(o.criteria, '$.**.segment.id') AS r(id)
    WHERE o.workspace_id = $1 AND o.criteria @? '$.**.segment.id'
"""

_USED: Final = f"""
    EXISTS ({_OF_SEGMENT.format(table="campaign_segments")})
    OR EXISTS ({_OF_SEGMENT.format(table="sources")} AND t.playbook_id IS NOT NULL)
    OR EXISTS ({_OF_SEGMENT.format(table="deliveries")})
    OR s.id IN ({_REFERRED.format(table="segments")}) OR s.id IN ({_REFERRED.format(table="playbooks")})
"""

CONDITIONS: Final = {
    "kinds": "s.kind = ANY({}::smallint[])",
    "types": "s.type = ANY({}::text[])",
    "statuses": "s.status = ANY({}::text[])",
    "purposes": "s.purpose = ANY({}::text[])",
    "origins": "s.origin = ANY({}::text[])",
    "created_by": "s.created_by_id = ANY({}::bigint[])",
    "created_from": "s.created_at >= {}::timestamptz",
    "created_before": "s.created_at < {}::timestamptz",
    "reach_statuses": "s.reach_status = ANY({}::text[])",
    "label_ids": f"EXISTS ({_OF_SEGMENT.format(table='segment_labels')} AND t.label_id = ANY({{}}::bigint[]))",
    "folder_ids": """
        s.folder_id IN (
          WITH RECURSIVE within AS (
            SELECT id FROM folders WHERE workspace_id = $1 AND id = ANY({}::bigint[])
            UNION
            SELECT f.id FROM folders f JOIN within w ON f.parent_id = w.id WHERE f.workspace_id = $1
          ) SELECT id FROM within)
    """,
    "is_in_folder": "(s.folder_id IS NOT NULL) = {}::bool",
    "is_favourite": f"EXISTS ({_OF_SEGMENT.format(table='favourites')} AND t.user_id = $2) = {{}}::bool",
    "last_modified_by": "s.last_modified_by_id = ANY({}::bigint[])",
    "modified_from": "s.last_modified_at >= {}::timestamptz",
    "modified_before": "s.last_modified_at < {}::timestamptz",
    "min_member_count": "s.member_count >= {}::bigint",
    "max_member_count": "s.member_count <= {}::bigint",
    "campaign_ids": (
        f"EXISTS ({_OF_SEGMENT.format(table='campaign_segments')} AND t.campaign_id = ANY({{}}::bigint[]))"
    ),
    "is_used": f"({_USED}) = {{}}::bool",
    "is_stale": """
        (s.status = 'ACTIVE' AND (s.reach_status = 'FAILED' OR s.computed_revision < s.requested_revision
          OR s.next_sync_at < now())) = {}::bool
    """,
    "search": """
        (s.id = {}::bigint OR NOT EXISTS (SELECT FROM unnest({}::text[]) AS word
          WHERE position(word IN s.name_key) = 0 AND position(word IN lower(coalesce(s.description, ''))) = 0))
    """,
}
"""What a list is narrowed by, each with its parameter. Only what is asked for is in a statement: PostgreSQL plans one
with all of it, and a value or null for each, anew every time, and still looks at each condition for every row."""

FACETS: Final[Mapping[SegmentFacet, tuple[str, str, tuple[str, ...]]]] = {
    SegmentFacet.KIND: ("s.kind", "", ("kinds",)),
    SegmentFacet.TYPE: ("s.type", "", ("types",)),
    SegmentFacet.PURPOSE: ("s.purpose", "", ("purposes",)),
    SegmentFacet.ORIGIN: ("s.origin", "", ("origins",)),
    SegmentFacet.REACH_STATUS: ("s.reach_status", "", ("reach_statuses",)),
    SegmentFacet.FOLDER: ("s.folder_id", "", ("folder_ids", "is_in_folder")),
    SegmentFacet.LABEL: (
        "sl.label_id",
        "JOIN segment_labels sl ON sl.workspace_id = s.workspace_id AND sl.segment_id = s.id",
        ("label_ids",),
    ),
    SegmentFacet.CREATED_BY: ("s.created_by_id", "", ("created_by",)),
}
"""The value that a facet counts, the table that has it, and the filters that narrow it."""

MAX_FACET_VALUES: Final = 500
"""Most values of a facet that are listed."""

USERS_HIDDEN_FROM: Final = """
    SELECT segment_id, user_id FROM segment_hidings
    WHERE workspace_id = $1 AND segment_id = ANY($2) ORDER BY segment_id, user_id
"""

_ID: Final = Key("s.id", "bigint")


@dataclass(frozen=True, slots=True)
class SegmentFilter:
    """What a list of segments is narrowed to; None does not narrow. Archived ones are there only when asked for."""

    kinds: Sequence[MemberKind] | None = None
    types: Sequence[SegmentType] | None = None
    statuses: Sequence[SegmentStatus] | None = None
    purposes: Sequence[SegmentPurpose] | None = None
    origins: Sequence[SegmentOrigin] | None = None
    created_by: Sequence[int] | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    reach_statuses: Sequence[ReachStatus] | None = None
    label_ids: Sequence[int] | None = None
    """Any of these labels."""
    folder_ids: Sequence[int] | None = None
    """In these folders, or in folders within."""
    is_in_folder: bool | None = None
    is_favourite: bool | None = None
    last_modified_by: Sequence[int] | None = None
    modified_from: datetime | None = None
    modified_before: datetime | None = None
    min_member_count: int | None = None
    max_member_count: int | None = None
    campaign_ids: Sequence[int] | None = None
    is_used: bool | None = None
    is_stale: bool | None = None

    def conditions(self, search: str | None, *, every_status: bool = False) -> tuple[str, list[Any]]:
        """What to append to the condition VISIBLE_SEGMENT, and the values of its parameters from $4 on."""
        found = {name: getattr(self, name, None) for name in CONDITIONS}
        given: dict[str, tuple[Any, ...]] = {
            name: (value,) for name, value in found.items() if value is not None
        }
        words = words_sought(search)
        if words is not None:
            given["search"] = (_id_sought(search), words)
        text = "" if every_status or "statuses" in given else UNLESS_ASKED_FOR
        values: list[Any] = []
        for name, some in given.items():
            places = [f"${number}" for number in range(len(values) + 4, len(values) + 4 + len(some))]
            text += f" AND {CONDITIONS[name].format(*places)}"
            values += some
        return text, values


def _id_sought(search: str | None) -> int | None:
    """The id of the segment whose global id is searched for, if a search is that."""
    return find("Segment", (search or "").strip())


@cache
def order_by(field: str, *, descending: bool) -> Order:
    """The order of a list by the value of a SegmentOrderField."""
    keys = {
        "name": (Key("s.name_key", "text"),),
        "created_at": (Key("s.created_at", "timestamptz"),),
        "last_modified_at": (Key("s.last_modified_at", "timestamptz"),),
        "member_count": (Key("s.member_count", "bigint"),),
        **{
            name: nullable(f"s.{name}", "bigint", "0", descending=descending)
            for name in (
                "reach_total",
                "reach_email",
                "reach_direct_mail",
                "reach_sms",
                "reach_phone",
                "reach_push",
            )
        },
        "status": (Key("s.status::text", "text"),),
        "creator": nullable(_CREATOR, "text", "''", descending=descending),
        "revenue": _by_value("v.revenue", descending=descending),
        "orders": _by_value("v.orders::numeric", descending=descending),
        "average_order_value": _by_value("v.revenue / nullif(v.orders, 0)", descending=descending),
        "customer_lifetime_value": _by_value("v.revenue / nullif(v.buyers, 0)", descending=descending),
    }[field]
    return Order(field, (*keys, _ID), descending)


_CREATOR: Final = """
    (SELECT lower(coalesce(w.name, u.name)) FROM users u
     LEFT JOIN workspace_users w ON w.workspace_id = s.workspace_id AND w.user_id = u.id WHERE u.id = s.created_by_id)
"""


def _by_value(sql: str, *, descending: bool) -> tuple[Key, ...]:
    """The keys of what is made of a segment's value as it is kept."""
    kept = f"""
        (SELECT {sql} FROM segment_values v
         WHERE v.workspace_id = s.workspace_id AND v.segment_id = s.id AND v.built_to = {COMPLETE})
    """  # noqa: S608 - constants only
    return nullable(kept, "numeric", "0", descending=descending)


async def get(viewer: Viewer, segment_id: int) -> SegmentView:
    """One segment. Raises NotFound for one that does not exist for the viewer."""
    found = await get_many(viewer, [segment_id])
    if segment_id not in found:
        raise NotFound("There is no such segment.", path=("id",))
    return found[segment_id]


async def find_row(viewer: Viewer, segment_id: int, columns: Sequence[str]) -> asyncpg.Record | None:
    """Some columns of a segment, if the viewer may see it."""
    async with database() as connection:
        return await connection.fetchrow(
            f"{_select(columns)} AND s.id = $4", *visibility_arguments(viewer), segment_id
        )


async def get_many(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, SegmentView]:
    """Those of the segments that the viewer may see, by id."""
    if not segment_ids:
        return {}
    async with database() as connection:
        rows = await connection.fetch(
            f"{SELECT} AND s.id = ANY($4)", *visibility_arguments(viewer), list(segment_ids)
        )
    return {row["id"]: view_of(row) for row in rows}


async def visible_ids(viewer: Viewer) -> set[int]:
    """The ids of all segments that the viewer may see now, archived ones too."""
    async with database() as connection:
        rows = await connection.fetch(
            f"SELECT s.id FROM segments s WHERE {VISIBLE_SEGMENT}",  # noqa: S608 - constants only
            *visibility_arguments(viewer),
        )
    return {row["id"] for row in rows}


async def list_page(
    viewer: Viewer,
    filter_: SegmentFilter,
    search: str | None,
    order: Order,
    request: PageRequest,
    *,
    columns: Sequence[str] | None = None,
) -> Page[Any]:
    """A page of the segments that the viewer may see: views, or rows with some columns."""
    conditions, values = filter_.conditions(search)
    arguments = (*visibility_arguments(viewer), *values)
    select = SELECT if columns is None else _select(columns)
    make = view_of if columns is None else None
    async with database() as connection:
        return await fetch_page(connection, select + conditions, arguments, order, request, make)


def _select(columns: Sequence[str]) -> str:
    names = listed(columns, "s", _NAMES) or "s.id"
    return f"SELECT {names} /*keys*/ FROM segments s {joined(columns)} WHERE {VISIBLE_SEGMENT}"  # noqa: S608


async def count(viewer: Viewer, filter_: SegmentFilter, search: str | None) -> int:
    """How many segments the whole list has."""
    conditions, values = filter_.conditions(search)
    async with database() as connection:
        found: int = await connection.fetchval(COUNT + conditions, *visibility_arguments(viewer), *values)
    return found


async def counts(viewer: Viewer, filter_: SegmentFilter, search: str | None) -> dict[SegmentStatus, int]:
    """How many segments a list has in each status, whichever statuses it is narrowed to."""
    conditions, values = replace(filter_, statuses=None).conditions(search, every_status=True)
    text = f"{COUNTS}{conditions} GROUP BY s.status"
    async with database() as connection:
        rows = await connection.fetch(text, *visibility_arguments(viewer), *values)
    found = {SegmentStatus(row["status"]): int(row["count"]) for row in rows}
    return {status: found.get(status, 0) for status in SegmentStatus}


async def facet_counts(
    viewer: Viewer, facet: SegmentFacet, filter_: SegmentFilter, search: str | None
) -> list[tuple[str, int]]:
    """How many segments of a list have each value of a facet, most first; what narrows the facet itself is left out.

    Values are words of the vocabulary, or ids as text. A segment with several labels counts for each.
    """
    column, join, own = FACETS[facet]
    conditions, values = replace(filter_, **dict.fromkeys(own)).conditions(search)
    text = (
        f"SELECT ({column})::text AS value, count(*) AS count FROM segments s {join}"  # noqa: S608 - constants only
        f" WHERE {VISIBLE_SEGMENT}{conditions} AND {column} IS NOT NULL"
        f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MAX_FACET_VALUES}"
    )
    async with database() as connection:
        rows = await connection.fetch(text, *visibility_arguments(viewer), *values)
    return [(row["value"], int(row["count"])) for row in rows]


async def users_hidden_from(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, list[int]]:
    """The ids of the users that each segment is hidden from."""
    hidden: dict[int, list[int]] = {segment_id: [] for segment_id in segment_ids}
    async with database() as connection:
        for row in await connection.fetch(USERS_HIDDEN_FROM, viewer.workspace_id, list(segment_ids)):
            hidden[row["segment_id"]].append(row["user_id"])
    return hidden


def view_of(row: asyncpg.Record) -> SegmentView:
    """The view of a row of SELECT: its first columns are those of the view."""
    values: list[Any] = list(row[: len(COLUMNS)])
    for index, members in _ENUMS:
        value = values[index]
        if value is not None:
            values[index] = members[value]
    if values[_CRITERIA] is not None:
        values[_CRITERIA] = orjson.loads(values[_CRITERIA])
    return SegmentView(*values)


def restored(values: dict[str, Any]) -> SegmentView:
    """The view that `dataclasses.asdict` and JSON made these values of."""
    return TypeAdapter(SegmentView).validate_python(values)


_CRITERIA: Final = COLUMNS.index("criteria")
TYPES: Final[dict[str, type[Any]]] = {
    "kind": MemberKind,
    "type": SegmentType,
    "status": SegmentStatus,
    "purpose": SegmentPurpose,
    "origin": SegmentOrigin,
    "visibility": Visibility,
    "reach_status": ReachStatus,
    "last_action": SegmentAction,
}
_ENUMS: Final = [
    (COLUMNS.index(column), {member.value: member for member in enum}) for column, enum in TYPES.items()
]

"""Reading the events of members, the newest first: pages for many members in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import asyncpg
import orjson

from seggraph.access import Viewer
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, decode_cursor, encode_cursor
from seggraph.errors import TooMany
from seggraph.vocabulary import MemberKind

MAX_NAMES: Final = 100

NEWEST: Final = Order("event", (Key("occurred_at", "timestamptz"), Key("id", "bigint")), descending=True)

PAGES: Final = """
    SELECT t.kind, t.ordinal, k.id, k.name, k.occurred_at, e.value, e.properties, e.external_id, e.recorded_at
    FROM unnest($2::smallint[], $3::int[]) AS t(kind, ordinal)
    CROSS JOIN LATERAL (
      SELECT id, name, occurred_at FROM events
      WHERE workspace_id = $1 AND kind = t.kind AND ordinal = t.ordinal
        AND ($4::text[] IS NULL OR name = ANY($4))
        AND ($5::timestamptz IS NULL OR (occurred_at, id) < ($5, $6::bigint))
        AND ($7::timestamptz IS NULL OR (occurred_at, id) > ($7, $8::bigint))
      ORDER BY occurred_at DESC, id DESC LIMIT $9
    ) k
    CROSS JOIN LATERAL (
      SELECT value, properties, external_id, recorded_at FROM events
      WHERE workspace_id = $1 AND kind = t.kind AND ordinal = t.ordinal AND name = k.name
        AND occurred_at = k.occurred_at AND id = k.id LIMIT 1
    ) e
    ORDER BY t.kind, t.ordinal, k.occurred_at DESC, k.id DESC
"""
"""The keys of a page come from the index alone, then the rows of the page from the table."""

PAGES_FROM_THE_END: Final = PAGES.replace(" DESC", "")

BY_KEY: Final = """
    SELECT e.id, e.kind, e.ordinal, e.name, e.occurred_at, e.value, e.properties, e.external_id, e.recorded_at
    FROM unnest($2::smallint[], $3::int[], $4::bigint[]) AS t(kind, ordinal, id)
    JOIN events e ON e.workspace_id = $1 AND e.kind = t.kind AND e.ordinal = t.ordinal AND e.id = t.id
"""

COUNTS: Final = """
    SELECT kind, ordinal, count(*) AS count FROM events
    WHERE workspace_id = $1 AND (kind, ordinal) IN (SELECT * FROM unnest($2::smallint[], $3::int[]))
      AND ($4::text[] IS NULL OR name = ANY($4))
    GROUP BY kind, ordinal
"""

Member = tuple[MemberKind, int]
"""A member's kind and ordinal."""

EventKey = tuple[int, int, int]
"""The kind and ordinal of an event's member, and the event's id."""

MAX_ORDINAL: Final = 2**31 - 1


class Asked(NamedTuple):
    """Whose events, and of which names: None for all."""

    kind: MemberKind
    ordinal: int
    names: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as it is read, and whose it is."""

    id: int
    kind: MemberKind
    ordinal: int
    name: str
    occurred_at: datetime
    recorded_at: datetime
    value: Decimal | None
    properties: dict[str, Any]
    external_id: str | None


def names_of(names: Sequence[str] | None) -> tuple[str, ...] | None:
    """The names to narrow a list to; None for all. Raises TooMany."""
    if names is None:
        return None
    if len(names) > MAX_NAMES:
        raise TooMany(f"Give at most {MAX_NAMES} names.", path=("names",))
    return tuple(sorted({name for name in names if name.isprintable()}))


async def get_many(viewer: Viewer, keys: Sequence[EventKey]) -> dict[EventKey, EventView]:
    """Those of the events that the workspace has, by their members and ids."""
    if not keys:
        return {}
    within = [key for key in keys if key[1] <= MAX_ORDINAL]
    async with database() as connection:
        rows = (
            await connection.fetch(BY_KEY, viewer.workspace_id, *zip(*within, strict=True)) if within else []
        )
    return {(row["kind"], row["ordinal"], row["id"]): _view(row, viewer) for row in rows}


async def pages(
    viewer: Viewer, members: Sequence[Member], names: tuple[str, ...] | None, request: PageRequest
) -> dict[Member, Page[EventView]]:
    """A page of the events of each member. Raises BadCursor, Invalid, TooMany."""
    size = request.size
    after, before = _keys(request.after, "after"), _keys(request.before, "before")
    wanted = None if names is None else list(names)
    async with database() as connection:
        rows = await connection.fetch(
            PAGES_FROM_THE_END if request.backwards else PAGES,
            *(viewer.workspace_id, *_columns(members), wanted, *after, *before, size + 1),
        )
    found: dict[Member, list[EventView]] = {member: [] for member in members}
    for row in rows:
        found[MemberKind(row["kind"]), row["ordinal"]].append(_view(row, viewer))
    return {member: _page(events, size, request) for member, events in found.items()}


async def counts(
    viewer: Viewer, members: Sequence[Member], names: tuple[str, ...] | None
) -> dict[Member, int]:
    """How many events members have; a member without any is absent."""
    wanted = None if names is None else list(names)
    async with database() as connection:
        rows = await connection.fetch(COUNTS, viewer.workspace_id, *_columns(members), wanted)
    return {(MemberKind(row["kind"]), row["ordinal"]): row["count"] for row in rows}


async def pages_of(
    viewer: Viewer, asked: Sequence[tuple[Asked, PageRequest]]
) -> dict[tuple[Asked, PageRequest], Page[EventView]]:
    """The pages asked for, with one statement for each choice of names and page. Raises as `pages`."""
    found: dict[tuple[Asked, PageRequest], Page[EventView]] = {}
    for names, request in {(list_.names, request) for list_, request in asked}:
        lists = [list_ for list_, one in asked if (list_.names, one) == (names, request)]
        by_member = await pages(viewer, [(list_.kind, list_.ordinal) for list_ in lists], names, request)
        found |= {(list_, request): by_member[list_.kind, list_.ordinal] for list_ in lists}
    return found


async def counts_of(viewer: Viewer, asked: Sequence[Asked]) -> dict[Asked, int]:
    """How many events the lists have, with one statement for each choice of names."""
    found: dict[Asked, int] = {}
    for names in {list_.names for list_ in asked}:
        lists = [list_ for list_ in asked if list_.names == names]
        by_member = await counts(viewer, [(list_.kind, list_.ordinal) for list_ in lists], names)
        found |= {list_: by_member.get((list_.kind, list_.ordinal), 0) for list_ in lists}
    return found


def _columns(members: Sequence[Member]) -> tuple[list[int], list[int]]:
    return [int(kind) for kind, _ in members], [ordinal for _, ordinal in members]


def _page(events: list[EventView], size: int, request: PageRequest) -> Page[EventView]:
    has_more, shown = len(events) > size, events[:size]
    if request.backwards:
        shown.reverse()
    return Page(
        items=shown,
        cursors=[encode_cursor(NEWEST, [event.occurred_at, event.id]) for event in shown],
        has_next=request.before is not None if request.backwards else has_more,
        has_previous=has_more if request.backwards else request.after is not None,
    )


def _keys(cursor: str | None, path: str) -> list[Any]:
    """The keys of the event in a cursor; nulls without one."""
    return [None, None] if cursor is None else decode_cursor(NEWEST, cursor, path=path)


def _view(row: asyncpg.Record, viewer: Viewer) -> EventView:
    """The view of a row. Properties may hold anything, so they are kept from who may not read personal data."""
    is_shown = row["properties"] is not None and viewer.sees_personal_data
    properties = orjson.loads(row["properties"]) if is_shown else {}
    return EventView(
        id=row["id"],
        kind=MemberKind(row["kind"]),
        ordinal=row["ordinal"],
        name=row["name"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        value=row["value"],
        properties=properties,
        external_id=row["external_id"],
    )

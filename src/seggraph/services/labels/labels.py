"""Labels of segments: words of the workspace that segments are marked with, several each."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from seggraph.access import (
    VISIBLE_SEGMENT,
    Viewer,
    require_label_management,
    require_write,
    visibility_arguments,
)
from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.paging import Key, Order, Page, PageRequest, fetch_page
from seggraph.database.unit_of_work import UnitOfWork, begin
from seggraph.errors import Invalid, NameTaken, NotFound, Path, TooMany
from seggraph.events import LabelChanged
from seggraph.services.audit import audit
from seggraph.values.names import clean_name, name_key, words_sought
from seggraph.vocabulary import AuditAction, AuditSubject

MAX_LABELS: Final = 500
"""Most labels of a workspace."""
MAX_OF_SEGMENT: Final = 20
"""Most labels of one segment."""

COLOR: Final = re.compile(r"#[0-9a-f]{6}")

SELECT: Final = """
    SELECT l.id, l.name, l.color, l.created_at /*keys*/ FROM labels l WHERE l.workspace_id = $1
"""

SEARCH: Final = (
    " AND NOT EXISTS (SELECT FROM unnest($2::text[]) AS word WHERE position(word IN l.name_key) = 0)"
)

COUNT: Final = f"SELECT count(*) FROM labels l WHERE l.workspace_id = $1 {SEARCH}"  # noqa: S608 - constants only

BY_NAME: Final = Order("name", (Key("l.name_key", "text"), Key("l.id", "bigint")), descending=False)

CREATE: Final = """
    INSERT INTO labels (workspace_id, name, name_key, color, created_at)
    SELECT $1, $2, $3, $4, now() WHERE (SELECT count(*) FROM labels WHERE workspace_id = $1) < $5
    RETURNING id
"""

EDIT: Final = "UPDATE labels SET name = $3, name_key = $4, color = $5 WHERE workspace_id = $1 AND id = $2"

DELETE: Final = "DELETE FROM labels WHERE workspace_id = $1 AND id = $2"

OF_SEGMENTS: Final = """
    SELECT o.segment_id, l.id, l.name, l.color, l.created_at
    FROM segment_labels o JOIN labels l ON l.id = o.label_id
    WHERE o.workspace_id = $1 AND o.segment_id = ANY($2) ORDER BY l.name_key
"""

SEGMENT_COUNTS: Final = f"""
    SELECT o.label_id, count(*) AS count FROM segment_labels o JOIN segments s ON s.id = o.segment_id
    WHERE {VISIBLE_SEGMENT} AND o.workspace_id = $1 AND o.label_id = ANY($4) AND s.status <> 'ARCHIVED'
    GROUP BY o.label_id
"""  # noqa: S608 - constants only

ADD: Final = """
    INSERT INTO segment_labels (workspace_id, segment_id, label_id)
    SELECT $1, $2, label_id FROM unnest($3::bigint[]) AS label_id ON CONFLICT DO NOTHING
"""

REMOVE: Final = """
    DELETE FROM segment_labels WHERE workspace_id = $1 AND segment_id = $2 AND label_id <> ALL($3)
"""


@dataclass(frozen=True, slots=True)
class LabelView:
    """A label as it is read."""

    id: int
    name: str
    color: str | None
    created_at: datetime


def view_of(row: asyncpg.Record) -> LabelView:
    """The label of a row."""
    return LabelView(row["id"], row["name"], row["color"], row["created_at"])


async def list_page(viewer: Viewer, search: str | None, request: PageRequest) -> Page[LabelView]:
    """A page of the workspace's labels, by name. Raises BadCursor, Invalid, TooMany."""
    arguments = (viewer.workspace_id, words_sought(search) or [])
    async with database() as connection:
        return await fetch_page(connection, SELECT + SEARCH, arguments, BY_NAME, request, view_of)


async def count(viewer: Viewer, search: str | None) -> int:
    """How many labels the whole list has."""
    async with database() as connection:
        found: int = await connection.fetchval(COUNT, viewer.workspace_id, words_sought(search) or [])
    return found


async def get_many(viewer: Viewer, label_ids: Sequence[int]) -> dict[int, LabelView]:
    """Those of the labels that the workspace has, by id."""
    async with database() as connection:
        rows = await connection.fetch(f"{SELECT} AND l.id = ANY($2)", viewer.workspace_id, list(label_ids))
    return {row["id"]: view_of(row) for row in rows}


async def of_segments(viewer: Viewer, segment_ids: Sequence[int]) -> dict[int, list[LabelView]]:
    """The labels of segments that the caller has found visible, by name."""
    found: dict[int, list[LabelView]] = {segment_id: [] for segment_id in segment_ids}
    async with database() as connection:
        for row in await connection.fetch(OF_SEGMENTS, viewer.workspace_id, list(segment_ids)):
            found[row["segment_id"]].append(view_of(row))
    return found


async def segment_counts(viewer: Viewer, label_ids: Sequence[int]) -> dict[int, int]:
    """How many segments that the viewer sees each label has, without archived ones."""
    async with database() as connection:
        rows = await connection.fetch(SEGMENT_COUNTS, *visibility_arguments(viewer), list(label_ids))
    return {row["label_id"]: row["count"] for row in rows}


async def create(context: Context, viewer: Viewer, name: str, color: str | None) -> LabelView:
    """Create a label. Raises Forbidden, Required, TooLong, Invalid, NameTaken, TooMany."""
    require_write(viewer)
    cleaned, shade = clean_name(name, "label"), _clean_color(color)
    async with begin() as unit:
        try:
            async with unit.connection.transaction():
                label_id = await unit.connection.fetchval(
                    CREATE, viewer.workspace_id, cleaned, name_key(cleaned), shade, MAX_LABELS
                )
        except asyncpg.UniqueViolationError as error:
            raise _name_taken(cleaned) from error
        if label_id is None:
            raise TooMany(f"A workspace has at most {MAX_LABELS} labels: delete one first.")
        return await _noted(context, unit, viewer, AuditAction.CREATED, None, label_id)


async def update(context: Context, viewer: Viewer, label_id: int, given: Mapping[str, Any]) -> LabelView:
    """Change what is given of: name, color. Raises Forbidden, NotFound, Required, TooLong, Invalid, NameTaken."""
    require_label_management(viewer)
    async with begin() as unit:
        before = await _hold(unit, viewer, label_id)
        name = clean_name(given["name"], "label") if "name" in given else before.name
        color = _clean_color(given["color"]) if "color" in given else before.color
        try:
            await unit.connection.execute(EDIT, viewer.workspace_id, label_id, name, name_key(name), color)
        except asyncpg.UniqueViolationError as error:
            raise _name_taken(name) from error
        return await _noted(context, unit, viewer, AuditAction.EDITED, before, label_id)


async def delete(context: Context, viewer: Viewer, label_id: int) -> None:
    """Delete a label, and take it off its segments. Raises Forbidden, NotFound."""
    require_label_management(viewer)
    async with begin() as unit:
        before = await _hold(unit, viewer, label_id)
        await unit.connection.execute(DELETE, viewer.workspace_id, label_id)
        subject = audit.Subject(AuditSubject.LABEL, label_id, before.name)
        await audit.record(
            unit, viewer, AuditAction.DELETED, subject, audit.described(before, "name", "color")
        )
        context.publish(unit, [_changed(viewer, label_id)])


async def put_on(unit: UnitOfWork, viewer: Viewer, segment_id: int, label_ids: Collection[int]) -> None:
    """Make these labels, and no others, those of a segment that the unit holds. Raises NotFound, TooMany."""
    wanted = sorted(set(label_ids))
    await _require_labels(unit, viewer, wanted, path=("labelIds",))
    await unit.connection.execute(REMOVE, viewer.workspace_id, segment_id, wanted)
    await unit.connection.execute(ADD, viewer.workspace_id, segment_id, wanted)


async def names_on(unit: UnitOfWork, viewer: Viewer, segment_id: int) -> dict[int, str]:
    """The names of a segment's labels, by id, as the unit sees them."""
    rows = await unit.connection.fetch(OF_SEGMENTS, viewer.workspace_id, [segment_id])
    return {row["id"]: row["name"] for row in rows}


async def _require_labels(unit: UnitOfWork, viewer: Viewer, wanted: Sequence[int], *, path: Path) -> None:
    if len(wanted) > MAX_OF_SEGMENT:
        raise TooMany(f"A segment has at most {MAX_OF_SEGMENT} labels.", path=path)
    rows = await unit.connection.fetch(
        f"{SELECT} AND l.id = ANY($2) FOR KEY SHARE", viewer.workspace_id, list(wanted)
    )
    if len(rows) != len(wanted):
        raise NotFound("One of these labels is not in this workspace.", path=path)


async def _hold(unit: UnitOfWork, viewer: Viewer, label_id: int) -> LabelView:
    row = await unit.connection.fetchrow(f"{SELECT} AND l.id = $2 FOR UPDATE", viewer.workspace_id, label_id)
    if row is None:
        raise NotFound("There is no such label.", path=("id",))
    return view_of(row)


async def _noted(
    context: Context,
    unit: UnitOfWork,
    viewer: Viewer,
    action: AuditAction,
    before: LabelView | None,
    label_id: int,
) -> LabelView:
    after = await _hold(unit, viewer, label_id)
    was = None if before is None else audit.described(before, "name", "color")
    subject = audit.Subject(AuditSubject.LABEL, label_id, after.name)
    await audit.record(unit, viewer, action, subject, was, audit.described(after, "name", "color"))
    context.publish(unit, [_changed(viewer, label_id)])
    return after


def _changed(viewer: Viewer, label_id: int) -> LabelChanged:
    return LabelChanged(workspace_id=viewer.workspace_id, at=datetime.now(UTC), label_id=label_id)


def _clean_color(color: str | None) -> str | None:
    if color is None:
        return None
    if not COLOR.fullmatch(color.lower()):
        raise Invalid("A color is # and six hexadecimal digits, like #2f80ed.", path=("color",))
    return color.lower()


def _name_taken(name: str) -> NameTaken:
    return NameTaken(
        f"There is a label called {name!r} already; use it, or choose another name.", path=("name",)
    )
